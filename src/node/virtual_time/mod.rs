//! For tests: a deployed cluster in virtual time. Nothing is lost except on links that are cut,
//! every message takes equally long, and timers take as long as the actors ask for.

mod links;
mod timings;

use crate::node::cluster_file::ClusterFile;
use quorate_models::kv::offer::{Ask, Offer};
use quorate_models::kv::{Op, Service};
use quorate_models::protocol::{Deploy, StateOf};
use quorate_models::{Status, Topology};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use stateright::actor::{Actor, Command, Id, Out};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

type ActorOf<D> = <D as Deploy>::Actor;
type TimerOf<D> = <ActorOf<D> as Actor>::Timer;
type MessageOf<D> = <ActorOf<D> as Actor>::Msg;

struct Server<D: Deploy> {
    actor: ActorOf<D>,
    /// `None` once it is dead.
    state: Option<StateOf<D>>,
    /// The timers that are set, with the number of the event that is to fire them.
    timers: BTreeMap<TimerOf<D>, u64>,
}

enum Event<D: Deploy> {
    Message(Id, usize, MessageOf<D>),
    Timeout(usize, TimerOf<D>),
}

/// A run.
pub(super) struct Run<D: Deploy> {
    topology: Topology,
    servers: Vec<Server<D>>,
    /// By the time, and their number.
    events: BTreeMap<(Duration, u64), Event<D>>,
    scheduled: u64,
    now: Duration,
    delay: Duration,
    /// The links, from sender to receiver, on which nothing arrives.
    pub(super) cut: Vec<(usize, usize)>,
    asked: u64,
    random: StdRng,
    /// The answers to the client: for each request, the first reply.
    pub(super) answers: Vec<<D::Offer as Offer>::Answer>,
    newest_answered: u64,
}

impl<D: Deploy> Run<D> {
    pub(super) fn new(cluster: &ClusterFile, delay: Duration, seed: u64) -> Self {
        let topology = cluster.topology();
        let actors: Vec<_> =
            cluster.ids().into_iter().map(|id| D::server(&topology, id).unwrap()).collect();
        let mut run = Self {
            topology,
            servers: Vec::new(),
            events: BTreeMap::new(),
            scheduled: 0,
            now: Duration::ZERO,
            delay,
            cut: Vec::new(),
            asked: 0,
            random: StdRng::seed_from_u64(seed),
            answers: Vec::new(),
            newest_answered: 0,
        };
        for (at, actor) in actors.into_iter().enumerate() {
            let mut out = Out::new();
            let state = Some(actor.on_start(at.into(), &None, &mut out));
            run.servers.push(Server { actor, state, timers: BTreeMap::new() });
            run.perform(at, out);
        }
        run
    }

    pub(super) fn status(&self, at: usize) -> Status {
        D::status(self.servers[at].state.as_ref().unwrap())
    }

    pub(super) fn kill(&mut self, at: usize) {
        self.servers[at].state = None;
    }

    /// Goes on until then. Each second a client, which is near, asks all that take requests.
    pub(super) fn until(&mut self, end: Duration) {
        while self.now < end {
            self.ask();
            let next = (self.now + Duration::from_secs(1)).min(end);
            while let Some(first) = self.events.first_entry().filter(|event| event.key().0 <= next)
            {
                let ((at, number), event) = first.remove_entry();
                self.now = at;
                self.happen(number, event);
            }
            self.now = next;
        }
    }

    fn ask(&mut self) {
        self.asked += 1;
        let (seq, client) = (self.asked, Id::from(1 << 40));
        let ask = Ask::from(Op::put("key", "value"));
        let op = <D::Offer as Offer>::request(&self.topology, &ask).unwrap();
        for server in D::client_servers(&self.topology).unwrap() {
            let request = Service::Request { seq, op: op.clone() };
            self.schedule(Duration::ZERO, Event::Message(client, server.into(), request));
        }
    }

    fn schedule(&mut self, after: Duration, event: Event<D>) -> u64 {
        self.scheduled += 1;
        self.events.insert((self.now + after, self.scheduled), event);
        self.scheduled
    }

    fn happen(&mut self, number: u64, event: Event<D>) {
        let at = match &event {
            Event::Message(_, dst, _) => *dst,
            Event::Timeout(at, _) => *at,
        };
        let server = &mut self.servers[at];
        let Some(state) = server.state.take() else { return };
        let (mut state, mut out) = (Cow::Owned(state), Out::new());
        match event {
            Event::Message(src, dst, msg) => {
                server.actor.on_msg(dst.into(), &mut state, src, msg, &mut out);
            }
            // Not if it was set again since, or cancelled.
            Event::Timeout(at, timer) if server.timers.get(&timer) == Some(&number) => {
                server.timers.remove(&timer);
                server.actor.on_timeout(at.into(), &mut state, &timer, &mut out);
            }
            Event::Timeout(..) => {}
        }
        server.state = Some(state.into_owned());
        self.perform(at, out);
    }

    fn perform(&mut self, at: usize, out: Out<ActorOf<D>>) {
        for command in out {
            match command {
                // What it sends to itself meets no link; the disk takes no time here.
                Command::Send(dst, msg) if usize::from(dst) == at => {
                    self.schedule(Duration::ZERO, Event::Message(dst, at, msg));
                }
                Command::Send(dst, msg) if usize::from(dst) < self.topology.servers() => {
                    if !self.cut.contains(&(at, dst.into())) {
                        self.schedule(self.delay, Event::Message(at.into(), dst.into(), msg));
                    }
                }
                Command::Send(_, Service::Reply { seq, reply }) if seq > self.newest_answered => {
                    self.newest_answered = seq;
                    self.answers.push(reply);
                }
                Command::SetTimer(timer, range) => {
                    let after = self.random.random_range(range);
                    let number = self.schedule(after, Event::Timeout(at, timer.clone()));
                    self.servers[at].timers.insert(timer, number);
                }
                Command::CancelTimer(timer) => {
                    self.servers[at].timers.remove(&timer);
                }
                // No node restarts here, and none chooses.
                Command::Send(..) | Command::Save(_) | Command::ChooseRandom(..) => {}
            }
        }
    }
}
