//! What the core costs without a network or a log: the index, commands, applying, reading, storing.
//!
//! `cargo bench -p kv-store` measures, `cargo bench -p kv-store -- --test` runs each once. Keys are of 48 bytes with long
//! prefixes in common and values of 256 bytes, as `kv-bench state` writes them.

mod data;
mod index;
mod store;

use criterion::{criterion_group, criterion_main};

criterion_group!(core, index::bench, store::bench);
criterion_main!(core);
