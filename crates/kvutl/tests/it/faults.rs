//! The fault sweep: every call to the operating system fails once, and nothing that was acknowledged is lost.
//!
//! A process does everything that writes: it opens a new directory, puts through a log and a store, stores a checkpoint,
//! compacts, trims, defragments, purges, closes all, saves a snapshot, restores it, and opens the directory again; it says after
//! every put that it was acknowledged. A preloaded library fails one of its calls (open, write, sync, rename, mmap, truncate,
//! allocate, lock, make and remove, measure the disk) with EIO or ENOSPC, the first in one run, the second in the next. Wherever
//! that is, the process ends in order with an error that has a name, or goes on; afterwards the directory opens, `kvutl check`
//! finds nothing, and every acknowledged key is there. A snapshot and a restored directory are whole or not there.
//!
//! `KVUTL_FAULTS_STEP=1 cargo test -p kvutl faults -- --nocapture` fails every call; the ordinary test some of them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Output};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use kv_log::{Entry, Log, Options, Payload, Position, Salt};
use kv_store::{
    CommandEntry, CommandId, CompactionStep, DirLock, LogPosition, Membership, StorageError, Store, StoreOptions,
};

use crate::drill::scratch;
use crate::harness::{MEMBER_ID, kvutl, put};

/// The ordinary test fails one call in so many, with each error.
const STEP: u64 = 9;
const STEP_VARIABLE: &str = "KVUTL_FAULTS_STEP";

/// Where a process works.
const DIRECTORY: &str = "KVUTL_FAULTS_DIRECTORY";

/// How a process ends that met an error with a name.
const NAMED: i32 = 3;

type Failure = Box<dyn std::error::Error>;

/// A server without its network whose every step can fail.
struct Server {
    log: Log,
    store: Store,
    next: u64,
}

impl Server {
    fn open(directory: &Path) -> Result<Self, Failure> {
        let lock = Arc::new(DirLock::create(directory)?);
        let store = Store::open_or_create(lock, StoreOptions::default())?;
        let (segment_bytes, salt) = (64 << 10, Salt::seeded(3));
        let options = Options { segment_bytes, first_segment_bytes: segment_bytes, ..Options::new(salt) };
        let log = Log::open(&directory.join("log"), options)?;
        let next = log.state().last.map_or(0, |last| last.index + 1);
        let mut server = Self { log, store, next };
        let applied = server.store.applied().map_or(0, |applied| applied.index + 1);
        for entry in server.log.read(applied..next, usize::MAX)? {
            server.apply(&entry)?;
        }
        if next == 0 {
            let membership = Membership { voters: vec![vec![MEMBER_ID]], learners: Vec::new() };
            server.propose(Payload::Membership(membership.encode()))?;
        }
        Ok(server)
    }

    /// Makes an entry durable, and applies it.
    fn propose(&mut self, payload: Payload) -> Result<(), Failure> {
        let entry = Entry { position: Position { term: 1, index: self.next }, payload };
        let (done, durable) = mpsc::channel();
        self.log.append(vec![entry.clone()], move |written| drop(done.send(written)));
        durable.recv()??;
        self.next += 1;
        self.apply(&entry)
    }

    fn apply(&self, entry: &Entry) -> Result<(), Failure> {
        let at = LogPosition { term: entry.position.term, index: entry.position.index };
        match &entry.payload {
            Payload::Blank => self.store.apply_blank(at),
            Payload::Membership(membership) => self.store.apply_membership(at, membership.clone()),
            Payload::Command(commands) => {
                let commands = CommandEntry::decode(commands)?;
                let mut applier = self.store.begin_entry(at, commands.clock);
                for (_, command) in &commands.commands {
                    applier.apply(command, false)??;
                }
                applier.finish();
            }
        }
        Ok(())
    }

    fn command(&mut self, command: &kv_store::Command) -> Result<(), Failure> {
        let id = CommandId { member: MEMBER_ID, request: self.next };
        let clock = 1_700_000_000_000 + 400 * self.next;
        self.propose(Payload::Command(CommandEntry { clock, commands: vec![(id, command.encode())] }.encode()))
    }

    /// Puts, and says so when it is acknowledged.
    fn put(&mut self, number: u64) -> Result<(), Failure> {
        self.command(&put(&format!("key {}", number % 7), &value(number)))?;
        println!("\nacknowledged {number}");
        std::io::stdout().flush()?;
        Ok(())
    }

    fn purge(&self) -> Result<(), Failure> {
        let LogPosition { term, index } = self.store.durable().ok_or("nothing is stored")?;
        let (done, purged) = mpsc::channel();
        self.log.purge_to(Position { term, index }, move |written| drop(done.send(written)));
        Ok(purged.recv()??)
    }
}

/// What a server does when a step fails: what can be tried again is tried once more, as the fault has passed then.
fn retried<T>(mut step: impl FnMut() -> Result<T, StorageError>) -> Result<T, StorageError> {
    match step() {
        Err(error) if error.is_retryable() => step(),
        result => result,
    }
}

fn value(number: u64) -> String {
    format!("{number} {}", "v".repeat((number * number % 9000) as usize))
}

/// A snapshot of the directory, and what is restored from it.
fn snapshot_of(directory: &Path) -> [String; 2] {
    [".db", ".restored"].map(|suffix| format!("{}{suffix}", directory.display()))
}

/// Saves a snapshot and restores it. The second attempt succeeds whatever the first one left.
fn save_and_restore(directory: &Path) {
    let path = directory.to_str().expect("a path of text");
    let [file, restored] = snapshot_of(directory);
    for line in [
        &["snapshot", "save", &file, "--data-dir", path][..],
        &["snapshot", "restore", &file, "--keep-revision", "--data-dir", &restored],
    ] {
        let first = kvutl(line);
        if first.status != 0 {
            assert!(first.stderr.contains("Error: "), "{line:?} failed without a word: {first}");
            let second = kvutl(line);
            // Where only the last sync failed, everything is there.
            let is_there = line[1] == "restore" && second.stderr.contains("not empty");
            assert!(second.status == 0 || is_there, "{line:?} failed with {first} and again with {second}");
        }
    }
}

fn work(directory: &Path) -> Result<(), Failure> {
    let mut server = Server::open(directory)?;
    for round in 0..3u64 {
        for number in round * 10..round * 10 + 10 {
            server.put(number)?;
        }
        retried(|| server.store.checkpoint_all())?;
        server.command(&kv_store::Command::Compact { revision: server.store.revision() - 3 })?;
        retried(|| server.store.checkpoint_all())?;
        while retried(|| server.store.compaction_step(4, Duration::ZERO))? != CompactionStep::Idle {}
        retried(|| server.store.storage().trim(0, 4))?;
        if round == 1 {
            retried(|| server.store.storage().defragment(|_| std::ops::ControlFlow::Continue(())))?;
            server.purge()?;
            drop(server);
            save_and_restore(directory);
            server = Server::open(directory)?;
        }
    }
    Ok(())
}

/// The process whose calls fail: as a test of its own all of them succeed.
#[test]
fn a_process_that_does_everything() {
    let Some(directory) = std::env::var_os(DIRECTORY) else {
        let directory = scratch();
        return work(&directory.path().join("data")).expect("nothing fails");
    };
    if let Err(error) = work(Path::new(&directory)) {
        println!("\nnamed {error}");
        std::process::exit(NAMED);
    }
}

/// Builds the library that fails calls.
fn library(into: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/faults/failing_calls.c");
    let library = into.join("failing_calls.so");
    let built = Process::new("cc").args(["-O1", "-Wall", "-shared", "-fPIC", "-o"]).arg(&library).arg(source).output();
    let built = built.expect("a C compiler");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    library
}

fn run(library: &Path, directory: &Path, at: u64, error: i32) -> Output {
    Process::new(std::env::current_exe().expect("the test"))
        .args(["--exact", "faults::a_process_that_does_everything", "--nocapture", "--test-threads=1"])
        .env(DIRECTORY, directory.join("data"))
        .env("LD_PRELOAD", library)
        .env("FAULT_DIRECTORY", directory.join("data"))
        .env("FAULT_COUNT", directory.join("count"))
        .env("FAULT_AT", at.to_string())
        .env("FAULT_ERROR", error.to_string())
        .output()
        .expect("the process starts")
}

/// Checks what a process left behind; returns what is wrong.
fn judge(directory: &Path, output: &Output) -> Result<&'static str, String> {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let outcome = match output.status.code() {
        Some(0) => "went on",
        Some(NAMED) => "named",
        _ => return Err(format!("{}: {stdout} {}", output.status, String::from_utf8_lossy(&output.stderr))),
    };
    let mut acknowledged = BTreeMap::new();
    for line in stdout.lines() {
        if let Some(number) = line.strip_prefix("acknowledged ") {
            let number: u64 = number.parse().expect("a number");
            acknowledged.insert(number % 7, number);
        }
    }
    let data = directory.join("data");
    if acknowledged.is_empty() && !data.join("CURRENT").exists() {
        return Ok(outcome);
    }
    let path = data.to_str().expect("a path of text");
    let check = kvutl(&["check", "--data-dir", path]);
    if check.status != 0 {
        return Err(format!("after {stdout}: check said {check}"));
    }
    for (key, number) in acknowledged {
        let get = kvutl(&["get", &format!("key {key}"), "--print-value-only", "--data-dir", path]);
        let found = get.stdout.split(' ').next().and_then(|found| found.parse::<u64>().ok());
        // The put that failed last may have been written: nobody was told either way.
        let is_there = found.is_some_and(|found| found >= number && get.stdout.trim_end() == value(found).trim_end());
        if !is_there {
            return Err(format!("after {stdout}: put {number} was acknowledged, and found is {get}"));
        }
    }
    judge_snapshot(&data).map_err(|wrong| format!("after {stdout}: {wrong}"))?;
    // It goes on from there.
    Server::open(&data).and_then(|mut server| server.put(999)).map_err(|error| format!("after {stdout}: {error}"))?;
    Ok(outcome)
}

/// What is there of a snapshot under its name, and of a directory restored from it, is the whole.
fn judge_snapshot(data: &Path) -> Result<(), String> {
    let [file, restored] = snapshot_of(data);
    if !Path::new(&file).exists() {
        return if Path::new(&restored).exists() { Err("restored from nothing".to_owned()) } else { Ok(()) };
    }
    let saved = kvutl(&["hashkv", &file]);
    let verified = kvutl(&["snapshot", "verify", &file]);
    if verified.status != 0 || saved.status != 0 {
        return Err(format!("the snapshot is not whole: {verified}"));
    }
    if Path::new(&restored).exists() {
        let (checked, found) =
            (kvutl(&["check", "--data-dir", &restored]), kvutl(&["hashkv", "--data-dir", &restored]));
        if checked.status != 0 || found.stdout != saved.stdout {
            return Err(format!("restored was {found}, saved {saved}: {checked}"));
        }
    }
    Ok(())
}

#[test]
fn whatever_call_fails_nothing_acknowledged_is_lost() {
    let step: u64 = std::env::var(STEP_VARIABLE).map_or(STEP, |step| step.parse().expect("a number"));
    let built = scratch();
    let library = library(built.path());
    let whole = scratch();
    let output = run(&library, whole.path(), u64::MAX, 0);
    assert_eq!(judge(whole.path(), &output), Ok("went on"));
    let calls = fs::read_to_string(whole.path().join("count")).expect("the calls were counted");
    let calls: u64 = calls.trim().parse().expect("a number");
    assert!(calls > 100, "only {calls} calls");
    let mut counts = BTreeMap::new();
    let mut failed = Vec::new();
    // Their numbers on Linux.
    let (eio, enospc) = (5, 28);
    let faults = [eio, enospc]
        .into_iter()
        .enumerate()
        .flat_map(|(first, error)| (1 + first as u64 % step..=calls).step_by(step as usize).map(move |at| (at, error)));
    for (at, error) in faults {
        let directory = scratch();
        let output = run(&library, directory.path(), at, error);
        match judge(directory.path(), &output) {
            Ok(outcome) => *counts.entry(outcome).or_insert(0) += 1,
            Err(wrong) => failed.push(format!("call {at} of {calls}, error {error}: {wrong}")),
        }
    }
    println!("{calls} calls, every {step}th failed with EIO and ENOSPC: {counts:?}, {} wrong", failed.len());
    assert!(failed.is_empty(), "{failed:#?}");
}
