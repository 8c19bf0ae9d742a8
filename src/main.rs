//! The binary: hands over to [`chronotype::cli`].

use tikv_jemallocator::Jemalloc;

/// A service that waits holds nothing but what it knows.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> std::process::ExitCode {
    chronotype::cli::main()
}
