//! Why the store's files could not be opened, read or written.

use std::io;
use std::path::PathBuf;

use rustix::io::Errno;

/// A failure of LMDB, of the file system, or of the bytes read back.
///
/// The text says which action failed and why; [`kind`](Self::kind) is what to decide by.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{action}: {detail}")]
pub struct StorageError {
    kind: StorageErrorKind,
    action: String,
    detail: String,
}

/// What sort of failure a [`StorageError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StorageErrorKind {
    /// The reserved map is used up: nothing was changed, deleting and compacting still work.
    MapFull,
    /// The file system is full, or a quota or limit is reached: nothing was changed, the same write may succeed later.
    NoSpace,
    /// Every reader slot is taken; see `StorageOptions::readers_max`.
    ReadersFull,
    /// Bytes read back are not what was written.
    Corrupted,
    /// The caller asked for what cannot be: a position or revision that does not move forward.
    Inconsistent,
    /// A compaction and a defragmentation, or two of either, exclude each other.
    Busy,
    /// The storage was opened for reading only.
    ReadOnly,
    /// The operating system refused; after a failed write the state on disk is unknown.
    Io,
}

impl StorageError {
    /// Makes an error of `kind` for the `action` that failed, such as "read revision 5.0".
    pub fn new(kind: StorageErrorKind, action: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { kind, action: action.into(), detail: detail.into() }
    }

    /// Makes an error for bytes that are not what was written.
    pub(crate) fn corrupted(action: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(StorageErrorKind::Corrupted, action, detail)
    }

    /// Wraps what LMDB reports.
    pub(crate) fn lmdb(action: impl Into<String>, error: &heed::Error) -> Self {
        use heed::MdbError;
        let kind = match error {
            heed::Error::Io(error) => return Self::io(action, error),
            heed::Error::Mdb(MdbError::MapFull) => StorageErrorKind::MapFull,
            heed::Error::Mdb(MdbError::ReadersFull) => StorageErrorKind::ReadersFull,
            heed::Error::Mdb(MdbError::KeyExist) => {
                return Self::new(StorageErrorKind::Inconsistent, action, "the row is not after the last one");
            }
            heed::Error::Mdb(
                MdbError::Corrupted
                | MdbError::PageNotFound
                | MdbError::Invalid
                | MdbError::VersionMismatch
                | MdbError::Incompatible,
            )
            | heed::Error::Decoding(_) => StorageErrorKind::Corrupted,
            _ => StorageErrorKind::Io,
        };
        Self::new(kind, action, error.to_string())
    }

    /// Wraps what the operating system reports.
    pub(crate) fn io(action: impl Into<String>, error: &io::Error) -> Self {
        let kind = if is_no_space(error) { StorageErrorKind::NoSpace } else { StorageErrorKind::Io };
        Self::new(kind, action, error.to_string())
    }

    /// Returns what sort of failure this is.
    pub fn kind(&self) -> StorageErrorKind {
        self.kind
    }

    /// Tells whether a failed write may be tried again; if not, the process must stop, because what is on disk is unknown.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.kind,
            StorageErrorKind::MapFull
                | StorageErrorKind::NoSpace
                | StorageErrorKind::ReadersFull
                | StorageErrorKind::Busy
                | StorageErrorKind::ReadOnly
        )
    }
}

/// Says whether an error of the system is for want of room.
pub(crate) fn is_no_space(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NOSPC | Errno::DQUOT | Errno::FBIG))
}

/// Why a data directory cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is nothing at the path.
    #[error("data directory {} does not exist", path.display())]
    Missing {
        /// The directory asked for.
        path: PathBuf,
    },
    /// The path is something else than a directory.
    #[error("data directory {} is not a directory", path.display())]
    NotADirectory {
        /// The path asked for.
        path: PathBuf,
    },
    /// The directory is etcd's.
    #[error(
        "{} is the data directory of an etcd (it holds {}), which kvd does not read; start kvd on an empty directory and copy the keys over with `kvctl make-mirror` from the running etcd",
        path.display(),
        found.display()
    )]
    Etcd {
        /// The directory asked for.
        path: PathBuf,
        /// The file it was recognised by.
        found: PathBuf,
    },
    /// The directory holds files that are not the store's.
    #[error("{} is not a data directory of kvd: it holds `{entry}`; name an empty or a new directory", path.display())]
    Foreign {
        /// The directory asked for.
        path: PathBuf,
        /// The first file that does not belong.
        entry: String,
    },
    /// The directory holds no store.
    #[error("{} holds no store yet", path.display())]
    Empty {
        /// The directory asked for.
        path: PathBuf,
    },
    /// Another process writes to the directory.
    #[error("{} is in use by process {holder}", path.display())]
    Locked {
        /// The directory asked for.
        path: PathBuf,
        /// The process's id as it wrote it, or "unknown".
        holder: String,
    },
    /// `CURRENT` does not name a store file.
    #[error("{} holds {found:?} where the name of a store file belongs", path.display())]
    BadCurrent {
        /// The path of `CURRENT`.
        path: PathBuf,
        /// What it holds.
        found: String,
    },
    /// A store with data is there, but `CURRENT`, which would name it, is not.
    #[error(
        "{} is gone, but {} holds data; write that file's name into it to use the store again",
        path.display(),
        store.display()
    )]
    CurrentMissing {
        /// The path of `CURRENT`.
        path: PathBuf,
        /// The store file that was found.
        store: PathBuf,
    },
    /// The store file is from a later release.
    #[error("{} has format version {found}, and this release reads up to {supported}", path.display())]
    FutureFormat {
        /// The store file.
        path: PathBuf,
        /// Its format version.
        found: u64,
        /// The newest format version understood.
        supported: u64,
    },
    /// The store file cannot be what was written.
    #[error("store file {} is damaged: {detail}", path.display())]
    Damaged {
        /// The store file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The operating system refused.
    #[error("{action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// LMDB failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl OpenError {
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Io { action, path: path.into(), source }
    }
}
