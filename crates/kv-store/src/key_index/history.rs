//! The versions of one key: the newest in place, the older ones in a list that most keys do not have.

use crate::Point;

/// One change of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// Where the change was made.
    pub modified: Point,
    /// The revision that began this generation of the key; zero for a tombstone.
    pub created: i64,
    /// The number of writes since the generation began, this one included; zero for a tombstone.
    pub version: i64,
    /// The lease the key is attached to, or zero.
    pub lease: i64,
}

impl Version {
    /// The write at `at` of a key whose newest version is `previous`.
    pub(super) fn write(previous: Option<Self>, at: Point, lease: i64) -> Self {
        match previous {
            Some(previous) if !previous.is_tombstone() => {
                Self { modified: at, created: previous.created, version: previous.version + 1, lease }
            }
            _ => Self { modified: at, created: at.major, version: 1, lease },
        }
    }

    /// Returns the record of a deletion at `at`.
    pub const fn tombstone(at: Point) -> Self {
        Self { modified: at, created: 0, version: 0, lease: 0 }
    }

    /// Says whether the change was a deletion.
    pub const fn is_tombstone(&self) -> bool {
        self.version == 0
    }
}

/// A version in 40 bytes instead of 48; there is one for each key.
#[derive(Debug, Clone, Copy)]
struct Packed {
    major: i64,
    created: i64,
    version: i64,
    lease: i64,
    sub: u32,
}

impl Packed {
    fn new(version: &Version) -> Self {
        let sub = u32::try_from(version.modified.sub).expect("a transaction has far fewer changes than 2^32");
        Self {
            major: version.modified.major,
            created: version.created,
            version: version.version,
            lease: version.lease,
            sub,
        }
    }

    fn unpack(&self) -> Version {
        Version {
            modified: Point::new(self.major, i64::from(self.sub)),
            created: self.created,
            version: self.version,
            lease: self.lease,
        }
    }
}

/// What compaction did to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Compacted {
    /// How many versions went.
    pub(super) dropped: usize,
    /// Whether none is left.
    pub(super) gone: bool,
}

/// All kept versions of one key. There is always one at least.
#[derive(Debug)]
pub(super) struct History {
    newest: Packed,
    /// Oldest first. Most keys have none, which needs no allocation.
    older: Vec<Packed>,
}

impl History {
    pub(super) fn new(first: &Version) -> Self {
        Self { newest: Packed::new(first), older: Vec::new() }
    }

    pub(super) fn newest(&self) -> Version {
        self.newest.unpack()
    }

    pub(super) fn newest_major(&self) -> i64 {
        self.newest.major
    }

    pub(super) fn is_live(&self) -> bool {
        self.newest.version != 0
    }

    /// Returns the live version at revision `at`.
    pub(super) fn at(&self, at: i64) -> Option<Version> {
        let packed = if self.newest.major <= at {
            &self.newest
        } else {
            let before = self.older.partition_point(|version| version.major <= at);
            &self.older[before.checked_sub(1)?]
        };
        (packed.version != 0).then(|| packed.unpack())
    }

    /// Returns every kept version, newest first.
    pub(super) fn versions(&self) -> impl Iterator<Item = Version> {
        std::iter::once(&self.newest).chain(self.older.iter().rev()).map(Packed::unpack)
    }

    /// Adds a version newer than all others.
    ///
    /// # Panics
    /// If it is not newer.
    pub(super) fn push(&mut self, version: &Version) {
        let next = Packed::new(version);
        let newest = &self.newest;
        assert!((next.major, next.sub) > (newest.major, newest.sub), "changes of a key come in order");
        if self.older.len() == self.older.capacity() {
            // Most keys with older versions have one.
            self.older.reserve_exact(self.older.len().max(1));
        }
        self.older.push(self.newest);
        self.newest = next;
    }

    /// Drops what is superseded at or before revision `at`.
    ///
    /// The newest version up to `at` stays, but a tombstone only if it was made at `at` itself: a
    /// watcher may still start there.
    pub(super) fn compact(&mut self, at: i64) -> Compacted {
        let stale = |version: &Packed| version.version == 0 && version.major < at;
        if self.newest.major <= at {
            let dropped = std::mem::take(&mut self.older).len();
            let gone = stale(&self.newest);
            return Compacted { dropped: dropped + usize::from(gone), gone };
        }
        let older = &mut self.older;
        let before = older.partition_point(|version| version.major <= at);
        let kept = before.saturating_sub(1);
        let dropped = kept + usize::from(before > 0 && stale(&older[kept]));
        older.drain(..dropped);
        if older.capacity() > 2 * older.len() {
            older.shrink_to_fit();
        }
        Compacted { dropped, gone: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key written at 2 and 3, deleted at 5, written again at 7 and 8, deleted at 9.
    fn history() -> History {
        let mut previous = None;
        let mut history = None::<History>;
        for (major, write) in [(2, true), (3, true), (5, false), (7, true), (8, true), (9, false)] {
            let at = Point::new(major, 0);
            let next = if write { Version::write(previous, at, 0) } else { Version::tombstone(at) };
            match &mut history {
                None => history = Some(History::new(&next)),
                Some(history) => history.push(&next),
            }
            previous = Some(next);
        }
        history.expect("six changes")
    }

    fn majors(history: &History) -> Vec<i64> {
        history.versions().map(|version| version.modified.major).collect()
    }

    #[test]
    fn generations_begin_anew_after_a_tombstone() {
        let history = history();
        let seen: Vec<_> = (1..=9).map(|at| history.at(at).map(|found| (found.created, found.version))).collect();
        let (first, second) = (Some((2, 1)), Some((2, 2)));
        assert_eq!(seen, [None, first, second, second, None, None, Some((7, 1)), Some((7, 2)), None]);
    }

    #[test]
    fn compaction_keeps_the_newest_version_and_a_tombstone_at_its_revision() {
        for (at, kept, dropped) in [
            (1, &[9, 8, 7, 5, 3, 2][..], 0),
            (2, &[9, 8, 7, 5, 3, 2], 0),
            (4, &[9, 8, 7, 5, 3], 1),
            (5, &[9, 8, 7, 5], 2),
            (6, &[9, 8, 7], 3),
            (8, &[9, 8], 4),
            (9, &[9], 5),
        ] {
            let mut history = history();
            assert_eq!(history.compact(at), Compacted { dropped, gone: false }, "at {at}");
            assert_eq!(majors(&history), kept, "at {at}");
        }
        assert_eq!(history().compact(10), Compacted { dropped: 6, gone: true });
    }

    #[test]
    fn a_version_stays_small() {
        assert_eq!((size_of::<Packed>(), size_of::<History>()), (40, 64));
    }
}
