//! Numbers about the server, and Prometheus' text format for them.
//!
//! The names are etcd's, so that its dashboards and alerts work. Counting is one relaxed addition; everything that
//! can be asked of the store or the log when somebody scrapes is asked then (see `exposition`).

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use crate::methods::METHODS;

/// gRPC status codes go from 0 to 16.
const CODES: usize = 17;

/// The names of the codes, as etcd's metrics spell them.
pub(crate) const CODE_NAMES: [&str; CODES] = [
    "OK",
    "Canceled",
    "Unknown",
    "InvalidArgument",
    "DeadlineExceeded",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "ResourceExhausted",
    "FailedPrecondition",
    "Aborted",
    "OutOfRange",
    "Unimplemented",
    "Internal",
    "Unavailable",
    "DataLoss",
    "Unauthenticated",
];

/// Clients say which version they are; more distinct answers than this are counted together.
const CLIENT_VERSIONS_MAX: usize = 64;

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn inc(&self) {
        self.add(1);
    }

    pub(crate) fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A number that goes up and down.
#[derive(Debug, Default)]
pub(crate) struct Gauge(AtomicI64);

impl Gauge {
    pub(crate) fn add(&self, amount: i64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    pub(crate) fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counts durations by size, in buckets that double.
#[derive(Debug)]
pub(crate) struct Histogram {
    /// The upper bound of the first bucket, in seconds.
    start: f64,
    /// The last one has no bound.
    buckets: Box<[AtomicU64]>,
    /// The bits of a floating-point number.
    sum_seconds: AtomicU64,
}

impl Histogram {
    /// Makes a histogram of `count` buckets, each twice the one before, and one for everything above.
    pub(crate) fn doubling(start: f64, count: usize) -> Self {
        let buckets = (0..=count).map(|_| AtomicU64::new(0)).collect();
        Self { start, buckets, sum_seconds: AtomicU64::new(0) }
    }

    pub(crate) fn observe(&self, duration: Duration) {
        self.observe_seconds(duration.as_secs_f64());
    }

    pub(crate) fn observe_seconds(&self, seconds: f64) {
        let mut bound = self.start;
        let last = self.buckets.len() - 1;
        let bucket = (0..last).find(|_| {
            let fits = seconds <= bound;
            bound *= 2.0;
            fits
        });
        self.buckets[bucket.unwrap_or(last)].fetch_add(1, Ordering::Relaxed);
        let add = |sum| Some((f64::from_bits(sum) + seconds).to_bits());
        let added = self.sum_seconds.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        added.expect("adding always gives a sum");
    }

    /// Returns the counts per bucket and the sum in seconds.
    pub(crate) fn snapshot(&self) -> (Vec<u64>, f64) {
        let counts = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect();
        (counts, f64::from_bits(self.sum_seconds.load(Ordering::Relaxed)))
    }

    /// Returns the upper bounds of the buckets that have one.
    pub(crate) fn bounds(&self) -> Vec<f64> {
        (0..self.buckets.len() - 1).map(|power| self.start * f64::from(1u32 << power)).collect()
    }
}

/// What is counted for each gRPC method.
#[derive(Debug)]
pub(crate) struct MethodMetrics {
    pub(crate) started: Counter,
    pub(crate) handled: [Counter; CODES],
    pub(crate) received: Counter,
    pub(crate) sent: Counter,
    /// Kept always, shown with `--metrics=extensive`: 5 ms to about 10 s, as Prometheus' defaults.
    pub(crate) handling: Histogram,
}

/// The checks of `/livez` and `/readyz`, by kind and name.
#[derive(Debug, Default)]
pub(crate) struct HealthChecks {
    /// How often each succeeded, and how often it did not.
    pub(crate) counts: BTreeMap<(&'static str, &'static str, bool), u64>,
    /// How each ended last.
    pub(crate) last: BTreeMap<(&'static str, &'static str), bool>,
}

impl HealthChecks {
    pub(crate) fn record(&mut self, kind: &'static str, name: &'static str, healthy: bool) {
        *self.counts.entry((kind, name, healthy)).or_default() += 1;
        self.last.insert((kind, name), healthy);
    }
}

/// Everything that is counted as it happens.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// In the order of [`METHODS`].
    pub(crate) methods: Box<[MethodMetrics]>,
    pub(crate) grpc_received_bytes: Counter,
    pub(crate) grpc_sent_bytes: Counter,
    pub(crate) health_success: Counter,
    pub(crate) health_failures: Counter,
    pub(crate) health_checks: Mutex<HealthChecks>,
    client_requests: Mutex<BTreeMap<(&'static str, String), u64>>,
    pub(crate) puts: Counter,
    pub(crate) deletes: Counter,
    pub(crate) ranges: Counter,
    pub(crate) txns: Counter,
    pub(crate) put_bytes: Counter,
    pub(crate) events: Counter,
    pub(crate) proposals_pending: Gauge,
    pub(crate) proposals_failed: Counter,
    pub(crate) slow_applies: Counter,
    pub(crate) watch_streams: Gauge,
    pub(crate) leases_granted: Counter,
    pub(crate) leases_renewed: Counter,
    pub(crate) leases_revoked: Counter,
    /// Those that were revoked because nobody renewed them.
    pub(crate) leases_expired: Counter,
    pub(crate) lease_ttls: Histogram,
    pub(crate) commit_duration: Histogram,
    pub(crate) compaction_keys: Counter,
    /// In milliseconds, as the next two.
    pub(crate) compaction_pause: Histogram,
    pub(crate) compaction_total: Histogram,
    pub(crate) index_compaction_pause: Histogram,
    /// When the last compaction was complete, in seconds since 1970.
    pub(crate) last_compaction: Gauge,
    pub(crate) defragment_duration: Histogram,
    pub(crate) defragments_inflight: Gauge,
    pub(crate) snapshot_duration: Histogram,
    pub(crate) hash_duration: Histogram,
    pub(crate) hash_revision_duration: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        let method = |_: &_| MethodMetrics {
            started: Counter::default(),
            handled: Default::default(),
            received: Counter::default(),
            sent: Counter::default(),
            handling: Histogram::doubling(0.005, 11),
        };
        Self {
            methods: METHODS.iter().map(method).collect(),
            grpc_received_bytes: Counter::default(),
            grpc_sent_bytes: Counter::default(),
            health_success: Counter::default(),
            health_failures: Counter::default(),
            health_checks: Mutex::default(),
            client_requests: Mutex::default(),
            puts: Counter::default(),
            deletes: Counter::default(),
            ranges: Counter::default(),
            txns: Counter::default(),
            put_bytes: Counter::default(),
            events: Counter::default(),
            proposals_pending: Gauge::default(),
            proposals_failed: Counter::default(),
            slow_applies: Counter::default(),
            watch_streams: Gauge::default(),
            leases_granted: Counter::default(),
            leases_renewed: Counter::default(),
            leases_revoked: Counter::default(),
            leases_expired: Counter::default(),
            lease_ttls: Histogram::doubling(1.0, 24),
            commit_duration: Histogram::doubling(0.001, 14),
            compaction_keys: Counter::default(),
            compaction_pause: Histogram::doubling(1.0, 13),
            compaction_total: Histogram::doubling(100.0, 14),
            index_compaction_pause: Histogram::doubling(0.5, 14),
            last_compaction: Gauge::default(),
            defragment_duration: Histogram::doubling(0.1, 13),
            defragments_inflight: Gauge::default(),
            snapshot_duration: Histogram::doubling(0.01, 17),
            hash_duration: Histogram::doubling(0.01, 15),
            hash_revision_duration: Histogram::doubling(0.01, 15),
        }
    }
}

impl Metrics {
    /// Counts a request by what its client says it is.
    pub(crate) fn count_client(&self, kind: &'static str, version: &str) {
        let mut requests = self.client_requests.lock();
        let known = requests.len() < CLIENT_VERSIONS_MAX || requests.contains_key(&(kind, version.to_owned()));
        let version = if known { version } else { "other" };
        *requests.entry((kind, version.to_owned())).or_default() += 1;
    }

    /// Returns what [`Metrics::count_client`] counted.
    pub(crate) fn client_requests(&self) -> BTreeMap<(&'static str, String), u64> {
        self.client_requests.lock().clone()
    }
}

/// Builds a page in Prometheus' text format.
#[derive(Debug, Default)]
pub(crate) struct Page(String);

impl Page {
    /// Begins a family of samples.
    pub(crate) fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    /// Adds a sample; the labels' values are escaped.
    pub(crate) fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.0.push_str(name);
        for (index, (label, text)) in labels.iter().enumerate() {
            let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.0, "{}{label}=\"{escaped}\"", if index == 0 { '{' } else { ',' });
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        let _ = writeln!(self.0, " {value}");
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
            let bound = bounds.get(index).map_or_else(|| "+Inf".to_owned(), f64::to_string);
            let labels: Vec<_> = labels.iter().copied().chain([("le", bound.as_str())]).collect();
            self.sample(&bucket, &labels, total);
        }
        self.sample(&format!("{name}_sum"), labels, sum);
        self.sample(&format!("{name}_count"), labels, total);
    }

    /// Returns the page.
    pub(crate) fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
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
    fn labels_are_escaped() {
        let mut page = Page::default();
        page.sample("m", &[("a", "q\"\\\n"), ("b", "")], 1);
        assert_eq!(page.finish(), "m{a=\"q\\\"\\\\\\n\",b=\"\"} 1\n");
    }

    #[test]
    fn clients_cannot_grow_the_page_without_end() {
        let metrics = Metrics::default();
        for client in 0..10 * CLIENT_VERSIONS_MAX {
            metrics.count_client("unary", &format!("v{client}"));
        }
        let counted = metrics.client_requests();
        assert_eq!(counted.len(), CLIENT_VERSIONS_MAX + 1);
        assert_eq!(counted.values().sum::<u64>(), 10 * CLIENT_VERSIONS_MAX as u64);
    }
}
