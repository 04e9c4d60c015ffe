//! Walking the live keys of a range in order.

use std::ops::Bound;

use super::history::Version;
use super::key_parts::KeyParts;
use super::node::{Inner, Leaf, Node};
use crate::KeyRange;

/// The keys of a range that were live at a revision, ascending, each with its version at that revision.
#[derive(Debug)]
pub struct LiveKeys<'a> {
    /// The path to the current leaf, with the next child to visit of each node.
    path: Vec<(&'a Inner, usize)>,
    leaf: Option<&'a Leaf>,
    /// The entries of the leaf that are left.
    next: usize,
    stop: usize,
    end: Bound<&'a [u8]>,
    at: i64,
}

impl<'a> LiveKeys<'a> {
    pub(super) fn new(root: &'a Node, range: &'a KeyRange, at: i64) -> Self {
        let (start, end) = range.bounds();
        let mut keys = Self { path: Vec::new(), leaf: None, next: 0, stop: 0, end, at };
        let mut node = root;
        loop {
            match node {
                Node::Inner(inner) => {
                    let child = inner.child_of(range.start());
                    keys.path.push((inner, child + 1));
                    node = &inner.nodes[child];
                }
                Node::Leaf(leaf) => {
                    keys.enter(leaf, leaf.keys.first_in(start));
                    return keys;
                }
            }
        }
    }

    fn enter(&mut self, leaf: &'a Leaf, first: usize) {
        self.next = first;
        self.stop = leaf.keys.first_behind(self.end);
        self.leaf = Some(leaf);
    }

    /// Goes to the next leaf in which a live key may be.
    fn next_leaf(&mut self) -> bool {
        while let Some((inner, next)) = self.path.last_mut() {
            let (inner, child) = (*inner, *next);
            if child == inner.nodes.len() {
                self.path.pop();
                continue;
            }
            *next += 1;
            if child > inner.separators.first_behind(self.end) {
                break;
            }
            if inner.summaries[child].is_dead_at(self.at) {
                continue;
            }
            match &inner.nodes[child] {
                Node::Inner(inner) => self.path.push((inner, 0)),
                Node::Leaf(leaf) => {
                    self.enter(leaf, 0);
                    return true;
                }
            }
        }
        self.path.clear();
        self.leaf = None;
        false
    }
}

impl<'a> Iterator for LiveKeys<'a> {
    type Item = (KeyParts<'a>, Version);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let leaf = self.leaf?;
            while self.next < self.stop {
                let index = self.next;
                self.next += 1;
                if let Some(version) = leaf.histories[index].at(self.at) {
                    return Some((leaf.keys.get(index), version));
                }
            }
            if !self.next_leaf() {
                return None;
            }
        }
    }
}
