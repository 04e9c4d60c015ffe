//! The last reads of events, for the watchers that are woken by the same change and ask for the same.
//!
//! A hundred watchers of one prefix read and encode an event once.

use std::collections::VecDeque;

use kv_store::EventQuery;
use parking_lot::Mutex;

use super::message::EncodedEvents;

/// How many reads are kept. Watchers of a few ranges, some of them a change behind, find each other's.
const READS_MAX: usize = 8;

/// A read of more bytes is not kept: together they must not matter.
const READ_BYTES_MAX: usize = 64 << 10;

/// Between which revisions a read was made. With the same query and the same bounds it would find the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) compacted: i64,
    pub(super) newest: i64,
}

/// What a read found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) events: EncodedEvents,
    /// The revision to read on from.
    pub(super) next: i64,
}

/// The reads, the oldest first.
#[derive(Debug, Default)]
pub(super) struct RecentReads(Mutex<VecDeque<(EventQuery, Bounds, Found)>>);

impl RecentReads {
    /// Returns what somebody has found for the same query.
    pub(super) fn find(&self, query: &EventQuery, bounds: Bounds) -> Option<Found> {
        let reads = self.0.lock();
        // Most often it is the last one.
        let same = reads.iter().rev().find(|(other, then, _)| *then == bounds && other == query);
        same.map(|(_, _, found)| found.clone())
    }

    /// Keeps what was found for others.
    pub(super) fn keep(&self, query: &EventQuery, bounds: Bounds, found: &Found) {
        if found.events.is_empty() || found.events.bytes().len() > READ_BYTES_MAX {
            return;
        }
        let mut reads = self.0.lock();
        if reads.len() == READS_MAX {
            reads.pop_front();
        }
        reads.push_back((query.clone(), bounds, found.clone()));
    }
}

#[cfg(test)]
mod tests {
    use kv_store::{Event, KeyRange, KeyValue};

    use super::*;

    const BOUNDS: Bounds = Bounds { compacted: 3, newest: 9 };

    fn query(from: i64) -> EventQuery {
        EventQuery { range: KeyRange::new("a", "b"), from, no_put: false, no_delete: false, prev_kv: false }
    }

    fn found(value_bytes: usize) -> Found {
        let kv = KeyValue { key: "a".into(), value: vec![7; value_bytes].into(), ..KeyValue::default() };
        Found { events: EncodedEvents::new(vec![Event { deleted: false, kv, prev_kv: None }]), next: 10 }
    }

    #[test]
    fn only_the_same_question_at_the_same_time_has_the_same_answer() {
        let reads = RecentReads::default();
        reads.keep(&query(5), BOUNDS, &found(1));
        assert_eq!(reads.find(&query(5), BOUNDS), Some(found(1)));
        for other in [
            query(6),
            EventQuery { range: KeyRange::new("a", "c"), ..query(5) },
            EventQuery { no_put: true, ..query(5) },
            EventQuery { no_delete: true, ..query(5) },
            EventQuery { prev_kv: true, ..query(5) },
        ] {
            assert_eq!(reads.find(&other, BOUNDS), None, "{other:?}");
        }
        assert_eq!(reads.find(&query(5), Bounds { compacted: 4, ..BOUNDS }), None);
        assert_eq!(reads.find(&query(5), Bounds { newest: 10, ..BOUNDS }), None);
    }

    #[test]
    fn few_reads_are_kept_and_no_large_one() {
        let reads = RecentReads::default();
        reads.keep(&query(100), BOUNDS, &found(READ_BYTES_MAX));
        assert_eq!(reads.find(&query(100), BOUNDS), None);
        for from in 0..=READS_MAX as i64 {
            reads.keep(&query(from), BOUNDS, &found(1));
        }
        assert_eq!(reads.find(&query(0), BOUNDS), None);
        assert!((1..=READS_MAX as i64).all(|from| reads.find(&query(from), BOUNDS).is_some()));
    }
}
