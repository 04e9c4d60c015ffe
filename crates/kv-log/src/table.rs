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
    /// Adds a batch whose first entry follows the newest entry, or replaces entries from there on.
    pub(crate) fn push(&mut self, line: Line) {
        self.truncate_from(line.first);
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
