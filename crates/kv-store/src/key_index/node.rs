//! The nodes of the key index: a B+tree whose inner nodes know how many live keys are below.
//!
//! Invariants:
//! - No node is empty, except a root that is a leaf.
//! - All leaves are at the same depth.
//! - The keys below child `i` are at least separator `i - 1` and less than separator `i`.
//! - A summary's live count is exact. Its newest revision is never too low; it may be too high after a
//!   tombstone was compacted away, which is harmless, since nobody reads below the compact revision.
//! - Small neighbours are joined, so space is bounded by what is kept.

use std::mem;
use std::ops::Bound;

use super::history::{Compacted, History, Version};
use super::key_block::KeyBlock;
#[cfg(test)]
use super::key_parts::KeyParts;
use super::key_parts::shortest_between;
use super::past_count::PastCount;
use crate::Point;

/// More entries than this are cut in two. Few in tests, so that small trees have every shape.
const ENTRIES_MAX: usize = if cfg!(test) { 8 } else { 64 };
/// More bytes of keys than this are cut in two, so that an insertion never moves much.
pub(super) const KEY_BYTES_MAX: usize = if cfg!(test) { 64 } else { 16 * 1024 };
/// A node with fewer entries is joined with a neighbour where both fit…
const ENTRIES_MIN: usize = ENTRIES_MAX / 4;
/// … leaving room for insertions.
const ENTRIES_JOINED_MAX: usize = ENTRIES_MAX * 3 / 4;
/// How many entries move to the new node when keys come in order.
const ENTRIES_CARRIED: usize = ENTRIES_MAX / 8;
/// How many entries a node gets when a whole tree is built, leaving room for insertions.
pub(super) const ENTRIES_BUILT: usize = ENTRIES_MAX - ENTRIES_CARRIED;
/// By how many entries a list grows, so that a node wastes little room.
const ENTRIES_STEP: usize = 8;

#[derive(Debug)]
pub(super) enum Node {
    Leaf(Leaf),
    Inner(Inner),
}

#[derive(Debug, Default)]
pub(super) struct Leaf {
    pub(super) keys: KeyBlock,
    pub(super) histories: Vec<History>,
}

#[derive(Debug)]
pub(super) struct Inner {
    /// One fewer than children.
    pub(super) separators: KeyBlock,
    /// Apart from the nodes, so that adding them up reads little memory.
    pub(super) summaries: Vec<Summary>,
    pub(super) nodes: Vec<Node>,
}

/// What a parent knows about a child. Made anew wherever the child gets keys from another node or gives them away.
#[derive(Debug, Default)]
pub(super) struct Summary {
    /// Keys whose newest version is not a tombstone.
    pub(super) live: u64,
    /// No key below was changed later.
    pub(super) newest_major: i64,
    past: PastCount,
}

impl Summary {
    fn plus(self, live: u64, newest_major: i64) -> Self {
        Self { live: self.live + live, newest_major: self.newest_major.max(newest_major), past: PastCount::default() }
    }

    /// Takes note of a change below.
    pub(super) fn change(&mut self, previous: Option<&Version>, next: &Version) {
        let was = previous.is_some_and(|previous| !previous.is_tombstone());
        self.live = self.live + u64::from(!next.is_tombstone()) - u64::from(was);
        self.newest_major = self.newest_major.max(next.modified.major);
    }

    /// Returns the number of live keys at revision `at`, if nothing has changed since.
    fn live_at(&self, at: i64) -> Option<u64> {
        (self.newest_major <= at).then_some(self.live)
    }

    /// Says whether a reader at revision `at` finds nothing below.
    pub(super) fn is_dead_at(&self, at: i64) -> bool {
        self.live_at(at) == Some(0)
    }
}

/// A version to add to a key.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    /// A write; the key's newest version tells the generation.
    Write { at: Point, lease: i64 },
    /// A version known in full.
    Known(Version),
}

impl Change {
    fn version(&self, previous: Option<Version>) -> Version {
        match *self {
            Self::Write { at, lease } => Version::write(previous, at, lease),
            Self::Known(version) => version,
        }
    }
}

/// The result of adding a version.
#[derive(Debug)]
pub(super) struct Added {
    pub(super) version: Version,
    /// What was the newest version before, perhaps a tombstone.
    pub(super) previous: Option<Version>,
    /// The upper part of the node, if it had to be cut.
    pub(super) split: Option<Split>,
}

/// The upper part of a node that was cut in two.
#[derive(Debug)]
pub(super) struct Split {
    pub(super) separator: Box<[u8]>,
    pub(super) node: Node,
    /// Whether the cut was made for keys that come in order, at the end of the node.
    at_end: bool,
}

impl Node {
    pub(super) fn summary(&self) -> Summary {
        let sum = Summary::default();
        match self {
            Self::Leaf(leaf) => leaf
                .histories
                .iter()
                .fold(sum, |sum, history| sum.plus(u64::from(history.is_live()), history.newest_major())),
            Self::Inner(inner) => {
                inner.summaries.iter().fold(sum, |sum, child| sum.plus(child.live, child.newest_major))
            }
        }
    }

    pub(super) fn find(&self, key: &[u8]) -> Option<&History> {
        let mut node = self;
        loop {
            match node {
                Self::Inner(inner) => node = &inner.nodes[inner.child_of(key)],
                Self::Leaf(leaf) => return leaf.keys.search(key).ok().map(|found| &leaf.histories[found]),
            }
        }
    }

    pub(super) fn add(&mut self, key: &[u8], change: &Change) -> Added {
        match self {
            Self::Leaf(leaf) => leaf.add(key, change),
            Self::Inner(inner) => inner.add(key, change),
        }
    }

    /// Adds a tombstone to a live key and returns the version it ends; does nothing to another.
    pub(super) fn bury(&mut self, key: &[u8], tombstone: &Version) -> Option<Version> {
        match self {
            Self::Leaf(leaf) => {
                let history = &mut leaf.histories[leaf.keys.search(key).ok()?];
                let previous = history.newest();
                if previous.is_tombstone() {
                    return None;
                }
                history.push(tombstone);
                Some(previous)
            }
            Self::Inner(inner) => {
                let child = inner.child_of(key);
                let previous = inner.nodes[child].bury(key, tombstone)?;
                inner.summaries[child].change(Some(&previous), tombstone);
                Some(previous)
            }
        }
    }

    /// Compacts one key, and removes it if nothing is left of it.
    pub(super) fn compact(&mut self, key: &[u8], at: i64) -> Compacted {
        match self {
            Self::Leaf(leaf) => match leaf.keys.search(key) {
                Ok(found) => leaf.compact(found, at),
                Err(_) => Compacted { dropped: 0, gone: false },
            },
            Self::Inner(inner) => {
                let child = inner.child_of(key);
                let compacted = inner.nodes[child].compact(key, at);
                if compacted.dropped > 0 {
                    inner.summaries[child].past.forget();
                }
                if compacted.gone {
                    inner.join_small(child);
                }
                compacted
            }
        }
    }

    /// Counts the live keys at revision `at` from `start` on, up to `end`.
    pub(super) fn count(&self, start: Bound<&[u8]>, end: Bound<&[u8]>, at: i64) -> u64 {
        match self {
            Self::Leaf(leaf) => {
                let (first, stop) = (leaf.keys.first_in(start), leaf.keys.first_behind(end));
                let within = leaf.histories.get(first..stop).unwrap_or_default();
                within.iter().filter(|history| history.is_live_at(at)).count() as u64
            }
            Self::Inner(inner) => inner.count(start, end, at),
        }
    }

    /// Returns the number of entries of a leaf or of children of an inner node.
    pub(super) fn entries(&self) -> usize {
        match self {
            Self::Leaf(leaf) => leaf.histories.len(),
            Self::Inner(inner) => inner.nodes.len(),
        }
    }

    fn key_bytes(&self) -> usize {
        match self {
            Self::Leaf(leaf) => leaf.keys.whole_byte_len(),
            Self::Inner(inner) => inner.separators.whole_byte_len(),
        }
    }

    /// Adds the entries of the next node, which are all behind `separator`.
    fn join(&mut self, separator: &[u8], next: Self) {
        match (self, next) {
            (Self::Leaf(leaf), Self::Leaf(mut next)) => {
                leaf.keys.append(&next.keys);
                leaf.histories.append(&mut next.histories);
            }
            (Self::Inner(inner), Self::Inner(mut next)) => {
                inner.separators.insert(inner.separators.len(), separator);
                inner.separators.append(&next.separators);
                inner.summaries.append(&mut next.summaries);
                inner.nodes.append(&mut next.nodes);
            }
            _ => unreachable!("neighbours are at the same depth"),
        }
    }
}

impl Leaf {
    /// Returns a leaf with room for what it gets when a tree is built.
    pub(super) fn with_room() -> Self {
        Self { keys: KeyBlock::with_room(ENTRIES_BUILT), histories: Vec::with_capacity(ENTRIES_BUILT) }
    }

    fn add(&mut self, key: &[u8], change: &Change) -> Added {
        match self.keys.search(key) {
            Ok(found) => {
                let history = &mut self.histories[found];
                let previous = history.newest();
                let version = change.version(Some(previous));
                history.push(&version);
                Added { version, previous: Some(previous), split: None }
            }
            Err(place) => {
                let version = change.version(None);
                self.keys.insert(place, key);
                insert(&mut self.histories, place, History::new(&version));
                Added { version, previous: None, split: self.split(place) }
            }
        }
    }

    fn split(&mut self, inserted: usize) -> Option<Split> {
        let entries = self.histories.len();
        if entries < 2 || (entries <= ENTRIES_MAX && self.keys.byte_len() <= KEY_BYTES_MAX) {
            return None;
        }
        let at_end = entries > ENTRIES_MAX && inserted + 1 == entries;
        let middle = if at_end {
            entries - ENTRIES_CARRIED
        } else if entries > ENTRIES_MAX {
            entries / 2
        } else {
            self.keys.middle_by_bytes().min(entries - 1)
        };
        let upper = Self { keys: self.keys.split_off(middle), histories: split_off(&mut self.histories, middle) };
        let separator = shortest_between(self.keys.get(middle - 1), upper.keys.get(0));
        Some(Split { separator, node: Node::Leaf(upper), at_end })
    }

    fn compact(&mut self, found: usize, at: i64) -> Compacted {
        let compacted = self.histories[found].compact(at);
        if compacted.gone {
            self.keys.remove(found);
            self.histories.remove(found);
        }
        compacted
    }
}

impl Inner {
    pub(super) fn new(lower: Node, split: Split) -> Self {
        let mut separators = KeyBlock::default();
        separators.insert(0, &split.separator);
        let summaries = vec![lower.summary(), split.node.summary()];
        Self { separators, summaries, nodes: vec![lower, split.node] }
    }

    pub(super) fn child_of(&self, key: &[u8]) -> usize {
        self.separators.count_to(key)
    }

    fn add(&mut self, key: &[u8], change: &Change) -> Added {
        let child = self.child_of(key);
        let mut added = self.nodes[child].add(key, change);
        match added.split.take() {
            None => self.summaries[child].change(added.previous.as_ref(), &added.version),
            Some(split) => {
                self.summaries[child] = self.nodes[child].summary();
                self.separators.insert(child, &split.separator);
                insert(&mut self.summaries, child + 1, split.node.summary());
                insert(&mut self.nodes, child + 1, split.node);
                added.split = self.split(split.at_end && child + 2 == self.nodes.len());
            }
        }
        added
    }

    fn split(&mut self, at_end: bool) -> Option<Split> {
        let children = self.nodes.len();
        if children <= ENTRIES_MAX {
            return None;
        }
        let middle = if at_end { children - ENTRIES_CARRIED } else { children / 2 };
        let upper = Self {
            separators: self.separators.split_off(middle),
            summaries: split_off(&mut self.summaries, middle),
            nodes: split_off(&mut self.nodes, middle),
        };
        let separator = self.separators.get(middle - 1).to_vec().into();
        self.separators.remove(middle - 1);
        Some(Split { separator, node: Node::Inner(upper), at_end })
    }

    /// Restores the invariants after `child` has lost an entry: takes it out if it is empty, joins it
    /// with a neighbour if both are small.
    fn join_small(&mut self, child: usize) {
        let entries = self.nodes[child].entries();
        if entries == 0 {
            // The neighbour below takes over the key space, for the first child the one above.
            self.nodes.remove(child);
            self.summaries.remove(child);
            if self.separators.len() > 0 {
                self.separators.remove(child.saturating_sub(1));
            }
        } else if entries < ENTRIES_MIN {
            let candidates = [child, child.wrapping_sub(1)];
            if let Some(lower) = candidates.into_iter().find(|lower| self.fit_together(*lower)) {
                let upper = self.nodes.remove(lower + 1);
                let summary = self.summaries.remove(lower + 1);
                self.nodes[lower].join(&self.separators.get(lower).to_vec(), upper);
                self.separators.remove(lower);
                self.summaries[lower] = mem::take(&mut self.summaries[lower]).plus(summary.live, summary.newest_major);
            }
        }
    }

    /// Says whether the children `lower` and `lower + 1` exist and may become one.
    fn fit_together(&self, lower: usize) -> bool {
        let (Some(left), Some(right)) = (self.nodes.get(lower), self.nodes.get(lower.wrapping_add(1))) else {
            return false;
        };
        left.entries() + right.entries() <= ENTRIES_JOINED_MAX && left.key_bytes() + right.key_bytes() <= KEY_BYTES_MAX
    }

    fn count(&self, start: Bound<&[u8]>, end: Bound<&[u8]>, at: i64) -> u64 {
        let first = match start {
            Bound::Included(start) | Bound::Excluded(start) => self.child_of(start),
            Bound::Unbounded => 0,
        };
        let last = match end {
            Bound::Included(end) | Bound::Excluded(end) => self.child_of(end),
            Bound::Unbounded => self.nodes.len() - 1,
        };
        let mut count = 0;
        for child in first..=last {
            let start = if child == first { start } else { Bound::Unbounded };
            let end = if child == last { end } else { Bound::Unbounded };
            let whole = matches!((start, end), (Bound::Unbounded, Bound::Unbounded));
            let summary = &self.summaries[child];
            let known = summary.live_at(at).filter(|live| whole || *live == 0);
            let known = known.or_else(|| if whole { summary.past.get(at) } else { None });
            count += known.unwrap_or_else(|| {
                let counted = self.nodes[child].count(start, end, at);
                if whole {
                    summary.past.set(at, counted);
                }
                counted
            });
        }
        count
    }
}

/// Inserts with little room to spare.
pub(super) fn insert<T>(list: &mut Vec<T>, index: usize, item: T) {
    if list.len() == list.capacity() {
        list.reserve_exact(ENTRIES_STEP);
    }
    list.insert(index, item);
}

fn split_off<T>(list: &mut Vec<T>, index: usize) -> Vec<T> {
    let upper = list.split_off(index);
    list.shrink_to_fit();
    upper
}

#[cfg(test)]
impl Node {
    /// Checks the invariants of the tree below a root and returns its depth and number of leaves.
    pub(super) fn check(&self) -> (usize, usize) {
        if let Self::Leaf(leaf) = self
            && leaf.histories.is_empty()
        {
            return (1, 1);
        }
        self.check_between(None, None)
    }

    fn check_between(&self, lower: Option<KeyParts<'_>>, upper: Option<KeyParts<'_>>) -> (usize, usize) {
        let keys = match self {
            Self::Leaf(leaf) => &leaf.keys,
            Self::Inner(inner) => &inner.separators,
        };
        let listed: Vec<_> = (0..keys.len()).map(|index| keys.get(index)).collect();
        assert!(listed.is_sorted_by(|left, right| left < right), "keys ascend: {listed:?}");
        assert!(listed.iter().all(|key| lower.is_none_or(|lower| lower <= *key)), "{listed:?} begins at {lower:?}");
        assert!(listed.iter().all(|key| upper.is_none_or(|upper| *key < upper)), "{listed:?} ends before {upper:?}");
        assert!((1..=ENTRIES_MAX).contains(&self.entries()), "{} entries", self.entries());
        match self {
            Self::Leaf(leaf) => {
                assert_eq!(listed.len(), leaf.histories.len());
                (1, 1)
            }
            Self::Inner(inner) => {
                assert_eq!(listed.len() + 1, inner.nodes.len());
                assert_eq!(listed.len() + 1, inner.summaries.len());
                let bound = |index: usize| listed.get(index).copied();
                let mut shape = None;
                let mut leaves = 0;
                for (child, node) in inner.nodes.iter().enumerate() {
                    let lower = child.checked_sub(1).map_or(lower, bound);
                    let (depth, below) = node.check_between(lower, bound(child).or(upper));
                    assert_eq!(*shape.get_or_insert(depth), depth, "leaves are at one depth");
                    leaves += below;
                    let (known, exact) = (&inner.summaries[child], node.summary());
                    assert_eq!(known.live, exact.live);
                    assert!(known.newest_major >= exact.newest_major, "{known:?} covers {exact:?}");
                }
                (shape.expect("a child") + 1, leaves)
            }
        }
    }
}
