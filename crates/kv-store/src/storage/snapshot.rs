//! A snapshot: the whole store at one moment, copied to a file of its own.
//!
//! The copy has no free pages. It goes to disk first, at the disk's speed, so that whoever it is sent to may be as slow as they like:
//! the read transaction that LMDB's pages wait for is over before the first byte is sent. The file has no name, so the
//! system frees it when it is closed, however the process ends.
//!
//! A snapshot says what it is by the same rows of `meta` as every store file: its format version, its cluster and its revision.

use std::fs::{self, File};
use std::io::{self, Seek};
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use super::directory::SPOOL;
use super::{Storage, StorageOptions};
use crate::env::{Environment, ReaderLocking};
use crate::lmdb_file::LmdbFile;
use crate::storage_error::{OpenError, StorageError};

const ACTION: &str = "take a snapshot";

/// A copy of the store in a file without a name, from its beginning on.
#[derive(Debug)]
pub struct Snapshot {
    /// The copy, a store file of `length_bytes`.
    pub file: File,
    /// How long it is.
    pub length_bytes: u64,
}

impl Storage {
    /// Copies what is stored now, without free pages, to a file in the data directory that has no name.
    ///
    /// Writing goes on meanwhile, and one read transaction is held until the copy is done. Syncs nothing.
    ///
    /// # Errors
    ///
    /// Of kind [`NoSpace`](crate::StorageErrorKind::NoSpace) with the size that is needed where the disk has no room for it.
    pub fn snapshot(&self) -> Result<Snapshot, StorageError> {
        let failed = |error: io::Error| StorageError::io(ACTION, &error);
        let mut file = unnamed_file(&self.directory).map_err(failed)?;
        self.copy_to(&mut file)?;
        let length_bytes = file.metadata().map_err(failed)?.len();
        file.rewind().map_err(failed)?;
        Ok(Snapshot { file, length_bytes })
    }

    /// Opens a snapshot for reading, where it is. Nothing is written, not even a lock, so nobody may write to it meanwhile.
    ///
    /// # Errors
    ///
    /// [`OpenError::Damaged`] if it is no store file or was cut, [`OpenError::FutureFormat`] if it is of a later release.
    pub fn open_snapshot(path: &Path) -> Result<Self, OpenError> {
        let length = fs::metadata(path).map_err(|source| OpenError::io("read", path, source))?.len() as usize;
        let defaults = StorageOptions::default();
        let options = StorageOptions { map_size_bytes: defaults.map_size_bytes.max(length), ..defaults };
        LmdbFile::open(path)?.check_structure()?;
        let environment = Environment::open_read_only(path, options.env(), ReaderLocking::None)?;
        let directory = path.parent().unwrap_or(Path::new("")).to_owned();
        Self::checked(directory, None, environment, &options)
    }
}

/// Makes a file that has no name, or has lost it.
fn unnamed_file(directory: &Path) -> io::Result<File> {
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    if let Ok(file) = rustix::fs::open(directory, flags, Mode::RUSR | Mode::WUSR) {
        return Ok(file.into());
    }
    // Not every file system can. What a crash leaves under this name is removed by the next start.
    let path = directory.join(SPOOL);
    let file = File::options().read(true).write(true).create_new(true).open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}
