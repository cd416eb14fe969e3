//! `quorate man`: manual pages.

use super::{CliError, DONE, at, command, out};
use clap_mangen::{Man, generate_to};
use std::path::PathBuf;

/// Print the manual page, or write those of all commands
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  quorate man | man -l -
  quorate man --dir /usr/local/share/man/man1")]
pub(crate) struct Args {
    /// Write the pages of all commands into this directory, which exists
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(crate) fn execute(args: &Args) -> Result<u8, CliError> {
    if let Some(dir) = &args.dir {
        generate_to(command(), dir).map_err(at("write manual pages to", dir))?;
        return Ok(DONE);
    }
    let mut page = Vec::new();
    Man::new(command()).render(&mut page).map_err(CliError::Output)?;
    out::print(page)?;
    Ok(DONE)
}
