//! `quorate topics`: the topics of a cluster, and where their partitions are.

use super::{CliError, DONE, JSON_ERRORS, out, private};
use crate::catalogue::Catalogue;
use crate::node::DEFAULT_TOPIC;
use crate::node::deploy::partitions::partitions;
use serde_json::{Value, json};
use std::path::PathBuf;

/// List the topics of a cluster, and the servers of each partition (kafka)
///
/// Prints a line for each partition: the topic, the partition, and the servers that replicate it, the
/// first of which leads at first. It reads the cluster file, and asks nobody.
///
/// Partitions are independent of each other: each has an order of its own, and there is none between
/// records of two, nor an operation on two.
#[derive(clap::Args)]
#[command(after_help = format!("\
{JSON_ERRORS}

Exit codes: 0 done, 1 an error

In the cluster file, after the servers, beside the topic `default`, which every
cluster has, in one partition:
  [[topic]]
  name = \"orders\"
  partitions = 3
  replicas = 3      # if not all that may

Each server needs as many ports above its own as there are partitions, in the
order of the file: add topics at its end. A topic that is new on servers that were
formatted is made by `quorate format --topic NAME` at each.

Example:
  quorate topics --cluster cluster.toml"))]
pub(crate) struct Args {
    /// The cluster file
    #[arg(long, value_name = "FILE", env = "QUORATE_CLUSTER")]
    cluster: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn execute(args: &Args, catalogue: &Catalogue) -> Result<u8, CliError> {
    let cluster = private::load_cluster(&args.cluster)?;
    let protocol = catalogue.of_cluster(&cluster)?;
    let Some(replicas) = protocol.replicas(&cluster)? else {
        let text = format!("the protocol `{}` has no topics", protocol.name());
        return Err(CliError::Usage(text));
    };
    let mut lines = vec![(DEFAULT_TOPIC.to_owned(), 0, replicas.collect::<Vec<_>>())];
    let all = partitions(protocol, &cluster)?;
    lines.extend(all.into_iter().map(|one| (one.topic, one.number, one.replicas)));
    if args.json {
        let told: Vec<Value> = lines
            .iter()
            .map(|(topic, partition, servers)| {
                json!({ "topic": topic, "partition": partition, "servers": servers })
            })
            .collect();
        out::json(&json!({ "partitions": told }))?;
        return Ok(DONE);
    }
    for (topic, partition, servers) in lines {
        let servers: Vec<String> = servers.iter().map(ToString::to_string).collect();
        out::line(format!("{topic}\t{partition}\tservers {}", servers.join(" ")))?;
    }
    Ok(DONE)
}
