//! How many keys were live below a node at an old revision, remembered from the last time that somebody counted.
//!
//! Whoever lists a large range page by page at one revision asks with each page how many keys are left. Once something has
//! changed, the live counts in the tree do not tell any more, and each page would look into every node with a change.
//! But the past does not change: a count at a revision before a node's newest change is right for as long as the node
//! has the same keys and versions.

use std::sync::atomic::{AtomicU64, Ordering};

/// How many bits are for the count; the others are for the revision.
const COUNT_BITS: u32 = 24;
const COUNTS: u64 = 1 << COUNT_BITS;
const REVISIONS: u64 = 1 << (u64::BITS - COUNT_BITS);

/// One revision and the count at it, in one word, since readers share it; zero for none. What does not fit is counted
/// again each time.
#[derive(Debug, Default)]
pub(super) struct PastCount(AtomicU64);

impl PastCount {
    /// Returns the count at revision `at`, if that was remembered last.
    pub(super) fn get(&self, at: i64) -> Option<u64> {
        let known = self.0.load(Ordering::Relaxed);
        (known != 0 && known >> COUNT_BITS == at as u64).then_some(known % COUNTS)
    }

    /// Remembers nothing any more.
    pub(super) fn forget(&mut self) {
        *self.0.get_mut() = 0;
    }

    /// Remembers the count at revision `at`, which must be before the newest change.
    pub(super) fn set(&self, at: i64, count: u64) {
        if let Ok(at) = u64::try_from(at)
            && (1..REVISIONS).contains(&at)
            && count < COUNTS
        {
            self.0.store(at << COUNT_BITS | count, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_remembered() {
        let mut past = PastCount::default();
        assert_eq!((past.get(0), past.get(7)), (None, None));
        past.set(7, 0);
        assert_eq!((past.get(7), past.get(8)), (Some(0), None));
        let (last, most) = (REVISIONS as i64 - 1, COUNTS - 1);
        past.set(last, most);
        assert_eq!((past.get(last), past.get(7)), (Some(most), None));
        for (at, count) in [(last + 1, 1), (8, most + 1), (0, 1), (-1, 1), (i64::MAX, 1)] {
            past.set(at, count);
            assert_eq!((past.get(at), past.get(last)), (None, Some(most)), "{at}");
        }
        past.forget();
        assert_eq!(past.get(last), None);
    }
}
