//! Lines in a coordinate system, as SVG that reads in light and in dark.

use std::fmt::Write as _;

/// One coordinate system with its lines.
#[derive(Debug)]
pub(crate) struct Plot {
    pub(crate) title: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) lines: Vec<PlotLine>,
}

/// What an axis says and how it divides its length. It covers every point; what cannot be shown (no number, or nothing
/// above zero where equal factors are equal lengths) is left out.
#[derive(Debug)]
pub(crate) struct Axis {
    pub(crate) label: String,
    pub(crate) scale: Scale,
}

/// How an axis divides its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// From zero on, equal differences are equal lengths.
    Linear,
    /// Equal factors are equal lengths.
    Logarithmic,
}

/// Points that belong together, in the order they are joined.
#[derive(Debug)]
pub(crate) struct PlotLine {
    pub(crate) name: String,
    /// Lines of one colour are about the same thing.
    pub(crate) colour: usize,
    pub(crate) dashed: bool,
    pub(crate) points: Vec<(f64, f64)>,
}

/// Colours that stay apart for those who see fewer, on light ground and on dark (after Okabe and Ito).
pub(crate) const COLOURS: [(&str, &str); 6] = [
    ("#0072b2", "#56b4e9"),
    ("#d55e00", "#ff9a52"),
    ("#00795b", "#3fd0a5"),
    ("#a0527d", "#e0a0c4"),
    ("#7a6a00", "#f0e442"),
    ("#555555", "#aaaaaa"),
];

// Of one coordinate system, in pixels.
const WIDTH: f64 = 760.0;
const TOP: f64 = 48.0;
const LEFT: f64 = 84.0;
const AREA_WIDTH: f64 = 480.0;
const AREA_HEIGHT: f64 = 300.0;
const BOTTOM: f64 = 60.0;
const LEGEND_LINE: f64 = 20.0;
/// An axis has about so many marks.
const MARKS: f64 = 6.0;

/// Draws coordinate systems below each other.
pub(crate) fn svg(plots: &[Plot]) -> String {
    let heights: Vec<f64> = plots.iter().map(height).collect();
    let total: f64 = heights.iter().sum();
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {total}\" width=\"{WIDTH}\" height=\"{total}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\">\n<style>\n{}</style>\n\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"{total}\"/>\n",
        style()
    );
    let mut top = 0.0;
    for (plot, height) in plots.iter().zip(heights) {
        let _ = writeln!(text, "<g transform=\"translate(0 {top})\">");
        draw(plot, &mut text);
        text.push_str("</g>\n");
        top += height;
    }
    text.push_str("</svg>\n");
    text
}

fn height(plot: &Plot) -> f64 {
    TOP + AREA_HEIGHT.max(plot.lines.len() as f64 * LEGEND_LINE) + BOTTOM
}

fn style() -> String {
    let mut light =
        "  .ground { fill: #ffffff } text { fill: #222222 } .axis { stroke: #222222 } .grid { stroke: #dddddd }\n"
            .to_owned();
    let mut dark =
        "    .ground { fill: #16181c } text { fill: #e6e6e6 } .axis { stroke: #e6e6e6 } .grid { stroke: #3a3d44 }\n"
            .to_owned();
    for (number, (on_light, on_dark)) in COLOURS.iter().enumerate() {
        let _ = writeln!(light, "  .c{number} {{ stroke: {on_light}; fill: {on_light} }}");
        let _ = writeln!(dark, "    .c{number} {{ stroke: {on_dark}; fill: {on_dark} }}");
    }
    format!("{light}  polyline {{ fill: none !important }}\n  @media (prefers-color-scheme: dark) {{\n{dark}  }}\n")
}

fn draw(plot: &Plot, text: &mut String) {
    let shown: Vec<(&PlotLine, Vec<(f64, f64)>)> = plot
        .lines
        .iter()
        .map(|line| {
            let points = line.points.iter().filter(|(x, y)| plot.x.scale.shows(*x) && plot.y.scale.shows(*y));
            (line, points.copied().collect())
        })
        .collect();
    let points = || shown.iter().flat_map(|(_, points)| points);
    let x = Range::around(plot.x.scale, points().map(|(x, _)| *x));
    let y = Range::around(plot.y.scale, points().map(|(_, y)| *y));
    let x_of = |value| LEFT + x.part(value) * AREA_WIDTH;
    let y_of = |value| TOP + AREA_HEIGHT - y.part(value) * AREA_HEIGHT;
    let (right, bottom) = (LEFT + AREA_WIDTH, TOP + AREA_HEIGHT);

    let _ = writeln!(
        text,
        "<text x=\"{LEFT}\" y=\"24\" font-size=\"15\" font-weight=\"600\">{}</text>",
        escape(&plot.title)
    );
    for mark in x.marks() {
        let at = x_of(mark);
        let _ = writeln!(text, "<line class=\"grid\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>");
        let label = mark_text(mark);
        let _ = writeln!(text, "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{label}</text>", bottom + 18.0);
    }
    for mark in y.marks() {
        let at = y_of(mark);
        let _ = writeln!(text, "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>");
        let label = mark_text(mark);
        let _ = writeln!(text, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>", LEFT - 8.0, at + 4.0);
    }
    let _ = writeln!(text, "<line class=\"axis\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{bottom}\" y2=\"{bottom}\"/>");
    let _ = writeln!(text, "<line class=\"axis\" x1=\"{LEFT}\" x2=\"{LEFT}\" y1=\"{TOP}\" y2=\"{bottom}\"/>");
    let _ = writeln!(
        text,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
        LEFT + AREA_WIDTH / 2.0,
        bottom + 40.0,
        escape(&plot.x.label)
    );
    let middle = TOP + AREA_HEIGHT / 2.0;
    let _ = writeln!(
        text,
        "<text x=\"20\" y=\"{middle}\" text-anchor=\"middle\" transform=\"rotate(-90 20 {middle})\">{}</text>",
        escape(&plot.y.label)
    );

    for (number, (line, points)) in shown.iter().enumerate() {
        let colour = line.colour % COLOURS.len();
        let dashes = if line.dashed { " stroke-dasharray=\"6 4\"" } else { "" };
        let joined: Vec<String> = points.iter().map(|(x, y)| format!("{:.1},{:.1}", x_of(*x), y_of(*y))).collect();
        let _ = writeln!(
            text,
            "<polyline class=\"c{colour}\" stroke-width=\"2\"{dashes} points=\"{}\"/>",
            joined.join(" ")
        );
        for (x, y) in points {
            let _ =
                writeln!(text, "<circle class=\"c{colour}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.5\"/>", x_of(*x), y_of(*y));
        }
        let at = TOP + 8.0 + number as f64 * LEGEND_LINE;
        let (from, to) = (right + 16.0, right + 44.0);
        let _ = writeln!(
            text,
            "<polyline class=\"c{colour}\" stroke-width=\"2\"{dashes} points=\"{from},{at} {to},{at}\"/>\
             <text x=\"{}\" y=\"{}\">{}</text>",
            to + 8.0,
            at + 4.0,
            escape(&line.name)
        );
    }
}

impl Scale {
    fn shows(self, value: f64) -> bool {
        value.is_finite() && (self == Scale::Linear || value > 0.0)
    }
}

/// What an axis covers.
#[derive(Debug)]
struct Range {
    scale: Scale,
    from: f64,
    to: f64,
}

impl Range {
    /// Covers all values, and ends at marks.
    fn around(scale: Scale, values: impl Iterator<Item = f64> + Clone) -> Range {
        let least = values.clone().fold(f64::INFINITY, f64::min);
        let most = values.fold(f64::NEG_INFINITY, f64::max);
        let empty = least > most;
        let (from, to) = match scale {
            Scale::Linear if empty => (0.0, 1.0),
            Scale::Linear => {
                let (least, most) = (least.min(0.0), most.max(0.0));
                let most = if most > least { most } else { least + 1.0 };
                let step = step(most - least);
                ((least / step).floor() * step, (most / step).ceil() * step)
            }
            Scale::Logarithmic if empty => (1.0, 10.0),
            Scale::Logarithmic => {
                let (from, to) = (least.log10().floor(), most.log10().ceil());
                (10_f64.powf(from), 10_f64.powf(if to > from { to } else { from + 1.0 }))
            }
        };
        Range { scale, from, to }
    }

    /// Returns how far along the axis a value stands, from 0 to 1.
    fn part(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => (value - self.from) / (self.to - self.from),
            Scale::Logarithmic => (value / self.from).log10() / (self.to / self.from).log10(),
        }
    }

    fn marks(&self) -> Vec<f64> {
        let (first, last, value): (f64, f64, &dyn Fn(f64) -> f64) = match self.scale {
            Scale::Linear => {
                let step = step(self.to - self.from);
                ((self.from / step).round(), (self.to / step).round(), &move |number| number * step)
            }
            Scale::Logarithmic => (self.from.log10().round(), self.to.log10().round(), &|number| 10_f64.powf(number)),
        };
        let count = (last - first) as u32;
        (0..=count).map(|number| value(first + f64::from(number))).collect()
    }
}

/// The distance of marks that divides a length in about [`MARKS`] parts: 1, 2 or 5 times a power of ten.
fn step(length: f64) -> f64 {
    let rough = length / MARKS;
    let power = 10_f64.powf(rough.log10().floor());
    match rough / power {
        ..1.5 => power,
        ..3.5 => 2.0 * power,
        ..7.5 => 5.0 * power,
        _ => 10.0 * power,
    }
}

/// A number as short as it can be said: 20k, 1.5M, 0.01.
fn mark_text(value: f64) -> String {
    let (value, suffix) = match value.abs() {
        1e9.. => (value / 1e9, "G"),
        1e6.. => (value / 1e6, "M"),
        1e3.. => (value / 1e3, "k"),
        _ => (value, ""),
    };
    // The sums and powers above leave digits behind that mean nothing.
    let rounded = format!("{value:.6}");
    let short = rounded.trim_end_matches('0').trim_end_matches('.');
    format!("{short}{suffix}")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(scale: Scale, values: &[f64]) -> String {
        let marks = Range::around(scale, values.iter().copied()).marks();
        marks.into_iter().map(mark_text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn marks_are_round_and_cover_everything() {
        assert_eq!(marks(Scale::Linear, &[100.0, 38_000.0]), "0 5k 10k 15k 20k 25k 30k 35k 40k");
        assert_eq!(marks(Scale::Linear, &[0.25]), "0 0.05 0.1 0.15 0.2 0.25");
        assert_eq!(marks(Scale::Linear, &[0.0]), "0 0.2 0.4 0.6 0.8 1");
        assert_eq!(marks(Scale::Linear, &[]), "0 0.2 0.4 0.6 0.8 1");
        assert_eq!(marks(Scale::Logarithmic, &[0.03, 1500.0]), "0.01 0.1 1 10 100 1k 10k");
        assert_eq!(marks(Scale::Logarithmic, &[100.0]), "100 1k");
        assert_eq!(marks(Scale::Logarithmic, &[]), "1 10");
    }

    #[test]
    fn a_plot_has_its_axes_its_lines_and_their_names() {
        let axis = |label: &str, scale| Axis { label: label.to_owned(), scale };
        let points = vec![(0.0, 100.0), (20_000.0, 1000.0), (40_000.0, 0.0), (f64::NAN, 1.0)];
        let plot = Plot {
            title: "put <1>".to_owned(),
            x: axis("operations/s", Scale::Linear),
            y: axis("µs", Scale::Logarithmic),
            lines: vec![PlotLine { name: "a & b".to_owned(), colour: 1, dashed: true, points }],
        };
        let text = svg(&[plot]);
        for part in [
            "viewBox=\"0 0 760 408\"",
            "prefers-color-scheme: dark",
            ">put &lt;1&gt;</text>",
            ">a &amp; b</text>",
            // Zero has no place on a logarithmic axis, and what is no number has none at all.
            "stroke-dasharray=\"6 4\" points=\"84.0,348.0 564.0,48.0\"/>",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        assert_eq!(text.matches("<circle").count(), 2, "{text}");
    }
}
