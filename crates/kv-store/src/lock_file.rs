//! LMDB's lock file, read to know who is reading: heed does not say.
//!
//! ```text
//! 0 magic, 4 B | 4 format, 4 B | 8 last transaction, 8 B | 16 slots in use so far, 4 B | mutexes, whose size depends on the machine
//! then slots of 64 B: 0 transaction, 8 B, all ones if it has none | 8 process id, 4 B, zero if the slot is free
//! ```

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const MAGIC: u32 = 0xbeef_c0de;
const SLOT: usize = 64;
const NO_TRANSACTION: u64 = u64::MAX;

/// Who is reading a store file, in any process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Readers {
    /// How many read transactions there are.
    pub(crate) count: u32,
    /// The transaction the oldest of them reads.
    pub(crate) oldest: Option<u64>,
}

/// The lock file of a store file that is open.
///
/// It must not be closed before LMDB has closed the environment: LMDB tells other processes by `fcntl` locks that it
/// lives, and closing any descriptor of a file gives up all such locks of the process.
#[derive(Debug)]
pub(crate) struct LockFile(File);

impl LockFile {
    /// Opens the lock file of the store file at `path`.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(File::open(lock_path(path))?))
    }

    /// Reads who reads; `slots` is the size of LMDB's table. Returns nothing if the file is not understood.
    pub(crate) fn readers(&self, slots: u32) -> Option<Readers> {
        let mut bytes = vec![0; self.0.metadata().ok()?.len() as usize];
        self.0.read_exact_at(&mut bytes, 0).ok()?;
        // What is before the slots differs between machines, so it is counted from the end.
        let begin = bytes.len().checked_sub(slots as usize * SLOT)?;
        if u32_at(&bytes, 0)? != MAGIC || !(64..=256).contains(&begin) {
            return None;
        }
        let used = u32_at(&bytes, 16)? as usize;
        let mut readers = Readers::default();
        for slot in bytes[begin..].chunks_exact(SLOT).take(used) {
            let (transaction, process) = (u64::from_ne_bytes(*slot.first_chunk()?), u32_at(slot, 8)?);
            if process != 0 && transaction != NO_TRANSACTION {
                readers.count += 1;
                readers.oldest = Some(readers.oldest.map_or(transaction, |oldest| oldest.min(transaction)));
            }
        }
        Some(readers)
    }
}

/// Returns where LMDB keeps the locks of a file.
pub(crate) fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-lock");
    name.into()
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::{EnvOptions, Environment};

    #[test]
    fn readers_are_counted_and_the_oldest_is_known() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file.mdb");
        let options = EnvOptions { map_size_bytes: 1 << 20, readers_max: 130, sync: false };
        let environment = Environment::open(&path, options).unwrap();
        let write = || {
            let mut txn = environment.write_txn().unwrap();
            environment.rev.put(&mut txn, b"key", b"value").unwrap();
            txn.commit().unwrap();
        };
        let now = || environment.readers().unwrap();
        assert_eq!(now(), Readers { count: 0, oldest: None });
        let first = environment.read_txn().unwrap();
        write();
        let second = environment.read_txn().unwrap();
        assert_eq!(now(), Readers { count: 2, oldest: Some(first.id() as u64) });
        drop(first);
        assert_eq!(now(), Readers { count: 1, oldest: Some(second.id() as u64) });
        drop(second);
        assert_eq!(now(), Readers { count: 0, oldest: None });

        let other = directory.path().join("other.mdb");
        std::fs::write(lock_path(&other), [7; 10_000]).unwrap();
        assert_eq!(LockFile::open(&other).unwrap().readers(126), None);
    }
}
