//! The multi-version index of keys, held in memory: what is live at any revision, without a look at the disk.
//!
//! For each key it keeps the newest version, and the older ones until they are compacted. A key that is
//! put at revisions 2 and 3, deleted at 5, and put again at 7 has
//!
//! ```text
//! modified   2.0   3.0   5.0         7.0
//! version    1     2     tombstone   1
//! created    2     2                 7
//! ```
//!
//! and is live at revisions 2, 3, 4 and from 7 on. Each life from a creation to a tombstone is a
//! generation. Compaction at revision R drops what is superseded at or before R:
//!
//! ```text
//! compact 2     nothing: version 1 is still what a reader at 2 sees
//! compact 4     2.0
//! compact 5     2.0 and 3.0; the tombstone stays, because a watcher may start at 5
//! compact 6     2.0, 3.0 and 5.0
//! ```
//!
//! A deleted key goes for good when its tombstone does.
//!
//! The keys are in a B+tree whose inner nodes carry the number of live keys below and the revision of
//! the newest change. Counting adds those numbers up, also for an older revision, where only nodes
//! that changed since are looked into, once.

mod builder;
mod cursor;
mod history;
mod key_block;
mod key_parts;
mod node;
mod node_builder;
mod past_count;
#[cfg(test)]
mod tests;

pub use builder::KeyIndexBuilder;
pub use cursor::LiveKeys;
pub use history::Version;
pub use key_parts::KeyParts;

use history::History;
use node::{Added, Change, Inner, Leaf, Node, Summary};

use crate::{KeyRange, Point};

/// The kept versions of all keys, ordered by key.
///
/// Reading at a revision stays right whatever is written after, as long as nothing above that
/// revision is compacted. So a long read can be made in pieces: take the lock, read some keys, release it, and
/// go on with [`KeyRange::after`] the last of them.
#[derive(Debug)]
pub struct KeyIndex {
    root: Node,
    summary: Summary,
    totals: Totals,
}

/// How much is in the index.
#[derive(Debug, Default)]
struct Totals {
    keys: u64,
    key_bytes: u64,
    versions: u64,
}

/// The result of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The new version.
    pub version: Version,
    /// The newest version before, perhaps a tombstone.
    pub previous: Option<Version>,
}

impl Default for KeyIndex {
    fn default() -> Self {
        Self { root: Node::Leaf(Leaf::default()), summary: Summary::default(), totals: Totals::default() }
    }
}

impl From<(Node, Totals)> for KeyIndex {
    fn from((root, totals): (Node, Totals)) -> Self {
        Self { summary: root.summary(), root, totals }
    }
}

impl KeyIndex {
    /// Returns an index without keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the newest version of `key`, which may be a tombstone.
    pub fn newest(&self, key: &[u8]) -> Option<Version> {
        self.root.find(key).map(History::newest)
    }

    /// Returns the version of `key` that is live at revision `at`.
    pub fn get(&self, key: &[u8], at: i64) -> Option<Version> {
        self.root.find(key)?.at(at)
    }

    /// Returns every kept version of `key`, newest first.
    pub fn versions(&self, key: &[u8]) -> impl Iterator<Item = Version> {
        self.root.find(key).into_iter().flat_map(History::versions)
    }

    /// Returns the live keys of `range` at revision `at`, ascending.
    pub fn range<'a>(&'a self, range: &'a KeyRange, at: i64) -> LiveKeys<'a> {
        LiveKeys::new(&self.root, range, at)
    }

    /// Counts the live keys of `range` at revision `at`.
    ///
    /// The cost is that of a look-up, and for an older revision that of the nodes changed since, the first time.
    pub fn count(&self, range: &KeyRange, at: i64) -> u64 {
        let (start, end) = range.bounds();
        self.root.count(start, end, at)
    }

    /// Writes `key` at the point `at`, in its current generation or a new one.
    ///
    /// # Panics
    /// If the key has a version that is not older than `at`.
    pub fn put(&mut self, key: &[u8], at: Point, lease: i64) -> Written {
        self.add(key, &Change::Write { at, lease })
    }

    /// Deletes `key` at the point `at` and returns the version deleted. Does nothing if the key is not live.
    ///
    /// # Panics
    /// As [`KeyIndex::put`].
    pub fn delete(&mut self, key: &[u8], at: Point) -> Option<Version> {
        let tombstone = Version::tombstone(at);
        let previous = self.root.bury(key, &tombstone)?;
        self.summary.change(Some(&previous), &tombstone);
        self.totals.versions += 1;
        Some(previous)
    }

    /// Adds a version as it was recorded, whether or not the versions before it are still kept.
    ///
    /// # Panics
    /// As [`KeyIndex::put`].
    pub fn restore(&mut self, key: &[u8], version: Version) {
        self.add(key, &Change::Known(version));
    }

    fn add(&mut self, key: &[u8], change: &Change) -> Written {
        let Added { version, previous, split } = self.root.add(key, change);
        if let Some(split) = split {
            let lower = std::mem::replace(&mut self.root, Node::Leaf(Leaf::default()));
            self.root = Node::Inner(Inner::new(lower, split));
        }
        if previous.is_none() {
            self.totals.keys += 1;
            self.totals.key_bytes += key.len() as u64;
        }
        self.totals.versions += 1;
        self.summary.change(previous.as_ref(), &version);
        Written { version, previous }
    }

    /// Drops the versions of `key` that are superseded at or before revision `at`, and the key if none is left.
    ///
    /// The newest version up to `at` stays, but a tombstone only if it was made at `at` itself. Reads
    /// below `at` are wrong afterwards.
    pub fn compact_key(&mut self, key: &[u8], at: i64) {
        let compacted = self.root.compact(key, at);
        self.totals.versions -= compacted.dropped as u64;
        if compacted.gone {
            self.totals.keys -= 1;
            self.totals.key_bytes -= key.len() as u64;
            self.lower_root();
        }
    }

    /// Takes away the levels at the top that have lost their purpose.
    fn lower_root(&mut self) {
        while let Node::Inner(inner) = &mut self.root
            && inner.nodes.len() < 2
        {
            self.root = inner.nodes.pop().unwrap_or_else(|| Node::Leaf(Leaf::default()));
        }
    }

    /// Returns the number of keys, deleted ones included whose tombstone is kept.
    pub fn len(&self) -> u64 {
        self.totals.keys
    }

    /// Says whether there is no key at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of live keys at the newest revision.
    pub fn live_len(&self) -> u64 {
        self.summary.live
    }

    /// Returns the number of versions kept, tombstones included.
    pub fn version_len(&self) -> u64 {
        self.totals.versions
    }

    /// Estimates the memory used, in bytes: within about a third, depending on how much the keys share.
    pub fn memory_bytes(&self) -> u64 {
        // What a key and a version take in memory, and some room, since nodes are not full. Keys share what they begin
        // with, half of it as a guess.
        const KEY: u64 = 52;
        const OLDER_VERSION: u64 = 64;
        let Totals { keys, key_bytes, versions } = self.totals;
        keys * KEY + key_bytes / 2 + (versions - keys) * OLDER_VERSION
    }
}
