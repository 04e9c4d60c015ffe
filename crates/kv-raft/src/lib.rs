//! Consensus: openraft over kv-log, and the proposer that puts waiting commands into one log entry.
//!
//! A [`Node`] drives a [`Machine`], the state machine, from the committed entries of its log. What goes in
//! goes through a [`Proposer`]: it gathers the commands that wait while an entry is being written, and gives each caller
//! the outcome of its own command. One node alone is a cluster with one voter, on the same path as any other.
//!
//! ```text
//! Proposer::propose ─► queue ─► openraft ─► LogStore ─► kv-log: one write and sync
//!        ▲                         │
//!        └── outcome ◄─ Machine::apply ◄─ committed entries
//! ```

mod failure;
mod log_store;
mod machine;
mod mailbox;
mod network;
mod node;
mod node_options;
mod pending;
mod progress;
mod propose_error;
mod proposer;
mod run;
mod state_machine;
mod type_config;

pub use failure::{Failure, StartError};
pub use machine::{ApplyError, Machine};
pub use node::{Node, PURGE_BYTES, Status};
pub use node_options::{Applied, ELECTION_TIMEOUT, HEARTBEAT_INTERVAL, NodeOptions, OnApplied};
pub use propose_error::ProposeError;
pub use proposer::{
    ENTRY_BYTES_MAX, ENTRY_COMMANDS_MAX, Proposer, REQUEST_TIMEOUT, WAITING_BYTES_MAX, WAITING_COMMANDS_MAX,
};
