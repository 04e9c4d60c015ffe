//! The loads of a comparison, and the figures that are read off them.

use std::time::Duration;

use crate::BenchError;
use crate::driver::{Distribution, KeySpace, Load, Operation, Recorded, Session, Until, WARM_UP};
use crate::process::Process;
use crate::report::LoadRow;
use crate::servers::Role;

/// How long a server gets to write what it has put off, where the bytes it writes are counted.
const SETTLING: Duration = Duration::from_millis(500);
/// Above this the clients' core may be what bounds a load.
pub(crate) const BUSY: f64 = 0.95;

/// One load of a comparison, in the order in which they are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Row {
    Put1,
    Put64,
    Put64Watched,
    Put1000,
    Get1,
    Get64,
    Txn64,
    List100,
    Watch100,
    Watch1,
}

/// A figure, read off a load and, where it is a ratio of two, off another.
#[derive(Debug)]
pub(crate) struct Reading {
    /// Of the target.
    pub(crate) id: &'static str,
    pub(crate) row: Row,
    figure: fn(&LoadRow) -> Option<f64>,
    over: Option<Row>,
}

/// What is read off the loads.
pub(crate) const READINGS: [Reading; 12] = [
    Reading { id: "put-1-p50", row: Row::Put1, figure: |load| Some(load.p50_us), over: None },
    Reading { id: "put-64-cpu", row: Row::Put64, figure: |load| Some(load.server_cpu_us_per_operation), over: None },
    Reading {
        id: "put-1000-cpu",
        row: Row::Put1000,
        figure: |load| Some(load.server_cpu_us_per_operation),
        over: None,
    },
    Reading { id: "put-64-p99", row: Row::Put64, figure: |load| Some(load.p99_us / 1000.0), over: None },
    Reading { id: "put-64-disk", row: Row::Put64, figure: |load| load.disk_bytes_per_operation, over: None },
    Reading { id: "get-64-cpu", row: Row::Get64, figure: |load| Some(load.server_cpu_us_per_operation), over: None },
    Reading { id: "get-1-p50", row: Row::Get1, figure: |load| Some(load.p50_us), over: None },
    Reading { id: "txn-cpu", row: Row::Txn64, figure: |load| Some(load.server_cpu_us_per_operation), over: None },
    Reading {
        id: "list-100-cpu",
        row: Row::List100,
        figure: |load| Some(load.server_cpu_us_per_operation),
        over: None,
    },
    Reading {
        id: "watch-100-cpu",
        row: Row::Watch100,
        figure: |load| Some(load.server_cpu_us_per_operation),
        over: None,
    },
    Reading {
        id: "put-64-watched-cpu",
        row: Row::Put64Watched,
        figure: |load| Some(load.server_cpu_us_per_operation),
        over: Some(Row::Put64),
    },
    Reading { id: "watch-1-p50", row: Row::Watch1, figure: |load| Some(load.p50_us), over: None },
];

impl Reading {
    /// Returns the rows that have to be measured for it.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row> {
        [Some(self.row), self.over].into_iter().flatten()
    }

    /// Returns the figure of one server from its measured loads.
    pub(crate) fn figure(&self, measured: &[(Row, LoadRow)]) -> Option<f64> {
        let of = |row| measured.iter().find(|(measured, _)| *measured == row).and_then(|(_, load)| (self.figure)(load));
        let figure = of(self.row)?;
        match self.over {
            None => Some(figure),
            Some(other) => Some(figure / of(other)?),
        }
    }
}

impl Row {
    /// Every load, in order.
    pub(crate) const ALL: [Row; 10] = [
        Row::Put1,
        Row::Put64,
        Row::Put64Watched,
        Row::Put1000,
        Row::Get1,
        Row::Get64,
        Row::Txn64,
        Row::List100,
        Row::Watch100,
        Row::Watch1,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Row::Put1 => "put, 1 client",
            Row::Put64 => "put, 64 clients",
            Row::Put1000 => "put, 1000 clients on 100 connections",
            Row::Get1 => "get, 1 client",
            Row::Get64 => "get, 64 clients",
            Row::Txn64 => "get then guarded put, 64 clients",
            Row::List100 => "list, limit 100, 16 clients",
            Row::Watch100 => "100 watchers, 16 clients put; per event",
            Row::Put64Watched => "put, 64 clients, 10,000 watchers on other keys",
            Row::Watch1 => "1 watcher, 1 client puts; per event",
        }
    }

    /// Whether a server that only answers can take part.
    pub(crate) fn takes(self, role: Role) -> bool {
        let stored = matches!(self, Row::Watch100 | Row::Put64Watched | Row::Watch1);
        role != Role::Floor || !stored
    }

    fn load(self, keys: &KeySpace, seed: u64) -> Load {
        let get = Operation::Get { serializable: false };
        let (operation, clients, connections) = match self {
            Row::Put1 => (Operation::Put, 1, 1),
            Row::Put64 | Row::Put64Watched => (Operation::Put, 64, 64),
            // As etcd's own published figures have it.
            Row::Put1000 => (Operation::Put, 1000, 100),
            Row::Get1 => (get, 1, 1),
            Row::Get64 => (get, 64, 64),
            Row::Txn64 => (Operation::Txn, 64, 64),
            Row::List100 => (Operation::List { limit: 100, first_page: true, serializable: false }, 16, 16),
            Row::Watch100 => (Operation::Watch { watchers: 100 }, 16, 16),
            Row::Watch1 => (Operation::Watch { watchers: 1 }, 1, 1),
        };
        Load {
            operation,
            clients,
            connections,
            keys: keys.clone(),
            distribution: Distribution::Uniform,
            rate: None,
            idle_watchers: if self == Row::Put64Watched { 10_000 } else { 0 },
            seed,
        }
    }

    /// Gives one server a turn of this load and adds what was seen.
    pub(crate) async fn turn(
        self,
        server: &Process,
        keys: &KeySpace,
        seed: u64,
        length: Duration,
        total: &mut Total,
    ) -> Result<(), BenchError> {
        let mut session = Session::open(server.name(), &[server.url()], self.load(keys, seed)).await?;
        let written = server.written_bytes()?;
        let warmed = session.drive(Until::Elapsed(length.mul_f64(WARM_UP))).await?;
        let cpu = server.cpu_time()?;
        let recorded = session.drive(Until::Elapsed(length)).await?;
        total.cpu += server.cpu_time()?.saturating_sub(cpu);
        total.recorded.add(&recorded);
        if self == Row::Put64 {
            tokio::time::sleep(SETTLING).await;
            total.written_bytes += server.written_bytes()?.saturating_sub(written);
            total.written_operations += warmed.operations() + recorded.operations();
        }
        Ok(())
    }
}

/// The turns of one server with one load, added up.
#[derive(Debug, Default)]
pub(crate) struct Total {
    recorded: Recorded,
    cpu: Duration,
    written_bytes: u64,
    /// What the bytes were written for, the warm-up included.
    written_operations: u64,
}

impl Total {
    /// Starts with one turn.
    pub(crate) fn new(recorded: Recorded, cpu: Duration) -> Total {
        Total { recorded, cpu, ..Total::default() }
    }

    /// Returns its row of the report.
    pub(crate) fn row(&self, load: &str, server: &str) -> LoadRow {
        let latencies = self.recorded.all();
        let operations = latencies.len() as f64;
        let percentile = |percent| latencies.value_at_percentile(percent) as f64 / 1000.0;
        let written = self.written_operations;
        LoadRow {
            load: load.to_owned(),
            server: server.to_owned(),
            operations_per_second: operations / self.recorded.elapsed.as_secs_f64(),
            p50_us: percentile(50.0),
            p99_us: percentile(99.0),
            server_cpu_us_per_operation: self.cpu.as_secs_f64() * 1e6 / operations,
            clients_busy: self.recorded.clients_busy(),
            disk_bytes_per_operation: (written > 0).then(|| self.written_bytes as f64 / written as f64),
        }
    }
}

/// Says which loads may have been bounded by the clients instead of by the server.
pub(crate) fn saturation_notes(rows: &[LoadRow]) -> Vec<String> {
    rows.iter()
        .filter(|row| row.clients_busy > BUSY)
        .map(|LoadRow { load, server, clients_busy, .. }| {
            let percent = clients_busy * 100.0;
            format!("{server}: the clients' core was {percent:.0} % busy with `{load}`, which may have bounded it")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::driver::empty_histogram;
    use crate::targets::{Group, TARGETS};

    fn total(operations: u64, cpu: Duration) -> Total {
        let mut latencies = empty_histogram();
        latencies.saturating_record_n(200_000, operations);
        let recorded = Recorded {
            latencies: [("put", latencies)].into(),
            elapsed: Duration::from_secs(2),
            clients_cpu: Duration::from_millis(1920),
            ..Recorded::default()
        };
        Total { recorded, cpu, written_bytes: 4096 * operations, written_operations: 2 * operations }
    }

    #[test]
    fn figures_are_per_operation() {
        let row = total(100, Duration::from_millis(5)).row("put", "ours");
        assert!((row.operations_per_second - 50.0).abs() < 0.01 && (row.p50_us - 200.0).abs() < 1.0, "{row:?}");
        assert!((row.server_cpu_us_per_operation - 50.0).abs() < 0.01, "{row:?}");
        assert_eq!(row.disk_bytes_per_operation, Some(2048.0));
        assert_eq!(
            saturation_notes(&[row]),
            ["ours: the clients' core was 96 % busy with `put`, which may have bounded it"]
        );
    }

    #[test]
    fn a_load_with_watchers_is_set_against_the_same_without() {
        let row = |milliseconds| total(100, Duration::from_millis(milliseconds)).row("", "ours");
        let reading = READINGS.iter().find(|reading| reading.id == "put-64-watched-cpu").expect("it is there");
        let ratio = reading.figure(&[(Row::Put64, row(10)), (Row::Put64Watched, row(11))]).expect("both are measured");
        assert!((ratio - 1.1).abs() < 1e-9);
        assert_eq!(reading.figure(&[(Row::Put64Watched, row(11))]), None);
    }

    #[test]
    fn every_target_about_a_load_is_read_off_one() {
        let read: BTreeSet<_> = READINGS.iter().map(|reading| reading.id).chain(["memory-empty"]).collect();
        let wanted: BTreeSet<_> =
            TARGETS.iter().filter(|target| target.group == Group::Load).map(|target| target.id).collect();
        assert_eq!(read, wanted);
        assert!(READINGS.iter().flat_map(Reading::rows).all(|row| Row::ALL.contains(&row)));
    }
}
