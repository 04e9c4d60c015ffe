//! The index against a model that keeps every version in a plain list.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{KeyIndex, KeyIndexBuilder, Version};
use crate::{KeyRange, Point};

/// What the index promises, in the simplest way.
#[derive(Debug, Default)]
struct Model {
    /// Oldest version first.
    keys: BTreeMap<Vec<u8>, Vec<Version>>,
}

impl Model {
    fn put(&mut self, key: &[u8], at: Point, lease: i64) {
        let versions = self.keys.entry(key.to_vec()).or_default();
        let generation = versions.last().filter(|last| !last.is_tombstone());
        let (created, version) = generation.map_or((at.major, 1), |last| (last.created, last.version + 1));
        versions.push(Version { modified: at, created, version, lease });
    }

    fn delete(&mut self, key: &[u8], at: Point) -> bool {
        let live = self.get(key, i64::MAX).is_some();
        if live {
            self.keys.get_mut(key).expect("a live key").push(Version::tombstone(at));
        }
        live
    }

    fn get(&self, key: &[u8], at: i64) -> Option<Version> {
        let newest = self.keys.get(key)?.iter().rfind(|version| version.modified.major <= at)?;
        (!newest.is_tombstone()).then_some(*newest)
    }

    fn range(&self, range: &KeyRange, at: i64) -> Vec<(&[u8], Version)> {
        let keys = self.keys.keys().filter(|key| range.contains(key));
        keys.filter_map(|key| Some((key.as_slice(), self.get(key, at)?))).collect()
    }

    fn compact_key(&mut self, key: &[u8], at: i64) {
        let Some(versions) = self.keys.get_mut(key) else { return };
        let newest = versions.iter().rfind(|version| version.modified.major <= at).copied();
        versions.retain(|version| {
            let superseded = newest.is_some_and(|newest| version.modified < newest.modified);
            let stale = version.is_tombstone() && version.modified.major < at;
            !(superseded || stale && Some(*version) == newest)
        });
        if versions.is_empty() {
            self.keys.remove(key);
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Put(Vec<u8>, i64),
    Delete(Vec<u8>),
    /// All keys of a range, in one revision.
    DeleteRange(KeyRange),
    /// One key, this far between the first and the newest revision.
    CompactKey(Vec<u8>, f64),
    CompactAll(f64),
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        20 => prop::collection::vec(prop::sample::select(&b"\0ab\xff"[..]), 1..5),
        1 => (100..200usize).prop_map(|length| vec![b'a'; length]),
    ]
}

fn range() -> impl Strategy<Value = KeyRange> {
    prop_oneof![
        2 => Just(KeyRange::all()),
        1 => key().prop_map(|key| KeyRange::new(key, "")),
        2 => key().prop_map(|key| KeyRange::new(key, "\0")),
        2 => key().prop_map(|key| KeyRange::prefix(&key)),
        5 => (key(), key()).prop_map(|(start, end)| KeyRange::new(start, end)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        60 => (key(), 0..3i64).prop_map(|(key, lease)| Step::Put(key, lease)),
        20 => key().prop_map(Step::Delete),
        1 => range().prop_map(Step::DeleteRange),
        5 => (key(), 0.0..1.0).prop_map(|(key, far)| Step::CompactKey(key, far)),
        1 => (0.0..1.0).prop_map(Step::CompactAll),
    ]
}

fn check_reads(index: &KeyIndex, model: &Model, range: &KeyRange, at: i64) {
    let expected = model.range(range, at);
    let found = index.range(range, at);
    assert!(found.eq(expected.iter().map(|(key, version)| ((*key).into(), *version))), "{range:?} at {at}");
    assert_eq!(index.count(range, at), expected.len() as u64, "count of {range:?} at {at}");
}

fn check_key(index: &KeyIndex, model: &Model, key: &[u8]) {
    let expected: Vec<_> = model.keys.get(key).into_iter().flatten().rev().copied().collect();
    assert_eq!(index.versions(key).collect::<Vec<_>>(), expected);
    assert_eq!(index.newest(key), expected.first().copied());
    for version in &expected {
        for at in [version.modified.major - 1, version.modified.major] {
            assert_eq!(index.get(key, at), model.get(key, at), "{key:?} at {at}");
        }
    }
}

fn check_totals(index: &KeyIndex, model: &Model) {
    index.root.check();
    assert_eq!(index.len(), model.keys.len() as u64);
    assert_eq!(index.is_empty(), model.keys.is_empty());
    assert_eq!(index.live_len(), model.range(&KeyRange::all(), i64::MAX).len() as u64);
    assert_eq!(index.summary.live, index.root.summary().live);
    assert_eq!(index.version_len(), model.keys.values().map(|versions| versions.len() as u64).sum::<u64>());
    assert_eq!(index.totals.key_bytes, model.keys.keys().map(|key| key.len() as u64).sum::<u64>());
}

fn run(index: &mut KeyIndex, model: &mut Model, step: &Step, revision: &mut i64) {
    let next = Point::new(*revision + 1, 0);
    let far_back = |far: f64| (*revision as f64 * far) as i64;
    match step {
        Step::Put(key, lease) => {
            *revision += 1;
            let previous = index.newest(key);
            model.put(key, next, *lease);
            let written = index.put(key, next, *lease);
            assert_eq!(written.previous, previous);
            assert_eq!(Some(written.version), model.get(key, next.major));
        }
        Step::Delete(key) => {
            let live = model.get(key, i64::MAX);
            assert_eq!(index.delete(key, next), live);
            if model.delete(key, next) {
                *revision += 1;
            }
        }
        Step::DeleteRange(range) => {
            let keys: Vec<_> = index.range(range, *revision).map(|(key, _)| key.to_vec()).collect();
            for (sub, key) in keys.iter().enumerate() {
                let at = Point::new(next.major, sub as i64);
                assert!(model.delete(key, at));
                assert!(index.delete(key, at).is_some());
            }
            *revision += i64::from(!keys.is_empty());
        }
        Step::CompactKey(key, far) => {
            index.compact_key(key, far_back(*far));
            model.compact_key(key, far_back(*far));
        }
        Step::CompactAll(far) => {
            for key in model.keys.keys().cloned().collect::<Vec<_>>() {
                index.compact_key(&key, far_back(*far));
                model.compact_key(&key, far_back(*far));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    /// After each of some hundred random changes the tree is sound and a random read is right; after the
    /// last one so are reads at every revision.
    #[test]
    fn the_index_agrees_with_the_model(
        steps in prop::collection::vec((step(), range(), 0.0..1.1), 1..400),
    ) {
        let (mut index, mut model, mut revision) = (KeyIndex::new(), Model::default(), 1);
        for (step, range, at) in &steps {
            run(&mut index, &mut model, step, &mut revision);
            check_totals(&index, &model);
            check_reads(&index, &model, range, (revision as f64 * at) as i64);
            check_reads(&index, &model, range, revision);
        }
        for (at, (_, range, _)) in (0..=revision).zip(steps.iter().cycle()) {
            check_reads(&index, &model, range, at);
            check_reads(&index, &model, &KeyRange::all(), at);
        }
        for key in model.keys.keys() {
            check_key(&index, &model, key);
        }
    }

    /// The builder is given each version in revision order; the result is the index that wrote them, and goes on as it.
    #[test]
    fn a_built_index_is_the_one_that_was_written(
        steps in prop::collection::vec(step(), 1..400),
        later in prop::collection::vec(step(), 1..50),
    ) {
        let (mut index, mut model, mut revision) = (KeyIndex::new(), Model::default(), 1);
        for step in &steps {
            run(&mut index, &mut model, step, &mut revision);
        }
        let mut records: Vec<_> =
            model.keys.iter().flat_map(|(key, versions)| versions.iter().map(move |version| (key, *version))).collect();
        records.sort_unstable_by_key(|(_, version)| version.modified);
        let mut builder = KeyIndexBuilder::new();
        for (key, version) in records {
            builder.add(key, version);
        }
        let mut built = builder.finish();
        check_totals(&built, &model);
        for key in model.keys.keys() {
            check_key(&built, &model, key);
        }
        for at in [revision / 2, revision] {
            check_reads(&built, &model, &KeyRange::all(), at);
        }
        for step in &later {
            run(&mut built, &mut model, step, &mut revision);
            check_totals(&built, &model);
        }
    }
}

fn numbered(number: u32) -> [u8; 4] {
    number.to_be_bytes()
}

/// Keys that come in order fill the nodes; an index emptied in any order shrinks to one leaf.
#[test]
fn nodes_are_filled_and_joined() {
    const KEYS: u32 = 3000;
    let ascending: Vec<u32> = (0..KEYS).collect();
    let descending: Vec<u32> = (0..KEYS).rev().collect();
    // 1009 is prime and does not divide the number of keys.
    let scattered: Vec<u32> = (0..KEYS).map(|number| number * 1009 % KEYS).collect();
    for (name, order) in [("ascending", ascending), ("descending", descending), ("scattered", scattered)] {
        let mut index = KeyIndex::new();
        for (number, revision) in order.iter().zip(2..) {
            index.put(&numbered(*number), Point::new(revision, 0), 0);
        }
        let (depth, leaves) = index.root.check();
        let most = if name == "ascending" { KEYS / 7 + 1 } else { KEYS / 4 };
        assert!(leaves <= most as usize && depth <= 6, "{name}: {leaves} leaves, depth {depth}");

        let deleted = i64::from(KEYS) + 2;
        for number in 0..KEYS {
            index.delete(&numbered(number), Point::new(deleted, i64::from(number)));
        }
        assert_eq!((index.len(), index.live_len()), (u64::from(KEYS), 0));
        for (number, step) in order.iter().zip(0..) {
            index.compact_key(&numbered(*number), deleted + 1);
            if step == KEYS * 9 / 10 {
                let (_, leaves) = index.root.check();
                assert!(leaves <= KEYS as usize / 10, "{name}: {leaves} leaves for a tenth of the keys");
            }
        }
        assert!(index.is_empty());
        assert_eq!(index.root.check(), (1, 1), "{name}");
    }
}

#[test]
fn a_read_goes_on_where_its_last_piece_ended() {
    let mut index = KeyIndex::new();
    for number in 0..100 {
        index.put(&numbered(number), Point::new(2, i64::from(number)), 0);
    }
    let mut left = KeyRange::new(numbered(10).to_vec(), numbered(90).to_vec());
    let mut seen = Vec::new();
    for revision in 3.. {
        let piece: Vec<_> = index.range(&left, 2).take(7).map(|(key, _)| key.to_vec()).collect();
        let Some(last) = piece.last() else { break };
        left = left.after(last);
        seen.extend(piece);
        // What is written between two pieces is not seen.
        index.delete(&numbered(80), Point::new(revision, 0));
        index.put(b"\0\0\0\x0b\0", Point::new(revision, 1), 0);
    }
    assert_eq!(seen, (10..90).map(|number| numbered(number).to_vec()).collect::<Vec<_>>());
}

#[test]
fn large_keys_do_not_crowd_a_node() {
    let mut index = KeyIndex::new();
    for number in 0..50u32 {
        let mut key = numbered(number * 7 % 50).to_vec();
        key.resize(1000 * (number as usize % 3) + 4, b'x');
        index.put(&key, Point::new(2, i64::from(number)), 0);
    }
    let (_, leaves) = index.root.check();
    assert!(leaves >= 30, "{leaves}");
    assert_eq!(index.range(&KeyRange::all(), 2).count(), 50);
}

#[test]
#[should_panic(expected = "changes of a key come in order")]
fn a_change_out_of_order_is_a_bug() {
    let mut index = KeyIndex::new();
    index.put(b"a", Point::new(3, 0), 0);
    index.put(b"a", Point::new(3, 0), 0);
}
