//! What the tests share: a machine that remembers what was applied, disks that misbehave, and nodes.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use kv_log::{Disk, DiskFile, FileSystem, Salt, SyncMode};
use kv_raft::{ApplyError, Failure, Machine, Node, NodeOptions};
use kv_store::{CommandEntry, LogPosition};
use parking_lot::{Condvar, Mutex};
use tempfile::TempDir;

/// The member's id in all tests.
pub(crate) const MEMBER: u64 = 0x8e9e_05c5_2164_694d;

/// A machine that keeps every command it has applied. A command's outcome is its number in that order.
#[derive(Debug, Default)]
pub(crate) struct Toy {
    state: Mutex<Checkpoint>,
    durable: Mutex<Option<LogPosition>>,
    /// Commands of each entry applied in this life.
    entries: Mutex<Vec<usize>>,
    backlog_full: AtomicBool,
}

/// What survives a restart beside the log.
#[derive(Debug, Default, Clone)]
pub(crate) struct Checkpoint {
    pub(crate) applied: Option<LogPosition>,
    pub(crate) membership: Option<(LogPosition, Bytes)>,
    pub(crate) commands: Vec<Bytes>,
}

impl Toy {
    pub(crate) fn restored(checkpoint: &Checkpoint) -> Self {
        Self { state: Mutex::new(checkpoint.clone()), durable: Mutex::new(checkpoint.applied), ..Self::default() }
    }

    pub(crate) fn checkpoint(&self) -> Checkpoint {
        let checkpoint = self.state.lock().clone();
        *self.durable.lock() = checkpoint.applied;
        checkpoint
    }

    pub(crate) fn commands(&self) -> Vec<Bytes> {
        self.state.lock().commands.clone()
    }

    pub(crate) fn entries(&self) -> Vec<usize> {
        self.entries.lock().clone()
    }

    pub(crate) fn set_backlog_full(&self, full: bool) {
        self.backlog_full.store(full, Ordering::Relaxed);
    }
}

impl Machine for Toy {
    type Outcome = usize;

    fn applied(&self) -> Option<LogPosition> {
        self.state.lock().applied
    }

    fn durable(&self) -> Option<LogPosition> {
        *self.durable.lock()
    }

    fn membership(&self) -> Option<(LogPosition, Bytes)> {
        self.state.lock().membership.clone()
    }

    /// A command that says `panic` or `fail` does.
    fn apply(
        &self,
        position: LogPosition,
        entry: &CommandEntry,
        wanted: &[bool],
        applied: &mut dyn FnMut(&Bytes, bool),
    ) -> Result<Vec<Option<usize>>, ApplyError> {
        let mut state = self.state.lock();
        assert!(state.applied < Some(position), "entries come in order and once");
        assert_eq!(entry.commands.len(), wanted.len());
        let mut outcomes = Vec::new();
        for ((_, command), wanted) in entry.commands.iter().zip(wanted) {
            match command.as_ref() {
                b"panic" => panic!("as the test wanted"),
                b"fail" => return Err("as the test wanted".into()),
                _ => state.commands.push(command.clone()),
            }
            outcomes.push(wanted.then_some(state.commands.len()));
            applied(command, true);
        }
        state.applied = Some(position);
        self.entries.lock().push(entry.commands.len());
        Ok(outcomes)
    }

    fn apply_membership(&self, position: LogPosition, membership: Bytes) {
        let mut state = self.state.lock();
        assert!(state.applied < Some(position), "entries come in order and once");
        state.membership = Some((position, membership));
        state.applied = Some(position);
    }

    fn apply_blank(&self, position: LogPosition) {
        let mut state = self.state.lock();
        assert!(state.applied < Some(position), "entries come in order and once");
        state.applied = Some(position);
    }

    fn is_costly(&self, entry: &CommandEntry) -> bool {
        entry.commands.iter().any(|(_, command)| command.starts_with(b"costly"))
    }

    fn is_backlog_full(&self) -> bool {
        self.backlog_full.load(Ordering::Relaxed)
    }
}

/// A directory for a log, and what is needed to start nodes in it one after the other.
pub(crate) struct Home {
    pub(crate) dir: TempDir,
    pub(crate) disk: Arc<TrickyDisk>,
    pub(crate) failures: Arc<Mutex<Vec<String>>>,
    pub(crate) request_timeout: Duration,
    pub(crate) borrowed_runtime: bool,
    pub(crate) starts: Mutex<u64>,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().expect("a temporary directory can be made"),
            disk: Arc::default(),
            failures: Arc::default(),
            request_timeout: Duration::from_secs(60),
            borrowed_runtime: false,
            starts: Mutex::default(),
        }
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn log_dir(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    pub(crate) fn options(&self) -> NodeOptions {
        let start = {
            let mut starts = self.starts.lock();
            *starts += 1;
            *starts
        };
        let failures = Arc::clone(&self.failures);
        let mut log = kv_log::Options::new(Salt::seeded(start));
        log.disk = Arc::clone(&self.disk) as Arc<dyn Disk>;
        log.first_segment_bytes = 64 << 10;
        let clock = Arc::new(move || 1_700_000_000_000 + start);
        NodeOptions {
            first_request: start << 40,
            request_timeout: self.request_timeout,
            runtime: self.borrowed_runtime.then(tokio::runtime::Handle::current),
            on_failure: Arc::new(move |failure: &Failure| failures.lock().push(failure.to_string())),
            ..NodeOptions::new(MEMBER, self.log_dir(), log, clock)
        }
    }

    /// Starts a node and waits until it leads.
    pub(crate) async fn start(&self, checkpoint: &Checkpoint) -> (Node<Toy>, Arc<Toy>) {
        let toy = Arc::new(Toy::restored(checkpoint));
        let node = Node::start(self.options(), Arc::clone(&toy)).await.expect("the node starts");
        node.wait_for_recovery().await.expect("the node recovers");
        (node, toy)
    }

    pub(crate) async fn start_empty(&self) -> (Node<Toy>, Arc<Toy>) {
        self.start(&Checkpoint::default()).await
    }
}

/// Returns a command that can be told from others.
pub(crate) fn command(number: usize) -> Bytes {
    Bytes::from(format!("command {number}"))
}

/// The real file system, until it is told to hold writes back or to fail them.
#[derive(Default)]
pub(crate) struct TrickyDisk {
    gate: Arc<Gate>,
}

#[derive(Debug, Default)]
struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct GateState {
    holding: bool,
    failing: bool,
    full: bool,
    held: usize,
}

impl TrickyDisk {
    /// Holds writes back until [`release`](Self::release).
    pub(crate) fn hold(&self) {
        self.gate.state.lock().holding = true;
    }

    pub(crate) fn release(&self) {
        self.gate.state.lock().holding = false;
        self.gate.changed.notify_all();
    }

    /// Waits until a write is held back.
    pub(crate) async fn wait_until_held(&self) {
        let gate = Arc::clone(&self.gate);
        let wait = move || {
            let mut state = gate.state.lock();
            while state.held == 0 {
                gate.changed.wait(&mut state);
            }
        };
        tokio::task::spawn_blocking(wait).await.expect("the wait does not panic");
    }

    /// Says whether there is room for another segment.
    pub(crate) fn set_full(&self, full: bool) {
        self.gate.state.lock().full = full;
    }

    /// Lets every later write fail.
    pub(crate) fn fail(&self) {
        self.gate.state.lock().failing = true;
    }
}

impl Disk for TrickyDisk {
    fn create(&self, path: &Path, bytes: u64, sync: SyncMode) -> io::Result<()> {
        if self.gate.state.lock().full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        FileSystem.create(path, bytes, sync)
    }

    fn open(&self, path: &Path, sync: SyncMode) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(TrickyFile { gate: Arc::clone(&self.gate), file: FileSystem.open(path, sync)? }))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        FileSystem.remove(path)
    }
}

#[derive(Debug)]
struct TrickyFile {
    gate: Arc<Gate>,
    file: Box<dyn DiskFile>,
}

impl DiskFile for TrickyFile {
    fn write(&mut self, blocks: &[u8], offset: u64) -> io::Result<()> {
        {
            let mut state = self.gate.state.lock();
            state.held += 1;
            self.gate.changed.notify_all();
            while state.holding {
                self.gate.changed.wait(&mut state);
            }
            state.held -= 1;
            if state.failing {
                return Err(io::Error::other("the disk is gone"));
            }
        }
        self.file.write(blocks, offset)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }
}
