//! Power cuts: every write of a log's life is recorded, and the log is opened from each state the disk
//! could have been left in.
//!
//! A write is durable when it returns, so these states are: everything up to some write, and any of the blocks of the
//! next one. What was reported must be there; of what was not, all or nothing.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use kv_log::{Disk, DiskFile, FileSystem, Log, Options, Reader, SyncMode};

use crate::support::{
    Contents, append, append_one, at, entry, open_small, purge, save_vote, small_options, truncate, vote,
};

const BLOCK_BYTES: usize = 4096;

#[derive(Debug, Clone)]
enum Event {
    Created(PathBuf, u64),
    Removed(PathBuf),
    Written { path: PathBuf, blocks: Vec<u8>, offset: usize },
}

/// The real file system, with a record of everything done to it.
#[derive(Debug, Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Event>>>);

#[derive(Debug)]
struct RecordedFile(Box<dyn DiskFile>, PathBuf, Recorder);

impl Recorder {
    fn note(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

impl Disk for Recorder {
    fn create(&self, path: &Path, bytes: u64, sync: SyncMode) -> io::Result<()> {
        self.note(Event::Created(path.to_owned(), bytes));
        FileSystem.create(path, bytes, sync)
    }

    fn open(&self, path: &Path, sync: SyncMode) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(RecordedFile(FileSystem.open(path, sync)?, path.to_owned(), self.clone())))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.note(Event::Removed(path.to_owned()));
        FileSystem.remove(path)
    }
}

impl DiskFile for RecordedFile {
    fn write(&mut self, blocks: &[u8], offset: u64) -> io::Result<()> {
        self.2.note(Event::Written { path: self.1.clone(), blocks: blocks.to_vec(), offset: offset as usize });
        self.0.write(blocks, offset)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync()
    }
}

/// A life with everything in it: recycled segments, batches of several blocks, truncations, a restart. After each
/// order, what the log held and how much had been recorded.
fn live(recorder: &Recorder) -> Vec<(usize, Contents)> {
    let dir = tempfile::tempdir().unwrap();
    let open = |seed| {
        let options = Options { disk: Arc::new(recorder.clone()), sync: SyncMode::Never, ..small_options(seed) };
        Log::open(dir.path(), options).unwrap()
    };
    let mut states = vec![(0, Contents::default())];
    let mut log = open(1);
    let mut note = |log: &Log| states.push((recorder.0.lock().unwrap().len(), Contents::of_log(log)));
    for round in 0..12 {
        let first = round * 5;
        append(&log, (first..first + 2).map(|index| entry(round, index, 2500)).collect());
        note(&log);
        save_vote(&log, vote(round));
        note(&log);
        append(&log, (first + 2..first + 7).map(|index| entry(round, index, 1500)).collect());
        note(&log);
        truncate(&log, Some(at(round, first + 4)));
        note(&log);
        if round % 2 == 1 {
            purge(&log, at(round, first));
            note(&log);
        }
        if round == 5 {
            drop(log);
            log = open(2);
        }
    }
    states
}

/// Lays a disk out anew from what is left of the record.
struct Layout<'a> {
    dir: &'a Path,
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Layout<'_> {
    /// Lets an event happen; of a write, only the blocks that are chosen.
    fn apply(&mut self, event: &Event, chosen: impl Fn(usize) -> bool) {
        let new = |path: &Path| self.dir.join(path.file_name().unwrap());
        match event {
            Event::Created(path, bytes) => drop(self.files.insert(new(path), vec![0; *bytes as usize])),
            Event::Removed(path) => drop(self.files.remove(&new(path))),
            Event::Written { path, blocks, offset } => {
                let file = self.files.get_mut(&new(path)).expect("a file is made before it is written");
                for (number, block) in blocks.chunks(BLOCK_BYTES).enumerate().filter(|(number, _)| chosen(*number)) {
                    file[offset + number * BLOCK_BYTES..][..BLOCK_BYTES].copy_from_slice(block);
                }
            }
        }
    }

    fn write_out(&self) {
        for file in std::fs::read_dir(self.dir).unwrap() {
            std::fs::remove_file(file.unwrap().path()).unwrap();
        }
        for (path, bytes) in &self.files {
            std::fs::write(path, bytes).unwrap();
        }
    }

    /// Opens the log and goes on with it. It must hold one of these contents. Says whether something was cut off.
    fn check(&self, possible: &[&Contents]) -> bool {
        self.write_out();
        let reader = Reader::open(self.dir).expect("a power cut is not damage");
        let found = Contents::of_reader(&reader);
        assert!(possible.contains(&&found), "found {found:?} and not one of {possible:?}");
        drop(self.go_on(&found));
        reader.recovery().torn.is_some()
    }

    /// Appends an entry behind what was found and opens once more.
    fn go_on(&self, found: &Contents) -> Log {
        let options = || Options { sync: SyncMode::Never, ..small_options(3) };
        let log = Log::open(self.dir, options()).expect("a power cut is not damage");
        assert_eq!(Contents::of_log(&log), *found);
        let next = entry(99, found.last.map_or(0, |last| last.index + 1), 10);
        append(&log, vec![next.clone()]);
        drop(log);
        let log = Log::open(self.dir, options()).expect("what was cut off stays cut off");
        assert_eq!(Contents::of_log(&log).entries.last(), Some(&next));
        log
    }
}

#[test]
fn whatever_a_power_cut_leaves_is_what_was_reported() {
    let recorder = Recorder::default();
    let states = live(&recorder);
    let events = recorder.0.lock().unwrap().clone();
    let dir = tempfile::tempdir().unwrap();
    let mut layout = Layout { dir: dir.path(), files: BTreeMap::new() };
    let (mut opened, mut torn) = (0, 0);
    let mut open = |layout: &Layout<'_>, possible: &[&Contents]| {
        torn += usize::from(layout.check(possible));
        opened += 1;
    };
    for (done, event) in events.iter().enumerate() {
        let behind = states.partition_point(|(recorded, _)| *recorded <= done);
        let reported = &states[behind - 1].1;
        let next = states.get(behind).map_or(reported, |(_, contents)| contents);
        open(&layout, &[reported, next]);
        if let Event::Written { blocks, .. } = event {
            let count = blocks.len() / BLOCK_BYTES;
            for block in 0..count {
                for chosen in [|a: usize, b: usize| a < b, |a, b| a > b, |a, b| a == b, |a, b| a != b] {
                    let before = layout.files.clone();
                    layout.apply(event, |number| chosen(number, block));
                    open(&layout, &[reported, next]);
                    layout.files = before;
                }
            }
        }
        layout.apply(event, |_| true);
    }
    open(&layout, &[&states[states.len() - 1].1]);
    assert!(opened > 400 && torn > 50, "{opened} states, {torn} torn");
}

/// Half of a sector-sized header is still no header, and nothing was written behind it yet.
#[test]
fn a_header_written_in_part_is_no_loss() {
    let recorder = Recorder::default();
    let states = live(&recorder);
    let events = recorder.0.lock().unwrap().clone();
    let dir = tempfile::tempdir().unwrap();
    let mut layout = Layout { dir: dir.path(), files: BTreeMap::new() };
    let mut headers = 0;
    for (done, event) in events.iter().enumerate() {
        if let Event::Written { path, blocks, offset: 0 } = event {
            let behind = states.partition_point(|(recorded, _)| *recorded <= done);
            let before = layout.files.clone();
            let file = layout.files.get_mut(&dir.path().join(path.file_name().unwrap())).unwrap();
            file[..20].copy_from_slice(&blocks[..20]);
            layout.check(&[&states[behind - 1].1]);
            layout.files = before;
            headers += 1;
        }
        layout.apply(event, |_| true);
    }
    assert!(headers > 10);
}

#[test]
fn a_torn_end_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_small(dir.path());
    append_one(&log, 1, 0, 10);
    append(&log, vec![entry(1, 1, 5000)]);
    drop(log);
    let path = dir.path().join("slot-0000000001.log");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[3 * BLOCK_BYTES..4 * BLOCK_BYTES].fill(0);
    std::fs::write(&path, bytes).unwrap();
    let log = open_small(dir.path());
    let torn = log.recovery().torn.clone().unwrap();
    assert_eq!((torn.segment, torn.path, torn.offset), (1, path, 2 * BLOCK_BYTES as u64));
    assert_eq!(log.state().last, Some(at(1, 0)));
}
