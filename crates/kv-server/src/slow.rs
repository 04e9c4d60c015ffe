//! Says in the log which requests take long, in the words that etcd's operators look for.
//!
//! There are two thresholds. `--warning-apply-duration` is for the work on the store: applying a write, or a read.
//! `--warning-unary-request-duration` is for a whole call that answers once, waiting included. What a request was is told
//! without values (see `loggable`), and only put into words when it was slow.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use kv_proto::etcdserverpb::{self as pb, response_op::Response};
use kv_raft::{Applied, OnApplied};
use kv_store::{CommandKind, DeleteRange, Put, RangeQuery, Txn};
use prost::Message;
use tonic::Status;

use crate::config::Config;
use crate::loggable;
use crate::metrics::Metrics;
use crate::timestamp::timestamp;

tokio::task_local! {
    /// Who sent the request that is served.
    static REMOTE: Option<SocketAddr>;
}

/// Serves a request of `remote`.
pub(crate) fn serving<F: Future>(remote: Option<SocketAddr>, work: F) -> impl Future<Output = F::Output> {
    REMOTE.scope(remote, work)
}

/// The thresholds, and what counts what is above.
#[derive(Debug)]
pub(crate) struct SlowRequests {
    apply: Duration,
    unary: Duration,
    metrics: Arc<Metrics>,
}

/// When a call began, and how large its request is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Begun {
    at: Instant,
    request_bytes: usize,
}

impl Begun {
    pub(crate) fn now(request: &impl Message) -> Self {
        Self { at: Instant::now(), request_bytes: request.encoded_len() }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.at.elapsed()
    }
}

/// What is told of a call.
struct Stats {
    request_count: i64,
    request_bytes: i64,
    response_count: i64,
    response_bytes: i64,
    content: String,
}

impl SlowRequests {
    pub(crate) fn new(config: &Config, metrics: Arc<Metrics>) -> Self {
        Self { apply: config.warning_apply_duration, unary: config.warning_unary_request_duration, metrics }
    }

    /// Returns what applying commands is watched by; it also counts how long that takes.
    pub(crate) fn applying(config: &Config, metrics: Arc<Metrics>) -> OnApplied {
        let threshold = config.warning_apply_duration;
        Arc::new(move |applied: &Applied<'_>| {
            if let Some(kind) = CommandKind::of(applied.command) {
                metrics.applies.of(kind).took(applied.took, applied.succeeded);
            }
            if applied.took > threshold {
                warn_apply(&metrics, threshold, applied.took, "", &loggable::command(applied.command), "");
            }
        })
    }

    /// Says that a read was slow, if it was.
    pub(crate) fn range(
        &self,
        begun: Begun,
        (query, serializable): (&RangeQuery, bool),
        response: Result<&pb::RangeResponse, &Status>,
    ) {
        let Some(took) = self.took(begun) else { return };
        let content = loggable::range(query, serializable);
        if took > self.apply {
            let response = response.map_or_else(
                |_| String::new(),
                |response| format!("range_response_count:{} size:{}", response.kvs.len(), response.encoded_len()),
            );
            warn_apply(&self.metrics, self.apply, took, "read-only range ", &content, &response);
        }
        let count = response.map_or(0, |response| response.count);
        self.warn_unary(begun, took, "/etcdserverpb.KV/Range", 0, (count, bytes(response)), content);
    }

    /// Says that a put was slow, if it was.
    pub(crate) fn put(&self, begun: Begun, put: &Put, response: Result<&pb::PutResponse, &Status>) {
        let Some(took) = self.took(begun) else { return };
        self.warn_unary(begun, took, "/etcdserverpb.KV/Put", 1, (0, bytes(response)), loggable::put(put));
    }

    /// Says that a deletion was slow, if it was.
    pub(crate) fn delete(
        &self,
        begun: Begun,
        delete: &DeleteRange,
        response: Result<&pb::DeleteRangeResponse, &Status>,
    ) {
        let Some(took) = self.took(begun) else { return };
        let count = response.map_or(0, |response| response.deleted);
        let path = "/etcdserverpb.KV/DeleteRange";
        self.warn_unary(begun, took, path, 0, (count, bytes(response)), loggable::delete(delete));
    }

    /// Says that a transaction was slow, if it was.
    pub(crate) fn txn(&self, begun: Begun, txn: &Txn, response: Result<&pb::TxnResponse, &Status>) {
        let Some(took) = self.took(begun) else { return };
        let content = loggable::txn(txn);
        if took > self.apply && txn.is_read_only() {
            let response = response.map_or_else(|_| String::new(), describe_reads);
            warn_apply(&self.metrics, self.apply, took, "read-only txn ", &content, &response);
        }
        let ops = response.map_or(0, |response| response.responses.len());
        self.warn_unary(begun, took, "/etcdserverpb.KV/Txn", ops as i64, (0, bytes(response)), content);
    }

    /// Says that a call of another kind was slow, if it was.
    pub(crate) fn other(&self, began: Instant, path: &str) {
        let took = began.elapsed();
        if took > self.unary {
            let nothing = Stats {
                request_count: -1,
                request_bytes: -1,
                response_count: -1,
                response_bytes: -1,
                content: String::new(),
            };
            warn_unary(took, path, &nothing);
        }
    }

    /// Returns how long a call took, if that is too long by either measure.
    fn took(&self, begun: Begun) -> Option<Duration> {
        Some(begun.at.elapsed()).filter(|took| *took > self.apply.min(self.unary))
    }

    fn warn_unary(
        &self,
        begun: Begun,
        took: Duration,
        path: &str,
        request_count: i64,
        (response_count, response_bytes): (i64, i64),
        content: String,
    ) {
        if took > self.unary {
            let request_bytes = begun.request_bytes as i64;
            warn_unary(took, path, &Stats { request_count, request_bytes, response_count, response_bytes, content });
        }
    }
}

fn bytes<T: Message>(response: Result<&T, &Status>) -> i64 {
    response.map_or(0, |response| response.encoded_len() as i64)
}

fn describe_reads(response: &pb::TxnResponse) -> String {
    let counts = response.responses.iter().filter_map(|op| match &op.response {
        Some(Response::ResponseRange(range)) => Some(format!("range_response_count:{}", range.kvs.len())),
        _ => None,
    });
    format!("responses:<{}> size:{}", counts.collect::<Vec<_>>().join(" "), response.encoded_len())
}

fn warn_apply(metrics: &Metrics, expected: Duration, took: Duration, prefix: &str, request: &str, response: &str) {
    metrics.slow_applies.inc();
    tracing::warn!(
        took = format!("{took:?}"),
        expected_duration = format!("{expected:?}"),
        prefix,
        request,
        response,
        "apply request took too long"
    );
}

fn warn_unary(took: Duration, path: &str, stats: &Stats) {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let remote = REMOTE.try_with(|remote| *remote).ok().flatten();
    let remote = remote.map_or_else(|| "@".to_owned(), |remote| remote.to_string());
    tracing::warn!(
        "start time" = timestamp(since_epoch.saturating_sub(took)),
        "time spent" = format!("{took:?}"),
        remote,
        "response type" = path,
        "request count" = stats.request_count,
        "request size" = stats.request_bytes,
        "response count" = stats.response_count,
        "response size" = stats.response_bytes,
        "request content" = stats.content,
        "request stats"
    );
}
