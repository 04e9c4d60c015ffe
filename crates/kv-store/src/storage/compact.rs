//! Deleting what a compaction supersedes, in slices.
//!
//! Compaction at C keeps, of each key, its newest change at or before C unless that is a tombstone before C, and
//! everything after C. Every record knows the key's change before it, so the changes made since the last compaction
//! are all that must be looked at: whatever one of them, at or before C, names as its previous change is superseded,
//! and a tombstone before C goes itself. A tombstone exactly at C stays, so that a watcher from C sees the deletion,
//! and is looked at again by the next compaction, which begins where this one ended.
//!
//! An example, compacting at 5 after a compaction at 2:
//!
//! ```text
//! 2 put a              superseded by 4                          deleted
//! 3 put b              superseded by 5                          deleted
//! 4 put a   (after 2)  the newest of a                          kept
//! 5 delete b (after 3) a tombstone exactly at 5                 kept, deleted by the next compaction
//! 6 put a   (after 4)  later than 5, so what it names stays     kept
//! ```
//!
//! A slice looks at a bounded number of changes in a read transaction, deletes in one write transaction, and leaves
//! in `meta` where to go on, so that a crash loses nothing. A compaction that was begun is finished before a later
//! one begins: the rule for tombstones depends on C.

use bytes::Bytes;

use super::{Storage, StorageReader};
use crate::digest::Digest;
use crate::revision::Point;
use crate::schema::{CompactCursor, Table, compact_cursor, meta, number, time_key};
use crate::storage_error::{StorageError, StorageErrorKind};

/// What one slice of a compaction did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompactionSlice {
    /// Keys with changes that the slice deleted; an index may now forget them. A key can be here again in a later slice.
    pub keys: Vec<Bytes>,
    /// The changes that the slice deleted.
    pub deleted: Vec<DeletedChange>,
    /// The compaction that the slice belongs to, which can be an older one that was interrupted.
    pub target: i64,
    /// The compaction that is finished with this slice; nothing if there is more to do.
    pub finished: Option<i64>,
}

/// A change that a compaction deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeletedChange {
    /// Which one it was.
    pub at: Point,
    /// Its digest.
    pub digest: Digest,
    /// The first revision at which a compaction would have deleted it.
    pub superseded_at: i64,
}

impl Storage {
    /// Deletes some of what a compaction at revision `at` supersedes: looks at no more than `changes_max` changes.
    ///
    /// Call it until [`finished`](CompactionSlice::finished) is `at`. Readers that began before keep seeing what is
    /// deleted; a caller that promised a revision below `at` to somebody waits before calling.
    ///
    /// # Errors
    ///
    /// Of kind [`Busy`](StorageErrorKind::Busy) while a defragmentation runs, and of kind
    /// [`Inconsistent`](StorageErrorKind::Inconsistent) if `at` has not been written yet. Else as
    /// [`write`](Storage::write).
    pub fn compact_slice(&self, at: i64, changes_max: usize) -> Result<CompactionSlice, StorageError> {
        let _exclusive = self.maintenance("compact")?;
        let reader = self.read()?;
        let stored = reader.meta()?;
        if at <= stored.compact_finished {
            let target = stored.compact_finished;
            return Ok(CompactionSlice { keys: Vec::new(), deleted: Vec::new(), target, finished: Some(target) });
        }
        if at > stored.revision {
            let detail = format!("only revisions up to {} are written", stored.revision);
            return Err(StorageError::new(StorageErrorKind::Inconsistent, format!("compact at revision {at}"), detail));
        }
        let begin = CompactCursor { target: at, next: Point::new(stored.compact_finished.max(0), 0) };
        let work = Work::find(&reader, reader.compact_cursor()?.unwrap_or(begin), changes_max)?;
        let digests = work.superseded.iter().filter_map(|&(at, superseded_at)| {
            let digest = reader.digest(at).transpose()?;
            Some(digest.map(|digest| DeletedChange { at, digest, superseded_at }))
        });
        let deleted = digests.collect::<Result<_, _>>()?;
        drop(reader);

        self.write_with("compact", |txn| {
            txn.check_before_deletion(work.superseded.iter().map(|(at, _)| *at))?;
            for (superseded, _) in &work.superseded {
                txn.delete_change(*superseded)?;
            }
            for time in &work.times {
                txn.delete(Table::Time, time)?;
            }
            if let Some(next) = work.next {
                txn.put(Table::Meta, meta::COMPACT_CURSOR, &compact_cursor(next))
            } else {
                txn.put(Table::Meta, meta::COMPACT_FINISHED, &number(work.target))?;
                txn.delete(Table::Meta, meta::COMPACT_CURSOR)
            }
        })?;
        let finished = work.next.is_none().then_some(work.target);
        Ok(CompactionSlice { keys: work.keys, deleted, target: work.target, finished })
    }
}

/// What a slice will do.
struct Work {
    target: i64,
    /// The changes to delete, each with the first revision at which a compaction would.
    superseded: Vec<(Point, i64)>,
    keys: Vec<Bytes>,
    times: Vec<Vec<u8>>,
    /// Where the next slice goes on.
    next: Option<CompactCursor>,
}

impl Work {
    fn find(reader: &StorageReader, from: CompactCursor, changes_max: usize) -> Result<Self, StorageError> {
        let CompactCursor { target, mut next } = from;
        let mut work = Self { target, superseded: Vec::new(), keys: Vec::new(), times: Vec::new(), next: None };
        let mut seen = 0;
        for head in reader.heads(next, target)?.take(changes_max) {
            let head = head?;
            let gone = head.tombstone && head.at.major < target;
            work.superseded.extend(head.previous.map(|previous| (previous, head.at.major)));
            work.superseded.extend(gone.then_some((head.at, head.at.major + 1)));
            if head.previous.is_some() || gone {
                work.keys.push(Bytes::copy_from_slice(head.key));
            }
            next = Point::new(head.at.major, head.at.sub + 1);
            seen += 1;
        }
        // A tombstone that a later put follows is found twice; and LMDB likes its keys in order.
        work.superseded.sort_unstable();
        work.superseded.dedup_by_key(|(at, _)| *at);
        if seen < changes_max {
            next = Point::new(target + 1, 0);
            work.times = times_before(reader, target, changes_max)?;
        }
        if seen == changes_max || work.times.len() == changes_max {
            work.next = Some(CompactCursor { target, next });
        }
        Ok(work)
    }
}

/// Finds rows of `time` that no readable revision needs: the one at or before `target` still tells its time.
fn times_before(reader: &StorageReader, target: i64, rows_max: usize) -> Result<Vec<Vec<u8>>, StorageError> {
    let Some((needed, _)) = reader.row_at_or_before(Table::Time, &time_key(target))? else { return Ok(Vec::new()) };
    let keys = reader.rows(Table::Time, b"")?.map(|row| row.map(|(key, _)| key));
    keys.take_while(|key| key.as_ref().map_or(true, |key| *key < needed))
        .take(rows_max)
        .map(|key| key.map(<[u8]>::to_vec))
        .collect()
}
