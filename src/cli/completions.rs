//! `quorate completions`: lets a shell complete commands and options.

use super::{CliError, DONE, command, out};
use clap_complete::{Shell, generate};

/// Print the script with which a shell completes commands and options
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  quorate completions bash > ~/.local/share/bash-completion/completions/quorate
  quorate completions zsh > ~/.zfunc/_quorate
  quorate completions fish > ~/.config/fish/completions/quorate.fish")]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(crate) fn execute(args: &Args) -> Result<u8, CliError> {
    let mut text = Vec::new();
    generate(args.shell, &mut command(), "quorate", &mut text);
    out::print(text)?;
    Ok(DONE)
}
