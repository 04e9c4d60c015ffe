//! `kv-bench cores`: what a second core brings.
//!
//! Clients take processor time too, and on a machine of two cores there is none left for them where a server may use both. So
//! server and clients share one core, then both, and the throughput of the two together is compared. The usual placement,
//! a core for each, stands beside it.

use std::collections::BTreeMap;
use std::fmt;

use clap::Args;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use serde::Serialize;

use crate::BenchError;
use crate::compare::{Format, Turns, fill};
use crate::driver::KeySpace;
use crate::lines::{Row, Total};
use crate::process::{Process, pin_to};
use crate::ready::wait_until_ready;
use crate::report::{LoadRow, figure_text};
use crate::servers::{Role, ServerArgs};

/// The loads, in order.
const ROWS: [Row; 3] = [Row::Put64, Row::Get64, Row::Txn64];

const EXAMPLES: &str = "\
Examples:
  flags='--data-dir {dir} --listen-client-urls {client_url} --advertise-client-urls {client_url}'
  kv-bench cores --ours \"kvd $flags\" --peer \"3.7=etcd $flags --listen-peer-urls {peer_url}\"

  kv-bench cores --ours \"kvd $flags\" --rounds 10 -w json";

/// Measure what a second core brings
///
/// Starts each server three times: on one core that it shares with the clients, on a core of its own, and on two cores, which it
/// shares with the clients. Writes the same keys to all, then gives each its turns of every load, round after round, the others
/// idle. The clients are one thread; how much of a core it uses is in the table. Commands are as for compare.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct CoresArgs {
    #[command(flatten)]
    servers: ServerArgs,
    #[command(flatten)]
    turns: Turns,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Table)]
    write_out: Format,
}

/// Where a server and its clients run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Placement {
    OneShared,
    OneEach,
    TwoShared,
}

impl Placement {
    /// The first is what the others are compared with.
    const ALL: [Placement; 3] = [Placement::OneShared, Placement::OneEach, Placement::TwoShared];

    fn name(self) -> &'static str {
        match self {
            Placement::OneShared => "one, shared",
            Placement::OneEach => "one each",
            Placement::TwoShared => "two, shared",
        }
    }

    /// Returns the cores of the server and those of the clients.
    fn cores(self, [server, clients]: [usize; 2]) -> [Vec<usize>; 2] {
        match self {
            Placement::OneShared => [vec![server], vec![server]],
            Placement::OneEach => [vec![server], vec![clients]],
            Placement::TwoShared => [vec![server, clients], vec![server, clients]],
        }
    }
}

/// A server in one placement.
#[derive(Debug)]
struct Contender {
    server: Process,
    role: Role,
    placement: Placement,
    client_cores: Vec<usize>,
    totals: BTreeMap<Row, Total>,
}

/// Measures and prints.
pub(crate) fn run(args: &CoresArgs) -> Result<(), BenchError> {
    let mut contenders = Vec::new();
    for candidate in args.servers.candidates_with_floor() {
        for placement in Placement::ALL {
            let [cores, client_cores] = placement.cores([args.servers.server_core, args.servers.client_core]);
            let server = args.servers.start_on(&candidate, &cores)?;
            let totals = BTreeMap::new();
            contenders.push(Contender { server, role: candidate.role, placement, client_cores, totals });
        }
    }
    args.servers.run_clients(measure(args, &mut contenders))?;
    let report = Report::new(&contenders);
    match args.write_out {
        Format::Table => print!("{report}"),
        Format::Json => println!("{}", serde_json::to_string_pretty(&report)?),
    }
    Ok(())
}

async fn measure(args: &CoresArgs, contenders: &mut [Contender]) -> Result<(), BenchError> {
    let keys = KeySpace::of(args.turns.keys);
    for Contender { server, role, .. } in &mut *contenders {
        wait_until_ready(server).await?;
        if *role != Role::Floor {
            fill(server, &keys).await?;
        }
    }
    let length = args.turns.length();
    for round in 0..args.turns.rounds {
        for row in ROWS {
            eprintln!("round {} of {}: {}", round + 1, args.turns.rounds, row.name());
            for Contender { server, client_cores, totals, .. } in &mut *contenders {
                // All clients run on this thread.
                pin_to(client_cores)?;
                row.turn(server, &keys, u64::from(round), length, totals.entry(row).or_default()).await?;
            }
        }
    }
    contenders.iter_mut().try_for_each(|contender| contender.server.check_alive())
}

/// What was measured, load by load and server by server.
#[derive(Debug, Serialize)]
struct Report {
    rows: Vec<CoresRow>,
}

/// One load on one server in one placement.
#[derive(Debug, Serialize)]
struct CoresRow {
    load: String,
    server: String,
    cores: Placement,
    operations_per_second: f64,
    server_cpu_us_per_operation: f64,
    /// How many cores the server kept busy, and how many the clients.
    server_cores: f64,
    client_cores: f64,
    /// The throughput over that on one shared core.
    speed_up: f64,
}

impl Report {
    fn new(contenders: &[Contender]) -> Report {
        let mut rows = Vec::new();
        for load in ROWS {
            for placements in contenders.chunks(Placement::ALL.len()) {
                let measured = placements.iter().filter_map(|contender| {
                    let total = contender.totals.get(&load)?;
                    Some((contender.placement, total.row(load.name(), contender.server.name())))
                });
                rows.extend(compared(measured.collect()));
            }
        }
        Report { rows }
    }
}

/// Sets the placements of one server under one load against the first.
fn compared(measured: Vec<(Placement, LoadRow)>) -> Vec<CoresRow> {
    let alone = measured.first().map_or(f64::NAN, |(_, row)| row.operations_per_second);
    let row = |(cores, row): (Placement, LoadRow)| CoresRow {
        cores,
        server_cores: row.server_cpu_us_per_operation * row.operations_per_second / 1e6,
        client_cores: row.clients_busy,
        speed_up: row.operations_per_second / alone,
        load: row.load,
        server: row.server,
        operations_per_second: row.operations_per_second,
        server_cpu_us_per_operation: row.server_cpu_us_per_operation,
    };
    measured.into_iter().map(row).collect()
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        let header = ["load", "server", "cores", "ops/s", "× one core", "CPU µs/op", "server busy", "clients busy"];
        table.load_style(UTF8_FULL_CONDENSED).set_header(header);
        let mut above = None;
        for row in &self.rows {
            let repeated = above.replace((&row.load, &row.server));
            let percent = |cores: f64| format!("{:.0} %", cores * 100.0);
            table.add_row([
                if repeated.is_some_and(|(load, _)| *load == row.load) { String::new() } else { row.load.clone() },
                if repeated == Some((&row.load, &row.server)) { String::new() } else { row.server.clone() },
                row.cores.name().to_owned(),
                format!("{:.0}", row.operations_per_second),
                figure_text(row.speed_up),
                figure_text(row.server_cpu_us_per_operation),
                percent(row.server_cores),
                percent(row.client_cores),
            ]);
        }
        for column in table.column_iter_mut().skip(3) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        writeln!(formatter, "{table}")
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn row(server: &str, operations_per_second: f64) -> LoadRow {
        LoadRow {
            load: "put".to_owned(),
            server: server.to_owned(),
            operations_per_second,
            p50_us: 1.0,
            p99_us: 1.0,
            server_cpu_us_per_operation: 20.0,
            clients_busy: 0.25,
            disk_bytes_per_operation: None,
        }
    }

    #[test]
    fn placements_are_compared_with_one_shared_core() {
        let measured = |server, second| {
            compared(vec![(Placement::OneShared, row(server, 10_000.0)), (Placement::TwoShared, row(server, second))])
        };
        let report = Report { rows: measured("3.7", 15_000.0).into_iter().chain(measured("ours", 20_000.0)).collect() };
        expect![[r#"
            ┌──────┬────────┬─────────────┬───────┬────────────┬───────────┬─────────────┬──────────────┐
            │ load ┆ server ┆ cores       ┆ ops/s ┆ × one core ┆ CPU µs/op ┆ server busy ┆ clients busy │
            ╞══════╪════════╪═════════════╪═══════╪════════════╪═══════════╪═════════════╪══════════════╡
            │ put  ┆ 3.7    ┆ one, shared ┆ 10000 ┆       1.00 ┆      20.0 ┆        20 % ┆         25 % │
            │      ┆        ┆ two, shared ┆ 15000 ┆       1.50 ┆      20.0 ┆        30 % ┆         25 % │
            │      ┆ ours   ┆ one, shared ┆ 10000 ┆       1.00 ┆      20.0 ┆        20 % ┆         25 % │
            │      ┆        ┆ two, shared ┆ 20000 ┆       2.00 ┆      20.0 ┆        40 % ┆         25 % │
            └──────┴────────┴─────────────┴───────┴────────────┴───────────┴─────────────┴──────────────┘
        "#]]
        .assert_eq(&report.to_string());
    }

    #[test]
    fn clients_share_what_the_server_has_or_have_the_other_core() {
        let cores = Placement::ALL.map(|placement| placement.cores([0, 1]));
        assert_eq!(cores, [[vec![0], vec![0]], [vec![0], vec![1]], [vec![0, 1], vec![0, 1]]]);
    }
}
