//! Disks that fail and disks that are full.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{self, Receiver, Sender};

use kv_log::{Disk, DiskFile, Event, FileSystem, Log, OpenError, Options, SyncMode, WriteError, WriteErrorKind};

use crate::support::{append_one, at, entry, open_small, purge, read_all, save_vote, small_options, vote, wait};

/// The real file system with faults.
#[derive(Debug, Default)]
struct Faults {
    /// How many more writes succeed.
    writes_left: AtomicUsize,
    full: AtomicBool,
}

struct FaultyDisk(Arc<Faults>);

#[derive(Debug)]
struct FaultyFile(Box<dyn DiskFile>, Arc<Faults>);

impl Disk for FaultyDisk {
    fn create(&self, path: &Path, bytes: u64, sync: SyncMode) -> io::Result<()> {
        if self.0.full.load(SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        FileSystem.create(path, bytes, sync)
    }

    fn open(&self, path: &Path, sync: SyncMode) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(FaultyFile(FileSystem.open(path, sync)?, Arc::clone(&self.0))))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        FileSystem.remove(path)
    }
}

impl DiskFile for FaultyFile {
    fn write(&mut self, blocks: &[u8], offset: u64) -> io::Result<()> {
        let left = self.1.writes_left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1));
        left.map_err(|_| io::Error::other("the disk fails"))?;
        self.0.write(blocks, offset)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync()
    }
}

/// What a test is told, in one order.
#[derive(Debug)]
enum Told {
    Event(Event),
    Written(Result<(), WriteError>),
}

/// A log on a disk that fails after some writes.
struct Faulty {
    log: Log,
    faults: Arc<Faults>,
    sender: Sender<Told>,
    told: Receiver<Told>,
}

impl Faulty {
    fn open(dir: &Path, writes: usize) -> Faulty {
        let faults = Arc::new(Faults { writes_left: writes.into(), full: false.into() });
        let (sender, told) = mpsc::channel();
        let notify = sender.clone();
        let options = Options {
            disk: Arc::new(FaultyDisk(Arc::clone(&faults))),
            // Nobody listens any more at the end of a test.
            notify: Arc::new(move |event| drop(notify.send(Told::Event(event)))),
            ..small_options(1)
        };
        Faulty { log: Log::open(dir, options).unwrap(), faults, sender, told }
    }

    /// Appends an entry and does not wait.
    fn give(&self, index: u64) {
        let sender = self.sender.clone();
        self.log.append(vec![entry(1, index, 10)], move |written| drop(sender.send(Told::Written(written))));
    }

    fn event(&self) -> Event {
        match self.told.recv().unwrap() {
            Told::Event(event) => event,
            Told::Written(written) => panic!("an event was expected, not {written:?}"),
        }
    }

    /// Waits for room and for that many entries that waited for it.
    fn goes_on(&self, entries: usize) {
        let told: Vec<Told> = self.told.iter().take(entries + 1).collect();
        assert_eq!(told.iter().filter(|told| matches!(told, Told::Event(Event::SpaceAgain))).count(), 1, "{told:?}");
        assert_eq!(told.iter().filter(|told| matches!(told, Told::Written(Ok(())))).count(), entries, "{told:?}");
    }

    fn written(&self) -> Result<(), WriteError> {
        match self.told.recv().unwrap() {
            Told::Written(written) => written,
            Told::Event(event) => panic!("an answer was expected, not {event:?}"),
        }
    }
}

#[test]
fn after_a_failed_write_nothing_is_written_any_more() {
    let dir = tempfile::tempdir().unwrap();
    // A header and two batches succeed.
    let faulty = Faulty::open(dir.path(), 3);
    append_one(&faulty.log, 1, 0, 10);
    append_one(&faulty.log, 1, 1, 10);
    faulty.give(2);
    assert!(matches!(faulty.event(), Event::Failed(WriteError::Io { .. })));
    let error = faulty.written().unwrap_err();
    assert!(matches!(&error, WriteError::Io { action: "write and sync", .. }), "{error}");
    assert_eq!(error.kind(), WriteErrorKind::Fatal);

    let Faulty { log, faults, .. } = faulty;
    faults.writes_left.store(1000, SeqCst);
    for _ in 0..2 {
        assert!(wait(|done| log.append(vec![entry(1, 3, 10)], done)).is_err());
        assert!(wait(|done| log.save_vote(vote(2), done)).is_err());
        assert!(wait(|done| log.truncate_after(None, done)).is_err());
        assert!(wait(|done| log.purge_to(at(1, 0), done)).is_err());
    }
    assert_eq!(faults.writes_left.load(SeqCst), 1000);
    drop(log);
    assert_eq!(read_all(&open_small(dir.path())), [entry(1, 0, 10), entry(1, 1, 10)]);
}

#[test]
fn everything_queued_behind_a_failed_write_fails() {
    let dir = tempfile::tempdir().unwrap();
    let faulty = Faulty::open(dir.path(), 1);
    (0..50).for_each(|index| faulty.give(index));
    let Faulty { log, sender, told, .. } = faulty;
    drop((log, sender));
    let failed = told.iter().filter(|told| matches!(told, Told::Written(Err(_)))).count();
    assert_eq!(failed, 50);
}

#[test]
fn a_failed_header_of_the_next_segment_stops_the_log_too() {
    let dir = tempfile::tempdir().unwrap();
    // The header and the three batches that fit, one block each.
    let faulty = Faulty::open(dir.path(), 4);
    (0..3).for_each(|index| append_one(&faulty.log, 1, index, 10));
    faulty.give(3);
    assert!(matches!(faulty.event(), Event::Failed(_)));
    drop(faulty);
    let log = open_small(dir.path());
    assert_eq!(log.state().last, Some(at(1, 2)));
    append_one(&log, 1, 3, 10);
}

/// The disk fills up while the first segment is written. That is told at once; what fits is written; then
/// the writer waits, until a purge frees a segment.
#[test]
fn a_full_disk_is_told_early_and_a_purge_makes_room() {
    let dir = tempfile::tempdir().unwrap();
    let faulty = Faulty::open(dir.path(), 1000);
    let log = &faulty.log;
    faulty.faults.full.store(true, SeqCst);
    append_one(log, 1, 0, 10);
    assert!(matches!(faulty.event(), Event::NoSpace));
    append_one(log, 1, 1, 10);
    save_vote(log, vote(1));

    // Only the current segment is left, and purges get through although they can free nothing.
    faulty.give(2);
    purge(log, at(1, 0));
    purge(log, at(1, 1));
    assert!(faulty.told.try_recv().is_err());
    assert_eq!(log.read(2..3, 0).unwrap(), [entry(1, 2, 10)]);

    faulty.faults.full.store(false, SeqCst);
    faulty.goes_on(1);

    // Now there are two segments and more, and a purge of what is in the first one is enough.
    faulty.faults.full.store(true, SeqCst);
    let mut told = None;
    for index in 3.. {
        faulty.give(index);
        if let Told::Event(event) = faulty.told.recv().unwrap() {
            told = Some(event);
            break;
        }
    }
    assert!(matches!(told, Some(Event::NoSpace)));
    purge(log, at(1, 2));
    while !matches!(faulty.told.recv().unwrap(), Told::Written(Ok(()))) {}
    let contents = read_all(log);
    drop(faulty);
    assert_eq!(read_all(&open_small(dir.path())), contents);
}

/// Only what is reserved is left in the segment. Purges go there, whether they come alone or together with
/// entries that must wait.
#[test]
fn purges_get_through_when_nothing_else_does() {
    let dir = tempfile::tempdir().unwrap();
    let faulty = Faulty::open(dir.path(), 1000);
    let log = &faulty.log;
    faulty.faults.full.store(true, SeqCst);
    (0..2).for_each(|index| append_one(log, 1, index, 10));
    assert!(matches!(faulty.event(), Event::NoSpace));

    // While the writer is held up in a callback, a purge and an entry gather behind it.
    let (go_on, held_up) = mpsc::channel();
    log.append(vec![entry(1, 2, 10)], move |_| held_up.recv().unwrap());
    let (sender, purged) = mpsc::channel();
    log.purge_to(at(1, 0), move |written| sender.send(written).unwrap());
    faulty.give(3);
    go_on.send(()).unwrap();
    purged.recv().unwrap().unwrap();
    purge(log, at(1, 1));
    assert!(faulty.told.try_recv().is_err());
    drop(faulty);

    let faulty = Faulty::open(dir.path(), 1000);
    faulty.faults.full.store(true, SeqCst);
    (3..6).for_each(|index| append_one(&faulty.log, 1, index, 10));
    assert!(matches!(faulty.event(), Event::NoSpace));
    purge(&faulty.log, at(1, 2));
    append_one(&faulty.log, 1, 6, 10);
}

/// A purge of entries that wait for room themselves must wait with them.
#[test]
fn a_purge_does_not_overtake_what_it_purges() {
    let dir = tempfile::tempdir().unwrap();
    let faulty = Faulty::open(dir.path(), 1000);
    faulty.faults.full.store(true, SeqCst);
    (0..3).for_each(|index| append_one(&faulty.log, 1, index, 10));
    assert!(matches!(faulty.event(), Event::NoSpace));
    faulty.give(3);
    purge(&faulty.log, at(1, 2));
    let sender = faulty.sender.clone();
    faulty.log.purge_to(at(1, 3), move |written| drop(sender.send(Told::Written(written))));
    faulty.faults.full.store(false, SeqCst);
    faulty.goes_on(2);
    drop(faulty);
    let log = open_small(dir.path());
    assert_eq!((log.state().purged, log.state().last), (Some(at(1, 3)), Some(at(1, 3))));
}

#[test]
fn a_log_closed_for_want_of_room_says_so_and_keeps_what_was_reported() {
    let dir = tempfile::tempdir().unwrap();
    let faulty = Faulty::open(dir.path(), 1000);
    faulty.faults.full.store(true, SeqCst);
    (0..3).for_each(|index| append_one(&faulty.log, 1, index, 10));
    assert!(matches!(faulty.event(), Event::NoSpace));
    faulty.give(3);
    let Faulty { log, told, .. } = faulty;
    drop(log);
    let Told::Written(Err(error)) = told.recv().unwrap() else { panic!("the append cannot succeed") };
    assert_eq!(error.kind(), WriteErrorKind::NoSpace, "{error}");
    assert_eq!(open_small(dir.path()).state().last, Some(at(1, 2)));
}

#[test]
fn opening_on_a_full_disk_is_an_error_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let faults = Arc::new(Faults { writes_left: 1000.into(), full: true.into() });
    let error = Log::open(dir.path(), Options { disk: Arc::new(FaultyDisk(faults)), ..small_options(1) }).unwrap_err();
    assert!(matches!(error, OpenError::NoSpace { bytes: 32768, .. }), "{error}");
}

#[test]
fn a_panicking_callback_stops_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let faulty = Faulty::open(dir.path(), 1000);
    faulty.log.append(vec![entry(1, 0, 10)], |_| panic!("a callback that panics, on purpose"));
    assert!(matches!(faulty.event(), Event::Failed(WriteError::Stopped)));
    assert!(wait(|done| faulty.log.save_vote(vote(1), done)).is_err());
}
