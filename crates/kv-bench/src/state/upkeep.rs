//! Reads and writes beside a defragmentation, and puts beside a compaction.

use std::time::Duration;

use tokio::task;

use super::Found;
use crate::BenchError;
use crate::driver::{Distribution, KeySpace, Load, Operation, Recorded, Session, Until};
use crate::lifecycle::{compact, rest};
use crate::lines::Total;
use crate::process::Process;
use crate::ready::wait_until_ready;
use crate::stall;

/// Keys that the compacted revisions are of.
const COMPACTED_KEYS: u64 = 10_000;
/// How long puts are timed while nothing else goes on.
const IDLE: Duration = Duration::from_secs(3);
/// How often it is looked whether the compaction is done.
const SLICE: Duration = Duration::from_millis(200);

pub(super) async fn defragmentation(server: &mut Process, megabytes: u64) -> Result<Found, BenchError> {
    let mut found = Found::new(server);
    let stall = stall::of_defragmentation(server, megabytes).await?;
    found.add("defrag-stall", stall.as_secs_f64() * 1e3);
    Ok(found)
}

/// Compacts as many revisions twice: beside many clients, which decides, then beside a lone one.
pub(super) async fn compaction(server: &mut Process, revisions: u64) -> Result<Found, BenchError> {
    wait_until_ready(server).await?;
    let mut found = Found::new(server);
    let name = found.server.clone();
    let failed = |request| BenchError::request(&name, request);
    for (clients, rate) in [(64, None), (1, Some(1000.0))] {
        let load = |rate| Load {
            operation: Operation::Put,
            clients,
            connections: clients,
            keys: KeySpace::of(COMPACTED_KEYS),
            distribution: Distribution::Uniform,
            rate,
            idle_watchers: 0,
            seed: clients as u64,
        };
        let urls = [server.url()];
        eprintln!("{name}: writing {revisions} revisions");
        let filling = Load { clients: 64, connections: 64, ..load(None) };
        Session::open(&name, &urls, filling).await?.drive(Until::Count(revisions)).await?;
        rest(server).await?;

        let mut session = Session::open(&name, &urls, load(rate)).await?;
        let cpu = server.cpu_time()?;
        let idle = session.drive(Until::Elapsed(IDLE)).await?;
        let idle = Total::new(idle, server.cpu_time()?.saturating_sub(cpu));
        let idle = idle.row(&format!("put, {clients} at once, before a compaction"), &name);

        eprintln!("{name}: compacting");
        let cpu = server.cpu_time()?;
        let work = task::spawn_local(compact(server.url()));
        let mut compacting = Recorded::default();
        while !work.is_finished() {
            compacting.add(&session.drive(Until::Elapsed(SLICE)).await?);
        }
        work.await.expect("a compaction does not panic").map_err(failed("compaction"))?;
        let compacting = Total::new(compacting, server.cpu_time()?.saturating_sub(cpu));
        let compacting = compacting.row(&format!("put, {clients} at once, during a compaction"), &name);
        if clients > 1 {
            found.add("compaction-p99", compacting.p99_us / idle.p99_us);
        }
        found.loads.extend([idle, compacting]);
    }
    server.check_alive()?;
    Ok(found)
}
