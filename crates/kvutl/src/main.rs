//! The program `kvutl`.

fn main() -> std::process::ExitCode {
    kvutl::main(std::env::args_os())
}
