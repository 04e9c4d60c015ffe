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
//! Slices look at a bounded number of changes in a read transaction each, until they have found what a whole [`Window`] of
//! changes supersedes; that is then deleted in order, in slices of one write transaction each. So a page of the file is
//! written once, or not at all when nothing stays on it. What one change after the other supersedes is spread over as many
//! revisions as there are keys: deleted as it is found, it would have a page written for nearly each row.
//!
//! With a window's last slice `meta` says where the next one begins, so that a crash costs no more than looking at a window again.
//! A compaction that was begun is finished before a later one begins: the rule for tombstones depends on C.

use bytes::Bytes;

use super::write::ObsoleteRow;
use super::{Storage, StorageReader};
use crate::digest::Digest;
use crate::revision::Point;
use crate::schema::{CompactCursor, Table, compact_cursor, meta, number, time_key};
use crate::storage_error::{StorageError, StorageErrorKind};

/// What one slice of a compaction did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompactionSlice {
    /// Keys of which the slice deleted changes, in order, each with the revision at which an index may now compact it: what it
    /// has given up by then is deleted, and maybe no more. A key can be here again in a later slice.
    pub keys: Vec<(Bytes, i64)>,
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

/// How many slices the changes of a window are looked at in. With slices of 1000 changes a window takes 6 MB of memory.
const WINDOW_SLICES: usize = 256;

impl Storage {
    /// Goes on with deleting what a compaction at revision `at` supersedes: looks at no more than `changes_max` changes, and
    /// deletes no more.
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
        // After an error it is not put back, and begins anew where `meta` says.
        let window = self.window.lock().take();
        let mut window = if let Some(window) = window {
            window
        } else {
            let begin = CompactCursor { target: at, next: Point::new(stored.compact_finished.max(0), 0) };
            Window::new(reader.compact_cursor()?.unwrap_or(begin))
        };
        let target = window.looked_up_to.target;
        if !window.is_complete {
            window.look(&reader, changes_max)?;
        }
        if !window.is_complete {
            *self.window.lock() = Some(window);
            return Ok(CompactionSlice { keys: Vec::new(), deleted: Vec::new(), target, finished: None });
        }

        let slice = window.next_slice(&reader, changes_max)?;
        drop(reader);
        self.write_with("compact", |txn| {
            txn.check_before_deletion(&slice.rows)?;
            for row in &slice.rows {
                txn.delete_change(row)?;
            }
            for time in &slice.times {
                txn.delete(Table::Time, time)?;
            }
            match slice.then {
                Then::SameWindow => txn.put(Table::Meta, meta::COMPACT_CURSOR, &compact_cursor(window.begins)),
                Then::NextWindow => txn.put(Table::Meta, meta::COMPACT_CURSOR, &compact_cursor(window.looked_up_to)),
                Then::Finished => {
                    txn.put(Table::Meta, meta::COMPACT_FINISHED, &number(target))?;
                    txn.delete(Table::Meta, meta::COMPACT_CURSOR)
                }
            }
        })?;
        if slice.then == Then::SameWindow {
            *self.window.lock() = Some(window);
        }
        Ok(CompactionSlice {
            keys: slice.keys,
            deleted: slice.deleted,
            target,
            finished: (slice.then == Then::Finished).then_some(target),
        })
    }
}

/// What some of the changes that a compaction looks at supersede.
#[derive(Debug)]
pub(super) struct Window {
    /// Where a restart begins anew; it also says up to which revision changes may be missing.
    begins: CompactCursor,
    /// How far changes were looked at.
    looked_up_to: CompactCursor,
    seen: usize,
    /// The changes to delete that have not been deleted yet, each with the first revision at which a compaction would; in
    /// order and once each when the window is complete, the last first.
    superseded: Vec<(Point, i64)>,
    is_complete: bool,
    is_last: bool,
}

/// What one write transaction is to delete.
struct Slice {
    rows: Vec<ObsoleteRow>,
    keys: Vec<(Bytes, i64)>,
    deleted: Vec<DeletedChange>,
    times: Vec<Vec<u8>>,
    then: Then,
}

/// What comes after a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    SameWindow,
    NextWindow,
    Finished,
}

impl Window {
    fn new(begins: CompactCursor) -> Self {
        Self { begins, looked_up_to: begins, seen: 0, superseded: Vec::new(), is_complete: false, is_last: false }
    }

    /// Looks at the next changes.
    fn look(&mut self, reader: &StorageReader, changes_max: usize) -> Result<(), StorageError> {
        let CompactCursor { target, next } = &mut self.looked_up_to;
        let mut seen = 0;
        for head in reader.heads(*next, *target)?.take(changes_max) {
            let head = head?;
            let gone = head.tombstone && head.at.major < *target;
            self.superseded.extend(head.previous.map(|previous| (previous, head.at.major)));
            self.superseded.extend(gone.then_some((head.at, head.at.major + 1)));
            *next = Point::new(head.at.major, head.at.sub + 1);
            seen += 1;
        }
        self.seen += seen;
        self.is_last = seen < changes_max;
        self.is_complete = self.is_last || self.seen >= changes_max.saturating_mul(WINDOW_SLICES);
        if self.is_complete {
            // A tombstone that a later put follows is found twice; its own revision comes first.
            self.superseded.sort_unstable();
            self.superseded.dedup_by_key(|(at, _)| *at);
            self.superseded.reverse();
        }
        Ok(())
    }

    /// Takes what the next slice deletes out of the window.
    fn next_slice(&mut self, reader: &StorageReader, changes_max: usize) -> Result<Slice, StorageError> {
        let rest = self.superseded.len().saturating_sub(changes_max);
        let length = self.superseded.len() - rest;
        let (mut rows, mut keys, mut deleted) =
            (Vec::with_capacity(length), Vec::with_capacity(length), Vec::with_capacity(length));
        for (at, superseded_at) in self.superseded.drain(rest..).rev() {
            if let Some(row) = reader.row_at(at)? {
                deleted.push(DeletedChange { at, digest: row.digest(), superseded_at });
                keys.push((Bytes::copy_from_slice(row.pair.key), superseded_at));
                rows.push(ObsoleteRow::of(&row));
            }
        }
        keys.sort_unstable();
        keys.dedup_by(|later, kept| {
            let is_same = later.0 == kept.0;
            if is_same {
                kept.1 = later.1;
            }
            is_same
        });
        let mut times = Vec::new();
        let mut then = Then::SameWindow;
        if self.superseded.is_empty() && self.is_last {
            times = times_before(reader, self.looked_up_to.target, changes_max)?;
            if times.len() < changes_max {
                then = Then::Finished;
            }
        } else if self.superseded.is_empty() {
            then = Then::NextWindow;
        }
        Ok(Slice { rows, keys, deleted, times, then })
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
