//! `quorate keygen`: the keys of a new cluster, each in a file of its own.

use super::{CliError, DONE, out};
use crate::local::{create_file, hex};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Make the keys of a new cluster
///
/// Each key goes into a file of its own, which is its owner's alone (mode 600). The server key is
/// for the servers; the client key is for clients too. Prints the section of the cluster file that
/// names them; nothing that exists is overwritten.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  quorate keygen >> cluster.toml
  quorate keygen --dir /etc/quorate")]
pub(crate) struct Args {
    /// The directory for `server.key` and `client.key`, which exists
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

pub(crate) fn execute(args: &Args) -> Result<u8, CliError> {
    let mut text = String::from("[keys]\n");
    for name in ["server", "client"] {
        let path = args.dir.join(format!("{name}.key"));
        create_file(&path, &format!("{}\n", hex::<32>()))?;
        // Beside the cluster file, it is found by its name.
        let named =
            if args.dir == Path::new(".") { format!("{name}.key") } else { absolute(&path) };
        let _ = writeln!(text, "{name}-file = {named:?}");
    }
    out::print(text)?;
    Ok(DONE)
}

fn absolute(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.into());
    path.display().to_string()
}
