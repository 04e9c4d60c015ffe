//! Building a whole tree from versions in the order of keys.

use std::mem;

use super::Totals;
use super::history::{History, Version};
use super::key_block::KeyBlock;
use super::key_parts::shortest_between;
use super::node::{ENTRIES_BUILT, Inner, KEY_BYTES_MAX, Leaf, Node, insert};

/// Builds a tree leaf by leaf, and then level by level.
#[derive(Debug, Default)]
pub(super) struct NodeBuilder {
    leaves: Vec<(Box<[u8]>, Node)>,
    /// The last leaf, and what separates it from the one before.
    separator: Box<[u8]>,
    leaf: Leaf,
    totals: Totals,
}

impl NodeBuilder {
    /// Adds a version of the last key, or of one behind it.
    pub(super) fn push(&mut self, key: &[u8], version: &Version) {
        self.totals.versions += 1;
        let last = self.leaf.keys.last();
        if let Some(history) = self.leaf.histories.last_mut()
            && last.is_some_and(|last| last == *key)
        {
            history.push(version);
            return;
        }
        assert!(last.is_none_or(|last| last < key.into()), "keys come in order");
        self.totals.keys += 1;
        self.totals.key_bytes += key.len() as u64;
        let full = self.leaf.histories.len() == ENTRIES_BUILT || self.leaf.keys.byte_len() + key.len() > KEY_BYTES_MAX;
        if let Some(last) = last
            && full
        {
            let separator = mem::replace(&mut self.separator, shortest_between(last, key.into()));
            let mut leaf = mem::replace(&mut self.leaf, Leaf::with_room());
            leaf.keys.shrink();
            self.leaves.push((separator, Node::Leaf(leaf)));
        }
        self.leaf.keys.insert(self.leaf.keys.len(), key);
        insert(&mut self.leaf.histories, self.leaf.keys.len() - 1, History::new(version));
    }

    /// Returns the root.
    pub(super) fn finish(mut self) -> (Node, Totals) {
        self.leaf.keys.shrink();
        let mut level = self.leaves;
        level.push((self.separator, Node::Leaf(self.leaf)));
        while level.len() > 1 {
            let mut nodes = level.into_iter();
            level = Vec::new();
            while let Some((separator, first)) = nodes.next() {
                let mut inner =
                    Inner { separators: KeyBlock::default(), summaries: vec![first.summary()], nodes: vec![first] };
                for (separator, node) in nodes.by_ref().take(ENTRIES_BUILT - 1) {
                    inner.separators.insert(inner.separators.len(), &separator);
                    inner.summaries.push(node.summary());
                    inner.nodes.push(node);
                }
                level.push((separator, Node::Inner(inner)));
            }
        }
        let (_, root) = level.pop().expect("there is always a last leaf");
        (root, self.totals)
    }
}
