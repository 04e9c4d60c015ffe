//! `kv-bench state`: what a large store costs: listing, counting, memory, disk, restart, and upkeep beside writers.

mod data;
mod keys;
mod upkeep;

use clap::{Args, ValueEnum};

use crate::BenchError;
use crate::compare::Format;
use crate::process::Process;
use crate::report::{LoadRow, Report};
use crate::servers::{Role, ServerArgs};
use crate::targets::{Group, TARGETS};

const EXAMPLES: &str = "\
Examples:
  kv-bench state \\
    --peer '3.7=etcd --data-dir {dir} --listen-client-urls {client_url} --advertise-client-urls {client_url} --listen-peer-urls {peer_url}' \\
    --ours 'kvd --data-dir {dir} --listen-client-urls {client_url} --advertise-client-urls {client_url}'

  kv-bench state --ours '…' --part keys --keys 100000 -w json";

/// Measure what a large store costs
///
/// Starts the servers one after the other, pinned to one core, with the clients on another, each part with a fresh
/// directory. Commands are as for compare. With a million keys and two peers it takes a quarter of an hour.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct StateArgs {
    #[command(flatten)]
    servers: ServerArgs,
    /// Parts to measure, separated by commas [default: all]
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    part: Vec<Part>,
    #[command(flatten)]
    sizes: Sizes,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Table)]
    write_out: Format,
}

/// How much is stored.
#[derive(Debug, Clone, Args)]
pub(crate) struct Sizes {
    /// Keys of the large store
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    keys: u64,
    /// Puts after the large store is filled, before it is listed as it was
    #[arg(long, value_name = "COUNT", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    changes: u64,
    /// Megabytes of the store that is defragmented
    #[arg(long, value_name = "MEGABYTES", default_value_t = 450, value_parser = clap::value_parser!(u64).range(1..))]
    megabytes: u64,
    /// Revisions that are compacted
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    revisions: u64,
}

/// What one fresh store is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Memory, disk, lists, counts and restarts of a store with many keys
    Keys,
    /// Reads and writes during a defragmentation
    Defragmentation,
    /// Puts during a compaction
    Compaction,
}

impl Part {
    /// Measures the figures of this part on a server that has just been started.
    async fn measure(self, server: &mut Process, sizes: &Sizes) -> Result<Found, BenchError> {
        match self {
            Part::Keys => keys::measure(server, sizes.keys, sizes.changes).await,
            Part::Defragmentation => upkeep::defragmentation(server, sizes.megabytes).await,
            Part::Compaction => upkeep::compaction(server, sizes.revisions).await,
        }
    }
}

/// What was found out about one server.
#[derive(Debug)]
struct Found {
    server: String,
    /// Each by the id of its target.
    figures: Vec<(&'static str, f64)>,
    loads: Vec<LoadRow>,
    notes: Vec<String>,
}

impl Found {
    fn new(server: &Process) -> Found {
        Found { server: server.name().to_owned(), figures: Vec::new(), loads: Vec::new(), notes: Vec::new() }
    }

    fn add(&mut self, target: &'static str, figure: f64) {
        eprintln!("{}: {target} {figure:.3}", self.server);
        self.figures.push((target, figure));
    }

    fn note(&mut self, note: &str) {
        self.notes.push(format!("{}: {note}", self.server));
    }
}

/// Measures and prints.
pub(crate) fn run(args: &StateArgs) -> Result<(), BenchError> {
    let parts = if args.part.is_empty() { Part::value_variants() } else { &args.part };
    let mut report = Report::new(&args.servers.candidates());
    measure(&args.servers, parts, &args.sizes, &mut report)?;
    match args.write_out {
        Format::Table => print!("{report}"),
        Format::Json => println!("{}", serde_json::to_string_pretty(&report)?),
    }
    Ok(())
}

/// Measures the parts with each server in turn and adds what was found to `report`.
pub(crate) fn measure(
    servers: &ServerArgs,
    parts: &[Part],
    sizes: &Sizes,
    report: &mut Report,
) -> Result<(), BenchError> {
    let mut all = Vec::new();
    for part in parts {
        // What answers everything with nothing holds no state.
        for candidate in servers.candidates().iter().filter(|candidate| candidate.role != Role::Floor) {
            let mut server = servers.start(candidate)?;
            all.push(servers.run_clients(part.measure(&mut server, sizes))?);
        }
    }
    add_to(report, all);
    Ok(())
}

fn add_to(report: &mut Report, all: Vec<Found>) {
    for target in TARGETS.iter().filter(|target| target.group == Group::State) {
        let figures: Vec<_> = all
            .iter()
            .flat_map(|found| found.figures.iter().map(|(id, figure)| (found.server.as_str(), *id, *figure)))
            .filter(|(_, id, _)| *id == target.id)
            .map(|(server, _, figure)| (server, figure))
            .collect();
        if !figures.is_empty() {
            report.add_line(target.id, figures);
        }
    }
    for mut found in all {
        report.loads.append(&mut found.loads);
        report.notes.append(&mut found.notes);
    }
    report.loads.sort_by(|left, right| left.load.cmp(&right.load));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::servers::{Candidate, OURS};

    #[test]
    fn what_was_found_becomes_the_lines_of_the_table() {
        let candidate = |name: &str, role| Candidate { name: name.to_owned(), role, command: name.to_owned() };
        let found = |server: &str, figures: &[(&'static str, f64)]| Found {
            server: server.to_owned(),
            figures: figures.to_vec(),
            loads: Vec::new(),
            notes: vec![format!("{server}: a note")],
        };
        let mut report = Report::new(&[candidate("etcd", Role::Peer), candidate(OURS, Role::Ours)]);
        add_to(
            &mut report,
            vec![
                found("etcd", &[("restart", 4.0)]),
                found(OURS, &[("restart", 0.4), ("list-all-pinned", 1.2)]),
                found("etcd", &[("defrag-stall", 3000.0)]),
                found(OURS, &[("defrag-stall", 6.0)]),
            ],
        );
        let ratios: Vec<_> = report.lines.iter().map(|line| line.ratio().expect("ours was measured")).collect();
        assert_eq!(ratios, [1.2, 0.1, 0.002]);
        assert_eq!(report.notes.len(), 4);
    }
}
