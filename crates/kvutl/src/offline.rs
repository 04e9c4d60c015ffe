//! A data directory without its server: what is stored, and the log's tail replayed on top of it.
//!
//! What a server stores lags behind its log. So the entries that the tables do not have yet are applied on top of
//! them, through the same code that the server applies them with: in memory when reading, and with a checkpoint at the
//! end when writing.
//!
//! Beside a running server the directory changes while it is read. The log is read before the tables, so that what the server
//! stores and purges in between is found in the tables. Two things can still go missing, and both are noticed: a log
//! entry that is purged while it is read, and changes that a compaction deletes. Either way everything is
//! read again from a newer moment ([`Session`]).

mod error;
mod snapshot;
mod tail;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use kv_store::{DirLock, Meta, ReadError, Storage, StorageError, StorageOptions, Store, StoreOptions, Table, schema};

use self::error::ATTEMPTS;
pub(crate) use self::error::OfflineError;
pub(crate) use self::snapshot::snapshot;
use self::tail::Tail;
pub(crate) use self::tail::{LOG, LogView, apply, is_sole_voter, open_log, position};

/// How many bytes of replayed changes are gathered before they are stored.
pub(crate) const CHECKPOINT_BYTES: usize = 16 << 20;

/// An open data directory.
#[derive(Debug)]
pub(crate) struct Offline {
    store: Store,
    meta: Meta,
    log: LogView,
    marks: DeletionMarks,
    /// Held while the directory is open for writing.
    lock: Option<Arc<DirLock>>,
}

/// What the tables say about deletions by compaction. While it does not change, nothing is deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
struct DeletionMarks {
    finished: Option<Bytes>,
    cursor: Option<Bytes>,
}

impl DeletionMarks {
    fn read(storage: &Storage) -> Result<Self, StorageError> {
        let reader = storage.read()?;
        let row = |key| reader.row(Table::Meta, key).map(|row| row.map(Bytes::copy_from_slice));
        Ok(Self { finished: row(schema::meta::COMPACT_FINISHED)?, cursor: row(schema::meta::COMPACT_CURSOR)? })
    }
}

impl Offline {
    /// Opens a directory for reading: also beside a running server, and where nothing can be written.
    pub(crate) fn open_for_reading(directory: &Path) -> Result<Self, OfflineError> {
        for _ in 0..ATTEMPTS {
            // The log first. What it no longer has by now is in the tables by now, so nothing falls between them.
            let log = open_log(directory)?;
            let storage = open_storage(directory)?;
            // Before the index is read, so that no deletion falls between them either.
            let marks = DeletionMarks::read(&storage)?;
            let meta = storage.meta()?;
            let tail = match Tail::read(log.as_ref(), &meta, &storage) {
                Err(OfflineError::ReadLog(kv_log::ReadError::Recycled { .. })) => continue,
                tail => tail?,
            };
            let store = Store::from_storage(storage, StoreOptions::default())?;
            let replayed = tail.replay(&store, || Ok(()));
            if marks == DeletionMarks::read(store.storage())? {
                return Ok(Self { log: replayed?, store, meta, marks, lock: None });
            }
        }
        Err(OfflineError::Moving)
    }

    /// Opens a directory for writing: what the log has and the tables do not is stored first.
    pub(crate) fn open_for_writing(lock: Arc<DirLock>) -> Result<Self, OfflineError> {
        let directory = lock.path().to_owned();
        let log = open_log(&directory)?;
        let storage = Storage::open(Arc::clone(&lock), &storage_options(&directory))?;
        let marks = DeletionMarks::read(&storage)?;
        let meta = storage.meta()?;
        let tail = Tail::read(log.as_ref(), &meta, &storage)?;
        let store = Store::from_storage(storage, StoreOptions::default())?;
        let log = tail.replay(&store, || match store.backlog_bytes() {
            CHECKPOINT_BYTES.. => store.checkpoint_all(),
            _ => Ok(()),
        })?;
        store.checkpoint_all()?;
        Ok(Self { store, meta, log, marks, lock: Some(lock) })
    }

    /// Says whether the member has a cluster of its own, so that nobody else has to hear of a change.
    pub(crate) fn is_alone(&self) -> bool {
        self.log
            .membership
            .as_ref()
            .is_some_and(|membership| membership.learners.is_empty() && is_sole_voter(membership, self.meta.member_id))
    }

    /// Gives up the history before a revision; what remains to do is to delete it.
    ///
    /// The log is not told. It need not be: the tables hold everything that it holds, so nothing in it is applied again. The
    /// tables are then opened as they would be after a crash at this point, so that going on does not differ from
    /// starting again.
    ///
    /// # Panics
    ///
    /// If the directory is open for reading only.
    pub(crate) fn begin_compaction(self, revision: i64) -> Result<Self, OfflineError> {
        let (newest, oldest) = (self.store.revision(), self.store.compact_revision());
        if revision <= oldest {
            return Err(ReadError::Compacted { requested: revision, oldest }.into());
        }
        if revision > newest {
            return Err(ReadError::Future { requested: revision, newest }.into());
        }
        let row = schema::number(revision);
        self.store.storage().write_row(Table::Meta, schema::meta::COMPACT_REVISION, &row)?;
        let lock = self.lock.expect("a directory that is compacted is open for writing");
        // LMDB opens a file once in a process.
        drop(self.store);
        Self::open_for_writing(lock)
    }

    /// Returns the store, with the log's tail applied.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Returns what the tables knew about themselves before the tail was applied.
    pub(crate) fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Returns what was found in the log.
    pub(crate) fn log(&self) -> &LogView {
        &self.log
    }

    /// Says whether changes have been deleted since the directory was opened, so that what was read may lack some.
    fn has_lost_changes(&self) -> Result<bool, StorageError> {
        Ok(self.marks != DeletionMarks::read(self.store.storage())?)
    }
}

/// A directory that is read in several steps, perhaps beside a running server.
#[derive(Debug)]
pub(crate) struct Session {
    directory: PathBuf,
    /// Nothing only while the directory is opened again: LMDB opens a file once in a process.
    offline: Option<Offline>,
}

impl Session {
    /// Opens a directory for reading.
    pub(crate) fn open(directory: &Path) -> Result<Self, OfflineError> {
        let offline = Some(Offline::open_for_reading(directory)?);
        Ok(Self { directory: directory.to_owned(), offline })
    }

    /// Reads something. If the running server deleted changes meanwhile, whatever was read is thrown away and read again
    /// from a newer moment, so `read` should name its revision if that matters.
    pub(crate) fn read<T>(&mut self, read: impl Fn(&Offline) -> Result<T, OfflineError>) -> Result<T, OfflineError> {
        for _ in 0..ATTEMPTS {
            let offline = match self.offline.take() {
                Some(offline) => offline,
                None => Offline::open_for_reading(&self.directory)?,
            };
            let answer = read(&offline);
            if !offline.has_lost_changes()? {
                self.offline = Some(offline);
                return answer;
            }
        }
        Err(OfflineError::Moving)
    }
}

/// Opens the tables alone, for reading.
pub(crate) fn open_storage(directory: &Path) -> Result<Storage, OfflineError> {
    Ok(Storage::open_read_only(directory, &storage_options(directory))?)
}

/// Reserves room for the store file to grow in: it may be larger than the default.
fn storage_options(directory: &Path) -> StorageOptions {
    const GROWTH: usize = 4;
    let defaults = StorageOptions::default();
    let files = fs::read_dir(directory).into_iter().flatten().flatten();
    let largest = files.filter_map(|file| file.metadata().ok()).map(|file| file.len() as usize).max().unwrap_or(0);
    StorageOptions { map_size_bytes: defaults.map_size_bytes.max(largest.saturating_mul(GROWTH)), ..defaults }
}
