//! One test per claim: each asserts the state and exactly what is given out.

mod backup;
mod checked;
mod client;
mod copy;
mod disks;
mod newcomer;
mod pieces;
mod primary;
mod replica;
mod sessions;
mod simulation;
mod storage;
mod transfer;
mod view_service;

use super::*;
use crate::Durable;
use crate::kv::transfer::{Cut, Held, Piece};
use crate::kv::{Map, Op, Reply, Service};
use crate::testing;
use std::collections::BTreeMap;

type Server = PrimaryBackup<Map>;
/// A command that a node gave.
type Did = testing::Did<Server>;
/// A node alone, with its disk.
type Node = testing::Node<Server>;

/// A server that starts with this disk.
fn started_from(config: &Config, at: usize, disk: Storage<Map>) -> (Node, Vec<Did>) {
    Node::start(config.server(id(at)), at, Some(disk))
}

/// The primary of this view, which begins, with this state.
fn leading(config: &Config, view: View, image: Image<Map>) -> Node {
    let at = usize::from(view.primary);
    let number = view.number - 1;
    let before = View { number, primary: id(3 - at), backups: [id(at)].into(), ..view.clone() };
    let (mut node, _) = started_from(config, at, Saved::complete(before, number, image));
    node.on_peer(0, Peer::View(view));
    node
}

impl Node {
    fn on_peer(&mut self, src: usize, msg: Peer<Map>) -> Vec<Did> {
        self.on_msg(src, msg)
    }

    fn replica(&self) -> &ReplicaState<Map> {
        match &self.state {
            State::Replica(replica) => replica,
            other => panic!("not a replica: {other:?}"),
        }
    }

    fn leading(&self) -> &Leading<Map> {
        match &self.replica().role {
            Role::Primary(leading) => leading,
            other => panic!("not a primary: {other:?}"),
        }
    }

    fn registry(&self) -> &Registry {
        match &self.state {
            State::ViewService(state) => &state.registry,
            other => panic!("not the view service: {other:?}"),
        }
    }

    /// Nothing changes and nothing is given out.
    fn ignores(&mut self, src: usize, msg: Msg<Map>) {
        let before = self.state.clone();
        assert_eq!(self.on_msg(src, msg), []);
        assert_eq!(self.state, before);
    }
}

/// A message carries one operation, so that each is seen.
fn config(replicas: usize) -> Config {
    Config { batch_bytes: 1, ..Config::new(replicas, Mode::Synchronous, Timing::model()) }
}

/// A replica of `config` that has just started for the first time.
fn node(config: &Config, at: usize) -> Node {
    Node::start(config.server(id(at)), at, None).0
}

fn id(id: usize) -> Id {
    Id::from(id)
}

fn view(number: u64, primary: usize, backups: &[usize]) -> View {
    let backups = backups.iter().map(|b| id(*b)).collect();
    View { number, primary: id(primary), backups, lives: BTreeMap::new() }
}

fn send(dst: usize, msg: Peer<Map>) -> Did {
    Did::Send(dst, Service::Peer(msg))
}

fn ping(view: u64, acting: bool) -> Did {
    pings(view, acting, &[], None)
}

fn pings(view: u64, acting: bool, lagging: &[usize], ready: Option<usize>) -> Did {
    send(0, peer_ping(view, acting, lagging, ready))
}

fn peer_ping(view: u64, acting: bool, lagging: &[usize], ready: Option<usize>) -> Peer<Map> {
    let lagging = lagging.iter().map(|backup| id(*backup)).collect();
    Peer::Ping { view, acting, lagging, ready: ready.map(id) }
}

fn overdue(of: usize) -> Did {
    Did::Set(Timer::Overdue(id(of)))
}

fn in_time(of: usize) -> Did {
    Did::Cancel(Timer::Overdue(id(of)))
}

fn request(seq: u64, op: &Op) -> Msg<Map> {
    Service::Request { seq, op: op.clone() }
}

fn done(client: usize, seq: u64) -> Did {
    Did::Send(client, Service::Reply { seq, reply: Reply::Done })
}

fn entry(client: usize, seq: u64, op: &Op) -> Entry<Op> {
    Entry { client: id(client), seq, request: op.clone() }
}

/// `Replicate` of the put with this number by client 9, whose sequence numbers are the same.
fn replicate(view: u64, op: u64) -> Peer<Map> {
    Peer::Replicate { view, op, entries: vec![entry(9, op, &put(op))] }
}

fn put(op: u64) -> Op {
    Op::put("x", &op.to_string())
}

/// The state after the first `op` puts of client 9.
fn image(op: u64) -> Image<Map> {
    let mut image = Image::default();
    for op in 1..=op {
        image.apply(&entry(9, op, &put(op)));
    }
    image
}

/// The two pieces of the state after `op` puts, and where the first ends.
fn cut(op: u64) -> [(Piece<Map>, Option<Cut>); 2] {
    image(op).snapshot().pieces_after(None, 1).collect::<Vec<_>>().try_into().unwrap()
}

/// A piece of it, for an outsider of view 4.
fn piece(op: u64, index: u32) -> Peer<Map> {
    let (piece, next) = cut(op)[index as usize].clone();
    Peer::Chunk { view: 4, op, index, piece, next }
}

/// The first piece of it is there.
fn has_first(op: u64) -> Peer<Map> {
    let end = cut(op)[0].1.clone().unwrap();
    Peer::Fetch { view: 4, held: Some(Held { of: op, count: 1, end }) }
}

/// A replica's disk.
fn disk(view: View, synced: u64, op: u64) -> Storage<Map> {
    Saved::complete(view, synced, image(op))
}
