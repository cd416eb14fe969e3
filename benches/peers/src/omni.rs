//! OmniPaxos: three nodes as processes, in memory, over UDP, in clear.

use crate::load::{Client, Failure, Measured, Run, closed_loop};
use crate::processes::Processes;
use omnipaxos::macros::Entry;
use omnipaxos::messages::Message;
use omnipaxos::util::LogEntry;
use omnipaxos::{ClusterConfig, OmniPaxos, OmniPaxosConfig, ServerConfig};
use omnipaxos_storage::memory_storage::MemoryStorage;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

const TICK: Duration = Duration::from_millis(10);
/// The most datagrams that are handled before anything is sent.
const BATCH: usize = 256;

/// A put, and the client that is to be answered.
#[derive(Clone, Debug, Serialize, Deserialize, Entry)]
struct Put {
    client: SocketAddr,
    seq: u64,
    key: String,
    value: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
enum Datagram {
    Request { seq: u64, key: String, value: Vec<u8> },
    Peer(Message<Put>),
}

pub async fn measure(run: Run) -> Result<Measured, Failure> {
    let sockets: Result<Vec<_>, _> =
        (0..3).map(|_| std::net::UdpSocket::bind("127.0.0.1:0")).collect();
    let addresses: Result<Vec<_>, _> = sockets?.iter().map(|socket| socket.local_addr()).collect();
    let addresses: Vec<String> = addresses?.iter().map(ToString::to_string).collect();
    let commands = (1..=3).map(|pid| {
        let mut command = Command::new(std::env::current_exe().unwrap_or_default());
        command.args(["omnipaxos-node", &pid.to_string()]).args(&addresses);
        command
    });
    let _processes = Processes::start(commands.collect())?;
    let mut clients = Vec::new();
    for _ in 0..run.clients {
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await?;
        clients.push(Omni { socket, target: addresses[0].parse()?, seq: 0 });
    }
    for client in &mut clients {
        client.put("ready".into(), b"yes".to_vec()).await?;
    }
    closed_loop(clients, run).await
}

struct Omni {
    socket: tokio::net::UdpSocket,
    /// The server that answered last.
    target: SocketAddr,
    seq: u64,
}

impl Client for Omni {
    async fn put(&mut self, key: String, value: Vec<u8>) -> Result<(), Failure> {
        self.seq += 1;
        let bytes = postcard::to_stdvec(&Datagram::Request { seq: self.seq, key, value })?;
        for _ in 0..100 {
            self.socket.send_to(&bytes, self.target).await?;
            let mut answer = [0; 8];
            let patience = Duration::from_millis(200);
            while let Ok(received) =
                tokio::time::timeout(patience, self.socket.recv_from(&mut answer)).await
            {
                let Ok((8, from)) = received else { continue };
                if u64::from_le_bytes(answer) == self.seq {
                    self.target = from;
                    return Ok(());
                }
            }
        }
        Err("no node of OmniPaxos answers".into())
    }

    async fn get(&mut self, _: String) -> Result<(), Failure> {
        Err("gets of OmniPaxos are not measured".into())
    }
}

/// A node, until it is killed.
pub fn node(pid: u64, addresses: &[SocketAddr]) -> Result<(), Failure> {
    let configuration = OmniPaxosConfig {
        cluster_config: ClusterConfig {
            configuration_id: 1,
            nodes: vec![1, 2, 3],
            ..Default::default()
        },
        server_config: ServerConfig { pid, election_tick_timeout: 10, ..Default::default() },
    };
    let mut paxos: OmniPaxos<Put, MemoryStorage<Put>> =
        configuration.build(MemoryStorage::default())?;
    let socket = std::net::UdpSocket::bind(addresses[pid as usize - 1])?;
    let mut buffer = vec![0; 1 << 16];
    let (mut map, mut applied, mut ticked) = (HashMap::new(), 0, Instant::now());
    let mut outgoing = Vec::new();
    loop {
        socket.set_nonblocking(false)?;
        socket.set_read_timeout(Some(TICK))?;
        for _ in 0..BATCH {
            match socket.recv_from(&mut buffer) {
                Ok((len, from)) => hear(&mut paxos, &buffer[..len], from),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    break;
                }
                Err(_) => {}
            }
            socket.set_nonblocking(true)?;
        }
        if ticked.elapsed() >= TICK {
            ticked = Instant::now();
            paxos.tick();
        }
        let leads = paxos.get_current_leader().is_some_and(|(leader, _)| leader == pid);
        for entry in paxos.read_decided_suffix(applied).into_iter().flatten() {
            applied += 1;
            let LogEntry::Decided(put) = entry else { continue };
            map.insert(put.key, put.value);
            if leads {
                let _ = socket.send_to(&put.seq.to_le_bytes(), put.client);
            }
        }
        paxos.take_outgoing_messages(&mut outgoing);
        for message in outgoing.drain(..) {
            let to = addresses[message.get_receiver() as usize - 1];
            let _ = socket.send_to(&postcard::to_stdvec(&Datagram::Peer(message))?, to);
        }
    }
}

fn hear(paxos: &mut OmniPaxos<Put, MemoryStorage<Put>>, bytes: &[u8], from: SocketAddr) {
    match postcard::from_bytes(bytes) {
        // A put that it does not take is asked for again.
        Ok(Datagram::Request { seq, key, value }) => {
            drop(paxos.append(Put { client: from, seq, key, value }))
        }
        Ok(Datagram::Peer(message)) => paxos.handle_incoming(message),
        Err(_) => {}
    }
}
