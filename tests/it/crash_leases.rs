//! Killing a server under load loses no lease that it granted, and lets none live for ever: after the next start every
//! acknowledged lease is there with its keys, has no more time than it was granted and the grace of a start, and those that
//! nobody renews end by themselves, not before their time.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kv_proto::etcdserverpb::kv_client::KvClient;
use kv_proto::etcdserverpb::lease_client::LeaseClient;
use kv_proto::etcdserverpb::{
    LeaseGrantRequest, LeaseKeepAliveRequest, LeaseLeasesRequest, LeaseRevokeRequest, LeaseTimeToLiveRequest,
    PutRequest, RangeRequest,
};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tonic::transport::Channel;

use crate::harness::{Kind, Server};

const ROUNDS: i64 = 3;
const CLIENTS: i64 = 16;
/// A lease that ends soon after a restart, and one that does not.
const SHORT_TTL: i64 = 3;
const LONG_TTL: i64 = 1000;
/// What a lease has longer after a start, in seconds.
const GRACE: i64 = 1;
/// How long the load lasts before the kill.
const LOAD: Duration = Duration::from_millis(300);
/// How long leases that are over may take to end. Other suites run on the same cores.
const ENDED_WITHIN: Duration = Duration::from_secs(30);

/// What one client has heard of its leases.
#[derive(Debug, Default)]
struct Heard {
    /// Granted, with a key of the same name.
    held: BTreeSet<i64>,
    /// Revoked.
    gone: BTreeSet<i64>,
}

fn key(id: i64) -> Bytes {
    format!("lease {id}").into()
}

/// Every fourth lease is a long one.
fn ttl(id: i64) -> i64 {
    if id % 4 == 0 { LONG_TTL } else { SHORT_TTL }
}

#[tokio::test]
async fn a_kill_loses_no_lease_and_keeps_none_for_ever() {
    let mut server = Server::start(Kind::Kvd);
    let mut lasting = BTreeSet::new();
    for round in 0..ROUNDS {
        let mut clients = JoinSet::new();
        for client in 0..CLIENTS {
            clients.spawn(grant(server.channel(), (round * CLIENTS + client) * 1_000_000 + 1));
        }
        sleep(LOAD).await;
        server.kill();
        let heard = clients.join_all().await;
        let restarted = Instant::now();
        server.start_again();
        let mut leases = LeaseClient::new(server.channel());
        let mut kv = KvClient::new(server.channel());
        let (mut short, mut gone) = (BTreeSet::new(), BTreeSet::new());
        for Heard { held, gone: revoked } in heard {
            gone.extend(revoked);
            for id in held {
                if ttl(id) == LONG_TTL {
                    lasting.insert(id)
                } else {
                    short.insert(id)
                };
            }
        }
        let present: BTreeSet<i64> = all(&mut leases).await;
        // What began before this question had its whole time from the start on.
        if restarted.elapsed() < Duration::from_secs(SHORT_TTL as u64) {
            assert!(
                short.is_subset(&present),
                "round {round}: a lease that nobody could renew has ended before its time"
            );
        }
        assert!(lasting.is_subset(&present), "round {round}: a lease is lost");
        assert!(gone.is_disjoint(&present), "round {round}: a lease that was revoked is there again");
        for id in lasting.iter().rev().take(50) {
            let request = LeaseTimeToLiveRequest { id: *id, keys: true };
            let answer = leases.lease_time_to_live(request).await.expect("time to live").into_inner();
            assert_eq!((answer.granted_ttl, answer.keys), (LONG_TTL, vec![key(*id)]), "round {round}");
            assert!((LONG_TTL - 120..=LONG_TTL + GRACE).contains(&answer.ttl), "round {round}: {} s", answer.ttl);
        }
        // Renewals work, and take back what the start has given.
        if let Some(id) = lasting.first() {
            let answers = leases.lease_keep_alive(tokio_stream::iter([LeaseKeepAliveRequest { id: *id }])).await;
            let answer = answers.expect("renew").into_inner().message().await.expect("an answer");
            assert_eq!(answer.map(|answer| answer.ttl), Some(LONG_TTL), "round {round}");
        }

        let over = Instant::now();
        loop {
            let present = all(&mut leases).await;
            if short.is_disjoint(&present) {
                assert!(lasting.is_subset(&present), "round {round}: a lease has ended before its time");
                break;
            }
            assert!(over.elapsed() < ENDED_WITHIN, "round {round}: leases live on: {:?}", short.intersection(&present));
            sleep(Duration::from_millis(100)).await;
        }
        for id in short.iter().chain(&gone) {
            let request = RangeRequest { key: key(*id), count_only: true, ..RangeRequest::default() };
            assert_eq!(kv.range(request).await.expect("range").into_inner().count, 0, "round {round}: lease {id}");
        }
        println!("round {round}: {} short leases ended, {} revoked, {} last", short.len(), gone.len(), lasting.len());
    }
    assert!(!lasting.is_empty(), "there was a load");
}

/// Grants leases, each with a key, and revokes some, until the server no longer answers.
async fn grant(channel: Channel, first: i64) -> Heard {
    let (mut leases, mut kv) = (LeaseClient::new(channel.clone()), KvClient::new(channel));
    let mut heard = Heard::default();
    for id in first.. {
        if leases.lease_grant(LeaseGrantRequest { id, ttl: ttl(id) }).await.is_err() {
            break;
        }
        let put = PutRequest { key: key(id), lease: id, ..PutRequest::default() };
        if kv.put(put).await.is_err() {
            break;
        }
        heard.held.insert(id);
        if id % 5 == 0 {
            heard.held.remove(&id);
            if leases.lease_revoke(LeaseRevokeRequest { id }).await.is_err() {
                break;
            }
            heard.gone.insert(id);
        }
    }
    heard
}

async fn all(client: &mut LeaseClient<Channel>) -> BTreeSet<i64> {
    let answer = client.lease_leases(LeaseLeasesRequest {}).await.expect("leases").into_inner();
    answer.leases.iter().map(|lease| lease.id).collect()
}
