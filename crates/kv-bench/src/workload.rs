//! The loads: what the clients do, and what is recorded of it.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hdrhistogram::Histogram;
use kv_proto::etcdserverpb::kv_client::KvClient;
use kv_proto::etcdserverpb::request_op::Request;
use kv_proto::etcdserverpb::watch_client::WatchClient;
use kv_proto::etcdserverpb::watch_request::RequestUnion;
use kv_proto::etcdserverpb::{PutRequest, RangeRequest, RequestOp, TxnRequest, WatchCreateRequest, WatchRequest};
use tokio::sync::mpsc;
use tokio::task::LocalSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

use crate::BenchError;

/// Bytes of every key.
pub(crate) const KEY_BYTES: usize = 32;
/// Bytes of every value.
pub(crate) const VALUE_BYTES: usize = 256;
/// What every key begins with, and its range end.
const KEY_PREFIX: &str = "/kv-bench/";
const KEY_PREFIX_END: &str = "/kv-bench0";
/// Puts in one loading transaction: what a server allows by default.
const LOAD_TXN_PUTS: usize = 128;
/// Keys of one page of a list.
const LIST_LIMIT: usize = 100;
/// How long a load runs before it is measured.
const WARM_UP: Duration = Duration::from_millis(300);
/// How long events may still arrive after the last put.
const EVENTS_WITHIN: Duration = Duration::from_secs(10);

/// One kind of load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Workload {
    /// One client overwrites random keys
    #[value(name = "put-1")]
    Put1,
    /// 64 clients overwrite random keys
    #[value(name = "put-64")]
    Put64,
    /// One client reads random keys, linearizable
    #[value(name = "get-1")]
    Get1,
    /// 64 clients read random keys, linearizable
    #[value(name = "get-64")]
    Get64,
    /// 16 clients list the first 100 of all keys
    #[value(name = "list-100")]
    List100,
    /// One watcher receives what 16 clients put; an operation is an event, its time is from the put's start to its arrival
    #[value(name = "watch-1")]
    Watch1,
}

impl fmt::Display for Workload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Workload::Put1 => "put-1",
            Workload::Put64 => "put-64",
            Workload::Get1 => "get-1",
            Workload::Get64 => "get-64",
            Workload::List100 => "list-100",
            Workload::Watch1 => "watch-1",
        })
    }
}

impl Workload {
    /// Every load, in the order of the report.
    pub(crate) const ALL: [Workload; 6] =
        [Workload::Put1, Workload::Put64, Workload::Get1, Workload::Get64, Workload::List100, Workload::Watch1];

    fn clients(self) -> usize {
        match self {
            Workload::Put1 | Workload::Get1 => 1,
            Workload::List100 | Workload::Watch1 => 16,
            Workload::Put64 | Workload::Get64 => 64,
        }
    }
}

/// What one turn of a load recorded.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// Nanoseconds of every operation.
    pub(crate) latencies: Histogram<u64>,
    /// How long it was recorded.
    pub(crate) elapsed: Duration,
}

/// Returns a histogram of nanoseconds up to a minute, exact to three digits.
pub(crate) fn empty_histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("the bounds are in order and three digits are allowed")
}

/// The clients of one server, connected.
#[derive(Debug)]
pub(crate) struct Clients {
    server: String,
    keys: u64,
    channels: Vec<Channel>,
}

impl Clients {
    /// Prepares as many connections as any load needs; each connects when first used.
    pub(crate) fn new(server: &str, url: &str, keys: u64) -> Clients {
        let endpoint = Endpoint::from_shared(url.to_owned()).expect("the URL is made of an address").tcp_nodelay(true);
        let most = Workload::ALL.into_iter().map(Workload::clients).max().unwrap_or(1);
        Clients { server: server.to_owned(), keys, channels: (0..most).map(|_| endpoint.connect_lazy()).collect() }
    }

    /// Writes one key, the first that loading writes, to see whether the server serves.
    pub(crate) async fn probe(&self) -> Result<(), Status> {
        let put = PutRequest { key: key(0), value: value(0), ..PutRequest::default() };
        KvClient::new(self.channels[0].clone()).put(put).await.map(drop)
    }

    /// Writes every key once.
    pub(crate) async fn load(&self) -> Result<(), BenchError> {
        let mut client = KvClient::new(self.channels[0].clone());
        for first in (0..self.keys).step_by(LOAD_TXN_PUTS) {
            let last = self.keys.min(first + LOAD_TXN_PUTS as u64);
            let success = (first..last)
                .map(|number| PutRequest { key: key(number), value: value(number), ..PutRequest::default() })
                .map(|put| RequestOp { request: Some(Request::RequestPut(put)) })
                .collect();
            let txn = TxnRequest { success, ..TxnRequest::default() };
            client.txn(txn).await.map_err(|status| self.failed("loading", status))?;
        }
        Ok(())
    }

    /// Runs a load for a moment without recording it.
    pub(crate) async fn warm_up(&self, workload: Workload, seed: u64) -> Result<(), BenchError> {
        self.turn(workload, seed, WARM_UP).await.map(drop)
    }

    /// Runs one turn of a load. What its clients ask for follows from `seed`.
    pub(crate) async fn turn(&self, workload: Workload, seed: u64, length: Duration) -> Result<Recorded, BenchError> {
        let shared = Rc::new(Shared {
            server: self.server.clone(),
            keys: self.keys,
            latencies: RefCell::new(empty_histogram()),
            epoch: Instant::now(),
        });
        let local = LocalSet::new();
        let watcher = match workload {
            Workload::Watch1 => Some(Watcher::open(&self.server, self.channels[0].clone()).await?),
            _ => None,
        };
        let start = Instant::now();
        let tasks: Vec<_> = self.channels[..workload.clients()]
            .iter()
            .zip(0..)
            .map(|(channel, number)| {
                let client = KvClient::new(channel.clone());
                let random = Random(seed.wrapping_mul(1000) + number);
                let shared = Rc::clone(&shared);
                local.spawn_local(async move {
                    match workload {
                        Workload::Put1 | Workload::Put64 => shared.put(client, random, start + length).await,
                        Workload::Get1 | Workload::Get64 => shared.get(client, random, start + length).await,
                        Workload::List100 => shared.list(client, start + length).await,
                        Workload::Watch1 => shared.put_stamped(client, random, start + length).await,
                    }
                })
            })
            .collect();
        let receiver = watcher.map(|watcher| {
            let shared = Rc::clone(&shared);
            local.spawn_local(async move { watcher.receive(&shared).await })
        });
        local
            .run_until(async {
                let mut done = 0;
                for task in tasks {
                    done += task.await.expect("a client does not panic")?;
                }
                if let Some(receiver) = receiver {
                    let expected = done;
                    let deadline = Instant::now() + EVENTS_WITHIN;
                    while shared.latencies.borrow().len() < expected
                        && Instant::now() < deadline
                        && !receiver.is_finished()
                    {
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                    if receiver.is_finished() {
                        receiver.await.expect("the watcher does not panic")?;
                    } else {
                        receiver.abort();
                    }
                    shared.check("watch", shared.latencies.borrow().len(), expected)?;
                }
                Ok::<(), BenchError>(())
            })
            .await?;
        let elapsed = start.elapsed();
        drop(local);
        let shared = Rc::into_inner(shared).expect("every client has ended");
        Ok(Recorded { latencies: shared.latencies.into_inner(), elapsed })
    }

    fn failed(&self, request: &'static str, status: Status) -> BenchError {
        BenchError::Request { server: self.server.clone(), request, status: Box::new(status) }
    }
}

/// What the clients of one turn have in common.
#[derive(Debug)]
struct Shared {
    server: String,
    keys: u64,
    latencies: RefCell<Histogram<u64>>,
    /// What the stamps in values count from.
    epoch: Instant,
}

impl Shared {
    async fn put(&self, mut client: KvClient<Channel>, mut random: Random, end: Instant) -> Result<u64, BenchError> {
        let mut done = 0;
        loop {
            let number = random.below(self.keys);
            let request = PutRequest { key: key(number), value: value(random.next()), ..PutRequest::default() };
            let start = Instant::now();
            if start >= end {
                return Ok(done);
            }
            client.put(request).await.map_err(|status| self.failed("put", status))?;
            self.note(start.elapsed());
            done += 1;
        }
    }

    async fn put_stamped(
        &self,
        mut client: KvClient<Channel>,
        mut random: Random,
        end: Instant,
    ) -> Result<u64, BenchError> {
        let mut done = 0;
        loop {
            let start = Instant::now();
            if start >= end {
                return Ok(done);
            }
            let stamp = start.duration_since(self.epoch).as_nanos() as u64;
            let request =
                PutRequest { key: key(random.below(self.keys)), value: value(stamp), ..PutRequest::default() };
            client.put(request).await.map_err(|status| self.failed("put", status))?;
            done += 1;
        }
    }

    async fn get(&self, mut client: KvClient<Channel>, mut random: Random, end: Instant) -> Result<u64, BenchError> {
        let mut done = 0;
        loop {
            let request = RangeRequest { key: key(random.below(self.keys)), ..RangeRequest::default() };
            let start = Instant::now();
            if start >= end {
                return Ok(done);
            }
            let answer = client.range(request).await.map_err(|status| self.failed("get", status))?.into_inner();
            self.note(start.elapsed());
            self.check("get", answer.kvs.first().map_or(0, |kv| kv.value.len()), VALUE_BYTES)?;
            done += 1;
        }
    }

    async fn list(&self, mut client: KvClient<Channel>, end: Instant) -> Result<u64, BenchError> {
        let mut done = 0;
        loop {
            let request = RangeRequest {
                key: Bytes::from_static(KEY_PREFIX.as_bytes()),
                range_end: Bytes::from_static(KEY_PREFIX_END.as_bytes()),
                limit: LIST_LIMIT as i64,
                ..RangeRequest::default()
            };
            let start = Instant::now();
            if start >= end {
                return Ok(done);
            }
            let answer = client.range(request).await.map_err(|status| self.failed("list", status))?.into_inner();
            self.note(start.elapsed());
            self.check("list", answer.kvs.len(), LIST_LIMIT.min(self.keys as usize))?;
            self.check("list", answer.count as u64, self.keys)?;
            done += 1;
        }
    }

    fn note(&self, latency: Duration) {
        self.latencies.borrow_mut().saturating_record(latency.as_nanos() as u64);
    }

    fn check<T: PartialEq + fmt::Display + Copy>(
        &self,
        request: &'static str,
        got: T,
        expected: T,
    ) -> Result<(), BenchError> {
        if got == expected {
            return Ok(());
        }
        let (got, expected) = (got.to_string(), expected.to_string());
        Err(BenchError::WrongAnswer { server: self.server.clone(), request, got, expected })
    }

    fn failed(&self, request: &'static str, status: Status) -> BenchError {
        BenchError::Request { server: self.server.clone(), request, status: Box::new(status) }
    }
}

/// One watcher on every key.
#[derive(Debug)]
struct Watcher {
    // Dropping the sender would end the stream.
    _requests: mpsc::Sender<WatchRequest>,
    responses: tonic::Streaming<kv_proto::etcdserverpb::WatchResponse>,
}

impl Watcher {
    async fn open(server: &str, channel: Channel) -> Result<Watcher, BenchError> {
        let failed =
            |status| BenchError::Request { server: server.to_owned(), request: "watch", status: Box::new(status) };
        let (requests, receiver) = mpsc::channel(1);
        let create = WatchCreateRequest {
            key: Bytes::from_static(KEY_PREFIX.as_bytes()),
            range_end: Bytes::from_static(KEY_PREFIX_END.as_bytes()),
            ..WatchCreateRequest::default()
        };
        let request = WatchRequest { request_union: Some(RequestUnion::CreateRequest(create)) };
        requests.send(request).await.expect("the receiver is right here");
        let mut responses =
            WatchClient::new(channel).watch(ReceiverStream::new(receiver)).await.map_err(failed)?.into_inner();
        // The first answer says that the watcher exists; only then may anybody write.
        responses.message().await.map_err(failed)?;
        Ok(Watcher { _requests: requests, responses })
    }

    async fn receive(mut self, shared: &Shared) -> Result<(), BenchError> {
        while let Some(response) = self.responses.message().await.map_err(|status| shared.failed("watch", status))? {
            let now = shared.epoch.elapsed();
            for event in response.events {
                let value = event.kv.map(|kv| kv.value).unwrap_or_default();
                if let Some(stamp) = value.first_chunk() {
                    shared.note(now.saturating_sub(Duration::from_nanos(u64::from_be_bytes(*stamp))));
                }
            }
        }
        Ok(())
    }
}

/// A seeded sequence of numbers (SplitMix64): both servers are asked for the same keys.
#[derive(Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// Returns a key by its number.
pub(crate) fn key(number: u64) -> Bytes {
    format!("{KEY_PREFIX}{number:0width$}", width = KEY_BYTES - KEY_PREFIX.len()).into()
}

/// A value that begins with `stamp` and does not compress to nothing.
fn value(stamp: u64) -> Bytes {
    let mut random = Random(stamp);
    let mut bytes = stamp.to_be_bytes().to_vec();
    while bytes.len() < VALUE_BYTES {
        bytes.extend_from_slice(&random.next().to_be_bytes());
    }
    bytes.truncate(VALUE_BYTES);
    bytes.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_have_the_sizes_the_report_names() {
        assert_eq!(key(7).len(), KEY_BYTES);
        assert_eq!(value(7).len(), VALUE_BYTES);
        assert!(key(0) < key(99_999) && key(99_999) < KEY_PREFIX_END.as_bytes());
    }
}
