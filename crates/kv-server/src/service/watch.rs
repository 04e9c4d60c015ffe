//! The service Watch: any number of watchers on one stream.
//!
//! Nothing is queued for a slow client but a position per watcher: the stream reads events from the store when the
//! client has room for a message, so it holds back nobody and needs no memory for what it has not read yet.
//!
//! Invariants:
//! - A watcher was told every event before its `next` that it asked for.
//! - The hub will report every event after its `target`. So a watcher whose `next` is beyond its `target` has
//!   nothing to read and is not in `behind`; every other one is.
//! - Messages go out in the order they are made here. So whatever a message says of progress comes
//!   after the events it speaks of.

mod behind;
mod create;
mod fragments;
mod message;
mod outbox;
mod recent;
mod turns;

use std::collections::HashMap;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::thread::{self, ThreadId};
use std::time::Duration;

use futures_util::{Stream, stream};
use kv_proto::etcdserverpb::{self as pb, watch_request::RequestUnion};
use kv_store::{EventBatch, EventQuery, KeyRange, ReadError, WatchStream, WatcherId};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;
use tonic::server::{Grpc, StreamingService};
use tonic::{Request, Response, Status, Streaming};

use crate::auth::Credentials;
use crate::engine::Engine;
use crate::frames::RequestBody;
use crate::status::read_status;
use behind::Behind;
use create::Creation;
use message::{EncodedEvents, Message, WatchCodec};
use outbox::Outbox;
use recent::{Bounds, Found, RecentReads};
use turns::Turns;

/// Control messages that may wait to be sent. With more the client is not listened to until it reads.
const WAITING_MESSAGES_MAX: usize = 128;

/// A watcher that lags more revisions than this is read for beside the other requests of the thread.
const SHORT_LAG_REVISIONS: i64 = 1000;

/// Intervals between progress notifications are this much longer at most.
const PROGRESS_SPREAD: f64 = 0.1;

/// What messages say that concern every watcher of a stream, or none.
const NO_WATCHER: i64 = -1;

/// The messages of a stream.
type Messages = Pin<Box<dyn Stream<Item = Result<Message, Status>> + Send>>;

pub(crate) struct WatchService {
    engine: Arc<Engine>,
    recent: Arc<RecentReads>,
    /// Of each thread that serves connections.
    turns: Mutex<HashMap<ThreadId, Arc<Turns>>>,
}

impl WatchService {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self { engine, recent: Arc::default(), turns: Mutex::default() }
    }

    /// Answers one call. Not by the generated trait, whose messages own their events.
    pub(crate) async fn call(&self, request: http::Request<RequestBody>) -> http::Response<tonic::body::Body> {
        // Sizes are judged as bodies pass.
        let mut grpc = Grpc::new(WatchCodec).max_decoding_message_size(usize::MAX);
        grpc.streaming(Opening(self), request).await
    }
}

/// Opens the stream of a call.
struct Opening<'a>(&'a WatchService);

impl StreamingService<pb::WatchRequest> for Opening<'_> {
    type Response = Message;
    type ResponseStream = Messages;
    type Future = Ready<Result<Response<Messages>, Status>>;

    fn call(&mut self, request: Request<Streaming<pb::WatchRequest>>) -> Self::Future {
        // Read also while authentication is off: it may be turned on while the stream lives.
        let credentials = Credentials::of(&request);
        let WatchService { engine, recent, turns } = self.0;
        let turns = Arc::clone(turns.lock().entry(thread::current().id()).or_default());
        let session = Session::new(Arc::clone(engine), Arc::clone(recent), turns, credentials, request.into_inner());
        let messages = stream::try_unfold(session, |mut session| async move {
            let message = session.next_message().await?;
            Ok(Some((message, session)))
        });
        ready(Ok(Response::new(Box::pin(messages))))
    }
}

/// One subscription.
struct Watcher {
    query: EventQuery,
    /// The first revision that was not looked at.
    next: i64,
    /// Up to here the stream looks by itself; the hub tells of what comes later.
    target: i64,
    /// The revision the client asked for, zero for the newest.
    start: i64,
    hub: WatcherId,
    /// It has been current at least once.
    synced: bool,
    progress_notify: bool,
    fragment: bool,
    /// It was sent events since the last periodic notification.
    was_busy: bool,
}

/// What an id on the stream stands for.
enum Slot {
    Live(Box<Watcher>),
    /// Cancelled by the server; the id is taken until the client cancels it too.
    Ended,
}

/// One stream.
struct Session {
    engine: Arc<Engine>,
    recent: Arc<RecentReads>,
    /// What the stream began with: every watcher is judged by it when it is made.
    credentials: Credentials,
    /// `None` once the client has said its last word; it still listens.
    requests: Option<Streaming<pb::WatchRequest>>,
    hub: WatchStream,
    woken: Arc<Notify>,
    turns: Arc<Turns>,
    slots: HashMap<i64, Slot>,
    ids: HashMap<WatcherId, i64>,
    next_id: i64,
    /// Watchers with something to read, each once.
    behind: Behind,
    waiting: Outbox,
    /// The client asked how far the stream is, and some watchers still have events to read.
    progress_requested: bool,
    /// How many watchers want periodic notifications.
    notified: usize,
    notify_interval: Duration,
    notify_at: Instant,
}

impl Session {
    fn new(
        engine: Arc<Engine>,
        recent: Arc<RecentReads>,
        turns: Arc<Turns>,
        credentials: Credentials,
        requests: Streaming<pb::WatchRequest>,
    ) -> Self {
        let woken = Arc::new(Notify::new());
        let wake = Arc::clone(&woken);
        let hub = engine.store.watch_hub().open(Arc::new(move || wake.notify_one()));
        let interval = engine.config.watch_progress_notify_interval;
        // Streams that began together should not all speak at once.
        let spread = interval.mul_f64(PROGRESS_SPREAD * engine.next_spread());
        engine.metrics.watch_streams.add(1);
        Self {
            recent,
            credentials,
            requests: Some(requests),
            hub,
            woken,
            turns,
            slots: HashMap::new(),
            ids: HashMap::new(),
            next_id: 0,
            behind: Behind::new(Arc::clone(&engine.metrics)),
            waiting: Outbox::new(Arc::clone(&engine.metrics)),
            progress_requested: false,
            notified: 0,
            notify_interval: interval + spread,
            notify_at: Instant::now() + interval + spread,
            engine,
        }
    }

    /// Waits for the next message to the client.
    async fn next_message(&mut self) -> Result<Message, Status> {
        self.waiting.handed_over();
        loop {
            if let Some(message) = self.waiting.take() {
                return Ok(message);
            }
            self.take_ready();
            if let Some(id) = self.behind.pop() {
                self.read_for(id).await?;
                // A client that cancels while history is read must be heard, whoever else has events.
                self.take_pending_request().await?;
                continue;
            }
            self.answer_progress_request();
            if self.waiting.is_empty() {
                self.wait().await?;
            }
        }
    }

    /// Waits until the client, the hub or the clock has something.
    async fn wait(&mut self) -> Result<(), Status> {
        let Self { requests, woken, turns, notify_at, notified, .. } = self;
        let request = async {
            match requests {
                Some(requests) => requests.message().await,
                None => std::future::pending().await,
            }
        };
        let tick = async {
            if *notified > 0 { tokio::time::sleep_until(*notify_at).await } else { std::future::pending().await }
        };
        tokio::select! {
            request = request => self.take_request(request)?,
            () = async { woken.notified().await; turns.take().await } => {}
            () = tick => self.notify_progress(),
        }
        Ok(())
    }

    /// Handles a request that is there already, without waiting for one.
    async fn take_pending_request(&mut self) -> Result<(), Status> {
        while let Some(requests) = &mut self.requests
            && self.waiting.len() < WAITING_MESSAGES_MAX
        {
            let pending = tokio::select! {
                biased;
                request = requests.message() => request,
                () = ready(()) => return Ok(()),
            };
            self.take_request(pending)?;
        }
        Ok(())
    }

    fn take_request(&mut self, request: Result<Option<pb::WatchRequest>, Status>) -> Result<(), Status> {
        match request? {
            None => self.requests = None,
            Some(request) => match request.request_union {
                Some(RequestUnion::CreateRequest(request)) => self.create(request),
                Some(RequestUnion::CancelRequest(request)) => self.cancel(request.watch_id),
                Some(RequestUnion::ProgressRequest(_)) => self.request_progress(),
                None => {}
            },
        }
        Ok(())
    }

    fn create(&mut self, request: pb::WatchCreateRequest) {
        let created = pb::WatchResponse { created: true, ..pb::WatchResponse::default() };
        let permit = |range: &KeyRange| self.engine.auth.permit_range(&self.credentials, range).map(drop);
        let creation = match Creation::check(request, permit, |id| self.slots.contains_key(&id)) {
            Ok(creation) => creation,
            Err(reason) => {
                let header = Some(self.engine.header(self.engine.store.revision()));
                let (watch_id, cancel_reason) = (NO_WATCHER, reason);
                self.waiting.push(pb::WatchResponse { header, watch_id, canceled: true, cancel_reason, ..created });
                return;
            }
        };
        let id = creation.id.unwrap_or_else(|| self.free_id());
        let (hub, target) = self.hub.add(&creation.query.range);
        // Read after the watcher was added: everything later than this is an event for it.
        let newest = self.engine.store.revision();
        let header = Some(self.engine.header(newest));
        self.waiting.push(pb::WatchResponse { header, watch_id: id, ..created });

        let start = creation.query.from;
        let next = if start == 0 { newest + 1 } else { start };
        let oldest = self.engine.store.compact_revision();
        if creation.progress_notify {
            if self.notified == 0 {
                self.notify_at = Instant::now() + self.notify_interval;
            }
            self.notified += 1;
        }
        let watcher = Watcher {
            next,
            target,
            start,
            hub,
            synced: next > target,
            progress_notify: creation.progress_notify,
            fragment: creation.fragment,
            was_busy: false,
            query: creation.query,
        };
        if next <= target {
            self.behind.push(id);
        }
        self.ids.insert(hub, id);
        self.slots.insert(id, Slot::Live(Box::new(watcher)));
        if next < oldest {
            self.end_as_compacted(id, oldest);
        }
    }

    fn free_id(&mut self) -> i64 {
        while self.slots.contains_key(&self.next_id) {
            self.next_id += 1;
        }
        self.next_id += 1;
        self.next_id - 1
    }

    /// Removes a watcher; its id is free only for those who name it.
    fn cancel(&mut self, id: i64) {
        let Some(slot) = self.slots.remove(&id) else { return };
        if let Slot::Live(watcher) = slot {
            self.forget(id, &watcher);
        }
        let header = Some(self.engine.header(self.engine.store.revision()));
        self.waiting.push(pb::WatchResponse { header, watch_id: id, canceled: true, ..pb::WatchResponse::default() });
    }

    fn end_as_compacted(&mut self, id: i64, oldest: i64) {
        if let Some(Slot::Live(watcher)) = self.slots.insert(id, Slot::Ended) {
            self.forget(id, &watcher);
        }
        self.waiting.push(pb::WatchResponse {
            header: Some(self.engine.header(0)),
            watch_id: id,
            canceled: true,
            compact_revision: oldest,
            ..pb::WatchResponse::default()
        });
    }

    fn forget(&mut self, id: i64, watcher: &Watcher) {
        self.hub.remove(watcher.hub);
        self.ids.remove(&watcher.hub);
        self.behind.remove(id);
        self.notified -= usize::from(watcher.progress_notify);
    }

    /// Takes from the hub who has events. Returns a revision up to which everybody else has none.
    fn take_ready(&mut self) -> i64 {
        let ready = self.hub.take_ready();
        for (hub, from) in ready.watchers {
            // A watcher that was removed meanwhile is not in the map any more.
            let Some(id) = self.ids.get(&hub) else { continue };
            let Some(Slot::Live(watcher)) = self.slots.get_mut(id) else { continue };
            let was_behind = watcher.next <= watcher.target;
            if !was_behind {
                // Nothing before this revision matched.
                watcher.next = watcher.next.max(from);
            }
            watcher.target = watcher.target.max(ready.through);
            if !was_behind && watcher.next <= watcher.target {
                self.behind.push(*id);
            }
        }
        ready.through
    }

    /// Reads the next events of a watcher, and sends them.
    async fn read_for(&mut self, id: i64) -> Result<(), Status> {
        let Some(Slot::Live(watcher)) = self.slots.get_mut(&id) else { return Ok(()) };
        let began = std::time::Instant::now();
        watcher.query.from = watcher.next;
        let store = &self.engine.store;
        // In this order: a compaction meanwhile makes the bounds such as nobody else will have.
        let bounds = Bounds { compacted: store.compact_revision(), newest: store.revision() };
        if let Some(found) = self.recent.find(&watcher.query, bounds) {
            self.send(id, &found, began);
            return Ok(());
        }
        let short = bounds.newest - watcher.next <= SHORT_LAG_REVISIONS;
        let batch = if short {
            store.events(&watcher.query)
        } else {
            let query = watcher.query.clone();
            self.engine.blocking(move |store| store.events(&query)).await?
        };
        match batch {
            Ok(EventBatch { events, next }) => {
                let found = Found { events: EncodedEvents::new(events), next };
                if short {
                    self.recent.keep(&watcher.query, bounds, &found);
                }
                self.send(id, &found, began);
            }
            Err(ReadError::Compacted { oldest, .. }) => self.end_as_compacted(id, oldest),
            Err(error) => return Err(read_status(&error)),
        }
        Ok(())
    }

    fn send(&mut self, id: i64, found: &Found, began: std::time::Instant) {
        let Some(Slot::Live(watcher)) = self.slots.get_mut(&id) else { return };
        watcher.next = found.next;
        if watcher.next <= watcher.target {
            // The others first: one long history must not keep a stream's fresh events waiting.
            self.behind.push(id);
        } else {
            watcher.synced = true;
        }
        if found.events.is_empty() {
            return;
        }
        watcher.was_busy = true;
        self.engine.metrics.events.add(found.events.len() as u64);
        let head = pb::WatchResponse {
            header: Some(self.engine.header(found.next - 1)),
            watch_id: id,
            ..pb::WatchResponse::default()
        };
        let messages = if watcher.fragment {
            fragments::split(head, &found.events, self.engine.config.grpc_receive_bytes_max())
        } else {
            vec![Message::new(head, &found.events)]
        };
        self.waiting.push_events(messages, began);
    }

    fn request_progress(&mut self) {
        // A watcher that reads history may take long, and the client asks again anyway.
        let catching_up = |slot: &Slot| match slot {
            Slot::Live(watcher) => !watcher.synced,
            Slot::Ended => true,
        };
        self.progress_requested = !self.slots.is_empty() && !self.slots.values().any(catching_up);
    }

    /// Answers a request for progress once nobody is behind.
    fn answer_progress_request(&mut self) {
        if !std::mem::take(&mut self.progress_requested) {
            return;
        }
        let through = self.take_ready();
        if !self.behind.is_empty() {
            self.progress_requested = true;
            return;
        }
        let current = |slot: &Slot| matches!(slot, Slot::Live(watcher) if watcher.synced && watcher.start <= through);
        if self.slots.values().all(current) && !self.slots.is_empty() {
            self.push_progress(NO_WATCHER, through);
        }
    }

    /// Tells quiet watchers that want to know how far they are.
    fn notify_progress(&mut self) {
        let began = std::time::Instant::now();
        self.notify_at = Instant::now() + self.notify_interval;
        let through = self.take_ready();
        let mut quiet = Vec::new();
        for (id, slot) in &mut self.slots {
            let Slot::Live(watcher) = slot else { continue };
            let current = watcher.synced && watcher.next > watcher.target && watcher.start <= through;
            let was_busy = std::mem::take(&mut watcher.was_busy);
            if watcher.progress_notify && current && !was_busy {
                quiet.push(*id);
            }
        }
        quiet.sort_unstable();
        for id in quiet {
            self.push_progress(id, through);
        }
        self.engine.metrics.watch_progress.observe(began.elapsed());
    }

    fn push_progress(&mut self, watch_id: i64, revision: i64) {
        let header = Some(self.engine.header(revision));
        self.waiting.push(pb::WatchResponse { header, watch_id, ..pb::WatchResponse::default() });
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.engine.metrics.watch_streams.add(-1);
    }
}
