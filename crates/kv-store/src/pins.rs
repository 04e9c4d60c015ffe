//! Revisions that somebody is reading, which physical deletion waits for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// The revisions that long reads are at.
#[derive(Debug, Default)]
pub(crate) struct Pins {
    readers: Mutex<BTreeMap<i64, usize>>,
    changed: Condvar,
}

/// Keeps what is readable at one revision from being deleted, until it is dropped or the
/// compaction's time limit passes.
#[derive(Debug)]
#[must_use = "a revision is pinned for as long as its pin lives"]
pub struct Pin {
    pins: Arc<Pins>,
    revision: i64,
}

impl Pin {
    /// Returns the revision that is pinned.
    pub fn revision(&self) -> i64 {
        self.revision
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut readers = self.pins.readers.lock();
        if let Some(count) = readers.get_mut(&self.revision) {
            *count -= 1;
            if *count == 0 {
                readers.remove(&self.revision);
                self.pins.changed.notify_all();
            }
        }
    }
}

impl Pins {
    /// Pins a revision.
    pub(crate) fn pin(self: &Arc<Self>, revision: i64) -> Pin {
        *self.readers.lock().entry(revision).or_default() += 1;
        Pin { pins: Arc::clone(self), revision }
    }

    /// Returns the oldest pinned revision.
    pub(crate) fn oldest(&self) -> Option<i64> {
        self.readers.lock().keys().next().copied()
    }

    /// Waits until nothing below `revision` is pinned; says whether that came true within `limit`.
    pub(crate) fn wait_below(&self, revision: i64, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        let mut readers = self.readers.lock();
        while readers.keys().next().is_some_and(|oldest| *oldest < revision) {
            if self.changed.wait_until(&mut readers, deadline).timed_out() {
                return readers.keys().next().is_none_or(|oldest| *oldest >= revision);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_ends_when_the_last_older_pin_goes() {
        let pins = Arc::new(Pins::default());
        let (old, twin, new) = (pins.pin(3), pins.pin(3), pins.pin(8));
        assert_eq!(pins.oldest(), Some(3));
        assert!(pins.wait_below(3, Duration::ZERO));
        assert!(!pins.wait_below(4, Duration::ZERO));
        drop(old);
        assert!(!pins.wait_below(4, Duration::ZERO));
        let waiter = std::thread::spawn({
            let pins = Arc::clone(&pins);
            move || pins.wait_below(8, Duration::from_secs(60))
        });
        drop(twin);
        assert!(waiter.join().expect("the waiter ends"));
        assert_eq!(new.revision(), 8);
    }
}
