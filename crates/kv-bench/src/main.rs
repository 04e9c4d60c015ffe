//! The program `kv-bench`; everything is in the library.

fn main() -> std::process::ExitCode {
    kv_bench::main(std::env::args_os())
}
