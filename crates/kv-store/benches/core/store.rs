//! Commands, applied and stored; ranges, read and encoded.

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use criterion::{Criterion, Throughput};
use kv_store::{
    Command, CommandEntry, CommandId, Compare, CompareResult, CompareTarget, KeyRange, Op, Put, RangeQuery, Txn,
};

use crate::data::{Subject, key, put};

/// Keys in the store.
const KEYS: u64 = 100_000;
/// Commands of one log entry, as many as clients put at a time.
const BATCH: u64 = 64;
/// Pairs of one read.
const RANGE: i64 = 100;
/// Puts that one checkpoint stores.
const CHECKPOINT: u64 = 1024;
/// How much may wait before it is stored, outside of what is timed.
const STORED_EVERY: u64 = 1024;

pub(crate) fn bench(criterion: &mut Criterion) {
    encode(criterion);
    let mut subject = Subject::full(KEYS);
    let mut group = criterion.benchmark_group("store");

    let mut next = 0;
    let mut batch = || {
        next += BATCH;
        (next..next + BATCH).map(|number| put(number * 7919 % KEYS)).collect::<Vec<_>>()
    };
    group.throughput(Throughput::Elements(BATCH));
    group.bench_function("apply-64-puts", |bencher| {
        bencher.iter_custom(|batches| apply(&mut subject, batches, &mut batch));
    });

    let mut next = 0;
    let mut txn = || {
        next += 1;
        vec![guarded_put(next * 7919 % KEYS)]
    };
    group.throughput(Throughput::Elements(1));
    group.bench_function("apply-txn", |bencher| {
        bencher.iter_custom(|txns| apply(&mut subject, txns, &mut txn));
    });

    group.throughput(Throughput::Elements(CHECKPOINT)).sample_size(20);
    group.bench_function("checkpoint-1024-puts", |bencher| {
        bencher.iter_custom(|checkpoints| {
            let mut took = Duration::ZERO;
            for _ in 0..checkpoints {
                for _ in 0..CHECKPOINT / BATCH {
                    subject.apply(&batch());
                }
                let began = Instant::now();
                subject.store.checkpoint_all().expect("the store has room");
                took += began.elapsed();
            }
            took
        });
    });

    let mut asked = 0;
    group.throughput(Throughput::Elements(1)).sample_size(100);
    group.bench_function("get", |bencher| {
        bencher.iter(|| {
            asked += 7919;
            let query = RangeQuery::new(KeyRange::Key(key(asked % KEYS)));
            black_box(subject.store.range(&query).expect("it is readable"))
        });
    });
    group.throughput(Throughput::Elements(RANGE as u64));
    let query = RangeQuery { limit: RANGE, ..RangeQuery::new(KeyRange::prefix(b"/registry/pods/")) };
    group.bench_function("range-of-100-encoded", |bencher| {
        bencher.iter(|| {
            let answer = subject.store.range(&query).expect("it is readable");
            let mut out = BytesMut::new();
            for pair in &answer.kvs {
                pair.encode_to(&mut out);
            }
            out
        });
    });
    group.finish();
}

/// What is done to a command before it is durable.
fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("command");
    let command = Command::Put(Put { key: key(1), value: vec![1; 256].into(), ..Put::default() });
    group.bench_function("encode", |bencher| bencher.iter(|| black_box(&command).encode()));
    let commands = (0..BATCH).map(|number| (CommandId { member: 1, request: number }, put(number))).collect();
    let entry = CommandEntry { clock: 1_700_000_000_000, commands };
    group.throughput(Throughput::Elements(BATCH));
    group.bench_function("encode-entry-of-64", |bencher| bencher.iter(|| black_box(&entry).encode()));
    group.finish();
}

/// Applies entries, and stores them now and then while the clock stands still.
fn apply(subject: &mut Subject, entries: u64, next: &mut impl FnMut() -> Vec<bytes::Bytes>) -> Duration {
    let mut took = Duration::ZERO;
    for number in 0..entries {
        let commands = next();
        let began = Instant::now();
        subject.apply(&commands);
        took += began.elapsed();
        if number % STORED_EVERY == STORED_EVERY - 1 {
            subject.store.checkpoint_all().expect("the store has room");
        }
    }
    subject.store.checkpoint_all().expect("the store has room");
    took
}

/// A put of a key that exists, on the condition that it does.
fn guarded_put(number: u64) -> bytes::Bytes {
    let value = vec![number as u8; 256].into();
    Command::Txn(Txn {
        compare: vec![Compare {
            range: KeyRange::Key(key(number)),
            result: CompareResult::Greater,
            target: CompareTarget::Version(0),
        }],
        success: vec![Op::Put(Put { key: key(number), value, ..Put::default() })],
        failure: Vec::new(),
    })
    .encode()
}
