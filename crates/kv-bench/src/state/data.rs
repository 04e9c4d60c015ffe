//! The keys and values of a large store, and how they get there.

use std::cell::Cell;
use std::rc::Rc;

use bytes::Bytes;
use kv_proto::etcdserverpb::kv_client::KvClient;
use kv_proto::etcdserverpb::request_op::Request;
use kv_proto::etcdserverpb::{PutRequest, RequestOp, TxnRequest};
use tokio::task::JoinSet;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

use crate::driver::Random;
use crate::process::Process;

/// Bytes of every value.
const VALUE_BYTES: usize = 256;
/// What every key begins with, and the end of that range.
pub(super) const PREFIX: &str = "/registry/pods/";
pub(super) const PREFIX_END: &str = "/registry/pods0";
/// How many groups the keys are in.
const GROUPS: u64 = 1000;
/// Puts in one loading transaction: what a server allows by default.
const TXN_PUTS: u64 = 128;
/// Transactions under way while a store is filled.
const TXNS: u64 = 8;
/// Clients of what is written one by one.
pub(super) const CLIENTS: usize = 64;

/// Returns a key by its number. Numbers that follow each other are far apart in key order.
pub(super) fn key(number: u64) -> Bytes {
    // Odd, so that the lower 60 bits of the product differ for all numbers below 2^60.
    let name = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) & ((1 << 60) - 1);
    format!("{PREFIX}team-{:04}/service-{name:015x}", number % GROUPS).into()
}

/// Returns a value that does not compress to nothing.
pub(super) fn value(stamp: u64) -> Bytes {
    let mut random = Random(stamp);
    (0..VALUE_BYTES / 8).flat_map(|_| random.next().to_be_bytes()).collect::<Vec<u8>>().into()
}

/// Connects to the server when first used.
pub(super) fn connect(server: &Process) -> Channel {
    Endpoint::from_shared(server.url()).expect("the URL is made of an address").tcp_nodelay(true).connect_lazy()
}

/// A connection for each client.
pub(super) fn connect_all(server: &Process) -> Vec<Channel> {
    (0..CLIENTS).map(|_| connect(server)).collect()
}

/// Puts every key once, many in a transaction; returns the newest revision.
pub(super) async fn fill(server: &Process, keys: u64) -> Result<i64, Status> {
    let next = Rc::new(Cell::new(0));
    let newest = Rc::new(Cell::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..TXNS {
        let mut client = KvClient::new(connect(server));
        let (next, newest) = (Rc::clone(&next), Rc::clone(&newest));
        tasks.spawn_local(async move {
            loop {
                let first = next.get();
                if first >= keys {
                    return Ok::<(), Status>(());
                }
                next.set(first + TXN_PUTS);
                let success = (first..keys.min(first + TXN_PUTS))
                    .map(|number| PutRequest { key: key(number), value: value(number), ..PutRequest::default() })
                    .map(|put| RequestOp { request: Some(Request::RequestPut(put)) })
                    .collect();
                let answer = client.txn(TxnRequest { success, ..TxnRequest::default() }).await?.into_inner();
                newest.set(newest.get().max(answer.header.map_or(0, |header| header.revision)));
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("a client does not panic")?;
    }
    Ok(newest.get())
}

/// Makes `puts` puts, each a revision of its own, on keys below `keys`.
pub(super) async fn overwrite(channels: &[Channel], puts: u64, keys: u64) -> Result<(), Status> {
    let next = Rc::new(Cell::new(0));
    let mut tasks = JoinSet::new();
    for channel in channels {
        let (mut client, next) = (KvClient::new(channel.clone()), Rc::clone(&next));
        tasks.spawn_local(async move {
            loop {
                let number = next.get();
                if number >= puts {
                    return Ok::<(), Status>(());
                }
                next.set(number + 1);
                let key = key(Random(number).below(keys));
                client.put(PutRequest { key, value: value(number), ..PutRequest::default() }).await?;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("a client does not panic")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn keys_differ_and_have_the_size_the_targets_name() {
        let keys: BTreeSet<_> = (0..10_000).map(key).collect();
        assert_eq!(keys.len(), 10_000);
        assert!(keys.iter().all(|key| key.len() == 48));
        assert!(keys.first().expect("there are keys") > PREFIX.as_bytes());
        assert!(keys.last().expect("there are keys") < PREFIX_END.as_bytes());
        assert_eq!(value(3).len(), VALUE_BYTES);
    }
}
