//! Traces: what calls are made of and how long it takes, sent to a collector by OpenTelemetry's protocol.
//!
//! Nothing of it runs unless `--enable-distributed-tracing` is given, and even then a call that is not sampled costs no more than
//! finding that out. Whether it is, its caller decides by `traceparent`; without that, chance, at the rate that is configured.

mod context;
mod exporter;
mod messages;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use http::HeaderMap;
use tokio::sync::mpsc::{self, error::TrySendError};
use tonic::{Code, Status};

use crate::metrics::Metrics;
use crate::random::random_number;
use context::Context;
use messages::{Event, KeyValue};

pub(crate) use exporter::{Exporter, Exporting};

/// Spans that wait to be sent; more of them are dropped.
const WAITING_SPANS_MAX: usize = 2048;

/// A rate of this samples every call.
const PER_MILLION: u32 = 1_000_000;

/// Which traces are sent, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceOptions {
    /// Whether any are.
    pub enabled: bool,
    /// Host and port of the collector.
    pub address: String,
    /// The name all servers have together.
    pub service_name: String,
    /// The name of this one; empty for none.
    pub instance_id: String,
    /// Of a million calls that nobody else has decided on, how many are sampled.
    pub sampling_rate: i64,
}

impl Default for TraceOptions {
    fn default() -> Self {
        Self {
            enabled: false,
            address: "localhost:4317".to_owned(),
            service_name: "etcd".to_owned(),
            instance_id: String::new(),
            sampling_rate: 0,
        }
    }
}

impl TraceOptions {
    /// Says what makes no sense, in etcd's words.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.enabled && self.sampling_rate < 0 {
            return Err("tracing sampling rate must be positive".to_owned());
        }
        if self.enabled && self.sampling_rate > PER_MILLION.into() {
            return Err(format!("tracing sampling rate must be less than {PER_MILLION}"));
        }
        Ok(())
    }
}

/// The address of the server that a call came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LocalAddress(pub(crate) SocketAddr);

/// Begins spans, and has them sent when they end.
#[derive(Debug)]
pub(crate) struct Tracer {
    sampling_rate: u32,
    /// Drawn once; ids are made of them and a number.
    seeds: [u64; 2],
    next: AtomicU64,
    ended: mpsc::Sender<messages::Span>,
    metrics: Arc<Metrics>,
}

impl Tracer {
    /// Begins the span of a call, if it is sampled.
    pub(crate) fn call(
        self: &Arc<Self>,
        path: &'static str,
        headers: &HeaderMap,
        local: Option<LocalAddress>,
    ) -> Option<Span> {
        let parent = Context::of_caller(headers);
        let (trace_id, sampled) = if let Some(parent) = &parent {
            (parent.trace_id, parent.sampled)
        } else {
            let trace_id = self.trace_id();
            (trace_id, self.samples(trace_id))
        };
        if !sampled {
            return None;
        }
        let (parent_id, state) = parent.map_or_else(Default::default, |parent| (parent.span_id.to_vec(), parent.state));
        let remote = !parent_id.is_empty();
        let context = Context { trace_id, span_id: self.span_id(), sampled, state };
        let method = &path[1..];
        let mut span = Span::begin(self, context, parent_id, messages::SERVER, method.to_owned());
        span.data.flags |= if remote { messages::PARENT_IS_REMOTE } else { 0 };
        span.text("rpc.method", method).text("rpc.system.name", "grpc");
        if let Some(LocalAddress(address)) = local {
            span.text("server.address", &address.ip().to_string()).number("server.port", address.port().into());
        }
        Some(span)
    }

    /// Says whether a trace is sampled that begins here: the same for everybody who asks.
    fn samples(&self, trace_id: [u8; 16]) -> bool {
        let [_, _, _, _, _, _, _, _, low @ ..] = trace_id;
        let drawn = u64::from_be_bytes(low) >> 1;
        u128::from(drawn) * u128::from(PER_MILLION) < u128::from(self.sampling_rate) << 63
    }

    fn trace_id(&self) -> [u8; 16] {
        let id = (u128::from(self.draw(0)) << 64) | u128::from(self.draw(1));
        id.to_be_bytes()
    }

    fn span_id(&self) -> [u8; 8] {
        self.draw(0).to_be_bytes()
    }

    /// Returns a number that no other span of this process or of another one has, as good as certainly. It is not zero.
    fn draw(&self, seed: usize) -> u64 {
        let mut bits = self.seeds[seed].wrapping_add(self.next.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed));
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)).max(1)
    }

    fn end(&self, span: messages::Span) {
        // Nobody waits for a collector.
        if let Err(TrySendError::Full(_)) = self.ended.try_send(span) {
            self.metrics.spans_dropped.inc();
        }
    }
}

/// Makes what begins spans and what sends them.
pub(crate) fn start(options: &TraceOptions, metrics: &Arc<Metrics>) -> std::io::Result<(Arc<Tracer>, Exporter)> {
    let (ended, spans) = mpsc::channel(WAITING_SPANS_MAX);
    let tracer = Tracer {
        sampling_rate: options.sampling_rate.clamp(0, PER_MILLION.into()) as u32,
        seeds: [random_number()?, random_number()?],
        next: AtomicU64::default(),
        ended,
        metrics: Arc::clone(metrics),
    };
    Ok((Arc::new(tracer), Exporter::new(options, spans, Arc::clone(metrics))))
}

/// Something that takes time. It is sent when it is dropped.
#[derive(Debug)]
pub(crate) struct Span {
    tracer: Arc<Tracer>,
    context: Context,
    data: messages::Span,
    /// Nobody hears of it otherwise.
    begun: bool,
}

/// What a span inside another needs of it.
#[derive(Debug, Clone)]
pub(crate) struct Parent {
    tracer: Arc<Tracer>,
    context: Context,
}

impl Span {
    fn begin(tracer: &Arc<Tracer>, context: Context, parent_span_id: Vec<u8>, kind: i32, name: String) -> Self {
        let data = messages::Span {
            trace_id: context.trace_id.to_vec(),
            span_id: context.span_id.to_vec(),
            trace_state: context.state.clone(),
            parent_span_id,
            name,
            kind,
            start_time_unix_nano: now(),
            flags: messages::SAMPLED | messages::SAYS_IF_REMOTE,
            ..messages::Span::default()
        };
        Self { tracer: Arc::clone(tracer), context, data, begun: true }
    }

    /// Returns what its parts need to know.
    pub(crate) fn as_parent(&self) -> Parent {
        Parent { tracer: Arc::clone(&self.tracer), context: self.context.clone() }
    }

    pub(crate) fn text(&mut self, key: &str, value: &str) -> &mut Self {
        self.data.attributes.push(KeyValue::text(key, value));
        self
    }

    /// Adds bytes that are usually text.
    pub(crate) fn bytes(&mut self, key: &str, value: &[u8]) -> &mut Self {
        self.text(key, &String::from_utf8_lossy(value))
    }

    pub(crate) fn number(&mut self, key: &str, value: i64) -> &mut Self {
        self.data.attributes.push(KeyValue::number(key, value));
        self
    }

    pub(crate) fn with_number(mut self, key: &str, value: i64) -> Self {
        self.number(key, value);
        self
    }

    pub(crate) fn flag(&mut self, key: &str, value: bool) -> &mut Self {
        self.data.attributes.push(KeyValue::flag(key, value));
        self
    }

    /// Notes that something happened now.
    fn event(&mut self, name: &str) {
        self.data.events.push(Event { time_unix_nano: now(), name: name.to_owned() });
    }

    /// Ends the span of a call.
    pub(crate) fn end_call(mut self, status: &Status) {
        self.text("rpc.response.status_code", code_name(status.code()));
        if is_the_servers_fault(status.code()) {
            self.data.status = Some(messages::Status { message: status.message().to_owned(), code: messages::ERROR });
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if self.begun {
            self.data.end_time_unix_nano = now();
            self.tracer.end(std::mem::take(&mut self.data));
        }
    }
}

impl Parent {
    /// Begins a part of a call.
    pub(crate) fn part(&self, name: &str) -> Span {
        let context = Context { span_id: self.tracer.span_id(), ..self.context.clone() };
        Span::begin(&self.tracer, context, self.context.span_id.to_vec(), messages::INTERNAL, name.to_owned())
    }
}

/// Describes a part of the call that a request makes, if that is sampled. It is none until [`begin`] says that the request makes
/// sense.
pub(crate) fn part<T>(request: &tonic::Request<T>, name: &str, describe: impl FnOnce(&mut Span, &T)) -> Option<Span> {
    let mut span = request.extensions().get::<Parent>()?.part(name);
    describe(&mut span, request.get_ref());
    span.begun = false;
    Some(span)
}

/// Says that a part of a call is under way.
pub(crate) fn begin(span: &mut Option<Span>) {
    if let Some(span) = span {
        span.begun = true;
    }
}

/// Waits for what becomes of a proposal, and notes in the span, if there is one, when it was made and when it was through.
pub(crate) async fn proposing<T>(
    span: &mut Option<Span>,
    proposed: impl Future<Output = Result<T, Status>>,
) -> Result<T, Status> {
    begin(span);
    if let Some(span) = span {
        span.event("Send raft proposal");
    }
    let outcome = proposed.await;
    // A refusal is a result too, unless nobody knows what became of it.
    let came = outcome.as_ref().err().is_none_or(|refusal| refusal.code() != Code::Unavailable);
    if let Some(span) = span.as_mut().filter(|_| came) {
        span.event("Receive raft result");
    }
    outcome
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64
}

fn is_the_servers_fault(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}

fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn tracer(sampling_rate: u32) -> (Arc<Tracer>, mpsc::Receiver<messages::Span>) {
        let (ended, spans) = mpsc::channel(1);
        let tracer =
            Tracer { sampling_rate, seeds: [1, 2], next: AtomicU64::default(), ended, metrics: Arc::default() };
        (Arc::new(tracer), spans)
    }

    fn headers(parent: &'static str) -> HeaderMap {
        HeaderMap::from_iter([("traceparent".parse().unwrap(), HeaderValue::from_static(parent))])
    }

    #[test]
    fn the_rate_decides_on_what_begins_here_and_the_caller_on_the_rest() {
        for (rate, expected) in [(0, 0..=0), (1_000_000, 1000..=1000), (250_000, 150..=350)] {
            let (tracer, _spans) = tracer(rate);
            let sampled = (0..1000).filter(|_| tracer.call("/s/M", &HeaderMap::new(), None).is_some()).count();
            assert!(expected.contains(&sampled), "{rate}: {sampled}");
        }
        let wanted = headers("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        let unwanted = headers("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
        assert!(tracer(0).0.call("/s/M", &wanted, None).is_some());
        assert!(tracer(1_000_000).0.call("/s/M", &unwanted, None).is_none());
    }

    #[test]
    fn a_part_belongs_to_its_call() {
        let (tracer, mut spans) = tracer(0);
        let parent = headers("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        let call = tracer.call("/s/M", &parent, None).unwrap();
        let mut request = tonic::Request::new(7);
        assert!(part(&request, "part", |_, _| unreachable!("it is not sampled")).is_none());
        request.extensions_mut().insert(call.as_parent());
        drop(part(&request, "refused", |_, seven| assert_eq!(*seven, 7)));
        let mut begun = part(&request, "part", |_, _| {});
        begin(&mut begun);
        drop(begun);
        let inner = spans.try_recv().unwrap();
        call.end_call(&Status::internal("why"));
        let outer = spans.try_recv().unwrap();
        assert_eq!(outer.parent_span_id, [0, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 2, 0xb7]);
        assert_eq!((&inner.parent_span_id, &inner.trace_id), (&outer.span_id, &outer.trace_id));
        assert_eq!(outer.status, Some(messages::Status { message: "why".to_owned(), code: messages::ERROR }));
        assert_ne!(inner.span_id, outer.span_id);
    }

    #[test]
    fn nobody_waits_for_a_collector() {
        let (tracer, _spans) = tracer(1_000_000);
        for _ in 0..3 {
            drop(tracer.call("/s/M", &HeaderMap::new(), None));
        }
        assert_eq!(tracer.metrics.spans_dropped.get(), 2);
    }

    #[test]
    fn rates_are_parts_of_a_million() {
        let check = |enabled, sampling_rate| TraceOptions { enabled, sampling_rate, ..TraceOptions::default() }.check();
        assert_eq!(check(true, 1_000_000), Ok(()));
        assert_eq!(check(true, -1).unwrap_err(), "tracing sampling rate must be positive");
        assert_eq!(check(true, 1_000_001).unwrap_err(), "tracing sampling rate must be less than 1000000");
        assert_eq!(check(false, -1), Ok(()));
    }
}
