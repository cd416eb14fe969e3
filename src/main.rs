//! The `quorate` command: parses arguments, nothing else.

mod cli;

use clap::{Parser, Subcommand};
use std::io::IsTerminal;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// Replication protocols written once: checked, explored and run from the same code.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(cli::list::Args),
    Check(cli::check::Args),
    Explore(cli::explore::Args),
    Format(cli::format::Args),
    Run(cli::run::Args),
    Readmit(cli::readmit::Args),
    Cluster(cli::cluster::Args),
    Get(cli::client::Get),
    Put(cli::client::Put),
    Delete(cli::client::Delete),
    Cas(cli::client::Cas),
    Txn(cli::txn::Args),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let quiet = !matches!(arguments.command, Command::Run(_));
    log_to_stderr(if quiet { "error" } else { "info" });
    let result = match &arguments.command {
        Command::List(args) => cli::list::execute(args),
        Command::Check(args) => cli::check::execute(args),
        Command::Explore(args) => cli::explore::execute(args),
        Command::Format(args) => cli::format::execute(args),
        Command::Run(args) => cli::run::execute(args),
        Command::Readmit(args) => cli::readmit::execute(args),
        Command::Cluster(args) => cli::cluster::execute(args),
        Command::Get(args) => cli::client::get(args),
        Command::Put(args) => cli::client::put(args),
        Command::Delete(args) => cli::client::delete(args),
        Command::Cas(args) => cli::client::cas(args),
        Command::Txn(args) => cli::txn::execute(args),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("quorate: {error}");
            ExitCode::from(error.code())
        }
    }
}

/// `RUST_LOG` says what is logged, such as `quorate=debug`; without it, a `default` level.
fn log_to_stderr(default: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}
