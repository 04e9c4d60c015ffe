//! Counters of the writer: how long its syncs took and how much it wrote.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// How many buckets the histogram of sync durations has, the one without an upper bound left out.
pub const SYNC_BUCKETS: usize = 14;

/// The upper bounds of the histogram's buckets in seconds: 0.001 · 2ⁿ.
pub const SYNC_BUCKET_SECONDS: [f64; SYNC_BUCKETS] =
    [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192];

/// What the writer has done since the log was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Metrics {
    /// How many batches and headers were written and synced.
    pub syncs: u64,
    /// How long all of them took together.
    pub sync_time: Duration,
    /// How many took at most [`SYNC_BUCKET_SECONDS`], cumulatively; the rest are in `syncs` only.
    pub sync_buckets: [u64; SYNC_BUCKETS],
    /// Bytes of batches and headers, padding included. Zero-filling is not counted.
    pub written_bytes: u64,
}

/// The counters behind [`Metrics`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    syncs: AtomicU64,
    sync_nanoseconds: AtomicU64,
    /// Each counts only what fell between its bound and the one before.
    buckets: [AtomicU64; SYNC_BUCKETS],
    written_bytes: AtomicU64,
}

impl Counters {
    /// Counts one synced write.
    pub(crate) fn wrote(&self, bytes: usize, took: Duration) {
        self.syncs.fetch_add(1, Relaxed);
        self.sync_nanoseconds.fetch_add(took.as_nanos() as u64, Relaxed);
        self.written_bytes.fetch_add(bytes as u64, Relaxed);
        let seconds = took.as_secs_f64();
        if let Some(bucket) = SYNC_BUCKET_SECONDS.iter().position(|bound| seconds <= *bound) {
            self.buckets[bucket].fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn snapshot(&self) -> Metrics {
        let mut below = 0;
        let sync_buckets = std::array::from_fn(|bucket| {
            below += self.buckets[bucket].load(Relaxed);
            below
        });
        Metrics {
            syncs: self.syncs.load(Relaxed),
            sync_time: Duration::from_nanos(self.sync_nanoseconds.load(Relaxed)),
            sync_buckets,
            written_bytes: self.written_bytes.load(Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cumulative_and_slow_syncs_are_in_none() {
        let counters = Counters::default();
        counters.wrote(4096, Duration::from_micros(80));
        counters.wrote(8192, Duration::from_millis(3));
        counters.wrote(4096, Duration::from_secs(60));
        let metrics = counters.snapshot();
        assert_eq!(metrics.syncs, 3);
        assert_eq!(metrics.written_bytes, 16384);
        assert_eq!(metrics.sync_buckets[..4], [1, 1, 2, 2]);
        assert_eq!(metrics.sync_buckets[SYNC_BUCKETS - 1], 2);
        assert_eq!(metrics.sync_time, Duration::from_micros(60_003_080));
    }
}
