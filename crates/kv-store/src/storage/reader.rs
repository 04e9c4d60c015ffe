//! Reading the store as it was at one moment.

use std::fmt;
use std::ops::Bound;
use std::sync::Arc;

use bytes::BytesMut;
use heed::{RoRange, types};

use crate::env::{Environment, ReadTxn, Rows};
use crate::lmdb_file::FoundRow;
use crate::record::{ApartValue, Head, Record, Row, parse_row};
use crate::revision::{LogPosition, Point};
use crate::schema::{
    ChangeType, CompactCursor, REV, Table, VALUE, meta, parse_compact_cursor, parse_membership, parse_number,
    point_key, rev_key, row_checksum, value_key,
};
use crate::storage::meta_rows::{Kept, Meta};
use crate::storage_error::StorageError;

/// Fewer rows are found one by one.
const FOUND_TOGETHER_MIN: usize = 4;
/// More rows are found so many at a time, so that what was read of them is still in the processor's caches.
const FOUND_TOGETHER_MAX: usize = 512;

/// The store at one moment.
///
/// One short read transaction: as long as it lives, pages freed after it began are not reused and the file grows,
/// and a file replaced by defragmentation stays. Never hold one across a slow send.
pub struct StorageReader {
    // The transaction goes first, then the file it reads.
    txn: ReadTxn,
    environment: Arc<Environment>,
}

impl StorageReader {
    pub(super) fn new(environment: Arc<Environment>) -> Result<Self, StorageError> {
        Ok(Self { txn: environment.read_txn()?, environment })
    }

    /// Reads what the store knows about itself.
    pub fn meta(&self) -> Result<Meta, StorageError> {
        Meta::read(&|key| self.row(Table::Meta, key))
    }

    /// Reads how far a compaction under way has come.
    pub(crate) fn compact_cursor(&self) -> Result<Option<CompactCursor>, StorageError> {
        let row = self.row(Table::Meta, meta::COMPACT_CURSOR)?;
        row.map(|value| parse_compact_cursor("compact_cursor", value)).transpose()
    }

    /// Reads what the changes kept must be like.
    pub(crate) fn kept(&self) -> Result<Kept, StorageError> {
        Kept::read(&|key| self.row(Table::Meta, key))
    }

    /// Counts the places where changes are missing since the store was rescued from damage.
    pub fn lost_ranges(&self) -> Result<u64, StorageError> {
        let kept = self.kept()?;
        Ok(kept.gaps.iter().filter(|gap| gap.before.major > kept.deleted_to).count() as u64)
    }

    /// Reads the change made at a point, or nothing if there is none or it was compacted.
    ///
    /// # Errors
    ///
    /// Of kind [`Corrupted`](crate::StorageErrorKind::Corrupted) if the bytes are not what was written.
    pub fn record(&self, at: Point) -> Result<Option<Record>, StorageError> {
        self.row_at(at)?.map(|row| self.whole_record(&row)).transpose()
    }

    /// Reads the changes made at many points, in their order; likewise, and quicker than one by one.
    pub(crate) fn records_at(&self, points: &[Point]) -> Result<Vec<Option<Record>>, StorageError> {
        if points.len() < FOUND_TOGETHER_MIN {
            return points.iter().map(|at| self.record(*at)).collect();
        }
        let mut records = Vec::with_capacity(points.len());
        for points in points.chunks(FOUND_TOGETHER_MAX) {
            self.add_records(points, &mut records)?;
        }
        Ok(records)
    }

    fn add_records(&self, points: &[Point], records: &mut Vec<Option<Record>>) -> Result<(), StorageError> {
        let wanted: Vec<_> = points.iter().map(|at| u128::from_be_bytes(point_key(*at))).collect();
        let found = self.environment.find_rows(&self.txn, &wanted);
        // One piece of memory for all of them: they come together and go together.
        let mut buffer = BytesMut::with_capacity(found.iter().flatten().map(|row| row.value.len()).sum());
        for (at, found) in points.iter().zip(found) {
            let row = match found {
                Some(FoundRow { key, value }) => Some(parse_row(key, value)?),
                None => self.row_at(*at)?,
            };
            records.push(match row {
                Some(row) if row.apart.is_none() => Some(row.record_in(&mut buffer)),
                Some(row) => Some(self.whole_record(&row)?),
                None => None,
            });
        }
        Ok(())
    }

    /// Finds the row of the change made at a point.
    pub(crate) fn row_at(&self, at: Point) -> Result<Option<Row<'_>>, StorageError> {
        for change in [ChangeType::Put, ChangeType::Tombstone] {
            let key = rev_key(at, change);
            let row = self.environment.rev.get(&self.txn, &key);
            let row = row.map_err(|error| StorageError::lmdb(format!("read revision {at} from table rev"), &error))?;
            if let Some(row) = row {
                return parse_row(&key, row).map(Some);
            }
        }
        Ok(None)
    }

    /// Reads every change from `from` up to and including revision `to`, in order.
    pub fn records(&self, from: Point, to: i64) -> Result<Records<'_>, StorageError> {
        Ok(Records { rows: self.rev_rows(from, to)?, reader: self })
    }

    /// Reads the same changes without their values, in place, and without touching the pages of long values.
    pub fn heads(&self, from: Point, to: i64) -> Result<Heads<'_>, StorageError> {
        Ok(Heads { rows: self.rev_rows(from, to)? })
    }

    /// Reads the membership of the cluster, encoded, and the log entry it came with.
    pub fn membership(&self) -> Result<Option<(LogPosition, &[u8])>, StorageError> {
        self.row(Table::Meta, meta::MEMBERSHIP)?.map(parse_membership).transpose()
    }

    /// Reads one row of a small table.
    pub fn row(&self, table: Table, key: &[u8]) -> Result<Option<&[u8]>, StorageError> {
        let Some(rows) = self.environment.table(table) else { return Ok(None) };
        rows.get(&self.txn, key).map_err(|error| read_error(table.name(), &error))
    }

    /// Reads all rows of a small table whose keys are at or after `from`, in order of their keys.
    pub fn rows<'a>(&'a self, table: Table, from: &[u8]) -> Result<TableRows<'a>, StorageError> {
        // LMDB has no empty keys, not even to begin at.
        let from = if from.is_empty() { Bound::Unbounded } else { Bound::Included(from) };
        let rows = self.environment.table(table).map(|rows| range(rows, &self.txn, from, Bound::Unbounded));
        let rows = rows.transpose().map_err(|error| read_error(table.name(), &error))?;
        Ok(TableRows { rows, name: table.name() })
    }

    /// Reads the row of a small table with the greatest key at or before `key`.
    pub fn row_at_or_before(&self, table: Table, key: &[u8]) -> Result<Option<TableRow<'_>>, StorageError> {
        let Some(rows) = self.environment.table(table) else { return Ok(None) };
        rows.get_lower_than_or_equal_to(&self.txn, key).map_err(|error| read_error(table.name(), &error))
    }

    /// Computes the CRC-32C of all tables, without what may differ between members that agree.
    ///
    /// Costs a read of the whole store.
    pub fn hash_all(&self) -> Result<u32, StorageError> {
        let mut hash = 0;
        let mut add = |name: &str, rows: Rows| -> Result<(), StorageError> {
            hash = crc32c::crc32c_append(hash, name.as_bytes());
            for row in rows.iter(&self.txn).map_err(|error| read_error(name, &error))? {
                let (key, value) = row.map_err(|error| read_error(name, &error))?;
                if name != Table::Meta.name() || !meta::OF_THIS_MEMBER.contains(&key) {
                    hash = crc32c::crc32c_append(crc32c::crc32c_append(hash, key), value);
                }
            }
            Ok(())
        };
        add(REV, self.environment.rev)?;
        add(VALUE, self.environment.value)?;
        for table in Table::ALL {
            if let Some(rows) = self.environment.table(table) {
                add(table.name(), rows)?;
            }
        }
        Ok(hash)
    }

    /// Compares the rows of the small tables with what they must come to.
    ///
    /// # Errors
    ///
    /// Of kind [`Corrupted`](crate::StorageErrorKind::Corrupted) if a row was changed or lost.
    pub(super) fn check_rows(&self) -> Result<(), StorageError> {
        let Some(stored) = self.row(Table::Meta, meta::ROWS_CHECKSUM)? else { return Ok(()) };
        let stored = parse_number("rows_checksum", stored)? as u64;
        let mut checksum = 0u64;
        for table in Table::ALL {
            for row in self.rows(table, b"")? {
                let (key, value) = row?;
                checksum = checksum.wrapping_add(row_checksum(table, key, value));
            }
        }
        if checksum == stored {
            return Ok(());
        }
        let tables = Table::ALL.map(Table::name).join(", ");
        Err(StorageError::corrupted(format!("read tables {tables}"), "the checksum of their rows does not match"))
    }

    /// Reads every row of `rev` or `value` as it is.
    pub(crate) fn raw_rows(&self, table: BigTable) -> Result<RawRows<'_>, StorageError> {
        let (rows, name) = match table {
            BigTable::Rev => (self.environment.rev, REV),
            BigTable::Value => (self.environment.value, VALUE),
        };
        let rows = range(rows, &self.txn, Bound::Unbounded, Bound::Unbounded);
        Ok(RawRows { rows: Some(rows.map_err(|error| read_error(name, &error))?), name })
    }

    fn rev_rows(&self, from: Point, to: i64) -> Result<RowRange<'_>, StorageError> {
        let behind = (to as u64).saturating_add(1).to_be_bytes();
        range(self.environment.rev, &self.txn, Bound::Included(&point_key(from)), Bound::Excluded(&behind))
            .map_err(|error| read_error(REV, &error))
    }

    fn whole_record(&self, row: &Row<'_>) -> Result<Record, StorageError> {
        match row.apart {
            None => Ok(row.record()),
            Some(value) => row.record_with(value, |out| self.put_value(row.at, value, out)),
        }
    }

    /// Appends a value that is kept apart.
    pub(crate) fn put_value(&self, at: Point, expected: ApartValue, out: &mut BytesMut) -> Result<(), StorageError> {
        let action = || format!("read the value of revision {at} from table value");
        let (first, last) = (value_key(at, 0), value_key(at, u32::MAX));
        let rows = range(self.environment.value, &self.txn, Bound::Included(&first), Bound::Included(&last));
        let begin = out.len();
        for row in rows.map_err(|error| StorageError::lmdb(action(), &error))? {
            let (_, piece) = row.map_err(|error| StorageError::lmdb(action(), &error))?;
            out.extend_from_slice(piece);
            if out.len() - begin >= expected.length {
                // Not to look at the page behind it.
                break;
            }
        }
        let value = &out[begin..];
        if value.len() != expected.length {
            let detail = format!("its pieces make {} bytes instead of {}", value.len(), expected.length);
            return Err(StorageError::corrupted(action(), detail));
        }
        if crc32c::crc32c(value) != expected.checksum {
            return Err(StorageError::corrupted(action(), "the checksum does not match"));
        }
        Ok(())
    }
}

type RowRange<'a> = RoRange<'a, types::Bytes, types::Bytes>;

fn range<'a>(rows: Rows, txn: &'a ReadTxn, from: Bound<&[u8]>, to: Bound<&[u8]>) -> heed::Result<RowRange<'a>> {
    rows.range(txn, &(from, to))
}

fn read_error(table: &str, error: &heed::Error) -> StorageError {
    StorageError::lmdb(format!("read table {table}"), error)
}

/// The changes of a range of revisions, see [`StorageReader::records`].
pub struct Records<'a> {
    rows: RowRange<'a>,
    reader: &'a StorageReader,
}

impl Iterator for Records<'_> {
    type Item = Result<Record, StorageError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (key, row) = match self.rows.next()? {
            Ok(row) => row,
            Err(error) => return Some(Err(read_error(REV, &error))),
        };
        Some(parse_row(key, row).and_then(|row| self.reader.whole_record(&row)))
    }
}

/// The changes of a range of revisions without their values, see [`StorageReader::heads`].
pub struct Heads<'a> {
    rows: RowRange<'a>,
}

impl<'a> Iterator for Heads<'a> {
    type Item = Result<Head<'a>, StorageError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (key, row) = match self.rows.next()? {
            Ok(row) => row,
            Err(error) => return Some(Err(read_error(REV, &error))),
        };
        Some(parse_row(key, row).map(|row| row.head()))
    }
}

/// The key and the value of a row.
pub type TableRow<'a> = (&'a [u8], &'a [u8]);

/// Rows of a small table, see [`StorageReader::rows`].
pub struct TableRows<'a> {
    rows: Option<RowRange<'a>>,
    name: &'static str,
}

impl<'a> Iterator for TableRows<'a> {
    type Item = Result<TableRow<'a>, StorageError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.rows.as_mut()?.next()?;
        Some(row.map_err(|error| read_error(self.name, &error)))
    }
}

/// A table that is not a small one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BigTable {
    Rev,
    Value,
}

/// Rows as they are, see [`StorageReader::raw_rows`]. An error of LMDB is the last item: it knows no way past it.
pub(crate) struct RawRows<'a> {
    rows: Option<RowRange<'a>>,
    name: &'static str,
}

impl<'a> Iterator for RawRows<'a> {
    type Item = Result<TableRow<'a>, StorageError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.rows.as_mut()?.next()? {
            Ok(row) => Some(Ok(row)),
            Err(error) => {
                self.rows = None;
                Some(Err(read_error(self.name, &error)))
            }
        }
    }
}

impl fmt::Debug for StorageReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("StorageReader").field("path", &self.environment.path()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Records<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Records").finish_non_exhaustive()
    }
}

impl fmt::Debug for Heads<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Heads").finish_non_exhaustive()
    }
}

impl fmt::Debug for TableRows<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TableRows").field("table", &self.name).finish_non_exhaustive()
    }
}
