//! The newest entries of the log, kept in memory up to a bound.
//!
//! Invariants: what is cached is the end of the log without gaps, up to its newest entry; an entry
//! stays until it is durable, whatever the bound. So an entry of the log in front of the cached ones
//! is in the files.

use std::collections::VecDeque;
use std::ops::Range;

use crate::types::Entry;

/// Counts what was handed to the writer, entry by entry, so that an entry and a later one of the same index
/// (after a truncation) are told apart.
pub(crate) type Sequence = u64;

#[derive(Debug)]
pub(crate) struct Cache {
    entries: VecDeque<(Sequence, Entry)>,
    bytes: usize,
    bytes_max: usize,
}

impl Cache {
    pub(crate) fn new(bytes_max: usize) -> Cache {
        Cache { entries: VecDeque::new(), bytes: 0, bytes_max }
    }

    /// Adds the next entry. The caller has checked that it follows the newest one.
    pub(crate) fn push(&mut self, sequence: Sequence, entry: Entry) {
        self.bytes += entry.cost_bytes();
        self.entries.push_back((sequence, entry));
    }

    /// Returns the index of the oldest cached entry.
    pub(crate) fn first(&self) -> Option<u64> {
        self.entries.front().map(|(_, entry)| entry.position.index)
    }

    /// Forgets the entries from `index` on.
    pub(crate) fn truncate_from(&mut self, index: u64) {
        while self.entries.back().is_some_and(|(_, entry)| entry.position.index >= index) {
            let removed = self.entries.pop_back();
            self.uncount(removed);
        }
    }

    /// Forgets the entries up to `index`.
    pub(crate) fn purge_to(&mut self, index: u64) {
        while self.entries.front().is_some_and(|(_, entry)| entry.position.index <= index) {
            let removed = self.entries.pop_front();
            self.uncount(removed);
        }
    }

    /// Forgets the oldest entries until the bound is kept, but only such as are durable: those handed to the writer
    /// up to `durable`.
    pub(crate) fn evict(&mut self, durable: Sequence) {
        while self.bytes > self.bytes_max && self.entries.front().is_some_and(|(sequence, _)| *sequence <= durable) {
            let removed = self.entries.pop_front();
            self.uncount(removed);
        }
    }

    fn uncount(&mut self, removed: Option<(Sequence, Entry)>) {
        self.bytes -= removed.map_or(0, |(_, entry)| entry.cost_bytes());
    }

    /// Returns the cached entries of a range, as many as fit in `bytes_max` but one at least.
    pub(crate) fn read(&self, range: &Range<u64>, bytes_max: usize) -> Vec<Entry> {
        let Some(first) = self.first() else { return Vec::new() };
        let skip = range.start.saturating_sub(first) as usize;
        let mut bytes = 0;
        let mut found = Vec::new();
        for (_, entry) in self.entries.iter().skip(skip).take_while(|(_, entry)| entry.position.index < range.end) {
            bytes += entry.cost_bytes();
            if bytes > bytes_max && !found.is_empty() {
                break;
            }
            found.push(entry.clone());
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::types::{Payload, Position};

    fn entry(index: u64) -> Entry {
        Entry { position: Position { term: 1, index }, payload: Payload::Command(Bytes::from(vec![0; 36])) }
    }

    fn filled() -> Cache {
        let mut cache = Cache::new(500);
        for index in 10..20 {
            cache.push(index, entry(index));
        }
        cache
    }

    fn indexes(cache: &Cache, range: Range<u64>, bytes_max: usize) -> Vec<u64> {
        cache.read(&range, bytes_max).iter().map(|entry| entry.position.index).collect()
    }

    #[test]
    fn reads_are_bounded_in_bytes_but_give_one_entry() {
        let cache = filled();
        assert_eq!(indexes(&cache, 12..15, 10_000), [12, 13, 14]);
        assert_eq!(indexes(&cache, 12..19, 250), [12, 13]);
        assert_eq!(indexes(&cache, 12..19, 0), [12]);
        assert_eq!(indexes(&cache, 18..100, 10_000), [18, 19]);
        assert_eq!(indexes(&cache, 20..100, 10_000), [0; 0]);
    }

    #[test]
    fn only_durable_entries_make_room() {
        let mut cache = filled();
        cache.evict(12);
        assert_eq!(cache.first(), Some(13));
        cache.evict(19);
        assert_eq!(cache.first(), Some(15));
    }

    #[test]
    fn both_ends_can_be_cut() {
        let mut cache = filled();
        cache.truncate_from(18);
        cache.purge_to(11);
        assert_eq!(indexes(&cache, 0..100, 10_000), [12, 13, 14, 15, 16, 17]);
        assert_eq!(cache.bytes, 600);
        cache.purge_to(100);
        assert_eq!((cache.first(), cache.bytes), (None, 0));
    }
}
