//! What the store has to reach beside etcd: one row a figure, with the ratio it must stay under and the one to strive for.
//!
//! The loads are those of two cores, the server on one and the clients on the other, with keys of 32 bytes, values of 256
//! bytes and 100,000 keys unless the row says otherwise.

/// A figure that is compared.
#[derive(Debug, PartialEq)]
pub(crate) struct Target {
    /// How the command line and JSON call it.
    pub(crate) id: &'static str,
    pub(crate) figure: &'static str,
    pub(crate) unit: Unit,
    pub(crate) basis: Basis,
    pub(crate) group: Group,
    /// The ratio may be this at most.
    pub(crate) must: f64,
    /// The ratio to strive for, where one is set.
    pub(crate) stretch: Option<f64>,
}

/// What a ratio is formed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Basis {
    /// Our figure over the best peer's.
    Peer,
    /// The figure is itself a ratio, of the same server under load and without it; it is judged as it stands.
    Itself,
}

/// How a figure is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// With all servers running, each in its turn.
    Load,
    /// With one server at a time, because it is about what the server holds.
    State,
}

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Microseconds,
    Milliseconds,
    Seconds,
    Bytes,
    Megabytes,
    /// Of two figures of the same server.
    Ratio,
}

impl Unit {
    /// Returns what stands behind a figure.
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Unit::Microseconds => "µs",
            Unit::Milliseconds => "ms",
            Unit::Seconds => "s",
            Unit::Bytes => "B",
            Unit::Megabytes => "MB",
            Unit::Ratio => "×",
        }
    }
}

/// Every figure, in the order of the report.
pub(crate) const TARGETS: [Target; 21] = [
    load("put-1-p50", "put, 1 client, p50", Unit::Microseconds, 0.87, 0.78),
    load("put-64-cpu", "put, 64 clients, server CPU per op", Unit::Microseconds, 0.55, 0.45),
    load("put-1000-cpu", "put, 1000 clients, server CPU per op", Unit::Microseconds, 0.60, 0.50),
    load("put-64-p99", "put, 64 clients, p99", Unit::Milliseconds, 0.40, 0.25),
    load("put-64-disk", "bytes written to disk per put, 64 clients", Unit::Bytes, 0.90, 0.60),
    load("get-64-cpu", "linearizable get, 64 clients, server CPU per op", Unit::Microseconds, 0.60, 0.45),
    load("get-1-p50", "get, 1 client, p50", Unit::Microseconds, 0.70, 0.60),
    load("txn-cpu", "get then guarded put (txn), CPU per pair", Unit::Microseconds, 0.50, 0.40),
    load("list-100-cpu", "list, limit 100 of 100,000 keys, CPU per op", Unit::Microseconds, 0.03, 0.02),
    state("list-all", "list 1,000,000 keys by pages of 500, total", Unit::Seconds, 0.05, 0.02),
    Target {
        stretch: None,
        ..itself(
            "list-all-pinned",
            "the same at a pinned revision with 100,000 later changes, over the line above",
            Group::State,
            1.3,
            0.0,
        )
    },
    state("count-cpu", "count of a 1,000,000-key prefix, server CPU", Unit::Microseconds, 0.01, 0.001),
    load("watch-100-cpu", "100 watchers on one prefix, CPU per event delivered", Unit::Microseconds, 0.45, 0.3),
    itself(
        "put-64-watched-cpu",
        "put, 64 clients, with 10,000 watchers on other keys, CPU against none",
        Group::Load,
        1.15,
        1.05,
    ),
    load("watch-1-p50", "one watcher, put to event p50", Unit::Microseconds, 0.85, 0.75),
    state("memory-full", "RssAnon with 1,000,000 keys of 48 B and 256 B values", Unit::Megabytes, 0.25, 0.10),
    load("memory-empty", "RssAnon, empty server", Unit::Megabytes, 1.2, 0.8),
    state(
        "restart",
        "restart after kill -9 with 1,000,000 keys, to the first linearizable read",
        Unit::Seconds,
        0.15,
        0.05,
    ),
    state("defrag-stall", "longest stall of reads and writes during defrag of 450 MB", Unit::Milliseconds, 0.01, 0.003),
    itself(
        "compaction-p99",
        "put p99 during a compaction of 1,000,000 revisions, against idle",
        Group::State,
        1.3,
        1.1,
    ),
    state("disk-full", "1,000,000 keys on disk (after a checkpoint)", Unit::Megabytes, 0.7, 0.5),
];

/// Returns the row with this id.
pub(crate) fn target(id: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.id == id)
}

const fn load(id: &'static str, figure: &'static str, unit: Unit, must: f64, stretch: f64) -> Target {
    Target { id, figure, unit, basis: Basis::Peer, group: Group::Load, must, stretch: Some(stretch) }
}

const fn state(id: &'static str, figure: &'static str, unit: Unit, must: f64, stretch: f64) -> Target {
    Target { group: Group::State, ..load(id, figure, unit, must, stretch) }
}

const fn itself(id: &'static str, figure: &'static str, group: Group, must: f64, stretch: f64) -> Target {
    Target { id, figure, unit: Unit::Ratio, basis: Basis::Itself, group, must, stretch: Some(stretch) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_table_is_the_one_that_was_agreed_on() {
        let rows: Vec<String> = TARGETS
            .iter()
            .map(|target| {
                let stretch = target.stretch.map_or_else(String::new, |stretch| stretch.to_string());
                format!("{} | {} | {stretch}", target.figure, target.must)
            })
            .collect();
        assert_eq!(
            rows,
            [
                "put, 1 client, p50 | 0.87 | 0.78",
                "put, 64 clients, server CPU per op | 0.55 | 0.45",
                "put, 1000 clients, server CPU per op | 0.6 | 0.5",
                "put, 64 clients, p99 | 0.4 | 0.25",
                "bytes written to disk per put, 64 clients | 0.9 | 0.6",
                "linearizable get, 64 clients, server CPU per op | 0.6 | 0.45",
                "get, 1 client, p50 | 0.7 | 0.6",
                "get then guarded put (txn), CPU per pair | 0.5 | 0.4",
                "list, limit 100 of 100,000 keys, CPU per op | 0.03 | 0.02",
                "list 1,000,000 keys by pages of 500, total | 0.05 | 0.02",
                "the same at a pinned revision with 100,000 later changes, over the line above | 1.3 | ",
                "count of a 1,000,000-key prefix, server CPU | 0.01 | 0.001",
                "100 watchers on one prefix, CPU per event delivered | 0.45 | 0.3",
                "put, 64 clients, with 10,000 watchers on other keys, CPU against none | 1.15 | 1.05",
                "one watcher, put to event p50 | 0.85 | 0.75",
                "RssAnon with 1,000,000 keys of 48 B and 256 B values | 0.25 | 0.1",
                "RssAnon, empty server | 1.2 | 0.8",
                "restart after kill -9 with 1,000,000 keys, to the first linearizable read | 0.15 | 0.05",
                "longest stall of reads and writes during defrag of 450 MB | 0.01 | 0.003",
                "put p99 during a compaction of 1,000,000 revisions, against idle | 1.3 | 1.1",
                "1,000,000 keys on disk (after a checkpoint) | 0.7 | 0.5",
            ]
        );
    }

    #[test]
    fn every_row_is_found_by_an_id_of_its_own() {
        let ids: BTreeSet<_> = TARGETS.iter().map(|row| row.id).collect();
        assert_eq!(ids.len(), TARGETS.len());
        assert!(TARGETS.iter().all(|row| target(row.id) == Some(row)));
        assert_eq!(target("put"), None);
    }
}
