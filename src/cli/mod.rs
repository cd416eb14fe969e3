//! The commands, one file each, for any list of protocols, and what they have in common: how they
//! fail.

mod answer;
mod bench;
mod chaos;
mod check;
mod client;
mod client_file;
mod cluster;
mod completions;
mod duration;
mod error;
mod explore;
mod export;
mod failure;
mod format;
mod keygen;
mod level;
mod levels;
mod list;
mod man;
mod of_topic;
mod out;
mod own_cluster;
mod private;
mod produce;
mod readmit;
mod ring;
mod run;
mod status;
mod tell;
mod test_from;
mod topic;
mod topics;
mod tree;
mod txn;
mod version;

use crate::catalogue::Catalogue;
use crate::models::protocols::Protocols;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
pub(crate) use error::{CliError, DONE, JSON_ERRORS, NO, UNKNOWN, USAGE, at};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
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
    List(list::Args),
    Levels(levels::Args),
    Check(Box<check::Args>),
    Explore(explore::Args),
    Export(export::Args),
    TestFrom(test_from::Args),
    Keygen(keygen::Args),
    Format(format::Args),
    ClientFile(client_file::Args),
    Run(run::Args),
    Readmit(readmit::Args),
    Status(status::Args),
    Ring(ring::Args),
    Cluster(cluster::Args),
    Bench(Box<bench::Args>),
    Get(client::Get),
    Range(client::Keys),
    Put(client::Put),
    Delete(client::Delete),
    Cas(client::Cas),
    Sync(client::Sync),
    Create(tree::Create),
    Stat(tree::Stat),
    Children(tree::Children),
    Watch(tree::Watch),
    Txn(txn::Args),
    Produce(produce::Produce),
    Consume(topic::Consume),
    Offsets(topic::Offsets),
    Topics(topics::Args),
    Call(client::Call),
    Completions(completions::Args),
    Man(man::Args),
}

/// The whole command line, for completions and manual pages.
pub(crate) fn command() -> clap::Command {
    Arguments::command()
}

/// The commands with the protocols of the list `L`: the whole `main` of a program that checks,
/// explores and runs protocols of one's own.
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
    let catalogue = Catalogue::of::<L>();
    ExitCode::from(match parse(&catalogue) {
        Ok(arguments) => run(&arguments.command, &catalogue),
        Err(answer) => without_command(&answer),
    })
}

/// The arguments; the bounds of instances are options, too.
fn parse(catalogue: &Catalogue) -> Result<Arguments, clap::Error> {
    let mut command = check::with_bounds(Arguments::command(), catalogue);
    let matches = command.try_get_matches_from_mut(std::env::args_os())?;
    let mut arguments =
        Arguments::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
    if let (Command::Check(args), Some(matches)) =
        (&mut arguments.command, matches.subcommand_matches("check"))
    {
        check::take_bounds(args, matches, catalogue);
    }
    Ok(arguments)
}

fn run(command: &Command, catalogue: &Catalogue) -> u8 {
    log_to_stderr(if matches!(command, Command::Run(_)) { "info" } else { "error" });
    let result = match command {
        Command::List(args) => list::execute(args, catalogue),
        Command::Levels(args) => levels::execute(args),
        Command::Check(args) => check::execute(args, catalogue),
        Command::Explore(args) => explore::execute(args, catalogue),
        Command::Export(args) => export::execute(args, catalogue),
        Command::TestFrom(args) => test_from::execute(args, catalogue),
        Command::Keygen(args) => keygen::execute(args),
        Command::Format(args) => format::execute(args, catalogue),
        Command::ClientFile(args) => client_file::execute(args),
        Command::Run(args) => run::execute(args, catalogue),
        Command::Readmit(args) => readmit::execute(args, catalogue),
        Command::Status(args) => status::execute(args, catalogue),
        Command::Ring(args) => ring::execute(args, catalogue),
        Command::Cluster(args) => cluster::execute(args, catalogue),
        Command::Bench(args) => bench::execute(args, catalogue),
        Command::Get(args) => client::get(args, catalogue),
        Command::Range(args) => client::range(args, catalogue),
        Command::Put(args) => client::put(args, catalogue),
        Command::Delete(args) => client::delete(args, catalogue),
        Command::Cas(args) => client::cas(args, catalogue),
        Command::Sync(args) => client::sync(args, catalogue),
        Command::Create(args) => tree::create(args, catalogue),
        Command::Stat(args) => tree::stat(args, catalogue),
        Command::Children(args) => tree::children(args, catalogue),
        Command::Watch(args) => tree::watch(args, catalogue),
        Command::Txn(args) => txn::execute(args, catalogue),
        Command::Produce(args) => produce::produce(args, catalogue),
        Command::Consume(args) => topic::consume(args, catalogue),
        Command::Offsets(args) => topic::offsets(args, catalogue),
        Command::Topics(args) => topics::execute(args, catalogue),
        Command::Call(args) => client::call(args, catalogue),
        Command::Completions(args) => completions::execute(args),
        Command::Man(args) => man::execute(args),
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
            Self::Bench(args) => args.json,
            Self::Levels(args) => args.json,
            Self::Status(args) => args.json,
            Self::Ring(args) => args.json,
            Self::Cluster(args) => args.chaos.json,
            Self::Get(args) => args.common.json,
            Self::Range(args) => args.common.json,
            Self::Put(args) => args.common.json,
            Self::Delete(args) => args.common.json,
            Self::Cas(args) => args.common.json,
            Self::Sync(args) => args.common.json,
            Self::Create(args) => args.common.json,
            Self::Stat(args) => args.common.json,
            Self::Children(args) => args.common.json,
            Self::Watch(args) => args.common.json,
            Self::Txn(args) => args.common.json,
            Self::Produce(args) => args.common.json,
            Self::Consume(args) => args.common.json,
            Self::Offsets(args) => args.common.json,
            Self::Topics(args) => args.json,
            Self::Call(args) => args.common.json,
            Self::Completions(_)
            | Self::Man(_)
            | Self::Keygen(_)
            | Self::List(_)
            | Self::Explore(_)
            | Self::Export(_)
            | Self::TestFrom(_)
            | Self::Format(_)
            | Self::ClientFile(_)
            | Self::Run(_)
            | Self::Readmit(_) => false,
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

/// Answers arguments that clap takes care of: a call for help, or bad usage. The exit code.
pub(crate) fn without_command(answer: &clap::Error) -> u8 {
    let args: Vec<_> = std::env::args_os().collect();
    let as_json = args.iter().any(|arg| arg == "--json" || arg == "--format=json")
        || args.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json");
    if answer.use_stderr() {
        if as_json {
            let text = answer.to_string();
            failure::tell(text.trim_start_matches("error: ").trim_end(), USAGE, true);
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
