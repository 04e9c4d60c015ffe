//! Permissions of several roles, merged: which keys a user may read, and which it may write.
//!
//! Permissions that overlap or touch allow what they cover together, so a read of `[a, c)` is allowed by `[a, b)` and
//! `[b, c)`. One key is the range from it to its successor, which is the key and a zero byte.

use bytes::Bytes;

use super::{Permission, PermissionKind};
use crate::key_range::KeyRange;

/// Keys from one on; up to another one, which does not belong to them, or without an end.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Interval {
    start: Bytes,
    end: Option<Bytes>,
}

impl Interval {
    fn new(range: &KeyRange) -> Self {
        let (start, end) = match range {
            KeyRange::Key(key) => (key.clone(), Some([key, &b"\0"[..]].concat().into())),
            KeyRange::From(start) => (start.clone(), None),
            KeyRange::Between(start, end) => (start.clone(), Some(end.clone())),
        };
        Self { start, end }
    }

    /// Says whether keys may follow this interval's end and belong to it all the same.
    fn reaches(&self, key: &[u8]) -> bool {
        self.end.as_deref().is_none_or(|end| key <= end)
    }

    fn ends_before(&self, other: &Self) -> bool {
        match (&self.end, &other.end) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(end), Some(other)) => end < other,
        }
    }
}

/// A set of keys as ascending intervals that do not touch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Keys(Vec<Interval>);

impl Keys {
    fn new(mut intervals: Vec<Interval>) -> Self {
        intervals.sort_unstable_by(|a, b| a.start.cmp(&b.start));
        let mut merged: Vec<Interval> = Vec::new();
        for interval in intervals {
            match merged.last_mut() {
                Some(last) if last.reaches(&interval.start) => {
                    if last.ends_before(&interval) {
                        last.end = interval.end;
                    }
                }
                _ => merged.push(interval),
            }
        }
        Self(merged)
    }

    /// Says whether every key of the range is in the set. A range that ends before it begins counts as its first key.
    fn cover(&self, range: &KeyRange) -> bool {
        let start = range.start();
        let candidate = self.0.partition_point(|interval| interval.start <= *start).checked_sub(1);
        let Some(interval) = candidate.map(|at| &self.0[at]) else { return false };
        if interval.end.as_ref().is_some_and(|end| *start >= *end) {
            return false;
        }
        match range {
            KeyRange::Key(_) => true,
            KeyRange::From(_) => interval.end.is_none(),
            KeyRange::Between(_, end) => interval.reaches(end),
        }
    }
}

/// What a user may read and write.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Grants {
    read: Keys,
    write: Keys,
}

impl Grants {
    /// Merges permissions.
    pub(super) fn new<'a>(permissions: impl Iterator<Item = &'a Permission>) -> Self {
        let (mut read, mut write) = (Vec::new(), Vec::new());
        for permission in permissions {
            let interval = Interval::new(&permission.range);
            match permission.kind {
                PermissionKind::Read => read.push(interval),
                PermissionKind::Write => write.push(interval),
                PermissionKind::ReadWrite => {
                    read.push(interval.clone());
                    write.push(interval);
                }
                PermissionKind::Undefined => {}
            }
        }
        Self { read: Keys::new(read), write: Keys::new(write) }
    }

    pub(super) fn read(&self, range: &KeyRange) -> bool {
        self.read.cover(range)
    }

    pub(super) fn write(&self, range: &KeyRange) -> bool {
        self.write.cover(range)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn grants(ranges: &[(&'static str, &'static str)]) -> Grants {
        let permissions: Vec<_> = ranges
            .iter()
            .map(|(key, end)| Permission { kind: PermissionKind::Read, range: KeyRange::new(*key, *end) })
            .collect();
        Grants::new(permissions.iter())
    }

    fn check(granted: &[(&'static str, &'static str)], allowed: &[(&str, &str)], refused: &[(&str, &str)]) {
        let grants = grants(granted);
        let range = |(key, end): &(&str, &str)| KeyRange::new(key.to_string(), end.to_string());
        for asked in allowed {
            assert!(grants.read(&range(asked)), "{granted:?} allow {asked:?}");
        }
        for asked in refused {
            assert!(!grants.read(&range(asked)), "{granted:?} do not allow {asked:?}");
        }
        assert_eq!(grants.write, Keys::default());
    }

    #[test]
    fn ranges_that_touch_or_overlap_allow_what_they_cover_together() {
        check(
            &[("a", "b"), ("b", "c"), ("d", "f"), ("e", "g")],
            &[("a", ""), ("a", "c"), ("b", "c"), ("d", "g"), ("b\0", "")],
            &[("a", "d"), ("c", ""), ("a", "\0"), ("\0", "b"), ("g", "")],
        );
    }

    #[test]
    fn one_key_is_less_than_the_range_behind_it() {
        check(&[("a", "")], &[("a", ""), ("a", "a\0")], &[("a\0", ""), ("a", "b"), ("a", "\0")]);
        check(&[("a", ""), ("a\0", "b")], &[("a", "b")], &[("a", "c")]);
    }

    #[test]
    fn an_open_range_has_no_end() {
        check(&[("b", "\0")], &[("b", "\0"), ("x", "\0"), ("b", "zzz")], &[("a", "\0"), ("a", "")]);
        check(&[("\0", "\0")], &[("\0", "\0"), ("a", "")], &[]);
        check(&[("a", "c"), ("b", "\0")], &[("a", "\0")], &[]);
    }

    #[test]
    fn a_range_that_ends_before_it_begins_is_its_first_key() {
        check(&[("c", "z")], &[("d", "b")], &[("b", "a"), ("z", "a")]);
    }

    #[test]
    fn kinds_are_kept_apart() {
        let permission = |kind, key: &'static str| Permission { kind, range: KeyRange::new(key, "") };
        let grants = Grants::new(
            [
                permission(PermissionKind::Read, "r"),
                permission(PermissionKind::Write, "w"),
                permission(PermissionKind::ReadWrite, "b"),
                permission(PermissionKind::Undefined, "u"),
            ]
            .iter(),
        );
        for (key, read, write) in [("r", true, false), ("w", false, true), ("b", true, true), ("u", false, false)] {
            let key = KeyRange::new(key, "");
            assert_eq!((grants.read(&key), grants.write(&key)), (read, write), "{key:?}");
        }
    }

    fn small_range() -> impl Strategy<Value = KeyRange> {
        let key = || vec(0..3u8, 1..3).prop_map(Bytes::from);
        prop_oneof![
            key().prop_map(KeyRange::Key),
            key().prop_map(KeyRange::From),
            (key(), key()).prop_filter_map("has keys", |(a, b)| (a < b).then(|| KeyRange::Between(a, b))),
        ]
    }

    proptest! {
        /// A range is allowed exactly if each of its keys is in a granted one. Keys of up to three bytes tell: bounds have one
        /// or two, the successor of one key has three, and no bound has the greatest byte.
        #[test]
        fn what_is_allowed_is_what_was_granted(granted in vec(small_range(), 0..5), asked in small_range()) {
            let permissions: Vec<_> =
                granted.iter().map(|range| Permission { kind: PermissionKind::Read, range: range.clone() }).collect();
            let allowed = Grants::new(permissions.iter()).read(&asked);
            let mut keys: Vec<Vec<u8>> = vec![vec![]];
            for _ in 0..3 {
                let longer = keys.iter().flat_map(|key| (0..4).map(|byte| [&key[..], &[byte]].concat()));
                keys = longer.chain(keys.iter().cloned()).collect();
            }
            let covered = keys
                .iter()
                .filter(|key| asked.contains(key))
                .all(|key| granted.iter().any(|range| range.contains(key)));
            prop_assert_eq!(allowed, covered);
        }
    }
}
