//! Numbers out of a page of metrics.

/// A page in the text format of Prometheus.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exposition<'a>(pub(super) &'a str);

impl Exposition<'_> {
    /// Returns a metric without labels.
    pub(super) fn value(&self, name: &str) -> Option<f64> {
        let value = self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        value.trim().parse().ok()
    }

    /// Returns the upper bound of the bucket that a share of what a histogram has counted is below.
    pub(super) fn quantile(&self, name: &str, share: f64) -> Option<f64> {
        let buckets: Vec<(f64, f64)> = self
            .0
            .lines()
            .filter_map(|line| line.strip_prefix(name)?.strip_prefix("_bucket{le=\"")?.split_once("\"} "))
            .filter_map(|(bound, count)| Some((bound.parse().ok()?, count.trim().parse().ok()?)))
            .collect();
        let (_, total) =
            buckets.iter().copied().find(|(bound, _)| bound.is_infinite()).filter(|(_, total)| *total > 0.0)?;
        buckets.iter().find(|(_, count)| *count >= total * share).map(|(bound, _)| *bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_by_their_whole_name() {
        let page = "# TYPE a gauge\na_b 1\na 2.5e+07\nb{x=\"1\"} 3\n";
        assert_eq!(Exposition(page).value("a"), Some(25_000_000.0));
        assert_eq!(Exposition(page).value("b"), None);
    }

    #[test]
    fn a_quantile_is_a_bound() {
        let page = "h_bucket{le=\"0.001\"} 90\nh_bucket{le=\"0.01\"} 99\nh_bucket{le=\"+Inf\"} 100\nh_sum 1\n";
        assert_eq!(Exposition(page).quantile("h", 0.5), Some(0.001));
        assert_eq!(Exposition(page).quantile("h", 0.99), Some(0.01));
        assert_eq!(Exposition(page).quantile("h", 0.999), Some(f64::INFINITY));
        assert_eq!(Exposition("h_bucket{le=\"+Inf\"} 0\n").quantile("h", 0.99), None);
    }
}
