//! Reading entries back, from memory or from the files.

use std::io;
use std::ops::Range;

use crate::error::ReadError;
use crate::segment::Found;
use crate::shared::Shared;
use crate::table::Line;
use crate::types::Entry;

/// Reads entries of a log that is being written to.
pub(crate) fn from_log(shared: &Shared, range: Range<u64>, max_bytes: usize) -> Result<Vec<Entry>, ReadError> {
    let mut budget = Budget::new(range, max_bytes);
    let mut truncations = None;
    loop {
        let inner = shared.lock();
        // What was read before entries were removed from the end may be of the removed ones.
        if *truncations.get_or_insert(inner.truncations) != inner.truncations {
            truncations = None;
            budget.restart();
            continue;
        }
        let behind = inner.state.last.map_or(0, |last| last.index + 1);
        let purged = inner.state.purged.map_or(0, |purged| purged.index + 1);
        let cached = inner.cache.first();
        let oldest = inner.table.first().into_iter().chain(cached).min().unwrap_or(behind).max(purged);
        if !budget.wants(oldest, behind) {
            return Ok(budget.found);
        }
        let next = budget.next;
        if cached.is_some_and(|cached| cached <= next) {
            budget.take(inner.cache.read(&(next..budget.end), budget.bytes_left));
            return Ok(budget.found);
        }
        let (line, line_end) = inner.table.find(next).expect("an entry that is not cached is in the files");
        let line = line.clone();
        let end = line_end.min(cached.unwrap_or(u64::MAX)).min(budget.end).min(behind);
        drop(inner);
        match from_line(&line, next..end)? {
            Some(entries) => {
                if !budget.take(entries) {
                    return Ok(budget.found);
                }
            }
            // The segment was recycled since the line was looked up, so the entries are purged.
            None if shared.lock().state.purged.is_some_and(|purged| purged.index >= next) => {}
            None => return Err(line.corrupt("a batch is gone")),
        }
    }
}

/// Reads the entries of a range from their batch. Nothing if the batch's segment is no longer there.
pub(crate) fn from_line(line: &Line, range: Range<u64>) -> Result<Option<Vec<Entry>>, ReadError> {
    let io = |source| ReadError::Io { path: line.segment.path.clone(), source };
    match read_batch(line, range).map_err(io)? {
        Ok(entries) => Ok(Some(entries)),
        Err(_) if !line.segment.is_there().map_err(io)? => Ok(None),
        Err(reason) => Err(line.corrupt(reason)),
    }
}

fn read_batch(line: &Line, range: Range<u64>) -> io::Result<Result<Vec<Entry>, &'static str>> {
    let entries = match line.segment.at(line.offset)? {
        Found::Nothing => Err("a batch is gone"),
        Found::Damaged => Err("a batch is damaged"),
        Found::Batch(batch) => batch.entries(),
    };
    Ok(entries.and_then(|entries| {
        let found: Vec<Entry> = entries.filter(|entry| range.contains(&entry.position.index)).collect();
        let first = found.first().map(|entry| entry.position.index);
        if first == Some(range.start) { Ok(found) } else { Err("a batch lacks an entry") }
    }))
}

impl Line {
    fn corrupt(&self, reason: &'static str) -> ReadError {
        let (segment, path) = (self.segment.number, self.segment.path.clone());
        ReadError::Corrupt { segment, path, offset: self.offset, reason }
    }
}

/// What is still to be read.
struct Budget {
    wanted: Range<u64>,
    bytes_max: usize,
    next: u64,
    end: u64,
    bytes_left: usize,
    found: Vec<Entry>,
}

impl Budget {
    fn new(wanted: Range<u64>, bytes_max: usize) -> Budget {
        Budget { next: wanted.start, end: wanted.end, bytes_left: bytes_max, bytes_max, wanted, found: Vec::new() }
    }

    fn restart(&mut self) {
        *self = Budget::new(self.wanted.clone(), self.bytes_max);
    }

    /// Says whether there is more to read in a log from `oldest` up to before `behind`.
    fn wants(&mut self, oldest: u64, behind: u64) -> bool {
        if self.found.is_empty() {
            self.next = self.next.max(oldest);
        }
        // Entries purged between two steps would leave a gap.
        self.next >= oldest && self.next < self.end.min(behind)
    }

    /// Takes entries as far as they fit. Says whether there is room for more.
    fn take(&mut self, entries: Vec<Entry>) -> bool {
        for entry in entries {
            let cost = entry.cost_bytes();
            if cost > self.bytes_left && !self.found.is_empty() {
                return false;
            }
            self.bytes_left = self.bytes_left.saturating_sub(cost);
            self.next = entry.position.index + 1;
            self.found.push(entry);
        }
        true
    }
}
