//! Prints how long single appends and batches take: `cargo run --release --example latency [DIRECTORY]`.

use std::path::PathBuf;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kv_log::{Entry, Log, Options, Payload, Position, Salt};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let parent = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let dir = parent.join(format!("kv-log-latency-{}", std::process::id()));
    let log = Log::open(&dir, Options::new(Salt::random()?))?;
    let payload = Payload::Command(Bytes::from(vec![1; 320]));
    let mut index = 0;
    for in_flight in [1, 16, 256] {
        let (done, durable) = mpsc::channel();
        let mut latencies = Vec::new();
        let before = log.metrics();
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(1) {
            for _ in 0..in_flight {
                let entry = Entry { position: Position { term: 1, index }, payload: payload.clone() };
                index += 1;
                let (done, begun) = (done.clone(), Instant::now());
                log.append(vec![entry], move |written| {
                    let _ = done.send(written.map(|()| begun.elapsed()));
                });
            }
            for _ in 0..in_flight {
                latencies.push(durable.recv()??);
            }
        }
        latencies.sort();
        let after = log.metrics();
        let syncs = after.syncs - before.syncs;
        println!(
            "{in_flight:4} in flight: {:7.0} entries/s, p50 {:?}, p99 {:?}, sync {:?}, {:.1} entries a sync, {} MiB of files",
            latencies.len() as f64 / start.elapsed().as_secs_f64(),
            latencies[latencies.len() / 2],
            latencies[latencies.len() * 99 / 100],
            after.sync_time.saturating_sub(before.sync_time) / syncs as u32,
            latencies.len() as f64 / syncs as f64,
            log.disk_bytes() >> 20,
        );
    }
    drop(log);
    let start = Instant::now();
    let log = Log::open(&dir, Options::new(Salt::random()?))?;
    println!("opening with {index} entries: {:?}", start.elapsed());
    drop(log);
    std::fs::remove_dir_all(&dir)?;
    Ok(())
}
