//! Storage in another process: killed at any moment, and read from beside it.
//!
//! The story: a child process writes, compacts, trims and defragments as fast as it can, and says after every write
//! which revision it was promised is safe. It is killed after some number of promises. Whatever it was doing, the
//! directory opens, the file is whole, nothing promised is missing, and nothing is there that was never written.

use std::io::{BufRead, BufReader, Lines, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use kv_store::{DirLock, LmdbFile, OpenError, Point, Record, Storage, StorageErrorKind};

use crate::support::{entry, open, options, put_again};

const KEYS: i64 = 7;
const DIRECTORY: &str = "KV_STORE_TEST_DIRECTORY";

/// What the child writes at a revision: keys in turn, values of all sizes.
fn record(revision: i64) -> Record {
    let previous = (revision > KEYS + 1).then_some(revision - KEYS);
    let value = vec![revision as u8; (revision * revision % 9000) as usize];
    put_again(revision, previous, &format!("key {}", revision % KEYS), &value)
}

/// Goes on writing after what is there, for so many revisions, and does everything else in between.
fn write(directory: &Path, revisions: usize) {
    let storage = open(directory).unwrap();
    let first = storage.meta().unwrap().revision + 1;
    let mut stdout = std::io::stdout();
    for revision in (first..).take(revisions) {
        storage.write(&[entry(&[record(revision)])]).unwrap();
        writeln!(stdout, "\nsafe {revision}").unwrap();
        match revision % 16 {
            4 | 8 => drop(storage.compact_slice(revision - 3, 5).unwrap()),
            10 => drop(storage.trim(0, 4).unwrap()),
            15 => drop(storage.defragment(|_| ControlFlow::Continue(())).unwrap()),
            _ => {}
        }
    }
}

/// Everything that must hold of a directory in which `safe` was promised.
fn check(storage: &Storage, safe: i64) {
    let reader = storage.read().unwrap();
    let meta = reader.meta().unwrap();
    assert!(meta.revision >= safe, "{safe} was promised and {} is there", meta.revision);
    assert_eq!(meta.applied.map_or(1, |applied| applied.index as i64), meta.revision);
    let mut expected_next = meta.revision;
    for record_read in reader.records(Point::new(0, 0), i64::MAX).unwrap().collect::<Vec<_>>().into_iter().rev() {
        let record_read = record_read.unwrap();
        assert_eq!(record_read, record(record_read.at.major));
        // The newest of every key is there, whatever was compacted.
        if expected_next > (meta.revision - KEYS).max(1) {
            assert_eq!(record_read.at.major, expected_next);
            expected_next -= 1;
        }
    }
    assert_eq!(expected_next, (meta.revision - KEYS).max(1));
}

/// The child: as a test of its own it writes a little; started by another test, until it is killed.
#[test]
fn a_process_that_writes() {
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        write(Path::new(&directory), usize::MAX);
    } else {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), 40);
        check(&open(directory.path()).unwrap(), 41);
    }
}

struct WritingProcess {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl WritingProcess {
    fn start(directory: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::a_process_that_writes", "--nocapture"])
            .env(DIRECTORY, directory)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Waits for so many promises; returns the last.
    fn wait(&mut self, promises: usize) -> i64 {
        let safe = self.lines.by_ref().map(Result::unwrap);
        let safe = safe.filter_map(|line| line.strip_prefix("safe ").map(|revision| revision.parse().unwrap()));
        safe.take(promises).last().unwrap_or_else(|| panic!("the process ended: {:?}", self.child.wait()))
    }

    /// Kills it; returns the last promise it made.
    fn kill(mut self, safe: i64) -> i64 {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let rest = self.lines.map_while(Result::ok);
        let rest = rest.filter_map(|line| line.strip_prefix("safe ").and_then(|revision| revision.parse().ok()));
        rest.last().unwrap_or(safe)
    }
}

#[test]
fn a_killed_process_leaves_what_it_promised() {
    let directory = tempfile::tempdir().unwrap();
    for round in 0..20 {
        let mut process = WritingProcess::start(directory.path());
        let safe = process.wait(1 + round * 7 % 23);
        let safe = process.kill(safe);

        let current = std::fs::read_to_string(directory.path().join("CURRENT")).unwrap();
        LmdbFile::open(&directory.path().join(current.trim_end())).unwrap().check().unwrap();
        check(&Storage::open_read_only(directory.path(), &options()).unwrap(), safe);
        check(&open(directory.path()).unwrap(), safe);
    }
}

#[test]
fn a_store_is_read_beside_the_process_that_writes_it() {
    let directory = tempfile::tempdir().unwrap();
    let mut process = WritingProcess::start(directory.path());
    for _ in 0..20 {
        let safe = process.wait(9);
        // The file may have been replaced any number of times meanwhile.
        let storage = Storage::open_read_only(directory.path(), &options()).unwrap();
        check(&storage, safe);
        assert_eq!(storage.write(&[entry(&[record(2)])]).unwrap_err().kind(), StorageErrorKind::ReadOnly);
    }
    let Err(OpenError::Locked { holder, .. }) = DirLock::acquire(directory.path()) else {
        panic!("two processes may not write");
    };
    assert_eq!(holder, process.child.id().to_string());
    process.kill(0);
    DirLock::acquire(directory.path()).unwrap();
}
