//! What one client does, again and again.

use std::time::Instant;

use bytes::Bytes;
use kv_proto::etcdserverpb::compare::{CompareResult, CompareTarget, TargetUnion};
use kv_proto::etcdserverpb::request_op::Request;
use kv_proto::etcdserverpb::{
    Compare, LeaseGrantRequest, LeaseGrantResponse, LeaseKeepAliveRequest, LeaseKeepAliveResponse, PutRequest,
    PutResponse, RangeRequest, RangeResponse, RequestOp, TxnRequest, TxnResponse,
};
use tonic::Status;

use super::Shared;
use super::keys::{Order, Random, shuffled};
use super::pace::Pace;
use super::wire::{Connection, Messages, Method, Requests};
use crate::BenchError;

/// The time to live of leases that are renewed, in seconds: none ends during a run, and none is left behind for long.
const LEASE_TTL: i64 = 3600;

/// What an operation of a load is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Overwrites a key.
    Put,
    /// Writes the next of all keys, each once.
    Fill { order: Order, puts_per_txn: u64 },
    /// Reads a key.
    Get { serializable: bool },
    /// Reads keys that follow each other, from a random one on.
    Range { length: u64, serializable: bool },
    /// Reads the next page of all keys, from the first again after the last; or the first page each time.
    List { limit: u64, first_page: bool, serializable: bool },
    /// Counts all keys.
    Count { serializable: bool },
    /// Reads a key and overwrites it if nobody else has in between.
    Txn,
    /// Reads a key, or overwrites one.
    Mixed { reads_percent: u64, serializable: bool },
    /// Overwrites a key, and sees it arrive at every watcher.
    Watch { watchers: u64 },
    /// Renews a lease.
    Lease { leases: u64 },
}

impl Operation {
    /// Returns how many operations there are, where there is an end.
    pub(crate) fn count(self, keys: u64) -> Option<u64> {
        match self {
            Operation::Fill { puts_per_txn, .. } => Some(keys.div_ceil(puts_per_txn)),
            _ => None,
        }
    }
}

/// One client.
#[derive(Debug)]
pub(crate) struct Caller {
    connection: Connection,
    random: Random,
    number: u64,
    callers: u64,
    /// Where its next page begins.
    page: Option<Bytes>,
    /// Its renewals, and the leases it renews by turns.
    renewals: Option<(Requests, Messages)>,
    leases: Vec<i64>,
    renewed: usize,
}

impl Caller {
    pub(super) fn new(connection: Connection, random: Random, number: u64, callers: u64) -> Caller {
        Caller { connection, random, number, callers, page: None, renewals: None, leases: Vec::new(), renewed: 0 }
    }

    /// Creates what this client works with.
    pub(super) async fn prepare(&mut self, shared: &Shared) -> Result<(), BenchError> {
        let Operation::Lease { leases } = shared.operation else { return Ok(()) };
        // Every client has at least one.
        let share = leases.div_ceil(self.callers).min(leases.saturating_sub(self.number)).max(1);
        for _ in 0..share {
            let request = LeaseGrantRequest { ttl: LEASE_TTL, id: 0 };
            let granted: LeaseGrantResponse = self
                .connection
                .call(Method::LeaseGrant, &request)
                .await
                .map_err(|status| shared.failed("granting", status))?;
            self.leases.push(granted.id);
        }
        Ok(())
    }

    /// Does one operation after the other, as the pace allows it.
    pub(super) async fn run(&mut self, shared: &Shared, pace: &Pace) -> Result<(), BenchError> {
        while let Some(start) = pace.next().await {
            self.once(shared, start).await?;
        }
        Ok(())
    }

    async fn once(&mut self, shared: &Shared, start: Instant) -> Result<(), BenchError> {
        match shared.operation {
            Operation::Put => {
                let number = shared.chooser.write(&mut self.random);
                self.put(shared, number).await?;
                shared.recorder.note("put", start.elapsed());
            }
            Operation::Fill { order, puts_per_txn } => {
                self.fill(shared, order, puts_per_txn).await?;
                shared.recorder.note(if puts_per_txn == 1 { "put" } else { "txn of puts" }, start.elapsed());
            }
            Operation::Get { serializable } => self.get(shared, serializable, start).await?,
            Operation::Range { length, serializable } => {
                let length = length.min(shared.keys.keys);
                let first = self.random.below(shared.keys.keys - length + 1);
                let (_, end) = shared.keys.range();
                let behind = first + length;
                let range_end = if behind < shared.keys.keys { shared.keys.key(behind) } else { end };
                let request =
                    RangeRequest { key: shared.keys.key(first), range_end, serializable, ..RangeRequest::default() };
                let answer = self.range(shared, "range", &request).await?;
                shared.recorder.note("range", start.elapsed());
                shared.check("range", answer.kvs.len() as u64, length, FILL_FIRST)?;
            }
            Operation::List { limit, first_page, serializable } => {
                let (first, range_end) = shared.keys.range();
                let key = self.page.take().unwrap_or(first);
                let request =
                    RangeRequest { key, range_end, limit: limit as i64, serializable, ..RangeRequest::default() };
                let answer = self.range(shared, "list", &request).await?;
                shared.recorder.note("page", start.elapsed());
                let expected = (answer.count as u64).min(limit).max(1);
                shared.check("list", answer.kvs.len() as u64, expected, FILL_FIRST)?;
                if answer.more && !first_page {
                    self.page = answer.kvs.last().map(|last| [&last.key[..], &[0]].concat().into());
                }
            }
            Operation::Count { serializable } => {
                let (key, range_end) = shared.keys.range();
                let request =
                    RangeRequest { key, range_end, count_only: true, serializable, ..RangeRequest::default() };
                let answer = self.range(shared, "count", &request).await?;
                shared.recorder.note("count", start.elapsed());
                shared.check("count", answer.count as u64, shared.keys.keys, FILL_FIRST)?;
            }
            Operation::Txn => self.guarded_put(shared, start).await?,
            Operation::Mixed { reads_percent, serializable } => {
                if self.random.below(100) < reads_percent {
                    self.get(shared, serializable, start).await?;
                } else {
                    let number = shared.chooser.write(&mut self.random);
                    self.put(shared, number).await?;
                    shared.recorder.note("put", start.elapsed());
                }
            }
            Operation::Watch { .. } => {
                let stamp = start.duration_since(shared.epoch).as_nanos() as u64;
                let key = shared.keys.key(shared.chooser.write(&mut self.random));
                let request = PutRequest { key, value: shared.keys.value(stamp), ..PutRequest::default() };
                let _: PutResponse = self.call(shared, "put", Method::Put, &request).await?;
            }
            Operation::Lease { .. } => {
                self.renew().await.map_err(|status| shared.failed("renewing", status))?;
                shared.recorder.note("renewal", start.elapsed());
            }
        }
        Ok(())
    }

    async fn put(&mut self, shared: &Shared, number: u64) -> Result<(), BenchError> {
        let request = PutRequest { key: shared.keys.key(number), value: self.value(shared), ..PutRequest::default() };
        let _: PutResponse = self.call(shared, "put", Method::Put, &request).await?;
        Ok(())
    }

    async fn fill(&mut self, shared: &Shared, order: Order, puts_per_txn: u64) -> Result<(), BenchError> {
        let keys = shared.keys.keys;
        let first = shared.unfilled.get();
        let behind = (first + puts_per_txn).min(keys);
        shared.unfilled.set(behind);
        let number = |place| match order {
            Order::Sequential => place,
            Order::Random => shuffled(place, keys),
        };
        if puts_per_txn == 1 {
            return self.put(shared, number(first)).await;
        }
        let success = (first..behind)
            .map(|place| {
                let (key, value) = (shared.keys.key(number(place)), self.value(shared));
                RequestOp { request: Some(Request::RequestPut(PutRequest { key, value, ..PutRequest::default() })) }
            })
            .collect();
        let request = TxnRequest { success, ..TxnRequest::default() };
        let _: TxnResponse = self.call(shared, "txn", Method::Txn, &request).await?;
        Ok(())
    }

    async fn get(&mut self, shared: &Shared, serializable: bool, start: Instant) -> Result<(), BenchError> {
        let key = shared.keys.key(shared.chooser.read(&mut self.random));
        let request = RangeRequest { key, serializable, ..RangeRequest::default() };
        let answer = self.range(shared, "get", &request).await?;
        shared.recorder.note("get", start.elapsed());
        shared.check("get", answer.kvs.len() as u64, 1, FILL_FIRST)
    }

    async fn guarded_put(&mut self, shared: &Shared, start: Instant) -> Result<(), BenchError> {
        let key = shared.keys.key(shared.chooser.read(&mut self.random));
        let request = RangeRequest { key: key.clone(), ..RangeRequest::default() };
        let read = self.range(shared, "get", &request).await?;
        let guard = Compare {
            result: CompareResult::Equal.into(),
            target: CompareTarget::Mod.into(),
            key: key.clone(),
            // A key that is not there has zero.
            target_union: Some(TargetUnion::ModRevision(read.kvs.first().map_or(0, |kv| kv.mod_revision))),
            ..Compare::default()
        };
        let put = PutRequest { key, value: self.value(shared), ..PutRequest::default() };
        let request = TxnRequest {
            compare: vec![guard],
            success: vec![RequestOp { request: Some(Request::RequestPut(put)) }],
            ..TxnRequest::default()
        };
        let answer: TxnResponse = self.call(shared, "txn", Method::Txn, &request).await?;
        shared.recorder.note("get and txn", start.elapsed());
        if !answer.succeeded {
            shared.recorder.note_conflict();
        }
        Ok(())
    }

    async fn renew(&mut self) -> Result<(), Status> {
        let request = LeaseKeepAliveRequest { id: self.leases[self.renewed % self.leases.len()] };
        self.renewed += 1;
        let messages = match &mut self.renewals {
            Some((requests, messages)) => {
                requests.send(&request)?;
                messages
            }
            none => {
                let opened = self.connection.stream(Method::LeaseKeepAlive, &request).await?;
                &mut none.insert(opened).1
            }
        };
        match messages.next::<LeaseKeepAliveResponse>().await? {
            Some(answer) if answer.ttl > 0 => Ok(()),
            Some(_) => Err(Status::not_found("the lease is gone")),
            None => Err(Status::unavailable("the stream has ended")),
        }
    }

    fn value(&mut self, shared: &Shared) -> Bytes {
        shared.keys.value(self.random.next())
    }

    async fn range(
        &mut self,
        shared: &Shared,
        name: &'static str,
        request: &RangeRequest,
    ) -> Result<RangeResponse, BenchError> {
        self.call(shared, name, Method::Range, request).await
    }

    async fn call<Q: prost::Message, A: prost::Message + Default>(
        &mut self,
        shared: &Shared,
        name: &'static str,
        method: Method,
        request: &Q,
    ) -> Result<A, BenchError> {
        self.connection.call(method, request).await.map_err(|status| shared.failed(name, status))
    }
}

/// What a reader is told who finds fewer keys than there should be.
const FILL_FIRST: &str = "keys (`kv-bench run fill` writes them)";
