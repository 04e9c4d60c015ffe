//! Telling a full disk from a broken one, where LMDB says "input/output error" of both.
//!
//! A write that finds no room for all of its bytes is cut short by the system, and LMDB reports that as an error of
//! the device. A full disk is no reason to stop: nothing was committed, and the pages of the failed transaction are
//! written anew by the next one. A device that lost writes is. So after such an error
//!
//! - the file is synced through a descriptor of our own, which the system tells of every write it lost;
//! - room for the transaction is asked for, which fails in its own way when there is none.

use std::fs::File;
use std::os::unix::fs::MetadataExt;

use rustix::fs::FallocateFlags;
use rustix::io::Errno;

use crate::storage_error::{StorageError, StorageErrorKind};

/// Returns what an error of writing `bytes` to a store file really is. `file` was opened before the write.
pub(crate) fn judge(error: StorageError, file: &File, bytes: u64) -> StorageError {
    if error.kind() != StorageErrorKind::Io || file.sync_data().is_err() || has_room(file, bytes) {
        return error;
    }
    StorageError::new(StorageErrorKind::NoSpace, "write the store file", "no space left on device")
}

/// Tells whether the file could grow by so many bytes; yes if that cannot be known.
fn has_room(file: &File, bytes: u64) -> bool {
    let Ok(length) = file.metadata().map(|metadata| metadata.size()) else { return true };
    match rustix::fs::fallocate(file, FallocateFlags::empty(), length, bytes) {
        Ok(()) => {
            // Gives it back; LMDB uses what cannot be.
            let _ = file.set_len(length);
            true
        }
        Err(Errno::NOSPC | Errno::DQUOT | Errno::FBIG) => false,
        Err(_) => rustix::fs::fstatvfs(file).map_or(true, |free| free.f_bavail * free.f_frsize >= bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error() -> StorageError {
        StorageError::new(StorageErrorKind::Io, "commit", "Input/output error (os error 5)")
    }

    #[test]
    fn an_error_is_one_of_the_device_where_there_is_room() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(100).unwrap();
        assert_eq!(judge(error(), &file, 1 << 20), error());
        assert_eq!(file.metadata().unwrap().size(), 100);
        assert!(file.metadata().unwrap().blocks() * 512 < 1 << 20, "what was asked for is given back");
    }

    #[test]
    fn an_error_is_a_full_disk_where_there_is_no_room() {
        let file = tempfile::tempfile().unwrap();
        assert_eq!(judge(error(), &file, 1 << 60).kind(), StorageErrorKind::NoSpace);
    }

    #[test]
    fn other_errors_are_left_alone() {
        let file = tempfile::tempfile().unwrap();
        let full = StorageError::new(StorageErrorKind::MapFull, "commit", "");
        assert_eq!(judge(full.clone(), &file, 1 << 60), full);
    }
}
