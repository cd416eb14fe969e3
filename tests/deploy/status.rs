//! `quorate status` and the metrics of a cluster that runs.

use super::cluster_command::Cluster;
use quorate::ClusterFile;
use quorate::node::get;
use serde_json::Value;
use std::process::Command;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(10);

fn shown(file: &str, more: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quorate"));
    let output = command.args(["status", "--cluster", file]).args(more).output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

fn servers(file: &str) -> Vec<Value> {
    let json: Value = serde_json::from_str(&shown(file, &["--json"]).1).unwrap();
    json["servers"].as_array().unwrap().clone()
}

#[test]
fn all_nodes_are_shown_with_who_leads_and_how_far_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("cluster");
    let cluster = Cluster::start("paxos", &place);
    let path = place.join("cluster.toml");
    let path = path.to_str().unwrap();
    assert!(cluster.typed(" put color green").status.success());
    let level = |servers: &[Value]| {
        let one = |name: &str| servers.iter().all(|it| it[name] == servers[0][name]);
        one("leader") && one("applied") && servers[0]["leader"].is_u64()
    };
    let begin = Instant::now();
    while !level(&servers(path)) {
        assert!(begin.elapsed() < PATIENCE, "{:#?}", servers(path));
        std::thread::sleep(Duration::from_millis(100));
    }
    let all = servers(path);
    assert_eq!(all.len(), 3);
    let leads = |server: &&Value| server["role"] == "leader";
    assert_eq!(all.iter().filter(leads).count(), 1, "{all:#?}");
    assert!(all.iter().all(|server| server["applied"].as_u64() > Some(0) && server["lag"] == 0));
    let (code, table) = shown(path, &[]);
    assert_eq!(code, Some(0), "{table}");
    assert!(table.contains("leader") && table.contains("ballot"), "{table}");
    // Prometheus reads the same.
    let file = ClusterFile::load(path.as_ref()).unwrap();
    let metrics = get(file.servers[0].metrics.unwrap(), "/metrics", PATIENCE).unwrap();
    let applied =
        format!("quorate_applied{{cluster=\"{}\",protocol=\"paxos\",server=\"0\"}}", file.name);
    assert!(metrics.lines().any(|line| line.starts_with(&applied)), "{metrics}");
    assert!(metrics.contains("quorate_log_sync_seconds_bucket"), "{metrics}");
    assert_eq!(get(file.servers[0].metrics.unwrap(), "/healthz", PATIENCE).unwrap(), "ok\n");
}

#[test]
fn a_node_that_is_gone_is_shown_as_such() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("cluster");
    let cluster = Cluster::start("multi-primary", &place);
    let path = place.join("cluster.toml");
    let path = path.to_str().unwrap();
    assert_eq!(shown(path, &[]).0, Some(0));
    assert!(cluster.typed("kill -9").status.success());
    let (code, table) = shown(path, &[]);
    assert_eq!(code, Some(1), "{table}");
    assert!(table.contains("does not answer"), "{table}");
}
