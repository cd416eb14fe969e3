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
use stateright::actor::Command;

/// What a handler gives out, without durations.
#[derive(Clone, Debug, PartialEq)]
enum Did {
    Send(Id, Msg),
    Set(Timer),
    Cancel(Timer),
    Save(Storage),
}

/// A node, its disk, and what it did last.
#[derive(Clone, Debug)]
struct Node {
    id: Id,
    actor: MultiPrimary,
    state: State,
    disk: Option<Storage>,
}

impl Node {
    /// A node that has just started for the first time.
    fn new(config: &Config, at: usize) -> Self {
        let (id, mut o, actor) = (id(at), Out::new(), config.server());
        let state = actor.on_start(id, &None, &mut o);
        let mut node = Self { id, actor, state, disk: None };
        node.carry_out(o);
        node
    }

    /// Crashes and starts again from its disk.
    fn restart(&mut self) -> Vec<Did> {
        let mut o = Out::new();
        self.state = self.actor.on_start(self.id, &self.disk, &mut o);
        self.carry_out(o)
    }

    // By value: the callers make the message in the call.
    #[allow(clippy::needless_pass_by_value)]
    fn on_msg(&mut self, src: usize, msg: Msg) -> Vec<Did> {
        self.step(|actor, id, state, o| actor.on_msg(id, state, Id::from(src), msg.clone(), o))
    }

    fn on_peer(&mut self, src: usize, msg: Peer) -> Vec<Did> {
        self.on_msg(src, Service::Peer(msg))
    }

    fn on_timeout(&mut self, timer: Timer) -> Vec<Did> {
        self.step(|actor, id, state, o| actor.on_timeout(id, state, &timer, o))
    }

    /// Runs a handler on a borrowed and on an owned state: both must do the same. Afterwards
    /// the disk must hold what the state says.
    fn step(
        &mut self,
        handler: impl Fn(&MultiPrimary, Id, &mut Cow<'_, State>, &mut Outbox),
    ) -> Vec<Did> {
        let (mut o, mut other) = (Out::new(), Out::new());
        let mut owned = Cow::Owned(self.state.clone());
        handler(&self.actor, self.id, &mut owned, &mut other);
        let mut state = Cow::Borrowed(&self.state);
        handler(&self.actor, self.id, &mut state, &mut o);
        let state = state.into_owned();
        assert_eq!(state, owned.into_owned(), "a borrowed and an owned state");
        assert_eq!(did(&o), did(&other), "with a borrowed and an owned state");
        self.state = state;
        self.carry_out(o)
    }

    fn carry_out(&mut self, o: Outbox) -> Vec<Did> {
        let did = did(&o);
        for delta in o {
            if let Command::Save(delta) = delta {
                Storage::fold(&mut self.disk, delta);
            }
        }
        assert_eq!(self.disk, self.actor.checkpoint(self.id, &self.state));
        did
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

    /// What a client that gets `key` is told.
    fn read(&mut self, key: &str) -> (Vec<Bytes>, VersionVector) {
        let did = self.on_msg(9, request(1, Op::get(key)));
        match &did[..] {
            [
                Did::Send(_, Service::Reply { reply: Answer::Values { values, context, .. }, .. }),
            ] => (values.clone(), context.known.clone()),
            other => panic!("not an answer: {other:?}"),
        }
    }

    /// Takes a request, and gives the delta that it tells the others.
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

fn did(o: &Outbox) -> Vec<Did> {
    o.iter()
        .map(|command| match command {
            Command::Send(dst, msg) => Did::Send(*dst, msg.clone()),
            Command::SetTimer(timer, _) => Did::Set(*timer),
            Command::CancelTimer(timer) => Did::Cancel(*timer),
            Command::Save(delta) => Did::Save(delta.clone()),
            Command::ChooseRandom(..) => panic!("nothing here is random"),
        })
        .collect()
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
    Did::Send(id(dst), Service::Peer(msg))
}

fn reply(client: usize, seq: u64, reply: Answer) -> Did {
    Did::Send(id(client), Service::Reply { seq, reply })
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
