//! Fuzz bodies: what reads bytes from the wire or the disk, fed with bytes that nobody wrote.
//!
//! A body takes any bytes. It may refuse them, and must not panic, hang, or take more memory than they are worth. What it
//! accepts must mean the same when it is written and read again. Each target has seeds, which our own code wrote;
//! inputs are seeds that [`mutate`] has changed. An ordinary test replays some thousands of each and what was found
//! before; the program goes on for as long as it is let:
//!
//! ```text
//! cargo run --release -p kv-fuzz -- command --seconds 600
//! ```

mod disk;
mod mutate;
mod random;
mod service;
mod wire;

pub use mutate::mutate;
pub use random::Random;

/// Something that reads bytes.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// What it is called on the command line, and its directory of found inputs.
    pub name: &'static str,
    /// Inputs as our own code writes them.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Reads an input; panics where what was read does not hold.
    pub run: fn(&[u8]),
    /// How many inputs the ordinary test tries.
    pub replayed: u64,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "command", seeds: wire::commands, run: wire::command, replayed: 20_000 },
    Target { name: "entry", seeds: wire::entries, run: wire::entry, replayed: 10_000 },
    Target { name: "key_value", seeds: wire::key_values, run: wire::key_value, replayed: 20_000 },
    Target { name: "membership", seeds: wire::memberships, run: wire::membership, replayed: 5_000 },
    Target { name: "request", seeds: wire::requests, run: wire::request, replayed: 20_000 },
    Target { name: "service", seeds: service::calls, run: service::call, replayed: 2_000 },
    Target { name: "log", seeds: disk::logs, run: disk::log, replayed: 500 },
    Target { name: "store_file", seeds: disk::store_files, run: disk::store_file, replayed: 1_000 },
];
