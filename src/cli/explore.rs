//! `quorate explore`: stateright's web Explorer on an instance.

use super::CliError;
use clap::Parser;
use quorate::catalogue;
use quorate::trace::TraceFile;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// Step through a protocol in the browser, with stateright's Explorer.
#[derive(Parser)]
#[command(after_help = "\
Examples:
  quorate explore primary-backup
  quorate check primary-backup --instance asynchronous --counterexample lost.json
  quorate explore primary-backup --at lost.json")]
pub(crate) struct Args {
    /// The protocol.
    protocol: String,
    /// The instance; the first of the protocol if not given, or the one of the trace.
    #[arg(long, value_name = "NAME")]
    instance: Option<String>,
    /// A trace to open at its last step.
    #[arg(long, value_name = "FILE")]
    at: Option<PathBuf>,
    /// The port on localhost.
    #[arg(long, default_value_t = 3000)]
    port: u16,
}

pub(crate) fn execute(args: &Args) -> Result<u8, CliError> {
    let protocol = catalogue::protocol(&args.protocol)?;
    let file = args.at.as_deref().map(TraceFile::read).transpose()?;
    if let Some(file) = &file {
        matches(args, file)?;
    }
    let recorded = file.as_ref().map(|file| file.instance.clone());
    let first = protocol.cases.first().map(|case| case.name().to_string());
    let name = args.instance.clone().or(recorded).or(first).unwrap_or_default();
    let case = protocol.case(&name)?;
    let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), args.port);
    println!("exploring {} {}: {}", protocol.name, case.name(), case.about());
    println!("open http://{address}/ ; stop with Ctrl-C");
    if let Some(file) = &file {
        let narrative = case.narrate(&file.trace)?;
        // A lasso opens at the start of its cycle, which the listed steps then go round.
        let path = narrative.explorer_path(file.trace.cycle.unwrap_or(usize::MAX));
        println!("the counterexample to {:?}: http://{address}/#/steps{path}", file.property);
    }
    case.explore(address)?;
    Ok(0)
}

fn matches(args: &Args, file: &TraceFile) -> Result<(), CliError> {
    if file.protocol != args.protocol {
        return Err(CliError::Usage(format!(
            "the trace is of {}, not of {}: quorate explore {} --at ...",
            file.protocol, args.protocol, file.protocol
        )));
    }
    match &args.instance {
        Some(instance) if *instance != file.instance => Err(CliError::Usage(format!(
            "the trace is of the instance {}, not of {instance}: leave --instance out",
            file.instance
        ))),
        _ => Ok(()),
    }
}
