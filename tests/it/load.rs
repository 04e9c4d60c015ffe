//! A thousand connections, ten thousand watchers, ten thousand leases, and reads, writes and renewals all the time: every
//! watcher hears every change of its key, no lease that is renewed ends, and memory is bounded.
//!
//! Runs for some seconds; `INTEROP_LOAD_SECONDS=60` for longer.

use std::collections::HashMap;
use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use kv_proto::etcdserverpb::kv_client::KvClient;
use kv_proto::etcdserverpb::lease_client::LeaseClient;
use kv_proto::etcdserverpb::watch_client::WatchClient;
use kv_proto::etcdserverpb::watch_request::RequestUnion;
use kv_proto::etcdserverpb::{
    LeaseGrantRequest, LeaseKeepAliveRequest, LeaseTimeToLiveRequest, PutRequest, RangeRequest, WatchCreateRequest,
    WatchRequest,
};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;

use crate::harness::{Kind, Random, Server};

const SECONDS: u64 = 3;
const CONNECTIONS: u64 = 1000;
/// Each watches a key of its own; the keys of one connection's watchers belong to that connection's writer.
const WATCHERS_EACH: u64 = 10;
const LEASES_EACH: u64 = 10;
/// Connections whose clients also write, read and renew. The others only watch, and renew when asked to.
const BUSY: u64 = 64;
/// Renewed in time, also when everything is slow.
const TTL: i64 = 60;
/// How long the last events may take.
const WITHIN: Duration = Duration::from_secs(60);
/// How much memory the server may take for all of it.
const RESIDENT_MAX_MB: u64 = 1500;

/// One client's part.
struct Part {
    number: u64,
    channel: Channel,
    requests: mpsc::Sender<WatchRequest>,
    events: tonic::Streaming<kv_proto::etcdserverpb::WatchResponse>,
}

/// What was written to each key, in order: revision and value.
type Written = HashMap<Bytes, Vec<(i64, Bytes)>>;

fn key(connection: u64, number: u64) -> Bytes {
    format!("load {connection:04} {number:02}").into()
}

fn lease(connection: u64, number: u64) -> i64 {
    (connection * LEASES_EACH + number + 1) as i64
}

#[tokio::test]
async fn nothing_is_lost_under_a_thousand_connections() {
    let seconds = env::var("INTEROP_LOAD_SECONDS").map_or(SECONDS, |text| text.parse().expect("a number of seconds"));
    let server = Server::start(Kind::Kvd);
    let began = Instant::now();
    let mut opening = JoinSet::new();
    for number in 0..CONNECTIONS {
        opening.spawn(open(server.channel(), number));
    }
    let mut parts = opening.join_all().await;
    parts.sort_unstable_by_key(|part| part.number);
    let ready = began.elapsed();

    let stop = Arc::new(AtomicBool::new(false));
    let (reads, renewals) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut working = JoinSet::new();
    let mut others = JoinSet::new();
    for part in parts.iter().take(BUSY as usize) {
        working.spawn(write(part.channel.clone(), part.number, Arc::clone(&stop)));
        others.spawn(read(part.channel.clone(), part.number, Arc::clone(&stop), Arc::clone(&reads)));
        others.spawn(renew(part.channel.clone(), part.number, Arc::clone(&stop), Arc::clone(&renewals)));
    }
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let resident = resident_mb(&server);
    stop.store(true, Ordering::Relaxed);
    let mut written = Written::new();
    for part in working.join_all().await {
        written.extend(part);
    }
    others.join_all().await;
    let puts: usize = written.values().map(Vec::len).sum();

    let mut heard = 0;
    for part in &mut parts {
        heard += check_events(part, &written).await;
    }
    assert_eq!(heard, puts, "each put is heard by the watcher of its key, and by nobody else");
    let mut client = LeaseClient::new(server.channel());
    for connection in (0..CONNECTIONS).step_by(37) {
        for number in 0..LEASES_EACH {
            let request = LeaseTimeToLiveRequest { id: lease(connection, number), keys: true };
            let answer = client.lease_time_to_live(request).await.expect("time to live").into_inner();
            assert_eq!(
                (answer.granted_ttl, answer.keys.as_slice()),
                (TTL, &[key(connection, number)][..]),
                "{answer:?}"
            );
        }
    }
    let page = server.http_get("/metrics");
    for line in ["etcd_debugging_mvcc_watcher_total 10000", "kvd_leases 10000", "etcd_debugging_lease_revoked_total 0"]
    {
        assert!(page.contains(line), "{line} is not in {page}");
    }
    let (reads, renewals) = (reads.load(Ordering::Relaxed), renewals.load(Ordering::Relaxed));
    println!(
        "{CONNECTIONS} connections with 10 watchers and 10 leases each open after {ready:?}; in {seconds} s {puts} puts, all \
         heard, {reads} reads and {renewals} renewals; the server takes {resident} MB"
    );
    assert!(resident < RESIDENT_MAX_MB, "{resident} MB");
}

/// Connects, grants leases, puts a key with each and watches those keys from then on.
async fn open(channel: Channel, number: u64) -> Part {
    let mut leases = LeaseClient::new(channel.clone());
    let mut kv = KvClient::new(channel.clone());
    for at in 0..LEASES_EACH {
        let id = lease(number, at);
        leases.lease_grant(LeaseGrantRequest { id, ttl: TTL }).await.expect("grant");
        let put = PutRequest { key: key(number, at), lease: id, ..PutRequest::default() };
        kv.put(put).await.expect("put");
    }
    let (requests, receiver) = mpsc::channel(WATCHERS_EACH as usize);
    for at in 0..WATCHERS_EACH {
        let create = WatchCreateRequest { key: key(number, at), ..WatchCreateRequest::default() };
        let create = WatchRequest { request_union: Some(RequestUnion::CreateRequest(create)) };
        requests.send(create).await.expect("there is room");
    }
    let mut client = WatchClient::new(channel.clone());
    let mut events = client.watch(ReceiverStream::new(receiver)).await.expect("watch").into_inner();
    for _ in 0..WATCHERS_EACH {
        assert!(events.message().await.expect("an answer").expect("the stream goes on").created);
    }
    Part { number, channel, requests, events }
}

/// Puts to keys that any connection watches, and keeps their leases.
async fn write(channel: Channel, number: u64, stop: Arc<AtomicBool>) -> Written {
    let mut client = KvClient::new(channel);
    let mut random = Random::new(number);
    let mut written = Written::new();
    for count in 0u64.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        // Each writer has connections of its own, so that it knows the order of what is written to a key.
        let connection = number + BUSY * random.below((CONNECTIONS - number).div_ceil(BUSY));
        let key = key(connection, random.below(WATCHERS_EACH));
        let value = Bytes::from(format!("{number} {count}"));
        let request =
            PutRequest { key: key.clone(), value: value.clone(), ignore_lease: true, ..PutRequest::default() };
        let answer = client.put(request).await.expect("put").into_inner();
        let revision = answer.header.expect("an answer has a header").revision;
        written.entry(key).or_default().push((revision, value));
    }
    written
}

async fn read(channel: Channel, number: u64, stop: Arc<AtomicBool>, count: Arc<AtomicU64>) {
    let mut client = KvClient::new(channel);
    let mut random = Random::new(number);
    while !stop.load(Ordering::Relaxed) {
        let connection = random.below(CONNECTIONS);
        let request = RangeRequest { key: key(connection, 0), range_end: key(connection, 99), ..Default::default() };
        let answer = client.range(request).await.expect("range").into_inner();
        assert_eq!(answer.count, LEASES_EACH as i64, "no key is gone");
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Renews the leases of one connection after the other.
async fn renew(channel: Channel, number: u64, stop: Arc<AtomicBool>, count: Arc<AtomicU64>) {
    let (requests, receiver) = mpsc::channel(1);
    let mut client = LeaseClient::new(channel);
    let mut answers = client.lease_keep_alive(ReceiverStream::new(receiver)).await.expect("renew").into_inner();
    for connection in (number..CONNECTIONS).step_by(BUSY as usize).cycle() {
        for at in 0..LEASES_EACH {
            let id = lease(connection, at);
            requests.send(LeaseKeepAliveRequest { id }).await.expect("the stream goes on");
            let answer = answers.message().await.expect("an answer").expect("the stream goes on");
            assert_eq!((answer.id, answer.ttl), (id, TTL), "a lease that is renewed does not end");
            count.fetch_add(1, Ordering::Relaxed);
        }
        if stop.load(Ordering::Relaxed) {
            return;
        }
    }
}

/// Reads what a connection's watchers were told, up to the last put to their keys; returns how many puts that were.
async fn check_events(part: &mut Part, written: &Written) -> usize {
    let nothing = Vec::new();
    let keys: Vec<_> = (0..WATCHERS_EACH).map(|at| key(part.number, at)).collect();
    let expected: Vec<_> = keys.iter().map(|key| written.get(key).unwrap_or(&nothing)).collect();
    let total: usize = expected.iter().map(|puts| puts.len()).sum();
    let mut heard: Vec<Vec<(i64, Bytes)>> = vec![Vec::new(); keys.len()];
    let mut count = 0;
    while count < total {
        let answer = timeout(WITHIN, part.events.message()).await.expect("events come in time");
        let answer = answer.expect("the watch stream works").expect("the watch stream goes on");
        assert!(!answer.canceled, "{answer:?}");
        for event in answer.events {
            let kv = event.kv.expect("an event has a key");
            let at = keys.iter().position(|key| *key == kv.key).expect("a key that is watched here");
            heard[at].push((kv.mod_revision, kv.value));
            count += 1;
        }
    }
    for (heard, expected) in heard.iter().zip(expected) {
        assert_eq!(heard, expected, "connection {}", part.number);
    }
    assert!(!part.requests.is_closed());
    total
}

fn resident_mb(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("the server runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
}
