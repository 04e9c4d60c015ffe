//! Reading beside a writer, and without one.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use kv_log::{Log, OpenError, Options, ReadError, Reader, SyncMode};

use crate::support::{append_one, at, entry, open_small, purge, small_options};

/// A reader opened again and again while entries are appended, segments recycled and the log closed
/// and opened: each time it finds a part of the log without gaps that ends no earlier than the time before.
#[test]
fn a_reader_beside_a_writer_sees_a_log_that_was() {
    let dir = tempfile::tempdir().unwrap();
    let open = || Log::open(dir.path(), Options { sync: SyncMode::Never, ..small_options(1) }).unwrap();
    append_one(&open(), 1, 0, 0);
    let done = AtomicBool::new(false);
    let mut opened = 0;
    let mut entries_seen = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut log = open();
            for index in 1..6000 {
                if index % 1000 == 0 {
                    drop(log);
                    log = open();
                }
                append_one(&log, 1, index, (index % 7 * 900) as usize);
                if index % 50 == 0 {
                    purge(&log, at(1, index - 40));
                }
            }
            done.store(true, Relaxed);
        });
        let mut newest = 0;
        while !done.load(Relaxed) || opened < 6 {
            let reader = Reader::open(dir.path()).expect("the log is never damaged");
            opened += 1;
            let last = reader.recovery().last.expect("there is an entry").index;
            assert!(last >= newest);
            newest = last;
            let mut next = None;
            for found in reader.entries(0) {
                match found {
                    Ok(found) => {
                        let index = found.position.index;
                        assert_eq!(next.unwrap_or(index), index);
                        assert_eq!(found, entry(1, index, (index % 7 * 900) as usize));
                        next = Some(index + 1);
                        entries_seen += 1;
                    }
                    Err(ReadError::Recycled { .. }) => next = Some(last + 1),
                    Err(error) => panic!("{error}"),
                }
            }
            assert_eq!(next, Some(last + 1));
        }
    });
    assert!(entries_seen > 50, "opened {opened} times, {entries_seen} entries");
}

/// Entries from an index on are replaced again and again, each time by a later term, while they are read
/// from memory and files in several steps.
#[test]
fn a_read_never_mixes_entries_from_before_and_after_a_truncation() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path(), Options { sync: SyncMode::Never, ..small_options(1) }).unwrap();
    (0..10).for_each(|index| append_one(&log, 0, index, 300));
    let done = AtomicBool::new(false);
    let mut read = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for term in 1..150 {
                log.truncate_after(Some(at(0, 9)), |written| written.unwrap());
                for index in 10..30 {
                    log.append(vec![entry(term, index, 300)], |written| written.unwrap());
                }
                purge(&log, at(0, 0));
            }
            done.store(true, Relaxed);
        });
        while !done.load(Relaxed) || read < 1000 {
            let entries = log.read(0..100, usize::MAX).unwrap();
            for (found, index) in entries.iter().zip(entries[0].position.index..) {
                let term = if index < 10 { 0 } else { entries[entries.len() - 1].position.term };
                assert_eq!(*found, entry(term, index, 300));
            }
            read += entries.len();
        }
    });
}

/// Segments are recycled all the time under a reader that begins with the oldest entry.
#[test]
fn a_read_beside_purges_leaves_out_what_is_purged_and_never_fails() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path(), Options { sync: SyncMode::Never, ..small_options(1) }).unwrap();
    append_one(&log, 1, 0, 1000);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for index in 1..5000 {
                append_one(&log, 1, index, 1000);
                log.purge_to(at(1, index.saturating_sub(6)), |written| written.unwrap());
            }
            done.store(true, Relaxed);
        });
        while !done.load(Relaxed) {
            let entries = log.read(0..u64::MAX, usize::MAX).expect("what is not purged is there");
            for (found, index) in entries.iter().zip(entries[0].position.index..) {
                assert_eq!(*found, entry(1, index, 1000));
            }
        }
    });
}

#[test]
fn a_reader_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let error = Reader::open(&dir.path().join("absent")).unwrap_err();
    assert!(matches!(error, OpenError::Io { action: "list", .. }), "{error}");
    assert_eq!(Reader::open(dir.path()).unwrap().recovery().last, None);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);

    append_one(&open_small(dir.path()), 1, 0, 10);
    let listing = || {
        let files = std::fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().path());
        let mut files: Vec<_> = files.map(|path| (std::fs::read(&path).unwrap(), path)).collect();
        files.sort();
        files
    };
    let before = listing();
    let reader = Reader::open(dir.path()).unwrap();
    assert_eq!(reader.entries(0).count(), 1);
    assert_eq!(reader.entries(1).count(), 0);
    assert!(before == listing());
}
