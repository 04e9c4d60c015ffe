//! Reads larger than a page: kvctl has a server stream the rest where it can and asks for page after page where not, and what it prints
//! is what etcdctl prints of one whole answer.

use kv_proto::etcdserverpb as pb;
use kv_proto::etcdserverpb::kv_client::KvClient;
use pb::request_op::Request;

use crate::harness::{Kind, Server, Tool};

const KEYS: usize = 1500;
const KEYS_PER_TXN: usize = 100;

/// Together 12 MB, three times what kvctl asks for at once.
const VALUE_BYTES: usize = 8 << 10;

async fn fill(server: &Server) {
    let mut kv = KvClient::new(server.channel());
    let keys: Vec<usize> = (0..KEYS).collect();
    for keys in keys.chunks(KEYS_PER_TXN) {
        let put = |key: &usize| pb::PutRequest {
            key: format!("key {key:04}").into(),
            value: vec![b'a' + (key % 26) as u8; VALUE_BYTES].into(),
            ..pb::PutRequest::default()
        };
        let success = keys.iter().map(|key| pb::RequestOp { request: Some(Request::RequestPut(put(key))) }).collect();
        kv.txn(pb::TxnRequest { success, ..pb::TxnRequest::default() }).await.expect("the keys are written");
    }
}

async fn check(kind: Kind, streams: bool) {
    let server = Server::start(kind);
    fill(&server).await;
    let (ours, theirs) = (Tool::client(Kind::Kvd, &server), Tool::client(Kind::Etcd37, &server));
    let reads: [&[&str]; 8] = [
        &["get", "", "--prefix"],
        &["get", "key", "--prefix", "-w", "json"],
        &["get", "key", "--prefix", "-w", "fields"],
        &["get", "key", "--prefix", "-w", "protobuf"],
        &["get", "key 0100", "key 1400", "--rev", "16", "-w", "json"],
        &["get", "key", "--prefix", "--limit", "1400", "-w", "json"],
        &["get", "key", "--prefix", "--order", "DESCEND"],
        &["get", "", "--from-key", "--keys-only", "-w", "json"],
    ];
    for read in reads {
        let (we, they) = (ours.run(read), theirs.run(read));
        assert_eq!((we.status, they.status), (0, 0), "{read:?} of {kind:?}: {} {}", we.stderr, they.stderr);
        assert!(we.stdout == they.stdout, "{read:?} of {kind:?}: {} and {} bytes", we.stdout.len(), they.stdout.len());
    }

    let debug = ours.run(&["get", "", "--prefix", "--debug"]).stderr;
    let calls = |name: &str| debug.lines().filter(|line| line.ends_with(&format!(": call {name}"))).count();
    assert_eq!(calls("range_stream"), 1, "{kind:?}: {debug}");
    assert_eq!(calls("range") == 1, streams, "{kind:?}: {debug}");
}

#[tokio::test]
async fn kvd_streams_what_is_more_than_a_page() {
    check(Kind::Kvd, true).await;
}

#[tokio::test]
async fn etcd_3_7_streams_what_is_more_than_a_page() {
    check(Kind::Etcd37, true).await;
}

#[tokio::test]
async fn etcd_3_5_is_asked_for_page_after_page() {
    check(Kind::Etcd35, false).await;
}

#[tokio::test]
async fn etcd_3_4_is_asked_for_page_after_page() {
    check(Kind::Etcd34, false).await;
}
