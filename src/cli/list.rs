//! `quorate list`: the protocols, with their instances, properties and mutants.

use super::out::{self, wrapped};
use super::tell::grouped;
use super::{CliError, DONE};
use crate::catalogue::{
    BoundInfo, Catalogue, PropertyInfo, Protocol, comparison, guarantees, tables,
};
use clap::Parser;

/// List the protocols, their instances, properties and mutants
#[derive(Parser)]
#[command(after_help = "\
Examples:
  quorate list
  quorate list paxos
  quorate list --markdown > PROPERTIES.md")]
pub(crate) struct Args {
    /// Only this protocol
    protocol: Option<String>,
    /// As the tables of PROPERTIES.md
    #[arg(long, conflicts_with_all = ["guarantees", "comparison"])]
    markdown: bool,
    /// The guarantees of each protocol, as the table of the README
    #[arg(long, conflicts_with = "comparison")]
    guarantees: bool,
    /// Multi-Paxos, Zab and primary-backup side by side, as COMPARISON.md
    #[arg(long, conflicts_with = "protocol")]
    comparison: bool,
}

pub(crate) fn execute(args: &Args, catalogue: &Catalogue) -> Result<u8, CliError> {
    let protocols = match &args.protocol {
        None => catalogue.protocols.as_slice(),
        Some(name) => std::slice::from_ref(catalogue.protocol(name)?),
    };
    if args.markdown {
        out::print(tables::markdown(protocols))?;
    } else if args.guarantees {
        out::print(guarantees::markdown(protocols))?;
    } else if args.comparison {
        out::print(comparison::markdown(protocols))?;
    } else {
        for protocol in protocols {
            out::print(listed(protocol, out::width()))?;
        }
    }
    Ok(DONE)
}

fn listed(protocol: &Protocol, width: usize) -> String {
    let item = |text: String| wrapped(&text, "    ", "      ", width);
    let mut text = wrapped(&format!("{}: {}", protocol.name, protocol.about), "", "  ", width);
    text += "  instances:\n";
    for case in &protocol.cases {
        let deep = if case.is_deep() { ", deep" } else { "" };
        let states = case.expected().counted().map_or("uncounted".into(), grouped);
        text += &item(format!("{} ({states} states{deep}): {}", case.name(), case.about()));
    }
    text += "  properties:\n";
    for PropertyInfo { name, says, kind, source } in protocol.properties() {
        let source = if source.is_empty() { String::new() } else { format!(" [{source}]") };
        // A property of one's own may have no sentence beside its name.
        let says = if says == name { String::new() } else { format!(": {says}") };
        text += &item(format!("{name} ({kind}){says}{source}"));
    }
    text += "  mutants:\n";
    for mutant in &protocol.mutants {
        let (name, about, killer) = (mutant.name(), mutant.about(), mutant.killed_by());
        text += &item(format!("{name}: {about}; killed by {killer}"));
    }
    if let Some(choice) = &protocol.choice {
        text += "  bounds of an instance of your own, such as --crashes 1:\n";
        for BoundInfo { name, about, range, recorded } in choice.bounds() {
            let (first, last) = (range.start(), range.end());
            text += &item(format!("--{name} {recorded} ({first} to {last}): {about}"));
        }
    }
    if !protocol.abstract_models.is_empty() {
        text += "  abstract models:\n";
    }
    for model in &protocol.abstract_models {
        let states = grouped(model.expected().unique);
        let (name, about, source) = (model.name(), model.about(), model.source());
        let bounds = model.bounds().into_iter();
        let bounds = bounds.map(|BoundInfo { name, recorded, .. }| format!("{name}={recorded}"));
        let bounds = bounds.collect::<Vec<_>>().join(",");
        text += &item(format!("{name} ({states} states, --bound {bounds}): {about} [{source}]"));
    }
    text
}
