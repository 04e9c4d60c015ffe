//! What is said of a compaction that has deleted all it had to: a line in the log, metrics and, if asked for, its hash.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use kv_store::{ReadError, StorageErrorKind, Store};
use tokio::sync::watch;

use crate::metrics::Metrics;
use crate::status::chain;

/// Reports compactions.
pub(crate) struct CompactionReport {
    pub(crate) store: Weak<Store>,
    pub(crate) metrics: Arc<Metrics>,
    /// Whether to hash the store. etcd does at every compaction, because it reads all of the store then; here a compaction reads
    /// only what it deletes, and its hash costs a read of everything that is left.
    pub(crate) hashed: bool,
    /// Where damage that the hash comes across is told.
    pub(crate) damage: watch::Sender<Option<String>>,
    /// How many changes had been deleted when the last one was reported.
    pub(crate) deleted_before: AtomicU64,
}

impl CompactionReport {
    /// Reports that a compaction at `revision` has finished, at a time in seconds since 1970.
    pub(crate) fn finished(&self, revision: i64, took: Duration, unix_seconds: i64) {
        self.metrics.compaction_total.observe(took * 1000);
        self.metrics.last_compaction.set(unix_seconds);
        let deleted = self.metrics.compaction_keys.get();
        let Some(store) = self.store.upgrade() else { return };
        let hash = if self.hashed { self.hash(&store, revision) } else { None };
        let sizes = store.sizes().ok();
        tracing::info!(
            compact_revision = revision,
            took = format!("{took:?}"),
            number_of_keys_compacted = deleted - self.deleted_before.swap(deleted, Ordering::Relaxed),
            hash,
            current_db_size_bytes = sizes.map_or(0, |sizes| sizes.size_bytes()),
            current_db_size_in_use_bytes = sizes.map_or(0, |sizes| sizes.used_bytes),
            "finished scheduled compaction"
        );
    }

    /// Returns the hash of a compaction as `HashKV` has it for its revision.
    fn hash(&self, store: &Store, revision: i64) -> Option<u32> {
        match store.hash_kv(revision) {
            Ok(hashed) => Some(hashed.hash),
            Err(error) => {
                tracing::error!(error = chain(&error), compact_revision = revision, "cannot hash a compaction");
                if let ReadError::Storage(storage) = &error
                    && storage.kind() == StorageErrorKind::Corrupted
                {
                    self.damage.send_replace(Some(chain(&error)));
                }
                None
            }
        }
    }
}
