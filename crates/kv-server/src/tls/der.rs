//! Reads DER, the encoding of certificates: elements of a tag, a length and a content.

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_ID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// The elements of a content, one after another. They end at the first that is cut or malformed.
#[derive(Debug, Clone)]
pub(super) struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    pub(super) fn of(content: &'a [u8]) -> Self {
        Self(content)
    }

    /// Takes the next element, which must have the tag, and returns its content.
    pub(super) fn content_of(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }

    /// Takes the next element if it has the tag.
    pub(super) fn content_if(&mut self, tag: u8) -> Option<&'a [u8]> {
        let mut ahead = self.clone();
        let content = ahead.content_of(tag)?;
        *self = ahead;
        Some(content)
    }

    /// Takes the next element, which must have the tag, and returns the elements in it.
    pub(super) fn enter(&mut self, tag: u8) -> Option<Self> {
        self.content_of(tag).map(Self)
    }

    /// Says whether everything was read.
    pub(super) fn at_end(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&tag, rest) = self.0.split_first()?;
        // Tags above 30 take more bytes, and certificates have none.
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let count = usize::from(first & 0x7f);
            if !(1..=4).contains(&count) {
                return None;
            }
            let (bytes, rest) = rest.split_at_checked(count)?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_follow_each_other_and_end_where_they_are_cut() {
        let long = [&[OCTET_STRING, 0x82, 0x01, 0x00][..], &[7; 256]].concat();
        let bytes = [&[INTEGER, 1, 5][..], &long, &[SEQUENCE, 3, INTEGER, 1, 9]].concat();
        let mut elements = Elements::of(&bytes);
        assert_eq!(elements.content_if(SEQUENCE), None);
        assert_eq!(elements.content_if(INTEGER), Some(&[5][..]));
        assert_eq!(elements.content_of(OCTET_STRING), Some(&[7; 256][..]));
        assert_eq!(elements.enter(SEQUENCE).unwrap().content_of(INTEGER), Some(&[9][..]));
        assert!(elements.at_end());
        for length in 0..bytes.len() {
            assert!(Elements::of(&bytes[..length]).count() < 3);
        }
        for malformed in [&[0x1f, 0x81, 0][..], &[INTEGER, 0x80], &[INTEGER, 0x85, 0, 0, 0, 0, 0], &[INTEGER]] {
            assert_eq!(Elements::of(malformed).next(), None);
        }
    }
}
