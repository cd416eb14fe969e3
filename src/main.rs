//! The `quorate` command, with the protocols of this crate.

use quorate::models::protocols::All;
use std::process::ExitCode;

fn main() -> ExitCode {
    quorate::cli::main::<All>()
}
