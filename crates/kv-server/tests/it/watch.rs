//! The service Watch.

use std::time::Duration;

use kv_proto::etcdserverpb as pb;
use kv_proto::etcdserverpb::kv_client::KvClient;
use kv_proto::etcdserverpb::watch_request::RequestUnion;
use kv_proto::mvccpb::event::EventType;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::transport::Channel;

use crate::harness::{PATIENCE, TestServer, delete, op, put};

/// Long enough for a message that is on its way, short enough to wait for one that is not.
const SILENCE: Duration = Duration::from_millis(150);

struct Watching {
    requests: mpsc::Sender<pb::WatchRequest>,
    responses: Streaming<pb::WatchResponse>,
}

impl Watching {
    async fn open(server: &TestServer) -> Self {
        let (requests, receiver) = mpsc::channel(64);
        let responses = server.watch().await.watch(ReceiverStream::new(receiver)).await.unwrap().into_inner();
        Self { requests, responses }
    }

    async fn send(&self, request: pb::WatchRequest) {
        self.requests.send(request).await.unwrap();
    }

    async fn next(&mut self) -> pb::WatchResponse {
        let message = tokio::time::timeout(PATIENCE, self.responses.message()).await.expect("a message comes");
        message.unwrap().expect("the stream goes on")
    }

    async fn is_silent(&mut self) -> bool {
        tokio::time::timeout(SILENCE, self.responses.message()).await.is_err()
    }

    async fn created(&mut self, request: pb::WatchRequest) -> pb::WatchResponse {
        self.send(request).await;
        let response = self.next().await;
        assert!(response.created && !response.canceled, "{response:?}");
        response
    }

    /// Receives until `count` events have come; returns them with the key they are of.
    async fn events(&mut self, count: usize) -> Vec<String> {
        let mut events = Vec::new();
        while events.len() < count {
            events.extend(texts(&self.next().await));
        }
        events
    }
}

pub(crate) fn create(key: &str, end: &str, start: i64) -> pb::WatchRequest {
    creation(pb::WatchCreateRequest {
        key: key.to_owned().into(),
        range_end: end.to_owned().into(),
        start_revision: start,
        ..pb::WatchCreateRequest::default()
    })
}

fn creation(request: pb::WatchCreateRequest) -> pb::WatchRequest {
    pb::WatchRequest { request_union: Some(RequestUnion::CreateRequest(request)) }
}

fn with(request: pb::WatchRequest, change: impl FnOnce(&mut pb::WatchCreateRequest)) -> pb::WatchRequest {
    let Some(RequestUnion::CreateRequest(mut request)) = request.request_union else { panic!("not a creation") };
    change(&mut request);
    creation(request)
}

fn cancel(watch_id: i64) -> pb::WatchRequest {
    pb::WatchRequest { request_union: Some(RequestUnion::CancelRequest(pb::WatchCancelRequest { watch_id })) }
}

fn progress() -> pb::WatchRequest {
    pb::WatchRequest { request_union: Some(RequestUnion::ProgressRequest(pb::WatchProgressRequest {})) }
}

/// Writes events as `key=value@revision`, a deletion as `-key@revision`.
fn texts(response: &pb::WatchResponse) -> Vec<String> {
    let text = |event: &kv_proto::mvccpb::Event| {
        let pair = event.kv.as_ref().unwrap();
        let key = String::from_utf8_lossy(&pair.key);
        match event.r#type() {
            EventType::Put => format!("{key}={}@{}", String::from_utf8_lossy(&pair.value), pair.mod_revision),
            EventType::Delete => format!("-{key}@{}", pair.mod_revision),
        }
    };
    response.events.iter().map(text).collect()
}

async fn write(kv: &mut KvClient<Channel>, key: &str, value: &str) -> i64 {
    kv.put(put(key, value)).await.unwrap().into_inner().header.unwrap().revision
}

#[tokio::test]
async fn live_events_come_in_order_with_their_revisions() {
    let server = TestServer::start().await;
    let mut kv = server.kv().await;
    write(&mut kv, "a", "before").await;
    let mut watching = Watching::open(&server).await;
    let created = watching.created(create("a", "c", 0)).await;
    assert_eq!((created.watch_id, created.header.unwrap().revision), (0, 2));

    write(&mut kv, "a", "1").await;
    write(&mut kv, "x", "not watched").await;
    write(&mut kv, "b", "2").await;
    kv.delete_range(delete("a", "")).await.unwrap();
    assert_eq!(watching.events(3).await, ["a=1@3", "b=2@5", "-a@6"]);
    assert!(watching.is_silent().await);

    write(&mut kv, "a", "3").await;
    let last = watching.next().await;
    assert_eq!((last.header.unwrap().revision, last.watch_id), (7, 0));
    let pair = last.events[0].kv.as_ref().unwrap();
    assert_eq!((pair.version, pair.create_revision), (1, 7));
    server.stop().await;
}

#[tokio::test]
async fn history_is_caught_up_and_followed_by_live_events() {
    let server = TestServer::start().await;
    let mut kv = server.kv().await;
    for number in 0..20 {
        write(&mut kv, "a", &number.to_string()).await;
    }
    let mut watching = Watching::open(&server).await;
    watching.created(create("a", "", 5)).await;
    write(&mut kv, "a", "live").await;
    let events = watching.events(18).await;
    assert_eq!((events.len(), events[0].as_str(), events[17].as_str()), (18, "a=3@5", "a=live@22"));
    server.stop().await;
}

#[tokio::test]
async fn a_deletion_carries_the_key_alone_and_the_pair_before_where_asked_for() {
    let server = TestServer::start().await;
    let mut kv = server.kv().await;
    let mut watching = Watching::open(&server).await;
    watching.created(with(create("a", "", 0), |request| request.prev_kv = true)).await;
    write(&mut kv, "a", "1").await;
    kv.delete_range(delete("a", "")).await.unwrap();
    let put = watching.next().await;
    assert_eq!(put.events[0].prev_kv, None);
    let deleted = if put.events.len() == 2 { put.events[1].clone() } else { watching.next().await.events[0].clone() };
    let pair = deleted.kv.unwrap();
    assert_eq!((pair.mod_revision, pair.version, pair.create_revision, pair.value.len()), (3, 0, 0, 0));
    let previous = deleted.prev_kv.unwrap();
    assert_eq!((previous.value.as_ref(), previous.mod_revision), (&b"1"[..], 2));
    server.stop().await;
}

#[tokio::test]
async fn filters_leave_out_kinds_of_events() {
    let server = TestServer::start().await;
    let mut kv = server.kv().await;
    let mut watching = Watching::open(&server).await;
    watching.created(with(create("a", "", 0), |request| request.filters = vec![0])).await;
    watching.created(with(create("a", "", 0), |request| request.filters = vec![1])).await;
    write(&mut kv, "a", "1").await;
    kv.delete_range(delete("a", "")).await.unwrap();
    let (first, second) = (watching.next().await, watching.next().await);
    let mut by_watcher = [(first.watch_id, texts(&first)), (second.watch_id, texts(&second))];
    by_watcher.sort();
    assert_eq!(by_watcher, [(0, vec!["-a@3".to_owned()]), (1, vec!["a=1@2".to_owned()])]);
    assert!(watching.is_silent().await);
    server.stop().await;
}

#[tokio::test]
async fn all_events_of_a_revision_come_together() {
    let server = TestServer::start().await;
    let mut kv = server.kv().await;
    let mut watching = Watching::open(&server).await;
    watching.created(create("a", "\0", 0)).await;
    let success =
        ["a", "b", "c"].map(|key| op(pb::request_op::Request::RequestPut(put(key, &"v".repeat(1000))))).to_vec();
    kv.txn(pb::TxnRequest { success, ..pb::TxnRequest::default() }).await.unwrap();
    let response = watching.next().await;
    assert_eq!((response.events.len(), response.fragment), (3, false));
    server.stop().await;
}

#[tokio::test]
async fn a_large_revision_is_cut_where_fragments_are_asked_for() {
    let server = TestServer::start_with(|config| config.max_request_bytes = 400_000).await;
    let mut kv = server.kv().await;
    let keys: Vec<_> = (0..10).map(|number| format!("k{number}")).collect();
    for key in &keys {
        write(&mut kv, key, &"v".repeat(300_000)).await;
    }
    kv.delete_range(delete("k", "l")).await.unwrap();
    let mut watching = Watching::open(&server).await;
    let request = with(create("k", "l", 12), |request| {
        request.fragment = true;
        request.prev_kv = true;
    });
    watching.created(request).await;
    let mut pieces = Vec::new();
    loop {
        let piece = watching.next().await;
        let more = piece.fragment;
        pieces.push(piece);
        if !more {
            break;
        }
    }
    assert!(pieces.len() >= 4, "{} pieces", pieces.len());
    assert_eq!(pieces.iter().map(|piece| piece.events.len()).sum::<usize>(), 10);
    server.stop().await;
}

#[tokio::test]
async fn refusals_leave_the_stream_open() {
    let server = TestServer::start().await;
    let mut kv = server.kv().await;
    let mut watching = Watching::open(&server).await;
    watching.created(with(create("a", "", 0), |request| request.watch_id = 5)).await;
    for (request, reason) in [
        (create("a", "", -1), "etcdserver: mvcc: required revision has been compacted"),
        (create("b", "a", 0), "mvcc: watcher range is empty"),
        (
            with(create("a", "", 0), |request| request.watch_id = 5),
            "mvcc: duplicate watch ID provided on the WatchStream",
        ),
    ] {
        watching.send(request).await;
        let response = watching.next().await;
        assert!(response.created && response.canceled, "{response:?}");
        assert_eq!((response.watch_id, response.cancel_reason.as_str()), (-1, reason));
        assert_eq!((response.compact_revision, response.header.unwrap().revision), (0, 1));
    }
    watching.send(pb::WatchRequest { request_union: None }).await;
    write(&mut kv, "a", "1").await;
    assert_eq!(watching.next().await.watch_id, 5);
    server.stop().await;
}

#[tokio::test]
async fn ids_are_given_upwards_around_those_in_use() {
    let server = TestServer::start().await;
    let mut watching = Watching::open(&server).await;
    assert_eq!(watching.created(create("a", "", 0)).await.watch_id, 0);
    let chosen = with(create("a", "", 0), |request| request.watch_id = 1);
    assert_eq!(watching.created(chosen.clone()).await.watch_id, 1);
    assert_eq!(watching.created(create("a", "", 0)).await.watch_id, 2);
    watching.send(cancel(1)).await;
    let canceled = watching.next().await;
    assert_eq!((canceled.watch_id, canceled.canceled, canceled.header.unwrap().revision), (1, true, 1));
    watching.send(cancel(1)).await;
    assert!(watching.is_silent().await, "nobody is told of an id that is not there");
    assert_eq!(watching.created(chosen).await.watch_id, 1);
    server.stop().await;
}

#[tokio::test]
async fn a_cancelled_watcher_hears_nothing_more() {
    let server = TestServer::start().await;
    let mut kv = server.kv().await;
    let mut watching = Watching::open(&server).await;
    watching.created(create("a", "", 0)).await;
    watching.created(create("b", "", 0)).await;
    watching.send(cancel(0)).await;
    assert!(watching.next().await.canceled);
    write(&mut kv, "a", "1").await;
    write(&mut kv, "b", "2").await;
    assert_eq!(watching.events(1).await, ["b=2@3"]);
    server.stop().await;
}

#[tokio::test]
async fn a_watcher_of_compacted_history_is_told_where_history_begins() {
    let server = TestServer::start().await;
    let mut kv = server.kv().await;
    for value in ["1", "2", "3"] {
        write(&mut kv, "a", value).await;
    }
    kv.compact(pb::CompactionRequest { revision: 3, physical: true }).await.unwrap();
    let mut watching = Watching::open(&server).await;
    let created = watching.created(create("a", "", 2)).await;
    let ended = watching.next().await;
    assert_eq!((ended.watch_id, ended.canceled, ended.compact_revision), (created.watch_id, true, 3));
    assert_eq!((ended.header.unwrap().revision, ended.cancel_reason.as_str(), ended.events.len()), (0, "", 0));

    watching.created(create("a", "", 3)).await;
    assert_eq!(watching.events(2).await, ["a=2@3", "a=3@4"]);
    // The id of the ended watcher stays taken until the client cancels it, and keeps progress unanswered.
    watching.send(progress()).await;
    assert!(watching.is_silent().await);
    watching.send(cancel(0)).await;
    assert!(watching.next().await.canceled);
    watching.send(progress()).await;
    assert_eq!(watching.next().await.header.unwrap().revision, 4);
    server.stop().await;
}

#[tokio::test]
async fn an_idle_watcher_survives_compaction() {
    let server = TestServer::start().await;
    let mut kv = server.kv().await;
    let mut watching = Watching::open(&server).await;
    watching.created(create("quiet", "", 0)).await;
    for value in ["1", "2", "3"] {
        write(&mut kv, "a", value).await;
    }
    kv.compact(pb::CompactionRequest { revision: 4, physical: true }).await.unwrap();
    write(&mut kv, "quiet", "1").await;
    assert_eq!(watching.events(1).await, ["quiet=1@5"]);
    server.stop().await;
}

#[tokio::test]
async fn a_future_start_keeps_quiet_until_then() {
    let server = TestServer::start().await;
    let mut kv = server.kv().await;
    let mut watching = Watching::open(&server).await;
    watching.created(create("a", "", 4)).await;
    watching.send(progress()).await;
    for value in ["1", "2", "3"] {
        write(&mut kv, "a", value).await;
    }
    assert_eq!(watching.events(1).await, ["a=3@4"]);
    server.stop().await;
}

#[tokio::test]
async fn progress_is_told_on_request_after_everything_it_covers() {
    let server = TestServer::start().await;
    let mut kv = server.kv().await;
    let mut watching = Watching::open(&server).await;
    watching.send(progress()).await;
    assert!(watching.is_silent().await, "a stream without watchers has no progress");
    watching.created(create("a", "", 0)).await;
    write(&mut kv, "b", "1").await;
    for round in 0..50 {
        let revision = write(&mut kv, "a", &round.to_string()).await;
        watching.send(progress()).await;
        assert_eq!(texts(&watching.next().await), [format!("a={round}@{revision}")]);
        let told = watching.next().await;
        assert_eq!((told.watch_id, told.header.unwrap().revision, told.events.len()), (-1, revision, 0));
    }
    server.stop().await;
}

#[tokio::test]
async fn quiet_watchers_hear_of_progress_by_the_clock() {
    let server =
        TestServer::start_with(|config| config.watch_progress_notify_interval = Duration::from_millis(100)).await;
    let mut kv = server.kv().await;
    let mut watching = Watching::open(&server).await;
    watching.created(create("a", "", 0)).await;
    watching.created(with(create("a", "", 0), |request| request.progress_notify = true)).await;
    write(&mut kv, "b", "1").await;
    for _ in 0..3 {
        let told = watching.next().await;
        assert_eq!((told.watch_id, told.events.len()), (1, 0));
        assert!(told.header.unwrap().revision <= 2);
    }
    assert_eq!(watching.next().await.header.unwrap().revision, 2);
    server.stop().await;
}

#[tokio::test]
async fn many_watchers_on_a_stream_each_get_their_events_once() {
    let server = TestServer::start().await;
    let mut kv = server.kv().await;
    let mut watching = Watching::open(&server).await;
    for number in 0..500 {
        watching.created(create(&format!("k{number:03}"), "", 0)).await;
    }
    for number in 0..500 {
        write(&mut kv, &format!("k{number:03}"), "v").await;
    }
    let mut events = watching.events(500).await;
    events.sort();
    let expected: Vec<_> = (0..500).map(|number| format!("k{number:03}=v@{}", number + 2)).collect();
    assert_eq!(events, expected);
    assert!(watching.is_silent().await);
    server.stop().await;
}

/// A client that stops reading must neither delay another one nor lose an event.
#[tokio::test]
async fn a_slow_reader_holds_back_nobody_and_misses_nothing() {
    let server = TestServer::start().await;
    let mut kv = server.kv().await;
    let mut slow = Watching::open(&server).await;
    let mut quick = Watching::open(&server).await;
    slow.created(create("a", "", 0)).await;
    quick.created(create("a", "", 0)).await;
    let value = "v".repeat(20_000);
    for _ in 0..300 {
        write(&mut kv, "a", &value).await;
    }
    assert_eq!(quick.events(300).await.len(), 300);
    let late = slow.events(300).await;
    let revisions: Vec<i64> = late.iter().map(|event| event.rsplit('@').next().unwrap().parse().unwrap()).collect();
    assert_eq!(revisions, (2..302).collect::<Vec<_>>());
    server.stop().await;
}

/// Watchers that come and go while somebody writes see every revision from their start on, once.
#[tokio::test]
async fn no_event_is_lost_between_history_and_live_events() {
    let server = TestServer::start().await;
    let mut writer = server.kv().await;
    let writing = tokio::spawn(async move {
        for number in 0..2000 {
            write(&mut writer, "a", &number.to_string()).await;
        }
    });
    let mut watching = Watching::open(&server).await;
    for round in 0..20i64 {
        watching.send(with(create("a", "", round * 20 + 1), |request| request.watch_id = round + 1)).await;
    }
    let mut next: Vec<i64> = (0..20).map(|round| (round * 20 + 1).max(2)).collect();
    while next.iter().any(|next| *next < 2002) {
        let response = watching.next().await;
        for event in &response.events {
            let expected = &mut next[response.watch_id as usize - 1];
            assert_eq!(event.kv.as_ref().unwrap().mod_revision, *expected, "watcher {}", response.watch_id);
            *expected += 1;
        }
    }
    writing.await.unwrap();
    server.stop().await;
}
