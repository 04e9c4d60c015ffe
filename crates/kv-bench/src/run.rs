//! `kv-bench run`: one load on a server that runs already.

use std::fmt;
use std::io::IsTerminal as _;
use std::time::Duration;

use clap::{Args, Subcommand};
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use tokio::runtime;
use tokio::task::LocalSet;

use crate::BenchError;
use crate::compare::{Format, positive_seconds};
use crate::driver::{Distribution, KeySpace, Load, Operation, Order, Recorded, Session, Until};
use crate::lines::BUSY;
use crate::process::pin_to;

/// How often the progress is shown.
const SHOWN_EVERY: Duration = Duration::from_millis(200);

const EXAMPLES: &str = "\
Examples:
  kv-bench run fill --keys 1000000 --puts-per-txn 128 --clients 4
  kv-bench run put --clients 64 --seconds 10
  kv-bench run get --clients 64 --distribution zipf --serializable
  kv-bench run put --clients 64 --rate 5000 -w json
  kv-bench run watch --watchers 100 --clients 16 --endpoint http://10.0.0.7:2379";

/// Drive a server with one load
///
/// The server may be any that has etcd's API, and runs already. Reads expect the keys that `fill` writes. Without
/// --rate each client begins an operation when its last one is answered; with it operations are due at even times, and their
/// latency counts from then on, also while no client was free.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct RunArgs {
    #[command(subcommand)]
    workload: WorkloadArgs,
}

/// What the clients do.
#[derive(Debug, Subcommand)]
enum WorkloadArgs {
    /// Overwrite keys
    Put {
        #[command(flatten)]
        drive: DriveArgs,
        #[command(flatten)]
        choice: ChoiceArgs,
        /// Watchers on keys that nobody writes, beside the clients
        #[arg(long, value_name = "COUNT", default_value_t = 0)]
        idle_watchers: u64,
    },
    /// Write every key once
    Fill {
        #[command(flatten)]
        clients: ClientArgs,
        /// In which order keys are written
        #[arg(long, value_name = "ORDER", value_enum, default_value_t = Order::Sequential)]
        order: Order,
        /// Puts in one transaction
        #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
        puts_per_txn: u64,
    },
    /// Read keys, one at a time
    Get {
        #[command(flatten)]
        drive: DriveArgs,
        #[command(flatten)]
        choice: ChoiceArgs,
        #[command(flatten)]
        reading: ReadArgs,
    },
    /// Read keys that follow each other
    Range {
        #[command(flatten)]
        drive: DriveArgs,
        #[command(flatten)]
        reading: ReadArgs,
        /// Keys that one operation reads
        #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
        length: u64,
    },
    /// Read all keys by pages; an operation is a page
    List {
        #[command(flatten)]
        drive: DriveArgs,
        #[command(flatten)]
        reading: ReadArgs,
        /// Keys of a page
        #[arg(long, value_name = "COUNT", default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..))]
        limit: u64,
        /// Read the first page again and again
        #[arg(long)]
        first_page: bool,
    },
    /// Count all keys
    Count {
        #[command(flatten)]
        drive: DriveArgs,
        #[command(flatten)]
        reading: ReadArgs,
    },
    /// Read a key and overwrite it if nobody else has; an operation is the pair
    Txn {
        #[command(flatten)]
        drive: DriveArgs,
        #[command(flatten)]
        choice: ChoiceArgs,
    },
    /// Read keys and overwrite keys
    Mixed {
        #[command(flatten)]
        drive: DriveArgs,
        #[command(flatten)]
        choice: ChoiceArgs,
        #[command(flatten)]
        reading: ReadArgs,
        /// Operations of a hundred that read
        #[arg(long, value_name = "PERCENT", default_value_t = 90, value_parser = clap::value_parser!(u64).range(0..=100))]
        reads: u64,
    },
    /// Overwrite keys before watchers; an operation is an event, its time is from the put's start to its arrival
    Watch {
        #[command(flatten)]
        drive: DriveArgs,
        #[command(flatten)]
        choice: ChoiceArgs,
        /// Watchers on all keys, each on a connection of its own
        #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
        watchers: u64,
    },
    /// Renew leases; they end an hour after the last renewal
    Lease {
        #[command(flatten)]
        drive: DriveArgs,
        /// Leases that are granted first
        #[arg(long, value_name = "COUNT", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
        leases: u64,
    },
}

/// Who the clients are, and what they write.
#[derive(Debug, Clone, Args)]
struct ClientArgs {
    /// Where the server is, as `http://HOST[:PORT]`; clients are spread over several
    #[arg(long, value_name = "URL", value_delimiter = ',', default_value = "http://127.0.0.1:2379")]
    endpoint: Vec<String>,
    /// Operations under way at once
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    clients: u32,
    /// Connections that the clients share [default: one each]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    connections: Option<u32>,
    #[command(flatten)]
    keys: KeySpace,
    /// What clients ask for follows from this number
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Core that the clients are pinned to [default: none]
    #[arg(long, value_name = "CORE")]
    core: Option<usize>,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Table)]
    write_out: Format,
}

/// How long clients go on, and when they begin their operations.
#[derive(Debug, Clone, Args)]
struct DriveArgs {
    #[command(flatten)]
    clients: ClientArgs,
    /// Length of the load in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, value_parser = positive_seconds)]
    seconds: f64,
    /// End after so many operations instead
    #[arg(long, value_name = "COUNT", conflicts_with = "seconds", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Seconds of the same load before anything is recorded
    #[arg(long, value_name = "SECONDS", value_parser = positive_seconds)]
    warm_up: Option<f64>,
    /// Operations due a second, over all clients [default: as many as are answered]
    #[arg(long, value_name = "NUMBER", value_parser = positive_seconds)]
    rate: Option<f64>,
}

/// Which keys are used.
#[derive(Debug, Clone, Args)]
struct ChoiceArgs {
    /// How often which keys are used
    #[arg(long, value_name = "DISTRIBUTION", value_enum, default_value_t = Distribution::Uniform)]
    distribution: Distribution,
}

/// How it is read.
#[derive(Debug, Clone, Args)]
struct ReadArgs {
    /// Take what the server has, even if it is not the newest
    #[arg(long)]
    serializable: bool,
}

impl WorkloadArgs {
    fn load(&self) -> (Load, Option<Until>, Until, &ClientArgs) {
        let uniform = Distribution::Uniform;
        let (operation, distribution, drive) = match self {
            WorkloadArgs::Fill { clients, order, puts_per_txn } => {
                let operation = Operation::Fill { order: *order, puts_per_txn: *puts_per_txn };
                let count = operation.count(clients.keys.keys).unwrap_or(0);
                return (clients.load(operation, uniform, None, 0), None, Until::Count(count), clients);
            }
            WorkloadArgs::Put { drive, choice, .. } => (Operation::Put, choice.distribution, drive),
            WorkloadArgs::Get { drive, choice, reading } => {
                (Operation::Get { serializable: reading.serializable }, choice.distribution, drive)
            }
            WorkloadArgs::Range { drive, reading, length } => {
                (Operation::Range { length: *length, serializable: reading.serializable }, uniform, drive)
            }
            WorkloadArgs::List { drive, reading, limit, first_page } => {
                let serializable = reading.serializable;
                (Operation::List { limit: *limit, first_page: *first_page, serializable }, uniform, drive)
            }
            WorkloadArgs::Count { drive, reading } => {
                (Operation::Count { serializable: reading.serializable }, uniform, drive)
            }
            WorkloadArgs::Txn { drive, choice } => (Operation::Txn, choice.distribution, drive),
            WorkloadArgs::Mixed { drive, choice, reading, reads } => {
                let operation = Operation::Mixed { reads_percent: *reads, serializable: reading.serializable };
                (operation, choice.distribution, drive)
            }
            WorkloadArgs::Watch { drive, choice, watchers } => {
                (Operation::Watch { watchers: *watchers }, choice.distribution, drive)
            }
            WorkloadArgs::Lease { drive, leases } => (Operation::Lease { leases: *leases }, uniform, drive),
        };
        let idle_watchers = match self {
            WorkloadArgs::Put { idle_watchers, .. } => *idle_watchers,
            _ => 0,
        };
        let load = drive.clients.load(operation, distribution, drive.rate, idle_watchers);
        let warm_up = drive.warm_up.map(|seconds| Until::Elapsed(Duration::from_secs_f64(seconds)));
        let length = Duration::from_secs_f64(drive.seconds);
        (load, warm_up, drive.count.map_or(Until::Elapsed(length), Until::Count), &drive.clients)
    }

    fn name(&self) -> &'static str {
        match self {
            WorkloadArgs::Put { .. } => "put",
            WorkloadArgs::Fill { .. } => "fill",
            WorkloadArgs::Get { .. } => "get",
            WorkloadArgs::Range { .. } => "range",
            WorkloadArgs::List { .. } => "list",
            WorkloadArgs::Count { .. } => "count",
            WorkloadArgs::Txn { .. } => "txn",
            WorkloadArgs::Mixed { .. } => "mixed",
            WorkloadArgs::Watch { .. } => "watch",
            WorkloadArgs::Lease { .. } => "lease",
        }
    }
}

impl ClientArgs {
    fn load(&self, operation: Operation, distribution: Distribution, rate: Option<f64>, idle_watchers: u64) -> Load {
        Load {
            operation,
            clients: self.clients as usize,
            connections: self.connections.unwrap_or(self.clients) as usize,
            keys: self.keys.clone(),
            distribution,
            rate,
            idle_watchers,
            seed: self.seed,
        }
    }
}

/// Drives and prints.
pub(crate) fn run(args: &RunArgs) -> Result<(), BenchError> {
    let (load, warm_up, until, clients) = args.workload.load();
    if let Some(core) = clients.core {
        pin_to(&[core])?;
    }
    let (count, connections) = (load.clients, load.connections);
    let runtime =
        runtime::Builder::new_current_thread().enable_all().build().map_err(BenchError::io("start a runtime"))?;
    let recorded = LocalSet::new().block_on(&runtime, async {
        let drive = async {
            let mut session = Session::open(&clients.endpoint.join(","), &clients.endpoint, load).await?;
            if let Some(warm_up) = warm_up {
                session.drive(warm_up).await?;
            }
            let shown = show_progress(until, session.progress());
            let recorded = session.drive(until).await;
            shown.abort();
            recorded
        };
        tokio::select! {
            recorded = drive => recorded,
            _ = tokio::signal::ctrl_c() => Err(BenchError::Interrupted),
        }
    })?;
    let report = RunReport::new(args.workload.name(), count, connections, &recorded);
    match clients.write_out {
        Format::Table => print!("{report}"),
        Format::Json => println!("{}", serde_json::to_string_pretty(&report)?),
    }
    Ok(())
}

/// Shows how far the load has come, if somebody looks on.
fn show_progress(until: Until, done: impl Fn() -> u64 + 'static) -> tokio::task::JoinHandle<()> {
    tokio::task::spawn_local(async move {
        if !std::io::stderr().is_terminal() {
            return;
        }
        let (length, template) = match until {
            Until::Count(count) => (count, "{wide_bar} {human_pos}/{human_len}, {per_sec}"),
            Until::Elapsed(length) => (length.as_millis() as u64, "{wide_bar} {msg}"),
        };
        let bar = ProgressBar::new(length);
        bar.set_style(ProgressStyle::with_template(template).expect("the template is well formed"));
        // Cleared when the task is ended, too.
        let bar = Cleared(bar);
        let mut last = 0;
        let mut beat = tokio::time::interval(SHOWN_EVERY);
        loop {
            beat.tick().await;
            let now = done();
            match until {
                Until::Count(_) => bar.0.set_position(now),
                Until::Elapsed(_) => {
                    let rate = now.saturating_sub(last) as f64 / SHOWN_EVERY.as_secs_f64();
                    bar.0.set_position(bar.0.elapsed().as_millis() as u64);
                    bar.0.set_message(format!("{now} operations, {rate:.0}/s"));
                }
            }
            last = now;
        }
    })
}

/// A bar that leaves nothing behind.
#[derive(Debug)]
struct Cleared(ProgressBar);

impl Drop for Cleared {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// What one load recorded.
#[derive(Debug, Serialize)]
struct RunReport {
    workload: &'static str,
    clients: usize,
    connections: usize,
    seconds: f64,
    operations: Vec<Figures>,
    /// Transactions whose guard failed.
    conflicts: u64,
    /// Operations that were due and never began.
    overdue: u64,
    /// The part of a core that the clients used.
    clients_busy: f64,
}

/// The figures of one kind of operation.
#[derive(Debug, Serialize)]
struct Figures {
    operation: &'static str,
    count: u64,
    per_second: f64,
    mean_us: f64,
    p50_us: f64,
    p90_us: f64,
    p99_us: f64,
    p999_us: f64,
    max_us: f64,
}

impl RunReport {
    fn new(workload: &'static str, clients: usize, connections: usize, recorded: &Recorded) -> RunReport {
        let seconds = recorded.elapsed.as_secs_f64();
        let operations = recorded
            .latencies
            .iter()
            .map(|(operation, latencies)| {
                let quantile = |quantile| latencies.value_at_quantile(quantile) as f64 / 1000.0;
                Figures {
                    operation,
                    count: latencies.len(),
                    per_second: latencies.len() as f64 / seconds,
                    mean_us: latencies.mean() / 1000.0,
                    p50_us: quantile(0.5),
                    p90_us: quantile(0.9),
                    p99_us: quantile(0.99),
                    p999_us: quantile(0.999),
                    max_us: latencies.max() as f64 / 1000.0,
                }
            })
            .collect();
        let (conflicts, overdue, clients_busy) = (recorded.conflicts, recorded.overdue, recorded.clients_busy());
        RunReport { workload, clients, connections, seconds, operations, conflicts, overdue, clients_busy }
    }
}

impl fmt::Display for RunReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RunReport { workload, clients, connections, seconds, .. } = self;
        writeln!(formatter, "{workload}: {clients} clients on {connections} connections, {seconds:.2} s")?;
        let mut table = Table::new();
        table.load_style(UTF8_FULL_CONDENSED).set_header([
            "operation",
            "count",
            "per second",
            "mean µs",
            "p50 µs",
            "p90 µs",
            "p99 µs",
            "p99.9 µs",
            "max µs",
        ]);
        for figures in &self.operations {
            let Figures { mean_us, p50_us, p90_us, p99_us, p999_us, max_us, .. } = figures;
            let times = [mean_us, p50_us, p90_us, p99_us, p999_us, max_us].map(|time| format!("{time:.0}"));
            let count = [figures.count.to_string(), format!("{:.0}", figures.per_second)];
            table.add_row([figures.operation.to_owned()].into_iter().chain(count).chain(times));
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        writeln!(formatter, "{table}")?;
        if self.conflicts > 0 {
            writeln!(formatter, "{} guards failed, because another client had written in between", self.conflicts)?;
        }
        if self.overdue > 0 {
            writeln!(formatter, "note: {} operations were due and never began: the rate is too high", self.overdue)?;
        }
        if self.clients_busy > BUSY {
            let percent = self.clients_busy * 100.0;
            writeln!(formatter, "note: the clients used {percent:.0} % of a core, which may have bounded the load")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::driver::empty_histogram;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: RunArgs,
    }

    fn load(line: &str) -> (Load, Until) {
        let line = Line::try_parse_from(["kv-bench"].into_iter().chain(line.split(' '))).expect("it is well formed");
        let (load, _, until, _) = line.args.workload.load();
        (load, until)
    }

    #[test]
    fn a_line_says_what_the_clients_do() {
        let (put, until) = load("put --clients 64 --rate 500 --idle-watchers 3 --distribution zipf");
        assert_eq!((put.operation, put.clients, put.connections, put.rate), (Operation::Put, 64, 64, Some(500.0)));
        assert_eq!((put.idle_watchers, put.distribution), (3, Distribution::Zipf));
        assert!(matches!(until, Until::Elapsed(length) if length == Duration::from_secs(10)));
        let (fill, until) = load("fill --keys 1000 --puts-per-txn 128 --order random --connections 2");
        assert_eq!(fill.operation, Operation::Fill { order: Order::Random, puts_per_txn: 128 });
        assert!(matches!(until, Until::Count(8)) && fill.connections == 2);
        let (mixed, until) = load("mixed --reads 50 --count 7 --serializable");
        assert_eq!(mixed.operation, Operation::Mixed { reads_percent: 50, serializable: true });
        assert!(matches!(until, Until::Count(7)));
    }

    #[test]
    fn an_option_that_a_load_has_no_use_for_is_refused() {
        for line in ["put --serializable", "count --distribution zipf", "fill --rate 5", "get --count 1 --seconds 1"] {
            Line::try_parse_from(["kv-bench"].into_iter().chain(line.split(' '))).expect_err(line);
        }
    }

    #[test]
    fn the_report_has_a_row_for_each_kind_of_operation() {
        let mut latencies = empty_histogram();
        latencies.saturating_record_n(200_000, 99);
        latencies.saturating_record(5_000_000);
        let mut recorded =
            Recorded { elapsed: Duration::from_secs(2), conflicts: 3, overdue: 4, ..Recorded::default() };
        recorded.clients_cpu = Duration::from_millis(1990);
        recorded.latencies.insert("put", latencies.clone());
        recorded.latencies.insert("get", latencies);
        let report = RunReport::new("mixed", 64, 8, &recorded);
        expect_test::expect![[r#"
            mixed: 64 clients on 8 connections, 2.00 s
            ┌───────────┬───────┬────────────┬─────────┬────────┬────────┬────────┬──────────┬────────┐
            │ operation ┆ count ┆ per second ┆ mean µs ┆ p50 µs ┆ p90 µs ┆ p99 µs ┆ p99.9 µs ┆ max µs │
            ╞═══════════╪═══════╪════════════╪═════════╪════════╪════════╪════════╪══════════╪════════╡
            │ get       ┆   100 ┆         50 ┆     248 ┆    200 ┆    200 ┆    200 ┆     5001 ┆   5001 │
            │ put       ┆   100 ┆         50 ┆     248 ┆    200 ┆    200 ┆    200 ┆     5001 ┆   5001 │
            └───────────┴───────┴────────────┴─────────┴────────┴────────┴────────┴──────────┴────────┘
            3 guards failed, because another client had written in between
            note: 4 operations were due and never began: the rate is too high
            note: the clients used 100 % of a core, which may have bounded the load
        "#]]
        .assert_eq(&report.to_string());
    }
}
