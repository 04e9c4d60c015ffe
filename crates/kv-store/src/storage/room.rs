//! Room on the disk for a copy of the store, taken before the copy begins.
//!
//! Looking whether there is room is not enough: two copies that begin at once would both find the same free bytes, and the log
//! and the checkpoints would fail with them. So the file gets its blocks beforehand, and gives back what it did not need.

use std::fs::File;

use rustix::fs::FallocateFlags;
use rustix::io::{Errno, retry_on_intr};

use crate::storage_error::{StorageError, StorageErrorKind};

/// What a copy may need beyond the pages in use, besides a sixteenth of them: what is written while it is made.
const SURPLUS_BYTES: u64 = 1 << 20;

/// Gives an empty file the room for a copy of `used_bytes`. Its length stays zero. Where the file system cannot do that, looks
/// whether there is room.
///
/// # Errors
///
/// Of kind [`NoSpace`](StorageErrorKind::NoSpace), with how much is needed and how much there is, before anything is written.
pub(super) fn take(file: &File, action: &str, used_bytes: u64) -> Result<(), StorageError> {
    let failed = |error: Errno| StorageError::io(action, &error.into());
    let needed_bytes = used_bytes + used_bytes / 16 + SURPLUS_BYTES;
    // Without this an attempt that cannot succeed would take the last room away from others until it fails.
    if free_bytes(file).map_err(failed)? >= needed_bytes {
        match retry_on_intr(|| rustix::fs::fallocate(file, FallocateFlags::KEEP_SIZE, 0, needed_bytes)) {
            Ok(()) | Err(Errno::OPNOTSUPP) => return Ok(()),
            Err(Errno::NOSPC | Errno::DQUOT) => {}
            Err(error) => return Err(failed(error)),
        }
        give_back(file, action)?;
    }
    let free_bytes = free_bytes(file).map_err(failed)?;
    let detail = format!("the copy needs {needed_bytes} bytes of its disk, where {free_bytes} are free");
    Err(StorageError::new(StorageErrorKind::NoSpace, action, detail))
}

/// Gives back what a file was given and does not need.
pub(super) fn give_back(file: &File, action: &str) -> Result<(), StorageError> {
    // To shorten a file to the length it has takes away the blocks behind that.
    let length = file.metadata().map(|metadata| metadata.len());
    length.and_then(|length| file.set_len(length)).map_err(|error| StorageError::io(action, &error))
}

/// Returns how much is free on the disk that the file is on.
fn free_bytes(file: &File) -> Result<u64, Errno> {
    let free = rustix::fs::fstatvfs(file)?;
    Ok(free.f_bavail.saturating_mul(free.f_frsize))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn room_is_taken_and_what_is_left_of_it_given_back() {
        let mut file = tempfile::tempfile().unwrap();
        take(&file, "copy", 3 << 20).unwrap();
        let taken = file.metadata().unwrap();
        assert!(taken.len() == 0 && taken.blocks() * 512 >= 4 << 20, "{taken:?}");
        file.write_all(&vec![1; 100_000]).unwrap();
        give_back(&file, "copy").unwrap();
        file.sync_all().unwrap();
        let left = file.metadata().unwrap();
        assert!(left.len() == 100_000 && (100_000..1 << 20).contains(&(left.blocks() * 512)), "{left:?}");
    }

    #[test]
    fn more_than_the_disk_has_is_refused_before_anything_is_taken() {
        let file = tempfile::tempfile().unwrap();
        let error = take(&file, "copy", 1 << 55).unwrap_err();
        assert_eq!(error.kind(), StorageErrorKind::NoSpace);
        let text = error.to_string();
        let needed = (1u64 << 55) + (1 << 51) + (1 << 20);
        assert!(text.starts_with(&format!("copy: the copy needs {needed} bytes of its disk, where ")), "{text}");
        assert_eq!(file.metadata().unwrap().blocks(), 0);
    }
}
