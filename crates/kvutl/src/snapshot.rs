//! A snapshot file, opened only when it is known to be one: of kvd, whole, unchanged, of a format that is understood.
//!
//! LMDB maps its file and believes what is in it, so the digest and the structure of the pages are checked first. A file
//! that is compressed or comes through a pipe is unpacked into a temporary one.

use std::env;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use kv_cli::{CliError, DIGEST_BYTES, DigestCheck, DigestError, ExitStatus, Progress, decompressed};
use kv_store::{Checked, LmdbFile, OpenError, Storage, StorageErrorKind};

use crate::offline::OfflineError;

/// The name that stands for standard input.
const STDIN: &str = "-";

/// Bytes that are read at a time.
const PIECE_BYTES: usize = 1 << 20;

/// Where the magic number of LMDB and that of etcd's bbolt are: behind the header of the first page.
const MAGIC_AT: usize = 16;
const LMDB_MAGIC: u32 = 0xbeef_c0de;
const BBOLT_MAGIC: u32 = 0xed0c_daed;

/// An open snapshot.
#[derive(Debug)]
pub(crate) struct SnapshotFile {
    pub(crate) storage: Storage,
    /// How long the store is.
    pub(crate) length_bytes: u64,
    /// Whether a digest at the end says that the file is what was saved.
    pub(crate) has_digest: bool,
}

impl SnapshotFile {
    /// Opens a file, or standard input, to read it.
    ///
    /// # Errors
    ///
    /// Says by name whether it was cut or changed, is of something else or of a later release.
    pub(crate) fn open(name: &str) -> Result<Self, CliError> {
        let mut source = Source::open(name)?;
        let unpacked = if source.plain_bytes.is_some() { None } else { Some(Unpacked::create(name)?) };
        let content = match &unpacked {
            None => source.copy("reading", &mut io::sink())?,
            Some(unpacked) => source.copy("unpacking", &mut &unpacked.file)?,
        };
        content.judge_kind(name)?;
        content.judge_digest()?;
        let path = unpacked.as_ref().map_or(Path::new(name), |unpacked| &unpacked.path);
        check_structure(name, path)?;
        let storage = Storage::open_snapshot(path).map_err(|error| open_error(name, &error))?;
        Ok(Self { storage, length_bytes: content.length_bytes, has_digest: content.digest.is_ok() })
    }
}

/// Refuses a name of nothing, or of a directory, before anything is made.
pub(crate) fn check_there(name: &str) -> Result<(), CliError> {
    if name == STDIN { Ok(()) } else { Source::open(name).map(drop) }
}

/// Unpacks a snapshot into a store file, without its digest.
///
/// # Errors
///
/// As [`SnapshotFile::open`]; a snapshot without a digest is refused too.
pub(crate) fn unpack(name: &str, into: &Path) -> Result<(), CliError> {
    let content = unpack_any(name, into)?;
    content.judge_digest()?;
    // A file that was cut has no digest either, and that it was cut says more.
    check_structure(name, into)?;
    if content.digest.is_err() {
        return Err(failed("snapshot missing hash but --skip-hash-check=false").with_hint(
            "a file copied out of a data directory has none; if this is one, --skip-hash-check restores it nevertheless",
        ));
    }
    Ok(())
}

/// Unpacks a snapshot into a store file whatever its digest says. Its records are still to be checked.
///
/// # Errors
///
/// As [`SnapshotFile::open`], but for the digest.
pub(crate) fn unpack_unverified(name: &str, into: &Path) -> Result<(), CliError> {
    unpack_any(name, into)?;
    check_structure(name, into)
}

fn unpack_any(name: &str, into: &Path) -> Result<Content, CliError> {
    let mut source = Source::open(name)?;
    let written = |error: io::Error| failed(format_args!("write {}: {error}", into.display()));
    let mut file = File::options().read(true).write(true).create_new(true).open(into).map_err(written)?;
    let content = source.copy("unpacking", &mut file)?;
    content.judge_kind(name)?;
    file.set_len(content.length_bytes).map_err(written)?;
    Ok(content)
}

/// Reads every record of a snapshot and compares it with its checksum and with what must be so.
///
/// # Errors
///
/// Names all damage, line by line.
pub(crate) fn check_records(storage: &Storage, length_bytes: u64) -> Result<Checked, CliError> {
    let progress = Progress::bytes("checking", length_bytes);
    let mut damage = Vec::new();
    let checked = storage.check(&mut |found| damage.push(found), &mut |bytes| progress.set(bytes));
    let checked = checked.map_err(OfflineError::from)?;
    if damage.is_empty() { Ok(checked) } else { Err(damage_found(&damage)) }
}

/// The error of a snapshot whose records are damaged.
pub(crate) fn damage_found(damage: &[String]) -> CliError {
    let mut message = format!("snapshot file integrity check failed. {} errors found.", damage.len());
    for damage in damage {
        let _ = write!(message, "\n{damage}");
    }
    CliError::new(ExitStatus::Damaged, message).with_hint("use another copy")
}

fn check_structure(name: &str, path: &Path) -> Result<(), CliError> {
    let checked = LmdbFile::open(path).and_then(|file| file.check());
    checked.map(drop).map_err(|error| open_error(name, &error))
}

/// Where a snapshot is read from.
struct Source {
    name: String,
    reader: Box<dyn Read>,
    /// How long the file is, if it can be opened as it is.
    plain_bytes: Option<u64>,
}

impl Source {
    fn open(name: &str) -> Result<Self, CliError> {
        let reading = |error: io::Error| failed(format_args!("read {name}: {error}"));
        if name == STDIN {
            let reader = decompressed(Box::new(BufReader::new(io::stdin()))).map_err(reading)?;
            return Ok(Self { name: "standard input".to_owned(), reader, plain_bytes: None });
        }
        let file = match File::open(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(failed(format_args!("stat {name}: no such file or directory")));
            }
            file => file.map_err(reading)?,
        };
        let metadata = file.metadata().map_err(reading)?;
        if metadata.is_dir() {
            return Err(failed(format_args!("{name} is a directory, not a snapshot")).with_hint(
                "commands without `snapshot` work on data directories; `kvutl snapshot save` makes a snapshot",
            ));
        }
        let mut begin = [0; 4];
        let is_plain = metadata.is_file() && {
            let length = std::os::unix::fs::FileExt::read_at(&file, &mut begin, 0).map_err(reading)?;
            !kv_cli::is_compressed(&begin[..length])
        };
        let reader = decompressed(Box::new(BufReader::with_capacity(PIECE_BYTES, file))).map_err(reading)?;
        Ok(Self { name: name.to_owned(), reader, plain_bytes: is_plain.then_some(metadata.len()) })
    }

    /// Copies everything and finds out what it is.
    fn copy(&mut self, action: &'static str, into: &mut dyn Write) -> Result<Content, CliError> {
        let progress = Progress::bytes(action, self.plain_bytes.unwrap_or(0));
        let mut digest = DigestCheck::default();
        let mut begin = Vec::new();
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let length = match self.reader.read(&mut piece) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    let error = failed(format_args!("read {}: {error}", self.name));
                    return Err(error.with_hint("the file was cut or changed after it was saved; use another copy"));
                }
            };
            let read = &piece[..length];
            begin.extend_from_slice(&read[..length.min((MAGIC_AT + 4).saturating_sub(begin.len()))]);
            digest.update(read);
            progress.set(digest.length_bytes());
            into.write_all(read).map_err(|error| failed(format_args!("unpack {}: {error}", self.name)))?;
        }
        let magic =
            begin.get(MAGIC_AT..MAGIC_AT + 4).map(|magic| u32::from_le_bytes(magic.try_into().expect("four bytes")));
        let length_bytes = digest.length_bytes();
        let digest = digest.finish().map(drop);
        let length_bytes = match digest {
            Err(DigestError::Missing { .. }) => length_bytes,
            _ => length_bytes - DIGEST_BYTES as u64,
        };
        Ok(Content { magic, length_bytes, digest })
    }
}

/// What a snapshot turned out to be.
struct Content {
    magic: Option<u32>,
    /// Without the digest.
    length_bytes: u64,
    digest: Result<(), DigestError>,
}

impl Content {
    fn judge_kind(&self, name: &str) -> Result<(), CliError> {
        match self.magic {
            Some(LMDB_MAGIC) => Ok(()),
            Some(BBOLT_MAGIC) => Err(failed(format_args!("{name} is a snapshot of an etcd, not of a kvd")).with_hint(
                "etcd's own etcdutl reads it; `kvctl make-mirror` copies keys from a running etcd to a kvd",
            )),
            None => Err(failed(format_args!("{name} was cut, or is no snapshot: it ends inside its header"))
                .with_hint("use another copy")),
            Some(_) => Err(failed(format_args!("{name} is not a snapshot of a kvd: invalid database"))),
        }
    }

    /// Refuses what was cut or changed; there may be no digest.
    fn judge_digest(&self) -> Result<(), CliError> {
        match &self.digest {
            Err(error @ DigestError::Mismatch { .. }) => Err(CliError::new(ExitStatus::Failure, error)
                .with_hint("the file was cut or changed after it was saved; use another copy")),
            _ => Ok(()),
        }
    }
}

fn failed(message: impl std::fmt::Display) -> CliError {
    CliError::new(ExitStatus::Failure, message)
}

/// Says what is wrong with a file that is not in a data directory.
pub(crate) fn open_error(name: &str, error: &OpenError) -> CliError {
    match error {
        OpenError::Damaged { detail, .. } => failed(format_args!("snapshot {name} is damaged: {detail}"))
            .with_hint("use another copy; `kvutl snapshot verify` finds out beforehand whether one is whole"),
        OpenError::FutureFormat { found, supported, .. } => {
            failed(format_args!("snapshot {name} has format version {found}, and this release reads up to {supported}"))
                .with_hint("use the kvutl of the release that saved it")
        }
        OpenError::Storage(storage) if storage.kind() == StorageErrorKind::Corrupted => {
            failed(format_args!("snapshot {name} is damaged: {storage}")).with_hint("use another copy")
        }
        error => failed(error),
    }
}

/// A temporary file. It loses its name when this is dropped; who has opened it by then goes on reading.
struct Unpacked {
    file: File,
    path: PathBuf,
}

impl Unpacked {
    fn create(name: &str) -> Result<Self, CliError> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let directory = env::temp_dir();
        let mut number = 0;
        loop {
            let path = directory.join(format!("kvutl-{}-{number}.mdb", std::process::id()));
            match File::options().read(true).write(true).create_new(true).mode(0o600).open(&path) {
                Ok(file) => return Ok(Self { file, path }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => {
                    return Err(failed(format_args!("unpack {name} to {}: {error}", path.display()))
                        .with_hint("TMPDIR names another directory for temporary files"));
                }
            }
        }
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
