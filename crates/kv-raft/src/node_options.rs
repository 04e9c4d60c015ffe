//! How a node is started.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::runtime::Handle;

use crate::failure::Failure;
use crate::proposer::REQUEST_TIMEOUT;

/// How often a leader tells the others that it is there, unless set otherwise.
pub const HEARTBEAT_INTERVAL: Duration = Duration::from_millis(100);

/// How long a node waits for a leader before it wants to become one, unless set otherwise.
pub const ELECTION_TIMEOUT: Duration = Duration::from_secs(1);

/// How a node is started.
#[derive(Clone)]
pub struct NodeOptions {
    /// The member's id.
    pub id: u64,
    /// The directory of the log.
    pub log_dir: PathBuf,
    /// How the log is opened. The node passes the log's events on after reading them.
    pub log: kv_log::Options,
    /// Tells the time, in milliseconds since the Unix epoch.
    pub clock: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// The number of the first request, drawn at random: it must not be near one of an earlier process.
    pub first_request: u64,
    /// How long a command may take.
    pub request_timeout: Duration,
    /// How often a leader tells the others that it is there.
    pub heartbeat_interval: Duration,
    /// How long a node waits for a leader at least before it wants to become one.
    pub election_timeout: Duration,
    /// Told of commands that take long to apply.
    pub slow_apply: SlowApply,
    /// The runtime to run on; none for a thread of its own.
    pub runtime: Option<Handle>,
    /// Told once when the node fails, on the thread where it does. The process should end: see [`Failure`].
    pub on_failure: Arc<dyn Fn(&Failure) + Send + Sync>,
}

/// Hears of a command, as it was proposed, and how long it took, on the thread that applies.
type Report = dyn Fn(&Bytes, Duration) + Send + Sync;

/// What becomes of commands that take long to apply.
#[derive(Clone)]
pub struct SlowApply {
    /// What takes longer is reported.
    pub threshold: Duration,
    /// Who hears of it.
    pub report: Arc<Report>,
}

impl Default for SlowApply {
    /// Nothing is reported.
    fn default() -> Self {
        Self { threshold: Duration::MAX, report: Arc::new(|_, _| {}) }
    }
}

impl SlowApply {
    /// Returns what is told of each command that was applied, from now on.
    pub(crate) fn watch(&self) -> impl FnMut(&Bytes) {
        let mut since = Instant::now();
        move |command| {
            let began = std::mem::replace(&mut since, Instant::now());
            let took = since - began;
            if took > self.threshold {
                (self.report)(command, took);
            }
        }
    }
}

impl fmt::Debug for SlowApply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SlowApply").field("threshold", &self.threshold).finish_non_exhaustive()
    }
}

impl NodeOptions {
    /// Returns the defaults for what has one. A failure is only reported to those who propose.
    pub fn new(id: u64, log_dir: PathBuf, log: kv_log::Options, clock: Arc<dyn Fn() -> u64 + Send + Sync>) -> Self {
        Self {
            id,
            log_dir,
            log,
            clock,
            first_request: 0,
            request_timeout: REQUEST_TIMEOUT,
            heartbeat_interval: HEARTBEAT_INTERVAL,
            election_timeout: ELECTION_TIMEOUT,
            slow_apply: SlowApply::default(),
            runtime: None,
            on_failure: Arc::new(|_| {}),
        }
    }
}

impl fmt::Debug for NodeOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NodeOptions")
            .field("id", &self.id)
            .field("log_dir", &self.log_dir)
            .field("log", &self.log)
            .field("request_timeout", &self.request_timeout)
            .field("heartbeat_interval", &self.heartbeat_interval)
            .field("election_timeout", &self.election_timeout)
            .finish_non_exhaustive()
    }
}
