//! `quorate list`: what there is.

use super::CliError;
use super::tell::grouped;
use clap::Parser;
use quorate::catalogue::{self, Protocol, guarantees, tables};

/// List the protocols, their instances, properties and mutants
#[derive(Parser)]
#[command(after_help = "\
Examples:
  quorate list
  quorate list --markdown > PROPERTIES.md")]
pub(crate) struct Args {
    /// As the tables of PROPERTIES.md
    #[arg(long, conflicts_with = "guarantees")]
    markdown: bool,
    /// What each protocol guarantees, as the table of the README
    #[arg(long)]
    guarantees: bool,
}

#[allow(clippy::unnecessary_wraps, reason = "as every command")]
pub(crate) fn execute(args: &Args) -> Result<u8, CliError> {
    let protocols = catalogue::protocols();
    if args.markdown {
        print!("{}", tables::markdown(&protocols));
    } else if args.guarantees {
        print!("{}", guarantees::markdown(&protocols));
    } else {
        protocols.iter().for_each(list);
    }
    Ok(0)
}

fn list(protocol: &Protocol) {
    println!("{}: {}", protocol.name, protocol.about);
    println!("  instances:");
    for case in &protocol.cases {
        let deep = if case.is_deep() { ", deep" } else { "" };
        let states = grouped(case.expected().unique);
        println!("    {} ({states} states{deep}): {}", case.name(), case.about());
    }
    println!("  properties:");
    for (name, kind) in protocol.properties() {
        println!("    {kind}: {name}");
    }
    println!("  mutants:");
    for mutant in &protocol.mutants {
        println!("    {}: {}; killed by {:?}", mutant.name(), mutant.about(), mutant.killed_by());
    }
}
