//! Giving history up: the deletion behind a compaction, in slices, from the index and from LMDB.
//!
//! A compaction is visible at once, when it is applied: nobody can begin to read below it any more. The deletion
//! begins when the checkpoint has stored the compaction and when no pinned reader is below it, or after a time limit.
//! It costs the changes since the last compaction, not the size of the store, and goes on after a restart
//! where it was.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::digest::Digest;
use crate::past_hashes::PastHashes;
use crate::revision::LogPosition;
use crate::revision::Point;
use crate::storage_error::StorageError;
use crate::store::Store;

/// How many keys are compacted in the index under one hold of its lock.
const INDEX_KEYS: usize = 64;

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

impl CompactionState {
    pub(crate) fn new(target: i64, finished: i64) -> Self {
        let past = PastHashes::default();
        Self { target, applied_with: None, finished, opened_with: target, begun: None, past }
    }
}

/// What a call of [`Store::compaction_step`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompactionStep {
    /// There is nothing to delete.
    Idle,
    /// The checkpoint has to store the compaction first.
    Waiting,
    /// A slice is deleted and there is more.
    More {
        /// What it was.
        slice: SliceDone,
    },
    /// The deletion of a compaction is complete.
    Finished {
        /// The compact revision.
        revision: i64,
        /// The last slice.
        slice: SliceDone,
    },
}

/// What one slice of a deletion was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SliceDone {
    /// How many changes it deleted.
    pub deleted: u64,
    /// How long it took in LMDB.
    pub storage_took: Duration,
    /// How long it took in the index.
    pub index_took: Duration,
}

impl Store {
    pub(crate) fn schedule_compaction(&self, revision: i64, applied_with: LogPosition) {
        let mut state = self.compaction.lock();
        if state.finished >= state.opened_with {
            let previous = state.target;
            state.past.begin(revision, previous);
        }
        state.target = revision;
        state.applied_with = Some(applied_with);
        drop(state);
        self.compaction_changed.notify_all();
    }

    /// Deletes the next slice of what the newest compaction gave up, looking at up to `rows_max` changes. Before
    /// the first slice it waits up to `patience` for readers below the compaction.
    ///
    /// # Errors
    ///
    /// [`StorageError`]; if it is retryable, nothing was deleted.
    pub fn compaction_step(&self, rows_max: usize, patience: Duration) -> Result<CompactionStep, StorageError> {
        let (target, begun) = {
            let state = self.compaction.lock();
            if state.finished >= state.target {
                return Ok(CompactionStep::Idle);
            }
            if state.applied_with > self.durable() {
                return Ok(CompactionStep::Waiting);
            }
            // A compaction under way is ended before a newer one begins: its cursor stands in the middle.
            (state.begun.unwrap_or(state.target), state.begun.is_some())
        };
        if !begun {
            self.pins.wait_below(target, patience);
            let _index = self.index.write();
            self.purged_to.store(target, Ordering::Release);
            self.compaction.lock().begun = Some(target);
        }
        let _no_hashing = self.deleting.lock();
        let began = Instant::now();
        let slice = self.storage.compact_slice(target, rows_max)?;
        let storage_took = began.elapsed();
        self.count_used_bytes();
        let began = Instant::now();
        for keys in slice.keys.chunks(INDEX_KEYS) {
            let mut index = self.index.write();
            for key in keys {
                index.compact_key(key, target);
            }
        }
        let done = SliceDone { deleted: slice.deleted.len() as u64, storage_took, index_took: began.elapsed() };
        let mut state = self.compaction.lock();
        state.past.delete(slice.target, &slice.deleted);
        // A compaction that a restart interrupted is finished first, so this can be an older one.
        let Some(finished) = slice.finished else { return Ok(CompactionStep::More { slice: done }) };
        state.finished = finished;
        state.past.finish(finished);
        if finished >= target {
            state.begun = None;
        }
        drop(state);
        self.compaction_changed.notify_all();
        Ok(CompactionStep::Finished { revision: finished, slice: done })
    }

    /// Counts the used pages again, after something else than a checkpoint changed how many there are.
    pub fn count_used_bytes(&self) {
        self.charge.settle(0, || self.storage.used_bytes());
    }

    /// Returns what a past compaction at `revision` was hashed under and over, as [`PastHashes::find`].
    pub(crate) fn past_compaction(&self, revision: i64) -> Option<(i64, Vec<(Point, Digest)>)> {
        self.compaction.lock().past.find(revision)
    }

    /// Waits until what a compaction gave up is deleted and stored as deleted; says whether that came true in time.
    ///
    /// Somebody else has to do the work: [`Store::compaction_step`].
    pub fn wait_compacted(&self, revision: i64, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        let mut state = self.compaction.lock();
        while state.finished < revision {
            if self.compaction_changed.wait_until(&mut state, deadline).timed_out() {
                return state.finished >= revision;
            }
        }
        true
    }

    /// Waits until there is something to delete that was stored; `false` where the store is being closed.
    pub(crate) fn wait_for_compaction(&self) -> bool {
        loop {
            let durable = {
                let backlog = self.backlog.lock();
                if backlog.stopped {
                    return false;
                }
                backlog.durable
            };
            let mut state = self.compaction.lock();
            if state.finished < state.target && state.applied_with <= durable {
                return true;
            }
            // Every checkpoint and every compaction wakes this; the limit covers one that came in between.
            self.compaction_changed.wait_for(&mut state, Duration::from_secs(1));
        }
    }
}
