//! Hashes of compacted revisions as they were before their compaction deleted anything.
//!
//! etcd takes `HashKV(C)` while a compaction at C runs, under the compact revision before, remembers the last ten, and
//! answers a request for exactly such a revision with what it remembered. To take it here would be a read of the whole
//! store at each compaction. Instead the digests of deleted changes are kept, and a request puts them back in
//! between what is left: what was there when C was compacted is what is there now, and what was deleted since.
//!
//! One deletion may serve several compactions, where a later one came before it began. Each deleted change is then
//! put down to the one that would have deleted it, had they been done one by one as etcd does them.

use std::collections::VecDeque;

use crate::digest::Digest;
use crate::revision::Point;
use crate::storage::DeletedChange;

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

/// A change that is deleted, and the compaction that gave it up.
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
    /// Notes a compaction, and the compact revision before it.
    pub(crate) fn begin(&mut self, revision: i64, previous: i64) {
        self.compactions.push_back(Compaction { revision, previous, finished: false });
        while self.compactions.len() > COMPACTIONS {
            self.forget_oldest();
        }
    }

    /// Notes what the deletion for compaction `by`, and for those before it that are not finished, deleted.
    pub(crate) fn delete(&mut self, by: i64, deleted: &[DeletedChange]) {
        if self.compactions.is_empty() {
            return;
        }
        let pending: Vec<i64> = self.compactions.iter().filter(|it| !it.finished).map(|it| it.revision).collect();
        self.deleted.extend(deleted.iter().map(|&DeletedChange { at, digest, superseded_at }| {
            let first = pending.partition_point(|revision| *revision < superseded_at);
            Deleted { at, digest, by: pending.get(first).map_or(by, |first| by.min(*first)) }
        }));
        while self.deleted.len() > DELETED_MAX {
            self.forget_oldest();
        }
    }

    /// Notes that a compaction and those before it have deleted all they had to.
    pub(crate) fn finish(&mut self, revision: i64) {
        for compaction in &mut self.compactions {
            compaction.finished |= compaction.revision <= revision;
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

    fn digest(major: i64) -> Digest {
        Digest::of(&major.to_be_bytes())
    }

    fn deleted(major: i64, superseded_at: i64) -> DeletedChange {
        DeletedChange { at: Point::new(major, 0), digest: digest(major), superseded_at }
    }

    fn hashed(previous: i64, majors: &[i64]) -> (i64, Vec<(Point, Digest)>) {
        (previous, majors.iter().map(|major| (Point::new(*major, 0), digest(*major))).collect())
    }

    #[test]
    fn a_compaction_is_hashed_with_what_it_and_later_ones_deleted() {
        let mut past = PastHashes::default();
        past.begin(10, 4);
        assert_eq!(past.find(10), None, "not before it is finished");
        past.delete(10, &[deleted(7, 9), deleted(3, 5), deleted(5, 7)]);
        past.finish(10);
        past.begin(20, 10);
        past.delete(20, &[deleted(12, 15), deleted(9, 12)]);
        past.finish(20);
        assert_eq!(past.find(10), Some(hashed(4, &[5, 7, 9])));
        assert_eq!(past.find(20), Some(hashed(10, &[12])));
        assert_eq!(past.find(15), None);
    }

    #[test]
    fn one_deletion_serves_the_compactions_that_waited_for_it() {
        let mut past = PastHashes::default();
        past.begin(10, 4);
        past.begin(20, 10);
        past.delete(20, &[deleted(3, 5), deleted(5, 7), deleted(7, 9), deleted(9, 12), deleted(12, 15)]);
        past.finish(20);
        assert_eq!(past.find(10), Some(hashed(4, &[5, 7, 9])));
        assert_eq!(past.find(20), Some(hashed(10, &[12])));
    }

    #[test]
    fn ten_are_remembered() {
        let mut past = PastHashes::default();
        for revision in 1..=12 {
            past.begin(revision, revision - 1);
            past.delete(revision, &[deleted(revision, revision)]);
            past.finish(revision);
        }
        assert_eq!(past.find(2), None);
        assert!(past.find(3).is_some());
        assert_eq!(past.deleted.len(), 10);
    }
}
