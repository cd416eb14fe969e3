//! One test per claim: each asserts the state and exactly what is given out.

mod backup;
mod checked;
mod client;
mod copy;
mod newcomer;
mod primary;
mod replica;
mod sessions;
mod simulation;
mod storage;
mod transfer;
mod view_service;

use super::*;
use crate::Durable;
use crate::kv::{Map, Op, Reply, Service};
use stateright::actor::Command;
use std::collections::BTreeMap;

type Server = PrimaryBackup<Map>;

/// What a handler gives out, without durations.
#[derive(Clone, Debug, PartialEq)]
enum Did {
    Send(Id, Msg<Map>),
    Set(Timer),
    Cancel(Timer),
    Save(Storage<Map>),
}

/// A node, its disk, and what it did last.
#[derive(Clone)]
struct Node {
    id: Id,
    actor: Server,
    state: State<Map>,
    disk: Option<Storage<Map>>,
}

impl Node {
    fn start(config: &Config, id: usize) -> (Self, Vec<Did>) {
        Self::start_on(config, id, None)
    }

    fn start_from(config: &Config, id: usize, disk: Storage<Map>) -> (Self, Vec<Did>) {
        Self::start_on(config, id, Some(disk))
    }

    fn start_on(config: &Config, id: usize, disk: Option<Storage<Map>>) -> (Self, Vec<Did>) {
        let (id, mut o) = (Id::from(id), Out::new());
        let actor: Server = config.server(id);
        let state = actor.on_start(id, &disk, &mut o);
        let mut node = Self { id, actor, state, disk };
        let did = node.carry_out(o);
        (node, did)
    }

    /// Crashes and starts again from its disk.
    fn restart(&mut self) -> Vec<Did> {
        let mut o = Out::new();
        self.state = self.actor.on_start(self.id, &self.disk, &mut o);
        self.carry_out(o)
    }

    fn on_msg(&mut self, src: usize, msg: Msg<Map>) -> Vec<Did> {
        let src = Id::from(src);
        self.step(move |actor, id, state, o| actor.on_msg(id, state, src, msg.clone(), o))
    }

    fn on_peer(&mut self, src: usize, msg: Peer<Map>) -> Vec<Did> {
        self.on_msg(src, Service::Peer(msg))
    }

    fn on_timeout(&mut self, timer: Timer) -> Vec<Did> {
        self.step(|actor, id, state, o| actor.on_timeout(id, state, &timer, o))
    }

    /// Runs a handler on a borrowed and on an owned state: both must do the same. Afterwards
    /// the disk must hold what the state says.
    fn step(
        &mut self,
        handler: impl Fn(&Server, Id, &mut Cow<'_, State<Map>>, &mut Out<Server>),
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

    fn carry_out(&mut self, o: Out<Server>) -> Vec<Did> {
        let did = did(&o);
        for command in o {
            if let Command::Save(delta) = command {
                Storage::fold(&mut self.disk, delta);
            }
        }
        assert_eq!(self.disk, self.actor.checkpoint(self.id, &self.state));
        did
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

fn did(o: &Out<Server>) -> Vec<Did> {
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

fn config(replicas: usize) -> Config {
    Config::new(replicas, Mode::Synchronous, Timing::model())
}

/// A replica of `config` that has just started for the first time.
fn node(config: &Config, id: usize) -> Node {
    Node::start(config, id).0
}

fn id(id: usize) -> Id {
    Id::from(id)
}

fn view(number: u64, primary: usize, backups: &[usize]) -> View {
    let backups = backups.iter().map(|b| id(*b)).collect();
    View { number, primary: id(primary), backups, lives: BTreeMap::new() }
}

fn send(dst: usize, msg: Peer<Map>) -> Did {
    Did::Send(id(dst), Service::Peer(msg))
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
    Did::Send(id(client), Service::Reply { seq, reply: Reply::Done })
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

/// A replica's disk.
fn disk(view: View, synced: u64, op: u64) -> Storage<Map> {
    Saved::complete(view, synced, image(op))
}
