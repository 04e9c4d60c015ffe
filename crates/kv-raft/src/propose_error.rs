//! Why a proposed command has no outcome.

use std::sync::Arc;

use crate::failure::Failure;

/// Why a command has no outcome.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ProposeError {
    /// The node was stopped. Whether the command took effect is unknown.
    #[error("the node is stopped")]
    Stopped,
    /// The command was not committed in time. Whether it will take effect is unknown.
    #[error("the command was not committed in time")]
    Timeout,
    /// Too much waits already, here or for the checkpoint. Nothing was changed.
    #[error("too many requests")]
    TooManyRequests,
    /// The disk has no room for the log. Nothing was changed.
    #[error("no space for the log")]
    NoSpace,
    /// This node does not lead. Nothing was changed.
    #[error("the node is not the leader")]
    NotLeader {
        /// The leader, if there is one.
        leader: Option<u64>,
    },
    /// Another leader has taken over. Whether the command took effect is unknown.
    #[error("the leader was lost")]
    LeaderLost,
    /// The node has failed. Whether the command took effect is unknown.
    #[error("the node has failed: {0}")]
    Fatal(Arc<Failure>),
}
