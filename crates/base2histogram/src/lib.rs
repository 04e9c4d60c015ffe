//! Stands in for the crate of the same name, with which openraft counts the sizes of its batches.
//!
//! The published crate (0.2.3) computes the tables of all its scales as soon as one histogram is made: 27 MB and 25 ms
//! in every process that starts openraft, several times what an empty server needs otherwise. openraft uses one
//! scale, which needs no table. This crate has what openraft uses of the published one and nothing else; the
//! workspace patches it in, and goes back to the published one when that builds its tables on demand.

use std::fmt;
use std::marker::PhantomData;

/// Bits of a value that are kept; the rest of a large value is rounded away.
const KEPT_BITS: u32 = 3;
/// Buckets between one power of two and the next.
const GROUP: usize = 1 << (KEPT_BITS - 1);
/// Buckets that every `u64` falls into one of.
const BUCKETS: usize = (u64::BITS - KEPT_BITS + 2) as usize * GROUP;

/// Counts of values, exact below 8 and within a quarter above.
///
/// The published crate labels periods with values of type `T`; openraft has no periods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram<T = ()> {
    counts: Vec<u64>,
    label: PhantomData<T>,
}

impl<T> Default for Histogram<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Histogram<T> {
    /// Returns a histogram of no values.
    pub fn new() -> Self {
        Self { counts: vec![0; BUCKETS], label: PhantomData }
    }

    /// Counts a value.
    pub fn record(&mut self, value: u64) {
        self.record_n(value, 1);
    }

    /// Counts a value `count` times.
    pub fn record_n(&mut self, value: u64, count: u64) {
        self.counts[bucket(value)] += count;
    }

    /// Returns how many values were counted.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Returns the least value of the bucket below or in which `share` of the values are; zero if there are none.
    pub fn percentile(&self, share: f64) -> u64 {
        let wanted = (self.total() as f64 * share).ceil().max(1.0) as u64;
        let mut seen = 0;
        let found = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        });
        found.map_or(0, least)
    }

    /// Returns the percentiles that are usually looked at.
    pub fn percentile_stats(&self) -> PercentileStats {
        PercentileStats {
            samples: self.total(),
            p0_1: self.percentile(0.001),
            p1: self.percentile(0.01),
            p5: self.percentile(0.05),
            p10: self.percentile(0.10),
            p50: self.percentile(0.50),
            p90: self.percentile(0.90),
            p99: self.percentile(0.99),
            p99_9: self.percentile(0.999),
        }
    }
}

/// Returns the bucket of a value: its greatest bits, and where they begin.
fn bucket(value: u64) -> usize {
    let dropped = (u64::BITS - value.leading_zeros()).saturating_sub(KEPT_BITS);
    dropped as usize * GROUP + (value >> dropped) as usize
}

/// Returns the least value of a bucket.
fn least(bucket: usize) -> u64 {
    let dropped = (bucket / GROUP).saturating_sub(1);
    ((bucket - dropped * GROUP) as u64) << dropped
}

/// Percentiles of a histogram, and how many values it counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the percentile its name says")]
pub struct PercentileStats {
    pub samples: u64,
    pub p0_1: u64,
    pub p1: u64,
    pub p5: u64,
    pub p10: u64,
    pub p50: u64,
    pub p90: u64,
    pub p99: u64,
    pub p99_9: u64,
}

impl fmt::Display for PercentileStats {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { samples, p1, p10, p50, p90, p99, .. } = self;
        write!(formatter, "{samples} values, p1 {p1}, p10 {p10}, p50 {p50}, p90 {p90}, p99 {p99}")
    }
}

/// Histograms with their names, a line each when printed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AsciiChart(Vec<(String, Histogram)>);

impl AsciiChart {
    /// Returns a chart of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a histogram.
    pub fn add(mut self, name: &str, histogram: Histogram) -> Self {
        self.0.push((name.to_owned(), histogram));
        self
    }
}

impl fmt::Display for AsciiChart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(name, histogram)| writeln!(formatter, "{name}: {}", histogram.percentile_stats()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_in_the_bucket_that_begins_at_or_before_it() {
        let powers = (0..64).map(|power| 1u64 << power);
        for value in (0..5000).chain(powers.flat_map(|power| [power - 1, power, power | power >> 1])).chain([u64::MAX])
        {
            let found = bucket(value);
            assert!(found < BUCKETS, "{value}");
            let least_of_found = least(found);
            assert_eq!(bucket(least_of_found), found, "{value}");
            assert!(least_of_found <= value && value - least_of_found <= value / 4, "{value} is in {least_of_found}");
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
        assert!((0..8).all(|value| least(bucket(value)) == value));
    }

    #[test]
    fn percentiles_come_from_the_counts() {
        let mut histogram = Histogram::<()>::new();
        assert_eq!(histogram.percentile(0.5), 0);
        (1..=6).for_each(|value| histogram.record(value));
        histogram.record(1000);
        let stats = histogram.percentile_stats();
        assert_eq!((stats.samples, stats.p1, stats.p50, stats.p99), (7, 1, 4, 896));
        let chart = AsciiChart::new().add("batch", histogram).to_string();
        assert_eq!(chart, "batch: 7 values, p1 1, p10 1, p50 4, p90 896, p99 896\n");
    }
}
