//! One of the two servers compared: performs operations over gRPC and collects what its watchers receive.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use kv_proto::etcdserverpb::kv_client::KvClient;
use kv_proto::etcdserverpb::lease_client::LeaseClient;
use kv_proto::etcdserverpb::maintenance_client::MaintenanceClient;
use kv_proto::etcdserverpb::watch_client::WatchClient;
use kv_proto::etcdserverpb::watch_request::RequestUnion;
use kv_proto::etcdserverpb::{
    CompactionResponse, DeleteRangeResponse, HashKvResponse, LeaseGrantResponse, LeaseKeepAliveRequest,
    LeaseKeepAliveResponse, LeaseLeasesRequest, LeaseLeasesResponse, LeaseRevokeResponse, LeaseTimeToLiveResponse,
    PutResponse, RangeResponse, RangeStreamResponse, ResponseHeader, TxnResponse, WatchCancelRequest,
    WatchCreateRequest, WatchProgressRequest, WatchRequest, WatchResponse,
};
use kv_proto::mvccpb::Event;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Status, Streaming};

use super::operations::Operation;
use crate::harness::{Kind, Server};

/// How long an answer to a progress request is waited for before asking again: a server says nothing while a watcher
/// still catches up.
const PROGRESS_WITHIN: Duration = Duration::from_millis(25);
/// How long watchers may take to catch up.
const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(30);
/// A lease has as much time left as it was granted for, give or take so many seconds.
const TTL_TOLERANCE: i64 = 300;
/// Larger than any answer here.
const MESSAGE_BYTES_MAX: usize = 64 << 20;
/// The id of answers that are meant for no watcher.
const NO_WATCHER: i64 = -1;
/// A key that no operation touches.
const QUIET_KEY: &[u8] = b"~quiet";
/// The id of the watcher on it.
const QUIET_WATCHER: i64 = 1000;

/// What one operation was answered, without what may differ between two servers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    Put(PutResponse),
    Range(RangeResponse),
    RangeStream(Vec<RangeStreamResponse>),
    DeleteRange(DeleteRangeResponse),
    Txn(TxnResponse),
    Compact(CompactionResponse),
    HashKv(HashKvResponse),
    LeaseGrant(LeaseGrantResponse),
    LeaseRevoke(LeaseRevokeResponse),
    LeaseTimeToLive(LeaseTimeToLiveResponse),
    LeaseLeases(LeaseLeasesResponse),
    LeaseKeepAlive(LeaseKeepAliveResponse),
    /// Everything each watcher has received since the last comparison, by watcher: their order among each other is free.
    Watches(BTreeMap<i64, Vec<WatchResponse>>),
    /// The operation has no answer of its own.
    Done,
    Error {
        code: tonic::Code,
        message: String,
    },
}

impl Answer {
    /// Returns the store revision that the answer speaks of.
    pub(crate) fn revision(&self) -> Option<i64> {
        match self {
            Answer::Put(answer) => answer.header.as_ref(),
            Answer::Range(answer) => answer.header.as_ref(),
            Answer::DeleteRange(answer) => answer.header.as_ref(),
            Answer::Txn(answer) => answer.header.as_ref(),
            Answer::Compact(answer) => answer.header.as_ref(),
            Answer::HashKv(answer) => answer.header.as_ref(),
            Answer::LeaseGrant(answer) => answer.header.as_ref(),
            Answer::LeaseRevoke(answer) => answer.header.as_ref(),
            Answer::LeaseTimeToLive(answer) => answer.header.as_ref(),
            Answer::LeaseLeases(answer) => answer.header.as_ref(),
            Answer::LeaseKeepAlive(answer) => answer.header.as_ref(),
            Answer::RangeStream(_) | Answer::Watches(_) | Answer::Done | Answer::Error { .. } => None,
        }
        .map(|header| header.revision)
    }
}

/// A server with its clients and its one watch stream.
#[derive(Debug)]
pub(crate) struct Side {
    server: Server,
    kv: KvClient<Channel>,
    lease: LeaseClient<Channel>,
    maintenance: MaintenanceClient<Channel>,
    watches: Watches,
    /// The newest revision a response spoke of.
    revision: i64,
    /// The last revision compacted to, or 0.
    compacted: i64,
}

#[derive(Debug)]
struct Watches {
    requests: mpsc::Sender<WatchRequest>,
    responses: Streaming<WatchResponse>,
    received: BTreeMap<i64, Vec<WatchResponse>>,
    /// Watchers the server knows.
    active: BTreeSet<i64>,
    /// A create is not answered yet.
    awaited_created: bool,
    /// Cancels that are not answered yet.
    awaited_canceled: BTreeSet<i64>,
}

impl Side {
    /// Starts an empty server.
    pub(crate) async fn start(kind: Kind) -> Side {
        let server = Server::start(kind);
        let channel = server.channel();
        Side {
            kv: KvClient::new(channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX),
            lease: LeaseClient::new(channel.clone()),
            maintenance: MaintenanceClient::new(channel.clone()),
            watches: Watches::open(channel).await,
            revision: 1,
            compacted: 0,
            server,
        }
    }

    /// Performs one operation and returns its answer.
    pub(crate) async fn perform(&mut self, operation: &Operation) -> Answer {
        let answer = match operation {
            Operation::Put(request) => unary(self.kv.put(request.clone()).await, Answer::Put),
            Operation::Range(request) => unary(self.kv.range(request.clone()).await, Answer::Range),
            Operation::RangeStream(request) => collect(self.kv.range_stream(request.clone()).await).await,
            Operation::DeleteRange(request) => unary(self.kv.delete_range(request.clone()).await, Answer::DeleteRange),
            Operation::Txn(request) => unary(self.kv.txn(request.clone()).await, Answer::Txn),
            Operation::Compact(request) => {
                let answer = unary(self.kv.compact(*request).await, Answer::Compact);
                if let Answer::Compact(_) = answer {
                    self.compacted = request.revision;
                }
                answer
            }
            Operation::HashKv(request) => unary(self.maintenance.hash_kv(*request).await, Answer::HashKv),
            Operation::LeaseGrant(request) => unary(self.lease.lease_grant(*request).await, Answer::LeaseGrant),
            Operation::LeaseRevoke(request) => unary(self.lease.lease_revoke(*request).await, Answer::LeaseRevoke),
            Operation::LeaseTimeToLive(request) => {
                unary(self.lease.lease_time_to_live(*request).await, |mut answer| {
                    // A moment has passed, and after a start there is a grace. The keys are in no order.
                    if (answer.granted_ttl - answer.ttl).abs() < TTL_TOLERANCE {
                        answer.ttl = answer.granted_ttl;
                    }
                    answer.keys.sort_unstable();
                    Answer::LeaseTimeToLive(answer)
                })
            }
            Operation::LeaseLeases => {
                unary(self.lease.lease_leases(LeaseLeasesRequest {}).await, |mut answer| {
                    // Of leases that end together the order is free.
                    answer.leases.sort_unstable_by_key(|lease| lease.id);
                    Answer::LeaseLeases(answer)
                })
            }
            Operation::LeaseKeepAlive(id) => {
                let renewal = tokio_stream::once(LeaseKeepAliveRequest { id: *id });
                match self.lease.lease_keep_alive(renewal).await {
                    Ok(response) => match response.into_inner().message().await {
                        Ok(Some(mut answer)) => {
                            mask(&mut answer.header);
                            Answer::LeaseKeepAlive(answer)
                        }
                        Ok(None) => Answer::Done,
                        Err(status) => error(&status),
                    },
                    Err(status) => error(&status),
                }
            }
            Operation::Watch(request) => {
                self.watches.create(request.clone()).await;
                Answer::Done
            }
            Operation::CancelWatch(watch_id) => {
                self.watches.cancel(*watch_id).await;
                Answer::Done
            }
            Operation::CompareWatches => {
                let mut received = self.watches.catch_up(self.revision).await;
                for response in received.values_mut().flatten() {
                    forget_superseded(response, self.compacted);
                    forget_raced_previous(response, self.compacted);
                    forget_batch(response);
                }
                Answer::Watches(received)
            }
            Operation::Restart => {
                self.restart().await;
                Answer::Done
            }
        };
        if matches!(answer, Answer::Error { .. }) {
            self.server.check_alive();
        }
        self.revision = self.revision.max(answer.revision().unwrap_or(0));
        answer
    }

    async fn restart(&mut self) {
        self.server.kill();
        self.server.start_again();
        let channel = self.server.channel();
        self.kv = KvClient::new(channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX);
        self.lease = LeaseClient::new(channel.clone());
        self.maintenance = MaintenanceClient::new(channel.clone());
        self.watches = Watches::open(channel).await;
    }
}

impl Watches {
    /// Opens the stream with a watcher that never sees an event: a stream without watchers answers no progress request.
    async fn open(channel: Channel) -> Watches {
        let (requests, receiver) = mpsc::channel(16);
        let create = WatchCreateRequest {
            key: Bytes::from_static(QUIET_KEY),
            watch_id: QUIET_WATCHER,
            ..WatchCreateRequest::default()
        };
        requests.send(request(RequestUnion::CreateRequest(create))).await.expect("the receiver is right here");
        let responses = WatchClient::new(channel)
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .watch(ReceiverStream::new(receiver))
            .await
            .expect("open a watch stream")
            .into_inner();
        Watches {
            requests,
            responses,
            received: BTreeMap::new(),
            active: BTreeSet::new(),
            awaited_created: true,
            awaited_canceled: BTreeSet::new(),
        }
    }

    async fn send(&self, union: RequestUnion) {
        self.requests.send(request(union)).await.expect("the watch stream is open");
    }

    async fn create(&mut self, create: WatchCreateRequest) {
        self.awaited_created = true;
        self.send(RequestUnion::CreateRequest(create)).await;
        self.receive_awaited().await;
    }

    async fn cancel(&mut self, watch_id: i64) {
        // An unknown id is met with silence.
        if self.active.contains(&watch_id) {
            self.awaited_canceled.insert(watch_id);
        }
        self.send(RequestUnion::CancelRequest(WatchCancelRequest { watch_id })).await;
        self.receive_awaited().await;
    }

    /// Receives until every create and cancel is answered.
    ///
    /// A server may send a progress answer ahead of these, so progress says nothing before they have arrived.
    async fn receive_awaited(&mut self) {
        while self.awaited_created || !self.awaited_canceled.is_empty() {
            let response = timeout(CAUGHT_UP_WITHIN, self.responses.message()).await.expect("the server answers");
            self.receive(response.expect("the watch stream works").expect("the watch stream goes on")).await;
        }
    }

    /// Waits until every watcher has everything up to `revision` and returns what they received.
    async fn catch_up(&mut self, revision: i64) -> BTreeMap<i64, Vec<WatchResponse>> {
        let deadline = Instant::now() + CAUGHT_UP_WITHIN;
        for attempt in 1.. {
            assert!(Instant::now() < deadline, "watchers do not catch up; received {:#?}", self.received);
            self.send(RequestUnion::ProgressRequest(WatchProgressRequest {})).await;
            while let Ok(response) = timeout(PROGRESS_WITHIN, self.responses.message()).await {
                let response = response.expect("the watch stream works").expect("the watch stream goes on");
                let progress = self.receive(response).await;
                if progress.is_some_and(|progress| progress >= revision) {
                    // A late answer to an earlier request must not be taken for the answer of the next comparison.
                    if attempt > 1 {
                        while let Ok(response) = timeout(PROGRESS_WITHIN, self.responses.message()).await {
                            self.receive(response.expect("the watch stream works").expect("it goes on")).await;
                        }
                    }
                    return std::mem::take(&mut self.received);
                }
            }
        }
        unreachable!("the loop ends only by returning");
    }

    /// Keeps one response, or returns the revision of a progress answer.
    ///
    /// A watcher that the server cancelled because its start is compacted is also cancelled from here: until then its
    /// stream answers no progress request.
    async fn receive(&mut self, mut response: WatchResponse) -> Option<i64> {
        let watch_id = response.watch_id;
        if watch_id == NO_WATCHER && !response.created && !response.canceled {
            return Some(response.header.as_ref().expect("every response has a header").revision);
        }
        if response.created {
            self.awaited_created = false;
            if !response.canceled {
                self.active.insert(watch_id);
            }
        } else if response.canceled && response.compact_revision > 0 {
            self.awaited_canceled.insert(watch_id);
            self.send(RequestUnion::CancelRequest(WatchCancelRequest { watch_id })).await;
        } else if response.canceled {
            self.awaited_canceled.remove(&watch_id);
            self.active.remove(&watch_id);
        }
        mask(&mut response.header);
        let received = self.received.entry(watch_id).or_default();
        match received.last_mut() {
            Some(last) if !last.events.is_empty() && !response.events.is_empty() => join(last, response),
            _ => {
                check_events(&response);
                received.push(response);
            }
        }
        None
    }
}

/// Joins two answers with events: how many revisions come in one answer while a watcher catches up is free. So is the
/// header's revision then, as long as it is not behind the events; it becomes that of the last event.
fn join(last: &mut WatchResponse, mut next: WatchResponse) {
    check_events(&next);
    let (before, after) = (revisions(last), revisions(&next));
    assert!(before.last() < after.first() || last.fragment, "a revision is torn apart: {last:#?}, then {next:#?}");
    last.events.append(&mut next.events);
    last.fragment = next.fragment;
}

/// Events of one answer are in the order of their revisions, and the header is not behind them.
fn check_events(response: &WatchResponse) {
    let revisions = revisions(response);
    assert!(revisions.is_sorted(), "events out of order: {response:#?}");
    let header = response.header.as_ref().map_or(0, |header| header.revision);
    assert!(revisions.last().is_none_or(|last| *last <= header), "the header is behind the events: {response:#?}");
}

/// Takes out the events of the compact revision that a later event of that revision supersedes: one transaction wrote
/// the key twice. A compaction deletes them, some time after they can be expected to be gone.
fn forget_superseded(response: &mut WatchResponse, compacted: i64) {
    let place = |event: &Event| event.kv.as_ref().map(|kv| (kv.mod_revision, kv.key.clone()));
    let places: Vec<_> = response.events.iter().map(place).collect();
    let mut number = 0;
    response.events.retain(|event| {
        number += 1;
        let at_compacted = event.kv.as_ref().is_some_and(|kv| kv.mod_revision == compacted);
        !(at_compacted && places[number..].contains(&place(event)))
    });
}

/// Takes out the pairs before events that a compaction has made unreadable since. etcd looks such a pair up when it sends the
/// event, so that a compaction right behind the change may or may not come first.
fn forget_raced_previous(response: &mut WatchResponse, compacted: i64) {
    for event in &mut response.events {
        if event.kv.as_ref().is_some_and(|kv| kv.mod_revision <= compacted) {
            event.prev_kv = None;
        }
    }
}

/// Sets the revision of an answer with events to that of the last one.
fn forget_batch(response: &mut WatchResponse) {
    if let (Some(header), Some(last)) = (&mut response.header, revisions_of(&response.events).last()) {
        header.revision = *last;
    }
}

fn revisions(response: &WatchResponse) -> Vec<i64> {
    revisions_of(&response.events)
}

fn revisions_of(events: &[Event]) -> Vec<i64> {
    events.iter().filter_map(|event| Some(event.kv.as_ref()?.mod_revision)).collect()
}

fn request(union: RequestUnion) -> WatchRequest {
    WatchRequest { request_union: Some(union) }
}

fn error(status: &Status) -> Answer {
    Answer::Error { code: status.code(), message: status.message().to_owned() }
}

fn unary<T: Headed>(result: Result<tonic::Response<T>, Status>, wrap: impl FnOnce(T) -> Answer) -> Answer {
    match result {
        Ok(response) => {
            let mut response = response.into_inner();
            mask(response.header());
            wrap(response)
        }
        Err(status) => error(&status),
    }
}

async fn collect(result: Result<tonic::Response<Streaming<RangeStreamResponse>>, Status>) -> Answer {
    let mut stream = match result {
        Ok(response) => response.into_inner(),
        Err(status) => return error(&status),
    };
    let mut chunks = Vec::new();
    loop {
        match stream.message().await {
            Ok(Some(mut chunk)) => {
                if let Some(range) = &mut chunk.range_response {
                    mask(&mut range.header);
                }
                chunks.push(chunk);
            }
            Ok(None) => return Answer::RangeStream(chunks),
            Err(status) => return error(&status),
        }
    }
}

/// Blanks what may differ: the ids become 1 where they are set, so that a missing one still shows, and so does the term.
fn mask(header: &mut Option<ResponseHeader>) {
    if let Some(header) = header {
        header.cluster_id = header.cluster_id.min(1);
        header.member_id = header.member_id.min(1);
        header.raft_term = header.raft_term.min(1);
    }
}

/// A response with a header of its own.
trait Headed {
    fn header(&mut self) -> &mut Option<ResponseHeader>;
}

macro_rules! headed {
    ($($response:ty),*) => {
        $(impl Headed for $response {
            fn header(&mut self) -> &mut Option<ResponseHeader> {
                &mut self.header
            }
        })*
    };
}

headed!(
    PutResponse,
    RangeResponse,
    DeleteRangeResponse,
    TxnResponse,
    CompactionResponse,
    HashKvResponse,
    LeaseGrantResponse,
    LeaseRevokeResponse,
    LeaseTimeToLiveResponse,
    LeaseLeasesResponse
);
