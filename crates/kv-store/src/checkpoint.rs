//! The checkpoint: effects leave memory for LMDB, whole entries at a time.
//!
//! Apply hands over an entry's effects and goes on; [`Store::checkpoint`] stores what has gathered. The thread that
//! calls it, with the pauses that keep it out of the way, is [`Checkpointer`](crate::Checkpointer).

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::revision::LogPosition;
use crate::storage::{Effect, EntryEffects};
use crate::storage_error::{StorageError, StorageErrorKind};
use crate::store::Store;

/// How many bytes of effects go into one transaction of LMDB. Small ones keep the file's tables free for
/// compaction and readers of the newest state.
const TRANSACTION_BYTES: usize = 8 << 20;

/// The same while there is little room: a part may fit where the whole does not.
const TRANSACTION_BYTES_FULL: usize = 64 << 10;

/// What a checkpoint stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpointed {
    /// The last entry whose effects are stored; the log is not needed up to it.
    pub position: LogPosition,
    /// The newest revision stored.
    pub revision: i64,
    /// How long storing took.
    pub took: Duration,
}

/// Why waiting for effects ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// There is something to store, and it is time.
    Ready,
    /// The store is being closed.
    Stopped,
}

/// What an entry's effects cost in memory, roughly.
pub(crate) fn effects_bytes(entry: &EntryEffects) -> usize {
    let of = |effect: &Effect| match effect {
        Effect::Records(records) => records.iter().map(crate::record::Record::memory_bytes).sum(),
        Effect::Put { key, value, .. } => key.len() + value.len(),
        Effect::Delete { key, .. } => key.len(),
    };
    64 + entry.effects.iter().map(of).sum::<usize>()
}

impl Store {
    /// Hands the effects of an applied entry to the checkpoint.
    pub(crate) fn enqueue(&self, entry: EntryEffects) {
        let added = effects_bytes(&entry);
        let mut backlog = self.backlog.lock();
        backlog.entries.push_back(entry);
        let was = self.backlog_bytes.fetch_add(added, Ordering::Relaxed);
        self.charge.add(added as u64);
        // The thread sleeps through small additions: it wakes for the first one and for a full transaction.
        if backlog.entries.len() == 1 || (was < TRANSACTION_BYTES && was + added >= TRANSACTION_BYTES) {
            self.backlog_grew.notify_all();
        }
    }

    /// Stores the effects that wait, as many as one transaction should take; says up to where everything is stored
    /// now, or `None` where nothing waited.
    ///
    /// Blocks while LMDB syncs.
    ///
    /// # Errors
    ///
    /// [`StorageError`]. If it is retryable nothing was changed, and the effects wait on; after any other error the
    /// process must stop and find out from the log what happened.
    pub fn checkpoint(&self) -> Result<Option<Checkpointed>, StorageError> {
        let _one_at_a_time = self.checkpointing.lock();
        let bytes_max = if self.is_full() { TRANSACTION_BYTES_FULL } else { TRANSACTION_BYTES };
        let mut bytes = 0;
        let entries: Vec<EntryEffects> = {
            let backlog = self.backlog.lock();
            let fits = |entry: &&EntryEffects| {
                let room = bytes < bytes_max;
                bytes += if room { effects_bytes(entry) } else { 0 };
                room
            };
            backlog.entries.iter().take_while(fits).cloned().collect()
        };
        let Some(last) = entries.last() else { return Ok(None) };
        let began = Instant::now();
        self.storage.write(&entries).inspect_err(|error| self.note_full(error))?;
        let stored = Checkpointed { position: last.position, revision: last.revision, took: began.elapsed() };

        {
            let mut backlog = self.backlog.lock();
            backlog.entries.drain(..entries.len());
            backlog.durable = Some(stored.position);
            backlog.durable_revision = stored.revision;
            self.backlog_bytes.fetch_sub(bytes, Ordering::Relaxed);
            if backlog.entries.is_empty() && self.full.swap(false, Ordering::AcqRel) {
                tracing::info!("everything is stored again");
            }
        }
        self.charge.settle(bytes as u64, || self.storage.used_bytes());
        self.ring.write().trim(stored.revision, self.options.history_window_bytes);
        self.compaction_changed.notify_all();
        Ok(Some(stored))
    }

    fn note_full(&self, error: &StorageError) {
        let full = matches!(error.kind(), StorageErrorKind::NoSpace | StorageErrorKind::MapFull);
        if full && !self.full.swap(true, Ordering::AcqRel) {
            tracing::error!(%error, "there is no room to store what was written; it stays in the log, and is tried again");
        }
    }

    /// Stores everything that waits now.
    ///
    /// # Errors
    ///
    /// As [`Store::checkpoint`].
    pub fn checkpoint_all(&self) -> Result<(), StorageError> {
        let Some(end) = self.backlog.lock().entries.back().map(|entry| entry.position) else { return Ok(()) };
        while self.durable() < Some(end) {
            self.checkpoint()?;
        }
        Ok(())
    }

    /// Waits until effects have waited for `delay` or fill a transaction, or until the store is being closed.
    pub(crate) fn wait_for_backlog(&self, delay: Duration) -> Wait {
        let mut backlog = self.backlog.lock();
        while backlog.entries.is_empty() {
            if backlog.stopped {
                return Wait::Stopped;
            }
            self.backlog_grew.wait(&mut backlog);
        }
        let deadline = Instant::now() + delay;
        while !backlog.stopped && self.backlog_bytes() < TRANSACTION_BYTES {
            if self.backlog_grew.wait_until(&mut backlog, deadline).timed_out() {
                break;
            }
        }
        Wait::Ready
    }

    /// Rests for `pause`; says whether the store is being closed.
    pub(crate) fn rest(&self, pause: Duration) -> bool {
        let deadline = Instant::now() + pause;
        let mut backlog = self.backlog.lock();
        while !backlog.stopped && !self.backlog_grew.wait_until(&mut backlog, deadline).timed_out() {}
        backlog.stopped
    }

    /// Makes the threads that work in the background end.
    pub(crate) fn stop_waiting(&self) {
        self.backlog.lock().stopped = true;
        self.backlog_grew.notify_all();
        self.compaction_changed.notify_all();
    }
}
