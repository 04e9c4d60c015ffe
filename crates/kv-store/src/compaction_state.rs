//! How far the deletion behind compactions is.

use crate::past_hashes::PastHashes;
use crate::revision::LogPosition;
use crate::storage::CompactionSlice;

/// What there is to delete, and how far that is.
#[derive(Debug)]
pub(crate) struct CompactionState {
    /// The newest compaction, and the log entry it came with; none if it was already stored when the store opened.
    target: i64,
    applied_with: Option<LogPosition>,
    /// Everything up to this compaction is deleted.
    finished: i64,
    /// The newest compaction when the store was opened. What it has deleted before is not known, nor can a later one be
    /// hashed that came while it was not finished.
    opened_with: i64,
    /// The compaction whose deletion has begun.
    begun: Option<i64>,
    past: PastHashes,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deletion {
    /// Nothing.
    None,
    /// The newest compaction has to be stored first.
    Waiting,
    /// The deletion for a compaction can begin.
    Due(i64),
    /// The deletion for a compaction is under way.
    Begun(i64),
}

impl CompactionState {
    pub(crate) fn new(target: i64, finished: i64) -> Self {
        let past = PastHashes::default();
        Self { target, applied_with: None, finished, opened_with: target, begun: None, past }
    }

    /// Notes a compaction that came with a log entry.
    pub(crate) fn schedule(&mut self, revision: i64, applied_with: LogPosition) {
        if self.finished >= self.opened_with {
            self.past.begin(revision, self.target);
        }
        self.target = revision;
        self.applied_with = Some(applied_with);
    }

    /// Returns what is to be done, if everything up to a log entry is stored.
    pub(crate) fn next(&self, durable: Option<LogPosition>) -> Deletion {
        if self.finished >= self.target {
            Deletion::None
        } else if self.applied_with > durable {
            Deletion::Waiting
        } else {
            // A compaction under way is ended before a newer one begins: its cursor stands in the middle.
            self.begun.map_or(Deletion::Due(self.target), Deletion::Begun)
        }
    }

    /// Notes that the deletion for a compaction begins.
    pub(crate) fn begin(&mut self, revision: i64) {
        self.begun = Some(revision);
    }

    /// Notes what was deleted; returns the compaction that is finished by it.
    pub(crate) fn delete(&mut self, slice: &CompactionSlice) -> Option<i64> {
        self.past.delete(slice.target, &slice.deleted);
        // A compaction that a restart interrupted is finished first, so this can be an older one than was begun.
        let finished = slice.finished?;
        self.finished = finished;
        self.past.finish(finished);
        if self.begun.is_some_and(|begun| finished >= begun) {
            self.begun = None;
        }
        Some(finished)
    }

    /// Says whether everything that the compaction at a revision gave up is deleted.
    pub(crate) fn is_finished(&self, revision: i64) -> bool {
        self.finished >= revision
    }

    /// Returns what is remembered of past compactions.
    pub(crate) fn past(&self) -> &PastHashes {
        &self.past
    }
}
