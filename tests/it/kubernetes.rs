//! What a Kubernetes API server sends, from many clients at once, while history is compacted and the store is
//! defragmented: every watcher sees every change once and in order, and nobody reads anything stale.
//!
//! The shapes are those of contract section 14: create and guarded update as a transaction that reads the key where it
//! fails, guarded delete, lists by pages at the revision of the first one, counts, watches with progress, and
//! compactions guarded by `compact_rev_key`. Each successful write is noted with its revision; at the end what the watchers
//! and the lists saw is compared with the notes. etcd 3.7.1 goes through the same, which shows that the expectation is right.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use kv_proto::etcdserverpb::compare::{CompareResult, CompareTarget, TargetUnion};
use kv_proto::etcdserverpb::kv_client::KvClient;
use kv_proto::etcdserverpb::maintenance_client::MaintenanceClient;
use kv_proto::etcdserverpb::request_op::Request;
use kv_proto::etcdserverpb::response_op::Response;
use kv_proto::etcdserverpb::watch_client::WatchClient;
use kv_proto::etcdserverpb::watch_request::RequestUnion;
use kv_proto::etcdserverpb::{
    CompactionRequest, Compare, DefragmentRequest, DeleteRangeRequest, PutRequest, RangeRequest, RangeResponse,
    RequestOp, TxnRequest, TxnResponse, WatchCreateRequest, WatchProgressRequest, WatchRequest,
};
use kv_proto::mvccpb::event::EventType;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;

use crate::harness::{Kind, Random, Server};

const PREFIX: &str = "/registry/pods/";
const PREFIX_END: &str = "/registry/pods0";
const OBJECTS: u64 = 40;
const WRITERS: u64 = 8;
const WRITES: usize = 250;
const WATCHERS: usize = 3;
const PAGE: i64 = 7;
/// How much history a compaction leaves.
const HISTORY: i64 = 150;
const WITHIN: Duration = Duration::from_secs(60);

/// A successful write: the key, and the value or nothing where it was deleted.
type Change = (Bytes, Option<Bytes>);

/// What everybody shares.
#[derive(Debug, Default)]
struct Notes {
    changes: Mutex<BTreeMap<i64, Change>>,
    lists: Mutex<Vec<List>>,
    newest: AtomicI64,
    writing: AtomicUsize,
    done: AtomicBool,
}

/// A list by pages: its revision, and each key with its mod revision.
#[derive(Debug)]
struct List {
    revision: i64,
    found: Vec<(Bytes, i64)>,
}

impl Notes {
    fn note(&self, revision: i64, change: Change) {
        let before = self.changes.lock().unwrap().insert(revision, change);
        assert_eq!(before, None, "revision {revision} was given to two writes");
        self.newest.fetch_max(revision, Ordering::SeqCst);
    }

    /// Returns what a list at `revision` must show.
    fn objects_at(&self, revision: i64) -> Vec<(Bytes, i64)> {
        let mut objects = BTreeMap::new();
        for (revision, (key, value)) in self.changes.lock().unwrap().range(..=revision) {
            match value {
                Some(_) => objects.insert(key.clone(), *revision),
                None => objects.remove(key),
            };
        }
        objects.into_iter().collect()
    }
}

fn op(request: Request) -> RequestOp {
    RequestOp { request: Some(request) }
}

fn object(key: &Bytes) -> RangeRequest {
    RangeRequest { key: key.clone(), limit: 1, ..RangeRequest::default() }
}

/// A write that is done only while the key's mod revision is the expected one; else the key is read.
fn guarded(key: &Bytes, expected: i64, write: Request) -> TxnRequest {
    let compare = Compare {
        result: CompareResult::Equal as i32,
        target: CompareTarget::Mod as i32,
        key: key.clone(),
        target_union: Some(TargetUnion::ModRevision(expected)),
        ..Compare::default()
    };
    TxnRequest {
        compare: vec![compare],
        success: vec![op(write)],
        failure: vec![op(Request::RequestRange(object(key)))],
    }
}

fn read_in(answer: TxnResponse) -> RangeResponse {
    match answer.responses.into_iter().next().and_then(|response| response.response) {
        Some(Response::ResponseRange(range)) => range,
        other => panic!("the other branch reads: {other:?}"),
    }
}

async fn write(channel: Channel, notes: Arc<Notes>, writer: u64) {
    let (mut client, mut random) = (KvClient::new(channel), Random::new(writer));
    for number in 0..WRITES {
        let key = Bytes::from(format!("{PREFIX}{:03}", random.below(OBJECTS)));
        let known = notes.newest.load(Ordering::SeqCst);
        let answer = client.range(object(&key)).await.expect("get").into_inner();
        assert!(answer.header.expect("a header").revision >= known, "a read is stale");
        let expected = answer.kvs.first().map_or(0, |pair| pair.mod_revision);
        let (request, value) = if expected != 0 && random.one_in(4) {
            let delete = DeleteRangeRequest { key: key.clone(), ..DeleteRangeRequest::default() };
            (Request::RequestDeleteRange(delete), None)
        } else {
            let value = Bytes::from(format!("{writer}/{number}/{}", "x".repeat(random.below(2000) as usize)));
            let put = PutRequest { key: key.clone(), value: value.clone(), ..PutRequest::default() };
            (Request::RequestPut(put), Some(value))
        };
        let answer = client.txn(guarded(&key, expected, request)).await.expect("txn").into_inner();
        let revision = answer.header.as_ref().expect("a header").revision;
        if answer.succeeded {
            notes.note(revision, (key.clone(), value));
            let now = client.range(object(&key)).await.expect("get").into_inner();
            assert!(now.header.expect("a header").revision >= revision, "a read after a write is stale");
            assert!(now.kvs.first().is_none_or(|pair| pair.mod_revision >= revision), "a pair after a write is stale");
        } else {
            let found = read_in(answer).kvs.first().map_or(0, |pair| pair.mod_revision);
            assert_ne!(found, expected, "the guard held and the write was refused");
        }
    }
    if notes.writing.fetch_sub(1, Ordering::SeqCst) == 1 {
        notes.done.store(true, Ordering::SeqCst);
    }
}

/// Watches from the start on until the newest change, and opens the watch anew now and then, from where it was.
async fn watch(channel: Channel, notes: Arc<Notes>, watcher: usize) {
    let mut client = WatchClient::new(channel).max_decoding_message_size(64 << 20);
    let mut seen: BTreeMap<i64, Change> = BTreeMap::new();
    let mut next = 2;
    'streams: loop {
        let create = WatchCreateRequest {
            key: PREFIX.into(),
            range_end: PREFIX_END.into(),
            start_revision: next,
            progress_notify: true,
            prev_kv: true,
            ..WatchCreateRequest::default()
        };
        let (requests, receiver) = mpsc::channel(4);
        requests.send(WatchRequest { request_union: Some(RequestUnion::CreateRequest(create)) }).await.expect("open");
        let mut responses = client.watch(ReceiverStream::new(receiver)).await.expect("watch").into_inner();
        let restart_after = seen.len() + 150 * (watcher + 1);
        loop {
            let over = notes.done.load(Ordering::SeqCst) && next > notes.newest.load(Ordering::SeqCst);
            if over {
                break 'streams;
            }
            let Ok(response) = timeout(Duration::from_millis(500), responses.message()).await else {
                // Quiet: asks how far the stream is, as an API server does before it serves a read from its cache.
                let progress =
                    WatchRequest { request_union: Some(RequestUnion::ProgressRequest(WatchProgressRequest {})) };
                requests.send(progress).await.expect("the stream is open");
                continue;
            };
            let response = response.expect("the watch goes on").expect("the watch goes on");
            assert!(!response.canceled, "a watcher that keeps up is not cancelled: {}", response.cancel_reason);
            let revision = response.header.expect("a header").revision;
            for event in response.events {
                let pair = event.kv.expect("a pair");
                assert!(pair.mod_revision >= next, "revision {} comes late or again", pair.mod_revision);
                next = pair.mod_revision + 1;
                let value = (event.r#type == EventType::Put as i32).then_some(pair.value);
                assert_eq!(seen.insert(pair.mod_revision, (pair.key, value)), None);
            }
            assert!(revision >= next - 1, "the header is behind the events");
            if seen.len() >= restart_after {
                break;
            }
        }
    }
    let changes = notes.changes.lock().unwrap();
    assert_eq!(seen.len(), changes.len(), "watcher {watcher} saw another number of changes");
    assert!(seen == *changes, "watcher {watcher} saw other changes");
}

async fn list(channel: Channel, notes: Arc<Notes>) {
    let mut client = KvClient::new(channel);
    while !notes.done.load(Ordering::SeqCst) {
        let (mut revision, mut from, mut found, mut total) = (0, Bytes::from(PREFIX), Vec::new(), 0);
        loop {
            let request = RangeRequest {
                key: from.clone(),
                range_end: PREFIX_END.into(),
                limit: PAGE,
                revision,
                ..RangeRequest::default()
            };
            let page = match client.range(request).await {
                Ok(page) => page.into_inner(),
                // The revision of the first page is compacted by now: an API server begins again.
                Err(status) if status.message().ends_with("has been compacted") => break,
                Err(status) => panic!("list: {status}"),
            };
            if revision == 0 {
                revision = page.header.expect("a header").revision;
                total = page.count;
            }
            assert_eq!(page.count + found.len() as i64, total, "the count is of what is left");
            found.extend(page.kvs.iter().map(|pair| (pair.key.clone(), pair.mod_revision)));
            if !page.more {
                assert_eq!(found.len() as i64, total);
                notes.lists.lock().unwrap().push(List { revision, found });
                break;
            }
            let last = page.kvs.last().expect("a page with more behind it has pairs");
            from = [&last.key[..], &[0]].concat().into();
        }
        let count = RangeRequest {
            key: PREFIX.into(),
            range_end: PREFIX_END.into(),
            count_only: true,
            ..RangeRequest::default()
        };
        let count = client.range(count).await.expect("count").into_inner();
        assert!((0..=OBJECTS as i64).contains(&count.count) && count.kvs.is_empty());
    }
}

/// Compacts as an API server does: whoever writes `compact_rev_key` compacts to the revision found there.
async fn compact(channel: Channel, notes: Arc<Notes>) {
    let mut client = KvClient::new(channel);
    let key = Bytes::from("compact_rev_key");
    let (mut version, mut compacted) = (0, 0);
    while !notes.done.load(Ordering::SeqCst) {
        sleep(Duration::from_millis(100)).await;
        let compare = Compare {
            target: CompareTarget::Version as i32,
            key: key.clone(),
            target_union: Some(TargetUnion::Version(version)),
            ..Compare::default()
        };
        let put = PutRequest { key: key.clone(), value: compacted.to_string().into(), ..PutRequest::default() };
        let guard = TxnRequest {
            compare: vec![compare],
            success: vec![op(Request::RequestPut(put))],
            failure: vec![op(Request::RequestRange(object(&key)))],
        };
        let answer = client.txn(guard).await.expect("txn").into_inner();
        let revision = answer.header.as_ref().expect("a header").revision;
        if !answer.succeeded {
            version = read_in(answer).kvs.first().map_or(0, |pair| pair.version);
            continue;
        }
        version += 1;
        let target = revision - HISTORY;
        if target > compacted {
            let request = CompactionRequest { revision: target, physical: false };
            client.compact(request).await.expect("compact");
            compacted = target;
        }
    }
    assert!(compacted > 0, "nothing was compacted");
}

async fn defragment(channel: Channel, notes: Arc<Notes>) {
    let mut client = MaintenanceClient::new(channel);
    while !notes.done.load(Ordering::SeqCst) {
        sleep(Duration::from_millis(250)).await;
        client.defragment(DefragmentRequest {}).await.expect("defragment");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn api_servers_see_every_change_once_and_nothing_stale() {
    for kind in [Kind::Etcd37, Kind::Kvd] {
        let mut server = Server::start(kind);
        let notes = Arc::new(Notes { writing: AtomicUsize::new(WRITERS as usize), ..Notes::default() });
        let mut tasks = JoinSet::new();
        for watcher in 0..WATCHERS {
            tasks.spawn(watch(server.channel(), notes.clone(), watcher));
        }
        for writer in 0..WRITERS {
            tasks.spawn(write(server.channel(), notes.clone(), writer));
        }
        tasks.spawn(list(server.channel(), notes.clone()));
        tasks.spawn(compact(server.channel(), notes.clone()));
        tasks.spawn(defragment(server.channel(), notes.clone()));
        while let Some(ended) = timeout(WITHIN, tasks.join_next()).await.expect("everybody ends in time") {
            ended.unwrap_or_else(|error| panic!("{kind}: {error}"));
        }
        let lists = notes.lists.lock().unwrap();
        assert!(!lists.is_empty(), "{kind}: no list came to its end");
        for List { revision, found } in &*lists {
            assert_eq!(*found, notes.objects_at(*revision), "{kind}: a list at revision {revision}");
        }
        let changes = notes.changes.lock().unwrap().len();
        println!("{kind}: {changes} changes seen by {WATCHERS} watchers, {} lists", lists.len());
        server.check_alive();
    }
}
