//! The program `kv-bench`; everything is in the library.

// What kvd uses: the floor is to be compared with it, and the clients allocate for every request, too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    kv_bench::main(std::env::args_os())
}
