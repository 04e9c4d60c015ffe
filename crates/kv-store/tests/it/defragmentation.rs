//! Defragmentation: a denser file, the same content, while the store is used and wherever it dies.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use bytes::Bytes;
use kv_store::{Effect, Point, Storage, StorageErrorKind, Table, schema};

use crate::support::{entry, open, options, put, put_again};

fn defragment(storage: &Storage) {
    storage.defragment(|_| ControlFlow::Continue(())).unwrap();
}

/// Everything in a store, to compare.
fn content(storage: &Storage) -> (u32, usize) {
    let reader = storage.read().unwrap();
    let records = reader.records(Point::new(0, 0), i64::MAX).unwrap().map(Result::unwrap).count();
    (reader.hash_all().unwrap(), records)
}

fn file_names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A store of a few hundred changes of which most are compacted away.
fn fragmented(directory: &Path) -> Storage {
    let storage = open(directory).unwrap();
    for revision in 2..400 {
        let previous = (revision > 21).then_some(revision - 20);
        let value = vec![revision as u8; 40 * (revision as usize % 50)];
        let mut entry = entry(&[put_again(revision, previous, &format!("key {}", revision % 20), &value)]);
        let key = Bytes::copy_from_slice(&schema::time_key(revision));
        entry.effects.push(Effect::Put { table: Table::Time, key, value: Bytes::from_static(b"clock") });
        storage.write(&[entry]).unwrap();
    }
    while storage.compact_slice(380, 50).unwrap().finished.is_none() {}
    storage
}

#[test]
fn the_content_stays_and_the_file_shrinks() {
    let directory = tempfile::tempdir().unwrap();
    let storage = fragmented(directory.path());
    let before = (content(&storage), storage.meta().unwrap());
    let reader = storage.read().unwrap();

    let gained = storage.defragment(|_| ControlFlow::Continue(())).unwrap();
    assert!(gained.after_bytes * 2 < gained.before_bytes, "{gained:?}");
    assert_eq!((content(&storage), storage.meta().unwrap()), before);

    let both = ["CURRENT", "LOCK", "store-0000000001.mdb", "store-0000000001.mdb-lock", "store-0000000002.mdb"];
    assert_eq!(file_names(directory.path())[..5], both);
    assert_eq!(reader.meta().unwrap(), before.1, "who began before goes on reading the old file");
    drop(reader);
    let one = ["CURRENT", "LOCK", "store-0000000002.mdb", "store-0000000002.mdb-lock"];
    assert_eq!(file_names(directory.path()), one, "the old file went with its last reader");

    storage.write(&[entry(&[put(400, "later", b"")])]).unwrap();
    let content_now = content(&storage);
    drop(storage);
    assert_eq!(content(&open(directory.path()).unwrap()), content_now);
}

#[test]
fn breaking_off_leaves_everything_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let storage = fragmented(directory.path());
    for revision in 400..800 {
        storage.write(&[entry(&[put(revision, &format!("large {revision}"), &vec![1; 20_000])])]).unwrap();
    }
    let before = content(&storage);
    let error = storage.defragment(|_| ControlFlow::Break(())).unwrap_err();
    assert_eq!(error.kind(), StorageErrorKind::Busy);
    let one = ["CURRENT", "LOCK", "store-0000000001.mdb", "store-0000000001.mdb-lock"];
    assert_eq!(file_names(directory.path()), one);
    assert_eq!(content(&storage), before);
    defragment(&storage);
    assert_eq!(content(&storage), before);
}

#[test]
fn compacting_and_defragmenting_exclude_each_other() {
    let directory = tempfile::tempdir().unwrap();
    let storage = fragmented(directory.path());
    let mut asked = false;
    storage
        .defragment(|_| {
            asked = true;
            assert_eq!(storage.compact_slice(390, 10).unwrap_err().kind(), StorageErrorKind::Busy);
            let again = storage.defragment(|_| ControlFlow::Continue(())).unwrap_err();
            assert_eq!(again.kind(), StorageErrorKind::Busy);
            ControlFlow::Continue(())
        })
        .unwrap();
    assert!(asked);
}

/// One thread writes changes and rewrites, adds and deletes small rows as fast as it can while another defragments
/// again and again; every change and row must be there afterwards, also after reopening.
#[test]
fn writing_goes_on_meanwhile() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path()).unwrap();
    let (stop, written) = (AtomicBool::new(false), AtomicI64::new(1));
    let leases = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut leases: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
            for revision in 2.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let value = vec![revision as u8; revision as usize % 3000];
                let mut entry = entry(&[put(revision, &format!("key {revision}"), &value)]);
                let key = schema::number(revision * 7919 % 101);
                if revision % 3 == 0 {
                    leases.remove(&key[..]);
                    let key = Bytes::copy_from_slice(&key);
                    entry.effects.push(Effect::Delete { table: Table::Lease, key });
                } else {
                    leases.insert(key.to_vec(), schema::number(revision).to_vec());
                    let (key, value) = (Bytes::copy_from_slice(&key), schema::number(revision));
                    let value = Bytes::copy_from_slice(&value);
                    entry.effects.push(Effect::Put { table: Table::Lease, key, value });
                }
                storage.write(&[entry]).unwrap();
                written.store(revision, Ordering::Relaxed);
            }
            leases
        });
        for round in 1..8 {
            while written.load(Ordering::Relaxed) < round * 50 {
                std::thread::yield_now();
            }
            defragment(&storage);
        }
        stop.store(true, Ordering::Relaxed);
        writer.join().unwrap()
    });
    let last = written.load(Ordering::Relaxed);
    let check = |storage: &Storage| {
        let reader = storage.read().unwrap();
        assert_eq!(reader.meta().unwrap().revision, last);
        let revisions: Vec<_> =
            reader.records(Point::new(0, 0), i64::MAX).unwrap().map(|record| record.unwrap().at.major).collect();
        assert_eq!(revisions, (2..=last).collect::<Vec<_>>());
        let rows: BTreeMap<_, _> = reader
            .rows(Table::Lease, b"")
            .unwrap()
            .map(|row| row.map(|(key, value)| (key.to_vec(), value.to_vec())).unwrap())
            .collect();
        assert_eq!(rows, leases);
    };
    check(&storage);
    let content_now = content(&storage);
    drop(storage);
    let storage = open(directory.path()).unwrap();
    check(&storage);
    assert_eq!(content(&storage), content_now);
}

/// Names and contents.
type Files<'a> = &'a [(&'a str, &'a [u8])];

/// Leaves a directory as a crash after each step of the swap would, and opens it.
#[test]
fn a_crash_at_any_step_leaves_a_whole_store() {
    let original = tempfile::tempdir().unwrap();
    let storage = fragmented(original.path());
    let expected = content(&storage);
    let old = fs::read(original.path().join("store-0000000001.mdb")).unwrap();
    let reader = storage.read().unwrap();
    defragment(&storage);
    drop(reader);
    drop(storage);
    let new = fs::read(original.path().join("store-0000000002.mdb")).unwrap();

    let (first, second) = ("store-0000000001.mdb", "store-0000000002.mdb");
    let half = &new[..new.len() / 2];
    let cases: [(&str, Files); 7] = [
        ("while copying", &[("store-0000000002.mdb.tmp", half), ("store-0000000002.mdb.tmp-lock", b"")]),
        ("copied", &[("store-0000000002.mdb.tmp", &new)]),
        ("renamed", &[(second, &new)]),
        ("opened", &[(second, &new), ("store-0000000002.mdb-lock", b"")]),
        ("while writing CURRENT", &[(second, &new), ("CURRENT.tmp", b"store-00")]),
        ("before replacing CURRENT", &[(second, &new), ("CURRENT.tmp", b"store-0000000002.mdb\n")]),
        ("CURRENT replaced", &[(second, &new), ("CURRENT", b"store-0000000002.mdb\n")]),
    ];
    for (step, files) in cases {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(first), &old).unwrap();
        fs::write(directory.path().join("CURRENT"), "store-0000000001.mdb\n").unwrap();
        for (name, bytes) in files {
            fs::write(directory.path().join(name), bytes).unwrap();
        }
        let storage = open(directory.path()).unwrap();
        assert_eq!(content(&storage), expected, "{step}");
        let in_use = if step == "CURRENT replaced" { second } else { first };
        let expected_names = ["CURRENT", "LOCK", in_use, &format!("{in_use}-lock")];
        assert_eq!(file_names(directory.path()), expected_names, "{step}");
        defragment(&storage);
        assert_eq!(content(&storage), expected, "{step}, and then defragmented");
    }
}

#[test]
fn a_received_store_takes_the_place_of_ours() {
    let [ours, theirs] = [(), ()].map(|()| tempfile::tempdir().unwrap());
    let theirs = fragmented(theirs.path());
    let storage = open(ours.path()).unwrap();
    storage.write(&[entry(&[put(2, "ours", b"")])]).unwrap();

    let received = ours.path().join("received");
    let mut file = fs::File::create(&received).unwrap();
    theirs.copy_to(&mut file).unwrap();
    storage.replace_with(&received).unwrap();
    assert_eq!(content(&storage), content(&theirs));
    let one = ["CURRENT", "LOCK", "store-0000000002.mdb", "store-0000000002.mdb-lock"];
    assert_eq!(file_names(ours.path()), one);

    fs::write(&received, "no store").unwrap();
    storage.replace_with(&received).unwrap_err();
    assert_eq!(content(&storage), content(&theirs));
    storage.write(&[entry(&[put(400, "later", b"")])]).unwrap();
    drop(storage);
    assert_eq!(Storage::open_read_only(ours.path(), &options()).unwrap().meta().unwrap().revision, 400);
}
