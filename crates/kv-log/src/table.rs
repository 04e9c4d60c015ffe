//! Where each entry of the log is on disk.
//!
//! One line for each batch with entries, in the order of their indexes. A batch's entries have
//! consecutive indexes; those from the next line's first index on were truncated and do not count.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::segment::Segment;

#[derive(Debug, Default)]
pub(crate) struct Table {
    lines: VecDeque<Line>,
}

/// A batch and its first entry.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) first: u64,
    pub(crate) offset: u64,
    pub(crate) segment: Arc<Segment>,
}

impl Table {
    /// Adds a batch whose first entry follows the newest entry.
    pub(crate) fn push(&mut self, line: Line) {
        debug_assert!(self.lines.back().is_none_or(|last| last.first < line.first), "truncated first");
        self.lines.push_back(line);
    }

    /// Forgets the entries from `index` on.
    pub(crate) fn truncate_from(&mut self, index: u64) {
        while self.lines.back().is_some_and(|line| line.first >= index) {
            self.lines.pop_back();
        }
    }

    /// Forgets the batches that hold only entries up to `index`, as far as the lines tell.
    pub(crate) fn purge_to(&mut self, index: u64) {
        while self.lines.get(1).is_some_and(|next| next.first <= index + 1) {
            self.lines.pop_front();
        }
    }

    /// Returns the index of the oldest entry.
    pub(crate) fn first(&self) -> Option<u64> {
        self.lines.front().map(|line| line.first)
    }

    /// Returns the batch that holds an entry, and the index from which on its entries do not count.
    pub(crate) fn find(&self, index: u64) -> Option<(&Line, u64)> {
        let behind = self.lines.partition_point(|line| line.first <= index);
        let line = self.lines.get(behind.checked_sub(1)?)?;
        Some((line, self.lines.get(behind).map_or(u64::MAX, |next| next.first)))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// Lines that begin at 10, 20 and 30, told apart by their offsets.
    fn table() -> Table {
        let file = tempfile::tempfile().unwrap();
        let segment = Arc::new(Segment { number: 1, salt: 1, bytes: 0, path: PathBuf::new(), file });
        let mut table = Table::default();
        for first in [10, 20, 30] {
            table.push(Line { first, offset: first * 100, segment: Arc::clone(&segment) });
        }
        table
    }

    fn found(table: &Table, index: u64) -> Option<(u64, u64)> {
        table.find(index).map(|(line, end)| (line.offset, end))
    }

    #[test]
    fn an_entry_is_in_the_last_batch_that_begins_before_it() {
        let table = table();
        assert_eq!(found(&table, 9), None);
        assert_eq!(found(&table, 10), Some((1000, 20)));
        assert_eq!(found(&table, 19), Some((1000, 20)));
        assert_eq!(found(&table, 20), Some((2000, 30)));
        assert_eq!(found(&table, 99), Some((3000, u64::MAX)));
    }

    #[test]
    fn a_batch_goes_with_its_first_entry_at_the_end_and_with_its_last_at_the_front() {
        let mut cut = table();
        cut.truncate_from(25);
        assert_eq!(found(&cut, 24), Some((2000, u64::MAX)));
        cut.truncate_from(20);
        assert_eq!(found(&cut, 24), Some((1000, u64::MAX)));
        let mut purged = table();
        purged.purge_to(18);
        assert_eq!(purged.first(), Some(10));
        purged.purge_to(19);
        assert_eq!(purged.first(), Some(20));
        purged.purge_to(99);
        assert_eq!(purged.first(), Some(30));
    }
}
