//! `quorate status`: what each node of a cluster is, and how far.

use super::duration::duration;
use super::of_topic::OfTopic;
use super::{CliError, DONE, JSON_ERRORS, NO, out, private};
use crate::catalogue::Catalogue;
use crate::node::deploy::partitions::Partition;
use crate::node::{ClusterFile, Server, get};
use comfy_table::{Table, presets};
use serde_json::{Value, json};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

/// How often --watch asks.
const PERIOD: Duration = Duration::from_secs(2);

/// Show what each node of a cluster is
///
/// Asks each server over HTTP, at the address that the cluster file gives as its `metrics`: its
/// role, the view or ballot, the leader, how far it has applied and how much it is behind the
/// others.
#[derive(clap::Args)]
#[command(after_help = format!("\
With --json, one object: {{\"servers\": [...]}}, each server with its report, or with its `error`.
{JSON_ERRORS}

Exit codes: 0 all servers answer, 1 some do not, or an error, 2 bad usage

Examples:
  quorate status --cluster cluster.toml
  quorate status --cluster cluster.toml --watch

In the cluster file:
  [[server]]
  id = 0
  address = \"10.0.0.1:7000\"
  metrics = \"10.0.0.1:9100\""))]
pub(crate) struct Args {
    /// The cluster file
    #[arg(long, value_name = "FILE", env = "QUORATE_CLUSTER")]
    cluster: PathBuf,
    /// How long to wait for a server
    #[arg(long, default_value = "1s", value_name = "DURATION", value_parser = duration)]
    timeout: Duration,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Ask again every two seconds, until Ctrl-C
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    of: OfTopic,
}

pub(crate) fn execute(args: &Args, catalogue: &Catalogue) -> Result<u8, CliError> {
    let cluster = private::load_cluster(&args.cluster)?;
    let of = args.of.choose(catalogue, &args.cluster)?.of_key(None)?.partition;
    loop {
        let told = ask_all(&cluster, of.as_ref(), args.timeout);
        let clear = args.watch && !args.json && std::io::stdout().is_terminal();
        if clear {
            out::print("\x1b[H\x1b[2J")?;
        }
        if args.json {
            out::json(&json!({ "cluster": cluster.name, "servers": told }))?;
        } else {
            out::line(table(&told))?;
        }
        if !args.watch {
            let answers = told.iter().all(|server| server["error"].is_null());
            return Ok(if answers { DONE } else { NO });
        }
        thread::sleep(PERIOD);
    }
}

/// What each server reports, of a partition if there is one; all are asked at once.
fn ask_all(cluster: &ClusterFile, of: Option<&Partition>, patience: Duration) -> Vec<Value> {
    let servers = || {
        let has_it = |server: &&Server| of.is_none_or(|it| it.id_of(server.id).is_some());
        cluster.servers.iter().filter(has_it)
    };
    let mut told: Vec<Value> = thread::scope(|scope| {
        let asked: Vec<_> = servers()
            .map(|server| scope.spawn(move || ask(cluster, of, server, patience)))
            .collect();
        asked.into_iter().map(|thread| thread.join().unwrap_or_default()).collect()
    });
    let most = told.iter().filter_map(|server| server["applied"].as_u64()).max();
    for (server, told) in servers().zip(&mut told) {
        told["server"] = server.id.into();
        told["address"] = server.address.to_string().into();
        let lag = most.zip(told["applied"].as_u64()).map(|(most, applied)| most - applied);
        told["lag"] = lag.into();
    }
    told
}

fn ask(
    cluster: &ClusterFile,
    of: Option<&Partition>,
    server: &Server,
    patience: Duration,
) -> Value {
    let Some(address) = server.metrics else {
        return json!({ "error": "the cluster file gives no `metrics` address for it" });
    };
    let path = of.map_or_else(String::new, |it| format!("/{}/{}", it.topic, it.number));
    let name = of.map_or(cluster.name.as_str(), |it| it.cluster.name.as_str());
    let told = get(address, &format!("{path}/status"), patience).map_err(|error| error.to_string());
    let told: Result<Value, String> =
        told.and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()));
    match told {
        Err(error) => json!({ "error": error }),
        Ok(told) if told["server"] != server.id || told["cluster"] != name => {
            let (id, name) = (&told["server"], &told["cluster"]);
            json!({ "error": format!("server {id} of the cluster {name} answers at {address}") })
        }
        Ok(mut told) if told.is_object() => {
            // A partition numbers its servers anew.
            if let Some(of) = of {
                let server = |id: &Value| {
                    let id = usize::try_from(id.as_u64()?).ok()?;
                    Some(Value::from(*of.servers.get(id)?))
                };
                told["leader"] = server(&told["leader"]).into();
                let members = told["members"].as_array().into_iter().flatten();
                told["members"] = members.filter_map(server).collect();
            }
            told
        }
        Ok(_) => json!({ "error": format!("{address} answers, but not as a node does") }),
    }
}

fn table(told: &[Value]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    let columns = [
        "server", "address", "role", "epoch", "leader", "applied", "lag", "sessions", "up",
        "version",
    ];
    table.set_header(columns);
    for server in told {
        let text = |name: &str| match &server[name] {
            Value::Null => "-".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if !server["error"].is_null() {
            table.add_row([text("server"), text("address"), text("error")]);
            continue;
        }
        let epoch = match &server["epoch"] {
            Value::Null => "-".into(),
            epoch => format!("{} {}", epoch["kind"].as_str().unwrap_or_default(), epoch["number"]),
        };
        let up = format!("{} s", text("up_seconds"));
        table.add_row([
            text("server"),
            text("address"),
            text("role"),
            epoch,
            text("leader"),
            text("applied"),
            text("lag"),
            text("sessions"),
            up,
            text("version"),
        ]);
    }
    table
}
