//! One test per claim: each asserts the state and exactly what is given out.

mod anti_entropy;
mod checked;
mod claims;
mod clock;
mod merge;
mod newcomer;
mod replica;
mod session;
mod simulation;
mod stability;
mod storage;
mod transfer;

use super::*;
use crate::Durable;
use crate::kv::{Bytes, Op, Service};
use crate::testing;

/// A command that a node gave.
type Did = testing::Did<MultiPrimary>;
/// A node alone, with its disk.
type Node = testing::Node<MultiPrimary>;

/// A node that has just started for the first time.
fn started(config: &Config, at: usize) -> Node {
    Node::start(config.server(), at, None).0
}

impl Node {
    fn on_peer(&mut self, src: usize, msg: Peer) -> Vec<Did> {
        self.on_msg(src, msg)
    }

    fn replica(&self) -> &ReplicaState {
        match &self.state {
            State::Replica(replica) => replica,
            State::Client(_) => panic!("not a node"),
        }
    }

    fn image(&self) -> &Image {
        &self.replica().image
    }

    fn values(&self, key: &str) -> Vec<Bytes> {
        self.image().store.values(&key.into()).map(|(_, value)| value.clone()).collect()
    }

    /// The answer to a client that gets `key`.
    fn read(&mut self, key: &str) -> (Vec<Bytes>, VersionVector) {
        let did = self.on_msg(9, request(1, Op::get(key)));
        match &did[..] {
            [
                Did::Send(_, Service::Reply { reply: Answer::Values { values, context, .. }, .. }),
            ] => (values.clone(), context.known.clone()),
            other => panic!("not an answer: {other:?}"),
        }
    }

    /// Takes a request, and gives the delta that it sends to the others.
    fn write(&mut self, client: usize, seq: u64, request: Request) -> Option<Update> {
        let did = self.on_msg(client, Service::Request { seq, op: request });
        did.into_iter().find_map(|did| match did {
            Did::Send(_, Service::Peer(Peer::Delta(update))) => Some(update),
            _ => None,
        })
    }

    /// Nothing changes and nothing is given out.
    fn ignores(&mut self, src: usize, msg: Msg) {
        let before = self.state.clone();
        assert_eq!(self.on_msg(src, msg), []);
        assert_eq!(self.state, before);
    }
}

fn config(nodes: usize, rule: Rule) -> Config {
    Config::new(nodes, rule, Timing::model())
}

fn id(id: usize) -> Id {
    Id::from(id)
}

fn dot(node: usize, counter: u64) -> Dot {
    Dot::new(id(node), counter)
}

fn vector(dots: &[(usize, u64)]) -> VersionVector {
    dots.iter().map(|(node, counter)| dot(*node, *counter)).collect()
}

fn put(value: &str) -> Request {
    Op::put("x", value).into()
}

fn delete() -> Request {
    Op::Delete { key: "x".into() }.into()
}

fn with(request: Request, context: impl Into<Context>) -> Request {
    Request { context: Some(context.into()), ..request }
}

fn request(seq: u64, op: Op) -> Msg {
    Service::Request { seq, op: op.into() }
}

fn send(dst: usize, msg: Peer) -> Did {
    Did::Send(dst, Service::Peer(msg))
}

fn reply(client: usize, seq: u64, reply: Answer) -> Did {
    Did::Send(client, Service::Reply { seq, reply })
}

fn bytes(values: &[&str]) -> Vec<Bytes> {
    values.iter().map(|value| Bytes::from(*value)).collect()
}

/// A write of key `x`.
fn update(dot: Dot, order: Order, value: Option<&str>) -> Update {
    Update { key: "x".into(), dot, version: Version { order, value: value.map(Bytes::from) } }
}

/// Fetches at `to` all that `from` has: what follows a digest of it.
fn transfer(from: &mut Node, to: &mut Node) {
    let (vector, clock) = (from.image().vector.clone(), from.image().clock);
    let (a, b) = (usize::from(from.id), usize::from(to.id));
    let mut asked = to.on_peer(a, Peer::Digest { vector, clock });
    while let Some(Did::Send(_, pull)) = asked.iter().find(|d| matches!(d, Did::Send(..))) {
        let piece = from.on_msg(b, pull.clone());
        let Some(Did::Send(_, piece)) = piece.first() else { break };
        asked = to.on_msg(a, piece.clone());
    }
}
