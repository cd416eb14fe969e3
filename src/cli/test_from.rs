//! `quorate test-from`: a counterexample becomes a regression test.

use super::{CliError, joined, out};
use crate::catalogue::Catalogue;
use crate::check::Replayed;
use crate::models::protocols::All;
use crate::trace::{Of, TraceFile};
use clap::Parser;
use std::path::PathBuf;

/// Print a test that replays a trace, ready to paste
///
/// The test follows the trace in the model and asserts what is true once the
/// bug is gone: that its property is not violated along it. For an expected
/// violation, and for a mutant, it asserts that the violation is still there.
/// The test needs the crate `quorate` and takes no time.
#[derive(Parser)]
#[command(after_help = "\
Example:
  quorate check --counterexamples lost
  quorate test-from lost/paxos.lossy.linearizable.json >> tests/found.rs")]
pub(crate) struct Args {
    /// A trace, such as `quorate check --counterexample FILE` writes
    trace: PathBuf,
    /// The name of the test; one made of the instance and the property if not given
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

pub(crate) fn execute(args: &Args, catalogue: &Catalogue) -> Result<u8, CliError> {
    let file = TraceFile::read(&args.trace)?;
    let replayed = catalogue.replay(&file)?;
    if replayed != Replayed::Confirmed {
        return Err(CliError::Usage(format!("{}: {replayed}", args.trace.display())));
    }
    let name = match &args.name {
        Some(name) if is_name(name) => name.clone(),
        Some(name) => return Err(CliError::Usage(format!("{name:?} is no name of a function"))),
        None => name_of(&file),
    };
    out::print(test(&file, &name, is_expected(catalogue, &file)?, &replay(catalogue.list)))?;
    Ok(super::DONE)
}

/// Whether the trace shows what is recorded, so that it must go on to show it.
fn is_expected(catalogue: &Catalogue, file: &TraceFile) -> Result<bool, CliError> {
    let protocol = catalogue.protocol(&file.protocol)?;
    Ok(match &file.of {
        Of::Mutant(_) => true,
        Of::Instance(name) => {
            let case = protocol.case(name)?;
            let is_example = (case.properties().iter())
                .any(|known| known.name == file.property && known.kind == "sometimes");
            let violated = case.expected().violated;
            is_example || violated.iter().any(|(known, _)| known.name == file.property)
        }
    })
}

/// The function that replays a trace of the protocols of this list.
fn replay(list: &str) -> String {
    if list == std::any::type_name::<All>() {
        return "quorate::catalogue::replay".into();
    }
    format!("quorate::catalogue::Catalogue::of::<{list}>().replay")
}

fn test(file: &TraceFile, name: &str, is_expected: bool, replay: &str) -> String {
    let (Of::Instance(of) | Of::Mutant(of)) = &file.of;
    let TraceFile { protocol, property, trace, .. } = file;
    let steps = trace.actions.len();
    let (assert, says) = if is_expected {
        ("assert_eq", "is shown no longer")
    } else {
        ("assert_ne", "is violated again")
    };
    // The text is JSON of names and messages; a raw string needs more marks than it has.
    let marks = "#".repeat(longest_run(&file.text(), '#') + 1);
    format!(
        "\
/// {protocol} {of}: the trace of {property}, {steps} steps.
#[test]
fn {name}() {{
    let trace = r{marks}\"{}\"{marks};
    let trace = quorate::trace::TraceFile::parse(trace).expect(\"a trace\");
    let replayed = {replay}(&trace).expect(\"an instance and a property\");
    let says = {:?};
    {assert}!(replayed, quorate::check::Replayed::Confirmed, \"{{says}}\");
}}
",
        file.text(),
        format!("{property} {says}"),
    )
}

fn longest_run(text: &str, mark: char) -> usize {
    text.split(|c| c != mark).map(str::len).max().unwrap_or(0)
}

fn name_of(file: &TraceFile) -> String {
    let (Of::Instance(of) | Of::Mutant(of)) = &file.of;
    let text = format!("{} {of} {}", file.protocol, file.property).to_lowercase();
    joined(&text, "_")
}

fn is_name(name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.chars().all(is_word) && name.chars().next().is_some_and(|c| !c.is_ascii_digit())
}
