//! Snapshot files: writing one so that a part never looks like the whole, and judging the digest at its end.
//!
//! The file is what the server sent: a store, then 32 bytes of SHA-256. A store is a whole number of sectors, so the length
//! alone says whether there is a digest. It may be compressed as a zstd frame, which is recognised by its first bytes.

use std::fmt;
use std::fs::{self, File, Permissions};
use std::io::{self, BufRead, Read, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use crate::error::system_words;

/// Bytes of the digest at the end of a snapshot.
pub const DIGEST_BYTES: usize = 32;

/// What the length of a store is a multiple of, whatever its pages are.
const SECTOR_BYTES: u64 = 512;

/// The first bytes of a zstd frame.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Says whether a snapshot of so many bytes ends with a digest.
pub fn has_digest(length_bytes: u64) -> bool {
    length_bytes % SECTOR_BYTES == DIGEST_BYTES as u64
}

/// Why a snapshot is not what was sent. The texts are etcd's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DigestError {
    /// It does not end with a digest.
    Missing {
        /// How long it is.
        length_bytes: u64,
    },
    /// It was cut or changed.
    Mismatch {
        /// The digest at its end.
        expected: [u8; DIGEST_BYTES],
        /// The digest of what is before that.
        found: [u8; DIGEST_BYTES],
    },
}

impl fmt::Display for DigestError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { length_bytes } => write!(formatter, "sha256 checksum not found [bytes: {length_bytes}]"),
            Self::Mismatch { expected, found } => {
                // As Go prints bytes.
                let list = |bytes: &[u8]| bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(" ");
                write!(formatter, "expected sha256 [{}], got [{}]", list(expected), list(found))
            }
        }
    }
}

/// Hashes everything but the last 32 bytes of what passes, whatever pieces it comes in.
#[derive(Debug, Clone, Default)]
pub struct DigestCheck {
    hasher: Sha256,
    /// The newest bytes, at most 32 of them.
    tail: Vec<u8>,
    length_bytes: u64,
}

impl DigestCheck {
    /// Takes the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.length_bytes += piece.len() as u64;
        let keep = piece.len().min(DIGEST_BYTES);
        let (hashed, kept) = piece.split_at(piece.len() - keep);
        let leaving = (self.tail.len() + keep).saturating_sub(DIGEST_BYTES);
        self.hasher.update(&self.tail[..leaving]);
        self.tail.drain(..leaving);
        self.hasher.update(hashed);
        self.tail.extend_from_slice(kept);
    }

    /// Returns how many bytes have passed.
    pub fn length_bytes(&self) -> u64 {
        self.length_bytes
    }

    /// Returns the digest of all that has passed, to be written behind it.
    pub fn of_everything(mut self) -> [u8; DIGEST_BYTES] {
        self.hasher.update(&self.tail);
        self.hasher.finalize().into()
    }

    /// Judges the whole; returns its length without the digest.
    ///
    /// # Errors
    ///
    /// [`DigestError`] if there is no digest or not the right one.
    pub fn finish(self) -> Result<u64, DigestError> {
        let Ok(expected) = <[u8; DIGEST_BYTES]>::try_from(self.tail.as_slice()) else {
            return Err(DigestError::Missing { length_bytes: self.length_bytes });
        };
        if !has_digest(self.length_bytes) {
            return Err(DigestError::Missing { length_bytes: self.length_bytes });
        }
        let found = self.hasher.finalize().into();
        if expected == found {
            Ok(self.length_bytes - DIGEST_BYTES as u64)
        } else {
            Err(DigestError::Mismatch { expected, found })
        }
    }
}

/// Says whether a file that begins so is compressed.
pub fn is_compressed(begin: &[u8]) -> bool {
    begin.starts_with(&ZSTD_MAGIC)
}

/// Reads a snapshot that may be compressed; its first bytes say so.
///
/// # Errors
///
/// Those of reading. A compressed one that was cut is an error at its end.
pub fn decompressed(mut reader: Box<dyn BufRead>) -> io::Result<Box<dyn Read>> {
    // A pipe gives as much as it has, which may be less than what is looked for, but never nothing before its end.
    let mut begin = Vec::new();
    (&mut reader).take(ZSTD_MAGIC.len() as u64).read_to_end(&mut begin)?;
    let whole = io::Cursor::new(begin.clone()).chain(reader);
    if is_compressed(&begin) { Ok(Box::new(zstd::Decoder::with_buffer(whole)?)) } else { Ok(Box::new(whole)) }
}

/// A snapshot being written: to `FILE.part`, which becomes FILE when it is whole and on disk, or to standard output.
///
/// Dropped unfinished it leaves no file; what went to standard output lacks the end of its zstd frame or its digest.
#[derive(Debug)]
pub struct SnapshotFile {
    encoder: Encoder,
    /// Nothing for standard output.
    part: Option<Part>,
}

enum Encoder {
    Plain(Box<dyn Write>),
    Zstd(zstd::Encoder<'static, Box<dyn Write>>),
}

impl fmt::Debug for Encoder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Plain(_) => "Plain",
            Self::Zstd(_) => "Zstd",
        })
    }
}

#[derive(Debug)]
struct Part {
    file: File,
    path: PathBuf,
    finished: PathBuf,
    renamed: bool,
}

impl Part {
    /// Opens the file, emptied, and keeps every other process from writing to it.
    fn open(path: &Path) -> io::Result<File> {
        loop {
            let file = File::options().write(true).create(true).truncate(false).mode(0o600).open(path)?;
            rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|error| match error {
                Errno::WOULDBLOCK => io::Error::new(io::ErrorKind::ResourceBusy, "another process is writing it"),
                error => error.into(),
            })?;
            // Whoever had the lock before may have finished, and then this is the whole under its name.
            let opened = file.metadata()?;
            if fs::metadata(path).is_ok_and(|named| (named.dev(), named.ino()) == (opened.dev(), opened.ino())) {
                // It may be left from an earlier time, readable for others.
                file.set_permissions(Permissions::from_mode(0o600))?;
                file.set_len(0)?;
                return Ok(file);
            }
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.renamed {
            // What cannot be removed is overwritten by the next one.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Why a snapshot could not be written.
#[derive(Debug)]
pub struct SaveError {
    action: String,
    source: io::Error,
}

impl fmt::Display for SaveError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.action, self.source)
    }
}

impl SaveError {
    /// What is to be saved could not be read.
    pub fn of_reading(source: io::Error) -> Self {
        Self { action: "could not read the copy of the store".to_owned(), source }
    }
}

fn failed(action: impl Into<String>) -> impl FnOnce(io::Error) -> SaveError {
    let action = action.into();
    |source| SaveError { action, source }
}

impl SnapshotFile {
    /// Begins to write to a file that only its owner may read, as every secret in the store is in it.
    ///
    /// # Errors
    ///
    /// [`SaveError`] where the file cannot be made.
    pub fn create(path: &Path, compress: bool) -> Result<Self, SaveError> {
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let open = || -> io::Result<(File, Box<dyn Write>)> {
            let file = Part::open(&part)?;
            let writer = Box::new(file.try_clone()?);
            Ok((file, writer))
        };
        let (file, writer) = open().map_err(|error| {
            let (part, words) = (part.display(), system_words(&error));
            failed(format!("could not open {part}"))(io::Error::other(format!("open {part}: {words}")))
        })?;
        let encoder = Encoder::new(writer, compress)?;
        Ok(Self { encoder, part: Some(Part { file, path: part, finished: path.to_owned(), renamed: false }) })
    }

    /// Begins to write to a stream.
    ///
    /// # Errors
    ///
    /// [`SaveError`] where the compression cannot be set up.
    pub fn stream(writer: Box<dyn Write>, compress: bool) -> Result<Self, SaveError> {
        Ok(Self { encoder: Encoder::new(writer, compress)?, part: None })
    }

    /// Writes the next piece.
    ///
    /// # Errors
    ///
    /// [`SaveError`] where it cannot be written.
    pub fn write(&mut self, piece: &[u8]) -> Result<(), SaveError> {
        let written = match &mut self.encoder {
            Encoder::Plain(writer) => writer.write_all(piece),
            Encoder::Zstd(writer) => writer.write_all(piece),
        };
        written.map_err(failed("could not write snapshot"))
    }

    /// Makes it the whole: everything is on disk under its name when this returns.
    ///
    /// # Errors
    ///
    /// [`SaveError`] where that fails. The name then holds what it held before, or the whole where only its directory could
    /// not be synced.
    pub fn finish(self) -> Result<(), SaveError> {
        let mut writer = match self.encoder {
            Encoder::Plain(writer) => writer,
            Encoder::Zstd(writer) => writer.finish().map_err(failed("could not write snapshot"))?,
        };
        writer.flush().map_err(failed("could not write snapshot"))?;
        let Some(mut part) = self.part else { return Ok(()) };
        part.file.sync_all().map_err(failed("could not fsync snapshot"))?;
        let (from, to) = (&part.path, &part.finished);
        fs::rename(from, to).map_err(failed(format!("could not rename {} to {}", from.display(), to.display())))?;
        part.renamed = true;
        let directory = match part.finished.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed("could not fsync snapshot"))
    }
}

impl Encoder {
    fn new(writer: Box<dyn Write>, compress: bool) -> Result<Self, SaveError> {
        if !compress {
            return Ok(Self::Plain(writer));
        }
        let encoder = || -> io::Result<_> {
            let mut encoder = zstd::Encoder::new(writer, zstd::DEFAULT_COMPRESSION_LEVEL)?;
            encoder.include_checksum(true)?;
            Ok(encoder)
        };
        encoder().map(Self::Zstd).map_err(failed("could not begin compressing"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot() -> Vec<u8> {
        let mut bytes: Vec<u8> = (0..8192u32).map(|byte| (byte / 7) as u8).collect();
        bytes.extend_from_slice(&Sha256::digest(&bytes));
        bytes
    }

    fn judge(bytes: &[u8], piece: usize) -> Result<u64, DigestError> {
        let mut check = DigestCheck::default();
        bytes.chunks(piece).for_each(|piece| check.update(piece));
        assert_eq!(check.length_bytes(), bytes.len() as u64);
        check.finish()
    }

    #[test]
    fn the_digest_is_found_whatever_the_pieces_are() {
        let bytes = snapshot();
        for piece in [1, 5, 31, 32, 33, 4096, 100_000] {
            assert_eq!(judge(&bytes, piece), Ok(8192), "pieces of {piece}");
        }
    }

    #[test]
    fn what_is_cut_or_changed_is_refused() {
        let bytes = snapshot();
        assert_eq!(judge(&bytes[..8192], 100), Err(DigestError::Missing { length_bytes: 8192 }));
        assert_eq!(judge(&bytes[..7], 100), Err(DigestError::Missing { length_bytes: 7 }));
        assert_eq!(judge(b"", 1), Err(DigestError::Missing { length_bytes: 0 }));
        assert!(matches!(judge(&bytes[..4096 + 32], 100), Err(DigestError::Mismatch { .. })));
        for at in [0, 5000, 8191, 8192, 8223] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(matches!(judge(&changed, 100), Err(DigestError::Mismatch { .. })), "byte {at}");
        }
    }

    #[test]
    fn errors_have_etcds_texts() {
        let error = DigestError::Mismatch { expected: [1; 32], found: [2; 32] };
        assert!(error.to_string().starts_with("expected sha256 [1 1 1 "), "{error}");
        assert!(error.to_string().ends_with("2 2 2]"), "{error}");
        assert_eq!(DigestError::Missing { length_bytes: 7 }.to_string(), "sha256 checksum not found [bytes: 7]");
    }

    #[test]
    fn one_process_writes_a_file_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.db");
        let part = directory.path().join("a.db.part");
        fs::write(&part, "left from a crash").unwrap();
        fs::set_permissions(&part, Permissions::from_mode(0o644)).unwrap();
        let mut first = SnapshotFile::create(&path, false).unwrap();
        let refused = SnapshotFile::create(&path, false).unwrap_err().to_string();
        assert!(refused.ends_with("a.db.part: another process is writing it)"), "{refused}");
        first.write(b"one").unwrap();
        first.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        drop(SnapshotFile::create(&path, false).unwrap());
        assert!(!part.exists() && fs::read(&path).unwrap() == b"one");
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        decompressed(Box::new(io::Cursor::new(bytes.to_vec())))?.read_to_end(&mut plain)?;
        Ok(plain)
    }

    #[test]
    fn what_is_not_compressed_is_read_as_it_is() {
        for bytes in [&b""[..], b"ab", b"abcdefgh", &ZSTD_MAGIC[..3]] {
            assert_eq!(read(bytes).unwrap(), bytes);
        }
    }

    #[test]
    fn a_file_appears_when_it_is_whole() {
        let directory = tempfile::tempdir().unwrap();
        let names =
            || fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
        let path = directory.path().join("a.db");
        for compress in [false, true] {
            let mut file = SnapshotFile::create(&path, compress).unwrap();
            file.write(b"begin").unwrap();
            assert!(names().contains(&"a.db.part".into()));
            drop(file);
            assert!(!names().contains(&"a.db.part".into()), "nothing is left of one that was given up");

            let mut file = SnapshotFile::create(&path, compress).unwrap();
            file.write(b"begin ").unwrap();
            file.write(b"end").unwrap();
            file.finish().unwrap();
            assert_eq!(names(), ["a.db"]);
            let bytes = fs::read(&path).unwrap();
            assert_eq!(bytes.starts_with(&ZSTD_MAGIC), compress);
            assert_eq!(read(&bytes).unwrap(), b"begin end");
            if compress {
                assert!(read(&bytes[..bytes.len() - 1]).is_err(), "a frame that was cut is noticed");
            }
        }
        let error = SnapshotFile::create(&directory.path().join("none/a.db"), false).unwrap_err().to_string();
        assert!(
            error.starts_with("could not open ") && error.ends_with("none/a.db.part: no such file or directory)"),
            "{error}"
        );
    }
}
