//! `quorate format`: makes a node's data directory, once.

use super::{CliError, DONE, out, private, readmit};
use crate::catalogue::Catalogue;
use crate::node::DataDir;
use stateright::actor::Id;
use std::path::PathBuf;

/// Make the data directory of a new node
///
/// A directory is formatted once in the life of a node: the node keeps its promises to the others
/// there, and a node that forgets them breaks its protocol.
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  quorate format --cluster cluster.toml --id 0 --data node-0

A cluster file is the same for all, with a server for each node. `quorate keygen`
makes its keys, each in a file of its own, and prints the section that names them
(a file with keys is its owner's alone, chmod 600); `quorate client-file` makes a
client's copy:
  name = \"demo\"
  protocol = \"paxos\"
  [keys]
  server-file = \"server.key\"
  client-file = \"client.key\"
  [[server]]
  id = 0
  address = \"10.0.0.1:7000\"")]
pub(crate) struct Args {
    /// The cluster file
    #[arg(long, value_name = "FILE", env = "QUORATE_CLUSTER")]
    cluster: PathBuf,
    /// The server's id in the cluster file
    #[arg(long)]
    id: usize,
    /// The directory to make; an existing one must be empty
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The server ran before and lost its directory: it starts as a newcomer, where the protocol
    /// can take one (see `quorate readmit --help`)
    #[arg(long)]
    newcomer: bool,
}

pub(crate) fn execute(args: &Args, catalogue: &Catalogue) -> Result<u8, CliError> {
    let cluster = private::load_cluster(&args.cluster)?;
    private::check_data(&args.data)?;
    let id = Id::from(args.id);
    // A node that could never run is better refused now. The directory refuses an id out of range.
    let is_server = cluster.server(id).is_some();
    if is_server {
        catalogue.of_cluster(&cluster)?.check(&cluster, id)?;
    }
    if args.newcomer {
        if is_server {
            readmit::check_return(catalogue, &cluster, id)?;
        }
        DataDir::format_newcomer(&args.data, &cluster, id)?;
    } else {
        DataDir::format(&args.data, &cluster, id)?;
    }
    let (data, id, name) = (args.data.display(), args.id, &cluster.name);
    let what = if args.newcomer { "newcomer, server" } else { "server" };
    out::line(format!("formatted {data} for {what} {id} of the cluster `{name}`"))?;
    Ok(DONE)
}
