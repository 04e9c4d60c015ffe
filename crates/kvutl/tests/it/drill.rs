//! The corruption drill: whatever happens to the bytes of a data directory, what is read of it is right or is an error
//! with a name.
//!
//! A small directory with everything in it (long values in pieces, tombstones, a compaction half done, a log of several
//! segments of which a part is stored) is copied for every case, and the copy is damaged: a byte is changed, a sector is
//! blanked, a file is cut at a block or removed. Then every offline command runs on it, and after that a server's store and
//! log are opened, everything is read at every revision, the compaction is finished, something is written and the file
//! is defragmented. Nothing of this may give an answer that is not right, panic, hang, or end the process, and
//! `kvutl check` must have named whatever anybody stumbled over.
//!
//! Cases run in processes of their own, many to a process, because a signal is one of the ways to fail.
//!
//! `KVUTL_DRILL_CHANGES=20000 cargo test -p kvutl drill -- --nocapture` runs more cases than the ordinary test and
//! prints what came out.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use kv_log::{Log, Options, Payload, Salt, SyncMode};
use kv_store::{
    Command, CommandEntry, CompactionStep, DirLock, KeyRange, LmdbFile, LogPosition, RangeQuery, Storage,
    StorageOptions, Store, StoreOptions,
};

use crate::harness::{Directory, Server, delete, kvutl, put};

/// How many changes of bytes the ordinary test makes.
const CHANGES: u64 = 1500;
const CHANGES_VARIABLE: &str = "KVUTL_DRILL_CHANGES";

/// Tells a process which cases are its own: the sample, the first case and the one behind the last.
const JOB: &str = "KVUTL_DRILL_JOB";

/// How long one case may take.
const PATIENCE: Duration = Duration::from_secs(60);

const BLOCK_BYTES: u64 = 4096;

/// A directory with everything in it; `last_entry` says whether its log has the entry that a torn end would cut off.
fn sample(last_entry: bool) -> Directory {
    let mut server = Server::alone();
    for round in 0..8 {
        for key in 0..6 {
            let length = [3, 40, 700, 2600, 9000, 0][(round + key) % 6];
            server.put(&format!("key {key}"), &format!("{round}{}", "v".repeat(length)));
        }
        server.propose(&[delete(&format!("key {}", round % 3)), put(&format!("round {round}"), "once")]);
        if round == 4 {
            server.checkpoint();
            server.purge();
            server.propose(&[Command::Compact { revision: 30 }]);
        }
        if round == 6 {
            server.checkpoint();
            let step = server.store().compaction_step(7, Duration::ZERO).expect("a slice of a compaction");
            assert!(matches!(step, CompactionStep::More { .. }));
        }
    }
    if last_entry {
        server.put("last", "the last entry");
    }
    server.kill()
}

/// What a directory shows, or the error that says why it shows nothing.
type Shown = Result<BTreeMap<i64, String>, String>;

/// A store and its log as a server opens them.
struct Opened {
    store: Store,
    _log: Log,
}

fn open(directory: &Path) -> Result<Opened, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let lock = Arc::new(DirLock::acquire(directory).map_err(|error| text(&error))?);
    // What is proved here has nothing to do with syncing.
    let storage = StorageOptions { sync: false, ..StorageOptions::default() };
    let options = StoreOptions { storage, ..StoreOptions::default() };
    let store = Store::open_or_create(lock, options).map_err(|error| text(&error))?;
    let (segment_bytes, sync) = (64 << 10, SyncMode::Never);
    let options = Options { segment_bytes, first_segment_bytes: segment_bytes, sync, ..Options::new(Salt::seeded(8)) };
    let log = Log::open(&directory.join("log"), options).map_err(|error| text(&error))?;
    let state = log.state();
    let next = store.applied().map_or(0, |applied| applied.index + 1);
    let begin = state.purged.map_or(0, |purged| purged.index + 1);
    let end = state.last.map_or(0, |last| last.index + 1);
    if begin > next || end < next {
        return Err(format!("the log has entries {begin} to {end}, and {next} is the next to apply"));
    }
    for entry in log.read(next..end, usize::MAX).map_err(|error| text(&error))? {
        let at = LogPosition { term: entry.position.term, index: entry.position.index };
        match entry.payload {
            Payload::Blank => store.apply_blank(at),
            Payload::Membership(membership) => store.apply_membership(at, membership),
            Payload::Command(commands) => {
                let entry = CommandEntry::decode(&commands).map_err(|error| text(&error))?;
                let mut applier = store.begin_entry(at, entry.clock);
                for (_, command) in &entry.commands {
                    // What the command was answered does not matter here, but damage that it met does.
                    if let Err(kv_store::WriteError::Read(error @ kv_store::ReadError::Storage(_))) =
                        applier.apply(command, false).map_err(|error| text(&error))?
                    {
                        return Err(text(&error));
                    }
                }
                applier.finish();
            }
        }
    }
    Ok(Opened { store, _log: log })
}

/// Reads everything at every revision, and the hash of each.
fn read_all(store: &Store) -> Shown {
    let mut shown = BTreeMap::new();
    for revision in store.compact_revision().max(1)..=store.revision() {
        let all = store.range(&RangeQuery { revision, ..RangeQuery::new(KeyRange::all()) });
        let all = all.map_err(|error| error.to_string())?;
        let hash = store.hash_kv(revision).map_err(|error| error.to_string())?;
        shown.insert(revision, format!("{:?} {} {}", all.kvs, all.count, hash.hash));
    }
    Ok(shown)
}

/// Does what a server does later: finishes the compaction, writes, defragments.
fn go_on(store: &Store) -> Result<(), String> {
    store.checkpoint_all().map_err(|error| error.to_string())?;
    loop {
        match store.compaction_step(5, Duration::ZERO).map_err(|error| error.to_string())? {
            CompactionStep::Idle => break,
            step => assert_ne!(step, CompactionStep::Waiting, "everything is stored"),
        }
    }
    let at = store.applied().map_or(0, |applied| applied.index + 1);
    let mut entry = store.begin_entry(LogPosition { term: 9, index: at }, 1_800_000_000_000);
    for command in [put("key 1", &"more ".repeat(1000)), delete("key 2")] {
        let outcome = entry.apply(&command.encode(), false).expect("our own command");
        outcome.map_err(|error| error.to_string())?;
    }
    entry.finish();
    store.checkpoint_all().map_err(|error| error.to_string())?;
    store.storage().trim(0, 10).map_err(|error| error.to_string())?;
    let defragmented = store.storage().defragment(|_| std::ops::ControlFlow::Continue(()));
    defragmented.map(drop).map_err(|error| error.to_string())
}

/// What every case is compared with.
struct Truth {
    directory: PathBuf,
    /// What is right, and what is right without the last entry of the log.
    whole: Answers,
    cut: Answers,
    /// Where the last batch of the log begins. Whatever is not a whole batch there may be a write that a crash tore, which
    /// was never answered: no file format can tell.
    last_batch: u64,
    files: Vec<(PathBuf, u64)>,
    newest_segment: PathBuf,
}

struct Answers {
    shown: BTreeMap<i64, String>,
    get: String,
    hash: String,
}

impl Answers {
    fn of(directory: &Path) -> Self {
        let run = |command: &[&str]| {
            let (status, said) = run_kvutl(command, directory);
            assert_eq!(status, 0, "{said}");
            said
        };
        let (get, hash) = (run(&GET), run(&HASH));
        // Opening it as a server does changes it.
        let copy = scratch();
        copy_directory(directory, copy.path());
        let opened = open(copy.path()).expect("the sample opens");
        Self { shown: read_all(&opened.store).expect("the sample can be read"), get, hash }
    }
}

const GET: [&str; 5] = ["get", "", "--prefix", "-w", "json"];
const HASH: [&str; 1] = ["hashkv"];

/// What was done to a directory.
struct Damage {
    what: String,
    /// The last batch of the log was hit.
    is_at_the_end: bool,
}

impl Truth {
    fn of(sample: &Path) -> Self {
        let directory = sample.join("whole");
        let mut files = Vec::new();
        list(&directory, Path::new(""), &mut files);
        let newest_segment = newest_segment(&directory, &files);
        let log = fs::read(directory.join(&newest_segment)).expect("the log can be read");
        let end = log.iter().rposition(|byte| *byte != 0).expect("a segment has a header") as u64;
        let [whole, cut] = ["whole", "cut"].map(|name| Answers::of(&sample.join(name)));
        Self { whole, cut, last_batch: end / BLOCK_BYTES * BLOCK_BYTES, newest_segment, directory, files }
    }

    /// How many cases there are that change no bytes: every file is cut at every block and removed.
    fn cuts(&self) -> u64 {
        self.files.iter().map(|file| self.cuts_of(file)).sum()
    }

    fn cuts_of(&self, (name, bytes): &(PathBuf, u64)) -> u64 {
        // Nothing else knows of the newest segment of the log, so its loss as a whole is not noticed.
        let may_be_removed = *name != self.newest_segment;
        bytes.div_ceil(BLOCK_BYTES) + u64::from(may_be_removed)
    }

    /// Damages a copy of the directory as a case says; returns what was done.
    fn damage(&self, case: u64, copy: &Path) -> Damage {
        let elsewhere = |what| Damage { what, is_at_the_end: false };
        let mut left = case;
        for file in &self.files {
            let (name, bytes) = file;
            let cuts = self.cuts_of(file);
            if left < cuts {
                let path = copy.join(name);
                let length = left * BLOCK_BYTES;
                if length >= *bytes {
                    fs::remove_file(path).expect("the file is removed");
                    return elsewhere(format!("{} removed", name.display()));
                }
                let file = fs::File::options().write(true).open(path).expect("the file opens");
                file.set_len(length).expect("the file is cut");
                return elsewhere(format!("{} cut to {length} bytes", name.display()));
            }
            left -= cuts;
        }
        let mut random = Random(left);
        let store = self.files.iter().position(|(name, _)| is_store(name)).expect("a store file");
        let chosen = if random.below(10) < 6 { store } else { random.below(self.files.len() as u64) as usize };
        let (name, length) = &self.files[chosen];
        let path = copy.join(name);
        let mut bytes = fs::read(&path).expect("the file can be read");
        if bytes.is_empty() {
            fs::write(path, b"?").expect("the file can be written");
            return elsewhere(format!("{} got a byte", name.display()));
        }
        // Half of the changes are made where pages, segments and batches begin.
        let place = match random.below(2) {
            0 => random.below(*length),
            _ => (random.below(length.div_ceil(BLOCK_BYTES)) * BLOCK_BYTES + random.below(160)).min(length - 1),
        } as usize;
        let what = match random.below(10) {
            0 => {
                let begin = place / 512 * 512;
                let end = (begin + 512).min(bytes.len());
                bytes[begin..end].fill(0);
                "512 bytes blanked"
            }
            1 => {
                bytes[place] = random.below(256) as u8;
                "a byte changed"
            }
            _ => {
                bytes[place] ^= 1 << random.below(8);
                "a bit flipped"
            }
        };
        fs::write(path, bytes).expect("the file can be written");
        let is_at_the_end = *name == self.newest_segment && place as u64 >= self.last_batch;
        Damage { what: format!("{} at {place}: {what}", name.display()), is_at_the_end }
    }

    /// Runs everything on a damaged directory; says what came out, or what must not have.
    fn judge(&self, directory: &Path, is_at_the_end: bool) -> Result<&'static str, String> {
        let mut without_last = false;
        let (check, check_said) = run_kvutl(&["check"], directory);
        let commands: [(&[&str], _, _); 2] =
            [(&GET, &self.whole.get, &self.cut.get), (&HASH, &self.whole.hash, &self.cut.hash)];
        for (command, whole, cut) in commands {
            let (status, said) = run_kvutl(command, directory);
            // A note may stand behind the answer.
            let is = |right: &str| said.strip_prefix(right).is_some_and(|rest| rest.is_empty() || is_at_the_end);
            without_last |= is_at_the_end && is(cut);
            if status == 0 && !is(whole) && !without_last {
                return Err(format!("{command:?} said {said}"));
            }
            if status != 0 && check == 0 {
                return Err(format!("check said {check_said} and {command:?} {said}"));
            }
        }
        run_kvutl(&["status"], directory);
        let (shown, later) = match open(directory) {
            Err(error) => (Err(error), Ok(())),
            Ok(opened) => {
                let shown = read_all(&opened.store);
                let right = if without_last { &self.cut } else { &self.whole };
                if let Ok(shown) = &shown
                    && *shown != right.shown
                {
                    let wrong = shown.iter().find(|(revision, text)| right.shown.get(revision) != Some(text));
                    return Err(format!("read {wrong:?} of {} revisions", shown.len()));
                }
                let later = go_on(&opened.store);
                if shown.is_ok() && later.is_ok() {
                    drop(opened);
                    let file = Storage::file_in_use(directory).map_err(|error| error.to_string())?;
                    LmdbFile::open(&file).and_then(|file| file.check()).map_err(|error| error.to_string())?;
                    return Ok(match (check, without_last) {
                        (_, true) => "without the last batch",
                        (0, _) => "right",
                        _ => "right, and named by check",
                    });
                }
                (shown.map(drop), later)
            }
        };
        let error = shown.err().or(later.err()).expect("something failed");
        if check == 0 {
            return Err(format!("check found nothing, and: {error}"));
        }
        Ok("named")
    }
}

/// Finds the file with the highest number of a segment in its header.
fn newest_segment(directory: &Path, files: &[(PathBuf, u64)]) -> PathBuf {
    let segments = files.iter().filter(|(name, _)| name.starts_with("log")).filter_map(|(name, _)| {
        let header = fs::read(directory.join(name)).expect("the file can be read");
        let number = header.strip_prefix(b"kvd-log\0")?.get(8..16)?.try_into().map(u64::from_le_bytes).ok()?;
        Some((number, name.clone()))
    });
    segments.max().expect("a log has segments").1
}

fn is_store(name: &Path) -> bool {
    name.extension().is_some_and(|extension| extension == "mdb")
}

/// Runs the tool in this process; returns its status and all that it said.
fn run_kvutl(command: &[&str], directory: &Path) -> (u8, String) {
    let directory = directory.to_str().expect("a path of text");
    let ran = kvutl(&[command, &["--data-dir", directory]].concat());
    (ran.status, ran.to_string())
}

pub(crate) fn list(directory: &Path, below: &Path, files: &mut Vec<(PathBuf, u64)>) {
    let mut entries: Vec<_> = fs::read_dir(directory.join(below)).expect("a directory").map(Result::unwrap).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = below.join(entry.file_name());
        let metadata = entry.metadata().expect("an entry");
        if metadata.is_dir() {
            list(directory, &name, files);
        } else {
            files.push((name, metadata.len()));
        }
    }
}

pub(crate) fn copy_directory(from: &Path, to: &Path) {
    let mut files = Vec::new();
    list(from, Path::new(""), &mut files);
    for (name, _) in files {
        let target = to.join(&name);
        fs::create_dir_all(target.parent().expect("a directory")).expect("the directory is made");
        fs::copy(from.join(name), target).expect("the file is copied");
    }
}

/// A directory in memory where there is such a file system: nothing here is about disks.
pub(crate) fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a temporary directory")
}

/// Numbers that are the same in every run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// Runs cases and prints what came out of each, one a line.
fn run_cases(truth: &Truth, cases: std::ops::Range<u64>) {
    for case in cases {
        let copy = scratch();
        copy_directory(&truth.directory, copy.path());
        let damage = truth.damage(case, copy.path());
        println!("\ncase {case}\tbegun\t{}", damage.what);
        let outcome = match catch_unwind(AssertUnwindSafe(|| truth.judge(copy.path(), damage.is_at_the_end))) {
            Ok(Ok(outcome)) => outcome.to_owned(),
            Ok(Err(wrong)) => format!("WRONG: {}", wrong.replace('\n', " | ")),
            Err(_) => "PANIC".to_owned(),
        };
        println!("\ncase {case}\tended\t{outcome}");
    }
}

/// The process that cases run in: as a test of its own it runs a few.
#[test]
fn a_process_that_damages_directories() {
    if let Ok(job) = std::env::var(JOB) {
        let mut parts = job.rsplitn(3, ' ');
        let mut number = || parts.next().and_then(|part| part.parse().ok()).expect("a number");
        let (end, begin) = (number(), number());
        return run_cases(&Truth::of(Path::new(parts.next().expect("a path"))), begin..end);
    }
    let samples = samples();
    run_cases(&Truth::of(samples.path()), 0..3);
}

fn samples() -> tempfile::TempDir {
    let samples = tempfile::tempdir().expect("a temporary directory");
    for (name, last_entry) in [("whole", true), ("cut", false)] {
        copy_directory(sample(last_entry).path(), &samples.path().join(name));
    }
    samples
}

/// Runs cases in processes until all have run; returns what came out of each.
fn run_in_processes(samples: &Path, cases: std::ops::Range<u64>) -> Vec<(u64, String, String)> {
    let mut outcomes = Vec::new();
    let mut next = cases.start;
    while next < cases.end {
        let mut child = start(samples, next..cases.end);
        let lines = lines(&mut child);
        let mut begun = None;
        let end = loop {
            match lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    let mut parts = line.splitn(3, '\t');
                    let case = parts.next().and_then(|part| part.strip_prefix("case ")?.parse::<u64>().ok());
                    match (case, parts.next(), parts.next()) {
                        (Some(case), Some("begun"), Some(what)) => begun = Some((case, what.to_owned())),
                        (Some(case), Some("ended"), Some(outcome)) => {
                            let (_, what) = begun.take().expect("it was begun");
                            outcomes.push((case, what, outcome.to_owned()));
                            next = case + 1;
                        }
                        _ => {}
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let status = child.wait().expect("the process ended");
                    break match status.signal() {
                        Some(signal) => format!("SIGNAL {signal}"),
                        None => format!("EXIT {status}"),
                    };
                }
                Err(RecvTimeoutError::Timeout) => {
                    child.kill().expect("the process is killed");
                    child.wait().expect("the process ended");
                    break "HANG".to_owned();
                }
            }
        };
        if let Some((case, what)) = begun {
            outcomes.push((case, what, end));
            next = case + 1;
        } else {
            assert!(next >= cases.end, "the process ended before case {next}: {end}");
        }
    }
    outcomes
}

fn start(samples: &Path, cases: std::ops::Range<u64>) -> Child {
    Process::new(std::env::current_exe().expect("the test"))
        .args(["--exact", "drill::a_process_that_damages_directories", "--nocapture"])
        .env(JOB, format!("{} {} {}", samples.display(), cases.start, cases.end))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the process starts")
}

fn lines(child: &mut Child) -> mpsc::Receiver<String> {
    let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
    let (send, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

#[test]
fn damage_anywhere_is_named_or_does_not_matter() {
    let changes = std::env::var(CHANGES_VARIABLE).map_or(CHANGES, |number| number.parse().expect("a number"));
    let samples = samples();
    let truth = Truth::of(samples.path());
    let cases = truth.cuts() + changes;
    let halves = [0..cases / 2, cases / 2..cases];
    let outcomes: Vec<_> = thread::scope(|scope| {
        let runs = halves.map(|half| scope.spawn(|| run_in_processes(samples.path(), half)));
        runs.into_iter().flat_map(|run| run.join().expect("no panic")).collect()
    });
    assert_eq!(outcomes.len() as u64, cases);
    let mut counts = BTreeMap::new();
    let mut failed = Vec::new();
    for (case, what, outcome) in outcomes {
        if outcome.starts_with(|first: char| first.is_ascii_uppercase()) {
            failed.push(format!("case {case}, {what}: {outcome}"));
        }
        *counts.entry(outcome.split(':').next().unwrap_or_default().to_owned()).or_insert(0) += 1;
    }
    println!("{} cuts and removals, {changes} changes: {counts:?}", truth.cuts());
    assert!(failed.is_empty(), "{} of {cases} cases: {failed:#?}", failed.len());
}
