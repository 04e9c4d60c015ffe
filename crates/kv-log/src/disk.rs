//! The file system as the log's writer uses it: files made in full beforehand, then written in whole
//! blocks, each write durable when it returns. A trait, so that tests can record and fail.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{FallocateFlags, OFlags};

use crate::blocks::{BLOCK_BYTES, Blocks};
use crate::options::SyncMode;

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
            SyncMode::Durable => match open(OFlags::DSYNC | OFlags::DIRECT) {
                // Not every file system can write past its cache.
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => open(OFlags::DSYNC)?,
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
        self.file.write_all_at(blocks, offset)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }
}

/// Makes a file and writes zeros all over it: overwriting written blocks needs no change of the file
/// system's metadata, so that a synced write later is one write to the disk.
fn fill(path: &Path, bytes: u64, sync: SyncMode) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
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
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}
