//! Data directories to work on, and the tool to work on them with.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};

use bytes::Bytes;
use kv_log::{Entry, Log, Options, Payload, Position, Salt};
use kv_store::{
    Command, CommandEntry, CommandId, DirLock, KeyRange, LogPosition, Membership, Outcome, Put, Storage,
    StorageOptions, Store, StoreOptions, Table, schema,
};
use tempfile::TempDir;

/// The ids of a default etcd with one member.
pub(crate) const CLUSTER_ID: u64 = 0xcdf8_1819_4e3a_8c32;
pub(crate) const MEMBER_ID: u64 = 0x8e9e_05c5_2164_694d;

/// When the first entry was proposed, in milliseconds.
const CLOCK: u64 = 1_700_000_000_000;

/// A server without its network: a log, and a store that is fed from it. Dropped, it is killed.
pub(crate) struct Server {
    log: Log,
    store: Store,
    next: u64,
    directory: Directory,
}

/// A data directory that nobody uses.
pub(crate) struct Directory {
    path: PathBuf,
    _temporary: TempDir,
}

impl Server {
    /// A member that is alone in its cluster.
    pub(crate) fn alone() -> Self {
        Self::with_membership(&Membership { voters: vec![vec![MEMBER_ID]], learners: Vec::new() })
    }

    pub(crate) fn with_membership(membership: &Membership) -> Self {
        let temporary = tempfile::tempdir().expect("a temporary directory");
        let path = temporary.path().join("data");
        let lock = Arc::new(DirLock::create(&path).expect("the directory is free"));
        let store = Store::open_or_create(lock, StoreOptions::default()).expect("a new store");
        for (row, id) in [(schema::meta::CLUSTER_ID, CLUSTER_ID), (schema::meta::MEMBER_ID, MEMBER_ID)] {
            store.storage().write_row(Table::Meta, row, &id.to_be_bytes()).expect("a row is written");
        }
        let mut server =
            Self { log: open_log(&path), store, next: 0, directory: Directory { path, _temporary: temporary } };
        let membership = membership.encode();
        let at = server.append(Payload::Membership(membership.clone()));
        server.store.apply_membership(at, membership);
        let at = server.append(Payload::Blank);
        server.store.apply_blank(at);
        server
    }

    /// Makes commands durable as one entry of the log, without applying them.
    pub(crate) fn log_only(&mut self, commands: &[Command]) -> (LogPosition, CommandEntry) {
        let id = |request| CommandId { member: MEMBER_ID, request };
        let commands = (0..).map(id).zip(commands.iter().map(Command::encode)).collect();
        let entry = CommandEntry { clock: CLOCK + 400 * self.next, commands };
        (self.append(Payload::Command(entry.encode())), entry)
    }

    /// Makes commands durable as one entry of the log, and applies them.
    pub(crate) fn propose(&mut self, commands: &[Command]) -> Vec<Outcome> {
        let (at, entry) = self.log_only(commands);
        self.log.note_committed(Position { term: at.term, index: at.index });
        let mut applier = self.store.begin_entry(at, entry.clock);
        let outcomes = entry.commands.iter().map(|(_, command)| applier.apply(command, true).expect("our own command"));
        let outcomes = outcomes.collect();
        applier.finish();
        outcomes
    }

    pub(crate) fn put(&mut self, key: &str, value: &str) {
        let outcomes = self.propose(&[put(key, value)]);
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    }

    pub(crate) fn checkpoint(&self) {
        self.store.checkpoint_all().expect("a checkpoint");
    }

    /// Forgets the part of the log that is stored.
    pub(crate) fn purge(&self) {
        let LogPosition { term, index } = self.store.durable().expect("something is stored");
        wait(|done| self.log.purge_to(Position { term, index }, done));
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory.path
    }

    /// Kills the server: what no checkpoint has stored is in the log only.
    pub(crate) fn kill(self) -> Directory {
        self.directory
    }

    fn append(&mut self, payload: Payload) -> LogPosition {
        let position = Position { term: 2, index: self.next };
        self.next += 1;
        wait(|done| self.log.append(vec![Entry { position, payload }], done));
        LogPosition { term: position.term, index: position.index }
    }
}

fn open_log(directory: &Path) -> Log {
    let options = Options { segment_bytes: 64 << 10, first_segment_bytes: 64 << 10, ..Options::new(Salt::seeded(7)) };
    Log::open(&directory.join("log"), options).expect("the log opens")
}

type Done = Box<dyn FnOnce(Result<(), kv_log::WriteError>) + Send>;

fn wait(order: impl FnOnce(Done)) {
    let (done, durable) = mpsc::channel();
    order(Box::new(move |written| done.send(written).expect("somebody waits")));
    durable.recv().expect("the log's writer answers").expect("the log is durable");
}

impl Directory {
    /// Starts a server that goes on where the last one ended.
    pub(crate) fn start(self) -> Server {
        let lock = Arc::new(DirLock::create(&self.path).expect("the directory is free"));
        let store = Store::open(lock, StoreOptions::default()).expect("the store opens");
        let log = open_log(&self.path);
        let next = log.state().last.map_or(0, |last| last.index + 1);
        let applied = store.applied().map(|applied| applied.index);
        assert_eq!(applied, next.checked_sub(1), "the tables hold all of the log");
        Server { log, store, next, directory: self }
    }

    /// Opens the tables for writing.
    pub(crate) fn storage(&self) -> Storage {
        let lock = Arc::new(DirLock::create(&self.path).expect("the directory is free"));
        Storage::open(lock, &StorageOptions::default()).expect("the tables open")
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Runs the tool on the directory.
    pub(crate) fn kvutl(&self, line: &[&str]) -> Ran {
        let directory = self.path.to_str().expect("a path of text");
        kvutl(&[line, &["--data-dir", directory]].concat()).without(directory)
    }
}

pub(crate) fn put(key: &str, value: &str) -> Command {
    Command::Put(Put { key: copy(key), value: copy(value), ..Put::default() })
}

pub(crate) fn delete(key: &str) -> Command {
    Command::DeleteRange(kv_store::DeleteRange { range: KeyRange::Key(copy(key)), prev_kv: false })
}

fn copy(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

/// What a run of the tool printed, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) status: u8,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Leaves a path out that is another one in every run.
    pub(crate) fn without(self, path: &str) -> Self {
        let shorten = |text: String| text.replace(path, "DATA");
        Self { stdout: shorten(self.stdout), stderr: shorten(self.stderr), ..self }
    }
}

/// Everything in one text, to be compared as a whole.
impl fmt::Display for Ran {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, stdout, stderr } = self;
        write!(formatter, "{stdout}")?;
        for line in stderr.lines() {
            writeln!(formatter, "stderr: {line}")?;
        }
        if *status != 0 {
            writeln!(formatter, "exit status {status}")?;
        }
        Ok(())
    }
}

/// Runs the tool in this process.
pub(crate) fn kvutl(line: &[&str]) -> Ran {
    kvutl_with(line, &[])
}

pub(crate) fn kvutl_with(line: &[&str], environment: &[(&str, &str)]) -> Ran {
    run("kvutl", line, environment)
}

pub(crate) fn run(program: &str, line: &[&str], environment: &[(&str, &str)]) -> Ran {
    let (out, err) = (Shared::default(), Shared::default());
    let streams = kvutl::Streams { out: Box::new(out.clone()), err: Box::new(err.clone()), terminal: false };
    let arguments: Vec<OsString> = [&[program], line].concat().into_iter().map(OsString::from).collect();
    let look_up = |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
    let status = kvutl::run(&arguments, &look_up, streams).code();
    Ran { status, stdout: out.text(), stderr: err.text() }
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Gives the tool something to read from a pipe, and returns what it prints.
pub(crate) fn kvutl_pipe(line: &[&str], directory: &Path, input: &[u8]) -> (Ran, Vec<u8>) {
    let directory = directory.to_str().expect("a path of text");
    let mut child = tool(line, directory)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the tool starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    let input = input.to_vec();
    // The tool need not read all of it.
    let feed = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().expect("the tool ends");
    feed.join().expect("feeding does not panic");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let status = output.status.code().expect("the tool exits") as u8;
    let ran = Ran { status, stdout: text(&output.stdout), stderr: text(&output.stderr) }.without(directory);
    (ran, output.stdout)
}

fn tool(line: &[&str], directory: &str) -> std::process::Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_kvutl"));
    command.args(line).args(["--data-dir", directory]);
    command
}

/// Runs the tool in a process of its own: beside a server, as LMDB opens a file once in a process.
pub(crate) fn kvutl_process(line: &[&str], directory: &Path) -> Ran {
    let directory = directory.to_str().expect("a path of text");
    let output = tool(line, directory).output().expect("the tool starts");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let status = output.status.code().expect("the tool exits") as u8;
    Ran { status, stdout: text(output.stdout), stderr: text(output.stderr) }.without(directory)
}
