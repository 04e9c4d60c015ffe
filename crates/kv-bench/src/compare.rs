//! `kv-bench compare`: several servers, the same loads, by turns.

use std::thread;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use crate::BenchError;
use crate::process::Process;
use crate::report::{LoadRow, Report};
use crate::servers::ServerArgs;
use crate::total::Total;
use crate::workload::{Clients, Workload};

/// How long a server may take to answer after its start.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// How often it is asked.
const READY_EVERY: Duration = Duration::from_millis(50);

const EXAMPLES: &str = "\
Examples:
  kv-bench compare \\
    --peer 'etcd=etcd --data-dir {dir} --listen-client-urls {client_url} --advertise-client-urls {client_url} --listen-peer-urls {peer_url}' \\
    --ours 'kvd --data-dir {dir} --listen-client-urls {client_url} --advertise-client-urls {client_url}'

  kv-bench compare --peer 'etcd=…' --ours '…' --workload put-1,put-64 --rounds 10 -w json";

/// Compare servers under the same load, by turns
///
/// Starts all commands, each in a fresh directory and pinned to one core, with the clients on another core; writes the
/// same keys to all; then gives each server a turn of every load, round after round. A command is split at white space;
/// in it `{dir}` stands for the data directory, `{client_url}` and `{peer_url}` for free URLs, `{port}` for the client port.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct CompareArgs {
    #[command(flatten)]
    servers: ServerArgs,
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
    let candidates = args.servers.candidates();
    let mut servers =
        candidates.iter().map(|candidate| args.servers.start(candidate)).collect::<Result<Vec<_>, _>>()?;
    let mut report = Report::new(&candidates);
    args.servers.run_clients(measure(args, &mut servers, &mut report))?;
    match args.write_out {
        Format::Table => print!("{report}"),
        Format::Json => println!("{}", serde_json::to_string_pretty(&report)?),
    }
    Ok(())
}

async fn measure(args: &CompareArgs, servers: &mut [Process], report: &mut Report) -> Result<(), BenchError> {
    let mut clients = Vec::new();
    for server in servers.iter_mut() {
        clients.push(load(server, args.keys).await?);
    }
    let workloads = if args.workload.is_empty() { Workload::ALL.to_vec() } else { args.workload.clone() };
    let mut totals: Vec<Vec<Total>> =
        workloads.iter().map(|_| servers.iter().map(|_| Total::new()).collect()).collect();
    let length = Duration::from_secs_f64(args.seconds);
    for round in 0..args.rounds {
        for (workload, totals) in workloads.iter().zip(&mut totals) {
            eprintln!("round {} of {}: {workload}", round + 1, args.rounds);
            for ((server, clients), total) in servers.iter().zip(&clients).zip(totals) {
                turn(server, clients, *workload, u64::from(round) * 2, length, total).await?;
            }
        }
    }
    for server in servers.iter_mut() {
        server.check_alive()?;
    }
    for (workload, totals) in workloads.iter().zip(&totals) {
        for (server, total) in servers.iter().zip(totals) {
            report.loads.push(total.row(workload.to_string(), server.name()));
        }
    }
    add_lines(report);
    Ok(())
}

/// What the loads say about the targets.
fn add_lines(report: &mut Report) {
    type Figure = fn(&LoadRow) -> f64;
    let lines: [(&str, &str, Figure); 6] = [
        ("put-1-p50", "put-1", |row| row.p50_us),
        ("put-64-cpu", "put-64", |row| row.server_cpu_us_per_operation),
        ("put-64-p99", "put-64", |row| row.p99_us / 1000.0),
        ("get-64-cpu", "get-64", |row| row.server_cpu_us_per_operation),
        ("get-1-p50", "get-1", |row| row.p50_us),
        ("list-100-cpu", "list-100", |row| row.server_cpu_us_per_operation),
    ];
    for (target, load, figure) in lines {
        let rows = report.loads.iter().filter(|row| row.load == load);
        let figures: Vec<_> = rows.map(|row| (row.server.clone(), figure(row))).collect();
        if !figures.is_empty() {
            report.add_line(target, figures.iter().map(|(server, figure)| (server.as_str(), *figure)));
        }
    }
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
