//! Trimming: free pages go back to the file system, and nothing else does.

use std::sync::atomic::{AtomicBool, Ordering};

use kv_store::{Point, Record, Storage};

use crate::support::{entry, open, put, put_again};

/// Trims all there is, a few holes at a time; returns how many bytes went back.
fn trim(storage: &Storage) -> u64 {
    let (mut from, mut bytes) = (0, 0);
    loop {
        let trimmed = storage.trim(from, 3).unwrap();
        bytes += trimmed.bytes;
        match trimmed.next {
            Some(next) => from = next,
            None => return bytes,
        }
    }
}

/// A write of one of a few keys, with a value of some pages.
fn record(revision: i64) -> Record {
    let previous = (revision > 11).then_some(revision - 10);
    put_again(revision, previous, &format!("key {}", revision % 10), &vec![revision as u8; 20_000])
}

fn check_readable(storage: &Storage, revisions: impl Iterator<Item = i64>) {
    let reader = storage.read().unwrap();
    for revision in revisions {
        assert_eq!(reader.record(Point::new(revision, 0)).unwrap(), Some(record(revision)));
    }
}

fn compact(storage: &Storage, at: i64) {
    while storage.compact_slice(at, 50).unwrap().finished != Some(at) {}
}

#[test]
fn free_pages_go_back_and_the_store_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path()).unwrap();
    for revision in 2..=200 {
        storage.write(&[entry(&[record(revision)])]).unwrap();
    }
    compact(&storage, 200);
    // Pages may be reused only when what freed them is not the last transaction.
    storage.write(&[entry(&[record(201)])]).unwrap();

    let before = storage.sizes().unwrap();
    let bytes = trim(&storage);
    let after = storage.sizes().unwrap();
    assert!(bytes > 3_000_000, "{bytes} bytes went back");
    assert_eq!(after.file_bytes, before.file_bytes);
    assert!(after.allocated_bytes + bytes <= before.allocated_bytes + (64 << 10), "{before:?} {after:?}");
    assert_eq!(trim(&storage), 0, "there is nothing left to give back");

    check_readable(&storage, 191..=201);
    for revision in 202..=400 {
        storage.write(&[entry(&[record(revision)])]).unwrap();
    }
    check_readable(&storage, 191..=400);
    drop(storage);
    check_readable(&open(directory.path()).unwrap(), 191..=400);
}

#[test]
fn what_a_reader_sees_is_not_given_back() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path()).unwrap();
    for revision in 2..=100 {
        storage.write(&[entry(&[record(revision)])]).unwrap();
    }
    let reader = storage.read().unwrap();
    compact(&storage, 100);
    storage.write(&[entry(&[put(101, "later", b"")])]).unwrap();
    trim(&storage);
    for revision in 2..=100 {
        assert_eq!(reader.record(Point::new(revision, 0)).unwrap(), Some(record(revision)));
    }
    drop(reader);
    assert!(trim(&storage) > 1_000_000);
}

/// One thread writes and compacts, one reads what must be there, one trims, all as fast as they can.
#[test]
fn trimming_disturbs_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let storage = open(directory.path()).unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                // A compaction slice excludes it for a moment.
                let _ = storage.trim(0, 2);
            }
        });
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let reader = storage.read().unwrap();
                let newest = reader.meta().unwrap().revision;
                for revision in (newest - 9).max(2)..=newest {
                    assert_eq!(reader.record(Point::new(revision, 0)).unwrap(), Some(record(revision)));
                }
            }
        });
        for revision in 2..=300 {
            storage.write(&[entry(&[record(revision)])]).unwrap();
            if revision % 40 == 0 {
                while storage.compact_slice(revision, 20).is_ok_and(|slice| slice.finished != Some(revision)) {}
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    check_readable(&storage, 291..=300);
}
