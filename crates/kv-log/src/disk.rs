//! The file system as the log's writer uses it: files made in full beforehand, then written in whole
//! blocks, each write durable when it returns. A trait, so that tests can record and fail.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{FallocateFlags, OFlags};

use crate::blocks::{BLOCK_BYTES, Blocks};

/// Whether writes are synced before they are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncMode {
    /// What is reported as done survives a power cut.
    Durable,
    /// What is reported as done survives the end of the process only. For tests and throwaway data.
    Never,
}

/// `O_DSYNC` of Linux: a write returns when its data is durable. rustix's constant of this name is `O_SYNC`, which makes
/// the file's times durable too, at the price of a journal commit.
const DSYNC: OFlags = OFlags::from_bits_retain(0o10000);

/// How segment files are made, opened and deleted.
pub trait Disk: Send + Sync {
    /// Makes a zero-filled file of `bytes` under `path`. When this returns the file is there in full, under
    /// its name, and stays so through a power cut (unless syncs are off).
    ///
    /// # Errors
    /// On any error no file is left behind.
    fn create(&self, path: &Path, bytes: u64, sync: SyncMode) -> io::Result<()>;

    /// Opens a file for writing.
    fn open(&self, path: &Path, sync: SyncMode) -> io::Result<Box<dyn DiskFile>>;

    /// Deletes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// A segment file open for writing.
pub trait DiskFile: Send + fmt::Debug {
    /// Writes whole blocks at a block's offset. They are durable when this returns (unless syncs are off).
    ///
    /// # Errors
    /// After an error nothing is known about the range that was to be written.
    fn write(&mut self, blocks: &[u8], offset: u64) -> io::Result<()>;

    /// Makes durable what some earlier process wrote.
    fn sync(&mut self) -> io::Result<()>;
}

/// The suffix of a file that is being made. It gets its name when it is complete.
pub(crate) const UNFINISHED: &str = "unfinished";

/// How much is zero-filled by one write. Larger ones would hold up the log's own writes for longer.
const FILL_BYTES: usize = 256 << 10;

/// The real file system.
#[derive(Debug, Clone, Copy)]
pub struct FileSystem;

impl Disk for FileSystem {
    fn create(&self, path: &Path, bytes: u64, sync: SyncMode) -> io::Result<()> {
        check_room(parent(path), bytes)?;
        let unfinished = path.with_extension(UNFINISHED);
        let made = fill(&unfinished, bytes, sync).and_then(|()| std::fs::rename(&unfinished, path));
        if let Err(error) = made {
            // The space must come free again; that it could not be deleted says nothing new.
            let _ = std::fs::remove_file(&unfinished);
            return Err(error);
        }
        match sync {
            SyncMode::Durable => sync_parent(path),
            SyncMode::Never => Ok(()),
        }
    }

    fn open(&self, path: &Path, sync: SyncMode) -> io::Result<Box<dyn DiskFile>> {
        let open = |flags: OFlags| OpenOptions::new().write(true).custom_flags(flags.bits() as i32).open(path);
        let file = match sync {
            SyncMode::Never => open(OFlags::empty())?,
            SyncMode::Durable => match open(DSYNC | OFlags::DIRECT) {
                // Not every file system can write past its cache.
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => open(DSYNC)?,
                opened => opened?,
            },
        };
        Ok(Box::new(RealFile { file }))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }
}

#[derive(Debug)]
struct RealFile {
    file: File,
}

impl DiskFile for RealFile {
    fn write(&mut self, blocks: &[u8], offset: u64) -> io::Result<()> {
        match self.file.write_all_at(blocks, offset) {
            // Some file systems and disks refuse direct writes only when the first one comes. Nothing was tried then.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput && self.stop_writing_directly()? => {
                self.file.write_all_at(blocks, offset)
            }
            written => written,
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }
}

impl RealFile {
    /// Goes on through the system's cache, still synced. Says whether that is news.
    fn stop_writing_directly(&self) -> io::Result<bool> {
        let flags = rustix::fs::fcntl_getfl(&self.file)?;
        rustix::fs::fcntl_setfl(&self.file, flags - OFlags::DIRECT)?;
        Ok(flags.contains(OFlags::DIRECT))
    }
}

/// Refuses at once what cannot succeed: an attempt would take the last room away from others until it fails.
fn check_room(dir: &Path, bytes: u64) -> io::Result<()> {
    let room = rustix::fs::statvfs(dir)?;
    if room.f_bavail.saturating_mul(room.f_frsize) < bytes {
        return Err(io::ErrorKind::StorageFull.into());
    }
    Ok(())
}

/// Makes a file and writes zeros all over it: overwriting written blocks needs no change of the file
/// system's metadata, so that a synced write later is one write to the disk.
fn fill(path: &Path, bytes: u64, sync: SyncMode) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    match rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, bytes) {
        Ok(()) | Err(rustix::io::Errno::OPNOTSUPP) => {}
        Err(error) => return Err(error.into()),
    }
    if sync == SyncMode::Never {
        return file.set_len(bytes);
    }
    let direct = OpenOptions::new().write(true).custom_flags(OFlags::DIRECT.bits() as i32).open(path);
    let writer = direct.as_ref().unwrap_or(&file);
    let mut zeros = Blocks::default();
    let zeros = zeros.zeroed(FILL_BYTES / BLOCK_BYTES);
    let mut offset = 0;
    while offset < bytes {
        let piece = (bytes - offset).min(zeros.len() as u64);
        writer.write_all_at(&zeros[..piece as usize], offset)?;
        offset += piece;
    }
    file.sync_all()
}

/// Makes the names in the directory of `path` durable.
pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    File::open(parent(path))?.sync_all()
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: u64 = 3 * FILL_BYTES as u64 + BLOCK_BYTES as u64;

    #[test]
    fn a_made_file_is_zeros_and_takes_its_blocks() {
        let dir = tempfile::tempdir().unwrap();
        for sync in [SyncMode::Durable, SyncMode::Never] {
            let path = dir.path().join(format!("{sync:?}.log"));
            FileSystem.create(&path, BYTES, sync).unwrap();
            let content = std::fs::read(&path).unwrap();
            assert!(content.len() as u64 == BYTES && content.iter().all(|byte| *byte == 0));
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_cannot_be_written_directly_is_written_nevertheless() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file.log");
        FileSystem.create(&path, BYTES, SyncMode::Durable).unwrap();
        let mut file = FileSystem.open(&path, SyncMode::Durable).unwrap();
        let mut memory = Blocks::default();
        let memory = memory.zeroed(2);
        memory.fill(9);
        file.write(&memory[1..=BLOCK_BYTES], 0).unwrap();
        file.write(&memory[..BLOCK_BYTES], BLOCK_BYTES as u64).unwrap();
        file.sync().unwrap();
        let content = std::fs::read(&path).unwrap();
        assert!(content[..2 * BLOCK_BYTES].iter().all(|byte| *byte == 9));
        assert_eq!(content[2 * BLOCK_BYTES], 0);
    }

    #[test]
    fn a_file_larger_than_the_disk_is_refused_and_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let error = FileSystem.create(&dir.path().join("file.log"), 1 << 60, SyncMode::Durable).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
