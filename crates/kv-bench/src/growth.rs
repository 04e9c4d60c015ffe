//! `kv-bench growth`: how what a server costs grows with its keys and with their history.

mod kept;
mod report;
mod shape;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::BenchError;
use crate::compare::{Format, positive_seconds};
use crate::process::Process;
use crate::servers::{Candidate, ServerArgs};
use kept::Kept;
use report::{Figures, Report, Series};
use shape::Shape;

const EXAMPLES: &str = "\
Examples:
  flags='--data-dir {dir} --listen-client-urls {client_url} --advertise-client-urls {client_url}'
  kv-bench growth --ours \"kvd $flags\" --svg growth.svg

  kv-bench growth --ours \"kvd $flags\" --keep figures.jsonl \\
    --keys 10000,100000,1000000,10000000 -w json";

/// Measure how costs grow with the number of keys, and of versions a key
///
/// Fills a fresh server for each size and measures processor time per operation, restart, memory, disk and compaction, each
/// server pinned to one core, with the clients on another. Says which figures grow faster than the logarithm of the
/// versions stored; only restart, memory and disk may. Reads come after a restart, so that every size is read from the
/// file. Commands are as for compare.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct GrowthArgs {
    #[command(flatten)]
    servers: ServerArgs,
    /// Numbers of keys, with one version each
    #[arg(long, value_name = "COUNTS", value_delimiter = ',', default_values_t = [10_000, 100_000, 1_000_000],
          value_parser = clap::value_parser!(u64).range(1000..))]
    keys: Vec<u64>,
    /// Numbers of versions a key
    #[arg(long, value_name = "COUNTS", value_delimiter = ',', default_values_t = [1, 10, 1000],
          value_parser = clap::value_parser!(u64).range(1..))]
    versions: Vec<u64>,
    /// Keys that have so many versions
    #[arg(long, value_name = "COUNT", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1000..))]
    version_keys: u64,
    /// Length of each load in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0, value_parser = positive_seconds)]
    seconds: f64,
    /// File to draw the growth of each figure into
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// File to keep the figures of each size in, which are then not measured again
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Table)]
    write_out: Format,
}

/// Measures and prints.
pub(crate) fn run(args: &GrowthArgs) -> Result<(), BenchError> {
    let by_keys: Vec<_> = args.keys.iter().map(|keys| Shape { keys: *keys, versions: 1 }).collect();
    let by_versions: Vec<_> =
        args.versions.iter().map(|versions| Shape { keys: args.version_keys, versions: *versions }).collect();
    let mut kept = args.keep.as_deref().map_or_else(|| Ok(Kept::default()), Kept::open)?;
    let mut series = Vec::new();
    for candidate in args.servers.candidates() {
        for (grows, shapes) in [("keys", &by_keys), ("versions a key", &by_versions)] {
            let points = shapes
                .iter()
                .map(|shape| kept.point(&candidate.name, *shape, || measure(args, &candidate, *shape)))
                .collect::<Result<_, _>>()?;
            series.push(Series::new(&candidate.name, grows, points));
        }
    }
    let report = Report { series };
    match args.write_out {
        Format::Table => print!("{report}"),
        Format::Json => println!("{}", serde_json::to_string_pretty(&report)?),
    }
    if let Some(path) = &args.svg {
        fs::write(path, report.svg()).map_err(BenchError::io(format!("write {}", path.display())))?;
    }
    Ok(())
}

fn measure(args: &GrowthArgs, candidate: &Candidate, shape: Shape) -> Result<Figures, BenchError> {
    eprintln!("{}: {} keys, {} versions each", candidate.name, shape.keys, shape.versions);
    let mut server: Process = args.servers.start(candidate)?;
    args.servers.run_clients(shape.measure(&mut server, Duration::from_secs_f64(args.seconds)))
}
