//! `quorate explore`: stateright's web Explorer on an instance or a mutant.

use super::{CliError, out};
use crate::catalogue::{Catalogue, Protocol, Subject};
use crate::explore::Shown;
use crate::trace::{Of, TraceFile};
use clap::Parser;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// Step through a protocol in the browser, with stateright's Explorer
///
/// Prints where to open it once it answers. A counterexample (`--at`) opens at its last step; a
/// lasso opens where its cycle begins, with the whole cycle listed.
#[derive(Parser)]
#[command(after_help = "\
Examples:
  quorate explore primary-backup
  quorate explore paxos --mutant no-dedupe --port 0
  quorate check primary-backup --instance asynchronous --counterexample lost.json
  quorate explore primary-backup --at lost.json")]
pub(crate) struct Args {
    /// The protocol
    protocol: String,
    /// The instance; by default the one of the trace, or the protocol's first
    #[arg(long, value_name = "NAME")]
    instance: Option<String>,
    /// A mutant instead: the protocol with a seeded bug
    #[arg(long, value_name = "NAME", conflicts_with = "instance")]
    mutant: Option<String>,
    /// A trace to open, such as `quorate check --counterexample FILE` writes
    #[arg(long, value_name = "FILE")]
    at: Option<PathBuf>,
    /// The port on localhost; 0 for any free one
    #[arg(long, default_value_t = 3000)]
    port: u16,
}

pub(crate) fn execute(args: &Args, catalogue: &Catalogue) -> Result<u8, CliError> {
    let protocol = catalogue.protocol(&args.protocol)?;
    let asked = asked(args);
    if let Some(asked) = &asked {
        protocol.subject(asked)?;
    }
    let file = args.at.as_deref().map(TraceFile::read).transpose()?;
    if let Some(file) = &file {
        matches(protocol, asked.as_ref(), file)?;
    }
    let first = || Of::Instance(protocol.cases.first().map_or("", |case| case.name()).into());
    let of = file.as_ref().map(|file| file.of.clone()).or(asked).unwrap_or_else(first);
    let subject = protocol.subject(&of)?;
    let opened = file.as_ref().map(|file| opened(subject, file)).transpose()?;
    let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), args.port);
    let (shown, path) = opened.unzip();
    let served = subject.explore(address, shown)?;
    let address = served.address();
    out::line(format!("exploring {} {}: {}", protocol.name, subject.name(), subject.about()))?;
    out::line(format!("open http://{address}/ ; stop with Ctrl-C"))?;
    if let (Some(file), Some(path)) = (&file, path) {
        let property = &file.property;
        out::line(format!("the counterexample to {property}: http://{address}/#/steps{path}"))?;
    }
    served.wait()?;
    Ok(super::DONE)
}

fn asked(args: &Args) -> Option<Of> {
    let mutant = args.mutant.clone().map(Of::Mutant);
    mutant.or(args.instance.clone().map(Of::Instance))
}

/// The part of a trace that the page is to show, and its place in the page.
fn opened(subject: &dyn Subject, file: &TraceFile) -> Result<(Shown, String), CliError> {
    let narrative = subject.narrate(&file.trace)?;
    let property = file.property.clone();
    let known = subject.properties();
    let kind = known.iter().find(|known| known.name == property).map_or("", |known| known.kind);
    let (actions, cycle) = (file.trace.actions.clone(), file.trace.cycle);
    Ok((Shown { property, kind, actions, cycle }, narrative.explorer_path(cycle)))
}

fn matches(protocol: &Protocol, asked: Option<&Of>, file: &TraceFile) -> Result<(), CliError> {
    if file.protocol != protocol.name {
        return Err(CliError::Usage(format!(
            "the trace is of {}, not of {}: quorate explore {} --at ...",
            file.protocol, protocol.name, file.protocol
        )));
    }
    match asked {
        Some(asked) if *asked != file.of => {
            let (Of::Instance(name) | Of::Mutant(name)) = &file.of;
            Err(CliError::Usage(format!(
                "the trace is of {name}: leave --instance and --mutant out"
            )))
        }
        _ => Ok(()),
    }
}
