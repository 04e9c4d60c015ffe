//! Giving free pages back to the file system where they are, by punching holes into the store file.
//!
//! A free page may be given back when LMDB itself might reuse it: it was freed before the last transaction, and before
//! the oldest reader began. While a write transaction is held nothing is reused and no reader can begin with anything
//! older than the last transaction, so what is read of the list of free pages stays right until the holes are made.
//! A hole reads as zeros, which nobody does, and becomes a page again when LMDB writes to it.

use std::fs::File;
use std::ops::Range;

use rustix::fs::{FallocateFlags, SeekFrom};

use super::Storage;
use crate::lmdb_file::LmdbFile;
use crate::storage_error::{StorageError, StorageErrorKind};

/// The shortest run of free pages that is worth a hole: shorter ones only break the file into pieces.
const RUN_PAGES_MIN: u64 = 8;

/// What one slice of trimming did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trimmed {
    /// Bytes that went back to the file system.
    pub bytes: u64,
    /// The page to go on from; nothing if the end of the file was reached.
    pub next: Option<u64>,
}

impl Storage {
    /// Gives free pages from page `from` on back to the file system, with no more than `holes_max` holes.
    ///
    /// The writer is held meanwhile: for the time it takes to read the list of free pages and about 1 ms a hole.
    /// Pages that a reader may still see stay, and so do runs of less than eight.
    ///
    /// # Errors
    ///
    /// Of kind [`Busy`](StorageErrorKind::Busy) while a slice is compacted or a defragmentation runs, and of kind
    /// [`Io`](StorageErrorKind::Io) where the file system cannot make holes. Nothing is lost by any error.
    pub fn trim(&self, from: u64, holes_max: usize) -> Result<Trimmed, StorageError> {
        let _exclusive = self.maintenance("trim")?;
        let _writing = self.writer("trim")?;
        let environment = self.environment();
        let _unchanging = environment.write_txn()?;

        let failed = |detail: String| StorageError::new(StorageErrorKind::Io, "trim the store file", detail);
        let info = environment.env().info();
        let readers = environment.readers().ok_or_else(|| failed("its lock file is not understood".to_owned()))?;
        let last = info.last_txn_id as u64;
        let oldest = readers.oldest.map_or(last, |oldest| oldest.min(last));

        let file = LmdbFile::open(environment.path()).map_err(|error| failed(error.to_string()))?;
        let free = file.free_pages().map_err(failed)?;
        let reusable = free.iter().filter(|free| free.freed_by < oldest && free.page >= from);
        let mut pages: Vec<_> = reusable.map(|free| free.page).collect();
        pages.sort_unstable();

        let page_size = file.page_size();
        let file = environment.file().expect("the writer was given, so the file is open for writing");
        let mut trimmed = Trimmed { bytes: 0, next: None };
        let mut holes = 0;
        for run in runs(&pages) {
            let bytes = run.start * page_size..run.end * page_size;
            if run.end - run.start < RUN_PAGES_MIN || !has_data(file, &bytes) {
                continue;
            }
            if holes == holes_max {
                trimmed.next = Some(run.start);
                break;
            }
            let punch = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
            rustix::fs::fallocate(file, punch, bytes.start, bytes.end - bytes.start)
                .map_err(|error| StorageError::io("trim the store file", &error.into()))?;
            trimmed.bytes += bytes.end - bytes.start;
            holes += 1;
        }
        Ok(trimmed)
    }
}

/// Joins neighbouring pages, which are in order.
fn runs(pages: &[u64]) -> impl Iterator<Item = Range<u64>> {
    pages.chunk_by(|page, next| page + 1 == *next).map(|run| run[0]..run[run.len() - 1] + 1)
}

/// Tells whether a part of the file has blocks that a hole would free.
fn has_data(file: &File, bytes: &Range<u64>) -> bool {
    match rustix::fs::seek(file, SeekFrom::Data(bytes.start)) {
        Ok(data) => data < bytes.end,
        // Behind the last data.
        Err(rustix::io::Errno::NXIO) => false,
        // Not a file system that can tell.
        Err(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_pages_are_joined() {
        let runs: Vec<_> = runs(&[2, 3, 4, 7, 9, 10]).collect();
        assert_eq!(runs, [2..5, 7..8, 9..11]);
    }
}
