//! The index of keys.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput};
use kv_store::{KeyIndex, KeyIndexBuilder, KeyRange, Point};

use crate::data::key;

/// Keys in the index.
const KEYS: u64 = 100_000;
/// Keys written to an index that is thrown away.
const WRITES: u64 = 1000;
/// Live keys of one read.
const RANGE: usize = 100;

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut full = KeyIndex::new();
    for number in 0..KEYS {
        full.put(&key(number), at(number), 0);
    }
    let keys: Vec<_> = (0..KEYS).map(key).collect();
    let all = KeyRange::prefix(b"/registry/pods/");

    let mut group = criterion.benchmark_group("index");
    group.throughput(Throughput::Elements(WRITES));
    group.bench_function("insert-new", |bencher| {
        bencher.iter_batched_ref(
            KeyIndex::new,
            |index| {
                for (number, key) in (0..WRITES).zip(&keys) {
                    index.put(key, at(number), 0);
                }
            },
            BatchSize::SmallInput,
        );
    });
    group.throughput(Throughput::Elements(1));
    let mut written = KEYS;
    group.bench_function("insert-existing", |bencher| {
        bencher.iter(|| {
            let key = &keys[(written * 7919 % KEYS) as usize];
            written += 1;
            full.put(key, at(written), 0);
            // Else the history of a few keys would grow beyond all others'.
            full.compact_key(key, at(written).major);
        });
    });
    let newest = at(written).major;
    let mut asked = 0;
    group.bench_function("look-up", |bencher| {
        bencher.iter(|| {
            asked += 7919;
            black_box(full.get(&keys[asked % KEYS as usize], newest))
        });
    });
    group.bench_function("count", |bencher| bencher.iter(|| black_box(full.count(&all, newest))));
    group.throughput(Throughput::Elements(RANGE as u64));
    group.bench_function("range-of-100", |bencher| {
        bencher.iter(|| full.range(&all, newest).take(RANGE).map(|(_, version)| version.version).sum::<i64>());
    });

    let versions: Vec<_> = keys.iter().map(|key| full.newest(key).expect("it was put")).collect();
    group.throughput(Throughput::Elements(KEYS)).sample_size(20);
    group.bench_function("bulk-build", |bencher| {
        bencher.iter_with_large_drop(|| {
            let mut builder = KeyIndexBuilder::new();
            for (key, version) in keys.iter().zip(&versions) {
                builder.add(key, *version);
            }
            builder.finish()
        });
    });
    group.finish();
}

fn at(number: u64) -> Point {
    Point::new(number as i64 + 2, 0)
}
