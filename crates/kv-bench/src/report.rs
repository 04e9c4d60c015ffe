//! What a comparison measured: each figure of every server, its ratio, and whether the ratio is good enough; as a table or as
//! JSON.

use std::fmt;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::curve::Curve;
use crate::servers::{Candidate, Role};
use crate::targets::{Basis, TARGETS, Target, Unit, target};

/// Everything one comparison measured.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    servers: Vec<Server>,
    pub(crate) lines: Vec<Line>,
    /// The loads behind the lines.
    pub(crate) loads: Vec<LoadRow>,
    /// Latency against load, where it was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) curves: Vec<Curve>,
    /// What a reader of the figures must know.
    pub(crate) notes: Vec<String>,
}

/// A column of the report.
#[derive(Debug, Serialize)]
struct Server {
    name: String,
    role: Role,
    command: String,
}

impl Report {
    /// Starts a report without lines.
    pub(crate) fn new(servers: &[Candidate]) -> Report {
        let servers = servers
            .iter()
            .map(|Candidate { name, role, command }| Server {
                name: name.clone(),
                role: *role,
                command: command.clone(),
            })
            .collect();
        Report { servers, lines: Vec::new(), loads: Vec::new(), curves: Vec::new(), notes: Vec::new() }
    }

    /// Adds a line for `id`, with the figure of each server that has one.
    ///
    /// # Panics
    /// If there is no such target.
    pub(crate) fn add_line<'a>(&mut self, id: &str, figures: impl IntoIterator<Item = (&'a str, f64)>) {
        let target = target(id).expect("a line is about one of the targets");
        let mut line = Line { target, peers: Vec::new(), floor: None, ours: None };
        for (name, figure) in figures {
            match self.servers.iter().find(|server| server.name == name).map(|server| server.role) {
                Some(Role::Peer) => line.peers.push((name.to_owned(), figure)),
                Some(Role::Floor) => line.floor = Some(figure),
                Some(Role::Ours) => line.ours = Some(figure),
                None => {}
            }
        }
        self.lines.push(line);
    }

    /// Drops the lines whose ids are not wanted, and puts the others in the order of the targets.
    pub(crate) fn retain(&mut self, wanted: impl Fn(&str) -> bool) {
        self.lines.retain(|line| wanted(line.target.id));
        self.lines.sort_by_key(|line| TARGETS.iter().position(|target| target.id == line.target.id));
    }
}

/// One figure of each server.
#[derive(Debug)]
pub(crate) struct Line {
    target: &'static Target,
    peers: Vec<(String, f64)>,
    floor: Option<f64>,
    ours: Option<f64>,
}

/// Whether a ratio is good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// Better than what we strive for.
    Stretch,
    Pass,
    Miss,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Verdict::Stretch => "stretch",
            Verdict::Pass => "pass",
            Verdict::Miss => "MISS",
        }
    }
}

impl Line {
    /// Returns our figure over the best peer's, or as it stands where it is a ratio already.
    pub(crate) fn ratio(&self) -> Option<f64> {
        let ours = self.ours?;
        match self.target.basis {
            Basis::Itself => Some(ours),
            Basis::Peer => self.peers.iter().map(|(_, figure)| ours / figure).reduce(f64::max),
        }
    }

    /// Returns `None` where there is nothing to judge.
    pub(crate) fn verdict(&self) -> Option<Verdict> {
        let ratio = self.ratio()?;
        Some(match self.target {
            Target { stretch: Some(stretch), .. } if ratio <= *stretch => Verdict::Stretch,
            Target { must, .. } if ratio <= *must => Verdict::Pass,
            _ => Verdict::Miss,
        })
    }

    fn figure_of(&self, server: &Server) -> Option<f64> {
        match server.role {
            Role::Peer => self.peers.iter().find(|(name, _)| *name == server.name).map(|(_, figure)| *figure),
            Role::Floor => self.floor,
            Role::Ours => self.ours,
        }
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let peers: serde_json::Map<_, _> =
            self.peers.iter().map(|(name, figure)| (name.clone(), (*figure).into())).collect();
        let mut line = serializer.serialize_struct("Line", 10)?;
        line.serialize_field("id", self.target.id)?;
        line.serialize_field("figure", self.target.figure)?;
        line.serialize_field("unit", self.target.unit.symbol())?;
        line.serialize_field("peers", &peers)?;
        line.serialize_field("floor", &self.floor)?;
        line.serialize_field("ours", &self.ours)?;
        line.serialize_field("ratio", &self.ratio())?;
        line.serialize_field("must", &self.target.must)?;
        line.serialize_field("stretch", &self.target.stretch)?;
        line.serialize_field("verdict", &self.verdict())?;
        line.end()
    }
}

/// One load on one server.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct LoadRow {
    pub(crate) load: String,
    pub(crate) server: String,
    pub(crate) operations_per_second: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) server_cpu_us_per_operation: f64,
    /// The part of their core that the clients used.
    pub(crate) clients_busy: f64,
    /// Where they were counted.
    pub(crate) disk_bytes_per_operation: Option<f64>,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.lines.is_empty() {
            writeln!(formatter, "{}", self.lines_table())?;
        }
        if !self.loads.is_empty() {
            writeln!(formatter, "\n{}", self.loads_table())?;
        }
        for note in &self.notes {
            writeln!(formatter, "note: {note}")?;
        }
        Ok(())
    }
}

impl Report {
    fn lines_table(&self) -> Table {
        let mut table = Table::new();
        let servers = self.servers.iter().map(|server| server.name.as_str());
        let header: Vec<_> =
            ["figure", "unit"].into_iter().chain(servers).chain(["ratio", "must", "stretch", "verdict"]).collect();
        let last = header.len() - 1;
        table.load_style(UTF8_FULL_CONDENSED).set_header(header);
        for line in &self.lines {
            let Target { figure, unit, must, stretch, .. } = line.target;
            let figures = self.servers.iter().map(|server| {
                line.figure_of(server).map_or_else(String::new, |figure| {
                    if *unit == Unit::Ratio { ratio_text(figure) } else { figure_text(figure) }
                })
            });
            let row = [(*figure).to_owned(), unit.symbol().to_owned()].into_iter().chain(figures).chain([
                line.ratio().map_or_else(String::new, ratio_text),
                must.to_string(),
                stretch.map_or_else(String::new, |stretch| stretch.to_string()),
                line.verdict().map_or_else(String::new, |verdict| verdict.word().to_owned()),
            ]);
            table.add_row(row.collect::<Vec<_>>());
        }
        for column in table.column_iter_mut().take(last).skip(2) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }

    fn loads_table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(UTF8_FULL_CONDENSED).set_header([
            "load",
            "server",
            "ops/s",
            "p50 µs",
            "p99 µs",
            "CPU µs/op",
            "clients busy",
        ]);
        let mut above = None;
        for row in &self.loads {
            let repeated = above.replace(&row.load) == Some(&row.load);
            table.add_row([
                if repeated { String::new() } else { row.load.clone() },
                row.server.clone(),
                format!("{:.0}", row.operations_per_second),
                figure_text(row.p50_us),
                figure_text(row.p99_us),
                figure_text(row.server_cpu_us_per_operation),
                format!("{:.0} %", row.clients_busy * 100.0),
            ]);
        }
        for column in table.column_iter_mut().skip(2) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }
}

/// Three digits that mean something, and no fraction of large figures.
pub(crate) fn figure_text(figure: f64) -> String {
    let digits = match figure {
        ..10.0 => 2,
        10.0..100.0 => 1,
        _ => 0,
    };
    format!("{figure:.digits$}")
}

/// Two digits that mean something: targets go down to a thousandth.
fn ratio_text(ratio: f64) -> String {
    let digits = match ratio {
        ..0.0095 => 4,
        ..0.095 => 3,
        _ => 2,
    };
    format!("{ratio:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let candidate =
            |name: &str, role| Candidate { name: name.to_owned(), role, command: format!("{name} {{dir}}") };
        let servers = [
            candidate("etcd-3.5", Role::Peer),
            candidate("etcd-3.7", Role::Peer),
            candidate("floor", Role::Floor),
            candidate("ours", Role::Ours),
        ];
        let mut report = Report::new(&servers);
        report.add_line(
            "put-64-cpu",
            [("etcd-3.5", 49.0), ("etcd-3.7", 40.0), ("floor", 14.5), ("ours", 24.0), ("unknown", 1.0)],
        );
        report.add_line("put-64-p99", [("etcd-3.5", 18.0), ("etcd-3.7", 20.0), ("ours", 3.0)]);
        report.add_line("count-cpu", [("etcd-3.5", 100_000.0), ("ours", 60.0)]);
        report.add_line("put-64-watched-cpu", [("etcd-3.5", 1.0), ("ours", 1.1)]);
        report.add_line("restart", [("etcd-3.5", 3.7)]);
        report.loads = ["etcd-3.5", "ours"]
            .map(|server| LoadRow {
                load: "put, 64 clients".to_owned(),
                server: server.to_owned(),
                operations_per_second: 14_700.4,
                p50_us: 3981.0,
                p99_us: 18_000.0,
                server_cpu_us_per_operation: 49.04,
                clients_busy: 0.97,
                disk_bytes_per_operation: None,
            })
            .into();
        report.notes.push("the clients' core was busy".to_owned());
        report
    }

    #[test]
    fn the_worse_peer_decides() {
        let verdicts: Vec<_> = report().lines.iter().map(|line| (line.ratio(), line.verdict())).collect();
        assert_eq!(
            verdicts,
            [
                (Some(0.6), Some(Verdict::Miss)),
                (Some(3.0 / 18.0), Some(Verdict::Stretch)),
                (Some(0.0006), Some(Verdict::Stretch)),
                (Some(1.1), Some(Verdict::Pass)),
                (None, None),
            ]
        );
    }

    #[test]
    fn the_table_has_a_column_for_each_server() {
        expect_test::expect![[r#"
            ┌───────────────────────────────────────────────────────────────────────────┬──────┬──────────┬──────────┬───────┬──────┬────────┬──────┬─────────┬─────────┐
            │ figure                                                                    ┆ unit ┆ etcd-3.5 ┆ etcd-3.7 ┆ floor ┆ ours ┆  ratio ┆ must ┆ stretch ┆ verdict │
            ╞═══════════════════════════════════════════════════════════════════════════╪══════╪══════════╪══════════╪═══════╪══════╪════════╪══════╪═════════╪═════════╡
            │ put, 64 clients, server CPU per op                                        ┆ µs   ┆     49.0 ┆     40.0 ┆  14.5 ┆ 24.0 ┆   0.60 ┆ 0.55 ┆    0.45 ┆ MISS    │
            │ put, 64 clients, p99                                                      ┆ ms   ┆     18.0 ┆     20.0 ┆       ┆ 3.00 ┆   0.17 ┆  0.4 ┆    0.25 ┆ stretch │
            │ count of a 1,000,000-key prefix, server CPU                               ┆ µs   ┆   100000 ┆          ┆       ┆ 60.0 ┆ 0.0006 ┆ 0.01 ┆   0.001 ┆ stretch │
            │ put, 64 clients, with 10,000 watchers on other keys, CPU against none     ┆ ×    ┆     1.00 ┆          ┆       ┆ 1.10 ┆   1.10 ┆ 1.15 ┆    1.05 ┆ pass    │
            │ restart after kill -9 with 1,000,000 keys, to the first linearizable read ┆ s    ┆     3.70 ┆          ┆       ┆      ┆        ┆ 0.15 ┆    0.05 ┆         │
            └───────────────────────────────────────────────────────────────────────────┴──────┴──────────┴──────────┴───────┴──────┴────────┴──────┴─────────┴─────────┘

            ┌─────────────────┬──────────┬───────┬────────┬────────┬───────────┬──────────────┐
            │ load            ┆ server   ┆ ops/s ┆ p50 µs ┆ p99 µs ┆ CPU µs/op ┆ clients busy │
            ╞═════════════════╪══════════╪═══════╪════════╪════════╪═══════════╪══════════════╡
            │ put, 64 clients ┆ etcd-3.5 ┆ 14700 ┆   3981 ┆  18000 ┆      49.0 ┆         97 % │
            │                 ┆ ours     ┆ 14700 ┆   3981 ┆  18000 ┆      49.0 ┆         97 % │
            └─────────────────┴──────────┴───────┴────────┴────────┴───────────┴──────────────┘
            note: the clients' core was busy
        "#]].assert_eq(&report().to_string());
    }

    #[test]
    fn json_has_the_same_figures() {
        let json = serde_json::to_value(report()).expect("it is printable");
        assert_eq!(
            json["lines"][0],
            serde_json::json!({
                "id": "put-64-cpu",
                "figure": "put, 64 clients, server CPU per op",
                "unit": "µs",
                "peers": {"etcd-3.5": 49.0, "etcd-3.7": 40.0},
                "floor": 14.5,
                "ours": 24.0,
                "ratio": 0.6,
                "must": 0.55,
                "stretch": 0.45,
                "verdict": "miss",
            })
        );
        assert_eq!(json["lines"][4]["ours"], serde_json::Value::Null);
        assert_eq!(json["servers"][2]["role"], "floor");
        assert_eq!(json["loads"][1]["server"], "ours");
    }
}
