//! The subcommands, one file each, and what they have in common: how they fail.

mod answer;
pub(crate) mod check;
pub(crate) mod client;
pub(crate) mod client_file;
pub(crate) mod cluster;
pub(crate) mod explore;
pub(crate) mod format;
pub(crate) mod list;
mod out;
mod private;
pub(crate) mod readmit;
pub(crate) mod run;
mod tell;
pub(crate) mod test_from;
pub(crate) mod txn;

use quorate::catalogue::{ReplayError, UnknownName};
use quorate::check::CheckError;
use quorate::explore::ExploreError;
use quorate::node::deploy::OpenError;
use quorate::node::{
    AskError, ClientError, ClusterFileError, DataDirError, DeployError, NodeError, PeersError,
};
use quorate::trace::TraceError;
use serde::Serialize;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

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
            | Self::Client(
                ClientError::KeyTooLong { .. }
                | ClientError::ValueTooLong { .. }
                | ClientError::OperationTooLong { .. }
                | ClientError::ContextTooLong { .. }
                | ClientError::Transaction(_),
            )
            | Self::Ask(
                AskError::NotOffered { .. }
                | AskError::NoContexts
                | AskError::BadContext(_)
                | AskError::ForeignContext,
            )
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
