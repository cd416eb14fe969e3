//! `quorate export`: an instance in a language of other tools.

use super::{CliError, DONE, out};
use crate::catalogue::Catalogue;
use crate::trace::Of;
use clap::Parser;

/// Export a small instance: its states and steps as a graph
#[derive(Parser)]
#[command(after_help = "\
Examples:
  quorate export --dot multi-primary --instance lww-stale > states.dot
  dot -Tsvg states.dot > states.svg    with Graphviz; states are described by tooltips")]
pub(crate) struct Args {
    /// As a graph of states in the language of Graphviz
    #[arg(long, required = true)]
    dot: bool,
    /// The protocol
    protocol: String,
    /// The instance, or bounds such as clients=1,servers=2
    #[arg(long, value_name = "NAME", required_unless_present = "mutant")]
    instance: Option<String>,
    /// A mutant instead of an instance
    #[arg(long, value_name = "NAME", conflicts_with = "instance")]
    mutant: Option<String>,
    /// Refuse an instance with more states than this
    #[arg(long, value_name = "N", default_value_t = 1000)]
    max_states: usize,
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
    let graph = subject.dot(args.max_states);
    out::print(graph.map_err(|source| CliError::Graph { at, source })?)?;
    Ok(DONE)
}
