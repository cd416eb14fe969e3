//! One test per claim: each asserts the state and what is given out.

mod claims;
mod sessions;
mod watches;

use super::*;
use crate::kv::service::Refusal;
use crate::testing;
use crate::zab::{Epoch, Peer, Zxid};

/// A command that a node gave.
type Did = testing::Did<ZooKeeper>;
/// A node alone, with its disk.
type Node = testing::Node<ZooKeeper>;

/// The client that asks.
const CLIENT: usize = 9;

fn config(servers: usize) -> Config {
    Config::new(zab::Config::new(servers, Timing::model()).unwrap(), Timing::model())
}

/// The only server of a cluster: what it is asked is done at once.
fn alone() -> Node {
    Node::start(config(1).server(), 0, None).0
}

fn op(session: Option<u64>, request: Request) -> Op {
    Op { session: session.map(SessionId), request }
}

fn write(session: Option<u64>, request: Request) -> What {
    What::Write(op(session, request))
}

fn read(request: Request, watch: bool) -> What {
    What::Read { op: request.into(), seen: Zxid::default(), watch }
}

fn create(path: &str, mode: CreateMode) -> Request {
    Request::create(path, mode)
}

impl Node {
    fn asks_with(&mut self, client: usize, seq: u64, what: What, watches: &[Watch]) -> Vec<Did> {
        let op = Ask { what, watches: watches.to_vec() };
        self.on_msg(client, Service::Request { seq, op })
    }

    fn asks(&mut self, seq: u64, what: What) -> Vec<Did> {
        self.asks_with(CLIENT, seq, what, &[])
    }

    fn server(&self) -> &ServerState {
        match &self.state {
            State::Server(server) => server,
            State::Client(_) | State::Resource(_) => panic!("not a server"),
        }
    }
}

/// What was answered.
fn replies(did: &[Did]) -> Vec<(u64, Option<Reply>)> {
    let sent = did.iter().filter_map(|did| match did {
        Did::Send(CLIENT, Service::Reply { seq, reply: Answer::Done { reply, .. } }) => {
            Some((*seq, reply.clone()))
        }
        _ => None,
    });
    sent.collect()
}

/// The events that went to the client: with an answer, or of their own accord.
fn events(did: &[Did]) -> Vec<(bool, EventType)> {
    let sent = did.iter().filter_map(|did| match did {
        Did::Send(CLIENT, Service::Reply { reply, .. }) => Some(reply),
        _ => None,
    });
    let told = sent.flat_map(|answer| match answer {
        Answer::Done { events, .. } => {
            let events = events.as_deref().unwrap_or_default();
            events.iter().map(|it| (true, it.event)).collect::<Vec<_>>()
        }
        Answer::Events(events) => events.iter().map(|it| (false, it.event)).collect(),
    });
    told.collect()
}

/// The sessions whose timers were set, and those whose timers were cancelled.
fn timed(did: &[Did]) -> (Vec<u64>, Vec<u64>) {
    let set = did.iter().filter_map(|did| match did {
        Did::Set(Timer::Expire(session)) => Some(session.0),
        _ => None,
    });
    let cancelled = did.iter().filter_map(|did| match did {
        Did::Cancel(Timer::Expire(session)) => Some(session.0),
        _ => None,
    });
    (set.collect(), cancelled.collect())
}
