//! What grew, and whether it grew too fast; as tables, as JSON, and drawn.

use std::collections::BTreeMap;
use std::fmt;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use serde::{Deserialize, Serialize};

use crate::plot::{self, Axis, Plot, PlotLine, Scale};

/// A figure may be so much above the logarithm: two measurements of the same are that far apart.
const NOISE: f64 = 1.25;

/// What is measured of each size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Figure {
    Put,
    Get,
    Page,
    Count,
    Watch,
    History,
    Compaction,
    Restart,
    Memory,
    Disk,
}

impl Figure {
    const ALL: [Figure; 10] = [
        Figure::Put,
        Figure::Get,
        Figure::Page,
        Figure::Count,
        Figure::Watch,
        Figure::History,
        Figure::Compaction,
        Figure::Restart,
        Figure::Memory,
        Figure::Disk,
    ];

    fn text(self) -> &'static str {
        match self {
            Figure::Put => "put, CPU µs",
            Figure::Get => "get, CPU µs",
            Figure::Page => "page of 500, CPU µs",
            Figure::Count => "count of all, CPU µs",
            Figure::Watch => "event at a watcher, CPU µs",
            Figure::History => "first compaction, CPU µs per version stored",
            Figure::Compaction => "next compaction, CPU µs per version since",
            Figure::Restart => "restart after kill -9, s",
            Figure::Memory => "RssAnon, MB",
            Figure::Disk => "disk, MB",
        }
    }

    /// What it is called where its unit does not matter.
    fn name(self) -> &'static str {
        match self {
            Figure::Put => "put",
            Figure::Get => "get",
            Figure::Page => "page of 500",
            Figure::Count => "count of all",
            Figure::Watch => "event at a watcher",
            Figure::History => "first compaction",
            Figure::Compaction => "next compaction",
            Figure::Restart => "restart",
            Figure::Memory => "RssAnon",
            Figure::Disk => "disk",
        }
    }

    /// Says whether it may grow as fast as what is stored.
    fn may_grow(self) -> bool {
        matches!(self, Figure::Restart | Figure::Memory | Figure::Disk)
    }
}

pub(super) type Figures = BTreeMap<Figure, f64>;

/// The figures of one size.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Point {
    pub(super) keys: u64,
    pub(super) versions: u64,
    pub(super) figures: Figures,
}

impl Point {
    fn stored(&self) -> f64 {
        (self.keys * self.versions) as f64
    }
}

/// The figures of one server at growing sizes.
#[derive(Debug, Serialize)]
pub(super) struct Series {
    server: String,
    /// What grows from point to point.
    grows: &'static str,
    points: Vec<Point>,
    growth: Vec<Growth>,
}

/// How a figure grew over a series.
#[derive(Debug, Serialize)]
struct Growth {
    figure: Figure,
    /// The greatest figure over the one at the smallest size.
    factor: f64,
    /// By how much the logarithm grew between those two sizes.
    logarithm: f64,
    faster: bool,
}

impl Series {
    /// Judges the points, which need not be in order.
    pub(super) fn new(server: &str, grows: &'static str, mut points: Vec<Point>) -> Series {
        points.sort_by(|left, right| left.stored().total_cmp(&right.stored()));
        let growth = Figure::ALL.into_iter().filter_map(|figure| Growth::of(figure, &points)).collect();
        Series { server: server.to_owned(), grows, points, growth }
    }
}

impl Growth {
    fn of(figure: Figure, points: &[Point]) -> Option<Growth> {
        let (smallest, larger) = points.split_first()?;
        let first = smallest.figures.get(&figure)?;
        // The size at which it is furthest from the logarithm.
        let growths = larger.iter().filter_map(|point| {
            let factor = point.figures.get(&figure)? / first;
            let logarithm = point.stored().ln() / smallest.stored().ln();
            Some(Growth { figure, factor, logarithm, faster: factor > logarithm * NOISE })
        });
        growths.max_by(|left, right| (left.factor / left.logarithm).total_cmp(&(right.factor / right.logarithm)))
    }

    fn verdict(&self) -> &'static str {
        match (self.faster, self.figure.may_grow()) {
            (false, _) => "no faster than log n",
            (true, true) => "faster, as it may",
            (true, false) => "FASTER THAN LOG N",
        }
    }
}

/// All series.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) series: Vec<Series>,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, series) in self.series.iter().enumerate() {
            if number > 0 {
                writeln!(formatter)?;
            }
            writeln!(formatter, "{}: more {}", series.server, series.grows)?;
            writeln!(formatter, "{}", series.table())?;
        }
        Ok(())
    }
}

impl Series {
    fn table(&self) -> Table {
        let mut table = Table::new();
        let sizes = self.points.iter().map(|Point { keys, versions, .. }| format!("{keys} × {versions}"));
        let header: Vec<_> = ["keys × versions".to_owned()]
            .into_iter()
            .chain(sizes)
            .chain(["grows by", "log n by", "verdict"].map(str::to_owned))
            .collect();
        let last = header.len() - 1;
        table.load_style(UTF8_FULL_CONDENSED).set_header(header);
        for figure in Figure::ALL {
            let values = self
                .points
                .iter()
                .map(|point| point.figures.get(&figure).map_or_else(String::new, |value| format!("{value:.2}")));
            let growth = self.growth.iter().find(|growth| growth.figure == figure);
            let judged = [
                growth.map_or_else(String::new, |growth| format!("{:.2}", growth.factor)),
                growth.map_or_else(String::new, |growth| format!("{:.2}", growth.logarithm)),
                growth.map_or_else(String::new, |growth| growth.verdict().to_owned()),
            ];
            table.add_row([figure.text().to_owned()].into_iter().chain(values).chain(judged).collect::<Vec<_>>());
        }
        for column in table.column_iter_mut().take(last).skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }
}

impl Report {
    /// Draws each figure over its value at the smallest size, beside the logarithm.
    pub(super) fn svg(&self) -> String {
        plot::svg(&self.series.iter().map(Series::plot).collect::<Vec<_>>())
    }
}

impl Series {
    fn plot(&self) -> Plot {
        let relative = |value: &dyn Fn(&Point) -> Option<f64>| -> Vec<(f64, f64)> {
            let first = self.points.first().and_then(value);
            self.points.iter().filter_map(|point| Some((point.stored(), value(point)? / first?))).collect()
        };
        // There are fewer colours than lines.
        let line = |number, name: &str, points| PlotLine {
            name: name.to_owned(),
            colour: number,
            dashed: number >= plot::COLOURS.len(),
            points,
        };
        let figures = Figure::ALL.into_iter().enumerate().map(|(number, figure)| {
            line(number, figure.name(), relative(&|point| point.figures.get(&figure).copied()))
        });
        let logarithm = line(Figure::ALL.len(), "log n", relative(&|point| Some(point.stored().ln())));
        let axis = |label: &str| Axis { label: label.to_owned(), scale: Scale::Logarithmic };
        Plot {
            title: format!("{}: more {}", self.server, self.grows),
            x: axis("versions stored"),
            y: axis("times the smallest"),
            lines: figures.chain([logarithm]).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series() -> Series {
        let point = |keys, get, memory| {
            let figures = Figures::from([(Figure::Get, get), (Figure::Memory, memory)]);
            Point { keys, versions: 1, figures }
        };
        Series::new("ours", "keys", vec![point(1_000_000, 30.0, 250.0), point(10_000, 15.0, 60.0)])
    }

    #[test]
    fn what_grows_faster_than_the_logarithm_is_named() {
        let verdicts: Vec<_> = series().growth.iter().map(|growth| (growth.figure, growth.verdict())).collect();
        // The logarithm grows by half from ten thousand to a million.
        assert_eq!(verdicts, [(Figure::Get, "FASTER THAN LOG N"), (Figure::Memory, "faster, as it may")]);
        let slow = |keys, get| Point { keys, versions: 1, figures: Figures::from([(Figure::Get, get)]) };
        let series = Series::new("ours", "keys", vec![slow(10_000, 10.0), slow(1_000_000, 15.0)]);
        assert_eq!(series.growth[0].verdict(), "no faster than log n");
    }

    #[test]
    fn a_peak_in_the_middle_counts() {
        let point = |keys, get| Point { keys, versions: 1, figures: Figures::from([(Figure::Get, get)]) };
        let series =
            Series::new("ours", "keys", vec![point(10_000, 10.0), point(100_000, 40.0), point(1_000_000, 12.0)]);
        assert!((series.growth[0].factor - 4.0).abs() < 1e-9 && series.growth[0].faster);
    }

    #[test]
    fn sizes_are_columns_and_lines_of_the_plot() {
        let report = Report { series: vec![series()] };
        let text = report.to_string();
        assert!(text.contains("10000 × 1 ┆ 1000000 × 1"), "{text}");
        let svg = report.svg();
        assert!(svg.contains(">log n</text>") && svg.contains(">get</text>"), "{svg}");
        assert!(serde_json::to_string(&report).is_ok_and(|json| json.contains("\"get\":15.0")));
    }
}
