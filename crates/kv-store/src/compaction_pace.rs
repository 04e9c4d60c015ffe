//! How fast a compaction deletes: slowly while somebody writes, faster when the next compaction is waiting already or the store
//! becomes large.

use std::time::Duration;

/// How long a slice should take at most: what arrives meanwhile waits for the processor and the disk.
const SLICE: Duration = Duration::from_millis(5);
/// The fewest changes a slice looks at, however long that takes.
const ROWS_MIN: usize = 64;
/// How many times longer than a slice the rest after it is while there are writes…
const REST: u32 = 9;
/// … and while there are none, deletion cannot keep up with compactions, or the store is large.
const SHORT_REST: u32 = 1;

/// The pace of one compaction after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CompactionPace {
    rows_max: usize,
    rest_min: Duration,
    hurry_bytes: u64,
    rows: usize,
}

impl CompactionPace {
    /// Begins with slices of a size from which they settle where they take [`SLICE`], with `rows_max` changes at most, and
    /// a rest of `rest_min` at least between them. A store of more than `hurry_bytes` is large.
    pub(crate) fn new(rows_max: usize, rest_min: Duration, hurry_bytes: u64) -> Self {
        Self { rows_max, rest_min, hurry_bytes, rows: ROWS_MIN.min(rows_max) }
    }

    /// Returns how many changes the next slice is to look at.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Says whether a store of that size may soon need what is to be deleted.
    pub(crate) fn is_large(&self, bytes: u64) -> bool {
        bytes > self.hurry_bytes
    }

    /// Takes note of how long a slice took, and returns how long to rest after it.
    pub(crate) fn rest_after(&mut self, took: Duration, hurry: bool) -> Duration {
        if took > SLICE {
            self.rows = (self.rows / 2).max(ROWS_MIN);
        } else if took < SLICE / 2 {
            self.rows *= 2;
        }
        self.rows = self.rows.min(self.rows_max);
        self.rest_min.max(took * if hurry { SHORT_REST } else { REST })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    #[test]
    fn slices_settle_where_they_take_their_time() {
        let mut pace = CompactionPace::new(1000, 10 * MILLISECOND, 500);
        // 20 µs a change.
        for _ in 0..20 {
            pace.rest_after(pace.rows() as u32 * MILLISECOND / 50, false);
        }
        assert!((125..=250).contains(&pace.rows()), "{}", pace.rows());
        for _ in 0..20 {
            pace.rest_after(Duration::ZERO, false);
        }
        assert_eq!(pace.rows(), 1000);
        for _ in 0..20 {
            pace.rest_after(100 * MILLISECOND, false);
        }
        assert_eq!(pace.rows(), ROWS_MIN);
        assert_eq!(CompactionPace::new(10, MILLISECOND, 500).rows(), 10);
    }

    #[test]
    fn a_tenth_of_the_time_is_for_deleting_and_half_in_a_hurry() {
        let mut pace = CompactionPace::new(1000, 10 * MILLISECOND, 500);
        assert_eq!(pace.rest_after(4 * MILLISECOND, false), 36 * MILLISECOND);
        assert_eq!(pace.rest_after(40 * MILLISECOND, true), 40 * MILLISECOND);
        assert_eq!(pace.rest_after(MILLISECOND, false), 10 * MILLISECOND);
        assert_eq!([500, 501].map(|bytes| pace.is_large(bytes)), [false, true]);
    }
}
