//! The commands, one file each, for any list of protocols, and what they have in common: how they
//! fail.

mod answer;
mod check;
mod client;
mod client_file;
mod cluster;
mod explore;
mod format;
mod list;
mod out;
mod private;
mod readmit;
mod run;
mod tell;
mod test_from;
mod txn;

use crate::catalogue::{Catalogue, ReplayError, UnknownName};
use crate::check::CheckError;
use crate::explore::ExploreError;
use crate::models::kv::offer::{OfferError, listed};
use crate::models::protocols::Protocols;
use crate::node::deploy::OpenError;
use crate::node::deploy::deployed::CallError;
use crate::node::{
    AskError, ClientError, ClusterFileError, DataDirError, DeployError, NodeError, PeersError,
};
use crate::trace::TraceError;
use clap::{Parser, Subcommand};
use serde::Serialize;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use thiserror::Error;
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
    List(list::Args),
    Check(Box<check::Args>),
    Explore(explore::Args),
    TestFrom(test_from::Args),
    Format(format::Args),
    ClientFile(client_file::Args),
    Run(run::Args),
    Readmit(readmit::Args),
    Cluster(cluster::Args),
    Get(client::Get),
    Put(client::Put),
    Delete(client::Delete),
    Cas(client::Cas),
    Txn(txn::Args),
    Call(client::Call),
}

/// The commands with the protocols of the list `L`: the whole `main` of a program that checks, explores
/// and runs protocols of one's own.
///
/// ```no_run
/// use quorate::models::protocols::{Protocols, Visitor};
///
/// struct Mine;
///
/// impl Protocols for Mine {
///     fn each(visitor: &mut impl Visitor) {
///         visitor.deployed::<quorate::models::paxos::Paxos<quorate::models::kv::Map>>();
///     }
/// }
///
/// fn main() -> std::process::ExitCode {
///     quorate::cli::main::<Mine>()
/// }
/// ```
pub fn main<L: Protocols>() -> ExitCode {
    ExitCode::from(match Arguments::try_parse() {
        Ok(arguments) => run(&arguments.command, &Catalogue::of::<L>()),
        Err(answer) => without_command(&answer),
    })
}

fn run(command: &Command, catalogue: &Catalogue) -> u8 {
    log_to_stderr(if matches!(command, Command::Run(_)) { "info" } else { "error" });
    let result = match command {
        Command::List(args) => list::execute(args, catalogue),
        Command::Check(args) => check::execute(args, catalogue),
        Command::Explore(args) => explore::execute(args, catalogue),
        Command::TestFrom(args) => test_from::execute(args, catalogue),
        Command::Format(args) => format::execute(args, catalogue),
        Command::ClientFile(args) => client_file::execute(args),
        Command::Run(args) => run::execute(args, catalogue),
        Command::Readmit(args) => readmit::execute(args, catalogue),
        Command::Cluster(args) => cluster::execute(args, catalogue),
        Command::Get(args) => client::get(args, catalogue),
        Command::Put(args) => client::put(args, catalogue),
        Command::Delete(args) => client::delete(args, catalogue),
        Command::Cas(args) => client::cas(args, catalogue),
        Command::Txn(args) => txn::execute(args, catalogue),
        Command::Call(args) => client::call(args, catalogue),
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
            Self::Call(args) => args.common.json,
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

/// It was done.
pub(crate) const DONE: u8 = 0;
/// It was not done: the answer is no, or something is wrong.
pub(crate) const NO: u8 = 1;
/// The arguments make no sense.
pub(crate) const USAGE: u8 = 2;
/// It cannot be told whether it was done.
pub(crate) const UNKNOWN: u8 = 3;
/// Whoever reads standard output has left; what a shell shows for a program ended by SIGPIPE.
const NO_READER: u8 = 141;

/// What `--help` says of errors where there is `--json`.
pub(crate) const JSON_ERRORS: &str = "With --json, an error is one JSON object on standard output too: \
     {\"error\": TEXT, \"exit_code\": N}";

/// Why a subcommand failed.
#[derive(Debug, Error)]
pub(crate) enum CliError {
    #[error(transparent)]
    Cluster(#[from] ClusterFileError),
    #[error(transparent)]
    Deploy(#[from] DeployError),
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Peers(#[from] PeersError),
    #[error(transparent)]
    Node(#[from] NodeError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Ask(AskError),
    #[error(
        "the cluster's protocol `{protocol}` does not offer {asked}; it offers {}{}",
        listed(offers),
        offered_by(asked, by)
    )]
    NotOffered {
        protocol: String,
        asked: &'static str,
        offers: &'static [&'static str],
        by: Vec<&'static str>,
    },
    #[error(transparent)]
    Name(#[from] UnknownName),
    #[error(transparent)]
    Trace(#[from] TraceError),
    #[error(transparent)]
    Explore(#[from] ExploreError),
    #[error("{at}: {source}")]
    Check { at: String, source: CheckError },
    #[error("{0}")]
    Usage(String),
    #[error(
        "server {server} of a cluster that runs {protocol} cannot return without its data directory: {why}"
    )]
    CannotReturn { server: usize, protocol: String, why: &'static str },
    #[error("{what} can be read by others (mode {mode:03o}): chmod {wanted} {}", path.display())]
    NotPrivate { what: &'static str, path: PathBuf, mode: u32, wanted: &'static str },
    #[error("cannot {action} {}: {source}", path.display())]
    File { action: &'static str, path: PathBuf, source: io::Error },
    #[error("cannot {action}: {source}")]
    Io { action: &'static str, source: io::Error },
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
}

/// A failure, as JSON.
#[derive(Serialize)]
struct Failure {
    error: String,
    exit_code: u8,
}

impl CliError {
    /// The exit code that says so.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Name(_)
            | Self::Usage(_)
            | Self::Check {
                source:
                    CheckError::ZeroThreads
                    | CheckError::TooManyThreads(_)
                    | CheckError::ZeroLimit(_)
                    | CheckError::UnknownProperty(_)
                    | CheckError::SymmetryElsewhere,
                ..
            }
            | Self::Client(ClientError::Limit(_))
            | Self::NotOffered { .. }
            | Self::Ask(AskError::Offer(
                OfferError::NotOffered { .. }
                | OfferError::NoContexts
                | OfferError::BadContext(_)
                | OfferError::ForeignContext
                | OfferError::Meaningless(_)
                | OfferError::Limit(_),
            ))
            | Self::Deploy(DeployError::TakesNoRequests { .. }) => USAGE,
            Self::Client(
                ClientError::NoAnswer { .. }
                | ClientError::Busy { .. }
                | ClientError::SessionExpired,
            ) => UNKNOWN,
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => NO_READER,
            _ => NO,
        }
    }

    /// Says so: as text on standard error, or as JSON on standard output.
    pub(crate) fn tell(&self, as_json: bool) {
        match self {
            // Who does not listen any more need not be told.
            Self::Output(_) if self.code() == NO_READER => {}
            Self::Output(_) => out::remark(self),
            _ => tell(&self.to_string(), self.code(), as_json),
        }
    }
}

fn offered_by(asked: &str, names: &[&str]) -> String {
    if names.is_empty() {
        return String::new();
    }
    format!("; {asked} is offered by {}", names.join(", "))
}

fn tell(error: &str, exit_code: u8, as_json: bool) {
    let failure = Failure { error: error.to_owned(), exit_code };
    if !as_json || out::json(&failure).is_err() {
        out::remark(error);
    }
}

/// Answers arguments that clap takes care of: a call for help, or bad usage. The exit code.
pub(crate) fn without_command(answer: &clap::Error) -> u8 {
    let args: Vec<_> = std::env::args_os().collect();
    let as_json = args.iter().any(|arg| arg == "--json" || arg == "--format=json")
        || args.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json");
    if answer.use_stderr() {
        if as_json {
            let text = answer.to_string();
            tell(text.trim_start_matches("error: ").trim_end(), USAGE, true);
        } else {
            let _ = answer.print();
        }
        return USAGE;
    }
    match answer.print().map_err(CliError::Output) {
        Ok(()) => DONE,
        Err(error) => {
            error.tell(false);
            error.code()
        }
    }
}

/// This program, as a shell calls it: by its name where it was found by its name.
pub(crate) fn program() -> String {
    let called = std::env::args_os().next().map(PathBuf::from).unwrap_or_default();
    if called.components().count() == 1 && !called.as_os_str().is_empty() {
        return quoted(&called);
    }
    quoted(&std::env::current_exe().unwrap_or(called))
}

/// A path as a shell takes it.
pub(crate) fn quoted(path: &Path) -> String {
    word(&path.display().to_string())
}

/// A text as one word of a shell.
pub(crate) fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+=:@%,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.into();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The words of a name, with that between them: for names of files and functions.
pub(crate) fn joined(name: &str, between: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(between)
}

/// An error about a file.
pub(crate) fn at(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> CliError {
    let path = path.to_owned();
    move |source| CliError::File { action, path, source }
}

impl From<AskError> for CliError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Client(error) => error.into(),
            error => Self::Ask(error),
        }
    }
}

impl From<CallError> for CliError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Open(error) => error.into(),
            CallError::Ask(error) => error.into(),
        }
    }
}

impl From<ReplayError> for CliError {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Name(error) => error.into(),
            ReplayError::Trace(error) => error.into(),
        }
    }
}

impl From<OpenError> for CliError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Deploy(error) => error.into(),
            OpenError::Node(error) => error.into(),
            OpenError::Client(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_quoted_where_a_shell_would_take_it_apart() {
        assert_eq!(quoted(Path::new("/tmp/a-b.toml")), "/tmp/a-b.toml");
        assert_eq!(quoted(Path::new("my file")), "'my file'");
        assert_eq!(quoted(Path::new("it's")), r"'it'\''s'");
    }
}
