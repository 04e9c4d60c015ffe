//! Servers that are measured one after the other, each with the core to itself.

use std::path::PathBuf;

use clap::Args;
use tokio::runtime;
use tokio::task::LocalSet;

use crate::error::BenchError;
use crate::process::{Process, pin_to};

/// Which servers, and where they run.
#[derive(Debug, Args)]
pub(crate) struct TurnArgs {
    /// Command that starts the server compared with
    #[arg(long, value_name = "COMMAND")]
    peer: Option<String>,
    /// Command that starts our server
    #[arg(long, value_name = "COMMAND")]
    ours: String,
    /// Directory to put the data directories in [default: the system's directory for temporary files]
    #[arg(long, value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
    /// Core that both servers are pinned to
    #[arg(long, value_name = "CORE", default_value_t = 0)]
    server_core: usize,
    /// Core that the clients are pinned to
    #[arg(long, value_name = "CORE", default_value_t = 1)]
    client_core: usize,
}

impl TurnArgs {
    /// Starts each server, measures it, and stops it before the next one; returns what was measured in that order.
    pub(crate) fn measure<T>(
        &self,
        measure: &impl AsyncFn(&mut Process) -> Result<T, BenchError>,
    ) -> Result<Vec<T>, BenchError> {
        let parent = self.directory.clone().unwrap_or_else(std::env::temp_dir);
        let runtime =
            runtime::Builder::new_current_thread().enable_all().build().map_err(BenchError::io("start a runtime"))?;
        let mut measured = Vec::new();
        for (name, command) in [("peer", self.peer.as_ref()), ("ours", Some(&self.ours))] {
            let Some(command) = command else { continue };
            let mut server = Process::start(name, command, &parent, self.server_core)?;
            pin_to(self.client_core)?;
            measured.push(LocalSet::new().block_on(&runtime, async {
                tokio::select! {
                    measured = measure(&mut server) => measured,
                    _ = tokio::signal::ctrl_c() => Err(BenchError::Interrupted),
                }
            })?);
        }
        Ok(measured)
    }
}
