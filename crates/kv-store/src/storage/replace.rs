//! Replacing the store file by another: a denser copy of it, or one received from another member.
//!
//! Defragmenting copies row by row, so that the new file's pages are full, in short transactions: no reader is held
//! for long and the old file does not grow meanwhile. Writes go on in the old file. What they add is caught up with:
//! changes are only ever appended, because compaction is excluded, so going on behind the last copied key is enough;
//! of rows in small tables that were written meanwhile, the keys are remembered and copied again.
//!
//! The swap holds the writer only for the last few rows:
//!
//! 1. `store-N+1.mdb.tmp` is filled without syncing every transaction, then synced;
//! 2. it is renamed to `store-N+1.mdb` and opened;
//! 3. with the writer held, the rest is copied in one synced transaction;
//! 4. `CURRENT` is replaced; from here on the new file is the store;
//! 5. new readers and the writer move over, and the old file is removed when its last reader is gone.
//!
//! A crash before 4 leaves the old store and a left-over file, a crash after it the new store and a left-over file.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::ops::{Bound, ControlFlow};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use heed::{CompactionOption, PutFlags};

use super::directory::{self, StoreNumber};
use super::{Storage, Writer, room};
use crate::disk_full;
use crate::env::{EnvOptions, Environment, Rows, remove_store_file};
use crate::lmdb_file::LmdbFile;
use crate::lock_file::lock_path;
use crate::schema::Table;
use crate::storage_error::{OpenError, StorageError, StorageErrorKind};

/// How many bytes of rows are copied in one transaction.
const COPY_BYTES_MAX: usize = 4 << 20;

/// How many bytes are copied between syncs, so that no sync takes long.
const SYNC_BYTES: u64 = 32 << 20;

/// How many bytes of rows may be left for when the writer is held.
const REST_BYTES_MAX: usize = 256 << 10;

/// What fails where a row or the whole cannot be copied.
const COPY: &str = "copy the store file";

/// How far a defragmentation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DefragmentProgress {
    /// Bytes of rows copied so far.
    pub copied_bytes: u64,
    /// About how many there are.
    pub total_bytes: u64,
}

/// What a defragmentation gained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Defragmented {
    /// Blocks the old file had.
    pub before_bytes: u64,
    /// Blocks the new file has.
    pub after_bytes: u64,
}

impl Storage {
    /// Copies the store to a new file without free pages and goes on with that one.
    ///
    /// Reading and writing go on meanwhile; the writer is held for a few milliseconds at the end. `progress` is
    /// called after every few megabytes: it may sleep to leave room for others, or break off, which leaves the store
    /// as it was. Needs as much free disk as the store uses.
    ///
    /// # Errors
    ///
    /// Of kind [`Busy`](StorageErrorKind::Busy) while a slice is compacted or another defragmentation runs or when
    /// `progress` broke off, of kind [`NoSpace`](StorageErrorKind::NoSpace) with the size that is needed, else as
    /// [`write`](Storage::write). If retryable, the store is what it was.
    pub fn defragment(
        &self,
        progress: impl FnMut(DefragmentProgress) -> ControlFlow<()>,
    ) -> Result<Defragmented, StorageError> {
        let _exclusive = self.maintenance("defragment")?;
        let before = self.sizes()?;
        self.writer("defragment")?.changed_rows = Some(BTreeSet::new());
        let copied = self.copy_and_swap(before.used_bytes, progress);
        if let Ok(mut writer) = self.writer("defragment") {
            writer.changed_rows = None;
        }
        copied?;
        Ok(Defragmented { before_bytes: before.allocated_bytes, after_bytes: self.sizes()?.allocated_bytes })
    }

    /// Goes on with a store file received from another member, which is moved into the data directory.
    ///
    /// The file must be on the same file system. It must not be in use and must hold a whole store, as
    /// [`copy_to`](Self::copy_to) makes it.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the file is not a store this release reads; the store is then what it was.
    pub fn replace_with(&self, file: &Path) -> Result<(), OpenError> {
        let _exclusive = self.maintenance("replace the store file")?;
        let mut writer = self.writer("replace the store file")?;
        let old = self.environment();
        LmdbFile::open(file)?.check_structure()?;
        // Opened where it is first, so that a bad file never comes near the directory.
        Storage::checked(self.directory.clone(), None, Environment::open(file, self.options.env())?, &self.options)?;
        let _ = fs::remove_file(lock_path(file));
        File::open(file).and_then(|file| file.sync_all()).map_err(|source| OpenError::io("sync", file, source))?;
        let number = next_number(&old);
        let path = self.directory.join(number.file_name());
        fs::rename(file, &path).map_err(|source| OpenError::io("move", file, source))?;
        let new = Environment::open(&path, self.options.env())?;
        self.swap(&mut writer, &old, new, number)?;
        Ok(())
    }

    /// Copies the store as it is now to an empty file, without free pages; for a snapshot.
    ///
    /// Holds one read transaction until the copy is done. Syncs nothing.
    ///
    /// # Errors
    ///
    /// Of kind [`NoSpace`](StorageErrorKind::NoSpace) with the size that is needed where the disk has no room for it.
    pub fn copy_to(&self, file: &mut File) -> Result<(), StorageError> {
        self.take_room(file, COPY, self.used_bytes()?)?;
        let copied = self.environment().env().copy_to_file(file, CompactionOption::Enabled);
        copied.map_err(|error| StorageError::lmdb(COPY, &error))?;
        room::give_back(file, COPY)
    }

    fn take_room(&self, file: &File, action: &str, used_bytes: u64) -> Result<(), StorageError> {
        let _alone = self.taking_room.lock();
        room::take(file, action, used_bytes)
    }

    fn copy_and_swap(
        &self,
        total_bytes: u64,
        mut progress: impl FnMut(DefragmentProgress) -> ControlFlow<()>,
    ) -> Result<(), StorageError> {
        let old = self.environment();
        let number = next_number(&old);
        let path = self.directory.join(number.file_name());
        let unfinished = path.with_extension("mdb.tmp");
        let copied = (|| {
            let mut copy = Copy::new();
            // Left where it could not be removed after an earlier one failed.
            let removed = remove_store_file(&unfinished);
            removed.map_err(|source| OpenError::io("remove", &unfinished, source))?;
            let file = File::options().write(true).create_new(true).mode(0o600).open(&unfinished);
            let file = file.map_err(|source| OpenError::io("create", &unfinished, source))?;
            self.take_room(&file, "defragment", total_bytes)?;
            let new = Environment::open(&unfinished, EnvOptions { sync: false, ..self.options.env() })?;
            let mut synced_bytes = 0;
            while copy.some(&old, &new, COPY_BYTES_MAX)? > REST_BYTES_MAX {
                let copied_bytes = copy.bytes;
                if progress(DefragmentProgress { copied_bytes, total_bytes: total_bytes.max(copied_bytes) }).is_break()
                {
                    return Err(StorageError::new(StorageErrorKind::Busy, "defragment", "it was broken off").into());
                }
                if copied_bytes - synced_bytes >= SYNC_BYTES {
                    sync(&new)?;
                    synced_bytes = copied_bytes;
                }
            }
            sync(&new)?;
            drop(new);
            room::give_back(&file, "defragment")?;
            drop(file);
            let _ = fs::remove_file(lock_path(&unfinished));
            fs::rename(&unfinished, &path).map_err(|source| OpenError::io("rename", &unfinished, source))?;
            directory::sync_directory(&self.directory)?;
            let new = Environment::open(&path, self.options.env())?;
            // What was written while syncing may be much.
            while copy.some(&old, &new, COPY_BYTES_MAX)? > REST_BYTES_MAX {}
            Ok((copy, new))
        })();
        let (mut copy, new) = match copied {
            Ok(copied) => copied,
            Err(error) => {
                for path in [&unfinished, &path] {
                    // What cannot be removed now is removed at the next start.
                    let _ = remove_store_file(path);
                }
                return Err(storage_error(error));
            }
        };

        let mut writer = self.writer("defragment")?;
        let rest = copy.rest(&old, &new, writer.changed_rows.take().unwrap_or_default());
        if let Err(error) = rest {
            new.retire();
            return Err(error);
        }
        let total_bytes = copy.bytes;
        self.swap(&mut writer, &old, new, number).map_err(storage_error)?;
        let _ = progress(DefragmentProgress { copied_bytes: total_bytes, total_bytes });
        Ok(())
    }

    /// Puts a new store file into use. The writer is held, so that nothing is written to the old one any more.
    fn swap(
        &self,
        writer: &mut Writer,
        old: &Environment,
        new: Environment,
        number: StoreNumber,
    ) -> Result<(), OpenError> {
        if let Err(error) = directory::write_current(&self.directory, number) {
            // Which of the two files is found after a crash is not known, so neither may be written to.
            writer.failed = true;
            return Err(error);
        }
        *self.environment.write() = Arc::new(new);
        old.retire();
        Ok(())
    }
}

fn next_number(environment: &Environment) -> StoreNumber {
    directory::number_of(environment.path()).expect("an open store file has a number").next()
}

fn sync(environment: &Environment) -> Result<(), StorageError> {
    let synced = environment.env().force_sync();
    synced.map_err(|error| judge(StorageError::lmdb("sync the new store file", &error), environment))
}

/// Finds out whether the disk is full, which is no reason to stop.
fn judge(error: StorageError, new: &Environment) -> StorageError {
    match new.file() {
        Some(file) => disk_full::judge(error, file, COPY_BYTES_MAX as u64),
        None => error,
    }
}

fn storage_error(error: OpenError) -> StorageError {
    match error {
        OpenError::Storage(error) => error,
        OpenError::Io { action, path, source } => StorageError::io(format!("{action} {}", path.display()), &source),
        error => StorageError::new(StorageErrorKind::Io, "open the new store file", error.to_string()),
    }
}

/// A copy of every table that is under way.
struct Copy {
    /// The last key copied of `rev`, `value` and the small tables.
    last: [Option<Vec<u8>>; 2 + Table::ALL.len()],
    bytes: u64,
}

impl Copy {
    fn new() -> Self {
        Self { last: Default::default(), bytes: 0 }
    }

    /// Copies about `bytes_max` bytes of rows that were not copied before; returns how many bytes it was.
    fn some(&mut self, old: &Environment, new: &Environment, bytes_max: usize) -> Result<usize, StorageError> {
        self.try_some(old, new, bytes_max).map_err(|error| judge(error, new))
    }

    fn try_some(&mut self, old: &Environment, new: &Environment, bytes_max: usize) -> Result<usize, StorageError> {
        let failed = |error: heed::Error| StorageError::lmdb(COPY, &error);
        let reading = old.read_txn()?;
        let mut writing = new.write_txn()?;
        let mut bytes = 0;
        for (last, (from, to)) in self.last.iter_mut().zip(tables(old, new)) {
            let after = last.clone();
            let begin = after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            for row in from.range(&reading, &(begin, Bound::Unbounded)).map_err(failed)? {
                if bytes >= bytes_max {
                    break;
                }
                let (key, value) = row.map_err(failed)?;
                to.put_with_flags(&mut writing, PutFlags::APPEND, key, value).map_err(failed)?;
                bytes += key.len() + value.len();
                *last = Some(key.to_vec());
            }
        }
        writing.commit().map_err(failed)?;
        self.bytes += bytes as u64;
        Ok(bytes)
    }

    /// Copies what is left while nobody writes, and what changed since it was copied, in one synced transaction.
    fn rest(
        &mut self,
        old: &Environment,
        new: &Environment,
        changed: BTreeSet<(Table, Bytes)>,
    ) -> Result<(), StorageError> {
        while self.some(old, new, COPY_BYTES_MAX)? > 0 {}
        let failed = |error: heed::Error| StorageError::lmdb(COPY, &error);
        let reading = old.read_txn()?;
        let mut writing = new.write_txn()?;
        // Every write moves the position and the revision.
        for row in old.table(Table::Meta).into_iter().zip(new.table(Table::Meta)) {
            for kept in row.0.iter(&reading).map_err(failed)? {
                let (key, value) = kept.map_err(failed)?;
                row.1.put(&mut writing, key, value).map_err(failed)?;
            }
        }
        for (table, key) in changed {
            let (Some(from), Some(to)) = (old.table(table), new.table(table)) else { continue };
            match from.get(&reading, &key).map_err(failed)? {
                Some(value) => to.put(&mut writing, &key, value).map_err(failed)?,
                None => drop(to.delete(&mut writing, &key).map_err(failed)?),
            }
        }
        for (from, to) in tables(old, new) {
            if from.len(&reading).map_err(failed)? != to.len(&writing).map_err(failed)? {
                let detail = "the copy has not as many rows as the original";
                return Err(StorageError::corrupted(COPY, detail));
            }
        }
        writing.commit().map_err(|error| judge(failed(error), new))
    }
}

/// Every table in both files.
fn tables(old: &Environment, new: &Environment) -> impl Iterator<Item = (Rows, Rows)> {
    let small: Vec<_> = Table::ALL.into_iter().filter_map(|table| old.table(table).zip(new.table(table))).collect();
    [(old.rev, new.rev), (old.value, new.value)].into_iter().chain(small)
}
