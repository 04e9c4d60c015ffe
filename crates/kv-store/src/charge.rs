//! What a quota is compared with: the pages in use, and what will need more of them.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::storage_error::StorageError;

/// The bytes of used pages when they were last counted, and of the effects that no checkpoint had stored then.
#[derive(Debug)]
pub(crate) struct Charge {
    bytes: AtomicU64,
    /// The used pages' part of it.
    used_bytes: Mutex<u64>,
}

impl Charge {
    pub(crate) fn new(used_bytes: u64) -> Self {
        Self { bytes: AtomicU64::new(used_bytes), used_bytes: Mutex::new(used_bytes) }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Adds effects that wait.
    pub(crate) fn add(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts again, after effects of so many bytes became pages. Both go in and out in one step: somebody who saw
    /// them twice would raise an alarm that stays. Where there is no counting they stay as they were added.
    pub(crate) fn settle(&self, stored_bytes: u64, count: impl FnOnce() -> Result<u64, StorageError>) {
        let mut used_bytes = self.used_bytes.lock();
        let before = *used_bytes + stored_bytes;
        let now = count().unwrap_or(before);
        // Wrapping, so that one addition also takes away.
        self.bytes.fetch_add(now.wrapping_sub(before), Ordering::Relaxed);
        *used_bytes = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage_error::StorageErrorKind;

    #[test]
    fn what_is_stored_is_charged_as_pages_from_then_on() {
        let charge = Charge::new(4096);
        charge.add(100);
        charge.add(10);
        assert_eq!(charge.bytes(), 4206);
        charge.settle(100, || Ok(8192));
        assert_eq!(charge.bytes(), 8202);
        charge.settle(0, || Ok(4096));
        assert_eq!(charge.bytes(), 4106);
        charge.settle(10, || Err(StorageError::new(StorageErrorKind::ReadersFull, "begin reading", "")));
        assert_eq!(charge.bytes(), 4106);
    }
}
