//! `quorate format`: makes a node's data directory, once.

use super::{CliError, DONE, out, private, readmit};
use crate::catalogue::Catalogue;
use crate::node::deploy::partitions::{Partition, find, partitions};
use crate::node::{ClusterFile, DataDir, DataDirError};
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
    /// The directory is there: add what a new topic of the cluster file needs, once, before the node is
    /// started with that file. Never for a topic that was there and whose data are lost
    #[arg(long, value_name = "NAME", conflicts_with = "newcomer")]
    topic: Option<String>,
}

pub(crate) fn execute(args: &Args, catalogue: &Catalogue) -> Result<u8, CliError> {
    let cluster = private::load_cluster(&args.cluster)?;
    private::check_data(&args.data)?;
    let id = Id::from(args.id);
    // A node that could never run is better refused now. The directory refuses an id out of range.
    let (is_server, protocol) = (cluster.server(id).is_some(), catalogue.of_cluster(&cluster)?);
    if is_server {
        protocol.check(&cluster, id)?;
    }
    let partitions = partitions(protocol, &cluster)?;
    if let Some(topic) = &args.topic {
        return add_topic(args, &cluster, &partitions, topic);
    }
    if args.newcomer {
        if is_server {
            readmit::check_return(catalogue, &cluster, id)?;
        }
        DataDir::format_newcomer(&args.data, &cluster, id)?;
    } else {
        DataDir::format(&args.data, &cluster, id)?;
    }
    partitions.iter().try_for_each(|one| one.format(&args.data, args.id))?;
    let (data, id, name) = (args.data.display(), args.id, &cluster.name);
    let what = if args.newcomer { "newcomer, server" } else { "server" };
    out::line(format!("formatted {data} for {what} {id} of the cluster `{name}`"))?;
    Ok(DONE)
}

fn add_topic(
    args: &Args,
    cluster: &ClusterFile,
    all: &[Partition],
    topic: &str,
) -> Result<u8, CliError> {
    let (found, wanted) = (usize::from(DataDir::id_at(&args.data, cluster)?), args.id);
    if found != wanted {
        return Err(DataDirError::WrongId { path: args.data.clone(), found, wanted }.into());
    }
    let Some((_, of_topic)) = find(cluster, all, topic)? else {
        return Err(CliError::Usage(format!("every server has the topic `{topic}`")));
    };
    of_topic.iter().try_for_each(|one| one.format(&args.data, wanted))?;
    let count = of_topic.iter().filter(|one| one.id_of(wanted).is_some()).count();
    let data = args.data.display();
    out::line(format!("formatted {data} for {count} partitions of the topic `{topic}`"))?;
    Ok(DONE)
}
