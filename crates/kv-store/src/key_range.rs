//! The ranges of keys a request can name, with etcd's rules for `range_end`.

use std::ops::Bound;

use bytes::Bytes;

/// A set of neighbouring keys.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum KeyRange {
    /// One key.
    Key(Bytes),
    /// Every key from this one on.
    From(Bytes),
    /// The keys from the first on and before the second; none where the second is not greater.
    Between(Bytes, Bytes),
}

impl KeyRange {
    /// Reads the pair of fields of the API: an empty `range_end` means one key, a single zero
    /// byte every key from `key` on, anything else the end of `[key, range_end)`.
    pub fn new(key: impl Into<Bytes>, range_end: impl Into<Bytes>) -> Self {
        let (key, range_end) = (key.into(), range_end.into());
        match &*range_end {
            [] => Self::Key(key),
            [0] => Self::From(key),
            _ => Self::Between(key, range_end),
        }
    }

    /// Returns the range of every key.
    pub fn all() -> Self {
        Self::From(Bytes::from_static(b"\0"))
    }

    /// Returns the range of the keys that begin with `prefix`.
    pub fn prefix(prefix: &[u8]) -> Self {
        let kept = prefix.iter().rposition(|byte| *byte != 0xff).map_or(0, |last| last + 1);
        let start = if prefix.is_empty() { Bytes::from_static(b"\0") } else { Bytes::copy_from_slice(prefix) };
        let mut end = prefix[..kept].to_vec();
        match end.last_mut() {
            None => Self::From(start),
            Some(last) => {
                *last += 1;
                Self::Between(start, end.into())
            }
        }
    }

    /// Returns the first key that can be in the range.
    pub fn start(&self) -> &Bytes {
        match self {
            Self::Key(start) | Self::From(start) | Self::Between(start, _) => start,
        }
    }

    /// Returns the `range_end` that [`KeyRange::new`] reads as this range.
    pub fn range_end(&self) -> Bytes {
        match self {
            Self::Key(_) => Bytes::new(),
            Self::From(_) => Bytes::from_static(b"\0"),
            Self::Between(_, end) => end.clone(),
        }
    }

    /// Returns the bounds, for an ordered collection. They can be the wrong way round: see [`KeyRange::is_empty`].
    pub fn bounds(&self) -> (Bound<&[u8]>, Bound<&[u8]>) {
        match self {
            Self::Key(key) => (Bound::Included(key), Bound::Included(key)),
            Self::From(start) => (Bound::Included(start), Bound::Unbounded),
            Self::Between(start, end) => (Bound::Included(start), Bound::Excluded(end)),
        }
    }

    /// Says whether `key` is in the range.
    pub fn contains(&self, key: &[u8]) -> bool {
        match self {
            Self::Key(only) => only == key,
            Self::From(start) => key >= &**start,
            Self::Between(start, end) => key >= &**start && key < &**end,
        }
    }

    /// Says whether no key can be in the range.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Between(start, end) if start >= end)
    }

    /// Returns what is left of the range behind `key`, for reading on where a piece ended.
    #[must_use]
    pub fn after(&self, key: &[u8]) -> Self {
        let mut next = Vec::with_capacity(key.len() + 1);
        next.extend_from_slice(key);
        next.push(0);
        let next = Bytes::from(next);
        match self {
            Self::Key(_) => Self::Between(next.clone(), next),
            Self::From(_) => Self::From(next),
            Self::Between(_, end) => Self::Between(next, end.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(range: &KeyRange, inside: &[&[u8]], outside: &[&[u8]]) {
        for key in inside {
            assert!(range.contains(key), "{key:?} is in {range:?}");
        }
        for key in outside {
            assert!(!range.contains(key), "{key:?} is not in {range:?}");
        }
    }

    #[test]
    fn the_fields_of_the_api() {
        check(&KeyRange::new("b", ""), &[b"b"], &[b"a", b"b\0", b"c"]);
        check(&KeyRange::new("b", "\0"), &[b"b", b"b\0", b"\xff\xff"], &[b"a", b"a\xff"]);
        check(&KeyRange::new("\0", "\0"), &[b"\0", b"a"], &[b""]);
        check(&KeyRange::new("b", "d"), &[b"b", b"c\xff"], &[b"a", b"d"]);
        check(&KeyRange::new("d", "b"), &[], &[b"b", b"c", b"d"]);
        assert!(KeyRange::new("d", "b").is_empty());
    }

    #[test]
    fn a_prefix_ends_before_its_successor() {
        assert_eq!(KeyRange::prefix(b"ab"), KeyRange::new("ab", "ac"));
        assert_eq!(KeyRange::prefix(b"a\xff"), KeyRange::new(&b"a\xff"[..], "b"));
        assert_eq!(KeyRange::prefix(b"\xff\xff"), KeyRange::new(&b"\xff\xff"[..], "\0"));
        assert_eq!(KeyRange::prefix(b""), KeyRange::all());
    }

    #[test]
    fn reading_on_begins_behind_the_last_key() {
        check(&KeyRange::new("b", "d").after(b"c"), &[b"c\0", b"ca"], &[b"b", b"c", b"d"]);
        assert!(KeyRange::new("b", "").after(b"b").is_empty());
    }
}
