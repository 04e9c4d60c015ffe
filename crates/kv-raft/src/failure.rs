//! What ends a node, and how it is told.

use std::fmt;
use std::sync::{Arc, OnceLock};

use kv_store::LogPosition;

/// Why a node has ended for good. The process should end too: only a restart knows what is on the disk.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The log could not be written.
    #[error("write log: {0}")]
    Log(#[source] kv_log::WriteError),
    /// An entry of the log could not be applied.
    #[error("apply log entry {position}: {reason}")]
    Apply {
        /// The entry.
        position: LogPosition,
        /// What the machine said, or its panic.
        reason: String,
    },
    /// Consensus itself stopped.
    #[error("consensus stopped: {reason}")]
    Consensus {
        /// What openraft said.
        reason: String,
    },
}

/// Why a node could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The log could not be opened.
    #[error("open log")]
    Log(#[from] kv_log::OpenError),
    /// The store has what the log has never heard of: a log directory was lost, or belongs to another store.
    #[error("the store has applied log entry {applied} and the log ends at {}", log_end(*.last))]
    LogBehind {
        /// The last entry in the store's checkpoint.
        applied: LogPosition,
        /// The last entry of the log.
        last: Option<LogPosition>,
    },
    /// The log begins after what the store needs next: the store was replaced by an older one.
    #[error("the store needs the log entries after {} and the log has been purged up to {purged}", log_end(*.applied))]
    LogPurged {
        /// The last entry in the store's checkpoint.
        applied: Option<LogPosition>,
        /// The last entry that the log no longer has.
        purged: LogPosition,
    },
    /// The timeouts do not fit together.
    #[error("consensus options: {reason}")]
    Options {
        /// What is wrong with them.
        reason: String,
    },
    /// The thread of the consensus could not be started.
    #[error("start consensus thread")]
    Thread(#[source] std::io::Error),
    /// The log could not be replayed, or the consensus not be started.
    #[error("start consensus: {reason}")]
    Consensus {
        /// What was said.
        reason: String,
    },
}

fn log_end(position: Option<LogPosition>) -> String {
    position.map_or_else(|| "nothing".to_owned(), |position| position.to_string())
}

/// Tells the node's owner of the first failure, and nobody of any later one.
pub(crate) struct FailureSink {
    first: OnceLock<Arc<Failure>>,
    on_failure: Arc<dyn Fn(&Failure) + Send + Sync>,
}

impl FailureSink {
    pub(crate) fn new(on_failure: Arc<dyn Fn(&Failure) + Send + Sync>) -> Self {
        Self { first: OnceLock::new(), on_failure }
    }

    pub(crate) fn report(&self, failure: Failure) {
        let failure = Arc::new(failure);
        if self.first.set(Arc::clone(&failure)).is_ok() {
            (self.on_failure)(&failure);
        }
    }

    pub(crate) fn failure(&self) -> Option<&Arc<Failure>> {
        self.first.get()
    }
}

impl fmt::Debug for FailureSink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FailureSink").field("first", &self.first).finish_non_exhaustive()
    }
}
