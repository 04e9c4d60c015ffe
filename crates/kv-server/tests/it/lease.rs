//! The service Lease.

use std::time::Instant;

use kv_proto::ApiError;
use kv_proto::etcdserverpb::{self as pb, lease_client::LeaseClient, request_op::Request, watch_request::RequestUnion};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;

use crate::harness::{PATIENCE, TestServer, get, op, put, range, refused};

fn grant(id: i64, ttl: i64) -> pb::LeaseGrantRequest {
    pb::LeaseGrantRequest { id, ttl }
}

fn attached(key: &str, lease: i64) -> pb::PutRequest {
    pb::PutRequest { lease, ..put(key, "value") }
}

async fn time_to_live(lease: &mut LeaseClient<Channel>, id: i64) -> pb::LeaseTimeToLiveResponse {
    let request = pb::LeaseTimeToLiveRequest { id, keys: true };
    lease.lease_time_to_live(request).await.unwrap().into_inner()
}

fn names(keys: &[bytes::Bytes]) -> Vec<&str> {
    keys.iter().map(|key| std::str::from_utf8(key).unwrap()).collect()
}

#[tokio::test]
async fn a_grant_has_an_id_and_a_time_to_live() {
    let server = TestServer::start().await;
    let mut lease = server.lease().await;
    let given = lease.lease_grant(grant(7, 60)).await.unwrap().into_inner();
    assert_eq!((given.id, given.ttl, given.error.as_str()), (7, 60, ""));
    assert_eq!(given.header.unwrap().revision, 1, "a lease makes no revision");
    refused(lease.lease_grant(grant(7, 60)).await, ApiError::LeaseExists);
    refused(lease.lease_grant(grant(7, 9_000_000_001)).await, ApiError::LeaseTtlTooLarge);
    let longest = lease.lease_grant(grant(8, 9_000_000_000)).await.unwrap().into_inner();
    assert_eq!(longest.ttl, 9_000_000_000);
    for ttl in [0, -5, 1] {
        let chosen = lease.lease_grant(grant(0, ttl)).await.unwrap().into_inner();
        assert!(chosen.id > 0);
        assert_eq!(chosen.ttl, 2, "shorter ones are raised");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_key_belongs_to_the_lease_it_was_last_put_with() {
    let server = TestServer::start().await;
    let (mut kv, mut lease) = (server.kv().await, server.lease().await);
    for id in [1, 2] {
        lease.lease_grant(grant(id, 600)).await.unwrap();
    }
    refused(kv.put(attached("a", 3)).await, ApiError::LeaseNotFound);
    let unknown = vec![op(Request::RequestPut(put("b", ""))), op(Request::RequestPut(attached("a", 3)))];
    let txn = pb::TxnRequest { success: unknown, ..pb::TxnRequest::default() };
    refused(kv.txn(txn).await, ApiError::LeaseNotFound);
    assert_eq!(kv.range(range("a", "c")).await.unwrap().into_inner().count, 0, "nothing of it was done");

    for key in ["c", "a", "b", "d", "e"] {
        kv.put(attached(key, 1)).await.unwrap();
    }
    kv.put(attached("b", 2)).await.unwrap();
    kv.put(put("d", "detached")).await.unwrap();
    kv.put(pb::PutRequest { ignore_lease: true, ..put("c", "kept") }).await.unwrap();
    kv.delete_range(crate::harness::delete("e", "")).await.unwrap();
    let first = time_to_live(&mut lease, 1).await;
    assert_eq!(names(&first.keys), ["a", "c"]);
    assert!(first.granted_ttl == 600 && (598..600).contains(&first.ttl), "{first:?}");
    assert_eq!(names(&time_to_live(&mut lease, 2).await.keys), ["b"]);

    // After a restart too.
    let directory = server.stop().await;
    let server = TestServer::start_in(directory, |_| {}).await;
    let (mut kv, mut lease) = (server.kv().await, server.lease().await);
    let first = time_to_live(&mut lease, 1).await;
    assert_eq!(names(&first.keys), ["a", "c"]);
    assert!((599..=601).contains(&first.ttl), "it begins anew, with the grace of a start: {first:?}");

    let before = kv.range(get("a")).await.unwrap().into_inner().header.unwrap().revision;
    let revoked = lease.lease_revoke(pb::LeaseRevokeRequest { id: 1 }).await.unwrap().into_inner();
    assert_eq!(revoked.header.unwrap().revision, before + 1, "all of its keys in one revision");
    let left = kv.range(range("a", "z")).await.unwrap().into_inner();
    let left: Vec<_> = left.kvs.iter().map(|pair| pair.key.as_ref()).collect();
    assert_eq!(left, [b"b", b"d"]);
    refused(lease.lease_revoke(pb::LeaseRevokeRequest { id: 1 }).await, ApiError::LeaseNotFound);
    let gone = time_to_live(&mut lease, 1).await;
    assert_eq!((gone.id, gone.ttl, gone.granted_ttl), (1, -1, 0));
    server.stop().await;
}

#[tokio::test]
async fn renewals_are_answered_in_order_and_leave_no_trace_in_the_log() {
    let server = TestServer::start().await;
    let mut lease = server.lease().await;
    lease.lease_grant(grant(1, 100)).await.unwrap();
    lease.lease_grant(grant(2, 200)).await.unwrap();
    let page = server.http("GET", "/metrics").await;
    let applied = |page: &str| {
        let line = page.lines().find(|line| line.starts_with("etcd_server_proposals_applied_total "));
        line.expect("the page has it").to_owned()
    };
    let (requests, receiver) = mpsc::channel(8);
    let mut answers = lease.lease_keep_alive(ReceiverStream::new(receiver)).await.unwrap().into_inner();
    for id in [1, 2, 3, 1] {
        requests.send(pb::LeaseKeepAliveRequest { id }).await.unwrap();
    }
    for (id, ttl) in [(1, 100), (2, 200), (3, 0), (1, 100)] {
        let answer = answers.message().await.unwrap().unwrap();
        assert_eq!((answer.id, answer.ttl, answer.header.unwrap().revision), (id, ttl, 1));
    }
    drop(requests);
    assert_eq!(answers.message().await.unwrap(), None, "the stream ends when its client does");
    let after = server.http("GET", "/metrics").await;
    assert_eq!(applied(&after), applied(&page));
    for line in [
        "etcd_debugging_lease_granted_total 2",
        "etcd_debugging_lease_renewed_total 3",
        "etcd_debugging_lease_revoked_total 0",
        "etcd_debugging_lease_ttl_total_bucket{le=\"128\"} 1",
        "etcd_debugging_lease_ttl_total_sum 300",
        "kvd_leases 2",
    ] {
        assert!(after.contains(line), "{line} is not in {after}");
    }
    server.stop().await;
}

#[tokio::test]
async fn leases_are_listed_by_what_they_have_left() {
    let server = TestServer::start().await;
    let mut lease = server.lease().await;
    for (id, ttl) in [(1, 300), (2, 100), (3, 200)] {
        lease.lease_grant(grant(id, ttl)).await.unwrap();
    }
    let listed = lease.lease_leases(pb::LeaseLeasesRequest {}).await.unwrap().into_inner();
    assert_eq!(listed.leases.iter().map(|lease| lease.id).collect::<Vec<_>>(), [2, 3, 1]);
    server.stop().await;
}

/// Two leases end by themselves, the third is renewed: a watcher sees both deletions, each in a revision of its own, and
/// who renews too late hears of it only when the keys are gone.
#[tokio::test]
async fn what_nobody_renews_expires() {
    let server = TestServer::start().await;
    let (mut kv, mut lease) = (server.kv().await, server.lease().await);
    let began = Instant::now();
    for (id, key) in [(1, "a"), (2, "b"), (3, "c")] {
        lease.lease_grant(grant(id, 2)).await.unwrap();
        kv.put(attached(key, id)).await.unwrap();
    }
    let create = pb::WatchCreateRequest { key: "a".into(), range_end: "z".into(), ..pb::WatchCreateRequest::default() };
    let create = pb::WatchRequest { request_union: Some(RequestUnion::CreateRequest(create)) };
    let mut events = server.watch().await.watch(tokio_stream::once(create)).await.unwrap().into_inner();
    let (requests, receiver) = mpsc::channel(8);
    let mut answers = lease.lease_keep_alive(ReceiverStream::new(receiver)).await.unwrap().into_inner();
    let mut deleted = Vec::new();
    let mut renewed = began;
    while deleted.len() < 2 {
        requests.send(pb::LeaseKeepAliveRequest { id: 3 }).await.unwrap();
        let answer = answers.message().await.unwrap().unwrap();
        assert_eq!(answer.ttl, 2);
        renewed = Instant::now();
        let wait = std::time::Duration::from_millis(200);
        if let Ok(message) = tokio::time::timeout(wait, events.message()).await {
            deleted.extend(message.unwrap().unwrap().events.into_iter().map(|event| event.kv.unwrap()));
        }
        assert!(began.elapsed() < PATIENCE);
    }
    let deleted: Vec<_> = deleted.iter().map(|pair| (&*pair.key, pair.mod_revision)).collect();
    assert_eq!(deleted, [(&b"a"[..], 5), (b"b", 6)]);
    assert!(began.elapsed() >= std::time::Duration::from_secs(2));
    assert_eq!(kv.range(range("a", "z")).await.unwrap().into_inner().count, 1);

    // Sent when the lease has just expired: the answer comes when its key is gone.
    tokio::time::sleep_until((renewed + std::time::Duration::from_secs(2)).into()).await;
    requests.send(pb::LeaseKeepAliveRequest { id: 3 }).await.unwrap();
    assert_eq!(answers.message().await.unwrap().unwrap().ttl, 0);
    assert_eq!(kv.range(range("a", "z")).await.unwrap().into_inner().count, 0);
    let page = server.http("GET", "/metrics").await;
    assert!(page.contains("etcd_debugging_server_lease_expired_total 3"), "{page}");
    server.stop().await;
}
