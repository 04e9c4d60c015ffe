//! Defragmenting the store, when somebody asks for it or the server starts on a file with much free space.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use kv_store::{Defragmented, StorageError, StorageErrorKind, Store};

/// How long a defragmentation waits for a compaction to end.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How often it looks.
const RETRY: Duration = Duration::from_millis(20);

/// Copies the store to a file without free pages and goes on with that one, while everything else goes on too.
pub(crate) fn run(store: &Store) -> Result<Defragmented, StorageError> {
    let began = Instant::now();
    store.checkpoint_all()?;
    let before = store.sizes()?;
    let directory = store.storage().directory().display().to_string();
    tracing::info!(
        path = directory,
        current_db_size_bytes = before.allocated_bytes,
        current_db_size_in_use_bytes = before.used_bytes,
        "defragmenting"
    );
    let done = loop {
        match store.storage().defragment(|_| ControlFlow::Continue(())) {
            // A compaction's slice takes milliseconds.
            Err(error) if error.kind() == StorageErrorKind::Busy && began.elapsed() < PATIENCE => {
                std::thread::sleep(RETRY);
            }
            done => {
                store.count_used_bytes();
                break done?;
            }
        }
    };
    tracing::info!(
        path = directory,
        current_db_size_bytes = done.after_bytes,
        current_db_size_bytes_diff = done.after_bytes as i64 - done.before_bytes as i64,
        took = format!("{:?}", began.elapsed()),
        "finished defragmenting directory"
    );
    Ok(done)
}

/// Defragments a store that is being opened if at least so many bytes of its file are free. A disk without room for the copy is
/// no reason not to start.
pub(crate) fn at_start(store: &Store, threshold_bytes: u64) -> Result<(), StorageError> {
    let sizes = store.sizes()?;
    if sizes.allocated_bytes.saturating_sub(sizes.used_bytes) < threshold_bytes {
        tracing::info!(
            current_db_size_bytes = sizes.allocated_bytes,
            current_db_size_in_use_bytes = sizes.used_bytes,
            bootstrap_defrag_threshold_bytes = threshold_bytes,
            "Skipping defragmentation"
        );
        return Ok(());
    }
    match run(store) {
        Err(error) if error.is_retryable() => {
            tracing::warn!(error = %error, "cannot defragment at the start");
            Ok(())
        }
        done => done.map(drop),
    }
}
