//! A snapshot of a data directory: a copy of its tables, with the log's tail applied to the copy.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use kv_store::{Snapshot, Storage, StorageError, StorageErrorKind, Store, StoreOptions};

use super::error::ATTEMPTS;
use super::tail::{LogView, Tail, open_log};
use super::{CHECKPOINT_BYTES, OfflineError, open_storage, storage_options};
use crate::scratch::Scratch;

/// Takes a snapshot, also beside a running server. The copy is made in `scratch`.
pub(crate) fn snapshot(directory: &Path, scratch: &Scratch) -> Result<(Snapshot, LogView), OfflineError> {
    for _ in 0..ATTEMPTS {
        // The log first: what it no longer has by now is in the tables by now.
        let log = open_log(directory)?;
        copy_tables(directory, scratch)?;
        let storage = Storage::adopt(scratch.lock(), &storage_options(scratch.path()))?;
        let meta = storage.meta()?;
        let tail = match Tail::read(log.as_ref(), &meta, &storage) {
            Err(OfflineError::ReadLog(kv_log::ReadError::Recycled { .. })) => continue,
            tail => tail?,
        };
        let store = Store::from_storage(storage, StoreOptions::default())?;
        let view = tail.replay(&store, || match store.backlog_bytes() {
            CHECKPOINT_BYTES.. => store.checkpoint_all(),
            _ => Ok(()),
        })?;
        store.checkpoint_all()?;
        return Ok((store.storage().snapshot()?, view));
    }
    Err(OfflineError::Moving)
}

fn copy_tables(directory: &Path, scratch: &Scratch) -> Result<(), OfflineError> {
    let storage = open_storage(directory)?;
    let path = Storage::file_to_adopt(scratch.path());
    let file = File::options().read(true).write(true).create(true).truncate(true).mode(0o600).open(&path);
    let mut file = file.map_err(|error| {
        StorageError::new(StorageErrorKind::Io, format!("create {}", path.display()), error.to_string())
    })?;
    Ok(storage.copy_to(&mut file)?)
}
