//! kv-bench, rebuilt here because Cargo tells a test the path of its own package's binaries only.

fn main() -> std::process::ExitCode {
    kv_bench::main(std::env::args_os())
}
