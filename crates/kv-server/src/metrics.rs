//! Numbers about the server.
//!
//! The names are etcd's, so that its dashboards and alerts work. Counting is one relaxed addition; everything that
//! can be asked of the store or the log when somebody scrapes is asked then (see `exposition`).

use std::collections::BTreeMap;

use parking_lot::Mutex;

use crate::counters::{Counter, Gauge, Histogram};
use crate::durations::{ByOperation, Outcomes};
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

/// Prometheus' default buckets.
const HANDLING_SECONDS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Clients say which version they are; more distinct answers than this are counted together.
const CLIENT_VERSIONS_MAX: usize = 64;

/// What is counted for each gRPC method.
#[derive(Debug)]
pub(crate) struct MethodMetrics {
    pub(crate) started: Counter,
    pub(crate) handled: [Counter; CODES],
    pub(crate) received: Counter,
    pub(crate) sent: Counter,
    /// Kept always, shown with `--metrics=extensive`.
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
    /// Parts of traces that the collector has taken, and those that it did not.
    pub(crate) spans_sent: Counter,
    pub(crate) spans_dropped: Counter,
    pub(crate) watch_streams: Gauge,
    /// Events that were read and are not sent yet.
    pub(crate) pending_events: Gauge,
    /// Watchers with something to read.
    pub(crate) slow_watchers: Gauge,
    /// Sending what is no event.
    pub(crate) watch_control: Histogram,
    /// Reading and sending a batch of events, and that divided by their number.
    pub(crate) watch_batch: Histogram,
    pub(crate) watch_event: Histogram,
    /// Looking for whom to tell that there was nothing.
    pub(crate) watch_progress: Histogram,
    /// From a command's proposal, or a read's turn, to its outcome.
    pub(crate) requests: ByOperation,
    /// Applying commands.
    pub(crate) applies: ByOperation,
    /// Reading ranges.
    pub(crate) range_reads: Outcomes,
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
            handling: Histogram::with_bounds(&HANDLING_SECONDS),
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
            spans_sent: Counter::default(),
            spans_dropped: Counter::default(),
            watch_streams: Gauge::default(),
            pending_events: Gauge::default(),
            slow_watchers: Gauge::default(),
            watch_control: Histogram::doubling(0.001, 14),
            watch_batch: Histogram::doubling(0.001, 14),
            watch_event: Histogram::doubling(0.001, 14),
            watch_progress: Histogram::doubling(0.001, 14),
            requests: ByOperation::doubling(0.001, 14),
            applies: ByOperation::doubling(0.0001, 20),
            range_reads: Outcomes::doubling(0.0001, 20),
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

#[cfg(test)]
mod tests {
    use super::*;

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
