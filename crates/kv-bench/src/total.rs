//! The turns of one server with one load, added up.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::report::LoadRow;
use crate::workload::{Recorded, empty_histogram};

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

    /// Returns its row of the report.
    pub(crate) fn row(&self, load: String, server: &str) -> LoadRow {
        let operations = self.latencies.len() as f64;
        let percentile = |percent| self.latencies.value_at_percentile(percent) as f64 / 1000.0;
        LoadRow {
            load,
            server: server.to_owned(),
            operations_per_second: operations / self.elapsed.as_secs_f64(),
            p50_us: percentile(50.0),
            p99_us: percentile(99.0),
            server_cpu_us_per_operation: self.cpu.as_secs_f64() * 1e6 / operations,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_per_operation() {
        let mut latencies = empty_histogram();
        latencies.saturating_record_n(200_000, 100);
        let mut total = Total::new();
        total.add(&Recorded { latencies, elapsed: Duration::from_secs(2) }, Duration::from_millis(5));
        let row = total.row("put".to_owned(), "ours");
        assert!((row.operations_per_second - 50.0).abs() < 0.01 && (row.p50_us - 200.0).abs() < 1.0, "{row:?}");
        assert!((row.server_cpu_us_per_operation - 50.0).abs() < 0.01, "{row:?}");
    }
}
