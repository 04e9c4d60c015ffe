//! Writing the effects of log entries: one synced transaction for all of them.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use heed::{PutFlags, RwTxn};

use super::Storage;
use crate::env::Environment;
use crate::record::{Record, encode_row};
use crate::revision::LogPosition;
use crate::schema::{Table, log_position, meta, number, parse_log_position, pieces, value_key};
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
    /// error the state on disk is unknown: either all or nothing of it is there, and the process must stop.
    pub fn write(&self, entries: &[EntryEffects]) -> Result<(), StorageError> {
        let Some(last) = entries.last() else { return Ok(()) };
        self.write_with(|environment, txn| {
            check_order(environment, txn, entries)?;
            let mut row = BytesMut::new();
            for effect in entries.iter().flat_map(|entry| &entry.effects) {
                match effect {
                    Effect::Records(records) => {
                        for record in records.iter() {
                            put_record(environment, txn, record, &mut row)?;
                        }
                    }
                    Effect::Put { table, key, value } => put(environment, txn, *table, key, value)?,
                    Effect::Delete { table, key } => delete(environment, txn, *table, key)?,
                }
            }
            put(environment, txn, Table::Meta, meta::APPLIED, &log_position(last.position))?;
            put(environment, txn, Table::Meta, meta::REVISION, &number(last.revision))
        })
    }

    /// Writes one row that belongs to this member alone and comes from no log entry, such as its id.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn write_row(&self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        self.write_with(|environment, txn| put(environment, txn, table, key, value))
    }

    /// Runs `change` in a write transaction and commits it.
    pub(super) fn write_with<T>(
        &self,
        change: impl FnOnce(&Environment, &mut RwTxn<'_>) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let _writing = self.writer()?;
        let environment = self.environment();
        let mut txn = environment.write_txn()?;
        let changed = change(&environment, &mut txn)?;
        txn.commit().map_err(|error| StorageError::lmdb("commit", &error))?;
        Ok(changed)
    }
}

fn check_order(environment: &Environment, txn: &RwTxn<'_>, entries: &[EntryEffects]) -> Result<(), StorageError> {
    let stored = rows(environment, Table::Meta)?.get(txn, meta::APPLIED);
    let stored = stored.map_err(|error| StorageError::lmdb("read table meta", &error))?;
    let mut applied = stored.map(|value| parse_log_position("applied", value)).transpose()?;
    for entry in entries {
        if applied.is_some_and(|applied| applied.index >= entry.position.index || applied.term > entry.position.term) {
            return Err(StorageError::new(
                StorageErrorKind::Inconsistent,
                format!("write the effects of log entry {}", entry.position),
                format!("entry {} was written before", applied.expect("just compared")),
            ));
        }
        applied = Some(entry.position);
    }
    Ok(())
}

fn put_record(
    environment: &Environment,
    txn: &mut RwTxn<'_>,
    record: &Record,
    row: &mut BytesMut,
) -> Result<(), StorageError> {
    let failed = |error| StorageError::lmdb(format!("write revision {}", record.at), &error);
    let (key, value) = encode_row(record, row);
    environment.rev.put_with_flags(txn, PutFlags::APPEND, &key, row).map_err(failed)?;
    for (piece, bytes) in (0..).zip(value.into_iter().flat_map(pieces)) {
        let key = value_key(record.at, piece);
        environment.value.put_with_flags(txn, PutFlags::APPEND, &key, bytes).map_err(failed)?;
    }
    Ok(())
}

pub(super) fn put(
    environment: &Environment,
    txn: &mut RwTxn<'_>,
    table: Table,
    key: &[u8],
    value: &[u8],
) -> Result<(), StorageError> {
    let put = rows(environment, table)?.put(txn, key, value);
    put.map_err(|error| StorageError::lmdb(format!("write table {}", table.name()), &error))
}

pub(super) fn delete(
    environment: &Environment,
    txn: &mut RwTxn<'_>,
    table: Table,
    key: &[u8],
) -> Result<(), StorageError> {
    match rows(environment, table)?.delete(txn, key) {
        Ok(_) => Ok(()),
        Err(error) => Err(StorageError::lmdb(format!("write table {}", table.name()), &error)),
    }
}

fn rows(environment: &Environment, table: Table) -> Result<crate::env::Rows, StorageError> {
    environment.table(table).ok_or_else(|| {
        StorageError::new(StorageErrorKind::ReadOnly, format!("write table {}", table.name()), "opened for reading")
    })
}
