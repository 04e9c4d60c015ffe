//! Giving history up: the deletion behind a compaction, in slices, from the index and from LMDB.
//!
//! A compaction is visible at once, when it is applied: nobody can begin to read below it any more. The deletion
//! begins when the checkpoint has stored the compaction and when no pinned reader is below it, or after a time limit.
//! It costs the changes since the last compaction, not the size of the store, and goes on after a restart
//! where it was.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::compaction_state::Deletion;
use crate::digest::Digest;
use crate::revision::{LogPosition, Point};
use crate::storage_error::StorageError;
use crate::store::Store;

/// How many keys are compacted in the index under one hold of its lock.
const INDEX_KEYS: usize = 64;

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
        self.compaction.lock().schedule(revision, applied_with);
        self.compaction_changed.notify_all();
    }

    /// Deletes the next slice of what the newest compaction gave up, looking at up to `rows_max` changes. Before
    /// the first slice it waits up to `patience` for readers below the compaction.
    ///
    /// # Errors
    ///
    /// [`StorageError`]; if it is retryable, nothing was deleted.
    pub fn compaction_step(&self, rows_max: usize, patience: Duration) -> Result<CompactionStep, StorageError> {
        let durable = self.durable();
        let next = self.compaction.lock().next(durable);
        let target = match next {
            Deletion::None => return Ok(CompactionStep::Idle),
            Deletion::Waiting => return Ok(CompactionStep::Waiting),
            Deletion::Begun(target) => target,
            Deletion::Due(target) => {
                self.pins.wait_below(target, patience);
                let _index = self.index.write();
                self.purged_to.store(target, Ordering::Release);
                self.compaction.lock().begin(target);
                target
            }
        };
        let _no_hashing = self.deleting.lock();
        let began = Instant::now();
        let slice = self.storage.compact_slice(target, rows_max)?;
        let storage_took = began.elapsed();
        self.count_used_bytes();
        let began = Instant::now();
        for keys in slice.keys.chunks(INDEX_KEYS) {
            let mut index = self.index.write();
            for (key, at) in keys {
                index.compact_key(key, *at);
            }
        }
        let done = SliceDone { deleted: slice.deleted.len() as u64, storage_took, index_took: began.elapsed() };
        let Some(revision) = self.compaction.lock().delete(&slice) else {
            return Ok(CompactionStep::More { slice: done });
        };
        self.compaction_changed.notify_all();
        Ok(CompactionStep::Finished { revision, slice: done })
    }

    /// Counts the used pages again, after something else than a checkpoint changed how many there are.
    pub fn count_used_bytes(&self) {
        self.charge.settle(0, || self.storage.used_bytes());
    }

    /// Returns what a past compaction at `revision` was hashed under and over, as [`PastHashes::find`](crate::past_hashes::PastHashes::find).
    pub(crate) fn past_compaction(&self, revision: i64) -> Option<(i64, Vec<(Point, Digest)>)> {
        self.compaction.lock().past().find(revision)
    }

    /// Waits until what a compaction gave up is deleted and stored as deleted; says whether that came true in time.
    ///
    /// Somebody else has to do the work: [`Store::compaction_step`].
    pub fn wait_compacted(&self, revision: i64, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        let mut state = self.compaction.lock();
        while !state.is_finished(revision) {
            if self.compaction_changed.wait_until(&mut state, deadline).timed_out() {
                return state.is_finished(revision);
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
            if matches!(state.next(durable), Deletion::Due(_) | Deletion::Begun(_)) {
                return true;
            }
            // Every checkpoint and every compaction wakes this; the limit covers one that came in between.
            self.compaction_changed.wait_for(&mut state, Duration::from_secs(1));
        }
    }
}
