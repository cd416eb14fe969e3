//! The `quorate` command: parses arguments, nothing else.

mod cli;

use clap::{Parser, Subcommand};
use std::io::IsTerminal;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// Replication protocols written once: checked, explored and run from the same code.
#[derive(Parser)]
#[command(
    version,
    max_term_width = 80,
    after_help = "\
Example:
  quorate check             every protocol, in seconds
  quorate cluster paxos     a cluster to try

`quorate COMMAND --help` has examples for each command."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(cli::list::Args),
    Check(Box<cli::check::Args>),
    Explore(cli::explore::Args),
    TestFrom(cli::test_from::Args),
    Format(cli::format::Args),
    ClientFile(cli::client_file::Args),
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
    ExitCode::from(match Arguments::try_parse() {
        Ok(arguments) => run(&arguments.command),
        Err(answer) => cli::without_command(&answer),
    })
}

fn run(command: &Command) -> u8 {
    log_to_stderr(if matches!(command, Command::Run(_)) { "info" } else { "error" });
    let result = match command {
        Command::List(args) => cli::list::execute(args),
        Command::Check(args) => cli::check::execute(args),
        Command::Explore(args) => cli::explore::execute(args),
        Command::TestFrom(args) => cli::test_from::execute(args),
        Command::Format(args) => cli::format::execute(args),
        Command::ClientFile(args) => cli::client_file::execute(args),
        Command::Run(args) => cli::run::execute(args),
        Command::Readmit(args) => cli::readmit::execute(args),
        Command::Cluster(args) => cli::cluster::execute(args),
        Command::Get(args) => cli::client::get(args),
        Command::Put(args) => cli::client::put(args),
        Command::Delete(args) => cli::client::delete(args),
        Command::Cas(args) => cli::client::cas(args),
        Command::Txn(args) => cli::txn::execute(args),
    };
    result.unwrap_or_else(|error| {
        error.tell(command.answers_in_json());
        error.code()
    })
}

impl Command {
    fn answers_in_json(&self) -> bool {
        match self {
            Self::Check(args) => args.is_json(),
            Self::Get(args) => args.common.json,
            Self::Put(args) => args.common.json,
            Self::Delete(args) => args.common.json,
            Self::Cas(args) => args.common.json,
            Self::Txn(args) => args.common.json,
            Self::List(_)
            | Self::Explore(_)
            | Self::TestFrom(_)
            | Self::Format(_)
            | Self::ClientFile(_)
            | Self::Run(_)
            | Self::Readmit(_)
            | Self::Cluster(_) => false,
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
