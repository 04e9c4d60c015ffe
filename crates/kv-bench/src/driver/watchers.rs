//! Watchers beside the clients of a load: those that are to see what is written, and those that are only there.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kv_proto::etcdserverpb::watch_request::RequestUnion;
use kv_proto::etcdserverpb::{WatchCreateRequest, WatchRequest, WatchResponse};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tonic::Status;

use super::Load;
use super::recorded::Recorder;
use super::wire::{Connection, Messages, Method, Requests};

/// How long nothing may arrive while events are waited for.
const EVENTS_WITHIN: Duration = Duration::from_secs(10);
/// Idle watchers that share a stream and a connection.
const IDLE_PER_STREAM: u64 = 1000;

/// Watchers that exist. They are cancelled when dropped.
#[derive(Debug)]
pub(super) struct Watchers {
    count: u64,
    /// Events that have arrived since the beginning, or why there will be no more.
    arrived: watch::Receiver<Result<u64, Status>>,
    /// Of what had arrived before the present load.
    before: Cell<u64>,
    _receivers: JoinSet<()>,
}

impl Watchers {
    /// Creates watchers on all keys of the load, each with a connection of its own, that note when each event arrives.
    pub(super) async fn on_all_keys(
        count: u64,
        load: &Load,
        urls: &[String],
        recorder: Rc<Recorder>,
        epoch: Instant,
    ) -> Result<Watchers, Status> {
        let (key, range_end) = load.keys.range();
        let mut streams = Vec::new();
        for url in urls.iter().cycle().take(count as usize) {
            let request = create(key.clone(), range_end.clone());
            streams.push(open(url, std::iter::once(request)).await?);
        }
        Ok(Watchers::receive(count, streams, move |value| {
            if let Some(stamp) = value.first_chunk() {
                let began = Duration::from_nanos(u64::from_be_bytes(*stamp));
                recorder.note("event", epoch.elapsed().saturating_sub(began));
            }
        }))
    }

    /// Creates watchers, each on a key of its own that is none of the load's.
    pub(super) async fn idle(count: u64, load: &Load, urls: &[String]) -> Result<Watchers, Status> {
        // Behind all keys that begin with the prefix.
        let (_, beyond) = load.keys.range();
        let mut streams = Vec::new();
        for (first, url) in (0..count).step_by(IDLE_PER_STREAM as usize).zip(urls.iter().cycle()) {
            let numbers = first..count.min(first + IDLE_PER_STREAM);
            let requests =
                numbers.map(|number| create([&beyond[..], &number.to_be_bytes()].concat().into(), Bytes::new()));
            streams.push(open(url, requests).await?);
        }
        Ok(Watchers::receive(count, streams, |_| ()))
    }

    fn receive(count: u64, streams: Vec<(Requests, Messages)>, note: impl Fn(&[u8]) + Clone + 'static) -> Watchers {
        let (tally, arrived) = watch::channel(Ok(0));
        let tally = Rc::new(tally);
        let mut receivers = JoinSet::new();
        for (requests, mut messages) in streams {
            let (tally, note) = (Rc::clone(&tally), note.clone());
            receivers.spawn_local(async move {
                // Dropping it would end the stream.
                let _requests = requests;
                loop {
                    let events = match messages.next::<WatchResponse>().await {
                        Ok(Some(response)) if !response.canceled => response.events,
                        Ok(Some(response)) => return fail(&tally, Status::cancelled(response.cancel_reason)),
                        Ok(None) => return fail(&tally, Status::unavailable("the stream has ended")),
                        Err(status) => return fail(&tally, status),
                    };
                    for event in &events {
                        note(event.kv.as_ref().map_or(&[], |kv| &kv.value));
                    }
                    tally.send_modify(|tally| {
                        if let Ok(tally) = tally {
                            *tally += events.len() as u64;
                        }
                    });
                }
            });
        }
        Watchers { count, arrived, before: Cell::new(0), _receivers: receivers }
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Waits until so many more events have arrived than at the last call, or until none has arrived for long.
    pub(super) async fn wait_for(&self, events: u64) -> Result<(), Status> {
        let mut arrived = self.arrived.clone();
        let expected = self.before.get() + events;
        loop {
            match &*arrived.borrow_and_update() {
                Ok(count) if *count >= expected => break,
                Ok(_) => {}
                Err(status) => return Err(status.clone()),
            }
            let changed = tokio::time::timeout(EVENTS_WITHIN, arrived.changed()).await;
            if !matches!(changed, Ok(Ok(()))) {
                return Err(Status::deadline_exceeded("events are missing"));
            }
        }
        self.before.set(expected);
        Ok(())
    }
}

fn fail(tally: &watch::Sender<Result<u64, Status>>, status: Status) {
    tally.send_modify(|tally| *tally = Err(status));
}

fn create(key: Bytes, range_end: Bytes) -> WatchRequest {
    let create = WatchCreateRequest { key, range_end, ..WatchCreateRequest::default() };
    WatchRequest { request_union: Some(RequestUnion::CreateRequest(create)) }
}

/// Opens a stream and creates watchers on it; returns when all of them exist.
async fn open(url: &str, mut creates: impl Iterator<Item = WatchRequest>) -> Result<(Requests, Messages), Status> {
    let mut connection = Connection::open(url).await?;
    let Some(first) = creates.next() else { return Err(Status::invalid_argument("no watcher is asked for")) };
    let (mut requests, mut messages) = connection.stream(Method::Watch, &first).await?;
    let mut expected = 1;
    for create in creates {
        requests.send(&create)?;
        expected += 1;
    }
    let mut created = 0;
    while created < expected {
        match messages.next::<WatchResponse>().await? {
            Some(response) if response.created && !response.canceled => created += 1,
            Some(response) => return Err(Status::cancelled(response.cancel_reason)),
            None => return Err(Status::unavailable("the stream has ended")),
        }
    }
    Ok((requests, messages))
}
