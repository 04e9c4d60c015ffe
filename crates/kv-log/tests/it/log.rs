//! What each operation promises.

use std::sync::mpsc;

use kv_log::{Log, Options, Salt, SyncMode, WriteError, WriteErrorKind};

use crate::support::{
    Contents, append, append_one, at, entry, open_small, purge, read_all, save_vote, small_options, truncate, vote,
    wait,
};

#[test]
fn everything_reported_is_there_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_small(dir.path());
    save_vote(&log, vote(1));
    append(&log, (0..10).map(|index| entry(1, index, 100)).collect());
    truncate(&log, Some(at(1, 7)));
    save_vote(&log, vote(2));
    append(&log, (8..12).map(|index| entry(2, index, 0)).collect());
    log.note_committed(at(1, 6));
    purge(&log, at(1, 4));
    let before = Contents::of_log(&log);
    assert_eq!(before.entries.len(), 7);
    drop(log);

    let log = open_small(dir.path());
    assert_eq!(Contents::of_log(&log), before);
    assert_eq!(log.recovery().committed, Some(at(1, 6)));
    assert_eq!(log.recovery().torn, None);
    assert_eq!((log.recovery().vote, log.recovery().last), (Some(vote(2)), Some(at(2, 11))));
}

#[test]
fn entries_are_readable_before_they_are_durable() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_small(dir.path());
    for index in 0..200 {
        log.append(vec![entry(1, index, 50)], |written| written.unwrap());
        assert_eq!(log.read(index..index + 1, 0).unwrap(), [entry(1, index, 50)]);
    }
}

#[test]
fn an_entry_larger_than_a_segment_gets_one_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let large = 3 << 20;
    let log = open_small(dir.path());
    append_one(&log, 1, 0, 10);
    append_one(&log, 1, 1, large);
    append_one(&log, 1, 2, 10);
    let expected = [entry(1, 0, 10), entry(1, 1, large), entry(1, 2, 10)];
    assert_eq!(read_all(&log), expected);
    drop(log);
    assert_eq!(read_all(&open_small(dir.path())), expected);
}

#[test]
fn reads_are_bounded_in_bytes_wherever_the_entries_are() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_small(dir.path());
    append(&log, (0..100).map(|index| entry(1, index, 936)).collect());
    for start in [0, 50, 97] {
        let found = log.read(start..100, 3000).unwrap();
        assert_eq!(found, (start..start + 3).map(|index| entry(1, index, 936)).collect::<Vec<_>>());
        assert_eq!(log.read(start..start + 1, 0).unwrap().len(), 1);
    }
    assert_eq!(log.read(90..200, usize::MAX).unwrap().len(), 10);
    assert_eq!(log.read(100..200, usize::MAX).unwrap(), []);
    assert_eq!(log.read(7..7, usize::MAX).unwrap(), []);
}

#[test]
fn what_does_not_fit_the_log_is_refused_and_harms_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_small(dir.path());
    append(&log, (0..5).map(|index| entry(2, index, 10)).collect());
    for (term, index) in [(2, 6), (2, 4), (1, 5)] {
        let error = wait(|done| log.append(vec![entry(term, index, 10)], done)).unwrap_err();
        assert!(matches!(error, WriteError::OutOfOrder { found, .. } if found == at(term, index)), "{error}");
        assert_eq!(error.kind(), WriteErrorKind::Refused);
    }
    let gap = vec![entry(2, 5, 1), entry(2, 7, 1)];
    assert!(wait(|done| log.append(gap, done)).is_err());
    purge(&log, at(2, 2));
    let error = wait(|done| log.truncate_after(Some(at(2, 1)), done)).unwrap_err();
    assert!(matches!(error, WriteError::Purged { .. }), "{error}");
    append_one(&log, 2, 5, 10);
    append(&log, Vec::new());
    assert_eq!(read_all(&log).len(), 3);
}

#[test]
fn a_purge_beyond_the_end_is_where_the_log_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_small(dir.path());
    append(&log, (0..5).map(|index| entry(1, index, 10)).collect());
    purge(&log, at(3, 100));
    assert_eq!(log.state().last, Some(at(3, 100)));
    assert_eq!(read_all(&log), []);
    append_one(&log, 3, 101, 10);
    drop(log);
    let log = open_small(dir.path());
    assert_eq!(log.recovery().purged, Some(at(3, 100)));
    assert_eq!(read_all(&log), [entry(3, 101, 10)]);
}

#[test]
fn truncating_to_nothing_leaves_what_was_purged() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_small(dir.path());
    append(&log, (0..5).map(|index| entry(1, index, 10)).collect());
    truncate(&log, None);
    assert_eq!(log.state().last, None);
    append(&log, (0..5).map(|index| entry(2, index, 10)).collect());
    purge(&log, at(2, 1));
    truncate(&log, None);
    assert_eq!(log.state().last, Some(at(2, 1)));
    append_one(&log, 2, 2, 10);
    let before = Contents::of_log(&log);
    drop(log);
    assert_eq!(Contents::of_log(&open_small(dir.path())), before);
}

#[test]
fn committed_is_never_recovered_beyond_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_small(dir.path());
    log.note_committed(at(1, 50));
    log.note_committed(at(1, 20));
    append_one(&log, 1, 0, 10);
    drop(log);
    assert_eq!(open_small(dir.path()).recovery().committed, Some(at(1, 0)));
}

#[test]
fn callbacks_run_in_the_order_of_the_orders() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_small(dir.path());
    let (sender, receiver) = mpsc::channel();
    for index in 0..100 {
        let (append, purge) = (sender.clone(), sender.clone());
        log.append(vec![entry(1, index, 500)], move |_| append.send(2 * index).unwrap());
        log.purge_to(at(1, index / 2), move |_| purge.send(2 * index + 1).unwrap());
    }
    drop((log, sender));
    assert_eq!(receiver.iter().collect::<Vec<_>>(), (0..200).collect::<Vec<_>>());
}

#[test]
fn a_callback_may_hold_the_last_handle() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_small(dir.path());
    let (sender, receiver) = mpsc::channel();
    let (handle, clone) = (log.clone(), log);
    handle.append(vec![entry(1, 0, 10)], move |written| {
        sender.send(written.is_ok()).unwrap();
        drop(clone);
    });
    drop(handle);
    assert!(receiver.recv().unwrap());
}

#[test]
fn an_idle_log_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_small(dir.path());
    let (metrics, bytes) = (log.metrics(), log.disk_bytes());
    assert_eq!(metrics.syncs, 1, "the header of the new segment");
    log.note_committed(at(1, 1));
    assert_eq!(bytes, 32 << 10, "nothing is made beforehand");
    append_one(&log, 1, 0, 10);
    let after = log.metrics();
    assert_eq!((after.syncs, after.written_bytes), (2, metrics.written_bytes + 4096));
}

#[test]
fn without_syncs_the_files_are_the_same() {
    let contents = [SyncMode::Durable, SyncMode::Never].map(|sync| {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::open(dir.path(), Options { sync, ..small_options(5) }).unwrap();
        append(&log, (0..5).map(|index| entry(1, index, 5000)).collect());
        save_vote(&log, vote(3));
        drop(log);
        std::fs::read(dir.path().join("slot-0000000001.log")).unwrap()
    });
    assert!(contents[0] == contents[1]);
}

#[test]
fn the_defaults_work_and_begin_small() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(&dir.path().join("deep/er"), Options::new(Salt::random().unwrap())).unwrap();
    assert_eq!(log.disk_bytes(), 1 << 20);
    append_one(&log, 1, 0, 100);
}
