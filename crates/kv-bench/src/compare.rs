//! `kv-bench compare`: two servers, the same loads, by turns.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use tokio::runtime;

use crate::BenchError;
use crate::process::{Process, pin_to};
use crate::report::{Compared, Pair, Report, Total};
use crate::workload::{Clients, Workload};

/// How long a server may take to answer after its start.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// How often it is asked.
const READY_EVERY: Duration = Duration::from_millis(50);

const EXAMPLES: &str = "\
Examples:
  kv-bench compare \\
    --peer 'etcd --data-dir {dir} --listen-client-urls {client_url} --advertise-client-urls {client_url} --listen-peer-urls {peer_url}' \\
    --ours 'kvd --data-dir {dir} --listen-client-urls {client_url} --advertise-client-urls {client_url}'

  kv-bench compare --peer '…' --ours '…' --workload put-1,put-64 --rounds 10 -w json";

/// Compare two servers under the same load, by turns
///
/// Starts both commands, each in a fresh directory and pinned to one core, with the clients on another core; writes the
/// same keys to both; then gives each server a turn of every load, round after round. A command is split at white space;
/// in it `{dir}` stands for the data directory, `{client_url}` and `{peer_url}` for free URLs, `{port}` for the client port.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct CompareArgs {
    /// Command that starts the server compared with
    #[arg(long, value_name = "COMMAND")]
    peer: String,
    /// Command that starts our server
    #[arg(long, value_name = "COMMAND")]
    ours: String,
    /// Loads to run, separated by commas [default: all]
    #[arg(long, value_name = "WORKLOAD", value_delimiter = ',')]
    workload: Vec<Workload>,
    /// Turns of each server with each load
    #[arg(long, value_name = "COUNT", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Length of a turn in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, value_parser = positive_seconds)]
    seconds: f64,
    /// Keys written before anything is measured
    #[arg(long, value_name = "COUNT", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    keys: u64,
    /// Directory to put the data directories in [default: the system's directory for temporary files]
    #[arg(long, value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
    /// Core that both servers are pinned to
    #[arg(long, value_name = "CORE", default_value_t = 0)]
    server_core: usize,
    /// Core that the clients are pinned to
    #[arg(long, value_name = "CORE", default_value_t = 1)]
    client_core: usize,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Table)]
    write_out: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
}

fn positive_seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if seconds > 0.0 && seconds < 1e6 => Ok(seconds),
        _ => Err("must be a positive number".to_owned()),
    }
}

/// Measures and prints.
pub(crate) fn run(args: &CompareArgs) -> Result<(), BenchError> {
    let parent = args.directory.clone().unwrap_or_else(std::env::temp_dir);
    let mut servers = Pair {
        peer: Process::start("peer", &args.peer, &parent, args.server_core)?,
        ours: Process::start("ours", &args.ours, &parent, args.server_core)?,
    };
    // Everything from here on happens on this one thread.
    pin_to(args.client_core)?;
    let runtime =
        runtime::Builder::new_current_thread().enable_all().build().map_err(BenchError::io("start a runtime"))?;
    let report = runtime.block_on(async {
        tokio::select! {
            report = measure(args, &mut servers) => report,
            _ = tokio::signal::ctrl_c() => Err(BenchError::Interrupted),
        }
    })?;
    match args.write_out {
        Format::Table => print!("{report}"),
        Format::Json => println!("{}", serde_json::to_string_pretty(&report)?),
    }
    Ok(())
}

async fn measure(args: &CompareArgs, servers: &mut Pair<Process>) -> Result<Report, BenchError> {
    let clients =
        Pair { peer: load(&mut servers.peer, args.keys).await?, ours: load(&mut servers.ours, args.keys).await? };
    let workloads = if args.workload.is_empty() { Workload::ALL.to_vec() } else { args.workload.clone() };
    let mut totals: Vec<Pair<Total>> =
        workloads.iter().map(|_| Pair { peer: Total::new(), ours: Total::new() }).collect();
    let length = Duration::from_secs_f64(args.seconds);
    for round in 0..args.rounds {
        for (workload, total) in workloads.iter().zip(&mut totals) {
            eprintln!("round {} of {}: {workload}", round + 1, args.rounds);
            let seed = u64::from(round) * 2;
            turn(&servers.peer, &clients.peer, *workload, seed, length, &mut total.peer).await?;
            turn(&servers.ours, &clients.ours, *workload, seed, length, &mut total.ours).await?;
        }
    }
    servers.peer.check_alive()?;
    servers.ours.check_alive()?;
    let resident = Pair { peer: servers.peer.resident_bytes()?, ours: servers.ours.resident_bytes()? };
    let compared = workloads.iter().zip(&totals).map(|(workload, total)| Compared::new(*workload, total)).collect();
    Ok(Report::new(args.keys, args.rounds, resident, compared))
}

/// Waits until the server answers and writes the keys.
async fn load(server: &mut Process, keys: u64) -> Result<Clients, BenchError> {
    let clients = wait_until_ready(server, keys).await?;
    eprintln!("{}: writing {keys} keys", server.name());
    clients.load().await?;
    Ok(clients)
}

/// Waits until the server answers.
pub(crate) async fn wait_until_ready(server: &mut Process, keys: u64) -> Result<Clients, BenchError> {
    let start = Instant::now();
    let clients = Clients::new(server.name(), &server.url(), keys);
    while let Err(status) = clients.probe().await {
        server.check_alive()?;
        if start.elapsed() > READY_WITHIN {
            let log = format!("{}\nlast answer: {}", server.log_tail(), status.message());
            return Err(BenchError::NotReady { server: server.name().to_owned(), waited: READY_WITHIN, log });
        }
        thread::sleep(READY_EVERY);
    }
    eprintln!("{} serves after {:.1} s", server.name(), start.elapsed().as_secs_f64());
    Ok(clients)
}

async fn turn(
    server: &Process,
    clients: &Clients,
    workload: Workload,
    seed: u64,
    length: Duration,
    total: &mut Total,
) -> Result<(), BenchError> {
    clients.warm_up(workload, seed + 1).await?;
    let before = server.cpu_time()?;
    let recorded = clients.turn(workload, seed, length).await?;
    total.add(&recorded, server.cpu_time()?.saturating_sub(before));
    Ok(())
}
