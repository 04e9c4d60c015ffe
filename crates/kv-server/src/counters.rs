//! Numbers that many threads count at once, each by relaxed additions.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn inc(&self) {
        self.add(1);
    }

    pub(crate) fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A number that goes up and down.
#[derive(Debug, Default)]
pub(crate) struct Gauge(AtomicI64);

impl Gauge {
    pub(crate) fn add(&self, amount: i64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    pub(crate) fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The upper bounds of a histogram's buckets, in seconds.
#[derive(Debug)]
enum Bounds {
    /// Each is twice the one before, from here on.
    Doubling(f64),
    These(&'static [f64]),
}

impl Bounds {
    fn get(&self, bucket: usize) -> f64 {
        match self {
            Self::Doubling(start) => start * f64::from(1u32 << bucket),
            Self::These(bounds) => bounds[bucket],
        }
    }
}

/// Counts durations by size.
#[derive(Debug)]
pub(crate) struct Histogram {
    bounds: Bounds,
    /// The last one has no bound.
    buckets: Box<[AtomicU64]>,
    /// The bits of a floating-point number.
    sum_seconds: AtomicU64,
}

impl Histogram {
    /// Makes a histogram of `count` buckets, each twice the one before, and one for everything above.
    pub(crate) fn doubling(start: f64, count: usize) -> Self {
        Self::new(Bounds::Doubling(start), count)
    }

    /// Makes a histogram of these buckets, and one for everything above.
    pub(crate) fn with_bounds(bounds: &'static [f64]) -> Self {
        Self::new(Bounds::These(bounds), bounds.len())
    }

    fn new(bounds: Bounds, count: usize) -> Self {
        let buckets = (0..=count).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, buckets, sum_seconds: AtomicU64::new(0) }
    }

    pub(crate) fn observe(&self, duration: Duration) {
        self.observe_seconds(duration.as_secs_f64());
    }

    pub(crate) fn observe_seconds(&self, seconds: f64) {
        let last = self.buckets.len() - 1;
        let bucket = (0..last).find(|bucket| seconds <= self.bounds.get(*bucket));
        self.buckets[bucket.unwrap_or(last)].fetch_add(1, Ordering::Relaxed);
        let add = |sum| Some((f64::from_bits(sum) + seconds).to_bits());
        let added = self.sum_seconds.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        added.expect("adding always gives a sum");
    }

    /// Returns the counts per bucket and the sum in seconds.
    pub(crate) fn snapshot(&self) -> (Vec<u64>, f64) {
        let counts = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect();
        (counts, f64::from_bits(self.sum_seconds.load(Ordering::Relaxed)))
    }

    /// Returns the upper bounds of the buckets that have one.
    pub(crate) fn bounds(&self) -> Vec<f64> {
        (0..self.buckets.len() - 1).map(|bucket| self.bounds.get(bucket)).collect()
    }
}
