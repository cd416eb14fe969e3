//! ZooKeeper: three servers, each with a log that it syncs (its default), and Debian's timing.

use crate::load::{Client, Failure, Measured, Run, closed_loop};
use crate::processes::{Processes, await_port, ports};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use zookeeper_client::{Acls, CreateMode, Error};

/// Where Debian puts it; its manifest names what else it needs.
const JAR: &str = "/usr/share/java/zookeeper.jar";
const MAIN: &str = "org.apache.zookeeper.server.quorum.QuorumPeerMain";

pub async fn measure(dir: &Path, run: Run) -> Result<Measured, Failure> {
    let ensemble = Ensemble::start(dir).await?;
    closed_loop(ensemble.clients(run.clients).await?, run).await
}

/// Milliseconds from a deed to the first put that was begun after it and is acknowledged.
pub async fn failover(dir: &Path, run: Run, deed: &str) -> Result<f64, Failure> {
    let ensemble = Ensemble::start(dir).await?;
    let leader = ensemble.leader()?;
    let begin = Instant::now();
    let next = Arc::new(AtomicU64::new(u64::MAX));
    let struck = Arc::new(AtomicU64::new(u64::MAX));
    for (at, mut client) in ensemble.clients(run.clients).await?.into_iter().enumerate() {
        let (next, struck) = (next.clone(), struck.clone());
        let micros = move || begin.elapsed().as_micros() as u64;
        tokio::spawn(async move {
            loop {
                let asked = micros();
                let put = client.put(format!("key {at}"), vec![b'v'; run.value_bytes]).await;
                if put.is_err() {
                    // The connection is lost: the client looks for another server.
                    tokio::time::sleep(Duration::from_millis(1)).await;
                } else if asked > struck.load(Ordering::SeqCst) {
                    next.fetch_min(micros(), Ordering::SeqCst);
                }
            }
        });
    }
    tokio::time::sleep(run.warm_up).await;
    ensemble.processes.signal(leader, deed)?;
    let at = begin.elapsed().as_micros() as u64;
    struck.store(at, Ordering::SeqCst);
    while next.load(Ordering::SeqCst) == u64::MAX {
        if begin.elapsed() > Duration::from_secs(120) {
            return Err("no put was acknowledged within two minutes".into());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok((next.load(Ordering::SeqCst) - at) as f64 / 1000.0)
}

struct Ensemble {
    processes: Processes,
    ports: Vec<u16>,
}

impl Ensemble {
    async fn start(dir: &Path) -> Result<Self, Failure> {
        let all = ports(9)?;
        let servers: String = (0..3)
            .map(|id| format!("server.{}=127.0.0.1:{}:{}\n", id + 1, all[3 + id], all[6 + id]))
            .collect();
        let mut commands = Vec::new();
        for id in 0..3 {
            let data = dir.join(format!("zookeeper-{id}"));
            std::fs::create_dir_all(&data)?;
            std::fs::write(data.join("myid"), format!("{}\n", id + 1))?;
            let file = data.join("zoo.cfg");
            let text = format!(
                "tickTime=2000\ninitLimit=10\nsyncLimit=5\ndataDir={}\nclientPort={}\n\
                 maxClientCnxns=0\nadmin.enableServer=false\n{servers}",
                data.canonicalize()?.display(),
                all[id],
            );
            std::fs::write(&file, text)?;
            let mut command = Command::new("java");
            command.args(["-Xmx1g", "-cp", JAR, MAIN]).arg(file);
            commands.push(command);
        }
        let ensemble = Self { processes: Processes::start(commands)?, ports: all[..3].to_vec() };
        ensemble.ports.iter().try_for_each(|port| await_port(*port))?;
        let begin = Instant::now();
        while ensemble.leader().is_err() {
            if begin.elapsed() > Duration::from_secs(30) {
                return Err("no server of ZooKeeper leads".into());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(ensemble)
    }

    /// The number of the server that leads.
    fn leader(&self) -> Result<usize, Failure> {
        let leads = |port: &u16| {
            let mut stream = TcpStream::connect(("127.0.0.1", *port)).ok()?;
            stream.write_all(b"srvr").ok()?;
            let mut text = String::new();
            stream.read_to_string(&mut text).ok()?;
            text.contains("Mode: leader").then_some(())
        };
        let found = self.ports.iter().position(|port| leads(port).is_some());
        found.ok_or_else(|| "no server of ZooKeeper leads".into())
    }

    /// Clients with a connection each, spread over the servers, of nodes that exist.
    async fn clients(&self, count: usize) -> Result<Vec<ZooKeeper>, Failure> {
        let addresses: Vec<_> = self.ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        let mut clients = Vec::new();
        for at in 0..count {
            let mut mine = addresses.clone();
            mine.rotate_left(at % addresses.len());
            let client = zookeeper_client::Client::connector()
                .with_session_timeout(Duration::from_secs(30))
                .connect(&mine.join(","))
                .await?;
            clients.push(ZooKeeper(client));
        }
        if let Some(first) = clients.first() {
            let options = CreateMode::Persistent.with_acls(Acls::anyone_all());
            for key in 0..1000 {
                match first.0.create(&format!("/key {key}"), b"", &options).await {
                    Ok(_) | Err(Error::NodeExists) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(clients)
    }
}

struct ZooKeeper(zookeeper_client::Client);

impl Client for ZooKeeper {
    async fn put(&mut self, key: String, value: Vec<u8>) -> Result<(), Failure> {
        self.0.set_data(&format!("/{key}"), &value, None).await?;
        Ok(())
    }

    /// Of the server that it is connected to: sequential.
    async fn get(&mut self, key: String) -> Result<(), Failure> {
        self.0.get_data(&format!("/{key}")).await?;
        Ok(())
    }
}
