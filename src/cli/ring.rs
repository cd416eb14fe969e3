//! `quorate ring`: which server holds how much, and which servers hold a key.

use super::client::bytes;
use super::{CliError, DONE, JSON_ERRORS, out, private};
use crate::catalogue::Catalogue;
use crate::models::protocol::Placement;
use crate::node::ClusterFile;
use comfy_table::{Table, presets};
use serde_json::{Value, json};
use stateright::actor::Id;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Show which server holds how much of the keys, and which servers hold a key
///
/// Follows from the cluster file alone: no server is asked. A server owns the keys whose first replica
/// it is, and holds those of which it is one of the replicas.
#[derive(clap::Args)]
#[command(after_help = format!("\
With --json, one object: {{\"replicas\": N, \"tokens\": N, \"servers\": [...]}}, each server with what it owns
and holds in percent, and with --key the `key` with its `replicas`, its owner first.
{JSON_ERRORS}

Exit codes: 0 done, 1 an error, 2 bad usage, or the protocol has no ring

Examples:
  quorate ring --cluster cluster.toml
  quorate ring --key color --cluster cluster.toml"))]
pub(crate) struct Args {
    /// The cluster file
    #[arg(long, value_name = "FILE", env = "QUORATE_CLUSTER")]
    cluster: PathBuf,
    /// Show the replicas of this key, its owner first
    #[arg(long)]
    key: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn execute(args: &Args, catalogue: &Catalogue) -> Result<u8, CliError> {
    let cluster = private::load_cluster(&args.cluster)?;
    let protocol = catalogue.of_cluster(&cluster)?;
    protocol.check(&cluster, Id::from(0))?;
    let Some(placement) = protocol.placement(&cluster) else {
        let name = protocol.name();
        return Err(CliError::Usage(format!(
            "{name} has no ring: `quorate status` shows its servers"
        )));
    };
    let told = told(&cluster, &placement, args.key.as_deref());
    if args.json {
        out::json(&told)?;
    } else {
        out::line(summary(&told))?;
        out::line(table(&told))?;
    }
    Ok(DONE)
}

/// All that is shown, in JSON.
fn told(cluster: &ClusterFile, placement: &Placement, key: Option<&str>) -> Value {
    let Placement { ring, replicas } = placement;
    let holders = key.map(|key| ring.replicas(&bytes(key), *replicas));
    let (owned, held) = (ring.owned(), ring.held(*replicas));
    let servers = cluster.servers.iter().map(|server| {
        let id = Id::from(server.id);
        let share = |of: Option<&u128>| percent(of.copied().unwrap_or_default());
        let mut told = json!({
            "server": server.id,
            "address": server.address.to_string(),
            "tokens": ring.per_node(),
            "owns": share(owned.get(&id)),
            "holds": share(held.get(&id)),
        });
        if let Some(holders) = &holders {
            told["replica"] = holders.iter().position(|holder| *holder == id).into();
        }
        told
    });
    let mut told = json!({
        "cluster": cluster.name,
        "replicas": replicas,
        "tokens": usize::from(ring.per_node()) * cluster.servers.len(),
        "servers": servers.collect::<Vec<_>>(),
    });
    if let (Some(key), Some(holders)) = (key, holders) {
        let ids: Vec<usize> = holders.into_iter().map(usize::from).collect();
        told["key"] = json!({ "key": key, "replicas": ids });
    }
    told
}

/// How much of the circle it is, to two places.
fn percent(places: u128) -> f64 {
    // At most 10,000.
    let parts = u32::try_from((places * 10_000 + (1 << 63)) >> 64).unwrap_or(u32::MAX);
    f64::from(parts) / 100.0
}

fn summary(told: &Value) -> String {
    let (replicas, tokens) = (&told["replicas"], &told["tokens"]);
    let count = told["servers"].as_array().map_or(0, Vec::len);
    let mut text = format!("each key on {replicas} of {count} servers; {tokens} tokens");
    if let (Some(key), Some(ids)) =
        (told["key"]["key"].as_str(), told["key"]["replicas"].as_array())
    {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let _ = write!(text, "; the key {key} is on {}", ids.join(", "));
    }
    text
}

fn table(told: &Value) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    let mut columns = vec!["server", "address", "tokens", "owns", "holds"];
    let has_key = !told["key"].is_null();
    columns.extend(has_key.then_some("replica"));
    table.set_header(columns);
    for server in told["servers"].as_array().into_iter().flatten() {
        let share = |name: &str| format!("{:.2} %", server[name].as_f64().unwrap_or_default());
        let mut row = vec![
            server["server"].to_string(),
            server["address"].as_str().unwrap_or_default().to_owned(),
            server["tokens"].to_string(),
            share("owns"),
            share("holds"),
        ];
        let replica = match server["replica"].as_u64() {
            Some(0) => "owner".to_owned(),
            Some(at) => at.to_string(),
            None => "-".to_owned(),
        };
        row.extend(has_key.then_some(replica));
        table.add_row(row);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::ring::Ring;
    use std::path::Path;

    fn cluster(servers: usize) -> ClusterFile {
        let server = |id| format!("[[server]]\nid = {id}\naddress = \"127.0.0.1:{}\"\n", 7000 + id);
        let servers: String = (0..servers).map(server).collect();
        let text = format!("name = \"demo\"\nprotocol = \"quorum-store\"\n{servers}");
        ClusterFile::parse(&text, Path::new("cluster.toml")).unwrap()
    }

    fn sum(told: &Value, name: &str) -> f64 {
        let servers = told["servers"].as_array().unwrap();
        servers.iter().map(|server| server[name].as_f64().unwrap()).sum()
    }

    #[test]
    fn all_is_owned_once_and_held_as_often_as_there_are_replicas() {
        let ring = Ring::new((0..5).map(Id::from), 16);
        let placement = Placement { ring, replicas: 3 };
        let told = told(&cluster(5), &placement, Some("color"));
        assert!((sum(&told, "owns") - 100.0).abs() < 0.1, "{told}");
        assert!((sum(&told, "holds") - 300.0).abs() < 0.1, "{told}");
        let replicas = told["key"]["replicas"].as_array().unwrap();
        assert_eq!(replicas.len(), 3);
        let first = replicas[0].as_u64().unwrap() as usize;
        assert_eq!(told["servers"][first]["replica"], 0);
        let table = table(&told).to_string();
        assert_eq!(table.lines().count(), 6, "{table}");
        assert_eq!(table.matches("owner").count(), 1, "{table}");
        assert!(summary(&told).starts_with("each key on 3 of 5 servers; 80 tokens; the key color"));
    }

    #[test]
    fn one_server_has_all() {
        let ring = Ring::new([Id::from(0)], 1);
        let told = told(&cluster(1), &Placement { ring, replicas: 1 }, None);
        assert_eq!((sum(&told, "owns"), sum(&told, "holds")), (100.0, 100.0));
        assert!(told["key"].is_null() && told["servers"][0]["replica"].is_null());
    }
}
