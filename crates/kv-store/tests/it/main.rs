//! What the store promises, tested through its public interface: beside a small naive model, and after every kind of
//! interruption.

mod auth;
mod checking;
mod commands;
mod compaction;
mod crash;
mod defragmentation;
mod format;
mod full;
mod harness;
mod hashes;
mod leases;
mod model;
mod pieces;
mod promises;
mod restarts;
mod storage;
mod support;
mod trimming;
mod watching;
