//! Measures what consensus and the log cost: callers on a runtime of their own propose puts of 256 bytes to a
//! machine that does nothing, over the real log in a given directory.
//!
//! `cargo run --profile ci -p kv-raft --example propose -- DIRECTORY [CALLERS] [SECONDS]`

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use bytes::Bytes;
use kv_log::Salt;
use kv_raft::{ApplyError, Machine, Node, NodeOptions, Proposer};
use kv_store::{CommandEntry, LogPosition};
use parking_lot::Mutex;

/// Only counts.
#[derive(Default)]
struct Counter {
    applied: Mutex<Option<LogPosition>>,
    membership: Mutex<Option<(LogPosition, Bytes)>>,
    entries: AtomicU64,
}

impl Machine for Counter {
    type Outcome = u64;

    fn applied(&self) -> Option<LogPosition> {
        *self.applied.lock()
    }

    fn durable(&self) -> Option<LogPosition> {
        *self.applied.lock()
    }

    fn membership(&self) -> Option<(LogPosition, Bytes)> {
        self.membership.lock().clone()
    }

    fn apply(
        &self,
        position: LogPosition,
        entry: &CommandEntry,
        _wanted: &[bool],
        _applied: &mut dyn FnMut(&Bytes, bool),
    ) -> Result<Vec<Option<u64>>, ApplyError> {
        *self.applied.lock() = Some(position);
        self.entries.fetch_add(1, Relaxed);
        Ok(vec![Some(position.index); entry.commands.len()])
    }

    fn apply_membership(&self, position: LogPosition, membership: Bytes) {
        *self.membership.lock() = Some((position, membership));
        self.apply_blank(position);
    }

    fn apply_blank(&self, position: LogPosition) {
        *self.applied.lock() = Some(position);
    }

    fn is_costly(&self, _entry: &CommandEntry) -> bool {
        false
    }

    fn is_backlog_full(&self) -> bool {
        false
    }
}

/// Proposes one command after the other, until told to end; returns how long each took.
async fn call(proposer: Proposer<Counter>, end: Arc<AtomicBool>) -> Vec<Duration> {
    let command = Bytes::from(vec![b'x'; 300]);
    let mut durations = Vec::new();
    while !end.load(Relaxed) {
        let begin = Instant::now();
        if proposer.propose(command.clone()).await.is_err() {
            break;
        }
        durations.push(begin.elapsed());
    }
    durations
}

/// Returns the processor time of this process so far: user and system, in ticks of 10 ms.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let directory = PathBuf::from(args.next().ok_or("name a directory to write the log in")?);
    let callers = args.next().map_or(Ok(64), |callers| callers.parse::<usize>())?;
    let seconds = args.next().map_or(Ok(3), |seconds| seconds.parse::<u64>())?;

    let clock = Arc::new(|| std::time::UNIX_EPOCH.elapsed().map_or(0, |now| now.as_millis() as u64));
    let options = NodeOptions::new(1, directory, kv_log::Options::new(Salt::random()?), clock);
    let machine = Arc::new(Counter::default());
    let node = Node::start(options, Arc::clone(&machine)).await?;
    node.wait_for_recovery().await?;

    let end = Arc::new(AtomicBool::new(false));
    let (begin, processor, entries) = (Instant::now(), processor_time(), machine.entries.load(Relaxed));
    let proposer = node.proposer();
    let callers: Vec<_> = (0..callers).map(|_| tokio::spawn(call(proposer.clone(), Arc::clone(&end)))).collect();
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    end.store(true, Relaxed);
    let mut durations = Vec::new();
    for caller in callers {
        durations.extend(caller.await?);
    }
    let (elapsed, processor) = (begin.elapsed(), processor_time().saturating_sub(processor));
    let entries = machine.entries.load(Relaxed) - entries;

    durations.sort_unstable();
    let micros = |duration: Duration| duration.as_secs_f64() * 1e6;
    let count = durations.len();
    println!("commands       {count} in {entries} entries");
    println!("rate           {:.0} commands/s", count as f64 / elapsed.as_secs_f64());
    println!("p50, p99       {:.0}, {:.0} µs", micros(durations[count / 2]), micros(durations[count * 99 / 100]));
    println!("processor      {:.2} µs/command", micros(processor) / count as f64);
    node.shutdown().await;
    Ok(())
}
