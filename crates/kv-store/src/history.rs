//! The changes in the order they were made, from LMDB and then from the ring.

use crate::key_range::KeyRange;
use crate::record::Record;
use crate::revision::{FIRST_REVISION, Point};
use crate::storage_error::StorageError;
use crate::store::Store;

/// How many bytes of records one slice takes at most, beyond the first.
const SLICE_BYTES: usize = 4 << 20;

/// How many changes of other keys one slice looks past.
const SLICE_PASSED: usize = 50_000;

/// Some neighbouring changes.
#[derive(Debug)]
pub(crate) struct HistorySlice {
    pub(crate) records: Vec<Record>,
    /// Where to read on; `None` at the end of what was asked for.
    pub(crate) next: Option<Point>,
}

impl Store {
    /// Returns changes from `from` on, up to revision `to`, about `records_max` of them.
    pub(crate) fn history(&self, from: Point, to: i64, records_max: usize) -> Result<HistorySlice, StorageError> {
        self.history_of(&KeyRange::all(), from, to, records_max)
    }

    /// Returns changes of the keys of `range`, likewise. A slice ends between revisions, unless one revision alone
    /// is larger than a slice may be in which case it is whole.
    pub(crate) fn history_of(
        &self,
        range: &KeyRange,
        from: Point,
        to: i64,
        records_max: usize,
    ) -> Result<HistorySlice, StorageError> {
        let ring = self.ring.read();
        let first_held = ring.first();
        if from.major < first_held {
            drop(ring);
            let stored_to = to.min(first_held - 1);
            let slice = self.stored_history(range, from, stored_to, records_max)?;
            let held = (stored_to < to).then(|| Point::new(first_held, 0));
            return Ok(HistorySlice { next: slice.next.or(held), ..slice });
        }
        let mut slice = HistorySlice { records: Vec::new(), next: None };
        let mut bytes = 0;
        let mut passed = 0;
        for major in from.major..=to {
            if slice.records.len() >= records_max || bytes >= SLICE_BYTES || passed >= SLICE_PASSED {
                slice.next = Some(Point::new(major, 0));
                break;
            }
            // The ring goes up to the newest revision; only what was asked for can go further.
            let Some(revision) = ring.revision(major) else { break };
            for record in revision.iter().filter(|record| record.at >= from) {
                passed += 1;
                if range.contains(record.key()) {
                    bytes += record.kv.len();
                    slice.records.push(record.clone());
                }
            }
        }
        Ok(slice)
    }

    /// Returns changes that are in LMDB, likewise.
    pub(crate) fn stored_history(
        &self,
        range: &KeyRange,
        from: Point,
        to: i64,
        records_max: usize,
    ) -> Result<HistorySlice, StorageError> {
        let reader = self.storage.read()?;
        let mut records = Vec::new();
        let mut bytes = 0;
        // Behind the compact revision no revision is missing. It is asked for after the reader was opened, so that it
        // covers whatever the reader sees deleted.
        let complete_after = self.compact_revision().max(FIRST_REVISION);
        let mut revision = from.major - 1;
        for (passed, head) in reader.heads(from, to)?.enumerate() {
            let head = head?;
            if head.at.major != revision {
                let expected = revision.max(complete_after) + 1;
                if head.at.major > expected {
                    let action = format!("read revision {expected} from table rev");
                    return Err(StorageError::corrupted(action, format!("the table goes on with {}", head.at)));
                }
                revision = head.at.major;
                if records.len() >= records_max || bytes >= SLICE_BYTES || passed >= SLICE_PASSED {
                    return Ok(HistorySlice { records, next: Some(head.at) });
                }
            }
            // Most keys are not asked for, and their values are never read.
            if range.contains(head.key) {
                let record = reader.record(head.at)?.ok_or_else(|| {
                    StorageError::corrupted(
                        format!("read revision {} from table rev", head.at),
                        "the row is there and is not there",
                    )
                })?;
                bytes += record.kv.len();
                records.push(record);
            }
        }
        Ok(HistorySlice { records, next: None })
    }
}
