//! Why a server cannot start.

use kv_raft::{ProposeError, StartError};
use kv_store::{OpenError, StorageError};

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The data directory cannot be opened.
    #[error("open data directory")]
    Open(#[from] OpenError),
    /// What it holds cannot be read or written.
    #[error("read data directory")]
    Storage(#[from] StorageError),
    /// The log or the consensus cannot start.
    #[error("start consensus")]
    Start(#[from] StartError),
    /// The consensus ended while the log was replayed.
    #[error("replay log")]
    Replay(#[source] ProposeError),
    /// A record is damaged.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// The configuration does not fit the directory.
    #[error("{0}")]
    Config(String),
    /// The operating system gives no random numbers.
    #[error("read random numbers")]
    Random(#[source] std::io::Error),
}
