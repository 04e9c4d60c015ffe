//! Which servers are measured, and on which cores.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use tokio::runtime;
use tokio::task::LocalSet;

use crate::error::BenchError;
use crate::file_system::refuse_memory;
use crate::process::{Process, pin_to};

/// What a peer is called if its command comes without a name.
const PEER: &str = "peer";
/// What our server is called.
pub(crate) const OURS: &str = "ours";
/// What the server that only answers is called, and how this program becomes it.
const FLOOR: &str = "floor";
const FLOOR_COMMAND: &str = "/proc/self/exe floor --listen-client-urls {client_url}";

/// Which servers, and where they run.
#[derive(Debug, Args)]
pub(crate) struct ServerArgs {
    /// Command that starts a server compared with, and what to call it; may be given several times
    #[arg(long, value_name = "[NAME=]COMMAND")]
    peer: Vec<Peer>,
    /// Command that starts our server
    #[arg(long, value_name = "COMMAND", required_unless_present = "peer")]
    ours: Option<String>,
    /// Directory to put the data directories in [default: the system's directory for temporary files]
    #[arg(long, value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
    /// Measure even where data is kept in memory (tmpfs, ramfs) and syncs cost nothing
    #[arg(long)]
    allow_memory: bool,
    /// Core that the servers are pinned to
    #[arg(long, value_name = "CORE", default_value_t = 0)]
    pub(crate) server_core: usize,
    /// Core that the clients are pinned to
    #[arg(long, value_name = "CORE", default_value_t = 1)]
    pub(crate) client_core: usize,
}

/// A server compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Peer {
    name: String,
    command: String,
}

impl FromStr for Peer {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Peer, Infallible> {
        let named = text.split_once('=').filter(|(name, _)| {
            !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || ".-_".contains(letter))
        });
        let (name, command) = named.unwrap_or((PEER, text));
        Ok(Peer { name: name.to_owned(), command: command.to_owned() })
    }
}

/// What a server is in a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// One that ours is compared with.
    Peer,
    /// One that only answers: what no server on the same transport can beat.
    Floor,
    Ours,
}

/// A server that can be started.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) command: String,
}

impl ServerArgs {
    /// Returns the servers in the order they are measured: the peers, then ours.
    pub(crate) fn candidates(&self) -> Vec<Candidate> {
        let peers = self.peer.iter().cloned().map(|Peer { name, command }| (name, Role::Peer, command));
        peers
            .chain(self.ours.iter().map(|command| (OURS.to_owned(), Role::Ours, command.clone())))
            .map(|(name, role, command)| Candidate { name, role, command })
            .collect()
    }

    /// Returns the servers in the order they are measured side by side: the peers, the floor, then ours.
    pub(crate) fn candidates_with_floor(&self) -> Vec<Candidate> {
        let mut candidates = self.candidates();
        let floor = Candidate { name: FLOOR.to_owned(), role: Role::Floor, command: FLOOR_COMMAND.to_owned() };
        let ours = candidates.iter().position(|candidate| candidate.role == Role::Ours);
        candidates.insert(ours.unwrap_or(candidates.len()), floor);
        candidates
    }

    /// Starts a server in a fresh directory, on the servers' core.
    pub(crate) fn start(&self, candidate: &Candidate) -> Result<Process, BenchError> {
        self.start_on(candidate, &[self.server_core])
    }

    /// Starts a server in a fresh directory, on some cores.
    pub(crate) fn start_on(&self, candidate: &Candidate, cores: &[usize]) -> Result<Process, BenchError> {
        let parent = self.directory.clone().unwrap_or_else(std::env::temp_dir);
        if !self.allow_memory {
            refuse_memory(&parent)?;
        }
        Process::start(&candidate.name, &candidate.command, &parent, cores)
    }

    /// Runs the clients of a measurement, all on this one thread and on the clients' core.
    pub(crate) fn run_clients<T>(&self, measure: impl Future<Output = Result<T, BenchError>>) -> Result<T, BenchError> {
        pin_to(&[self.client_core])?;
        let runtime =
            runtime::Builder::new_current_thread().enable_all().build().map_err(BenchError::io("start a runtime"))?;
        LocalSet::new().block_on(&runtime, async {
            tokio::select! {
                measured = measure => measured,
                _ = tokio::signal::ctrl_c() => Err(BenchError::Interrupted),
            }
        })
    }

    /// Starts each server, measures it, and stops it before the next one; returns what was measured in that order.
    pub(crate) fn measure<T>(
        &self,
        measure: &impl AsyncFn(&mut Process) -> Result<T, BenchError>,
    ) -> Result<Vec<T>, BenchError> {
        let mut measured = Vec::new();
        for candidate in self.candidates() {
            let mut server = self.start(&candidate)?;
            measured.push(self.run_clients(measure(&mut server))?);
        }
        Ok(measured)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_has_a_name_only_if_one_stands_before_its_command() {
        let parse = |text: &str| {
            let Ok(Peer { name, command }) = text.parse();
            (name, command)
        };
        let pair = |name: &str, command: &str| (name.to_owned(), command.to_owned());
        assert_eq!(parse("etcd-3.5=etcd --name=a"), pair("etcd-3.5", "etcd --name=a"));
        assert_eq!(parse("etcd --name=a"), pair("peer", "etcd --name=a"));
        assert_eq!(parse("etcd"), pair("peer", "etcd"));
        assert_eq!(parse("=etcd"), pair("peer", "=etcd"));
    }
}
