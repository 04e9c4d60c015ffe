//! Opening one LMDB file, and reading its pages where LMDB has mapped them: the only place with `unsafe` code.
//!
//! LMDB trusts its file. What can be checked before it maps the file is checked here, so that a file that was
//! cut or never was LMDB's is an error with a name instead of a signal.

use std::fs::{self, File};
use std::io;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::ptr;
use std::slice;
use std::sync::atomic::{AtomicBool, Ordering};

use heed::types::Bytes;
use heed::{CommitOrAbort, Database, Env, EnvFlags, EnvOpenOptions, RoTxn, RwTxn, WithoutTls};

use crate::lmdb_file::{FoundRow, LmdbFile, Tree, find_rows};
use crate::lock_file::{LockFile, Readers, lock_path};
use crate::schema::{REV, TABLES_OF_FORMAT_1, Table, VALUE};
use crate::storage_error::{OpenError, StorageError};

/// A table whose keys and values are bytes.
pub(crate) type Rows = Database<'static, Bytes, Bytes>;

/// A read transaction that keeps its environment open and may change threads.
pub(crate) type ReadTxn = RoTxn<'static, WithoutTls>;

/// How an environment is opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EnvOptions {
    /// Address space reserved for the file, which cannot grow beyond it.
    pub(crate) map_size_bytes: usize,
    /// How many read transactions there may be at once, over all processes.
    pub(crate) readers_max: u32,
    /// Whether a commit waits until the data is on disk.
    pub(crate) sync: bool,
}

/// How an environment that is only read gets along with a writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReaderLocking {
    /// Reader slots in the lock file keep the writer from reusing pages that are read.
    Shared,
    /// No lock file: only right while nobody writes.
    None,
}

/// One open LMDB file.
///
/// The file is removed when the last user is gone, if it was [retired](Self::retire).
#[derive(Debug)]
pub(crate) struct Environment {
    // Fields are dropped in this order: LMDB lets go of its files before they are closed and removed.
    env: Env<WithoutTls>,
    /// LMDB's own table, which says where the others are.
    directory: Rows,
    pub(crate) rev: Rows,
    pub(crate) value: Rows,
    tables: [Option<Rows>; Table::ALL.len()],
    /// Nothing where the environment uses no lock file.
    lock_file: Option<LockFile>,
    file: StoreFile,
}

impl Environment {
    /// Opens or creates the file for reading and writing, with every table. An empty one becomes a new one.
    pub(crate) fn open(path: &Path, options: EnvOptions) -> Result<Self, OpenError> {
        let is_new = fs::metadata(path).map_or(true, |file| file.len() == 0);
        if !is_new {
            LmdbFile::open(path)?.check_length()?;
        }
        let mut flags = EnvFlags::NO_SUB_DIR;
        if !options.sync {
            flags |= EnvFlags::NO_SYNC | EnvFlags::NO_META_SYNC;
        }
        let env = open_lmdb(path, options, flags)?;
        let action = || format!("open store file {}", path.display());
        env.clear_stale_readers().map_err(|error| StorageError::lmdb(action(), &error))?;
        let txn = env.write_txn().map_err(|error| StorageError::lmdb(action(), &error))?;
        let (directory, rev, value, tables) = env
            .create_databases_and_commit(txn, |opener, txn| -> heed::Result<_> {
                for name in TABLES_OF_FORMAT_1 {
                    if !is_new && opener.open_database::<Bytes, Bytes>(txn, Some(name))?.is_none() {
                        return Ok(CommitOrAbort::Abort(name));
                    }
                }
                let directory = opener.create_database::<Bytes, Bytes>(txn, None)?;
                let mut create = |name| opener.create_database::<Bytes, Bytes>(txn, Some(name));
                let rev = create(REV)?;
                let value = create(VALUE)?;
                let mut tables = [None; Table::ALL.len()];
                for table in Table::ALL {
                    tables[table as usize] = Some(create(table.name())?);
                }
                Ok(CommitOrAbort::Commit((directory, rev, value, tables)))
            })
            .map_err(|error| StorageError::lmdb(action(), &error))
            .map(|opened| match opened {
                CommitOrAbort::Commit(tables) => Ok(tables),
                CommitOrAbort::Abort(missing) => Err(damaged(path, format!("table {missing} is missing"))),
            })??;
        let lock_file = LockFile::open(path).map_err(|source| OpenError::io("open the lock file of", path, source))?;
        let writable = File::options().read(true).write(true).open(path);
        let writable = writable.map_err(|source| OpenError::io("open", path, source))?;
        let file = StoreFile { path: path.to_owned(), writable: Some(writable), retired: AtomicBool::new(false) };
        Ok(Self { env, directory, rev, value, tables, lock_file: Some(lock_file), file })
    }

    /// Opens the file for reading; tables that a later release would create may be absent.
    pub(crate) fn open_read_only(path: &Path, options: EnvOptions, locking: ReaderLocking) -> Result<Self, OpenError> {
        LmdbFile::open(path)?.check_length()?;
        let mut flags = EnvFlags::NO_SUB_DIR | EnvFlags::READ_ONLY;
        if locking == ReaderLocking::None {
            flags |= EnvFlags::NO_LOCK;
        }
        let env = open_lmdb(path, options, flags)?;
        let action = || format!("open store file {}", path.display());
        let txn = env.read_txn().map_err(|error| StorageError::lmdb(action(), &error))?;
        let (directory, rev, value, tables) = env
            .open_databases_and_commit(txn, |opener, txn| -> heed::Result<_> {
                for name in TABLES_OF_FORMAT_1 {
                    if opener.open_database::<Bytes, Bytes>(txn, Some(name))?.is_none() {
                        return Ok(CommitOrAbort::Abort(name));
                    }
                }
                let open = |name| opener.open_database::<Bytes, Bytes>(txn, Some(name));
                let mut tables = [None; Table::ALL.len()];
                for table in Table::ALL {
                    tables[table as usize] = open(table.name())?;
                }
                let directory = opener.open_database::<Bytes, Bytes>(txn, None)?;
                Ok(CommitOrAbort::Commit((directory, open(REV)?, open(VALUE)?, tables)))
            })
            .map_err(|error| StorageError::lmdb(action(), &error))
            .map(|opened| match opened {
                CommitOrAbort::Commit((Some(directory), Some(rev), Some(value), tables)) => {
                    Ok((directory, rev, value, tables))
                }
                CommitOrAbort::Commit(_) => Err(damaged(path, "the tables of a store are not in it")),
                CommitOrAbort::Abort(missing) => Err(damaged(path, format!("table {missing} is missing"))),
            })??;
        // Without one on a file system that cannot be written to.
        let lock_file = if locking == ReaderLocking::Shared { LockFile::open(path).ok() } else { None };
        let file = StoreFile { path: path.to_owned(), writable: None, retired: AtomicBool::new(false) };
        Ok(Self { env, directory, rev, value, tables, lock_file, file })
    }

    /// Begins reading the state of now.
    pub(crate) fn read_txn(&self) -> Result<ReadTxn, StorageError> {
        self.env.clone().static_read_txn().map_err(|error| StorageError::lmdb("begin reading", &error))
    }

    /// Begins writing, after whoever else is writing has finished.
    pub(crate) fn write_txn(&self) -> Result<RwTxn<'_>, StorageError> {
        self.env.write_txn().map_err(|error| StorageError::lmdb("begin writing", &error))
    }

    /// Returns a table, or nothing if the file was opened for reading and does not have it.
    pub(crate) fn table(&self, table: Table) -> Option<Rows> {
        self.tables[table as usize]
    }

    /// Finds rows of `rev` by the first 16 bytes of their keys, as [`find_rows`] does: many at once, and perhaps not all.
    pub(crate) fn find_rows<'a>(&self, txn: &'a ReadTxn, wanted: &[u128]) -> Vec<Option<FoundRow<'a>>> {
        let found = self.rev_tree_row(txn).and_then(|row| {
            let pages = MappedPages::around(row, &self.env)?;
            Some(find_rows(Tree::of_table(row).ok()?, |number| pages.page(number), wanted))
        });
        found.unwrap_or_else(|| vec![None; wanted.len()])
    }

    /// Reads where the tree of `rev` begins.
    #[cfg(test)]
    pub(crate) fn rev_tree(&self, txn: &ReadTxn) -> Option<Tree> {
        Tree::of_table(self.rev_tree_row(txn)?).ok()
    }

    fn rev_tree_row<'a>(&self, txn: &'a ReadTxn) -> Option<&'a [u8]> {
        self.directory.get(txn, REV.as_bytes()).ok()?
    }

    /// Returns LMDB's handle, for what needs no table.
    pub(crate) fn env(&self) -> &Env<WithoutTls> {
        &self.env
    }

    /// Reads who reads the file, in any process; returns nothing if that cannot be known.
    pub(crate) fn readers(&self) -> Option<Readers> {
        self.lock_file.as_ref()?.readers(self.env.info().maximum_number_of_readers)
    }

    /// Returns the file itself, if it was opened for writing. Its pages are LMDB's.
    pub(crate) fn file(&self) -> Option<&File> {
        self.file.writable.as_ref()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.file.path
    }

    /// Has the file removed as soon as nobody uses it.
    pub(crate) fn retire(&self) {
        self.file.retired.store(true, Ordering::Release);
    }
}

/// The pages that a read transaction sees, where LMDB has mapped them.
struct MappedPages<'a> {
    begin: *const u8,
    page_size: usize,
    last_page: u64,
    txn: PhantomData<&'a ReadTxn>,
}

impl<'a> MappedPages<'a> {
    /// Finds the map, of which LMDB does not tell where it is, by a short row that was read from it: a page begins with its number.
    #[expect(
        unsafe_code,
        reason = "the page around a row is more than LMDB lends; the conditions are met as the comment says"
    )]
    fn around(row: &'a [u8], env: &Env<WithoutTls>) -> Option<Self> {
        let page_size = env.unnamed_database_stat().page_size as usize;
        // Maps begin where pages of the system do. A file from a system with larger ones is left to LMDB.
        if !page_size.is_power_of_two() || page_size > rustix::param::page_size() {
            return None;
        }
        let page = row.as_ptr().addr() & !(page_size - 1);
        // SAFETY: a row of LMDB's own table is within one page of the map, which is mapped as a whole and aligned, and does not
        // change as long as the transaction lives that the row was read in. The map was made by LMDB, so its address is exposed.
        let number = unsafe { ptr::with_exposed_provenance::<u64>(page).read() };
        let last_page = env.info().last_page_number as u64;
        if number > last_page {
            return None;
        }
        let begin = page.checked_sub(usize::try_from(number).ok()?.checked_mul(page_size)?)?;
        Some(Self { begin: ptr::with_exposed_provenance(begin), page_size, last_page, txn: PhantomData })
    }

    /// Returns a page of the transaction's trees. Others may be written to, so they must not be asked for.
    #[expect(
        unsafe_code,
        reason = "reading a mapped page is unsafe whoever does it; the conditions are met as the comment says"
    )]
    fn page(&self, number: u64) -> Option<&'a [u8]> {
        if number > self.last_page {
            return None;
        }
        // SAFETY: the file and LMDB's map of it reach to the last page, which opening the file has checked and a commit makes so.
        // LMDB changes no page that a transaction sees as long as it lives. Every number that is asked for is from a tree of
        // the transaction, whose structure was checked when the file was opened.
        Some(unsafe { slice::from_raw_parts(self.begin.add(number as usize * self.page_size), self.page_size) })
    }
}

#[derive(Debug)]
struct StoreFile {
    path: PathBuf,
    /// A descriptor beside LMDB's own, where the file was opened for writing.
    writable: Option<File>,
    retired: AtomicBool,
}

impl Drop for StoreFile {
    fn drop(&mut self) {
        if self.retired.load(Ordering::Acquire)
            && let Err(error) = remove_store_file(&self.path)
        {
            // Left over; the next start removes it.
            tracing::warn!(path = %self.path.display(), %error, "remove the store file replaced by defragmentation");
        }
    }
}

/// Removes a store file and its lock file.
pub(crate) fn remove_store_file(path: &Path) -> io::Result<()> {
    for path in [path.to_owned(), lock_path(path)] {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[expect(unsafe_code, reason = "mapping a file is unsafe whoever does it; the conditions are met as the comment says")]
fn open_lmdb(path: &Path, options: EnvOptions, flags: EnvFlags) -> Result<Env<WithoutTls>, OpenError> {
    let mut lmdb = EnvOpenOptions::new().read_txn_without_tls();
    lmdb.map_size(options.map_size_bytes).max_readers(options.readers_max).max_dbs(TABLES_MAX);
    // SAFETY: the file is changed by LMDB alone. Writers in other processes are kept away by the data directory's lock,
    // readers take slots in LMDB's lock file or, with NO_LOCK, were promised that nobody writes. NO_SYNC is set only
    // where the user gave up durability. The file is not on a network file system unless the user put it there.
    let env = unsafe { lmdb.flags(flags).open(path) };
    env.map_err(|error| match error {
        heed::Error::Io(source) => OpenError::io("open", path, source),
        error => StorageError::lmdb(format!("open store file {}", path.display()), &error).into(),
    })
}

/// More than this release creates, so that files of a later one can be read.
const TABLES_MAX: u32 = 32;

fn damaged(path: &Path, detail: impl Into<String>) -> OpenError {
    OpenError::Damaged { path: path.to_owned(), detail: detail.into() }
}
