//! Prometheus' text format.

use std::fmt::{Display, Write as _};

use crate::counters::Histogram;

/// Builds a page in Prometheus' text format.
#[derive(Debug, Default)]
pub(crate) struct Page {
    text: String,
    /// The head of a family that has no sample yet.
    head: String,
}

impl Page {
    /// Begins a family of samples, which is left out if it gets none.
    pub(crate) fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.head = format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    /// Adds a sample; the labels' values are escaped.
    pub(crate) fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.text.push_str(&std::mem::take(&mut self.head));
        self.text.push_str(name);
        for (index, (label, text)) in labels.iter().enumerate() {
            let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.text, "{}{label}=\"{escaped}\"", if index == 0 { '{' } else { ',' });
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        let _ = writeln!(self.text, " {value}");
    }

    /// Adds a family of one counter.
    pub(crate) fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, "counter", help);
        self.sample(name, &[], value);
    }

    /// Adds a family of one gauge.
    pub(crate) fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "gauge", help);
        self.sample(name, &[], value);
    }

    /// Adds a family of one histogram.
    pub(crate) fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram) {
        self.family(name, "histogram", help);
        let (counts, sum) = histogram.snapshot();
        self.buckets(name, &[], &histogram.bounds(), &counts, sum);
    }

    /// Adds the samples of a histogram: `counts` has one more than `bounds`.
    pub(crate) fn buckets(&mut self, name: &str, labels: &[(&str, &str)], bounds: &[f64], counts: &[u64], sum: f64) {
        let bucket = format!("{name}_bucket");
        let mut total = 0;
        for (index, count) in counts.iter().enumerate() {
            total += count;
            let bound = bounds.get(index).map_or_else(|| "+Inf".to_owned(), |bound| bound_text(*bound));
            let labels: Vec<_> = labels.iter().copied().chain([("le", bound.as_str())]).collect();
            self.sample(&bucket, &labels, total);
        }
        self.sample(&format!("{name}_sum"), labels, sum);
        self.sample(&format!("{name}_count"), labels, total);
    }

    /// Returns the page.
    pub(crate) fn finish(self) -> String {
        self.text
    }
}

/// Writes a bound as Go does: whoever compares series compares these texts.
fn bound_text(bound: f64) -> String {
    if !(1e-4..1e6).contains(&bound) {
        let text = format!("{bound:e}");
        if let Some((digits, exponent)) = text.split_once('e')
            && let Ok(exponent) = exponent.parse::<i32>()
        {
            let sign = if exponent < 0 { '-' } else { '+' };
            return format!("{digits}e{sign}{:02}", exponent.unsigned_abs());
        }
    }
    bound.to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_histogram_counts_each_duration_once_and_shows_running_totals() {
        let histogram = Histogram::doubling(0.001, 2);
        for millis in [0, 1, 2, 3] {
            histogram.observe(Duration::from_millis(millis));
        }
        let mut page = Page::default();
        page.histogram("h", "Help.", &histogram);
        expect_test::expect![[r#"
            # HELP h Help.
            # TYPE h histogram
            h_bucket{le="0.001"} 2
            h_bucket{le="0.002"} 3
            h_bucket{le="+Inf"} 4
            h_sum 0.006
            h_count 4
        "#]]
        .assert_eq(&page.finish());
    }

    #[test]
    fn bounds_are_written_as_go_does() {
        for (bound, text) in [
            (0.0001, "0.0001"),
            (819.2, "819.2"),
            (524_288.0, "524288"),
            (1_048_576.0, "1.048576e+06"),
            (5e-5, "5e-05"),
        ] {
            assert_eq!(bound_text(bound), text);
        }
    }

    #[test]
    fn a_family_without_samples_is_left_out() {
        let mut page = Page::default();
        page.family("a", "counter", "A.");
        page.family("b", "counter", "B.");
        page.sample("b", &[], 1);
        assert_eq!(page.finish(), "# HELP b B.\n# TYPE b counter\nb 1\n");
    }

    #[test]
    fn labels_are_escaped() {
        let mut page = Page::default();
        page.sample("m", &[("a", "q\"\\\n"), ("b", "")], 1);
        assert_eq!(page.finish(), "m{a=\"q\\\"\\\\\\n\",b=\"\"} 1\n");
    }
}
