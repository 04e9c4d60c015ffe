//! Traces: a collector hears from kvd what it hears from etcd 3.7.1 after the same calls.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::{Buf as _, Bytes, BytesMut};
use kv_proto::etcdserverpb::kv_client::KvClient;
use kv_proto::etcdserverpb::lease_client::LeaseClient;
use kv_proto::etcdserverpb::request_op::Request as Op;
use kv_proto::etcdserverpb::{
    CompactionRequest, Compare, DeleteRangeRequest, LeaseGrantRequest, LeaseKeepAliveRequest, LeaseRevokeRequest,
    PutRequest, RangeRequest, RequestOp, TxnRequest,
};
use prost::Message;
use tokio::net::{TcpListener, TcpStream};
use tonic::Request;

use crate::harness::{Kind, Server};

/// The messages of OpenTelemetry's protocol, as far as they are compared.
#[derive(Clone, PartialEq, Message)]
struct Export {
    #[prost(message, repeated, tag = "1")]
    resources: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scopes: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeSpans {
    #[prost(message, repeated, tag = "2")]
    spans: Vec<Span>,
}

#[derive(Clone, PartialEq, Message)]
struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    id: Vec<u8>,
    #[prost(string, tag = "3")]
    trace_state: String,
    #[prost(bytes = "vec", tag = "4")]
    parent: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(int32, tag = "6")]
    kind: i32,
    #[prost(fixed64, tag = "7")]
    start: u64,
    #[prost(fixed64, tag = "8")]
    end: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
    #[prost(message, repeated, tag = "11")]
    events: Vec<Event>,
    #[prost(message, optional, tag = "15")]
    status: Option<Status>,
    #[prost(fixed32, tag = "16")]
    flags: u32,
}

#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(fixed64, tag = "1")]
    time: u64,
    #[prost(string, tag = "2")]
    name: String,
}

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(string, tag = "2")]
    message: String,
    #[prost(int32, tag = "3")]
    code: i32,
}

#[derive(Clone, PartialEq, Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<Value>,
}

#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(string, optional, tag = "1")]
    text: Option<String>,
    #[prost(bool, optional, tag = "2")]
    flag: Option<bool>,
    #[prost(int64, optional, tag = "3")]
    number: Option<i64>,
}

/// A collector that keeps what it is told.
struct Collector {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<ResourceSpans>>>,
}

impl Collector {
    async fn start() -> Collector {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("find a free port");
        let address = listener.local_addr().expect("it is bound");
        let heard = Arc::default();
        let keep = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(take(connection, Arc::clone(&keep)));
            }
        });
        Collector { address, heard }
    }
}

/// Answers the calls of one connection.
async fn take(connection: TcpStream, heard: Arc<Mutex<Vec<ResourceSpans>>>) {
    let mut connection = h2::server::handshake(connection).await.expect("HTTP/2");
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        let heard = Arc::clone(&heard);
        tokio::spawn(async move {
            let path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
            assert_eq!(request.uri().path(), path);
            let mut body = request.into_body();
            let mut come = BytesMut::new();
            while let Some(Ok(piece)) = body.data().await {
                body.flow_control().release_capacity(piece.len()).expect("it was taken");
                come.extend_from_slice(&piece);
            }
            assert_eq!(come.get_u8(), 0, "it is not compressed");
            assert_eq!(come.get_u32() as usize, come.len());
            heard.lock().expect("nobody panics").extend(Export::decode(come).expect("a message").resources);
            let head = http::Response::builder().header("content-type", "application/grpc").body(()).expect("a head");
            let mut answer = respond.send_response(head, false).expect("the exporter waits");
            answer.send_data(Bytes::from_static(&[0; 5]), false).expect("an empty message");
            let mut status = http::HeaderMap::new();
            status.insert("grpc-status", http::HeaderValue::from_static("0"));
            answer.send_trailers(status).expect("the end");
        });
    }
}

/// Says of a call that it belongs to a trace.
fn within<T>(trace: u8, sampled: bool, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let parent = format!("00-{}-{}-0{}", format!("{trace:02x}").repeat(16), "0b".repeat(8), u8::from(sampled));
    request.metadata_mut().insert("traceparent", parent.parse().expect("a header"));
    request.metadata_mut().insert("tracestate", "a=b".parse().expect("a header"));
    request
}

fn put(key: &'static str) -> PutRequest {
    PutRequest { key: key.into(), value: "secret".into(), ..PutRequest::default() }
}

/// Asks for one thing after the other, each in a trace of its own, and returns what the collector has heard when the server ended.
async fn spans_after_the_same_calls(kind: Kind, flags: &[&str]) -> (String, Vec<Span>) {
    let collector = Collector::start().await;
    let address = format!("--distributed-tracing-address={}", collector.address);
    let flags = [&["--enable-distributed-tracing", address.as_str()], flags].concat();
    let mut server = tokio::task::block_in_place(|| Server::start_with(kind, &flags));
    let (mut kv, mut leases) = (KvClient::new(server.channel()), LeaseClient::new(server.channel()));
    // What is answered is the matter of others.
    drop(kv.put(within(1, true, put("a"))).await);
    drop(kv.put(within(2, true, PutRequest { lease: 77, ..put("a") })).await);
    let range = RangeRequest { key: "a".into(), range_end: "b".into(), limit: 5, ..RangeRequest::default() };
    drop(kv.range(within(3, true, range.clone())).await);
    drop(kv.range(within(4, true, RangeRequest { revision: 100, ..range.clone() })).await);
    drop(kv.range(within(5, true, RangeRequest::default())).await);
    let op = |request| RequestOp { request: Some(request) };
    let txn = TxnRequest {
        compare: vec![Compare { key: "c".into(), ..Compare::default() }],
        success: vec![op(Op::RequestDeleteRange(DeleteRangeRequest {
            key: "d".into(),
            ..DeleteRangeRequest::default()
        }))],
        failure: vec![op(Op::RequestPut(put("e"))), op(Op::RequestRange(range.clone()))],
    };
    drop(kv.txn(within(6, true, txn)).await);
    let reading = TxnRequest { success: vec![op(Op::RequestRange(range.clone()))], ..TxnRequest::default() };
    drop(kv.txn(within(7, true, reading)).await);
    let delete = DeleteRangeRequest { key: "a".into(), ..DeleteRangeRequest::default() };
    drop(kv.delete_range(within(8, true, delete)).await);
    drop(leases.lease_grant(within(9, true, LeaseGrantRequest { ttl: 600, id: 7 })).await);
    let renewal = tokio_stream::iter([LeaseKeepAliveRequest { id: 7 }]);
    let mut renewed = leases.lease_keep_alive(within(10, true, renewal)).await.expect("a stream").into_inner();
    while let Ok(Some(_)) = renewed.message().await {}
    drop(leases.lease_revoke(within(11, true, LeaseRevokeRequest { id: 7 })).await);
    drop(kv.compact(within(12, true, CompactionRequest { revision: 2, physical: true })).await);
    let mut pieces = kv.range_stream(within(13, true, range)).await.expect("a stream").into_inner();
    while let Ok(Some(_)) = pieces.message().await {}
    drop(kv.put(within(14, false, put("a"))).await);
    // It begins a trace, if anything does.
    drop(kv.put(put("z")).await);
    // Both send the rest before they end.
    tokio::task::block_in_place(|| server.stop());
    let heard = collector.heard.lock().expect("nobody panics");
    let resources: BTreeSet<_> =
        heard.iter().map(|spans| described(&spans.resource.as_ref().expect("a resource").attributes)).collect();
    let spans = heard.iter().flat_map(|spans| &spans.scopes).flat_map(|scope| scope.spans.clone()).collect();
    (format!("{resources:?}"), spans)
}

fn described(attributes: &[KeyValue]) -> String {
    // A port is of its server.
    let attributes = attributes.iter().filter(|attribute| attribute.key != "server.port");
    let attributes: BTreeMap<_, _> = attributes.map(|attribute| (&attribute.key, attribute.value.clone())).collect();
    format!("{attributes:?}")
}

/// Describes the spans of each trace, an inner one behind the outer one.
fn traces(spans: &[Span]) -> BTreeMap<u8, Vec<String>> {
    let mut traces: BTreeMap<u8, Vec<String>> = BTreeMap::new();
    let mut spans: Vec<_> = spans.iter().collect();
    spans.sort_by_key(|span| (span.start, span.kind != 2));
    for span in &spans {
        let Span { trace_id, name, kind, flags, trace_state, .. } = span;
        assert!(span.start <= span.end && span.attributes.iter().all(|pair| !format!("{pair:?}").contains("secret")));
        let events: Vec<_> = span.events.iter().map(|event| &event.name).collect();
        let parent = spans.iter().find(|other| other.id == span.parent).map(|parent| &parent.name);
        let parent = parent.map_or_else(|| format!("{:?}", span.parent), Clone::clone);
        let status = span.status.clone().filter(|status| *status != Status::default());
        let port = span.attributes.iter().any(|attribute| attribute.key == "server.port");
        let attributes = described(&span.attributes);
        traces.entry(if span.parent.is_empty() { 0 } else { trace_id[0] }).or_default().push(format!(
            "{name} in {parent}, kind {kind}, flags {flags:#x} {trace_state}, port {port}, {attributes}, {events:?}, {status:?}"
        ));
    }
    traces
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_are_sampled_are_told_as_by_etcd() {
    let flags = ["--distributed-tracing-service-name=db", "--distributed-tracing-instance-id=one"];
    let (their_resource, theirs) = spans_after_the_same_calls(Kind::Etcd37, &flags).await;
    let (our_resource, ours) = spans_after_the_same_calls(Kind::Kvd, &flags).await;
    assert_eq!(our_resource, their_resource);
    let (theirs, ours) = (traces(&theirs), traces(&ours));
    for trace in 1..=14 {
        assert_eq!(ours.get(&trace), theirs.get(&trace), "{trace}");
    }
    assert!(ours.len() > 12 && !ours.contains_key(&14) && !ours.contains_key(&0), "{ours:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_samples_calls_that_nobody_has_decided_on() {
    let flags = ["--experimental-distributed-tracing-sampling-rate=1000000"];
    let (resource, spans) = spans_after_the_same_calls(Kind::Kvd, &flags).await;
    assert!(resource.contains("etcd") && !resource.contains("service.instance.id"), "{resource}");
    let begun: Vec<_> = spans.iter().filter(|span| span.parent.is_empty()).collect();
    // Also what finds out whether the server is ready, if that is a call.
    assert!(begun.iter().any(|span| span.name == "etcdserverpb.KV/Put"), "{begun:?}");
    assert!(!traces(&spans).contains_key(&14));
}
