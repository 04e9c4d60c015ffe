//! The binary `kvctl`.

fn main() -> std::process::ExitCode {
    kvctl::main(std::env::args_os())
}
