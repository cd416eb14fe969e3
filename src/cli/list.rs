//! `quorate list`: what there is.

use super::CliError;
use super::check::grouped;
use clap::Parser;
use quorate::catalogue;

/// List the protocols, their instances and their properties.
#[derive(Parser)]
#[command(after_help = "Example:\n  quorate list")]
pub(crate) struct Args {}

pub(crate) fn execute(_: &Args) -> Result<u8, CliError> {
    for protocol in catalogue::protocols() {
        println!("{}: {}", protocol.name, protocol.about);
        for case in &protocol.cases {
            let deep = if case.is_deep() { ", deep" } else { "" };
            let states = grouped(case.expected().unique);
            println!("  {} ({states} states{deep}): {}", case.name(), case.about());
        }
        if let Some(case) = protocol.cases.first() {
            println!("  properties of {}:", case.name());
            for (name, kind) in case.properties() {
                println!("    {kind} {name:?}");
            }
        }
        println!("  mutants:");
        for mutant in &protocol.mutants {
            let killer = mutant.killed_by();
            println!("    {}: {}, killed by {killer:?}", mutant.name(), mutant.about());
        }
    }
    Ok(0)
}
