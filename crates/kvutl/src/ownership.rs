//! Files made in somebody else's data directory are given to its owner.
//!
//! A root user who defragments, or only reads, would otherwise leave files behind that a server running as another user
//! cannot open any more.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};

/// A directory, and the files that were in it.
pub(crate) struct NewFiles {
    directory: PathBuf,
    /// Names with inodes: a replaced file has its old name, and a new one may get an inode that was freed.
    known: HashSet<(OsString, u64)>,
}

impl NewFiles {
    /// Remembers which files there are.
    pub(crate) fn since_now(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), known: entries(directory).collect() }
    }

    /// Gives the files that came since to the directory's owner. Where that is not allowed they stay as they are: then
    /// whoever runs this is no root user, and has made files as the owner or not at all.
    pub(crate) fn give_to_owner(&self) {
        let Ok(directory) = fs::metadata(&self.directory) else { return };
        for path in self.files() {
            if fs::metadata(&path).is_ok_and(|file| file.uid() != directory.uid()) {
                let _ = chown(&path, Some(directory.uid()), Some(directory.gid()));
            }
        }
    }

    fn files(&self) -> impl Iterator<Item = PathBuf> {
        entries(&self.directory).filter(|file| !self.known.contains(file)).map(|(name, _)| self.directory.join(name))
    }
}

fn entries(directory: &Path) -> impl Iterator<Item = (OsString, u64)> + use<> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok().map(|metadata| (entry.file_name(), metadata.ino())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_and_replaced_files_are_found() {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str| directory.path().join(name);
        fs::write(file("CURRENT"), "1").unwrap();
        fs::write(file("LOCK"), "").unwrap();
        let new = NewFiles::since_now(directory.path());
        fs::write(file("CURRENT.tmp"), "2").unwrap();
        fs::rename(file("CURRENT.tmp"), file("CURRENT")).unwrap();
        fs::write(file("LOCK"), "3").unwrap();
        fs::write(file("store"), "").unwrap();
        let mut files: Vec<_> = new.files().collect();
        files.sort();
        assert_eq!(files, [file("CURRENT"), file("store")]);
        new.give_to_owner();
    }
}
