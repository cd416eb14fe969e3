//! `quorate readmit`: lets a server return whose data directory was lost.

use super::{CliError, DONE, out, private};
use crate::catalogue::Catalogue;
use crate::node::{ClusterFile, readmit};
use stateright::actor::Id;
use std::path::PathBuf;

/// Let a server return that lost its data directory
///
/// A server whose data directory was formatted again, or that runs on an old copy of it, has
/// forgotten its promises, and the others refuse it. Where the protocol can take such a server
/// back: format a new directory for it with `quorate format --newcomer`, run this at each of the
/// others, on its data directory (the node may be running), and run the server. Where it cannot,
/// this says why and what to do.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  quorate readmit 2 --cluster cluster.toml --data node-0")]
pub(crate) struct Args {
    /// The server to take back
    server: usize,
    /// The cluster file
    #[arg(long, value_name = "FILE", env = "QUORATE_CLUSTER")]
    cluster: PathBuf,
    /// The data directory of the node that takes it back
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

pub(crate) fn execute(args: &Args, catalogue: &Catalogue) -> Result<u8, CliError> {
    let cluster = private::load_cluster(&args.cluster)?;
    let server = Id::from(args.server);
    if cluster.server(server).is_none() {
        let (file, last) = (cluster.path().display(), cluster.servers.len() - 1);
        let server = args.server;
        let text = format!("the cluster file {file} has no server {server}; they are 0 to {last}");
        return Err(CliError::Usage(text));
    }
    check_return(catalogue, &cluster, server)?;
    private::check_data(&args.data)?;
    readmit(&args.data, server)?;
    let (data, server) = (args.data.display(), args.server);
    out::line(format!(
        "{data} will listen to server {server} again, on a directory formatted with --newcomer"
    ))?;
    Ok(DONE)
}

/// An error unless the protocol takes this server back when it has lost its data directory.
pub(super) fn check_return(
    catalogue: &Catalogue,
    cluster: &ClusterFile,
    server: Id,
) -> Result<(), CliError> {
    match catalogue.of_cluster(cluster)?.cannot_return(server) {
        None => Ok(()),
        Some(why) => {
            let (server, protocol) = (usize::from(server), cluster.protocol.clone());
            Err(CliError::CannotReturn { server, protocol, why })
        }
    }
}
