//! `kvd`, the server.

use std::process::ExitCode;

fn main() -> ExitCode {
    kv_server::main(std::env::args_os())
}
