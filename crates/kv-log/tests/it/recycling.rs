//! Segments are freed by purges, used again, and not kept without bound.

use std::collections::BTreeMap;
use std::path::Path;

use kv_log::{Log, OpenError, Options, Reader};

use crate::support::{
    Contents, SMALL_SEGMENT_BYTES, append_one, at, entry, open_small, purge, read_all, save_vote, small_options, vote,
};

/// Returns the segment number of each file.
fn segments(dir: &Path) -> BTreeMap<String, u64> {
    let files = std::fs::read_dir(dir).unwrap().map(|file| file.unwrap());
    files
        .map(|file| {
            let bytes = std::fs::read(file.path()).unwrap();
            let number = u64::from_le_bytes(bytes[16..24].try_into().unwrap());
            (file.file_name().into_string().unwrap(), number)
        })
        .collect()
}

/// Appends entries of a block each, purging all but the newest few.
fn run_along(log: &Log, indexes: std::ops::Range<u64>) {
    for index in indexes {
        append_one(log, 1, index, 1000);
        if index % 3 == 2 {
            purge(log, at(1, index - 2));
        }
    }
}

#[test]
fn a_purged_log_runs_along_in_the_same_files() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_small(dir.path());
    run_along(&log, 0..300);
    let files = segments(dir.path());
    assert!(files.len() <= 5, "{files:?}");
    assert!(*files.values().max().unwrap() > 60, "{files:?}");
    assert!(log.disk_bytes() <= 5 * SMALL_SEGMENT_BYTES);
    let contents = Contents::of_log(&log);
    drop(log);

    assert_eq!(Contents::of_reader(&Reader::open(dir.path()).unwrap()), contents);
    let log = open_small(dir.path());
    assert_eq!(Contents::of_log(&log), contents);
    run_along(&log, 300..400);
    assert!(segments(dir.path()).len() <= 6);
    assert_eq!(read_all(&log), (298..400).map(|index| entry(1, index, 1000)).skip(99).collect::<Vec<_>>());
}

#[test]
fn the_vote_outlives_the_segment_it_was_saved_in() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_small(dir.path());
    save_vote(&log, vote(9));
    run_along(&log, 0..100);
    drop(log);
    let oldest = *segments(dir.path()).values().filter(|number| **number > 0).min().unwrap();
    assert!(oldest > 1, "the first segment was used again");
    assert_eq!(open_small(dir.path()).recovery().vote, Some(vote(9)));
}

#[test]
fn files_beyond_the_spare_ones_are_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_small(dir.path());
    for index in 0..60 {
        append_one(&log, 1, index, 1000);
    }
    let before = log.disk_bytes();
    assert!(before > 20 * SMALL_SEGMENT_BYTES / 2);
    purge(&log, at(1, 59));
    drop(log);
    // Two spare ones, the current one, and maybe one that was made beforehand.
    let files = segments(dir.path());
    assert!(files.len() <= 4, "{files:?}");
}

#[test]
fn segments_grow_up_to_the_configured_size() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { segment_bytes: 512 << 10, batch_bytes: 1 << 20, ..small_options(3) };
    let log = Log::open(dir.path(), options).unwrap();
    for index in 0..300 {
        append_one(&log, 1, index, 5000);
    }
    drop(log);
    let mut sizes: Vec<u64> =
        std::fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().metadata().unwrap().len() >> 10).collect();
    sizes.sort_unstable();
    assert_eq!(sizes[..3], [32, 128, 512]);
    assert_eq!(sizes[sizes.len() - 1], 512);
}

#[test]
fn every_start_begins_a_segment_and_none_may_be_lost() {
    let dir = tempfile::tempdir().unwrap();
    for start in 0..4 {
        let log = open_small(dir.path());
        append_one(&log, 1, start, 10);
    }
    let files: BTreeMap<u64, String> = segments(dir.path()).into_iter().map(|(name, number)| (number, name)).collect();
    let path = dir.path().join(&files[&2]);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    for error in [Reader::open(dir.path()).unwrap_err(), Log::open(dir.path(), small_options(1)).unwrap_err()] {
        assert!(matches!(error, OpenError::MissingSegment { segment: 2, oldest: 1, newest: 4, .. }), "{error}");
    }
    // The name does not matter, and a second copy does.
    std::fs::write(dir.path().join("slot-77.log"), &bytes).unwrap();
    assert_eq!(Contents::of_reader(&Reader::open(dir.path()).unwrap()).entries.len(), 4);
    std::fs::write(dir.path().join("slot-78.log"), &bytes).unwrap();
    let error = Reader::open(dir.path()).unwrap_err();
    assert!(matches!(error, OpenError::DuplicateSegment { segment: 2, .. }), "{error}");
}

#[test]
fn unfinished_files_are_deleted_and_strange_ones_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("slot-0000000007.unfinished"), "half").unwrap();
    std::fs::write(dir.path().join("notes.txt"), "mine").unwrap();
    std::fs::create_dir(dir.path().join("lost+found")).unwrap();
    append_one(&open_small(dir.path()), 1, 0, 10);
    assert!(!dir.path().join("slot-0000000007.unfinished").exists());
    assert!(dir.path().join("notes.txt").exists());
}
