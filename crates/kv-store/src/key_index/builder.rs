//! Building the index from the records of a store, when it is opened.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::mem;

use super::node_builder::NodeBuilder;
use super::{KeyIndex, Version};
use crate::Point;

/// How many versions are sorted at a time: with their keys they fit the processor's cache.
const RUN: usize = if cfg!(test) { 16 } else { 1 << 16 };
/// How many sorted runs are merged at a time; together about 200 MB with keys of common size.
const RUNS: usize = if cfg!(test) { 4 } else { 32 };

/// Collects versions in revision order, as a store keeps them, and makes the index of them.
///
/// Adding the versions to the index one by one would jump about in it, and wait for memory at each step. They are
/// sorted by key in small runs, which are merged, so that everything is read and written in order.
#[derive(Debug, Default)]
pub struct KeyIndexBuilder {
    index: KeyIndex,
    runs: Vec<Run>,
    unsorted: Run,
}

/// Versions and their keys, side by side.
#[derive(Debug, Default)]
struct Run {
    keys: Vec<u8>,
    /// Each with the end of its key.
    versions: Vec<(usize, Version)>,
}

impl KeyIndexBuilder {
    /// Begins with an empty index.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a version of a key.
    ///
    /// # Panics
    /// Here or in [`KeyIndexBuilder::finish`], if a key has two versions of the same point.
    pub fn add(&mut self, key: &[u8], version: Version) {
        self.unsorted.push(key, version);
        if self.unsorted.versions.len() == RUN {
            self.runs.push(mem::take(&mut self.unsorted).sorted());
            if self.runs.len() == RUNS {
                self.merge();
            }
        }
    }

    /// Returns the index of all versions added.
    pub fn finish(mut self) -> KeyIndex {
        self.runs.push(mem::take(&mut self.unsorted).sorted());
        self.merge();
        self.index
    }

    /// Moves the runs into the index.
    fn merge(&mut self) {
        let runs = mem::take(&mut self.runs);
        let merged = Merge::new(&runs);
        if self.index.is_empty() {
            let mut builder = NodeBuilder::default();
            for (key, version) in merged {
                builder.push(key, &version);
            }
            self.index = builder.finish().into();
        } else {
            for (key, version) in merged {
                self.index.restore(key, version);
            }
        }
    }
}

impl Run {
    fn push(&mut self, key: &[u8], version: Version) {
        self.keys.extend_from_slice(key);
        self.versions.push((self.keys.len(), version));
    }

    fn get(&self, index: usize) -> Option<(&[u8], Version)> {
        let (end, version) = *self.versions.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.versions[before].0);
        Some((&self.keys[start..end], version))
    }

    fn iter(&self) -> impl Iterator<Item = (&[u8], Version)> {
        (0..self.versions.len()).map_while(|index| self.get(index))
    }

    fn sorted(self) -> Self {
        let first = self.get(0).map_or(&[][..], |(key, _)| key);
        let common = self.iter().fold(first.len(), |common, (key, _)| {
            first[..common].iter().zip(key).take_while(|(left, right)| left == right).count()
        });
        // Comparing a number that is at hand settles most pairs without a look at the keys.
        let mut order: Vec<_> = self.iter().map(|(key, version)| (head(&key[common..]), key, version)).collect();
        order.sort_unstable_by_key(|(head, key, version)| (*head, *key, version.modified));
        let mut sorted =
            Self { keys: Vec::with_capacity(self.keys.len()), versions: Vec::with_capacity(self.versions.len()) };
        for (_, key, version) in order {
            sorted.push(key, version);
        }
        sorted
    }
}

/// Returns the first bytes of `rest` as a number that sorts as they do.
fn head(rest: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    let length = rest.len().min(16);
    bytes[..length].copy_from_slice(&rest[..length]);
    u128::from_be_bytes(bytes)
}

/// The versions of several sorted runs, in the order of keys and of changes.
struct Merge<'a> {
    runs: &'a [Run],
    next: BinaryHeap<Reverse<Next<'a>>>,
}

/// The next version of a run; the fields that decide the order come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Next<'a> {
    key: &'a [u8],
    at: Point,
    run: usize,
    index: usize,
}

impl<'a> Merge<'a> {
    fn new(runs: &'a [Run]) -> Self {
        let mut merge = Self { runs, next: BinaryHeap::with_capacity(runs.len()) };
        let first: Vec<_> = (0..runs.len()).filter_map(|run| merge.look(run, 0)).map(Reverse).collect();
        merge.next.extend(first);
        merge
    }

    fn look(&self, run: usize, index: usize) -> Option<Next<'a>> {
        let (key, version) = self.runs[run].get(index)?;
        Some(Next { key, at: version.modified, run, index })
    }
}

impl<'a> Iterator for Merge<'a> {
    type Item = (&'a [u8], Version);

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse(Next { run, index, .. }) = *self.next.peek()?;
        let after = self.look(run, index + 1);
        let mut top = self.next.peek_mut()?;
        match after {
            Some(after) => *top = Reverse(after),
            None => drop(PeekMut::pop(top)),
        }
        self.runs[run].get(index)
    }
}
