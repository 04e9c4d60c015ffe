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

/// A version in 40 bytes instead of 48.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packed {
    major: i64,
    created: i64,
    version: i64,
    lease: i64,
    sub: u32,
    /// For whoever keeps packed versions beside something else.
    mark: u32,
}

impl Packed {
    pub(super) fn new(version: &Version, mark: u32) -> Self {
        Self {
            major: version.modified.major,
            created: version.created,
            version: version.version,
            lease: version.lease,
            sub: sub(version),
            mark,
        }
    }

    pub(super) fn marked(self, mark: u32) -> Self {
        Self { mark, ..self }
    }

    pub(super) fn mark(&self) -> u32 {
        self.mark
    }

    pub(super) fn unpack(&self) -> Version {
        Version {
            modified: Point::new(self.major, i64::from(self.sub)),
            created: self.created,
            version: self.version,
            lease: self.lease,
        }
    }
}

fn sub(version: &Version) -> u32 {
    u32::try_from(version.modified.sub).expect("a transaction has far fewer changes than 2^32")
}

/// What compaction did to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Compacted {
    /// How many versions went.
    pub(super) dropped: usize,
    /// Whether none is left.
    pub(super) gone: bool,
}

/// All kept versions of one key, in 32 bytes for most. There is always one at least.
#[derive(Debug)]
pub(super) struct History {
    major: i64,
    created: i64,
    /// The newest version's number of writes, or [`IN_MORE`].
    version: u32,
    sub: u32,
    /// What most keys do not have.
    more: Option<Box<More>>,
}

/// Says that the number of writes is in [`More`].
const IN_MORE: u32 = u32::MAX;

#[derive(Debug, Default)]
struct More {
    /// The newest version's lease, or zero.
    lease: i64,
    /// The newest version's number of writes, if it is no less than [`IN_MORE`].
    version: i64,
    /// Older versions, oldest first.
    older: Vec<Packed>,
}

impl More {
    fn is_needed(&self) -> bool {
        self.lease != 0 || self.version != 0 || !self.older.is_empty()
    }
}

impl History {
    pub(super) fn new(first: &Version) -> Self {
        let mut history = Self { major: 0, created: 0, version: 0, sub: 0, more: None };
        history.set_newest(first);
        history
    }

    fn set_newest(&mut self, newest: &Version) {
        (self.major, self.created, self.sub) = (newest.modified.major, newest.created, sub(newest));
        let small = u32::try_from(newest.version).ok().filter(|version| *version != IN_MORE);
        self.version = small.unwrap_or(IN_MORE);
        let large = if small.is_some() { 0 } else { newest.version };
        if newest.lease != 0 || large != 0 || self.more.is_some() {
            let more = self.more.get_or_insert_default();
            (more.lease, more.version) = (newest.lease, large);
        }
    }

    /// Gives back what is no longer needed.
    fn tidy(&mut self) {
        self.more.take_if(|more| !more.is_needed());
    }

    pub(super) fn newest(&self) -> Version {
        let (lease, large) = self.more.as_ref().map_or((0, 0), |more| (more.lease, more.version));
        Version {
            modified: self.newest_point(),
            created: self.created,
            version: if self.version == IN_MORE { large } else { i64::from(self.version) },
            lease,
        }
    }

    fn newest_point(&self) -> Point {
        Point::new(self.major, i64::from(self.sub))
    }

    pub(super) fn newest_major(&self) -> i64 {
        self.major
    }

    pub(super) fn is_live(&self) -> bool {
        self.version != 0
    }

    fn older(&self) -> &[Packed] {
        self.more.as_ref().map_or(&[], |more| &more.older)
    }

    /// Returns the live version at revision `at`.
    pub(super) fn at(&self, at: i64) -> Option<Version> {
        let version = if self.major <= at {
            self.newest()
        } else {
            let older = self.older();
            let before = older.partition_point(|version| version.major <= at);
            older[before.checked_sub(1)?].unpack()
        };
        (!version.is_tombstone()).then_some(version)
    }

    /// Says whether the key is live at revision `at`.
    pub(super) fn is_live_at(&self, at: i64) -> bool {
        if self.major <= at { self.is_live() } else { self.at(at).is_some() }
    }

    /// Returns every kept version, newest first.
    pub(super) fn versions(&self) -> impl Iterator<Item = Version> {
        std::iter::once(self.newest()).chain(self.older().iter().rev().map(Packed::unpack))
    }

    /// Adds a version newer than all others.
    ///
    /// # Panics
    /// If it is not newer.
    pub(super) fn push(&mut self, version: &Version) {
        assert!(version.modified > self.newest_point(), "changes of a key come in order");
        let newest = self.newest();
        let older = &mut self.more.get_or_insert_default().older;
        if older.len() == older.capacity() {
            // Most keys with older versions have one.
            older.reserve_exact(older.len().max(1));
        }
        older.push(Packed::new(&newest, 0));
        self.set_newest(version);
    }

    /// Drops what is superseded at or before revision `at`.
    ///
    /// The newest version up to `at` stays, but a tombstone only if it was made at `at` itself: a
    /// watcher may still start there.
    pub(super) fn compact(&mut self, at: i64) -> Compacted {
        if self.major <= at {
            let dropped = self.more.as_mut().map_or(0, |more| std::mem::take(&mut more.older).len());
            self.tidy();
            let gone = !self.is_live() && self.major < at;
            return Compacted { dropped: dropped + usize::from(gone), gone };
        }
        let Some(more) = &mut self.more else { return Compacted { dropped: 0, gone: false } };
        let older = &mut more.older;
        let before = older.partition_point(|version| version.major <= at);
        let kept = before.saturating_sub(1);
        let stale = |version: &Packed| version.version == 0 && version.major < at;
        let dropped = kept + usize::from(before > 0 && stale(&older[kept]));
        older.drain(..dropped);
        if older.capacity() > 2 * older.len() {
            older.shrink_to_fit();
        }
        self.tidy();
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
    fn what_few_versions_have_is_kept_where_it_is_needed() {
        let last_small = Version { modified: Point::new(5, 2), created: 3, version: i64::from(IN_MORE) - 1, lease: 0 };
        let mut history = History::new(&last_small);
        assert!(history.more.is_none());
        let mut expected = vec![last_small];
        for (major, lease) in [(6, 0), (7, -9), (8, 0)] {
            let next = Version::write(expected.last().copied(), Point::new(major, 0), lease);
            history.push(&next);
            expected.push(next);
            assert_eq!(history.newest(), next);
            assert!(history.versions().eq(expected.iter().rev().copied()));
        }
        assert_eq!(history.compact(8), Compacted { dropped: 3, gone: false });
        assert_eq!(history.newest().version, i64::from(IN_MORE) + 2);
        history.push(&Version::tombstone(Point::new(9, 0)));
        history.push(&Version::write(None, Point::new(10, 0), 7));
        history.push(&Version::write(None, Point::new(11, 0), 0));
        history.compact(11);
        assert!(history.more.is_none());
    }

    #[test]
    fn a_version_stays_small() {
        assert_eq!((size_of::<Packed>(), size_of::<History>()), (40, 32));
    }
}
