//! How long requests took: percentiles, deviation, and a histogram for people.

use std::fmt::Write as _;
use std::time::Duration;

use kv_cli::GoDuration;

/// How long each of many requests took, in order.
#[derive(Debug, Default)]
pub(super) struct Latencies(Vec<Duration>);

/// Width of the longest bar.
const BAR_WIDTH: usize = 40;

/// Percentiles that are shown.
const PERCENTILES: [f64; 5] = [50.0, 90.0, 95.0, 99.0, 99.9];

impl Latencies {
    pub(super) fn new(mut latencies: Vec<Duration>) -> Latencies {
        latencies.sort_unstable();
        Latencies(latencies)
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    pub(super) fn slowest(&self) -> Duration {
        self.0.last().copied().unwrap_or_default()
    }

    /// Returns the time within which so many of a hundred requests were answered.
    pub(super) fn percentile(&self, percentile: f64) -> Duration {
        let rank = (percentile / 100.0 * self.0.len() as f64).ceil() as usize;
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// Returns the standard deviation in seconds.
    pub(super) fn deviation(&self) -> f64 {
        let count = self.0.len().max(1) as f64;
        let mean = self.0.iter().map(Duration::as_secs_f64).sum::<f64>() / count;
        let squares: f64 = self.0.iter().map(|latency| (latency.as_secs_f64() - mean).powi(2)).sum();
        (squares / count).sqrt()
    }

    /// Draws how many requests took how long, in classes whose bounds are 1, 2 and 5 of each power of ten.
    pub(super) fn histogram(&self) -> String {
        let mut text = String::new();
        let classes = self.classes();
        let most = classes.iter().map(|(_, count)| *count).max().unwrap_or_default().max(1);
        for (bound, count) in classes {
            let bar = "#".repeat((count * BAR_WIDTH).div_ceil(most));
            let percent = 100.0 * count as f64 / self.0.len() as f64;
            let bound = GoDuration(bound).to_string();
            let _ = writeln!(text, "  up to {bound:>6}  {bar:BAR_WIDTH$} {count:>8} {percent:>5.1} %");
        }
        let shown = |percentile: &f64| {
            let micros = self.percentile(*percentile).as_micros() as u64;
            format!("{percentile} % within {}", GoDuration(Duration::from_micros(micros)))
        };
        let percentiles: Vec<_> = PERCENTILES.iter().map(shown).collect();
        let _ = writeln!(text, "  {}", percentiles.join(", "));
        text
    }

    /// Counts the requests in each class, from the first class that has some to the last.
    fn classes(&self) -> Vec<(Duration, usize)> {
        let bounds = (1..).flat_map(|power| [1, 2, 5].map(|digit| Duration::from_micros(digit * 10_u64.pow(power))));
        let mut classes = Vec::new();
        let mut rest = self.0.as_slice();
        for bound in bounds.take_while(|bound| bound.as_secs() < 10_000) {
            if rest.is_empty() {
                break;
            }
            let count = rest.partition_point(|latency| *latency <= bound);
            rest = &rest[count..];
            if count > 0 || !classes.is_empty() {
                classes.push((bound, count));
            }
        }
        classes
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn percentiles_and_classes() {
        let latencies = (1..=1000).map(|number| Duration::from_micros(number * 10)).rev();
        let latencies = Latencies::new(latencies.chain([Duration::from_millis(700)]).collect());
        assert_eq!(latencies.percentile(50.0), Duration::from_micros(5010));
        assert_eq!(latencies.percentile(99.9), Duration::from_millis(10));
        assert_eq!(latencies.percentile(100.0), latencies.slowest());
        expect![[r#"
            Latency:
              up to   10µs  #                                               1   0.1 %
              up to   20µs  #                                               1   0.1 %
              up to   50µs  #                                               3   0.3 %
              up to  100µs  #                                               5   0.5 %
              up to  200µs  #                                              10   1.0 %
              up to  500µs  ###                                            30   3.0 %
              up to    1ms  ####                                           50   5.0 %
              up to    2ms  ########                                      100  10.0 %
              up to    5ms  ########################                      300  30.0 %
              up to   10ms  ########################################      500  50.0 %
              up to   20ms                                                  0   0.0 %
              up to   50ms                                                  0   0.0 %
              up to  100ms                                                  0   0.0 %
              up to  200ms                                                  0   0.0 %
              up to  500ms                                                  0   0.0 %
              up to     1s  #                                               1   0.1 %
              50 % within 5.01ms, 90 % within 9.01ms, 95 % within 9.51ms, 99 % within 9.91ms, 99.9 % within 10ms
        "#]]
        .assert_eq(&format!("Latency:\n{}", latencies.histogram()));
    }

    #[test]
    fn nothing_was_measured() {
        let none = Latencies::default();
        assert_eq!((none.slowest(), none.percentile(99.0)), (Duration::ZERO, Duration::ZERO));
        assert!(none.deviation().abs() < f64::EPSILON);
        assert!(none.histogram().contains("50 % within 0s"));
    }

    #[test]
    fn deviation() {
        let latencies = Latencies::new(vec![Duration::from_millis(100), Duration::from_millis(300)]);
        assert!((latencies.deviation() - 0.1).abs() < 1e-9);
    }
}
