//! Reads and writes beside a defragmentation, and puts beside a compaction.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use kv_proto::etcdserverpb::kv_client::KvClient;
use kv_proto::etcdserverpb::{CompactionRequest, PutRequest};
use tokio::task::JoinSet;
use tonic::Status;
use tonic::transport::Channel;

use super::Found;
use super::data::{connect, connect_all, key, overwrite, value};

use crate::BenchError;
use crate::compare::wait_until_ready;
use crate::probe::Probe;
use crate::process::Process;
use crate::stall;
use crate::total::Total;
use crate::workload::{Random, Recorded, empty_histogram};

/// Keys that the compacted revisions are of.
const COMPACTED_KEYS: u64 = 10_000;
/// How long puts are timed while nothing else goes on.
const IDLE: Duration = Duration::from_secs(5);

pub(super) async fn defragmentation(server: &mut Process, megabytes: u64) -> Result<Found, BenchError> {
    let mut found = Found::new(server);
    let stall = stall::of_defragmentation(server, megabytes).await?;
    found.add("defrag-stall", stall.as_secs_f64() * 1e3);
    Ok(found)
}

/// Compacts as many revisions twice: beside many clients, which decides, then beside a lone one.
pub(super) async fn compaction(server: &mut Process, revisions: u64) -> Result<Found, BenchError> {
    drop(wait_until_ready(server, 1).await?);
    let mut found = Found::new(server);
    let name = found.server.clone();
    let failed = |request: &'static str| {
        let server = name.clone();
        move |status| BenchError::Request { server, request, status: Box::new(status) }
    };
    let channels = connect_all(server);
    for clients in [channels.len(), 1] {
        eprintln!("{name}: writing {revisions} revisions");
        overwrite(&channels, revisions, COMPACTED_KEYS).await.map_err(failed("put"))?;
        let writers = &channels[..clients];
        let idle = beside(server, writers, async {
            tokio::time::sleep(IDLE).await;
            Ok(())
        });
        let idle = idle.await?.row(format!("put, {clients} at once, before a compaction"), &name);
        let newest = newest_revision(&channels[0]).await.map_err(failed("put"))?;
        eprintln!("{name}: compacting");
        let compacting = beside(server, writers, compact(connect(server), newest)).await?;
        let compacting = compacting.row(format!("put, {clients} at once, during a compaction"), &name);
        if clients > 1 {
            found.add("compaction-p99", compacting.p99_us / idle.p99_us);
        }
        found.loads.extend([idle, compacting]);
    }
    server.check_alive()?;
    Ok(found)
}

async fn newest_revision(channel: &Channel) -> Result<i64, Status> {
    let put = PutRequest { key: key(0), value: value(0), ..PutRequest::default() };
    let answer = KvClient::new(channel.clone()).put(put).await?.into_inner();
    Ok(answer.header.map_or(0, |header| header.revision))
}

/// Compacts, and returns when everything is deleted.
async fn compact(channel: Channel, revision: i64) -> Result<(), Status> {
    KvClient::new(channel).compact(CompactionRequest { revision, physical: true }).await.map(drop)
}

/// Times the puts of all clients while something goes on. A lone client puts once a millisecond.
async fn beside(
    server: &Process,
    channels: &[Channel],
    work: impl Future<Output = Result<(), Status>>,
) -> Result<Total, BenchError> {
    let failed = |status| BenchError::Request {
        server: server.name().to_owned(),
        request: "put beside upkeep",
        status: Box::new(status),
    };
    let (cpu, began) = (server.cpu_time()?, Instant::now());
    let latencies = match channels {
        [channel] => probe(channel, work).await,
        channels => crowd(channels, work).await,
    };
    let recorded = Recorded { latencies: latencies.map_err(failed)?, elapsed: began.elapsed() };
    let mut total = Total::new();
    total.add(&recorded, server.cpu_time()?.saturating_sub(cpu));
    Ok(total)
}

async fn probe(channel: &Channel, work: impl Future<Output = Result<(), Status>>) -> Result<Histogram<u64>, Status> {
    let (channel, random) = (channel.clone(), RefCell::new(Random(9)));
    let probe = Probe::start(move || {
        let mut client = KvClient::new(channel.clone());
        let put = random_put(&mut random.borrow_mut());
        async move { client.put(put).await.map(drop) }
    });
    let done = work.await;
    let probed = probe.stop().await;
    done.map(|()| probed.latencies)
}

async fn crowd(channels: &[Channel], work: impl Future<Output = Result<(), Status>>) -> Result<Histogram<u64>, Status> {
    let latencies = Rc::new(RefCell::new(empty_histogram()));
    let stopped = Rc::new(Cell::new(false));
    let mut tasks = JoinSet::new();
    for (channel, seed) in channels.iter().zip(0..) {
        let (mut client, mut random) = (KvClient::new(channel.clone()), Random(seed));
        let (latencies, stopped) = (Rc::clone(&latencies), Rc::clone(&stopped));
        tasks.spawn_local(async move {
            while !stopped.get() {
                let put = random_put(&mut random);
                let began = Instant::now();
                client.put(put).await?;
                latencies.borrow_mut().saturating_record(began.elapsed().as_nanos() as u64);
            }
            Ok::<(), Status>(())
        });
    }
    let done = work.await;
    stopped.set(true);
    while let Some(done) = tasks.join_next().await {
        done.expect("a client does not panic")?;
    }
    done?;
    Ok(Rc::into_inner(latencies).expect("every client has ended").into_inner())
}

fn random_put(random: &mut Random) -> PutRequest {
    let (key, value) = (key(random.below(COMPACTED_KEYS)), value(random.next()));
    PutRequest { key, value, ..PutRequest::default() }
}
