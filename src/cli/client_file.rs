//! `quorate client-file`: a client's copy of a cluster file.

use super::{CliError, DONE, at, out, private};
use crate::ClusterFile;
use std::path::PathBuf;

/// Print a client's copy of a cluster file: without the servers' key
///
/// A holder of the copy can be a client but not a server, and knows the servers by their public
/// key. It holds the client key, so it is for clients alone, too (chmod 600).
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  (umask 077; quorate client-file --cluster cluster.toml > client.toml)
  quorate get color --cluster client.toml")]
pub(crate) struct Args {
    /// The servers' cluster file
    #[arg(long, value_name = "FILE", env = "QUORATE_CLUSTER")]
    cluster: PathBuf,
}

pub(crate) fn execute(args: &Args) -> Result<u8, CliError> {
    private::load_cluster(&args.cluster)?;
    let text = std::fs::read_to_string(&args.cluster).map_err(at("read", &args.cluster))?;
    out::print(ClusterFile::clients_copy(&text, &args.cluster)?)?;
    Ok(DONE)
}
