//! etcd: three members, each with a log that it syncs (its default).

use crate::load::{Client, Failure, Measured, Run, closed_loop};
use crate::processes::{Processes, await_port, ports};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// So many clients share a connection: gRPC's way.
const PER_CONNECTION: usize = 8;

pub async fn measure(dir: &Path, run: Run) -> Result<Measured, Failure> {
    let ports = ports(6)?;
    let (peers, clients) = ports.split_at(3);
    let url = |port: u16| format!("http://127.0.0.1:{port}");
    let cluster: Vec<String> = (0..3).map(|id| format!("n{id}={}", url(peers[id]))).collect();
    let commands = (0..3).map(|id| {
        let mut command = Command::new("etcd");
        command.args(["--name", &format!("n{id}"), "--logger", "zap", "--log-level", "error"]);
        command.arg("--data-dir").arg(dir.join(format!("etcd-{id}")));
        for option in ["--listen-peer-urls", "--initial-advertise-peer-urls"] {
            command.args([option, &url(peers[id])]);
        }
        for option in ["--listen-client-urls", "--advertise-client-urls"] {
            command.args([option, &url(clients[id])]);
        }
        command.args(["--initial-cluster", &cluster.join(","), "--initial-cluster-state", "new"]);
        command
    });
    let _processes = Processes::start(commands.collect())?;
    clients.iter().try_for_each(|port| await_port(*port))?;
    let leader = leader(clients).await?;
    let mut connections = Vec::new();
    for _ in 0..run.clients.div_ceil(PER_CONNECTION) {
        connections.push(etcd_client::Client::connect([url(leader)], None).await?);
    }
    let clients = (0..run.clients).map(|at| Etcd(connections[at / PER_CONNECTION].clone()));
    closed_loop(clients.collect(), run).await
}

/// The port of the member that leads: its clients save a hop.
async fn leader(ports: &[u16]) -> Result<u16, Failure> {
    for _ in 0..100 {
        for port in ports {
            let mut client =
                etcd_client::Client::connect([format!("http://127.0.0.1:{port}")], None).await?;
            if let Ok(status) = client.status().await
                && let Some(header) = status.header()
                && status.leader() == header.member_id()
                && client.put("ready", "yes", None).await.is_ok()
            {
                return Ok(*port);
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err("no member of etcd leads".into())
}

struct Etcd(etcd_client::Client);

impl Client for Etcd {
    async fn put(&mut self, key: String, value: Vec<u8>) -> Result<(), Failure> {
        self.0.put(key, value, None).await?;
        Ok(())
    }

    /// Linearizable, which is etcd's default.
    async fn get(&mut self, key: String) -> Result<(), Failure> {
        self.0.get(key, None).await?;
        Ok(())
    }
}
