//! What an entry costs until it is durable: one at a time, and many that share a write and a sync.
//!
//! `cargo bench -p kv-log` measures, `cargo bench -p kv-log -- --test` runs each once. The directory for temporary files must be
//! on a disk for the durable ones to mean something.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kv_log::{Entry, Log, Options, Payload, Position, Salt, SyncMode};

/// Bytes of an entry with one put.
const ENTRY_BYTES: usize = 350;
/// Puts that share an entry when many clients write.
const BATCH: usize = 64;
/// Entries after which what is durable is given up, as after a checkpoint.
const PURGED_EVERY: u64 = 1000;

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("log");
    for (name, sync, bytes) in [
        ("append-unsynced", SyncMode::Never, ENTRY_BYTES),
        ("append-durable", SyncMode::Durable, ENTRY_BYTES),
        ("append-durable-64-puts", SyncMode::Durable, ENTRY_BYTES * BATCH),
    ] {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let options = Options { sync, ..Options::new(Salt::seeded(1)) };
        let log = Log::open(directory.path(), options).expect("the log opens");
        let payload = Payload::Command(vec![7; bytes].into());
        let mut index = 0;
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|entries| {
                let mut took = Duration::ZERO;
                for _ in 0..entries {
                    let position = Position { term: 1, index };
                    let began = Instant::now();
                    wait(|done| log.append(vec![Entry { position, payload: payload.clone() }], done));
                    took += began.elapsed();
                    index += 1;
                    if index % PURGED_EVERY == 0 {
                        wait(|done| log.purge_to(position, done));
                    }
                }
                took
            });
        });
    }
    group.finish();
}

/// What the log calls when an order is done.
type Done = Box<dyn FnOnce(Result<(), kv_log::WriteError>) + Send>;

/// Gives the log an order and waits until it is done.
fn wait(order: impl FnOnce(Done)) {
    let (sender, done) = mpsc::channel();
    order(Box::new(move |written| sender.send(written).expect("somebody waits")));
    done.recv().expect("the log answers").expect("the disk has room");
}

criterion_group!(log, bench);
criterion_main!(log);
