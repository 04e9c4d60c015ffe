//! A data directory without its server: what is stored, and the log's tail replayed on top of it.
//!
//! What a server stores lags behind its log. So opening a directory reads the tables first, then the log, and applies
//! the entries that the tables do not have yet, through the same code that the server applies them with: in
//! memory when reading, and with a checkpoint at the end when writing. How far the log counts depends on who votes:
//!
//! - alone in its cluster, a member commits whatever it has written, so every entry counts;
//! - among others, an entry counts only if it is known to be committed, and later ones are left out.
//!
//! Beside a running server the directory changes while it is read. Two things can go missing then, and both are noticed:
//! the server purges log entries that it has stored meanwhile, and it deletes changes that a compaction gave up. Either
//! way everything is read again from a newer moment ([`Session`]).

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use kv_log::{Entry, Payload, Position, Reader, Recovery};
use kv_store::{
    CommandEntry, DirLock, LogPosition, Membership, Meta, OpenError, ReadError, Storage, StorageError,
    StorageErrorKind, StorageOptions, Store, StoreOptions, Table, WriteError, schema,
};

/// How often reading starts again beside a running server before it is given up.
const ATTEMPTS: usize = 20;

/// How many bytes of replayed changes are gathered before they are stored.
const CHECKPOINT_BYTES: usize = 16 << 20;

/// The directory of the log inside a data directory.
const LOG: &str = "log";

/// Why a data directory could not be opened or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OfflineError {
    /// The tables cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The log cannot be opened.
    #[error("{}", with_causes(.0))]
    OpenLog(kv_log::OpenError),
    /// An entry of the log cannot be read.
    #[error("{}", with_causes(.0))]
    ReadLog(kv_log::ReadError),
    /// The tables cannot be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A read names a revision that cannot be read, or found damage.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An entry of the log holds bytes that are no commands.
    #[error("log entry {position}: {detail}")]
    Entry {
        /// The entry.
        position: LogPosition,
        /// What is wrong with it.
        detail: String,
    },
    /// Entries between the tables and the log are gone.
    #[error(
        "the store ends at log entry {}, and the log begins behind entry {begin}: entries between them are gone",
        applied.map_or_else(|| "none".to_owned(), |applied| applied.to_string())
    )]
    Gap {
        /// The last entry in the tables.
        applied: Option<LogPosition>,
        /// The entry behind which the log begins.
        begin: LogPosition,
    },
    /// The running server was always faster.
    #[error("the running server compacted or purged faster than the directory could be read, {ATTEMPTS} times")]
    Moving,
}

impl OfflineError {
    /// Says whether bytes are not what was written, as opposed to not being there or not being readable now.
    pub(crate) fn is_damage(&self) -> bool {
        match self {
            Self::Open(error) => match error {
                OpenError::Damaged { .. } | OpenError::BadCurrent { .. } => true,
                OpenError::Storage(error) => error.kind() == StorageErrorKind::Corrupted,
                _ => false,
            },
            Self::OpenLog(error) => {
                use kv_log::OpenError::*;
                matches!(
                    error,
                    Corrupt { .. }
                        | MissingSegment { .. }
                        | DuplicateSegment { .. }
                        | Truncated { .. }
                        | Foreign { .. }
                )
            }
            Self::ReadLog(error) => matches!(error, kv_log::ReadError::Corrupt { .. }),
            Self::Storage(error) | Self::Read(ReadError::Storage(error)) => error.kind() == StorageErrorKind::Corrupted,
            Self::Entry { .. } | Self::Gap { .. } => true,
            Self::Read(_) | Self::Moving => false,
        }
    }
}

/// An error of the log with what caused it, on one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

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

/// The log, and what was taken from it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct LogView {
    /// What the log holds.
    pub(crate) recovery: Recovery,
    /// How many entries were replayed.
    pub(crate) replayed: u64,
    /// How many entries at the end are not known to be committed and were left out.
    pub(crate) left_out: u64,
    /// The newest membership, if the member has one.
    pub(crate) membership: Option<Membership>,
    /// There is no log at all.
    pub(crate) is_missing: bool,
}

impl LogView {
    /// Returns every member that has a vote, by id.
    pub(crate) fn voters(&self) -> Vec<u64> {
        let voters = self.membership.iter().flat_map(|membership| membership.voters.iter().flatten().copied());
        let mut voters: Vec<u64> = voters.collect();
        voters.sort_unstable();
        voters.dedup();
        voters
    }
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

/// The entries of the log that the tables do not have.
struct Tail {
    recovery: Recovery,
    entries: Vec<Entry>,
    membership: Option<Membership>,
    /// Entries from this index on do not count.
    end: u64,
    is_missing: bool,
}

impl Tail {
    fn read(log: Option<&Reader>, meta: &Meta, storage: &Storage) -> Result<Self, OfflineError> {
        let recovery = log.map(|log| log.recovery().clone()).unwrap_or_default();
        let applied = meta.applied;
        if let Some(purged) = recovery.purged
            && applied.is_none_or(|applied| applied.index < purged.index)
        {
            return Err(OfflineError::Gap { applied, begin: position(purged) });
        }
        let from = applied.map_or(0, |applied| applied.index + 1);
        let entries: Vec<_> = match log {
            Some(log) => log.entries(from).collect::<Result<_, _>>().map_err(OfflineError::ReadLog)?,
            None => Vec::new(),
        };
        let membership = match newest_membership(&entries)? {
            Some(membership) => Some(membership),
            None => stored_membership(storage)?,
        };
        let alone = membership.as_ref().is_some_and(|membership| is_sole_voter(membership, meta.member_id));
        let end = if alone { u64::MAX } else { recovery.committed.map_or(0, |committed| committed.index + 1) };
        Ok(Self { recovery, entries, membership, end, is_missing: log.is_none() })
    }

    /// Applies the entries that the store does not have and that count. `after_each` runs after each of them.
    fn replay(
        self,
        store: &Store,
        mut after_each: impl FnMut() -> Result<(), StorageError>,
    ) -> Result<LogView, OfflineError> {
        let Self { recovery, entries, membership, end, is_missing } = self;
        let mut view = LogView { recovery, membership, is_missing, replayed: 0, left_out: 0 };
        let applied = store.applied().map(|applied| applied.index);
        for entry in entries.into_iter().filter(|entry| Some(entry.position.index) > applied) {
            if entry.position.index < end {
                apply(store, &entry)?;
                after_each()?;
                view.replayed += 1;
            } else {
                view.left_out += 1;
            }
        }
        Ok(view)
    }
}

fn apply(store: &Store, entry: &Entry) -> Result<(), OfflineError> {
    let position = position(entry.position);
    match &entry.payload {
        Payload::Blank => store.apply_blank(position),
        Payload::Membership(membership) => store.apply_membership(position, membership.clone()),
        Payload::Command(commands) => {
            let broken = |detail: String| OfflineError::Entry { position, detail };
            let commands = CommandEntry::decode(commands).map_err(|error| broken(error.to_string()))?;
            let mut applier = store.begin_entry(position, commands.clock);
            for (_, command) in &commands.commands {
                let outcome = applier.apply(command, false).map_err(|error| broken(error.to_string()))?;
                // Any other refusal is what the server did too. This one is not the command's fault.
                if let Err(WriteError::Read(ReadError::Storage(error))) = outcome {
                    return Err(error.into());
                }
            }
            applier.finish();
        }
    }
    Ok(())
}

/// Says whether a member alone decides what is committed. A learner of a cluster with one voter does not.
fn is_sole_voter(membership: &Membership, member_id: Option<u64>) -> bool {
    membership.sole_voter().is_some_and(|voter| member_id.is_none_or(|own| own == voter))
}

/// Opens the tables alone, for reading.
pub(crate) fn open_storage(directory: &Path) -> Result<Storage, OfflineError> {
    Ok(Storage::open_read_only(directory, &storage_options(directory))?)
}

/// Opens the log alone, if there is one.
pub(crate) fn open_log(directory: &Path) -> Result<Option<Reader>, OfflineError> {
    let log = directory.join(LOG);
    if !log.is_dir() {
        // A directory that no server has started on has none; whether the path is one of ours at all, opening the
        // tables finds out.
        return Ok(None);
    }
    Reader::open(&log).map(Some).map_err(OfflineError::OpenLog)
}

fn newest_membership(entries: &[Entry]) -> Result<Option<Membership>, OfflineError> {
    let newest = entries.iter().rev().find_map(|entry| match &entry.payload {
        Payload::Membership(bytes) => Some((entry.position, bytes)),
        Payload::Blank | Payload::Command(_) => None,
    });
    let decoded = newest.map(|(at, bytes)| {
        Membership::decode(bytes)
            .map_err(|error| OfflineError::Entry { position: position(at), detail: error.to_string() })
    });
    decoded.transpose()
}

fn stored_membership(storage: &Storage) -> Result<Option<Membership>, OfflineError> {
    let reader = storage.read()?;
    let Some((position, bytes)) = reader.membership()? else { return Ok(None) };
    match Membership::decode(bytes) {
        Ok(membership) => Ok(Some(membership)),
        Err(error) => Err(OfflineError::Entry { position, detail: error.to_string() }),
    }
}

/// Returns the log's name of a position as the store's.
pub(crate) fn position(at: Position) -> LogPosition {
    LogPosition { term: at.term, index: at.index }
}

/// Reserves room for the store file to grow in: it may be larger than the default.
fn storage_options(directory: &Path) -> StorageOptions {
    const GROWTH: usize = 4;
    let defaults = StorageOptions::default();
    let files = fs::read_dir(directory).into_iter().flatten().flatten();
    let largest = files.filter_map(|file| file.metadata().ok()).map(|file| file.len() as usize).max().unwrap_or(0);
    StorageOptions { map_size_bytes: defaults.map_size_bytes.max(largest.saturating_mul(GROWTH)), ..defaults }
}
