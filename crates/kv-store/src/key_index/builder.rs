//! Building the index from the records of a store, when it is opened.

use super::{KeyIndex, Version};

/// How many versions are sorted at a time; about 120 MB of keys and versions of common size.
const BATCH: usize = 1 << 20;

/// Collects versions in revision order, as a store keeps them, and makes the index of them.
///
/// Adding the versions to the index one by one would jump about in it. They are sorted by key in
/// batches first, which takes half the time and leaves the tree well filled.
#[derive(Debug, Default)]
pub struct KeyIndexBuilder {
    index: KeyIndex,
    keys: Vec<u8>,
    batch: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    start: usize,
    length: usize,
    version: Version,
}

impl Waiting {
    fn key<'a>(&self, keys: &'a [u8]) -> &'a [u8] {
        &keys[self.start..self.start + self.length]
    }
}

impl KeyIndexBuilder {
    /// Begins with an empty index.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a version of a key.
    ///
    /// # Panics
    /// Here or in [`KeyIndexBuilder::finish`], if the versions of a key do not come in order.
    pub fn add(&mut self, key: &[u8], version: Version) {
        self.batch.push(Waiting { start: self.keys.len(), length: key.len(), version });
        self.keys.extend_from_slice(key);
        if self.batch.len() == BATCH {
            self.flush();
        }
    }

    /// Returns the index of all versions added.
    pub fn finish(mut self) -> KeyIndex {
        self.flush();
        self.index
    }

    fn flush(&mut self) {
        let keys = &self.keys;
        let first = self.batch.first().map_or(&[][..], |waiting| waiting.key(keys));
        let common = self.batch.iter().fold(first.len(), |common, waiting| {
            first[..common].iter().zip(waiting.key(keys)).take_while(|(a, b)| a == b).count()
        });
        // Comparing a number that is at hand settles most pairs without a look at the keys.
        let mut order: Vec<_> =
            self.batch.iter().map(|waiting| (head(&waiting.key(keys)[common..]), waiting)).collect();
        order.sort_unstable_by(|(left_head, left), (right_head, right)| {
            left_head
                .cmp(right_head)
                .then_with(|| left.key(keys).cmp(right.key(keys)))
                .then_with(|| left.version.modified.cmp(&right.version.modified))
        });
        for (_, waiting) in order {
            self.index.restore(waiting.key(keys), waiting.version);
        }
        self.batch.clear();
        self.keys.clear();
    }
}

/// Returns the first bytes of `rest` as a number that sorts as they do.
fn head(rest: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    let length = rest.len().min(16);
    bytes[..length].copy_from_slice(&rest[..length]);
    u128::from_be_bytes(bytes)
}
