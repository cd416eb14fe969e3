//! One test per claim: each asserts the state and exactly what is given out.

mod discovery;
mod embedded;
mod follower;
mod leader;
mod leaving;
mod observers;
mod reads;
mod sync;

use super::*;
use crate::kv::service::Refusal;
use crate::kv::{Map, Op, Reply as MapReply, Service};
use crate::testing;
use std::collections::{BTreeMap, BTreeSet};

type Server = Zab<Map>;
/// A command that a node gave.
type Did = testing::Did<Server>;
/// A node alone, with its disk.
type Node = testing::Node<Server>;

fn config() -> Config {
    Config::new(3, Timing::model()).unwrap()
}

fn epoch(round: u64, leader: usize) -> Epoch {
    Epoch { round, leader: leader.into() }
}

fn zxid(round: u64, leader: usize, counter: u64) -> Zxid {
    Zxid { epoch: epoch(round, leader), counter }
}

/// The first transactions of the first epoch.
fn first(counter: u64) -> Zxid {
    zxid(0, 0, counter)
}

/// The client that asks.
const CLIENT: usize = 9;

/// A put, as request `seq` of the client.
fn put(seq: u64) -> Op {
    Op::put("k", &seq.to_string())
}

fn txn(zxid: Zxid, seq: u64) -> Txn<Op> {
    let command = Command { client: CLIENT.into(), seq, op: Some(put(seq)) };
    Txn { zxid, command }
}

/// A server that starts for the first time: the first one leads.
fn started(config: &Config, at: usize) -> Node {
    Node::start(config.server(), at, None).0
}

/// A server that starts from a disk with these transactions, none of which it delivered.
fn restarted(config: &Config, at: usize, current: Epoch, history: &[Txn<Op>]) -> Node {
    let mut stable = Stable { accepted: current, current, ..Stable::default() };
    for txn in history {
        crate::Replay::replay(&mut stable, Record::Appended(txn.clone()));
    }
    Node::start(config.server(), at, Some(Saved::Complete(stable))).0
}

impl Node {
    fn on_peer(&mut self, src: usize, msg: Peer<Map>) -> Vec<Did> {
        self.on_msg(src, msg)
    }

    fn asks(&mut self, client: usize, seq: u64, op: Ask<Op>) -> Vec<Did> {
        self.on_msg(client, Service::Request { seq, op })
    }

    fn server(&self) -> &ServerState<Map> {
        match &self.state {
            State::Server(server) => server,
            State::Client(_) => panic!("not a server"),
        }
    }

    fn role(&self) -> &Role {
        &self.server().role
    }

    fn leading(&self) -> &Leading {
        self.server().leading().unwrap()
    }

    /// The identifiers in its history.
    fn history(&self) -> Vec<Zxid> {
        self.server().stable.log.values().map(|txn| txn.zxid).collect()
    }

    fn delivered(&self) -> Zxid {
        self.server().stable.delivered
    }
}

/// What was sent to servers.
fn sent(did: &[Did]) -> Vec<(usize, Peer<Map>)> {
    let sent = did.iter().filter_map(|did| match did {
        Did::Send(to, Service::Peer(msg)) => Some((*to, msg.clone())),
        _ => None,
    });
    sent.collect()
}

/// What was sent to clients.
fn answers(did: &[Did]) -> Vec<(usize, Msg<Map>)> {
    let sent = did.iter().filter_map(|did| match did {
        Did::Send(_, Service::Peer(_)) => None,
        Did::Send(to, msg) => Some((*to, msg.clone())),
        _ => None,
    });
    sent.collect()
}

fn saved(did: &[Did]) -> Vec<Record<Op>> {
    let saved = did.iter().filter_map(|did| match did {
        Did::Save(saved) => Some(saved.records().to_vec()),
        _ => None,
    });
    saved.flatten().collect()
}

fn done(seq: u64, zxid: Zxid) -> Msg<Map> {
    Service::Reply { seq, reply: Reply { zxid, reply: Some(MapReply::Done) } }
}

fn refused(seq: u64, why: Refusal) -> Msg<Map> {
    Service::Refused { seq, why }
}

fn part(prev: Zxid, txns: &[Txn<Op>]) -> Part<Op> {
    let end = txns.last().map_or(prev, |txn| txn.zxid);
    Part { prev, txns: txns.to_vec(), end, ask: true }
}
