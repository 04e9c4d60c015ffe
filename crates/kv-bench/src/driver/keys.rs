//! Which keys and values clients use, and in which order.

use std::cell::Cell;

use bytes::Bytes;
use clap::{Args, ValueEnum};

use crate::BenchError;

/// What keys and values are if nothing else is said.
const KEY_BYTES: usize = 32;
const VALUE_BYTES: usize = 256;
const PREFIX: &str = "/kv-bench/";

/// The keys of a load. Each is the prefix and a number, filled up with zeros.
#[derive(Debug, Clone, Args)]
pub(crate) struct KeySpace {
    /// Keys that the load is about
    #[arg(long, value_name = "COUNT", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) keys: u64,
    /// Bytes of every key
    #[arg(long, value_name = "BYTES", default_value_t = KEY_BYTES)]
    pub(crate) key_bytes: usize,
    /// Bytes of every value
    #[arg(long, value_name = "BYTES", default_value_t = VALUE_BYTES)]
    pub(crate) value_bytes: usize,
    /// What every key begins with
    #[arg(long, value_name = "PREFIX", default_value = PREFIX)]
    pub(crate) prefix: String,
}

impl KeySpace {
    /// Fails if the keys cannot all be different, or cannot be found by their prefix.
    pub(crate) fn check(&self) -> Result<(), BenchError> {
        let digits = (self.keys - 1).max(1).ilog10() as usize + 1;
        if self.prefix.is_empty() {
            return Err(BenchError::Arguments("the prefix is empty".to_owned()));
        }
        if self.key_bytes < self.prefix.len() + digits {
            let KeySpace { keys, key_bytes, prefix, .. } = self;
            let text = format!("keys of {key_bytes} bytes have no room for `{prefix}` and the number of one in {keys}");
            return Err(BenchError::Arguments(text));
        }
        Ok(())
    }

    /// Returns a key by its number. Keys are ordered as their numbers are.
    pub(crate) fn key(&self, number: u64) -> Bytes {
        format!("{}{number:0width$}", self.prefix, width = self.key_bytes - self.prefix.len()).into()
    }

    /// Returns a value that begins with `stamp`, as far as there is room for it, and does not compress to nothing.
    pub(crate) fn value(&self, stamp: u64) -> Bytes {
        let mut random = Random(stamp);
        let mut bytes = Vec::with_capacity(self.value_bytes + size_of::<u64>());
        bytes.extend_from_slice(&stamp.to_be_bytes());
        while bytes.len() < self.value_bytes {
            bytes.extend_from_slice(&random.next().to_be_bytes());
        }
        bytes.truncate(self.value_bytes);
        bytes.into()
    }

    /// Returns where the keys begin and end.
    pub(crate) fn range(&self) -> (Bytes, Bytes) {
        let mut end = self.prefix.clone().into_bytes();
        // No byte of UTF-8 is the greatest there is.
        if let Some(last) = end.last_mut() {
            *last += 1;
        }
        (self.prefix.clone().into(), end.into())
    }
}

impl KeySpace {
    /// So many keys of 32 bytes, with values of 256.
    pub(crate) fn of(keys: u64) -> KeySpace {
        KeySpace { keys, key_bytes: KEY_BYTES, value_bytes: VALUE_BYTES, prefix: PREFIX.to_owned() }
    }
}

/// Returns a key of [`KeySpace::of`] by its number.
pub(crate) fn key(number: u64) -> Bytes {
    format!("{PREFIX}{number:0width$}", width = KEY_BYTES - PREFIX.len()).into()
}

/// Which keys are asked for how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Distribution {
    /// Each as often as any other
    Uniform,
    /// Few very often and most seldom, wherever they stand (Zipf, exponent 0.99)
    Zipf,
    /// One after the other, over all clients, from the first again after the last
    Sequential,
    /// Writes one after the other; reads mostly what was written last (Zipf, exponent 0.99)
    Latest,
}

/// In which order all keys are written once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Order {
    Sequential,
    Random,
}

/// Chooses keys for all clients of a load.
#[derive(Debug)]
pub(crate) struct Chooser {
    keys: u64,
    distribution: Distribution,
    /// Of the distributions that need one.
    zipf: Option<Zipf>,
    /// The next of those that come one after the other.
    next: Cell<u64>,
}

impl Chooser {
    pub(crate) fn new(keys: u64, distribution: Distribution) -> Chooser {
        let zipf = matches!(distribution, Distribution::Zipf | Distribution::Latest).then(|| Zipf::new(keys));
        Chooser { keys, distribution, zipf, next: Cell::new(0) }
    }

    /// Returns the number of a key to write.
    pub(crate) fn write(&self, random: &mut Random) -> u64 {
        match self.distribution {
            Distribution::Latest => self.follow(),
            _ => self.read(random),
        }
    }

    /// Returns the number of a key to read.
    pub(crate) fn read(&self, random: &mut Random) -> u64 {
        match (self.distribution, &self.zipf) {
            (Distribution::Sequential, _) => self.follow(),
            (Distribution::Zipf, Some(zipf)) => shuffled(zipf.rank(random), self.keys),
            // Before anything was written, the last key counts as the newest.
            (Distribution::Latest, Some(zipf)) => (self.next.get() + 2 * self.keys - 1 - zipf.rank(random)) % self.keys,
            _ => random.below(self.keys),
        }
    }

    fn follow(&self) -> u64 {
        let number = self.next.get();
        self.next.set((number + 1) % self.keys);
        number
    }
}

/// Ranks of which the first is drawn most often (Gray and others, "Quickly generating billion-record synthetic
/// databases", 1994, as YCSB draws them).
#[derive(Debug)]
struct Zipf {
    keys: f64,
    sum: f64,
    eta: f64,
}

impl Zipf {
    const EXPONENT: f64 = 0.99;

    fn new(keys: u64) -> Zipf {
        let part = |rank: u64| (rank as f64).powf(-Self::EXPONENT);
        let sum = (1..=keys).map(part).sum::<f64>();
        let first_two = part(1) + part(2);
        let eta = (1.0 - (2.0 / keys as f64).powf(1.0 - Self::EXPONENT)) / (1.0 - first_two / sum);
        Zipf { keys: keys as f64, sum, eta }
    }

    /// Returns a number from 0 on, and below the number of keys.
    fn rank(&self, random: &mut Random) -> u64 {
        let part = random.part();
        let place = part * self.sum;
        if place < 1.0 || self.keys < 2.0 {
            return 0;
        }
        if place < 1.0 + 0.5_f64.powf(Self::EXPONENT) {
            return 1;
        }
        let rank = self.keys * (self.eta * part - self.eta + 1.0).powf(1.0 / (1.0 - Self::EXPONENT));
        (rank as u64).min(self.keys as u64 - 1)
    }
}

/// A seeded sequence of numbers (SplitMix64): all servers are asked for the same keys.
#[derive(Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// Returns a number from 0 on, and below 1.
    fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// Gives each number below `bound` another place below `bound`: a Feistel network over the next power of four, walked until it
/// is back in range. It needs no memory, however many keys there are.
pub(crate) fn shuffled(number: u64, bound: u64) -> u64 {
    let half_bits = (u64::BITS - (bound - 1).leading_zeros()).div_ceil(2).max(1);
    let mask = (1_u64 << half_bits) - 1;
    let mut place = number;
    loop {
        let (mut left, mut right) = (place >> half_bits, place & mask);
        for round in 1..=4 {
            (left, right) = (right, left ^ (mixed(right + (round << 48)) & mask));
        }
        place = (left << half_bits) | right;
        if place < bound {
            return place;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn space(keys: u64, key_bytes: usize) -> KeySpace {
        KeySpace { key_bytes, ..KeySpace::of(keys) }
    }

    #[test]
    fn keys_have_their_size_and_stand_in_their_range() {
        let space = space(100_000, 32);
        space.check().expect("there is room");
        let (start, end) = space.range();
        assert_eq!(space.key(7), key(7));
        assert!(start < space.key(0) && space.key(0) < space.key(99_999) && space.key(99_999) < end);
        assert_eq!((space.key(7).len(), space.value(7).len()), (32, 256));
        assert_eq!(KeySpace { value_bytes: 3, ..space }.value(7).len(), 3);
    }

    #[test]
    fn keys_without_room_for_their_number_are_refused() {
        space(1000, 13).check().expect("three digits fit");
        let error = space(1001, 13).check().expect_err("four do not");
        assert_eq!(error.to_string(), "keys of 13 bytes have no room for `/kv-bench/` and the number of one in 1001");
    }

    #[test]
    fn every_number_has_a_place_of_its_own() {
        for bound in [1, 2, 3, 64, 1000, 4097] {
            let places: BTreeSet<_> = (0..bound).map(|number| shuffled(number, bound)).collect();
            assert_eq!(places, (0..bound).collect(), "below {bound}");
        }
        assert_ne!((0..1000).map(|number| shuffled(number, 1000)).collect::<Vec<_>>(), (0..1000).collect::<Vec<_>>());
    }

    #[test]
    fn distributions_are_what_they_are_called() {
        let draws = |distribution| {
            let (chooser, mut random) = (Chooser::new(1000, distribution), Random(1));
            let mut drawn = vec![0_u32; 1000];
            for _ in 0..10_000 {
                drawn[chooser.read(&mut random) as usize] += 1;
            }
            drawn
        };
        let busiest = |drawn: &[u32]| drawn.iter().copied().max().unwrap_or(0);
        assert_eq!(draws(Distribution::Sequential), vec![10; 1000]);
        assert!(busiest(&draws(Distribution::Uniform)) < 40);
        // The first of 1000 ranks has one part in 7.5.
        assert!((1000..1700).contains(&busiest(&draws(Distribution::Zipf))));
        assert_eq!(draws(Distribution::Latest)[999], busiest(&draws(Distribution::Latest)));
    }

    #[test]
    fn the_latest_key_is_the_one_that_was_written_last() {
        let (chooser, mut random) = (Chooser::new(1000, Distribution::Latest), Random(1));
        assert_eq!([chooser.write(&mut random), chooser.write(&mut random)], [0, 1]);
        let mut drawn = vec![0_u32; 1000];
        for _ in 0..10_000 {
            drawn[chooser.read(&mut random) as usize] += 1;
        }
        assert_eq!(drawn[1], drawn.iter().copied().max().unwrap_or(0));
        assert_eq!(Chooser::new(1, Distribution::Zipf).read(&mut random), 0);
    }
}
