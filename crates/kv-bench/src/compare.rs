//! `kv-bench compare`: several servers, the same loads by turns, and the same large stores one after the other.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::BenchError;
use crate::curve;
use crate::driver::{Distribution, KeySpace, Load, Operation, Order, Session, Until};
use crate::lines::{READINGS, Reading, Row, Total, saturation_notes};
use crate::process::Process;
use crate::ready::wait_until_ready;
use crate::report::{LoadRow, Report};
use crate::servers::{Role, ServerArgs};
use crate::state::{self, Part, Sizes};
use crate::targets::{Group, TARGETS, Target, target};

/// How long an empty server runs before its memory is looked at.
const EMPTY_FOR: Duration = Duration::from_secs(2);
/// How the keys are written before anything is measured.
const FILL_CLIENTS: usize = 4;
const FILL_TXN_PUTS: u64 = 128;

const EXAMPLES: &str = "\
Examples:
  flags='--data-dir {dir} --listen-client-urls {client_url} --advertise-client-urls {client_url}'
  kv-bench compare --ours \"kvd $flags\" --peer \"3.7=etcd $flags --listen-peer-urls {peer_url}\"

  kv-bench compare --ours \"kvd $flags\" --peer \"3.7=etcd $flags --listen-peer-urls {peer_url}\" \\
    --only put-64-cpu,put-64-p99 --rounds 10 -w json

  kv-bench compare --ours \"kvd $flags\" --peer \"3.7=etcd $flags --listen-peer-urls {peer_url}\" \\
    --large";

/// Compare servers under the same load, by turns
///
/// Starts all commands, each in a fresh directory and pinned to one core, with the clients on another core; writes the
/// same keys to all; then gives each server a turn of every load, round after round. A command is split at white space;
/// in it `{dir}` stands for the data directory, `{client_url}` and `{peer_url}` for free URLs, `{port}` for the client port.
///
/// The table judges each figure by its ratio to the best peer's. `floor` is a server that answers at once with constants: what
/// the transport alone costs.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct CompareArgs {
    #[command(flatten)]
    servers: ServerArgs,
    /// Figures to measure, separated by commas [default: all that need no large store]
    #[arg(long, value_name = "FIGURE", value_delimiter = ',', value_parser = figure)]
    only: Vec<&'static Target>,
    /// Measure all figures, those of large stores included, each server alone; with two peers about twenty minutes
    #[arg(long, conflicts_with = "only")]
    large: bool,
    #[command(flatten)]
    turns: Turns,
    /// Draw latency against load, too: puts and gets at rising rates, as SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Table)]
    write_out: Format,
    #[command(flatten)]
    sizes: Sizes,
}

/// How often and for how long servers are loaded by turns, and with how many keys.
#[derive(Debug, Args)]
pub(crate) struct Turns {
    /// Turns of each server with each load
    #[arg(long, value_name = "COUNT", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,
    /// Length of a turn in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, value_parser = positive_seconds)]
    seconds: f64,
    /// Keys written before anything is measured
    #[arg(long, value_name = "COUNT", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) keys: u64,
}

impl Turns {
    /// Returns the length of a turn.
    pub(crate) fn length(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
}

pub(crate) fn positive_seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if seconds > 0.0 && seconds < 1e6 => Ok(seconds),
        _ => Err("must be a positive number".to_owned()),
    }
}

fn figure(id: &str) -> Result<&'static Target, String> {
    target(id).ok_or_else(|| {
        let known: Vec<_> = TARGETS.iter().map(|target| target.id).collect();
        format!("must be one of {}", known.join(", "))
    })
}

impl CompareArgs {
    fn wants(&self, id: &str) -> bool {
        match target(id) {
            Some(target) if self.only.is_empty() => self.large || target.group == Group::Load,
            _ => self.only.iter().any(|target| target.id == id),
        }
    }

    /// Returns the loads that have to be run.
    fn rows(&self) -> Vec<Row> {
        let needed: Vec<_> = READINGS.iter().filter(|reading| self.wants(reading.id)).flat_map(Reading::rows).collect();
        Row::ALL.into_iter().filter(|row| needed.contains(row)).collect()
    }
}

/// Measures and prints.
pub(crate) fn run(args: &CompareArgs) -> Result<(), BenchError> {
    // What cannot be written is said before anything is measured.
    if let Some(path) = &args.svg {
        std::fs::write(path, "").map_err(BenchError::io(format!("write {}", path.display())))?;
    }
    let candidates = args.servers.candidates_with_floor();
    let mut report = Report::new(&candidates);
    if args.svg.is_some() || TARGETS.iter().any(|target| target.group == Group::Load && args.wants(target.id)) {
        let mut contest = Contest { servers: Vec::new(), figures: BTreeMap::new() };
        for candidate in &candidates {
            contest.servers.push((args.servers.start(candidate)?, candidate.role));
        }
        args.servers.run_clients(contest.measure(args, &mut report))?;
    }
    // None of those servers is left to disturb the ones that run alone.
    state::measure(&args.servers, &Part::that_measure(|target| args.wants(target.id)), &args.sizes, &mut report)?;
    report.retain(|id| args.wants(id));
    if let Some(path) = &args.svg {
        let drawn = std::fs::write(path, curve::draw(&report.curves));
        drawn.map_err(BenchError::io(format!("write {}", path.display())))?;
    }
    match args.write_out {
        Format::Table => print!("{report}"),
        Format::Json => println!("{}", serde_json::to_string_pretty(&report)?),
    }
    Ok(())
}

/// Servers that run side by side, and what was found out about them.
#[derive(Debug)]
struct Contest {
    servers: Vec<(Process, Role)>,
    /// By the target's id, one for each server that has one.
    figures: BTreeMap<&'static str, Vec<(String, f64)>>,
}

impl Contest {
    async fn measure(&mut self, args: &CompareArgs, report: &mut Report) -> Result<(), BenchError> {
        for (server, _) in &mut self.servers {
            wait_until_ready(server).await?;
        }
        if args.wants("memory-empty") {
            self.measure_memory().await?;
        }
        let (rows, keys) = (args.rows(), KeySpace::of(args.turns.keys));
        let length = args.turns.length();
        if !rows.is_empty() || args.svg.is_some() {
            for server in self.stores() {
                eprintln!("{}: writing {} keys", server.name(), args.turns.keys);
                fill(server, &keys).await?;
            }
        }
        self.measure_loads(args, &rows, &keys, length, report).await?;
        if args.svg.is_some() {
            for (server, _) in &self.servers {
                report.curves.extend(curve::measure(server, &keys, length).await?);
            }
        }
        for (server, _) in &mut self.servers {
            server.check_alive()?;
        }
        for target in &TARGETS {
            if let Some(figures) = self.figures.get(target.id) {
                report.add_line(target.id, figures.iter().map(|(server, figure)| (server.as_str(), *figure)));
            }
        }
        if !rows.is_empty() {
            let KeySpace { keys, key_bytes, value_bytes, .. } = keys;
            let Turns { rounds, seconds, .. } = args.turns;
            report.notes.push(format!(
                "loads were of {keys} keys of {key_bytes} B with values of {value_bytes} B; each server had {rounds} turns of \
                 {seconds} s"
            ));
        }
        report.notes.extend(saturation_notes(&report.loads));
        Ok(())
    }

    /// Returns the servers that keep what they are given.
    fn stores(&self) -> impl Iterator<Item = &Process> {
        self.servers.iter().filter(|(_, role)| *role != Role::Floor).map(|(server, _)| server)
    }

    async fn measure_memory(&mut self) -> Result<(), BenchError> {
        tokio::time::sleep(EMPTY_FOR).await;
        let megabytes = |server: &Process| Ok((server.name().to_owned(), server.anonymous_bytes()? as f64 / 1e6));
        let figures = self.stores().map(megabytes).collect::<Result<_, BenchError>>()?;
        self.figures.insert("memory-empty", figures);
        Ok(())
    }

    async fn measure_loads(
        &mut self,
        args: &CompareArgs,
        rows: &[Row],
        keys: &KeySpace,
        length: Duration,
        report: &mut Report,
    ) -> Result<(), BenchError> {
        let mut totals: BTreeMap<(Row, usize), Total> = BTreeMap::new();
        for round in 0..args.turns.rounds {
            for row in rows {
                eprintln!("round {} of {}: {}", round + 1, args.turns.rounds, row.name());
                let taking_part = self.servers.iter().enumerate().filter(|(_, (_, role))| row.takes(*role));
                for (number, (server, _)) in taking_part {
                    let total = totals.entry((*row, number)).or_default();
                    row.turn(server, keys, u64::from(round), length, total).await?;
                }
            }
        }
        let mut measured: Vec<Vec<(Row, LoadRow)>> = self.servers.iter().map(|_| Vec::new()).collect();
        for ((row, number), total) in totals {
            let load = total.row(row.name(), self.servers[number].0.name());
            report.loads.push(load.clone());
            measured[number].push((row, load));
        }
        for reading in READINGS.iter().filter(|reading| args.wants(reading.id)) {
            for ((server, _), measured) in self.servers.iter().zip(&measured) {
                if let Some(figure) = reading.figure(measured) {
                    self.figures.entry(reading.id).or_default().push((server.name().to_owned(), figure));
                }
            }
        }
        Ok(())
    }
}

/// Writes every key once.
pub(crate) async fn fill(server: &Process, keys: &KeySpace) -> Result<(), BenchError> {
    let operation = Operation::Fill { order: Order::Sequential, puts_per_txn: FILL_TXN_PUTS };
    let load = Load {
        operation,
        clients: FILL_CLIENTS,
        connections: FILL_CLIENTS,
        keys: keys.clone(),
        distribution: Distribution::Uniform,
        rate: None,
        idle_watchers: 0,
        seed: 0,
    };
    let mut session = Session::open(server.name(), &[server.url()], load).await?;
    let transactions = operation.count(keys.keys).unwrap_or(0);
    session.drive(Until::Count(transactions)).await.map(drop)
}
