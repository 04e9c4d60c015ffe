//! Finds the ranges that contain a key, among many.
//!
//! An AVL tree ordered by range, in which each node knows where the last of the ranges below ends. A
//! subtree that ends before the key, and what begins behind it, is not looked into.

use std::cmp::Ordering;
use std::mem;

use bytes::Bytes;

/// A set of distinct ranges, each with a number.
#[derive(Debug, Default)]
pub(super) struct Intervals {
    root: Tree,
}

/// The keys from `start` on, and before `end`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Interval {
    pub(super) start: Bytes,
    pub(super) end: End,
}

/// Where a range ends. The order of the variants is that of the ends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    Before(Bytes),
    Never,
}

impl End {
    fn is_behind(&self, key: &[u8]) -> bool {
        match self {
            Self::Before(end) => key < end,
            Self::Never => true,
        }
    }
}

type Tree = Option<Box<Node>>;

#[derive(Debug)]
struct Node {
    interval: Interval,
    value: usize,
    /// The greatest end in the subtree.
    last_end: End,
    /// The levels of the subtree; those of the two sides differ by one at most.
    height: u8,
    left: Tree,
    right: Tree,
}

impl Intervals {
    pub(super) fn get(&self, interval: &Interval) -> Option<usize> {
        let mut tree = &self.root;
        while let Some(node) = tree {
            tree = match interval.cmp(&node.interval) {
                Ordering::Less => &node.left,
                Ordering::Equal => return Some(node.value),
                Ordering::Greater => &node.right,
            };
        }
        None
    }

    /// Adds a range that is not there yet.
    pub(super) fn insert(&mut self, interval: Interval, value: usize) {
        insert(&mut self.root, interval, value);
    }

    pub(super) fn remove(&mut self, interval: &Interval) {
        remove(&mut self.root, interval);
    }

    /// Calls `found` with the number of each range that contains `key`.
    pub(super) fn each_containing(&self, key: &[u8], found: &mut impl FnMut(usize)) {
        each_containing(self.root.as_deref(), key, found);
    }
}

fn each_containing(tree: Option<&Node>, key: &[u8], found: &mut impl FnMut(usize)) {
    let mut tree = tree;
    while let Some(node) = tree
        && node.last_end.is_behind(key)
    {
        each_containing(node.left.as_deref(), key, found);
        if key < &*node.interval.start {
            return;
        }
        if node.interval.end.is_behind(key) {
            found(node.value);
        }
        tree = node.right.as_deref();
    }
}

fn insert(tree: &mut Tree, interval: Interval, value: usize) {
    let Some(node) = tree else {
        let last_end = interval.end.clone();
        *tree = Some(Box::new(Node { interval, value, last_end, height: 1, left: None, right: None }));
        return;
    };
    debug_assert_ne!(interval, node.interval, "a range is added once");
    let side = if interval < node.interval { &mut node.left } else { &mut node.right };
    insert(side, interval, value);
    balance(node);
}

fn remove(tree: &mut Tree, interval: &Interval) {
    let Some(node) = tree else { return };
    match interval.cmp(&node.interval) {
        Ordering::Less => remove(&mut node.left, interval),
        Ordering::Greater => remove(&mut node.right, interval),
        Ordering::Equal => {
            let Some(next) = take_first(&mut node.right) else {
                *tree = node.left.take();
                return;
            };
            // The next range takes this one's place.
            (node.interval, node.value) = (next.interval, next.value);
        }
    }
    balance(node);
}

/// Takes the first node out of a subtree.
fn take_first(tree: &mut Tree) -> Tree {
    let node = tree.as_mut()?;
    let first = take_first(&mut node.left);
    if first.is_some() {
        balance(node);
        return first;
    }
    let right = node.right.take();
    mem::replace(tree, right)
}

fn height(tree: &Tree) -> u8 {
    tree.as_ref().map_or(0, |node| node.height)
}

/// Restores height, last end and balance of a node whose subtrees are in order and differ by two at most.
fn balance(node: &mut Box<Node>) {
    if height(&node.left) > height(&node.right) + 1 {
        let left = node.left.as_mut().expect("the higher side");
        if height(&left.left) < height(&left.right) {
            rotate_left(left);
        }
        rotate_right(node);
    } else if height(&node.right) > height(&node.left) + 1 {
        let right = node.right.as_mut().expect("the higher side");
        if height(&right.right) < height(&right.left) {
            rotate_right(right);
        }
        rotate_left(node);
    } else {
        update(node);
    }
}

fn rotate_left(node: &mut Box<Node>) {
    let mut top = node.right.take().expect("a rotation lifts a child");
    node.right = top.left.take();
    update(node);
    mem::swap(node, &mut top);
    node.left = Some(top);
    update(node);
}

fn rotate_right(node: &mut Box<Node>) {
    let mut top = node.left.take().expect("a rotation lifts a child");
    node.left = top.right.take();
    update(node);
    mem::swap(node, &mut top);
    node.right = Some(top);
    update(node);
}

fn update(node: &mut Node) {
    node.height = 1 + height(&node.left).max(height(&node.right));
    let below = [&node.left, &node.right].into_iter().flatten().map(|child| &child.last_end);
    node.last_end = below.fold(&node.interval.end, Ord::max).clone();
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn check_node(tree: &Tree) -> (u8, Option<End>) {
        let Some(node) = tree else { return (0, None) };
        let (left, left_end) = check_node(&node.left);
        let (right, right_end) = check_node(&node.right);
        assert!(left.abs_diff(right) <= 1, "balanced");
        assert_eq!(node.height, 1 + left.max(right));
        let ends = [Some(node.interval.end.clone()), left_end, right_end];
        let last_end = ends.into_iter().flatten().max();
        assert_eq!(last_end.as_ref(), Some(&node.last_end));
        assert!(node.left.as_ref().is_none_or(|left| left.interval < node.interval));
        assert!(node.right.as_ref().is_none_or(|right| right.interval > node.interval));
        (node.height, last_end)
    }

    fn check_found(intervals: &Intervals, model: &BTreeMap<Interval, usize>, key: &[u8]) {
        let mut found = Vec::new();
        intervals.each_containing(key, &mut |value| found.push(value));
        found.sort_unstable();
        let contains = |interval: &Interval| interval.start <= key && interval.end.is_behind(key);
        let mut expected: Vec<_> =
            model.iter().filter(|(interval, _)| contains(interval)).map(|(_, value)| *value).collect();
        expected.sort_unstable();
        assert_eq!(found, expected, "{key:?}");
    }

    fn key() -> impl Strategy<Value = Bytes> {
        prop::collection::vec(0..4u8, 1..4).prop_map(Bytes::from)
    }

    fn interval() -> impl Strategy<Value = Interval> {
        let end = prop_oneof![1 => Just(End::Never), 5 => key().prop_map(End::Before)];
        (key(), end).prop_map(|(start, end)| Interval { start, end })
    }

    proptest! {
        /// Each step adds a range, or removes it if it is there; some of them are empty.
        #[test]
        fn the_tree_finds_what_a_list_would(
            steps in prop::collection::vec((interval(), key()), 1..200),
        ) {
            let (mut intervals, mut model) = (Intervals::default(), BTreeMap::new());
            for (value, (interval, key)) in steps.into_iter().enumerate() {
                assert_eq!(intervals.get(&interval), model.get(&interval).copied());
                if model.remove(&interval).is_some() {
                    intervals.remove(&interval);
                } else {
                    intervals.insert(interval.clone(), value);
                    model.insert(interval, value);
                }
                check_node(&intervals.root);
                check_found(&intervals, &model, &key);
            }
            for interval in model.keys().cloned().collect::<Vec<_>>() {
                check_found(&intervals, &model, &interval.start);
                intervals.remove(&interval);
                model.remove(&interval);
                check_node(&intervals.root);
            }
        }
    }
}
