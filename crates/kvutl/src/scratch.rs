//! A directory to build something in, which becomes what it is for only when it is whole.
//!
//! It stands beside its destination, so that moving it there is one step. Nobody else builds in it meanwhile: it is locked like a
//! data directory. What a crash left of an earlier one is removed, and is told from other people's directories by a marker.

use std::fs::{self, DirBuilder};
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kv_store::{DirLock, OpenError};

/// A file that is in the directory until it is whole.
const MARKER: &str = "UNFINISHED";

/// A directory that is removed when this is dropped, unless it was moved to its destination.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
    lock: Arc<DirLock>,
    moved: bool,
}

impl Scratch {
    /// Makes the directory, and those above it.
    ///
    /// # Errors
    ///
    /// [`OpenError::Locked`] while another process builds there, and [`OpenError::Io`] where the directory holds what is
    /// not left from an earlier one.
    pub(crate) fn create(path: PathBuf) -> Result<Self, OpenError> {
        let lock = DirLock::create(&path)?;
        let emptied = || -> io::Result<()> {
            let names = fs::read_dir(&path)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
            if names.iter().any(|name| name != "LOCK") && !names.iter().any(|name| name == MARKER) {
                let text = "it is in the way, and nothing that kvutl left there; move it away";
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
            }
            fs::write(path.join(MARKER), "")?;
            for entry in fs::read_dir(&path)? {
                let entry = entry?;
                if entry.file_name() != "LOCK" && entry.file_name() != MARKER {
                    if entry.file_type()?.is_dir() {
                        fs::remove_dir_all(entry.path())?;
                    } else {
                        fs::remove_file(entry.path())?;
                    }
                }
            }
            Ok(())
        };
        emptied().map_err(|source| OpenError::Io { action: "empty", path: path.clone(), source })?;
        Ok(Self { path, lock: Arc::new(lock), moved: false })
    }

    /// Makes a directory that nobody else can look into, under a name that nobody can foresee, in one that is open to all.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    pub(crate) fn create_private(parent: &Path) -> Result<Self, OpenError> {
        loop {
            let random: u64 = RandomState::new().hash_one(std::process::id());
            let path = parent.join(format!("kvutl-{random:016x}"));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Self::create(path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(OpenError::Io { action: "create", path, source }),
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the lock, for whoever opens what is built.
    pub(crate) fn lock(&self) -> Arc<DirLock> {
        Arc::clone(&self.lock)
    }

    /// Moves the directory to its destination, which does not exist or is empty; it is there also after a power cut.
    ///
    /// # Errors
    ///
    /// Those of the file system; then nothing is at the destination, or the whole where only syncing failed.
    pub(crate) fn move_to(mut self, destination: &Path) -> io::Result<()> {
        fs::remove_file(self.path.join(MARKER))?;
        fs::rename(&self.path, destination)?;
        self.moved = true;
        fs::File::open(destination)?.sync_all()?;
        fs::File::open(parent(destination))?.sync_all()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.moved {
            // What cannot be removed now is removed by the next one.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Returns the directory that something is in.
pub(crate) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Returns the path with something behind its last name.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    // Without the separators that may be at its end.
    let mut name = path.components().as_path().as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn nothing_is_left_of_what_did_not_become_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.part");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("store-0000000001.mdb"), "of a crash").unwrap();
        assert!(Scratch::create(path.clone()).is_err(), "nothing says that it is ours");
        fs::write(path.join(MARKER), "").unwrap();
        let scratch = Scratch::create(path.clone()).unwrap();
        assert!(!path.join("store-0000000001.mdb").exists());
        assert!(matches!(Scratch::create(path.clone()), Err(OpenError::Locked { .. })));
        fs::write(path.join("b"), "").unwrap();
        drop(scratch);
        assert!(!path.exists());
        let scratch = Scratch::create(path.clone()).unwrap();
        scratch.move_to(&directory.path().join("a")).unwrap();
        assert!(!path.exists() && directory.path().join("a").is_dir());
        assert!(!directory.path().join("a").join(MARKER).exists());
    }

    #[test]
    fn a_private_directory_is_nobody_elses() {
        let directory = tempfile::tempdir().unwrap();
        let (one, other) = (Scratch::create_private(directory.path()), Scratch::create_private(directory.path()));
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_ne!(one.path(), other.path());
        assert_eq!(fs::metadata(one.path()).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn suffixes_belong_to_the_last_name() {
        assert_eq!(with_suffix(Path::new("a/b/"), ".part"), Path::new("a/b.part"));
        assert_eq!(parent(Path::new("b")), Path::new("."));
        assert_eq!(parent(Path::new("a/b/")), Path::new("a"));
    }
}
