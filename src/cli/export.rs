//! `quorate export`: an instance in a language of other tools.

use super::{CliError, DONE, at, out};
use crate::catalogue::{Catalogue, Subject};
use crate::check::{Discovery, Options, Reduce};
use crate::export::{About, ExportError, Module, checked_name, module_name};
use crate::trace::Of;
use clap::Parser;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// How many states a picture may have.
const MAX_STATES_DRAWN: usize = 1_000;
/// How many states a module in TLA+ may have.
const MAX_STATES_OF_MODULE: usize = 20_000;

/// Export a small instance: its states and steps as a graph, or itself in TLA+
///
/// A TLA+ module holds what each handler does, as tables made by running it, with the rules of the world
/// around them as TLA+ actions. TLC finds the states and decides the properties by itself, liveness too:
/// as many distinct states and the same verdicts as this checker, or one of them is wrong. With --output
/// the configuration for TLC is written beside the module, as .cfg; it lists what must hold and, in
/// comments, what must be violated. No symmetry and no reduction is used.
#[derive(Parser)]
#[command(after_help = "\
Examples:
  quorate export --dot multi-primary --instance lww-stale > states.dot
  dot -Tsvg states.dot > states.svg    with Graphviz; states are described by tooltips
  quorate export --tla paxos --instance lossy-election --output election.tla
  java -cp tla2tools.jar tlc2.TLC election    with TLC")]
pub(crate) struct Args {
    /// As a graph of states in the language of Graphviz
    #[arg(long, required_unless_present = "tla")]
    dot: bool,
    /// As a TLA+ module
    #[arg(long, conflicts_with_all = ["dot", "mutant"])]
    tla: bool,
    /// The protocol
    protocol: String,
    /// The instance, or bounds such as clients=1,servers=2
    #[arg(long, value_name = "NAME", required_unless_present = "mutant")]
    instance: Option<String>,
    /// A mutant instead of an instance
    #[arg(long, value_name = "NAME", conflicts_with = "instance")]
    mutant: Option<String>,
    /// Write to this file instead of standard output, and TLC's configuration beside it; the name
    /// of the module is that of the file
    #[arg(long, value_name = "FILE", conflicts_with = "dot")]
    output: Option<PathBuf>,
    /// Refuse an instance with more states than this; 1000 as a graph and 20000 in TLA+ if it is not
    /// given
    #[arg(long, value_name = "N")]
    max_states: Option<usize>,
}

pub(crate) fn execute(args: &Args, catalogue: &Catalogue) -> Result<u8, CliError> {
    let protocol = catalogue.protocol(&args.protocol)?;
    let of = match (&args.instance, &args.mutant) {
        (Some(name), _) => Of::Instance(name.clone()),
        (None, Some(name)) => Of::Mutant(name.clone()),
        (None, None) => return Err(CliError::Usage("--instance or --mutant says what".into())),
    };
    let subject = protocol.subject(&of)?;
    let at = format!("{} {}", protocol.name, subject.name());
    if args.tla {
        tla(args, protocol.name, subject)?;
        return Ok(DONE);
    }
    let graph = subject.dot(args.max_states.unwrap_or(MAX_STATES_DRAWN));
    out::print(graph.map_err(|source| CliError::Graph { at, source })?)?;
    Ok(DONE)
}

fn tla(args: &Args, protocol: &str, subject: &dyn Subject) -> Result<(), CliError> {
    let place = || format!("{protocol} {}", subject.name());
    let refused = |source: ExportError| CliError::Export { at: place(), source };
    let name = match &args.output {
        None => module_name(protocol, subject.name()),
        Some(file) => name_of(file).map_err(refused)?,
    };
    let limit = args.max_states.unwrap_or(MAX_STATES_OF_MODULE);
    let tables = subject.tables(limit).map_err(refused)?;
    let options = Options { reduce: Reduce::Never, ..Options::default() };
    let findings = subject.check(&options, &|_| {});
    let findings = findings.map_err(|source| CliError::Check { at: place(), source })?;
    let found = findings.discoveries.iter().filter(|(_, it)| **it != Discovery::Nothing);
    let found: Vec<&str> = found.map(|(name, _)| *name).collect();
    let (module, instance, says) = (&*name, subject.name(), subject.about());
    let module = Module::of(&tables, &About { module, protocol, instance, says, found: &found });
    match &args.output {
        None => out::print(module.text),
        Some(file) => write(file, &module),
    }
}

/// The name of the module of a file.
fn name_of(file: &Path) -> Result<String, ExportError> {
    let stem = file.file_stem().and_then(OsStr::to_str).unwrap_or_default();
    if file.extension().and_then(OsStr::to_str) != Some("tla") {
        return Err(ExportError::ModuleName(file.display().to_string()));
    }
    checked_name(stem).map(Into::into)
}

fn write(file: &Path, module: &Module) -> Result<(), CliError> {
    let config = file.with_extension("cfg");
    fs::write(file, &module.text).map_err(at("write", file))?;
    fs::write(&config, &module.config).map_err(at("write", &config))
}
