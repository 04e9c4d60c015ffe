//! How a node is started.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

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
    /// Told of every command that was applied; it must be quick.
    pub on_applied: OnApplied,
    /// The runtime to run on; none for a thread of its own.
    pub runtime: Option<Handle>,
    /// Told once when the node fails, on the thread where it does. The process should end: see [`Failure`].
    pub on_failure: Arc<dyn Fn(&Failure) + Send + Sync>,
}

/// Hears of every command that was applied, on the thread that applies.
pub type OnApplied = Arc<dyn Fn(&Applied<'_>) + Send + Sync>;

/// A command that was applied.
#[derive(Debug, Clone, Copy)]
pub struct Applied<'a> {
    /// The command as it was proposed.
    pub command: &'a Bytes,
    /// It did what it was to do, rather than find out that it cannot.
    pub succeeded: bool,
    /// How long it took.
    pub took: Duration,
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
            on_applied: Arc::new(|_| {}),
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
