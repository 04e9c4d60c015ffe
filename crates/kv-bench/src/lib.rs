//! Measures servers of the etcd API side by side: the same clients, the same load, by turns.
//!
//! `kv-bench compare --peer CMD --ours CMD` starts the servers itself, loads them with the same keys and gives each of
//! them a turn, round after round, so that whatever else the machine does meets both. Every server is pinned to one
//! core and the load to another. With `--large` it measures what large stores cost, too, each server alone.
//!
//! `kv-bench run put --endpoint URL` drives a server that runs already, with any load.
//!
//! `kv-bench stall` measures how long one reader and one writer are held up while a store is compacted, copied and
//! defragmented.
//!
//! `kv-bench growth` measures how costs grow with the number of keys and of versions.
//!
//! `kv-bench cores` measures what a second core brings.
//!
//! `kv-bench lease` grants and renews many leases, and lets many expire at once.

mod compare;
mod cores;
mod curve;
mod driver;
mod error;
mod file_system;
mod floor;
mod growth;
mod lease;
mod lifecycle;
mod lines;
mod plot;
mod probe;
mod process;
mod ready;
mod report;
mod run;
mod servers;
mod stall;
mod state;
mod targets;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use error::BenchError;

/// Measure servers of the etcd API
#[derive(Debug, Parser)]
#[command(name = "kv-bench", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Compare(compare::CompareArgs),
    Run(run::RunArgs),
    Stall(stall::StallArgs),
    Growth(growth::GrowthArgs),
    Cores(cores::CoresArgs),
    Lease(lease::LeaseArgs),
    #[command(hide = true)]
    Floor(floor::FloorArgs),
}

/// Runs the program and returns its exit status: 0, 1 when a measurement failed, 2 for wrong arguments.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let status = error.exit_code();
            // Where even the message cannot be printed, the status still tells.
            let _ = error.print();
            return ExitCode::from(u8::try_from(status).unwrap_or(2));
        }
    };
    let done = match arguments.command {
        Command::Compare(compare) => compare::run(&compare),
        Command::Run(run) => run::run(&run),
        Command::Stall(stall) => stall::run(&stall),
        Command::Growth(growth) => growth::run(&growth),
        Command::Cores(cores) => cores::run(&cores),
        Command::Lease(lease) => lease::run(&lease),
        Command::Floor(floor) => floor::run(&floor),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                eprintln!("  {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}
