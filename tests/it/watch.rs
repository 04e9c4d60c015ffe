//! What a random sequence does not reach of watching: large answers, periodic progress, many watchers, slow readers.
//!
//! Every scenario runs on etcd 3.7.1 too, which shows that the expectation is right.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use kv_proto::etcdserverpb::kv_client::KvClient;
use kv_proto::etcdserverpb::watch_client::WatchClient;
use kv_proto::etcdserverpb::watch_request::RequestUnion;
use kv_proto::etcdserverpb::{PutRequest, WatchCreateRequest, WatchRequest, WatchResponse};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::transport::Channel;

use crate::harness::{Kind, Server};

/// How long an expected message may take.
const WITHIN: Duration = Duration::from_secs(30);
/// Larger than any answer here.
const MESSAGE_BYTES_MAX: usize = 256 << 20;

/// A watch stream. It ends when dropped.
#[derive(Debug)]
struct Watch {
    requests: mpsc::Sender<WatchRequest>,
    responses: Streaming<WatchResponse>,
}

impl Watch {
    async fn open(channel: Channel, create: WatchCreateRequest) -> Watch {
        let (requests, receiver) = mpsc::channel(4096);
        let watch = WatchRequest { request_union: Some(RequestUnion::CreateRequest(create)) };
        requests.send(watch).await.expect("the receiver is right here");
        let mut client = WatchClient::new(channel).max_decoding_message_size(MESSAGE_BYTES_MAX);
        let responses = client.watch(ReceiverStream::new(receiver)).await.expect("open a watch stream").into_inner();
        let mut watch = Watch { requests, responses };
        assert!(watch.next().await.created);
        watch
    }

    async fn create(&self, create: WatchCreateRequest) {
        let watch = WatchRequest { request_union: Some(RequestUnion::CreateRequest(create)) };
        self.requests.send(watch).await.expect("the watch stream is open");
    }

    async fn next(&mut self) -> WatchResponse {
        let response = timeout(WITHIN, self.responses.message()).await.expect("a message arrives in time");
        response.expect("the watch stream works").expect("the watch stream goes on")
    }

    /// Receives until the event of `revision`, and returns the revisions of all events.
    async fn revisions_up_to(&mut self, revision: i64) -> Vec<i64> {
        let mut revisions = Vec::new();
        while revisions.last().is_none_or(|last| *last < revision) {
            revisions
                .extend(self.next().await.events.iter().map(|event| event.kv.as_ref().expect("a key").mod_revision));
        }
        revisions
    }
}

fn everything() -> WatchCreateRequest {
    WatchCreateRequest {
        key: Bytes::from_static(b"\0"),
        range_end: Bytes::from_static(b"\0"),
        ..WatchCreateRequest::default()
    }
}

async fn put(client: &mut KvClient<Channel>, key: &str, value_bytes: usize) -> i64 {
    let request =
        PutRequest { key: key.to_owned().into(), value: vec![b'v'; value_bytes].into(), ..PutRequest::default() };
    let answer = client.put(request).await.expect("put").into_inner();
    answer.header.expect("an answer has a header").revision
}

/// Runs a scenario on both servers.
async fn on_both<F: Future<Output = ()>>(scenario: impl Fn(Kind) -> F) {
    scenario(Kind::Etcd37).await;
    scenario(Kind::Kvd).await;
}

/// What happens while a watcher has seen everything comes at once, a revision at a time, and the header says which.
#[tokio::test]
async fn a_live_answer_is_one_revision_and_its_header_says_which() {
    on_both(|kind| async move {
        let server = Server::start(kind);
        let mut client = KvClient::new(server.channel());
        let mut watch = Watch::open(server.channel(), everything()).await;
        for _ in 0..20 {
            let revision = put(&mut client, "key", 1).await;
            let response = watch.next().await;
            let event = response.events[0].kv.as_ref().expect("a key").mod_revision;
            assert_eq!((response.events.len(), event), (1, revision), "{kind}");
            assert_eq!(response.header.expect("a header").revision, revision, "{kind}");
        }
    })
    .await;
}

/// An answer over the request limit and 512 KiB is cut between events, where the watcher asked for that.
#[tokio::test]
async fn a_large_answer_is_sent_in_fragments_only_on_request() {
    on_both(|kind| async move {
        let server = Server::start(kind);
        let mut client = KvClient::new(server.channel());
        for number in 0..5 {
            put(&mut client, &format!("key {number}"), 900 << 10).await;
        }
        for (fragment, expected) in [(false, vec![(5, false)]), (true, vec![(2, true), (2, true), (1, false)])] {
            let create = WatchCreateRequest { start_revision: 2, fragment, ..everything() };
            let mut watch = Watch::open(server.channel(), create).await;
            let mut received = Vec::new();
            while received.iter().map(|(events, _)| events).sum::<usize>() < 5 {
                let response = watch.next().await;
                received.push((response.events.len(), response.fragment));
            }
            assert_eq!(received, expected, "{kind}");
        }
    })
    .await;
}

/// A quiet watcher that asked for it is told every interval up to where it has seen everything.
#[tokio::test]
async fn progress_is_reported_at_the_interval() {
    on_both(|kind| async move {
        let server = Server::start_with(kind, &["--watch-progress-notify-interval=300ms"]);
        let mut client = KvClient::new(server.channel());
        let create = WatchCreateRequest { key: Bytes::from_static(b"quiet"), ..WatchCreateRequest::default() };
        let mut told =
            Watch::open(server.channel(), WatchCreateRequest { progress_notify: true, ..create.clone() }).await;
        let mut untold = Watch::open(server.channel(), create).await;
        let revision = put(&mut client, "other", 1).await;
        loop {
            let response = told.next().await;
            assert!(response.events.is_empty() && !response.canceled && response.watch_id == 0, "{kind}: {response:?}");
            if response.header.expect("a header").revision == revision {
                break;
            }
        }
        assert!(timeout(Duration::from_secs(1), untold.responses.message()).await.is_err(), "{kind}: nobody asked");
    })
    .await;
}

/// A thousand watchers on one stream each get their own event, and only that.
#[tokio::test]
async fn a_stream_carries_a_thousand_watchers() {
    on_both(|kind| async move {
        let server = Server::start(kind);
        let mut client = KvClient::new(server.channel());
        let key = |number: i64| format!("key {number:04}");
        let create = |number: i64| WatchCreateRequest { key: key(number).into(), ..WatchCreateRequest::default() };
        let mut watch = Watch::open(server.channel(), create(0)).await;
        for number in 1..1000 {
            watch.create(create(number)).await;
            assert!(watch.next().await.created, "{kind}");
        }
        for number in 0..1000 {
            put(&mut client, &key(number), 1).await;
        }
        let mut watchers = BTreeSet::new();
        while watchers.len() < 1000 {
            let response = watch.next().await;
            assert_eq!(response.events.len(), 1, "{kind}");
            let event_key = &response.events[0].kv.as_ref().expect("a key").key;
            assert_eq!(*event_key, key(response.watch_id), "{kind}");
            assert!(watchers.insert(response.watch_id), "{kind}: told twice");
        }
    })
    .await;
}

/// A reader that stops reading holds back neither writers nor other watchers, and finds everything when it goes on.
#[tokio::test]
async fn a_slow_reader_holds_back_nobody_and_misses_nothing() {
    on_both(|kind| async move {
        let server = Server::start(kind);
        let mut client = KvClient::new(server.channel());
        let mut slow = Watch::open(server.channel(), everything()).await;
        let mut quick = Watch::open(server.channel(), everything()).await;
        let start = Instant::now();
        let mut last = 0;
        // More than every buffer on the way holds.
        for number in 0..400 {
            last = put(&mut client, &format!("key {}", number % 10), 100 << 10).await;
        }
        let expected: Vec<i64> = (2..=last).collect();
        assert_eq!(quick.revisions_up_to(last).await, expected, "{kind}");
        assert!(start.elapsed() < WITHIN, "{kind}: the slow reader held others back");
        assert_eq!(slow.revisions_up_to(last).await, expected, "{kind}");
    })
    .await;
}
