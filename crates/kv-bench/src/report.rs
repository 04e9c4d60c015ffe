//! What was measured, as a table or as JSON.

use std::fmt;
use std::time::Duration;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use hdrhistogram::Histogram;
use serde::Serialize;

use crate::workload::{KEY_BYTES, Recorded, VALUE_BYTES, Workload, empty_histogram};

/// Everything one run measured.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Keys in each store.
    pub(crate) keys: u64,
    pub(crate) key_bytes: usize,
    pub(crate) value_bytes: usize,
    /// Turns of each server.
    pub(crate) rounds: u32,
    pub(crate) workloads: Vec<Compared>,
    /// Resident memory at the end.
    pub(crate) resident_bytes: Pair<u64>,
}

/// A figure of each server.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Pair<T> {
    pub(crate) peer: T,
    pub(crate) ours: T,
}

/// One load on both servers.
#[derive(Debug, Serialize)]
pub(crate) struct Compared {
    workload: String,
    peer: Figures,
    ours: Figures,
    /// Ours divided by the peer's.
    ratio: Figures,
}

/// The figures of one load on one server.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Figures {
    operations_per_second: f64,
    p50_us: f64,
    p99_us: f64,
    server_cpu_us_per_operation: f64,
}

/// Adds up the turns of one server with one load.
#[derive(Debug)]
pub(crate) struct Total {
    latencies: Histogram<u64>,
    elapsed: Duration,
    cpu: Duration,
}

impl Total {
    /// Starts with no turn.
    pub(crate) fn new() -> Total {
        Total { latencies: empty_histogram(), elapsed: Duration::ZERO, cpu: Duration::ZERO }
    }

    /// Adds one turn and the server's processor time during it.
    pub(crate) fn add(&mut self, turn: &Recorded, cpu: Duration) {
        self.latencies += &turn.latencies;
        self.elapsed += turn.elapsed;
        self.cpu += cpu;
    }

    fn figures(&self) -> Figures {
        let operations = self.latencies.len() as f64;
        let percentile = |percent| self.latencies.value_at_percentile(percent) as f64 / 1000.0;
        Figures {
            operations_per_second: operations / self.elapsed.as_secs_f64(),
            p50_us: percentile(50.0),
            p99_us: percentile(99.0),
            server_cpu_us_per_operation: self.cpu.as_secs_f64() * 1e6 / operations,
        }
    }
}

impl Compared {
    /// Sets two totals side by side.
    pub(crate) fn new(workload: Workload, totals: &Pair<Total>) -> Compared {
        let (peer, ours) = (totals.peer.figures(), totals.ours.figures());
        let ratio = Figures {
            operations_per_second: ours.operations_per_second / peer.operations_per_second,
            p50_us: ours.p50_us / peer.p50_us,
            p99_us: ours.p99_us / peer.p99_us,
            server_cpu_us_per_operation: ours.server_cpu_us_per_operation / peer.server_cpu_us_per_operation,
        };
        Compared { workload: workload.to_string(), peer, ours, ratio }
    }
}

impl Report {
    /// Starts a report without workloads.
    pub(crate) fn new(keys: u64, rounds: u32, resident_bytes: Pair<u64>, workloads: Vec<Compared>) -> Report {
        Report { keys, key_bytes: KEY_BYTES, value_bytes: VALUE_BYTES, rounds, workloads, resident_bytes }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(UTF8_FULL_CONDENSED).set_header([
            "workload",
            "server",
            "ops/s",
            "p50 µs",
            "p99 µs",
            "CPU µs/op",
        ]);
        for compared in &self.workloads {
            let rows = [("peer", &compared.peer), ("ours", &compared.ours), ("ratio", &compared.ratio)];
            for (number, (server, figures)) in rows.into_iter().enumerate() {
                let digits = if server == "ratio" { 2 } else { 0 };
                let cpu_digits = if server == "ratio" { 2 } else { 1 };
                table.add_row([
                    if number == 0 { compared.workload.clone() } else { String::new() },
                    server.to_owned(),
                    format!("{:.digits$}", figures.operations_per_second),
                    format!("{:.digits$}", figures.p50_us),
                    format!("{:.digits$}", figures.p99_us),
                    format!("{:.cpu_digits$}", figures.server_cpu_us_per_operation),
                ]);
            }
        }
        for column in table.column_iter_mut().skip(2) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        writeln!(
            formatter,
            "{} keys of {} B, values of {} B; turns of each server: {}",
            self.keys, self.key_bytes, self.value_bytes, self.rounds
        )?;
        writeln!(formatter, "{table}")?;
        let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let (peer, ours) = (mebibytes(self.resident_bytes.peer), mebibytes(self.resident_bytes.ours));
        writeln!(formatter, "resident memory: peer {peer:.0} MiB, ours {ours:.0} MiB, ratio {:.2}", ours / peer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_ours_over_the_peers() {
        let total = |operations: u64, nanoseconds: u64| {
            let mut latencies = empty_histogram();
            latencies.saturating_record_n(nanoseconds, operations);
            let mut total = Total::new();
            total.add(&Recorded { latencies, elapsed: Duration::from_secs(1) }, Duration::from_millis(operations));
            total
        };
        let totals = Pair { peer: total(100, 200_000), ours: total(300, 100_000) };
        let compared = Compared::new(Workload::Put1, &totals);
        assert!((compared.ratio.operations_per_second - 3.0).abs() < 0.01);
        assert!((compared.ratio.p50_us - 0.5).abs() < 0.01);
        assert!((compared.ratio.server_cpu_us_per_operation - 1.0).abs() < 0.01);

        let report = Report::new(10, 1, Pair { peer: 2 << 20, ours: 1 << 20 }, vec![compared]).to_string();
        assert!(report.contains("│ put-1    ┆ peer   ┆   100 ┆    200 ┆    200 ┆    1000.0 │"), "{report}");
        assert!(report.ends_with("resident memory: peer 2 MiB, ours 1 MiB, ratio 0.50\n"), "{report}");
    }
}
