//! Compaction keeps exactly what it must, whatever was written and wherever it was interrupted.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use expect_test::expect;
use kv_store::{Effect, EntryEffects, KeyValue, LogPosition, Point, Record, Storage, StorageErrorKind, Table, schema};
use proptest::prelude::*;

use crate::support::{entry, open, put, put_again};

/// Compacts in slices until it is done; returns the keys that were touched.
fn compact(storage: &Storage, at: i64, changes_max: usize) -> BTreeSet<Bytes> {
    let mut keys = BTreeSet::new();
    loop {
        let slice = storage.compact_slice(at, changes_max).unwrap();
        keys.extend(slice.keys.into_iter().map(|(key, _)| key));
        if slice.finished == Some(at) {
            return keys;
        }
    }
}

fn points(storage: &Storage) -> Vec<i64> {
    let reader = storage.read().unwrap();
    reader.heads(Point::new(0, 0), i64::MAX).unwrap().map(|head| head.unwrap().at.major).collect()
}

fn tombstone(revision: i64, previous: i64, key: &'static str) -> Record {
    Record::tombstone(Point::new(revision, 0), Some(Point::new(previous, 0)), Bytes::from_static(key.as_bytes()))
}

#[test]
fn the_newest_of_each_key_is_kept_and_a_tombstone_exactly_there() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path()).unwrap();
    for record in [
        put(2, "a", b""),
        put(3, "b", &[3; 3000]),
        put_again(4, Some(2), "a", b""),
        tombstone(5, 3, "b"),
        put_again(6, Some(4), "a", b""),
    ] {
        storage.write(&[entry(&[record])]).unwrap();
    }
    let keys = compact(&storage, 5, 100);
    assert_eq!(keys, ["a", "b"].map(Bytes::from).into());
    assert_eq!(points(&storage), [4, 5, 6]);
    compact(&storage, 6, 100);
    assert_eq!(points(&storage), [6]);
    assert_eq!(storage.meta().unwrap().compact_finished, 6);
}

#[test]
fn a_compaction_of_what_is_not_written_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path()).unwrap();
    storage.write(&[entry(&[put(2, "a", b"")])]).unwrap();
    let error = storage.compact_slice(3, 10).unwrap_err();
    expect!["compact at revision 3: only revisions up to 2 are written"].assert_eq(&error.to_string());
    assert_eq!(error.kind(), StorageErrorKind::Inconsistent);
}

#[test]
fn a_later_compaction_finishes_the_one_before_it_first() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path()).unwrap();
    for record in [put(2, "a", b""), tombstone(3, 2, "a"), put(4, "b", b""), put(5, "c", b"")] {
        storage.write(&[entry(&[record])]).unwrap();
    }
    // Looks at 2 and at the tombstone, which stays because it is exactly at 3, and has found nothing else then.
    assert_eq!(storage.compact_slice(3, 2).unwrap().finished, None);
    assert_eq!(storage.compact_slice(5, 2).unwrap().finished, Some(3));
    assert_eq!(points(&storage), [3, 4, 5]);
    compact(&storage, 5, 2);
    assert_eq!(points(&storage), [4, 5]);
}

/// Sixteen keys are written over and over, in windows of 256 changes.
#[test]
fn a_compaction_of_many_windows_goes_on_after_any_restart() {
    let directory = tempfile::tempdir().unwrap();
    let mut storage = open(directory.path()).unwrap();
    let names: Vec<String> = (0..16).map(|name| format!("key {name}")).collect();
    for revision in 2..702 {
        let previous = Some(revision - 16).filter(|previous| *previous >= 2);
        let name = &names[usize::try_from(revision % 16).unwrap()];
        storage.write(&[entry(&[put_again(revision, previous, name, b"")])]).unwrap();
    }
    let mut slices = 0;
    let mut deleted = BTreeSet::new();
    while storage.meta().unwrap().compact_finished != 690 {
        let slice = storage.compact_slice(690, 1).unwrap();
        assert!(slice.deleted.len() <= 1);
        for change in slice.deleted {
            assert!(deleted.insert(change.at), "{:?} is deleted once", change.at);
            assert_eq!(change.superseded_at, change.at.major + 16);
        }
        slices += 1;
        if slices % 301 == 0 {
            drop(storage);
            storage = open(directory.path()).unwrap();
        }
    }
    assert!(slices > 2 * 674, "each change is looked at and deleted by a slice of its own");
    assert_eq!(deleted, (2..675).map(|revision| Point::new(revision, 0)).collect());
    assert_eq!(points(&storage), (675..702).collect::<Vec<_>>());
}

#[test]
fn values_kept_apart_go_with_their_changes() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path()).unwrap();
    let empty = storage.sizes().unwrap().used_bytes;
    let value = vec![1; 1 << 20];
    storage.write(&[entry(&[put(2, "a", &value)]), entry(&[put_again(3, Some(2), "a", b"small")])]).unwrap();
    compact(&storage, 3, 100);
    assert_eq!(points(&storage), [3]);
    assert!(storage.sizes().unwrap().used_bytes < empty + (64 << 10));
}

#[test]
fn times_are_trimmed_but_for_the_one_that_is_needed() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path()).unwrap();
    for revision in 2..20 {
        let mut entry = entry(&[put(revision, "a", b"")]);
        if revision % 3 == 0 {
            let key = Bytes::copy_from_slice(&schema::time_key(revision));
            entry.effects.push(Effect::Put { table: Table::Time, key, value: Bytes::from_static(b"clock") });
        }
        storage.write(&[entry]).unwrap();
    }
    compact(&storage, 14, 2);
    let reader = storage.read().unwrap();
    let left: Vec<_> = reader.rows(Table::Time, b"").unwrap().map(|row| row.unwrap().0.to_vec()).collect();
    assert_eq!(left, [12, 15, 18].map(schema::time_key));
}

/// What happens to a store, for the model.
#[derive(Debug, Clone)]
enum Step {
    /// Writes (true) or deletes (false) these keys in one revision.
    Write(Vec<(u8, bool, usize)>),
    /// Compacts so far back from the newest revision, in slices of this many changes, of which only some are done.
    Compact {
        back: i64,
        changes_max: usize,
        slices_max: usize,
    },
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let change = (0..6u8, prop::bool::weighted(0.7), prop_oneof![Just(3usize), Just(600), Just(5000)]);
    let step = prop_oneof![
        8 => prop::collection::vec(change, 1..4).prop_map(Step::Write),
        2 => (0..8i64, 1..5usize, 1..6usize).prop_map(|(back, changes_max, slices_max)| Step::Compact { back, changes_max, slices_max }),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..40)
}

/// The whole history, and what of it must be left.
#[derive(Default)]
struct Model {
    records: Vec<Record>,
    newest: BTreeMap<u8, Record>,
}

impl Model {
    fn write(&mut self, revision: i64, changes: &[(u8, bool, usize)]) -> Vec<Record> {
        let mut written: Vec<Record> = Vec::new();
        let mut keys = BTreeSet::new();
        for (key, is_put, length) in changes {
            if !keys.insert(*key) {
                continue;
            }
            let (name, at) = (Bytes::from(vec![b'k', *key]), Point::new(revision, written.len() as i64));
            let newest = self.newest.get(key);
            let previous = newest.map(|record| record.at);
            let record = match newest {
                _ if *is_put => {
                    let pair = KeyValue { key: name, mod_revision: revision, ..KeyValue::default() };
                    let pair = KeyValue { value: vec![*key; *length].into(), ..pair };
                    Record::put(at.sub, previous, &pair)
                }
                Some(newest) if !newest.tombstone => Record::tombstone(at, previous, name),
                _ => continue,
            };
            written.push(record);
        }
        for record in &written {
            self.newest.insert(record.key()[1], record.clone());
        }
        self.records.extend(written.clone());
        written
    }

    /// Says what is left after a compaction, from the whole history and nothing else.
    fn left(&self, compacted: i64) -> Vec<Record> {
        let is_left = |record: &Record| {
            let later =
                |other: &Record| other.key() == record.key() && other.at > record.at && other.at.major <= compacted;
            record.at.major > compacted
                || (!self.records.iter().any(later) && (!record.tombstone || record.at.major == compacted))
        };
        self.records.iter().filter(|record| is_left(record)).cloned().collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// Random writes, compactions that are broken off anywhere, and reopenings, against a model that knows the rule only.
    #[test]
    fn what_is_left_is_what_the_rule_says(steps in steps()) {
        let directory = tempfile::tempdir().unwrap();
        let mut storage = open(directory.path()).unwrap();
        let mut model = Model::default();
        let (mut revision, mut target, mut forgotten) = (1, 0, BTreeSet::new());
        let mut index = 0;
        for step in steps {
            match step {
                Step::Write(changes) => {
                    let records = model.write(revision + 1, &changes);
                    if !records.is_empty() {
                        revision += 1;
                        index += 1;
                        let position = LogPosition { term: 1, index };
                        let effects = vec![Effect::Records(records.into())];
                        storage.write(&[EntryEffects { position, revision, effects }]).unwrap();
                    }
                }
                Step::Compact { back, changes_max, slices_max } => {
                    target = target.max(revision - back);
                    for _ in 0..slices_max {
                        let slice = storage.compact_slice(target, changes_max).unwrap();
                        forgotten.extend(slice.keys.into_iter().map(|(key, _)| key));
                    }
                }
                Step::Reopen => {
                    drop(storage);
                    storage = open(directory.path()).unwrap();
                }
            }
            for record in storage.read().unwrap().records(Point::new(0, 0), i64::MAX).unwrap() {
                let record = record.unwrap();
                prop_assert!(model.records.contains(&record));
            }
        }
        if target > 0 {
            forgotten.extend(compact(&storage, target, 3));
        }
        let reader = storage.read().unwrap();
        let left: Vec<_> = reader.records(Point::new(0, 0), i64::MAX).unwrap().map(Result::unwrap).collect();
        prop_assert_eq!(&left, &model.left(target));
        let gone = model.records.iter().filter(|record| !left.contains(record));
        for record in gone {
            prop_assert!(forgotten.contains(record.key()), "the index is told of {:?}", record.at);
        }
    }
}
