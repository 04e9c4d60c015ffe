//! A store with many keys: its memory, its disk, lists and counts of it, and its restart.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kv_proto::etcdserverpb::RangeRequest;
use kv_proto::etcdserverpb::kv_client::KvClient;
use tokio::task::JoinSet;
use tonic::Status;
use tonic::transport::Channel;

use super::Found;
use super::data::{PREFIX, PREFIX_END, connect, connect_all, fill, key, overwrite};
use crate::BenchError;
use crate::lifecycle::{rest, restart};
use crate::process::Process;
use crate::ready::wait_until_ready;
use crate::servers::OURS;

/// Keys of one page of a list.
const PAGE: i64 = 500;
/// When a list is given up: a server that counts all keys for each page takes minutes.
const LISTED_WITHIN: Duration = Duration::from_secs(100);
/// How long and by how many clients keys are counted.
const COUNTING: Duration = Duration::from_secs(2);
const COUNTERS: usize = 16;
/// Restarts, the median of which counts, and the puts right before each.
const RESTARTS: usize = 3;
const PUTS_BEFORE_RESTART: u64 = 1000;

pub(super) async fn measure(server: &mut Process, keys: u64, changes: u64) -> Result<Found, BenchError> {
    wait_until_ready(server).await?;
    let mut found = Found::new(server);
    let name = found.server.clone();
    let failed = |request| BenchError::request(&name, request);

    eprintln!("{name}: writing {keys} keys");
    let full = fill(server, keys).await.map_err(failed("filling"))?;
    rest(server).await?;
    found.add("memory-full", server.anonymous_bytes()? as f64 / 1e6);
    found.add("disk-full", server.disk_bytes()? as f64 / 1e6);

    let channel = connect(server);
    found.add("count-cpu", count_cpu(server, keys).await? * 1e6);
    let newest = list(&channel, 0, keys).await.map_err(failed("list"))?;
    found.add("list-all", newest.seconds);
    if newest.keys < keys {
        found.note(&format!("the list was given up after {:.0} s and {} keys", newest.seconds, newest.keys));
    }
    overwrite(&connect_all(server), changes, keys).await.map_err(failed("put"))?;
    rest(server).await?;
    // It is compared with the list before, not with another server, some of which take minutes.
    if name == OURS {
        let pinned = list(&channel, full, keys).await.map_err(failed("list"))?;
        found.add("list-all-pinned", pinned.seconds / newest.seconds);
        found.note(&format!("the list at a pinned revision took {:.2} s", pinned.seconds));
    }

    let mut restarts = Vec::new();
    for _ in 0..RESTARTS {
        overwrite(&connect_all(server), PUTS_BEFORE_RESTART, keys).await.map_err(failed("put"))?;
        restarts.push(restart(server, key(0)).await?);
    }
    restarts.sort();
    found.add("restart", restarts[RESTARTS / 2].as_secs_f64());
    found.note(&format!("restarts took {restarts:.2?}"));
    rest(server).await?;
    found.note(&format!("RssAnon after the restarts {:.0} MB", server.anonymous_bytes()? as f64 / 1e6));
    server.check_alive()?;
    Ok(found)
}

/// A list of all keys, or of as many as there was time for.
struct Listed {
    seconds: f64,
    keys: u64,
}

/// Reads all keys as they were at a revision, page by page.
async fn list(channel: &Channel, revision: i64, keys: u64) -> Result<Listed, Status> {
    let mut client = KvClient::new(channel.clone());
    let began = Instant::now();
    let mut start = Bytes::from_static(PREFIX.as_bytes());
    let mut seen = 0;
    loop {
        let request = RangeRequest {
            key: start,
            range_end: Bytes::from_static(PREFIX_END.as_bytes()),
            limit: PAGE,
            revision,
            ..RangeRequest::default()
        };
        let answer = client.range(request).await?.into_inner();
        if answer.count as u64 != keys - seen {
            return Err(Status::data_loss(format!("{} keys counted behind {seen}, of {keys}", answer.count)));
        }
        seen += answer.kvs.len() as u64;
        match answer.kvs.last() {
            Some(last) if answer.more && began.elapsed() < LISTED_WITHIN => {
                start = [&last.key[..], &[0]].concat().into();
            }
            _ if seen == keys || answer.more => {
                return Ok(Listed { seconds: began.elapsed().as_secs_f64(), keys: seen });
            }
            _ => return Err(Status::data_loss(format!("the list ends after {seen} keys of {keys}"))),
        }
    }
}

/// Counts all keys again and again; returns the seconds of processor time of one count.
async fn count_cpu(server: &Process, keys: u64) -> Result<f64, BenchError> {
    let counted = Rc::new(Cell::new(0u64));
    let mut tasks = JoinSet::new();
    let before = server.cpu_time()?;
    let began = Instant::now();
    for _ in 0..COUNTERS {
        let (mut client, counted) = (KvClient::new(connect(server)), Rc::clone(&counted));
        tasks.spawn_local(async move {
            while began.elapsed() < COUNTING {
                let request = RangeRequest {
                    key: Bytes::from_static(PREFIX.as_bytes()),
                    range_end: Bytes::from_static(PREFIX_END.as_bytes()),
                    count_only: true,
                    ..RangeRequest::default()
                };
                let count = client.range(request).await?.into_inner().count;
                if count as u64 != keys {
                    return Err(Status::data_loss(format!("{count} keys counted of {keys}")));
                }
                counted.set(counted.get() + 1);
            }
            Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("a client does not panic").map_err(BenchError::request(server.name(), "count"))?;
    }
    let used = server.cpu_time()?.saturating_sub(before);
    Ok(used.as_secs_f64() / counted.get() as f64)
}
