//! The store's tables in LMDB: opening them, and what is read of them as a whole.
//!
//! A data directory has one store file in use, named by `CURRENT`. Writing, compacting and defragmenting are in files
//! of their own below.
//!
//! Invariants:
//! - one writer at a time holds the `writer` lock, and only under it is the environment replaced;
//! - whoever begins reading holds the environment it reads, so a replaced file stays until the last of them is gone.

mod compact;
pub(crate) mod directory;
mod meta_rows;
mod reader;
mod replace;
mod restore;
mod room;
mod snapshot;
mod trim;
mod write;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::{Mutex, MutexGuard, RwLock};

use self::compact::Window;
pub use self::compact::{CompactionSlice, DeletedChange};
pub use self::directory::DirLock;
use self::directory::StoreNumber;
pub(crate) use self::meta_rows::Kept;
pub use self::meta_rows::Meta;
pub(crate) use self::reader::BigTable;
pub use self::reader::{Heads, Records, StorageReader, TableRow, TableRows};
pub use self::replace::{DefragmentProgress, Defragmented};
pub use self::snapshot::Snapshot;
pub use self::trim::Trimmed;
pub(crate) use self::write::Transaction;
pub use self::write::{Effect, EntryEffects};
use crate::env::{EnvOptions, Environment, ReadTxn, ReaderLocking};
use crate::lmdb_file::LmdbFile;
use crate::lock_file::lock_path;
use crate::revision::FIRST_REVISION;
use crate::schema::{FORMAT_VERSION, Table, meta, number};
use crate::storage_error::{OpenError, StorageError, StorageErrorKind};

/// How storage is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageOptions {
    /// Address space reserved for the store file, which cannot grow beyond it. A multiple of the quota.
    pub map_size_bytes: usize,
    /// How many read transactions there may be at once, over all processes.
    pub readers_max: u32,
    /// Whether a write waits until the data is on disk. Without it a power cut can destroy the whole store.
    pub sync: bool,
}

impl Default for StorageOptions {
    fn default() -> Self {
        Self { map_size_bytes: 64 << 30, readers_max: 1024, sync: true }
    }
}

impl StorageOptions {
    fn env(&self) -> EnvOptions {
        // LMDB wants whole pages of the system, which have at most 64 KiB.
        let map_size_bytes = self.map_size_bytes.next_multiple_of(64 << 10);
        EnvOptions { map_size_bytes, readers_max: self.readers_max, sync: self.sync }
    }
}

/// How often a file that is being written is tried before it is taken for damaged.
const READ_ATTEMPTS_MAX: u32 = 10;

/// The store's tables.
#[derive(Debug)]
pub struct Storage {
    directory: PathBuf,
    /// Held for its lock; nothing when opened for reading.
    lock: Option<Arc<DirLock>>,
    options: StorageOptions,
    environment: RwLock<Arc<Environment>>,
    writer: Mutex<Writer>,
    /// Held by whoever compacts or replaces the file.
    maintenance: Mutex<()>,
    /// What a compaction has found and not deleted yet.
    window: Mutex<Option<Window>>,
    /// Held by whoever takes room for a copy. The system gives a file its blocks one by one: of two that ask at once neither may
    /// get all, where there is room for one.
    taking_room: Mutex<()>,
}

/// What the one writer knows.
#[derive(Debug, Default)]
struct Writer {
    /// A write failed in a way that leaves unknown what is on disk.
    failed: bool,
    /// Rows of small tables written since a defragmentation began.
    changed_rows: Option<BTreeSet<(Table, Bytes)>>,
}

impl Storage {
    /// Opens the store in a data directory.
    ///
    /// # Errors
    ///
    /// [`OpenError::Empty`] if the directory holds none yet, else what is wrong with it.
    pub fn open(lock: Arc<DirLock>, options: &StorageOptions) -> Result<Self, OpenError> {
        let (storage, _) = Self::open_checked(lock, options, LmdbFile::check_structure)?;
        Ok(storage)
    }

    /// Opens the store in a data directory after `check` has looked at its file, and returns what that found.
    ///
    /// `check` must at least do what [`LmdbFile::check_structure`] does.
    pub(crate) fn open_checked<T>(
        lock: Arc<DirLock>,
        options: &StorageOptions,
        check: impl FnOnce(&LmdbFile) -> Result<T, OpenError>,
    ) -> Result<(Self, T), OpenError> {
        let directory = lock.path().to_owned();
        let current = directory::current_of_store(&directory)?;
        let path = directory.join(current.file_name());
        check_there(&path)?;
        let found = check(&LmdbFile::open(&path)?)?;
        let environment = Environment::open(&path, options.env())?;
        let storage = Self::checked(directory, Some(lock), environment, options)?;
        // Only now: had `CURRENT` been damaged, the left-overs would be the store.
        directory::remove_leftovers(storage.directory(), current)?;
        Ok((storage, found))
    }

    /// Opens the store in a data directory, or makes an empty one there.
    ///
    /// # Errors
    ///
    /// [`OpenError::CurrentMissing`] if there is a store with data that `CURRENT` does not name.
    pub fn open_or_create(lock: Arc<DirLock>, options: &StorageOptions) -> Result<Self, OpenError> {
        Self::create_where_empty(&lock, options)?;
        Self::open(lock, options)
    }

    /// Makes an empty store in a data directory that holds none.
    pub(crate) fn create_where_empty(lock: &DirLock, options: &StorageOptions) -> Result<(), OpenError> {
        match directory::read_current(lock.path()) {
            Err(OpenError::Empty { .. }) => create(lock.path(), options),
            Err(error) => Err(error),
            Ok(_) => Ok(()),
        }
    }

    /// Opens the store in a data directory for reading, beside a process that writes to it or on a file system that
    /// cannot be written to.
    pub fn open_read_only(directory: &Path, options: &StorageOptions) -> Result<Self, OpenError> {
        directory::check_directory(directory)?;
        let mut attempts = 0;
        loop {
            let current = directory::current_of_store(directory)?;
            let path = directory.join(current.file_name());
            attempts += 1;
            match open_for_reading(directory, &path, options) {
                // Replaced by a defragmentation since its name was read.
                Err(_) if directory::read_current(directory)? != current => {}
                // Changed by a process that writes between reading one page of it and another.
                Err(OpenError::Damaged { .. })
                    if attempts < READ_ATTEMPTS_MAX && directory::lock_holder(directory).is_some() => {}
                Err(error) => return Err(error),
                Ok(environment) => return Self::checked(directory.to_owned(), None, environment, options),
            }
        }
    }

    fn checked(
        directory: PathBuf,
        lock: Option<Arc<DirLock>>,
        environment: Environment,
        options: &StorageOptions,
    ) -> Result<Self, OpenError> {
        let storage = Self {
            directory,
            lock,
            options: options.clone(),
            environment: RwLock::new(Arc::new(environment)),
            writer: Mutex::default(),
            maintenance: Mutex::default(),
            window: Mutex::default(),
            taking_room: Mutex::default(),
        };
        let path = storage.environment().path().to_owned();
        let reader = storage.read()?;
        match reader.meta()?.format_version {
            0 => Err(OpenError::Damaged { path, detail: "it has no format version".to_owned() }),
            1..=FORMAT_VERSION => {
                reader.check_rows()?;
                drop(reader);
                Ok(storage)
            }
            found => Err(OpenError::FutureFormat { path, found, supported: FORMAT_VERSION }),
        }
    }

    /// Returns the store file in use in a data directory, without opening it.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the directory is none of ours or holds no store.
    pub fn file_in_use(directory: &Path) -> Result<PathBuf, OpenError> {
        directory::check_directory(directory)?;
        Ok(directory.join(directory::current_of_store(directory)?.file_name()))
    }

    /// Returns the data directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Begins reading the state of now.
    ///
    /// # Errors
    ///
    /// Of kind [`ReadersFull`](StorageErrorKind::ReadersFull) if too many read at once.
    pub fn read(&self) -> Result<StorageReader, StorageError> {
        StorageReader::new(self.environment())
    }

    /// Reads what the store knows about itself.
    pub fn meta(&self) -> Result<Meta, StorageError> {
        self.read()?.meta()
    }

    /// Measures the store file.
    pub fn sizes(&self) -> Result<Sizes, StorageError> {
        let environment = self.environment();
        // Before this one begins to read itself.
        let info = environment.env().info();
        let readers = environment.readers().unwrap_or_default();
        let txn = environment.read_txn()?;
        let action = "measure the store file";
        let io_failed = |error| StorageError::io(action, &error);

        let file = fs::metadata(environment.path()).map_err(io_failed)?;
        let page_size_bytes = page_size_bytes(&environment);
        let used_pages = used_pages(&environment, &txn)?;
        Ok(Sizes {
            readers: readers.count,
            oldest_reader_lag: readers.oldest.map_or(0, |oldest| (info.last_txn_id as u64).saturating_sub(oldest)),
            allocated_bytes: file.blocks() * 512,
            file_bytes: file.size(),
            used_bytes: used_pages * page_size_bytes,
            free_pages: (info.last_page_number as u64 + 1).saturating_sub(used_pages),
            page_size_bytes,
            map_size_bytes: info.map_size as u64,
        })
    }

    /// Counts the bytes of pages that hold something.
    ///
    /// # Errors
    ///
    /// Of kind [`ReadersFull`](StorageErrorKind::ReadersFull) if too many read at once.
    pub fn used_bytes(&self) -> Result<u64, StorageError> {
        let environment = self.environment();
        let txn = environment.read_txn()?;
        Ok(used_pages(&environment, &txn)? * page_size_bytes(&environment))
    }

    fn environment(&self) -> Arc<Environment> {
        Arc::clone(&self.environment.read())
    }

    fn writer(&self, action: &str) -> Result<MutexGuard<'_, Writer>, StorageError> {
        if self.lock.is_none() {
            return Err(StorageError::new(StorageErrorKind::ReadOnly, action, "the store was opened for reading"));
        }
        let writer = self.writer.lock();
        if writer.failed {
            return Err(StorageError::new(StorageErrorKind::Io, action, "an earlier write failed"));
        }
        Ok(writer)
    }

    fn maintenance(&self, action: &str) -> Result<MutexGuard<'_, ()>, StorageError> {
        self.maintenance.try_lock().ok_or_else(|| {
            StorageError::new(StorageErrorKind::Busy, action, "another compaction or defragmentation is under way")
        })
    }
}

/// How big the store file is, and who keeps it from reusing pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Blocks the file system has given to the file.
    pub allocated_bytes: u64,
    /// The length of the file.
    pub file_bytes: u64,
    /// Pages that hold something.
    pub used_bytes: u64,
    /// Pages that are free or hold the list of free pages.
    pub free_pages: u64,
    /// Bytes of a page.
    pub page_size_bytes: u64,
    /// How large the file can become.
    pub map_size_bytes: u64,
    /// Read transactions there are, in all processes.
    pub readers: u32,
    /// How many transactions were written since the oldest of them began.
    pub oldest_reader_lag: u64,
}

/// How many pages hold nothing and yet cannot be used: LMDB writes every changed page anew and lets the old one rest for
/// two transactions more. A store of a few rows takes twelve pages for the five that it uses.
const RESTING_PAGES: u64 = 8;

impl Sizes {
    /// Returns how large the store is said to be: what it takes on disk, but for the pages that rest between two
    /// transactions however little there is. Those are no space that giving back free pages would win.
    pub fn size_bytes(&self) -> u64 {
        self.allocated_bytes.saturating_sub(RESTING_PAGES * self.page_size_bytes).max(self.used_bytes)
    }
}

fn page_size_bytes(environment: &Environment) -> u64 {
    environment.env().unnamed_database_stat().page_size.into()
}

fn used_pages(environment: &Environment, txn: &ReadTxn) -> Result<u64, StorageError> {
    let main = environment.env().unnamed_database_stat();
    let small = Table::ALL.into_iter().filter_map(|table| environment.table(table));
    // Two pages hold the headers.
    let mut pages = 2 + main.branch_pages + main.leaf_pages + main.overflow_pages;
    for table in [environment.rev, environment.value].into_iter().chain(small) {
        let table = table.stat(txn).map_err(|error| StorageError::lmdb("measure the store file", &error))?;
        pages += table.branch_pages + table.leaf_pages + table.overflow_pages;
    }
    Ok(pages as u64)
}

/// Makes an empty store: complete under another name first, so that `CURRENT` never names half of one.
fn create(directory: &Path, options: &StorageOptions) -> Result<(), OpenError> {
    if let Some(found) = directory::store_files(directory)?.last() {
        let path = directory.join(found.file_name());
        LmdbFile::open(&path)?.check_structure()?;
        let environment = Environment::open(&path, options.env())?;
        let found = Storage::checked(directory.to_owned(), None, environment, options)?.meta()?;
        if found.applied.is_some() || found.revision != FIRST_REVISION {
            return Err(OpenError::CurrentMissing { path: directory.join("CURRENT"), store: path });
        }
    }
    let path = directory.join(StoreNumber::FIRST.file_name());
    let unfinished = path.with_extension("mdb.tmp");
    for path in [&path, &unfinished] {
        crate::env::remove_store_file(path).map_err(|source| OpenError::io("remove", path, source))?;
    }
    let environment = Environment::open(&unfinished, options.env())?;
    let mut txn = Transaction::begin(&environment)?;
    txn.put(Table::Meta, meta::FORMAT_VERSION, &number(FORMAT_VERSION as i64))?;
    txn.put(Table::Meta, meta::REVISION, &number(FIRST_REVISION))?;
    txn.commit().map_err(|(error, _)| error)?;
    drop(environment);

    let _ = fs::remove_file(lock_path(&unfinished));
    fs::rename(&unfinished, &path).map_err(|source| OpenError::io("rename", &unfinished, source))?;
    directory::sync_directory(directory)?;
    directory::write_current(directory, StoreNumber::FIRST)
}

/// Checks that the file that `CURRENT` names is there.
fn check_there(path: &Path) -> Result<(), OpenError> {
    if path.exists() {
        return Ok(());
    }
    Err(OpenError::Damaged { path: path.to_owned(), detail: "CURRENT names it, but it is not there".to_owned() })
}

/// Opens a store file for reading, with a reader slot if the lock file can be written and without if nobody writes.
fn open_for_reading(directory: &Path, path: &Path, options: &StorageOptions) -> Result<Environment, OpenError> {
    check_there(path)?;
    if directory::lock_holder(directory).is_none() {
        // While somebody writes there is no moment at which all pages are of the same transaction.
        LmdbFile::open(path)?.check_structure()?;
    }
    if can_lock(directory, path) {
        return Environment::open_read_only(path, options.env(), ReaderLocking::Shared);
    }
    match directory::lock_holder(directory) {
        // A reader without a slot would see pages that the writer uses again.
        Some(holder) => Err(OpenError::Locked { path: directory.to_owned(), holder }),
        None => Environment::open_read_only(path, options.env(), ReaderLocking::None),
    }
}

/// Says whether LMDB can put a reader into the lock file. It does not say so itself: on a file system that is mounted
/// read-only it goes on without.
fn can_lock(directory: &Path, path: &Path) -> bool {
    match fs::File::options().read(true).write(true).open(lock_path(path)) {
        Ok(_) => true,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            rustix::fs::access(directory, rustix::fs::Access::WRITE_OK).is_ok()
        }
        Err(_) => false,
    }
}
