//! The data directory: who may write to it, which store file is in use, and what belongs in it.
//!
//! Invariant: `CURRENT` always names a whole store file. It is replaced by renaming, after the file it names was
//! synced, so every other store file is a left-over of a step that did not finish and may be removed.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

use crate::storage_error::{OpenError, is_no_space};

/// The file that names the store file in use.
const CURRENT: &str = "CURRENT";

/// Where the next `CURRENT` is written before it is renamed.
const CURRENT_NEXT: &str = "CURRENT.tmp";

/// A snapshot being made, where the file system makes no files without names.
pub(super) const SPOOL: &str = "snapshot.tmp";

/// The file that is locked by whoever writes.
const LOCK: &str = "LOCK";

/// What else may be in a data directory: the log, room for a full disk, and what mkfs leaves in a mounted one.
const OTHER_ENTRIES: [&str; 4] = ["log", "ballast", "lost+found", "UNFINISHED"];

/// The right to write to a data directory, held until dropped or until the process ends.
///
/// The file holds the process's id, for people.
#[derive(Debug)]
pub struct DirLock {
    path: PathBuf,
    file: File,
}

impl DirLock {
    /// Takes the lock of an existing data directory.
    ///
    /// # Errors
    ///
    /// [`OpenError::Locked`] with the holder's process id, or what is wrong with the directory.
    pub fn acquire(path: &Path) -> Result<Self, OpenError> {
        check_directory(path)?;
        let lock = path.join(LOCK);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&lock)
            .map_err(|source| OpenError::io("open", &lock, source))?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                return Err(OpenError::Locked { path: path.into(), holder: holder(&mut file) });
            }
            Err(error) => return Err(OpenError::io("lock", &lock, error.into())),
        }
        match write_holder(&mut file) {
            // Who holds it is for people to know; a full disk may be about to be cured.
            Err(error) if is_no_space(&error) => {}
            written => written.map_err(|source| OpenError::io("write", &lock, source))?,
        }
        Ok(Self { path: path.to_owned(), file })
    }

    /// Keeps writers away like [`acquire`](Self::acquire), but not others who do this, and without writing anything: also
    /// where nothing can be written. Returns nothing if no process has ever taken the lock.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire).
    pub fn hold(path: &Path) -> Result<Option<Self>, OpenError> {
        check_directory(path)?;
        let lock = path.join(LOCK);
        let mut file = match File::open(&lock) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|source| OpenError::io("open", &lock, source))?,
        };
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => Ok(Some(Self { path: path.to_owned(), file })),
            Err(rustix::io::Errno::WOULDBLOCK) => {
                Err(OpenError::Locked { path: path.into(), holder: holder(&mut file) })
            }
            Err(error) => Err(OpenError::io("lock", &lock, error.into())),
        }
    }

    /// Makes the data directory if there is none, and takes its lock.
    pub fn create(path: &Path) -> Result<Self, OpenError> {
        if !path.exists() {
            // Whoever may read the directory reads every secret in the store.
            let create = DirBuilder::new().recursive(true).mode(0o700).create(path);
            create.map_err(|source| OpenError::io("create", path, source))?;
            if let Some(parent) = path.canonicalize().ok().as_deref().and_then(Path::parent) {
                sync_directory(parent)?;
            }
        }
        Self::acquire(path)
    }

    /// Returns the data directory.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for DirLock {
    fn drop(&mut self) {
        // Closing the file is not enough while a process that is just being started still shares it.
        let _ = rustix::fs::flock(&self.file, FlockOperation::Unlock);
    }
}

/// Tells which process holds the lock of a data directory, if one does.
pub(crate) fn lock_holder(path: &Path) -> Option<String> {
    let mut file = File::open(path.join(LOCK)).ok()?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared) {
        Err(rustix::io::Errno::WOULDBLOCK) => Some(holder(&mut file)),
        _ => None,
    }
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    match file.read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => text.trim().to_owned(),
        _ => "unknown".to_owned(),
    }
}

fn write_holder(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

/// Refuses what is not a data directory of ours, or an empty one, before anything is written to it.
pub(crate) fn check_directory(path: &Path) -> Result<(), OpenError> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(OpenError::Missing { path: path.into() }),
        Err(source) => return Err(OpenError::io("read", path, source)),
    };
    if !metadata.is_dir() {
        return Err(OpenError::NotADirectory { path: path.into() });
    }
    for found in ["member/snap/db", "member/wal", "snap/db"] {
        if path.join(found).exists() {
            return Err(OpenError::Etcd { path: path.into(), found: found.into() });
        }
    }
    if path.join(CURRENT).exists() {
        // Ours, whatever else somebody keeps there.
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(|source| OpenError::io("list", path, source))? {
        let name = entry.map_err(|source| OpenError::io("list", path, source))?.file_name();
        let name = name.to_string_lossy();
        let belongs =
            [CURRENT_NEXT, LOCK].contains(&&*name) || OTHER_ENTRIES.contains(&&*name) || store_number(&name).is_some();
        if !belongs {
            return Err(OpenError::Foreign { path: path.into(), entry: name.into_owned() });
        }
    }
    Ok(())
}

/// The number in a store file's name, one more with every file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StoreNumber(u64);

impl StoreNumber {
    pub(crate) const FIRST: Self = Self(1);

    pub(crate) fn next(self) -> Self {
        Self(self.0 + 1)
    }

    pub(crate) fn file_name(self) -> String {
        format!("store-{:010}.mdb", self.0)
    }

    fn parse(name: &str) -> Option<Self> {
        let number = Self(name.strip_prefix("store-")?.strip_suffix(".mdb")?.parse().ok()?);
        (number.file_name() == name).then_some(number)
    }
}

/// Returns the number of a store file.
pub(crate) fn number_of(path: &Path) -> Option<StoreNumber> {
    StoreNumber::parse(path.file_name()?.to_str()?)
}

/// Reads which store file is in use.
pub(crate) fn read_current(path: &Path) -> Result<StoreNumber, OpenError> {
    let current = path.join(CURRENT);
    let text = match fs::read(&current) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(OpenError::Empty { path: path.into() }),
        Err(source) => return Err(OpenError::io("read", current, source)),
    };
    text.strip_suffix('\n').and_then(StoreNumber::parse).ok_or(OpenError::BadCurrent { path: current, found: text })
}

/// Reads the same where nobody would make a store: without `CURRENT`, a directory with store files has lost it.
pub(crate) fn current_of_store(path: &Path) -> Result<StoreNumber, OpenError> {
    match read_current(path) {
        Err(OpenError::Empty { .. }) => match store_files(path)?.last() {
            None => Err(OpenError::Empty { path: path.into() }),
            Some(found) => {
                Err(OpenError::CurrentMissing { path: path.join(CURRENT), store: path.join(found.file_name()) })
            }
        },
        read => read,
    }
}

/// Puts a store file into use: from when this returns, also after a power cut.
pub(crate) fn write_current(path: &Path, number: StoreNumber) -> Result<(), OpenError> {
    let next = path.join(CURRENT_NEXT);
    let mut file = File::create(&next).map_err(|source| OpenError::io("create", &next, source))?;
    writeln!(file, "{}", number.file_name())
        .and_then(|()| file.sync_all())
        .map_err(|source| OpenError::io("write", &next, source))?;
    let current = path.join(CURRENT);
    fs::rename(&next, &current).map_err(|source| OpenError::io("replace", &current, source))?;
    sync_directory(path)
}

/// Finds the store files of a directory, in order.
pub(crate) fn store_files(path: &Path) -> Result<Vec<StoreNumber>, OpenError> {
    let list = |source| OpenError::io("list", path, source);
    let mut found = Vec::new();
    for entry in fs::read_dir(path).map_err(list)? {
        found.extend(StoreNumber::parse(&entry.map_err(list)?.file_name().to_string_lossy()));
    }
    found.sort_unstable();
    Ok(found)
}

/// Removes what steps that did not finish left behind.
pub(crate) fn remove_leftovers(path: &Path, current: StoreNumber) -> Result<(), OpenError> {
    let in_use = current.file_name();
    let list = |source| OpenError::io("list", path, source);
    for entry in fs::read_dir(path).map_err(list)? {
        let entry = entry.map_err(list)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_in_use = name.strip_suffix("-lock").unwrap_or(&name) == in_use;
        if [CURRENT_NEXT, SPOOL].contains(&&*name) || (store_number(&name).is_some() && !is_in_use) {
            let path = entry.path();
            tracing::info!(path = %path.display(), "remove what an unfinished step left");
            fs::remove_file(&path).map_err(|source| OpenError::io("remove", &path, source))?;
        }
    }
    Ok(())
}

/// Returns the number of a store file, of one being made, or of the lock file of either.
fn store_number(name: &str) -> Option<StoreNumber> {
    let name = name.strip_suffix("-lock").unwrap_or(name);
    StoreNumber::parse(name.strip_suffix(".tmp").unwrap_or(name))
}

/// Makes the names in a directory durable.
pub(crate) fn sync_directory(path: &Path) -> Result<(), OpenError> {
    File::open(path).and_then(|directory| directory.sync_all()).map_err(|source| OpenError::io("sync", path, source))
}
