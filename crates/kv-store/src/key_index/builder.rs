//! Building the index from the records of a store, when it is opened.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::mem;

use super::history::Packed;
use super::key_parts::{KeyParts, common_prefix};
use super::node_builder::NodeBuilder;
use super::{KeyIndex, Version};
use crate::Point;

/// How many versions are sorted at a time: with their keys they fit the processor's cache.
const RUN: usize = if cfg!(test) { 16 } else { 1 << 16 };
/// How many bytes of keys are sorted at a time.
const RUN_BYTES: usize = 1 << 26;
/// How many sorted runs are merged at a time; together about 100 MB with keys of common size.
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
    /// What all keys begin with; empty until the run is sorted.
    common: Vec<u8>,
    /// The rest of each key.
    rests: Vec<u8>,
    /// Each with the end of the rest of its key as its mark.
    versions: Vec<Packed>,
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
        self.unsorted.push(key, &version);
        if self.unsorted.versions.len() == RUN || self.unsorted.rests.len() > RUN_BYTES {
            self.runs.push(self.unsorted.sorted());
            self.unsorted.clear();
            if self.runs.len() == RUNS {
                self.merge();
            }
        }
    }

    /// Returns the index of all versions added.
    pub fn finish(mut self) -> KeyIndex {
        self.runs.push(self.unsorted.sorted());
        self.unsorted = Run::default();
        self.merge();
        self.index
    }

    /// Moves the runs into the index.
    fn merge(&mut self) {
        let runs = mem::take(&mut self.runs);
        let merged = Merge::new(&runs);
        let mut key = Vec::new();
        if self.index.is_empty() {
            let mut builder = NodeBuilder::default();
            for (parts, version) in merged {
                parts.copy_to(&mut key);
                builder.push(&key, &version);
            }
            self.index = builder.finish().into();
        } else {
            for (parts, version) in merged {
                parts.copy_to(&mut key);
                self.index.restore(&key, version);
            }
        }
    }
}

impl Run {
    fn push(&mut self, rest: &[u8], version: &Version) {
        self.rests.extend_from_slice(rest);
        let end = u32::try_from(self.rests.len()).expect("a run has few bytes, and a key is shorter than 2 GiB");
        self.versions.push(Packed::new(version, end));
    }

    fn clear(&mut self) {
        self.rests.clear();
        self.versions.clear();
    }

    fn get(&self, index: usize) -> Option<(&[u8], &Packed)> {
        let version = self.versions.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.versions[before].mark());
        Some((&self.rests[start as usize..version.mark() as usize], version))
    }

    fn iter(&self) -> impl Iterator<Item = (&[u8], &Packed)> {
        (0..self.versions.len()).map_while(|index| self.get(index))
    }

    /// Returns the versions in the order of keys and of changes.
    fn sorted(&self) -> Self {
        let first = self.get(0).map_or(&[][..], |(key, _)| key);
        let common = self.iter().fold(first.len(), |common, (key, _)| common_prefix(&first[..common], key));
        // Comparing a number that is at hand settles most pairs without a look at the keys. Those of one key are in
        // the order of changes already.
        let rests = self.iter().map(|(key, _)| &key[common..]);
        let mut order: Vec<_> =
            (0..).zip(rests).map(|(index, rest): (u32, _)| (KeyParts::from(rest).head(), rest, index)).collect();
        order.sort_unstable();
        let mut sorted = Self {
            common: first[..common].to_vec(),
            rests: Vec::with_capacity(self.rests.len() - common * order.len()),
            versions: Vec::with_capacity(order.len()),
        };
        for (_, rest, index) in order {
            sorted.rests.extend_from_slice(rest);
            sorted.versions.push(self.versions[index as usize].marked(sorted.rests.len() as u32));
        }
        sorted
    }
}

/// The versions of several sorted runs, in the order of keys and of changes.
struct Merge<'a> {
    runs: &'a [Run],
    /// How many bytes all keys of all runs begin with alike.
    common: usize,
    next: BinaryHeap<Reverse<Next<'a>>>,
}

/// The next version of a run; the fields that decide the order come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Next<'a> {
    /// The first bytes of the key behind those that all keys begin with, which settle most comparisons.
    head: u64,
    /// What is behind the bytes that all keys begin with.
    key: KeyParts<'a>,
    at: Point,
    run: usize,
    index: usize,
}

impl<'a> Merge<'a> {
    fn new(runs: &'a [Run]) -> Self {
        let starts = runs.iter().filter(|run| !run.versions.is_empty()).map(|run| run.common.as_slice());
        let shortest = starts.reduce(|first, other| &first[..common_prefix(first, other)]);
        let mut merge =
            Self { runs, common: shortest.map_or(0, <[u8]>::len), next: BinaryHeap::with_capacity(runs.len()) };
        let first: Vec<_> = (0..runs.len()).filter_map(|run| merge.look(run, 0)).map(Reverse).collect();
        merge.next.extend(first);
        merge
    }

    fn look(&self, run: usize, index: usize) -> Option<Next<'a>> {
        let (rest, version) = self.runs[run].get(index)?;
        let key = KeyParts::new(&self.runs[run].common[self.common..], rest);
        Some(Next { head: key.head(), key, at: version.unpack().modified, run, index })
    }
}

impl<'a> Iterator for Merge<'a> {
    type Item = (KeyParts<'a>, Version);

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse(Next { run, index, .. }) = *self.next.peek()?;
        let after = self.look(run, index + 1);
        let mut top = self.next.peek_mut()?;
        match after {
            Some(after) => *top = Reverse(after),
            None => drop(PeekMut::pop(top)),
        }
        let run = &self.runs[run];
        run.get(index).map(|(rest, version)| (KeyParts::new(&run.common, rest), version.unpack()))
    }
}
