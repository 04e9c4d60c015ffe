//! What happened since a revision: the changes that a watcher is told, from the ring or from LMDB.

use std::collections::HashMap;
use std::iter;
use std::sync::atomic::Ordering::Acquire;

use crate::error::ReadError;
use crate::key_range::KeyRange;
use crate::kv::KeyValue;
use crate::record::Record;
use crate::revision::Point;
use crate::storage_error::StorageError;
use crate::store::Store;

/// What a watcher wants to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventQuery {
    /// The keys.
    pub range: KeyRange,
    /// The first revision.
    pub from: i64,
    /// Leave writes out.
    pub no_put: bool,
    /// Leave deletions out.
    pub no_delete: bool,
    /// Add the pairs as they were before.
    pub prev_kv: bool,
}

/// A change of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Says whether the key was deleted.
    pub deleted: bool,
    /// The pair after the change; of a deletion only the key and the revision.
    pub kv: KeyValue,
    /// The pair before the change, if asked for, if there was one, and if it is not compacted.
    pub prev_kv: Option<KeyValue>,
}

/// Events in order, all of a revision together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventBatch {
    /// The events; none where nothing matched.
    pub events: Vec<Event>,
    /// The revision to read on from: everything before it was looked at.
    pub next: i64,
}

/// About how many events one call returns.
const BATCH_EVENTS: usize = 1000;

impl Store {
    /// Reads events from `query.from` on, up to the newest revision, or until enough was looked at or found. A
    /// revision is never cut.
    ///
    /// A call is bounded work; the caller goes on with [`EventBatch::next`] until it is behind the newest revision.
    ///
    /// # Errors
    ///
    /// [`ReadError::Compacted`] where `query.from` is below the compact revision, and [`ReadError::Storage`]
    /// where a record is damaged.
    pub fn events(&self, query: &EventQuery) -> Result<EventBatch, ReadError> {
        let newest = self.revision();
        let slice = self.history_of(&query.range, Point::new(query.from, 0), newest, BATCH_EVENTS);
        // History may have been deleted while it was read; then what was read is not whole, or not there.
        let oldest = self.compact_revision();
        if query.from < oldest {
            return Err(ReadError::Compacted { requested: query.from, oldest });
        }
        let mut slice = slice?;
        drop_superseded(&mut slice.records, oldest);
        let mut events = Vec::with_capacity(slice.records.len());
        for record in &slice.records {
            if if record.tombstone { query.no_delete } else { query.no_put } {
                continue;
            }
            let mut kv = record.pair();
            kv.mod_revision = record.at.major;
            let prev_kv = if query.prev_kv { self.pair_before(record, &kv)? } else { None };
            events.push(Event { deleted: record.tombstone, kv, prev_kv });
        }
        let next = slice.next.map_or(query.from.max(newest + 1), |next| next.major);
        Ok(EventBatch { events, next })
    }

    /// Returns the pair that a change replaced, as it was in the revision before the change.
    fn pair_before(&self, record: &Record, kv: &KeyValue) -> Result<Option<KeyValue>, ReadError> {
        let before = record.at.major - 1;
        let creates = !record.tombstone && kv.create_revision == kv.mod_revision;
        if creates || before < self.compact_revision() {
            return Ok(None);
        }
        let mut previous = record.previous;
        while let Some(point) = previous {
            match self.records(iter::once(point))?.pop().flatten() {
                // A pair written and changed again in one transaction did not exist in the revision before.
                Some(found) if found.at.major > before => previous = found.previous,
                Some(found) => return Ok((!found.tombstone).then(|| found.pair())),
                None if self.purged_to.load(Acquire) > before => return Ok(None),
                None => {
                    let action = format!("read revision {point} from table rev");
                    let detail = format!("revision {} points to it and the table does not have it", record.at);
                    return Err(StorageError::corrupted(action, detail).into());
                }
            }
        }
        Ok(None)
    }
}

/// Leaves out the changes of the compact revision that a later one of that revision replaced: they are given up, and
/// are still here only where the deletion has not come to them.
fn drop_superseded(records: &mut Vec<Record>, compacted: i64) {
    let end = records.partition_point(|record| record.at.major <= compacted);
    if end < 2 {
        return;
    }
    let newest: HashMap<&[u8], Point> = records[..end].iter().map(|record| (record.key(), record.at)).collect();
    let kept: Vec<bool> = records[..end].iter().map(|record| newest[record.key()] == record.at).collect();
    let mut kept = kept.into_iter();
    records.retain(|_| kept.next().unwrap_or(true));
}
