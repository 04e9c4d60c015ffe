//! The services Lock and Election.

use std::fmt::Debug;

use kv_proto::etcdserverpb as etcd;
use kv_proto::v3electionpb as election;
use kv_proto::v3lockpb as lock;
use tonic::{Code, Status};

use crate::harness::{TestServer, range};

fn refused<T: Debug>(result: Result<T, Status>, text: &str) {
    let status = result.expect_err("the request is refused");
    assert_eq!((status.code(), status.message()), (Code::Unknown, text));
}

async fn grant(server: &TestServer, id: i64) {
    server.lease().await.lease_grant(etcd::LeaseGrantRequest { id, ttl: 600 }).await.unwrap();
}

fn named(lease: i64) -> lock::LockRequest {
    lock::LockRequest { name: "job".into(), lease }
}

/// Waits until so many candidates are in line.
async fn until_candidates(server: &TestServer, count: i64) {
    let mut kv = server.kv().await;
    loop {
        let found = kv.range(range("job/", "job0")).await.unwrap().into_inner();
        if found.count == count {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_lock_goes_to_who_came_first() {
    let server = TestServer::start().await;
    for id in [0x1a, 0x1b, 0x1c] {
        grant(&server, id).await;
    }
    let mut client = server.lock().await;
    let first = client.lock(named(0x1a)).await.unwrap().into_inner();
    assert_eq!((first.key.as_ref(), first.header.unwrap().revision), (&b"job/1a"[..], 2));
    let again = client.lock(named(0x1a)).await.unwrap().into_inner();
    assert_eq!((again.key.as_ref(), again.header.unwrap().revision), (&b"job/1a"[..], 2), "it has it already");

    let waiting = client.clone();
    let wait = |lease| {
        let mut client = waiting.clone();
        tokio::spawn(async move { client.lock(named(lease)).await.map(tonic::Response::into_inner) })
    };
    let second = wait(0x1b);
    until_candidates(&server, 2).await;
    let third = wait(0x1c);
    until_candidates(&server, 3).await;
    // Who gives up waiting leaves the line, and the next one goes on waiting for the first.
    second.abort();
    until_candidates(&server, 2).await;
    assert!(!third.is_finished());
    client.unlock(lock::UnlockRequest { key: first.key }).await.unwrap();
    let third = third.await.unwrap().unwrap();
    assert_eq!((third.key.as_ref(), third.header.unwrap().revision), (&b"job/1c"[..], 6));

    let fourth = wait(0x1a);
    until_candidates(&server, 2).await;
    server.lease().await.lease_revoke(etcd::LeaseRevokeRequest { id: 0x1a }).await.unwrap();
    refused(fourth.await.unwrap(), "mutex: session is expired");
    refused(client.lock(named(77)).await, "etcdserver: requested lease not found");
    refused(client.unlock(lock::UnlockRequest::default()).await, "etcdserver: key is not provided");
    server.stop().await;
}

#[tokio::test]
async fn a_lock_without_a_lease_gets_one() {
    let server = TestServer::start().await;
    let held = server.lock().await.lock(named(0)).await.unwrap().into_inner();
    let leases = server.lease().await.lease_leases(etcd::LeaseLeasesRequest {}).await.unwrap().into_inner().leases;
    assert_eq!(held.key, format!("job/{:x}", leases[0].id));
    server.stop().await;
}

#[tokio::test]
async fn a_leader_says_something_and_is_seen() {
    let server = TestServer::start().await;
    for id in [1, 2] {
        grant(&server, id).await;
    }
    let mut client = server.election().await;
    let name = election::LeaderRequest { name: "job".into() };
    refused(client.leader(name.clone()).await, "election: no leader");
    let mut seen = client.observe(name.clone()).await.unwrap().into_inner();
    let campaign = |lease: i64, value: &str| election::CampaignRequest {
        name: "job".into(),
        lease,
        value: value.to_owned().into(),
    };
    let first = client.campaign(campaign(1, "one")).await.unwrap().into_inner().leader.unwrap();
    assert_eq!((first.key.as_ref(), first.rev, first.lease), (&b"job/1"[..], 2, 1));
    assert_eq!(seen.message().await.unwrap().unwrap().kv.unwrap().value, "one");
    let second = {
        let mut client = client.clone();
        tokio::spawn(async move { client.campaign(campaign(2, "two")).await })
    };
    until_candidates(&server, 2).await;
    let proclaim = |leader: Option<election::LeaderKey>| election::ProclaimRequest { leader, value: "more".into() };
    client.proclaim(proclaim(Some(first.clone()))).await.unwrap();
    client.campaign(campaign(1, "again")).await.unwrap();
    let leader = client.leader(name.clone()).await.unwrap().into_inner();
    assert_eq!(leader.kv.unwrap().value, "again");
    client.resign(election::ResignRequest { leader: Some(first.clone()) }).await.unwrap();
    let second = second.await.unwrap().unwrap().into_inner().leader.unwrap();
    assert_eq!(second.key, "job/2");

    for (key, value, revision) in [("job/1", "more", 4), ("job/1", "again", 5), ("job/2", "two", 6)] {
        let leader = seen.message().await.unwrap().unwrap();
        let pair = leader.kv.unwrap();
        assert_eq!((pair.key.as_ref(), pair.value.as_ref()), (key.as_bytes(), value.as_bytes()));
        assert_eq!(leader.header.unwrap().revision, revision);
    }
    refused(client.proclaim(proclaim(Some(first.clone()))).await, "election: not leader");
    refused(client.proclaim(proclaim(None)).await, "\"leader\" field must be provided");
    refused(client.resign(election::ResignRequest { leader: None }).await, "\"leader\" field must be provided");
    client.resign(election::ResignRequest { leader: Some(first) }).await.unwrap();
    server.stop().await;
}
