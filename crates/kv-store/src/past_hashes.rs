//! Hashes of compacted revisions as they were before their compaction deleted anything.
//!
//! etcd takes `HashKV(C)` while a compaction at C runs, under the compact revision before, remembers the last ten, and
//! answers a request for exactly such a revision with what it remembered. To take it here would be a read of the whole
//! store at each compaction. Instead the digests of deleted changes are kept, and a request puts them back in
//! between what is left: what was there when C was compacted is what is there now, and what was deleted since.

use std::collections::VecDeque;

use crate::digest::Digest;
use crate::revision::Point;

/// How many compactions are remembered, as in etcd.
const COMPACTIONS: usize = 10;

/// How many deleted changes are remembered, about 40 MB; with more, the oldest compactions are forgotten sooner.
const DELETED_MAX: usize = 1 << 20;

/// A compaction whose hash can still be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Compaction {
    revision: i64,
    /// The compact revision before it.
    previous: i64,
    finished: bool,
}

/// A change that a compaction deleted.
#[derive(Debug, Clone, Copy)]
struct Deleted {
    at: Point,
    digest: Digest,
    by: i64,
}

/// What is remembered of the last compactions.
#[derive(Debug, Default)]
pub(crate) struct PastHashes {
    compactions: VecDeque<Compaction>,
    deleted: Vec<Deleted>,
}

impl PastHashes {
    /// Notes a compaction; `whole` says whether the one before had deleted all it had to, as it must have for a hash.
    pub(crate) fn begin(&mut self, revision: i64, previous: i64, whole: bool) {
        if !whole {
            // What a compaction that never finished has deleted is not known: nothing older can be told either.
            self.compactions.clear();
            self.deleted.clear();
            return;
        }
        self.compactions.push_back(Compaction { revision, previous, finished: false });
        while self.compactions.len() > COMPACTIONS {
            self.forget_oldest();
        }
    }

    /// Notes what compaction `by` deleted.
    pub(crate) fn delete(&mut self, by: i64, deleted: impl IntoIterator<Item = (Point, Digest)>) {
        if self.compactions.is_empty() {
            return;
        }
        self.deleted.extend(deleted.into_iter().map(|(at, digest)| Deleted { at, digest, by }));
        while self.deleted.len() > DELETED_MAX {
            self.forget_oldest();
        }
    }

    /// Notes that a compaction has deleted all it had to.
    pub(crate) fn finish(&mut self, revision: i64) {
        for compaction in &mut self.compactions {
            compaction.finished |= compaction.revision == revision;
        }
    }

    /// Returns the compact revision that a remembered compaction at `revision` is hashed under, and what has been
    /// deleted since of what it is hashed over, in order.
    pub(crate) fn find(&self, revision: i64) -> Option<(i64, Vec<(Point, Digest)>)> {
        let compaction =
            self.compactions.iter().find(|compaction| compaction.finished && compaction.revision == revision)?;
        let counts = |deleted: &&Deleted| {
            deleted.at.major <= revision
                && (deleted.by > revision || (deleted.by == revision && deleted.at.major > compaction.previous))
        };
        let mut deleted: Vec<_> =
            self.deleted.iter().filter(counts).map(|deleted| (deleted.at, deleted.digest)).collect();
        deleted.sort_unstable_by_key(|(at, _)| *at);
        Some((compaction.previous, deleted))
    }

    fn forget_oldest(&mut self) {
        self.compactions.pop_front();
        match self.compactions.front() {
            None => self.deleted.clear(),
            Some(oldest) => self.deleted.retain(|deleted| deleted.by >= oldest.revision),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deleted(major: i64) -> (Point, Digest) {
        (Point::new(major, 0), Digest::of(&major.to_be_bytes()))
    }

    #[test]
    fn a_compaction_is_hashed_with_what_it_and_later_ones_deleted() {
        let mut past = PastHashes::default();
        past.begin(10, 4, true);
        assert_eq!(past.find(10), None, "not before it is finished");
        past.delete(10, [deleted(7), deleted(3), deleted(5)]);
        past.finish(10);
        past.begin(20, 10, true);
        past.delete(20, [deleted(12), deleted(9)]);
        past.finish(20);
        assert_eq!(past.find(10), Some((4, vec![deleted(5), deleted(7), deleted(9)])));
        assert_eq!(past.find(20), Some((10, vec![deleted(12)])));
        assert_eq!(past.find(15), None);
    }

    #[test]
    fn ten_are_remembered_and_none_across_a_gap() {
        let mut past = PastHashes::default();
        for revision in 1..=12 {
            past.begin(revision, revision - 1, true);
            past.delete(revision, [deleted(revision)]);
            past.finish(revision);
        }
        assert_eq!(past.find(2), None);
        assert!(past.find(3).is_some());
        assert_eq!(past.deleted.len(), 10);
        past.begin(20, 12, false);
        assert_eq!(past.find(12), None);
    }
}
