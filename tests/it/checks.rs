//! What is looked at before a request is worked on, and in which order: a request with several faults is refused for the
//! same one as by etcd 3.7.1.

use std::collections::BTreeSet;

use bytes::Bytes;
use kv_proto::etcdserverpb::request_op::Request as Op;
use kv_proto::etcdserverpb::{
    DeleteRangeRequest, LeaseGrantRequest, PutRequest, RangeRequest, RequestOp, TxnRequest, kv_client::KvClient,
    lease_client::LeaseClient,
};
use tonic::{Request, Status};

use crate::harness::{Kind, Server};

const FLAGS: [&str; 2] = ["--max-request-bytes=2000", "--max-txn-ops=3"];

/// The code and the text of a refusal; nothing for an answer.
type Outcome = Option<(i32, String)>;

fn outcome<T>(answer: Result<T, Status>) -> Outcome {
    answer.err().map(|status| (status.code() as i32, status.message().to_owned()))
}

fn put(key: &'static str, value_bytes: usize) -> PutRequest {
    PutRequest { key: key.into(), value: vec![b'v'; value_bytes].into(), ..PutRequest::default() }
}

fn op(put: PutRequest) -> RequestOp {
    RequestOp { request: Some(Op::RequestPut(put)) }
}

fn txn(success: Vec<RequestOp>) -> TxnRequest {
    TxnRequest { success, ..TxnRequest::default() }
}

fn nested(inner: TxnRequest) -> RequestOp {
    RequestOp { request: Some(Op::RequestTxn(inner)) }
}

/// Puts that are refused, around the limit and with further faults.
fn puts() -> Vec<PutRequest> {
    let mut puts: Vec<_> = (1960..2000).map(|bytes| put("k", bytes)).collect();
    // So large that a further byte of length is needed, or that the transport refuses it.
    puts.extend([100, 127, 128, 16_000, 16_384, 600_000].map(|bytes| put("k", bytes)));
    puts.push(put("", 3000));
    puts.push(PutRequest { lease: 99, ..put("k", 3000) });
    puts.push(PutRequest { lease: 99, ..put("", 1) });
    puts.push(PutRequest { ignore_value: true, ..put("k", 3000) });
    puts.push(PutRequest { ignore_value: true, ignore_lease: true, lease: 9, ..put("absent", 1) });
    puts.push(PutRequest { ignore_value: true, ignore_lease: true, lease: 9, ..put("absent", 0) });
    puts.push(PutRequest { ignore_value: true, ..put("absent", 0) });
    puts
}

fn txns() -> Vec<TxnRequest> {
    let (small, large) = (|key| op(put(key, 1)), |key| op(put(key, 3000)));
    let delete = |key: &'static str| RequestOp {
        request: Some(Op::RequestDeleteRange(DeleteRangeRequest { key: key.into(), ..DeleteRangeRequest::default() })),
    };
    vec![
        txn(vec![small("a"), small("b"), small("c")]),
        txn(vec![small("a"), small("b"), small("c"), small("d")]),
        txn(vec![small(""), small("b"), small("c"), small("d")]),
        txn(vec![large("a"), large("b"), large("c"), large("d")]),
        txn(vec![small("a"), small("a")]),
        txn(vec![large("a"), large("a")]),
        txn(vec![large("a"), small("")]),
        txn(vec![small(""), small("a"), small("a")]),
        txn(vec![RequestOp { request: None }, small("a"), small("a")]),
        txn(vec![op(PutRequest { lease: 99, ..put("a", 1) }), small("a")]),
        txn(vec![op(PutRequest { lease: 99, ..put("a", 1) }), large("b")]),
        txn(vec![op(PutRequest { lease: 99, ..put("a", 1) }), small("b")]),
        txn(vec![nested(txn(vec![small("a"), small("b")])), small("c")]),
        txn(vec![nested(txn(vec![small("a"), small("b"), small("c")])), small("d")]),
        txn(vec![nested(txn(vec![nested(txn(vec![nested(txn(vec![small("a")]))]))]))]),
        txn(vec![nested(txn(vec![small("a")])), small("a")]),
        txn(vec![nested(txn(vec![small("a")])), delete("a")]),
        txn(vec![delete("a"), small("a")]),
    ]
}

#[tokio::test]
async fn a_request_with_several_faults_is_refused_for_the_same_one() {
    let (theirs, ours) = (Server::start_with(Kind::Etcd37, &FLAGS), Server::start_with(Kind::Kvd, &FLAGS));
    let (mut their_kv, mut our_kv) = (KvClient::new(theirs.channel()), KvClient::new(ours.channel()));
    let mut refused = 0;
    for request in puts() {
        let (size, lease) = (request.value.len(), request.lease);
        let their_answer = outcome(their_kv.put(request.clone()).await);
        let our_answer = outcome(our_kv.put(request).await);
        refused += usize::from(our_answer.is_some());
        assert_eq!(their_answer, our_answer, "a put of {size} bytes with lease {lease}");
    }
    for request in txns() {
        let asked = format!("{request:?}").chars().take(400).collect::<String>();
        let their_answer = outcome(their_kv.txn(request.clone()).await);
        let our_answer = outcome(our_kv.txn(request).await);
        refused += usize::from(our_answer.is_some());
        assert_eq!(their_answer, our_answer, "{asked}");
    }
    for (ttl, id) in [(9_000_000_001, 0), (5, 7), (9_000_000_001, 7), (5, 7), (-1, 8)] {
        let request = LeaseGrantRequest { ttl, id };
        let their_answer = outcome(LeaseClient::new(theirs.channel()).lease_grant(request).await);
        let our_answer = outcome(LeaseClient::new(ours.channel()).lease_grant(request).await);
        assert_eq!(their_answer, our_answer, "{request:?}");
    }
    println!("{refused} requests refused alike");
}

/// What comes beside the message: versions that are text or none, and the wish for a leader.
#[tokio::test]
async fn metadata_is_looked_at_and_counted_alike() {
    let mut told = Vec::new();
    for kind in [Kind::Etcd37, Kind::Kvd] {
        let server = Server::start(kind);
        let mut kv = KvClient::new(server.channel());
        let mut outcomes = Vec::new();
        let names = ["client-api-version", "hasleader", "token"];
        let values: [[&[u8]; 3]; 7] = [
            [b"3.7", b"", b""],
            [b"3.5", b"true", b"nonsense"],
            [b"3.5", b"false", b""],
            [b"", b"TRUE", b""],
            [b"any words", b"", b""],
            [b"caf\xc3\xa9", b"", b""],
            [b"\xff", b"true", b"nonsense"],
        ];
        for set in values {
            // A fault of the request itself is found later.
            for key in ["", "k"] {
                let mut request =
                    Request::new(RangeRequest { key: Bytes::from_static(key.as_bytes()), ..Default::default() });
                let mut headers = request.metadata().clone().into_headers();
                for (name, value) in names.iter().zip(set).filter(|(_, value)| !value.is_empty()) {
                    headers.insert(*name, http::HeaderValue::from_bytes(value).expect("bytes of a header"));
                }
                *request.metadata_mut() = tonic::metadata::MetadataMap::from_headers(headers);
                outcomes.push(outcome(kv.range(request).await));
            }
        }
        let page = server.http_get("/metrics");
        // The order of labels means nothing.
        let counted = page.lines().filter_map(|line| line.strip_prefix("etcd_server_client_requests_total{"));
        let mut counts: Vec<_> = counted
            .map(|line| {
                let (labels, count) = line.split_once("} ").expect("labels and a number");
                let labels: BTreeSet<_> = labels.split(',').map(str::to_owned).collect();
                (labels, count.to_owned())
            })
            .collect();
        counts.sort_unstable();
        told.push((outcomes, counts));
    }
    assert_eq!(told[0], told[1]);
}
