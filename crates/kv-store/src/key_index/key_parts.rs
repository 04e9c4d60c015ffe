//! A key as the index keeps it: what it has in common with its neighbours, and the rest.

use std::cmp::Ordering;

use bytes::Bytes;

/// A key in two parts, which compares as the whole does.
#[derive(Debug, Clone, Copy)]
pub struct KeyParts<'a> {
    start: &'a [u8],
    rest: &'a [u8],
}

impl<'a> KeyParts<'a> {
    pub(super) fn new(start: &'a [u8], rest: &'a [u8]) -> Self {
        Self { start, rest }
    }

    /// Returns the whole key.
    pub fn to_vec(self) -> Vec<u8> {
        [self.start, self.rest].concat()
    }

    /// Writes the whole key over what is in a buffer.
    pub(super) fn copy_to(self, buffer: &mut Vec<u8>) {
        buffer.clear();
        buffer.extend_from_slice(self.start);
        buffer.extend_from_slice(self.rest);
    }

    /// Returns the whole key.
    pub fn to_bytes(self) -> Bytes {
        self.to_vec().into()
    }

    /// Returns the rest.
    pub(super) fn rest(self) -> &'a [u8] {
        self.rest
    }

    /// Returns the first bytes as a number that sorts as they do.
    pub(super) fn head(self) -> u64 {
        let mut head = [0; 8];
        let (start, rest) = head.split_at_mut(self.start.len().min(8));
        start.copy_from_slice(&self.start[..start.len()]);
        let length = rest.len().min(self.rest.len());
        rest[..length].copy_from_slice(&self.rest[..length]);
        u64::from_be_bytes(head)
    }

    fn bytes(self) -> impl Iterator<Item = &'a u8> {
        self.start.iter().chain(self.rest)
    }
}

impl<'a> From<&'a [u8]> for KeyParts<'a> {
    fn from(whole: &'a [u8]) -> Self {
        Self { start: &[], rest: whole }
    }
}

impl Ord for KeyParts<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let Some((start, more)) = other.start.split_at_checked(self.start.len()) else {
            return other.cmp(self).reverse();
        };
        let (middle, rest) = self.rest.split_at(more.len().min(self.rest.len()));
        self.start.cmp(start).then_with(|| middle.cmp(more)).then_with(|| rest.cmp(other.rest))
    }
}

impl PartialOrd for KeyParts<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for KeyParts<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for KeyParts<'_> {}

impl PartialEq<[u8]> for KeyParts<'_> {
    fn eq(&self, other: &[u8]) -> bool {
        self.cmp(&KeyParts::from(other)).is_eq()
    }
}

/// Returns how many bytes two pieces of keys begin with alike.
pub(super) fn common_prefix(left: &[u8], right: &[u8]) -> usize {
    left.iter().zip(right).take_while(|(left, right)| left == right).count()
}

/// Returns how many bytes two keys begin with alike.
pub(super) fn common_length(left: KeyParts<'_>, right: KeyParts<'_>) -> usize {
    left.bytes().zip(right.bytes()).take_while(|(left, right)| left == right).count()
}

/// Returns the shortest key that is greater than `left` and not greater than `right`.
pub(super) fn shortest_between(left: KeyParts<'_>, right: KeyParts<'_>) -> Box<[u8]> {
    right.bytes().take(common_length(left, right) + 1).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_compare_as_the_whole_wherever_they_are_cut() {
        let keys: [&[u8]; 8] = [b"", b"\0", b"a", b"a\0", b"ab", b"abc", b"abd", b"b"];
        for left in keys {
            for right in keys {
                for (cut_left, cut_right) in (0..=left.len()).flat_map(|l| (0..=right.len()).map(move |r| (l, r))) {
                    let (left_start, left_rest) = left.split_at(cut_left);
                    let (right_start, right_rest) = right.split_at(cut_right);
                    let parts = (KeyParts::new(left_start, left_rest), KeyParts::new(right_start, right_rest));
                    assert_eq!(parts.0.cmp(&parts.1), left.cmp(right), "{parts:?}");
                    assert!(left > right || parts.0.head() <= parts.1.head(), "{parts:?}");
                    let expected = left.iter().zip(right).take_while(|(l, r)| l == r).count();
                    assert_eq!(common_length(parts.0, parts.1), expected, "{parts:?}");
                }
            }
        }
    }

    #[test]
    fn a_separator_is_no_longer_than_needed() {
        let between = |left: &[u8], right: &[u8]| shortest_between(left.into(), right.into());
        assert_eq!(*between(b"pods/a-17", b"pods/b-04"), *b"pods/b");
        assert_eq!(*between(b"a", b"a\0"), *b"a\0");
        assert_eq!(*between(b"", b"abc"), *b"a");
    }
}
