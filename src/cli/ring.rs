//! `quorate ring`: which server holds how much, which servers hold a key, and moves of the ring.

use super::client::bytes;
use super::duration::duration;
use super::{CliError, DONE, JSON_ERRORS, UNKNOWN, out, private};
use crate::catalogue::Catalogue;
use crate::models::membership::{Change, RingState, View};
use crate::models::protocol::Placement;
use crate::models::ring::Ring;
use crate::node::{ClusterFile, Deployed};
use crate::ring::{self, PATIENCE};
use comfy_table::{Table, presets};
use serde_json::{Value, json};
use stateright::actor::Id;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

/// Show which server holds how much of the keys, and which servers hold a key; or move the ring
///
/// Asks each server. A server owns the keys whose first replica it is, and holds those of which it is one of
/// the replicas. Where no server answers, this shows the ring that the cluster file begins with.
///
/// With --join, --leave or --replace, a member of the ring carries that out, and this waits for the end.
/// Requests go on meanwhile. It takes all members, but for one that is replaced: a member that is down is
/// waited for. It takes the servers' cluster file where there are keys.
#[derive(clap::Args)]
#[command(
    group = clap::ArgGroup::new("move"),
    after_help = format!("\
With --json, one object: {{\"replicas\": N, \"tokens\": N, \"view\": {{...}}, \"servers\": [...]}}. The view says
its number and whether the ring is moving; then also what moves, and for which servers it waits. Each server
has its place (member, spare, joining, leaving or retired), with what it owns and holds in percent, and when
it answers how many keys it holds. With --key there is the `key` with its `replicas`, its owner first.
{JSON_ERRORS}

Exit codes: 0 done, 1 an error, 2 bad usage, or the protocol has no ring, 3 the move has begun, and has not
ended in time (it goes on)

Examples:
  quorate ring --cluster cluster.toml
  quorate ring --key color --cluster cluster.toml
  quorate ring --join 3 --cluster cluster.toml
  quorate ring --replace 1 --by 4 --cluster cluster.toml"))]
pub(crate) struct Args {
    /// The cluster file
    #[arg(long, value_name = "FILE", env = "QUORATE_CLUSTER")]
    cluster: PathBuf,
    /// Show the replicas of this key, its owner first
    #[arg(long)]
    key: Option<String>,
    /// Have a spare server join the ring
    #[arg(long, value_name = "ID", group = "move")]
    join: Option<usize>,
    /// Have a server hand over what it holds and leave the ring, for good
    #[arg(long, value_name = "ID", group = "move")]
    leave: Option<usize>,
    /// Take a server for lost, for good, and let another one take its place
    #[arg(long, value_name = "ID", group = "move", requires = "by")]
    replace: Option<usize>,
    /// The spare server that takes its place
    #[arg(long, value_name = "ID", requires = "replace")]
    by: Option<usize>,
    /// How long to wait for the end of a move
    #[arg(long, default_value = "1m", value_name = "DURATION", value_parser = duration)]
    timeout: Duration,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

impl Args {
    /// The change that is asked for, if any is.
    fn change(&self, servers: usize) -> Result<Option<Change>, CliError> {
        let ids = [self.join, self.leave, self.replace, self.by];
        if let Some(id) = ids.into_iter().flatten().find(|id| *id >= servers) {
            let last = servers.saturating_sub(1);
            let text = format!("the cluster has no server {id}; they are 0 to {last}");
            return Err(CliError::Usage(text));
        }
        Ok(match (self.join, self.leave, self.replace, self.by) {
            (Some(id), ..) => Some(Change::Join(id.into())),
            (_, Some(id), ..) => Some(Change::Leave(id.into())),
            (.., Some(gone), Some(by)) => {
                Some(Change::Replace { gone: gone.into(), by: by.into() })
            }
            _ => None,
        })
    }
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
    let code = match args.change(cluster.servers.len())? {
        Some(change) => moved(args, protocol, &cluster, change)?,
        None => DONE,
    };
    let states = ring::states(protocol, &cluster, PATIENCE);
    let told = told(&cluster, &placement, &states, args.key.as_deref());
    if args.json {
        out::json(&told)?;
    } else {
        out::line(summary(&told))?;
        out::line(table(&told))?;
    }
    Ok(code)
}

/// Moves the ring, and waits for the end.
fn moved(
    args: &Args,
    protocol: &dyn Deployed,
    cluster: &ClusterFile,
    change: Change,
) -> Result<u8, CliError> {
    let begun = ring::order(protocol, cluster, change, args.timeout)?;
    if !args.json {
        let mover = usize::from(begun.mover);
        out::remark(format!("{change}; server {mover} carries it out"));
    }
    let has_ended = ring::await_end(protocol, cluster, begun, args.timeout, &|| false);
    if !has_ended && !args.json {
        out::remark("it has not ended yet, and goes on; `quorate ring` shows how far it is");
    }
    Ok(if has_ended { DONE } else { UNKNOWN })
}

/// All that is shown, in JSON.
fn told(
    cluster: &ClusterFile,
    Placement { ring: first, replicas }: &Placement,
    states: &[Option<RingState>],
    key: Option<&str>,
) -> Value {
    let of_file = View { members: first.nodes(), ..View::default() };
    let view = ring::newest(states).unwrap_or(&of_file);
    let ring = Ring::new(view.members.iter().copied(), first.per_node());
    let after = Ring::new(view.after(), first.per_node());
    let holders = key.map(|key| ring.replicas(&bytes(key), *replicas));
    let (owned, held, to_hold) = (ring.owned(), ring.held(*replicas), after.held(*replicas));
    let servers = cluster.servers.iter().map(|server| {
        let id = Id::from(server.id);
        let share = |of: Option<&u128>| percent(of.copied().unwrap_or_default());
        let mut told = json!({
            "server": server.id,
            "address": server.address.to_string(),
            "place": place(view, id),
            "tokens": if view.members.contains(&id) { ring.per_node() } else { 0 },
            "owns": share(owned.get(&id)),
            "holds": share(held.get(&id)),
            "answers": false,
        });
        if view.is_moving {
            told["will_hold"] = share(to_hold.get(&id)).into();
        }
        if let Some(Some(state)) = states.get(server.id) {
            told["answers"] = true.into();
            told["view"] = state.view.epoch.into();
            told["keys"] = state.keys.into();
            told["hints"] = state.hints.into();
            told["copies_from"] = state.copying.iter().map(|id| usize::from(*id)).collect();
        }
        if let Some(holders) = &holders {
            told["replica"] = holders.iter().position(|holder| *holder == id).into();
        }
        told
    });
    let mut told = json!({
        "cluster": cluster.name,
        "replicas": replicas,
        "members": view.members.len(),
        "tokens": usize::from(ring.per_node()) * view.members.len(),
        "view": { "number": view.epoch, "is_moving": view.is_moving },
        "servers": servers.collect::<Vec<_>>(),
    });
    if let Some(last) = view.last {
        let waits_for = ring::awaited(states);
        let waits_for = waits_for.map(|ids| ids.into_iter().map(usize::from).collect::<Vec<_>>());
        told["view"]["move"] = last.change.to_string().into();
        told["view"]["mover"] = usize::from(last.mover).into();
        told["view"]["waits_for"] = waits_for.into();
    }
    if let (Some(key), Some(holders)) = (key, holders) {
        let ids: Vec<usize> = holders.into_iter().map(usize::from).collect();
        told["key"] = json!({ "key": key, "replicas": ids });
    }
    told
}

/// What a server is in a view.
fn place(view: &View, server: Id) -> &'static str {
    match (view.members.contains(&server), view.after().contains(&server)) {
        (true, true) => "member",
        (true, false) => "leaving",
        (false, true) => "joining",
        (false, false) if view.retired.contains(&server) => "retired",
        (false, false) => "spare",
    }
}

/// How much of the circle it is, to two places.
fn percent(places: u128) -> f64 {
    // At most 10,000.
    let parts = u32::try_from((places * 10_000 + (1 << 63)) >> 64).unwrap_or(u32::MAX);
    f64::from(parts) / 100.0
}

fn listed(ids: &Value) -> Option<String> {
    let ids: Vec<String> = ids.as_array()?.iter().map(ToString::to_string).collect();
    Some(ids.join(", "))
}

fn summary(told: &Value) -> String {
    let (replicas, members, tokens) = (&told["replicas"], &told["members"], &told["tokens"]);
    let mut text = format!("each key on {replicas} of {members} servers; {tokens} tokens");
    if let (Some(key), Some(ids)) = (told["key"]["key"].as_str(), listed(&told["key"]["replicas"]))
    {
        let _ = write!(text, "; the key {key} is on {ids}");
    }
    let view = &told["view"];
    if let (Some(change), true) = (view["move"].as_str(), view["is_moving"] == true) {
        let _ = write!(text, "\n{change}, carried out by server {}", view["mover"]);
        match listed(&view["waits_for"]) {
            Some(ids) if ids.is_empty() => text.push_str("; all are ready"),
            Some(ids) => {
                let _ = write!(text, "; it waits for {ids}");
            }
            None => text.push_str(", which does not answer"),
        }
    }
    text
}

fn table(told: &Value) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    let mut columns = vec!["server", "address", "place", "tokens", "owns", "holds"];
    let (has_key, is_moving) = (!told["key"].is_null(), told["view"]["is_moving"] == true);
    columns.extend(is_moving.then_some("will hold"));
    columns.push("keys");
    columns.extend(has_key.then_some("replica"));
    table.set_header(columns);
    for server in told["servers"].as_array().into_iter().flatten() {
        let share = |name: &str| format!("{:.2} %", server[name].as_f64().unwrap_or_default());
        let mut row = vec![
            server["server"].to_string(),
            server["address"].as_str().unwrap_or_default().to_owned(),
            server["place"].as_str().unwrap_or_default().to_owned(),
            server["tokens"].to_string(),
            share("owns"),
            share("holds"),
        ];
        row.extend(is_moving.then(|| share("will_hold")));
        row.push(server["keys"].as_u64().map_or("no answer".to_owned(), |keys| keys.to_string()));
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
    use crate::models::membership::Move;
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
        let told = told(&cluster(5), &placement, &[], Some("color"));
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
        let told = told(&cluster(1), &Placement { ring, replicas: 1 }, &[], None);
        assert_eq!((sum(&told, "owns"), sum(&told, "holds")), (100.0, 100.0));
        assert!(told["key"].is_null() && told["servers"][0]["replica"].is_null());
    }

    #[test]
    fn a_move_is_shown_with_whom_it_waits_for() {
        let ids = |ids: &[usize]| ids.iter().copied().map(Id::from).collect();
        let placement = Placement { ring: Ring::new((0..3).map(Id::from), 16), replicas: 2 };
        let change = Change::Replace { gone: Id::from(1), by: Id::from(3) };
        let last = Some(Move { change, mover: Id::from(0) });
        let (members, retired) = (ids(&[0, 1, 2]), ids(&[1]));
        let view = View { epoch: 1, members, last, is_moving: true, retired };
        let (ready, copying) = (ids(&[0, 2]), ids(&[]));
        let state = RingState { view: view.clone(), ready, copying, keys: 7, hints: 0 };
        let after = View { epoch: 2, members: view.after(), is_moving: false, ..view };
        let told = |state: &RingState| told(&cluster(5), &placement, &[Some(state.clone())], None);
        let moving = told(&state);
        let places = |told: &Value| -> Vec<String> {
            let servers = told["servers"].as_array().unwrap();
            servers.iter().map(|it| it["place"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(places(&moving), ["member", "leaving", "member", "joining", "spare"]);
        assert_eq!(moving["servers"][3]["tokens"], 0);
        assert!(moving["servers"][3]["will_hold"].as_f64() > Some(10.0), "{moving}");
        let line = "server 3 replaces server 1, carried out by server 0; it waits for 3";
        assert_eq!(summary(&moving).lines().nth(1), Some(line));
        let table = table(&moving).to_string();
        assert!(table.contains("will hold") && table.contains("no answer"), "{table}");
        let moved = told(&RingState { view: after, ..state });
        assert_eq!(places(&moved), ["member", "retired", "member", "member", "spare"]);
        assert_eq!(summary(&moved), "each key on 2 of 3 servers; 48 tokens");
    }
}
