//! Room on the disk that is kept for when the disk is full, and given back then: so that a server can still start, and what is
//! deleted and compacted can be stored, which makes room.
//!
//! While it is given back nothing is added, because puts would use it up. It is taken again when half as much more is free.
//!
//! It is a file of no length that has blocks, so that it is no burden to whoever copies the directory.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::FallocateFlags;
use rustix::io::{Errno, retry_on_intr};

/// How much is kept: enough for checkpoints of deletes and slices of a compaction until pages are free, and for a copy of what is
/// then left of a store of a few MiB. There is no flag for it, because it is little beside any disk that a server is put on.
const BALLAST_BYTES: u64 = 8 << 20;

/// What a start needs: a segment of the log, and a little for everything else.
const START_BYTES: u64 = 2 << 20;

/// The file in the data directory.
const NAME: &str = "ballast";

/// Room that is kept, or given back.
#[derive(Debug)]
pub(crate) struct Ballast {
    path: PathBuf,
    whole: AtomicBool,
    /// It was given back because the disk was full, and could not be taken again yet.
    in_use: AtomicBool,
}

impl Ballast {
    /// Takes the room in a data directory whose lock is held. Where the disk is too full for the server to start, gives back what an
    /// earlier one took.
    pub(crate) fn open(directory: &Path) -> Self {
        let path = directory.join(NAME);
        let taken = fs::metadata(&path).map(|file| file.blocks() * 512);
        let ballast = Self {
            whole: AtomicBool::new(taken.as_ref().is_ok_and(|bytes| *bytes >= BALLAST_BYTES)),
            // An earlier server gave it back.
            in_use: AtomicBool::new(taken.is_ok_and(|bytes| bytes < BALLAST_BYTES)),
            path,
        };
        ballast.keep(free_bytes(directory).is_ok_and(|free| free < START_BYTES));
        ballast
    }

    /// Whether nothing may be added, because it would use up what was given back.
    pub(crate) fn in_use(&self) -> bool {
        self.in_use.load(Ordering::Acquire)
    }

    /// Whether there is something to do for [`keep`](Self::keep).
    pub(crate) fn is_due(&self, full: bool) -> bool {
        self.whole.load(Ordering::Acquire) == full
    }

    /// Gives the room back if the disk is full, and takes it again if it no longer is.
    pub(crate) fn keep(&self, full: bool) {
        if !self.is_due(full) {
            return;
        }
        if full {
            // Said first, so that nothing is added from here on.
            self.in_use.store(true, Ordering::Release);
            let path = self.path.display();
            match File::options().write(true).open(&self.path).and_then(|file| file.set_len(0)) {
                Ok(()) => {
                    tracing::warn!(bytes = BALLAST_BYTES, "the disk is full; gave back what was kept for deletes");
                }
                Err(error) => tracing::error!(%error, %path, "cannot give back what was kept for a full disk"),
            }
            self.whole.store(false, Ordering::Release);
            return;
        }
        let was_in_use = self.in_use();
        match self.take() {
            Ok(taken) if taken => {
                self.whole.store(true, Ordering::Release);
                self.in_use.store(false, Ordering::Release);
                if was_in_use {
                    tracing::info!(bytes = BALLAST_BYTES, "there is room on the disk again");
                }
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, path = %self.path.display(), "cannot keep room for a full disk"),
        }
    }

    /// Takes the room, if half as much more is free: else the first puts would have it given back again.
    fn take(&self) -> io::Result<bool> {
        let directory = self.path.parent().unwrap_or(Path::new("."));
        if free_bytes(directory)? < BALLAST_BYTES + BALLAST_BYTES / 2 {
            return Ok(false);
        }
        let file = File::options().write(true).create(true).truncate(false).open(&self.path)?;
        match retry_on_intr(|| rustix::fs::fallocate(&file, FallocateFlags::KEEP_SIZE, 0, BALLAST_BYTES)) {
            // A file system that cannot do that has to do without.
            Ok(()) | Err(Errno::OPNOTSUPP) => Ok(true),
            Err(error) => {
                file.set_len(0)?;
                if error == Errno::NOSPC || error == Errno::DQUOT { Ok(false) } else { Err(error.into()) }
            }
        }
    }
}

fn free_bytes(directory: &Path) -> io::Result<u64> {
    let free = rustix::fs::statvfs(directory)?;
    Ok(free.f_bavail.saturating_mul(free.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken_bytes(directory: &Path) -> u64 {
        let file = fs::metadata(directory.join(NAME)).unwrap();
        assert_eq!(file.len(), 0);
        file.blocks() * 512
    }

    #[test]
    fn room_is_given_back_when_the_disk_is_full_and_taken_again_when_it_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let ballast = Ballast::open(directory.path());
        assert!(!ballast.in_use() && taken_bytes(directory.path()) >= BALLAST_BYTES);
        ballast.keep(false);
        assert!(!ballast.in_use() && !ballast.is_due(false) && ballast.is_due(true));
        ballast.keep(true);
        assert!(ballast.in_use() && taken_bytes(directory.path()) == 0);
        ballast.keep(true);
        assert!(ballast.in_use());
        ballast.keep(false);
        assert!(!ballast.in_use() && taken_bytes(directory.path()) >= BALLAST_BYTES);
    }

    #[test]
    fn the_next_server_finds_what_the_last_one_left() {
        let directory = tempfile::tempdir().unwrap();
        Ballast::open(directory.path()).keep(true);
        // There is room now.
        assert!(!Ballast::open(directory.path()).in_use());
        let again = Ballast::open(directory.path());
        assert!(!again.in_use() && !again.is_due(false) && taken_bytes(directory.path()) >= BALLAST_BYTES);
    }
}
