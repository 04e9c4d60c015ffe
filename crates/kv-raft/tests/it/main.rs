//! Tests of a whole node: kv-log in a directory of its own, and a machine that fits in memory.

mod cluster;
mod failures;
mod proposals;
mod restarts;
mod store;
mod toy;
