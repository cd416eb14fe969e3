//! The `quorate` command, with the protocols of this crate.

use quorate::models::protocols::All;
use std::process::ExitCode;
use tikv_jemallocator::Jemalloc;

// A node's time goes to many small messages: an eighth of it, with the system's allocator.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    quorate::cli::main::<All>()
}
