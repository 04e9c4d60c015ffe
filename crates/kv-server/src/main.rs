//! `kvd`, the server.

use std::process::ExitCode;

/// Requests make and free many small pieces of memory, which takes a noticeable part of a get with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    kv_server::main(std::env::args_os())
}
