//! The most recent revisions, in memory: what the checkpoint has not stored yet, and a window behind it.
//!
//! Invariants: revisions are contiguous, so a revision is found by subtraction; nothing leaves
//! before the checkpoint has stored it, so a record is always in the ring or in LMDB; records
//! never change, so readers keep them without a lock.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::record::Record;
use crate::revision::Point;

/// What a revision costs beside its records' bytes, roughly.
const REVISION_OVERHEAD_BYTES: usize = 96;

/// Recent revisions and their records.
#[derive(Debug)]
pub(crate) struct Ring {
    first: i64,
    revisions: VecDeque<Arc<[Record]>>,
    bytes: usize,
}

impl Ring {
    /// Makes an empty ring whose first revision will be `first`.
    pub(crate) fn new(first: i64) -> Self {
        Self { first, revisions: VecDeque::new(), bytes: 0 }
    }

    /// Returns the oldest revision held, or the next one to come.
    pub(crate) fn first(&self) -> i64 {
        self.first
    }

    /// Appends the next revision.
    pub(crate) fn push(&mut self, records: Arc<[Record]>) {
        debug_assert_eq!(records[0].at.major, self.first + self.revisions.len() as i64, "revisions are contiguous");
        self.bytes += cost(&records);
        self.revisions.push_back(records);
    }

    /// Returns the records of one revision.
    pub(crate) fn revision(&self, major: i64) -> Option<&Arc<[Record]>> {
        self.revisions.get(usize::try_from(major - self.first).ok()?)
    }

    /// Returns one record.
    pub(crate) fn get(&self, point: Point) -> Option<&Record> {
        self.revision(point.major)?.get(usize::try_from(point.sub).ok()?)
    }

    /// Forgets the oldest revisions, up to `durable`, while the ring holds more than `window_bytes`.
    pub(crate) fn trim(&mut self, durable: i64, window_bytes: usize) {
        while self.bytes > window_bytes && self.first <= durable {
            let Some(records) = self.revisions.pop_front() else { return };
            self.bytes -= cost(&records);
            self.first += 1;
        }
    }

    /// Returns what the ring holds, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

fn cost(records: &[Record]) -> usize {
    REVISION_OVERHEAD_BYTES + records.iter().map(Record::memory_bytes).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn revision(major: i64, length: usize) -> Arc<[Record]> {
        Arc::from([Record::tombstone(Point::new(major, 0), None, Bytes::from(vec![b'k'; length]))])
    }

    #[test]
    fn revisions_are_found_and_the_oldest_durable_ones_leave() {
        let mut ring = Ring::new(5);
        for major in 5..10 {
            ring.push(revision(major, 100));
        }
        assert_eq!(ring.get(Point::new(7, 0)).map(|record| record.at.major), Some(7));
        assert!(ring.get(Point::new(7, 1)).is_none());
        assert!(ring.get(Point::new(4, 0)).is_none());
        assert!(ring.get(Point::new(10, 0)).is_none());

        ring.trim(6, 0);
        assert_eq!(ring.first(), 7, "what is not durable stays");
        ring.trim(9, ring.bytes());
        assert_eq!(ring.first(), 7, "the window stays");
        ring.trim(9, 0);
        assert_eq!((ring.first(), ring.bytes()), (10, 0));
    }
}
