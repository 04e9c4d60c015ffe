//! Storage with no room left: nothing is lost, compacting makes room, and writing goes on.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use kv_store::{DirLock, LmdbFile, Point, Record, Storage, StorageError, StorageErrorKind, StorageOptions};

use crate::support::{entry, options, put_again};

const DIRECTORY: &str = "KV_STORE_TEST_FULL_DIRECTORY";

fn record(revision: i64) -> Record {
    let previous = (revision > 11).then_some(revision - 10);
    put_again(revision, previous, &format!("key {}", revision % 10), &vec![revision as u8; 20_000])
}

fn write(storage: &Storage, revision: i64) -> Result<(), StorageError> {
    storage.write(&[entry(&[record(revision)])])
}

fn check(storage: &Storage, first: i64, newest: i64) {
    let reader = storage.read().unwrap();
    assert_eq!(reader.meta().unwrap().revision, newest);
    let records: Vec<_> = reader.records(Point::new(0, 0), i64::MAX).unwrap().map(Result::unwrap).collect();
    assert_eq!(records, (first..=newest).map(record).collect::<Vec<_>>());
}

/// Fills the storage, makes room, fills it again, and reopens it.
fn fill(directory: &Path, options: &StorageOptions, expected: StorageErrorKind) {
    let storage = Storage::open_or_create(Arc::new(DirLock::create(directory).unwrap()), options).unwrap();
    let (mut first, mut next) = (2, 2);
    for _ in 0..3 {
        let error = loop {
            match write(&storage, next) {
                Ok(()) => next += 1,
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), expected, "{error}");
        assert!(next - first > 20, "there was room for {} revisions", next - first);
        assert_eq!(write(&storage, next).unwrap_err().kind(), expected, "trying again is no other error");
        check(&storage, first, next - 1);
        while storage.compact_slice(next - 1, 10).unwrap().finished.is_none() {}
        first = next - 10;
        check(&storage, first, next - 1);
        write(&storage, next).unwrap();
        next += 1;
    }
    drop(storage);
    let current = std::fs::read_to_string(directory.join("CURRENT")).unwrap();
    LmdbFile::open(&directory.join(current.trim_end())).unwrap().check().unwrap();
    check(&Storage::open_read_only(directory, options).unwrap(), first, next - 1);
}

/// As a test of its own it fills a small map; started by the test below, it fills what files may have.
#[test]
fn a_full_map_is_no_reason_to_stop() {
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        fill(Path::new(&directory), &options(), StorageErrorKind::NoSpace);
    } else {
        let directory = tempfile::tempdir().unwrap();
        let options = StorageOptions { map_size_bytes: 2 << 20, ..options() };
        fill(directory.path(), &options, StorageErrorKind::MapFull);
    }
}

/// A limit on the size of files cuts writes short just as a full disk does.
#[test]
fn a_full_disk_is_no_reason_to_stop() {
    let directory = tempfile::tempdir().unwrap();
    let run = "trap '' XFSZ; ulimit -f 5000; exec \"$0\" --exact full::a_full_map_is_no_reason_to_stop";
    let test = std::env::current_exe().unwrap();
    let child = Command::new("sh").args(["-c", run]).arg(test).env(DIRECTORY, directory.path()).output().unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
}
