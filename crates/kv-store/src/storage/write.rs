//! Writing the effects of log entries: one synced transaction for all of them.

use std::ops::Bound;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use heed::{PutFlags, RwTxn};

use super::Storage;
use crate::disk_full;
use crate::env::{Environment, Rows};
use crate::lmdb_file::LmdbFile;
use crate::record::{Record, Row, encode_row};
use crate::revision::{LogPosition, Point};
use crate::schema::{
    ChangeType, REV, RevKey, Table, VALUE, log_position, meta, number, parse_log_position, parse_number, pieces,
    rev_key, row_checksum, value_key,
};
use crate::storage_error::{StorageError, StorageErrorKind};

/// One thing that applying a log entry changes on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The changes of one revision, in order.
    Records(Arc<[Record]>),
    /// A row of a small table is written.
    Put {
        /// The table.
        table: Table,
        /// The row's key.
        key: Bytes,
        /// The row's value.
        value: Bytes,
    },
    /// A row of a small table is deleted, if it is there.
    Delete {
        /// The table.
        table: Table,
        /// The row's key.
        key: Bytes,
    },
}

/// All that one log entry changes on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryEffects {
    /// The entry's place in the log.
    pub position: LogPosition,
    /// The store's revision after the entry.
    pub revision: i64,
    /// The changes, in order.
    pub effects: Vec<Effect>,
}

impl Storage {
    /// Writes the effects of whole log entries, the position of the last and its revision, in one transaction that is
    /// on disk when this returns.
    ///
    /// Blocks until other writes have finished. Entries must follow each other and what was written before.
    ///
    /// # Errors
    ///
    /// If [`StorageError::is_retryable`], nothing was changed and the same write may be tried again. After any other
    /// error the state on disk is unknown: either all or nothing of it is there, every later write fails, and the
    /// process must stop.
    pub fn write(&self, entries: &[EntryEffects]) -> Result<(), StorageError> {
        let Some(last) = entries.last() else { return Ok(()) };
        self.write_with("write", |txn| {
            txn.check_order(entries)?;
            let mut row = BytesMut::new();
            for effect in entries.iter().flat_map(|entry| &entry.effects) {
                match effect {
                    Effect::Records(records) => {
                        for record in records.iter() {
                            txn.put_record(record, &mut row)?;
                        }
                    }
                    Effect::Put { table, key, value } => txn.put(*table, key, value)?,
                    Effect::Delete { table, key } => txn.delete(*table, key)?,
                }
            }
            txn.put(Table::Meta, meta::APPLIED, &log_position(last.position))?;
            txn.put(Table::Meta, meta::REVISION, &number(last.revision))
        })
    }

    /// Writes one row that belongs to this member alone and comes from no log entry, such as its id.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn write_row(&self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        self.write_with("write", |txn| txn.put(table, key, value))
    }

    /// Runs `change` in a write transaction and commits it.
    pub(crate) fn write_with<T>(
        &self,
        action: &str,
        change: impl FnOnce(&mut Transaction<'_>) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let mut writer = self.writer(action)?;
        let environment = self.environment();
        let mut txn = Transaction::begin(&environment)?;
        // Pages go to the file also before the commit when there are many.
        let changed = match change(&mut txn) {
            Err(error) => Err((error, txn.written_bytes)),
            Ok(changed) => txn.commit().map(|rows| (changed, rows)),
        };
        let (changed, rows) = changed.map_err(|(error, written_bytes)| {
            let error = match environment.file() {
                Some(file) => disk_full::judge(error, file, written_bytes),
                None => error,
            };
            writer.failed |= error.kind() == StorageErrorKind::Io;
            error
        })?;
        if let Some(remembered) = &mut writer.changed_rows {
            remembered.extend(rows);
        }
        Ok(changed)
    }
}

/// The room that a transaction is taken to need at least: the pages above those it changes are written too.
const WRITTEN_BYTES_MIN: u64 = 64 << 10;

/// Rows with pairs up to this length are sure to share their page with others.
const SHARED_PAGE_BYTES_MAX: usize = 1000;

/// What has to be known of a row of `rev` to delete it.
pub(super) struct ObsoleteRow {
    at: Point,
    key: RevKey,
    /// Whether its value is in the table `value`.
    is_apart: bool,
    /// Whether it may have pages that hold nothing else.
    owns_pages: bool,
}

impl ObsoleteRow {
    pub(super) fn of(row: &Row<'_>) -> Self {
        let change = if row.tombstone { ChangeType::Tombstone } else { ChangeType::Put };
        let is_apart = row.apart.is_some();
        let owns_pages = is_apart || row.encoded.len() > SHARED_PAGE_BYTES_MAX;
        Self { at: row.at, key: rev_key(row.at, change), is_apart, owns_pages }
    }
}

/// A write transaction; dropped, it changes nothing.
pub(crate) struct Transaction<'a> {
    environment: &'a Environment,
    txn: RwTxn<'a>,
    changed_rows: Vec<(Table, Bytes)>,
    /// What the rows of the small tables come to, once one of them was changed.
    rows_checksum: Option<u64>,
    /// About how many bytes the transaction needs in the file.
    written_bytes: u64,
}

impl<'a> Transaction<'a> {
    pub(super) fn begin(environment: &'a Environment) -> Result<Self, StorageError> {
        Ok(Self {
            environment,
            txn: environment.write_txn()?,
            changed_rows: Vec::new(),
            rows_checksum: None,
            written_bytes: WRITTEN_BYTES_MIN,
        })
    }

    /// Puts the changes on disk; returns which rows of small tables they are, or how many bytes there was no way to write.
    pub(super) fn commit(mut self) -> Result<Vec<(Table, Bytes)>, (StorageError, u64)> {
        if let Err(error) = self.put_rows_checksum() {
            return Err((error, self.written_bytes));
        }
        let committed = self.txn.commit().map_err(|error| StorageError::lmdb("commit", &error));
        committed.map(|()| self.changed_rows).map_err(|error| (error, self.written_bytes))
    }

    fn check_order(&self, entries: &[EntryEffects]) -> Result<(), StorageError> {
        let stored = self.rows(Table::Meta)?.get(&self.txn, meta::APPLIED);
        let stored = stored.map_err(|error| StorageError::lmdb("read table meta", &error))?;
        let mut applied = stored.map(|value| parse_log_position("applied", value)).transpose()?;
        for entry in entries {
            if let Some(before) = applied
                && (before.index >= entry.position.index || before.term > entry.position.term)
            {
                return Err(StorageError::new(
                    StorageErrorKind::Inconsistent,
                    format!("write the effects of log entry {}", entry.position),
                    format!("entry {before} was written before"),
                ));
            }
            applied = Some(entry.position);
        }
        Ok(())
    }

    pub(crate) fn put_record(&mut self, record: &Record, row: &mut BytesMut) -> Result<(), StorageError> {
        let failed = |error| StorageError::lmdb(format!("write revision {}", record.at), &error);
        self.written_bytes += record.kv.len() as u64;
        let (key, value) = encode_row(record, row);
        self.environment.rev.put_with_flags(&mut self.txn, PutFlags::APPEND, &key, row).map_err(failed)?;
        for (piece, bytes) in (0..).zip(value.into_iter().flat_map(pieces)) {
            let key = value_key(record.at, piece);
            self.environment.value.put_with_flags(&mut self.txn, PutFlags::APPEND, &key, bytes).map_err(failed)?;
        }
        Ok(())
    }

    /// Checks what LMDB believes when it deletes these rows: the headers of pages that hold nothing but a value.
    ///
    /// To be called before anything is changed.
    pub(super) fn check_before_deletion(&self, rows: &[ObsoleteRow]) -> Result<(), StorageError> {
        let mut file = None;
        for row in rows.iter().filter(|row| row.owns_pages) {
            let action = || format!("delete revision {}", row.at);
            let file = match &file {
                Some(file) => file,
                None => file.insert(
                    LmdbFile::open(self.environment.path())
                        .map_err(|error| StorageError::corrupted(action(), error.to_string()))?,
                ),
            };
            file.check_values(REV, &row.key, &row.key)
                .and_then(|()| file.check_values(VALUE, &value_key(row.at, 0), &value_key(row.at, u32::MAX)))
                .map_err(|detail| StorageError::corrupted(action(), detail))?;
        }
        Ok(())
    }

    /// Deletes a change and its value.
    pub(super) fn delete_change(&mut self, row: &ObsoleteRow) -> Result<(), StorageError> {
        let failed = |error| StorageError::lmdb(format!("delete revision {}", row.at), &error);
        let Environment { rev, value, .. } = self.environment;
        rev.delete(&mut self.txn, &row.key).map_err(failed)?;
        if row.is_apart {
            let (first, last) = (value_key(row.at, 0), value_key(row.at, u32::MAX));
            let pieces = (Bound::Included(&first[..]), Bound::Included(&last[..]));
            value.delete_range(&mut self.txn, &pieces).map_err(failed)?;
        }
        Ok(())
    }

    pub(crate) fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        self.count_row(table, key, Some(value))?;
        let put = self.rows(table)?.put(&mut self.txn, key, value);
        put.map_err(|error| StorageError::lmdb(format!("write table {}", table.name()), &error))?;
        self.changed_rows.push((table, Bytes::copy_from_slice(key)));
        self.written_bytes += (key.len() + value.len()) as u64;
        Ok(())
    }

    pub(crate) fn delete(&mut self, table: Table, key: &[u8]) -> Result<(), StorageError> {
        self.count_row(table, key, None)?;
        let deleted = self.rows(table)?.delete(&mut self.txn, key);
        deleted.map_err(|error| StorageError::lmdb(format!("write table {}", table.name()), &error))?;
        self.changed_rows.push((table, Bytes::copy_from_slice(key)));
        Ok(())
    }

    /// Has the checksum of all rows follow a change of one.
    fn count_row(&mut self, table: Table, key: &[u8], after: Option<&[u8]>) -> Result<(), StorageError> {
        let checksum = match self.rows_checksum {
            Some(checksum) => checksum,
            None => self.stored_rows_checksum()?,
        };
        let failed = |error| StorageError::lmdb(format!("read table {}", table.name()), &error);
        let before = self.rows(table)?.get(&self.txn, key).map_err(failed)?;
        let [before, after] = [before, after].map(|value| value.map_or(0, |value| row_checksum(table, key, value)));
        self.rows_checksum = Some(checksum.wrapping_sub(before).wrapping_add(after));
        Ok(())
    }

    fn stored_rows_checksum(&self) -> Result<u64, StorageError> {
        let failed = |error| StorageError::lmdb("read table meta", &error);
        if let Some(stored) = self.rows(Table::Meta)?.get(&self.txn, meta::ROWS_CHECKSUM).map_err(failed)? {
            return Ok(parse_number("rows_checksum", stored)? as u64);
        }
        // A file from before there was one.
        let mut checksum = 0u64;
        for table in Table::ALL {
            for row in self.rows(table)?.iter(&self.txn).map_err(failed)? {
                let (key, value) = row.map_err(failed)?;
                checksum = checksum.wrapping_add(row_checksum(table, key, value));
            }
        }
        Ok(checksum)
    }

    fn put_rows_checksum(&mut self) -> Result<(), StorageError> {
        let Some(checksum) = self.rows_checksum else { return Ok(()) };
        let put = self.rows(Table::Meta)?.put(&mut self.txn, meta::ROWS_CHECKSUM, &number(checksum as i64));
        put.map_err(|error| StorageError::lmdb("write table meta", &error))
    }

    fn rows(&self, table: Table) -> Result<Rows, StorageError> {
        self.environment.table(table).ok_or_else(|| {
            let action = format!("write table {}", table.name());
            StorageError::new(StorageErrorKind::ReadOnly, action, "the store was opened for reading")
        })
    }
}
