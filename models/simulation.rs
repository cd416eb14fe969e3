//! Random runs of any cluster with everything that can go wrong, and then nothing more: what
//! must hold at the end is for each protocol's test to ask.
//!
//! Messages are lost for good here, delivered twice and out of order, timers fire at any time,
//! and servers crash and come back with what they saved. Afterwards it is calm: every server is
//! up, every message arrives, and a timer fires when it has waited as long as its `patience`.

use crate::{Durable, Newcomer, Recoverable};
use stateright::actor::{Actor, Command, Id, Out};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// How many rounds of calm a timer of a node waits before it fires.
pub(crate) type Patience<A> = fn(Id, &<A as Actor>::Timer) -> usize;

struct Node<A: Actor> {
    actor: A,
    /// `None` while it is down.
    state: Option<A::State>,
    disk: Option<A::Storage>,
    /// How many disks it lost.
    lives: u64,
    /// With the round in which each was set.
    timers: BTreeMap<A::Timer, usize>,
}

/// A run.
pub(crate) struct Simulation<A: Actor> {
    nodes: Vec<Node<A>>,
    servers: usize,
    flying: Vec<(Id, Id, A::Msg)>,
    /// The link that is cut for good, if one is.
    cut: Option<[Id; 2]>,
    round: usize,
    /// What must hold of the states of the nodes that are up, after each step.
    invariant: fn(&Simulation<A>),
}

impl<A> Simulation<A>
where
    A: Recoverable,
    A::Timer: Ord,
    A::Storage: Durable + PartialEq,
{
    /// A run of these actors, of which the first `servers` are servers; all start.
    pub(crate) fn new(actors: Vec<A>, servers: usize, invariant: fn(&Self)) -> Self {
        let node =
            |actor| Node { actor, state: None, disk: None, lives: 0, timers: BTreeMap::new() };
        let nodes: Vec<_> = actors.into_iter().map(node).collect();
        let mut run = Self { nodes, servers, flying: Vec::new(), cut: None, round: 0, invariant };
        (0..run.nodes.len()).for_each(|at| run.start(at));
        run
    }

    /// The states of the nodes that are up.
    pub(crate) fn states(&self) -> impl Iterator<Item = &A::State> {
        self.nodes.iter().filter_map(|node| node.state.as_ref())
    }

    /// One event, good or bad: `what` chooses one of 32 kinds, and `which` where it happens.
    pub(crate) fn trouble(&mut self, what: u8, which: usize) {
        let (server, anyone) = (which % self.servers, which % self.nodes.len());
        match what {
            0 => self.crash(server),
            1 | 2 => self.start(server),
            3..=5 => {
                let timers: Vec<_> = self.nodes[anyone].timers.keys().cloned().collect();
                timers.iter().for_each(|timer| self.fire(anyone, timer));
            }
            _ if self.flying.is_empty() => {}
            6..=8 => {
                // A message of a node to itself travels on no link.
                let at = which % self.flying.len();
                if self.flying[at].0 != self.flying[at].1 {
                    self.flying.swap_remove(at);
                }
            }
            9..=11 => self.deliver(self.flying[which % self.flying.len()].clone()),
            _ => {
                let message = self.flying.swap_remove(which % self.flying.len());
                self.deliver(message);
            }
        }
    }

    /// From here on nothing arrives between these two, in the calm either.
    pub(crate) fn cut(&mut self, one: Id, other: Id) {
        self.cut = Some([one, other]);
    }

    /// So many rounds without a fault: first all messages in flight arrive, then those timers
    /// fire that are due.
    pub(crate) fn calm(&mut self, rounds: usize, patience: Patience<A>) {
        (0..self.servers).for_each(|at| self.start(at));
        for node in &mut self.nodes {
            node.timers.values_mut().for_each(|set| *set = self.round);
        }
        for _ in 0..rounds {
            self.round += 1;
            for message in std::mem::take(&mut self.flying) {
                self.deliver(message);
            }
            for at in 0..self.nodes.len() {
                let due = |(timer, set): (&A::Timer, &usize)| {
                    (self.round - set >= patience(at.into(), timer)).then(|| timer.clone())
                };
                let due: Vec<_> = self.nodes[at].timers.iter().filter_map(due).collect();
                due.iter().for_each(|timer| self.fire(at, timer));
            }
        }
    }

    /// A server loses its disk and starts as a newcomer. What it sent before is refused by servers,
    /// if `refused`.
    pub(crate) fn replace(&mut self, at: usize, refused: bool)
    where
        A: Newcomer,
    {
        self.crash(at);
        let servers = self.servers;
        self.flying.retain(|(src, dst, _)| {
            !refused || *src != Id::from(at) || usize::from(*dst) >= servers
        });
        let mut out = Out::new();
        let node = &mut self.nodes[at];
        node.disk = None;
        node.lives += 1;
        node.state = Some(node.actor.on_newcomer(at.into(), node.lives, &mut out));
        self.perform(at, out);
    }

    fn start(&mut self, at: usize) {
        let node = &mut self.nodes[at];
        if node.state.is_none() {
            let mut out = Out::new();
            node.state = Some(node.actor.on_start(at.into(), &node.disk, &mut out));
            self.perform(at, out);
        }
    }

    fn crash(&mut self, at: usize) {
        self.nodes[at].state = None;
        self.nodes[at].timers.clear();
    }

    fn deliver(&mut self, (src, dst, msg): (Id, Id, A::Msg)) {
        if self.cut.is_some_and(|[one, other]| [(one, other), (other, one)].contains(&(src, dst))) {
            return;
        }
        self.handle(dst.into(), |actor, state, out| actor.on_msg(dst, state, src, msg, out));
    }

    fn fire(&mut self, at: usize, timer: &A::Timer) {
        if self.nodes[at].timers.remove(timer).is_some() {
            self.handle(at, |actor, state, out| actor.on_timeout(at.into(), state, timer, out));
        }
    }

    fn handle(&mut self, at: usize, run: impl FnOnce(&A, &mut Cow<'_, A::State>, &mut Out<A>)) {
        let node = &mut self.nodes[at];
        let Some(state) = node.state.take() else { return };
        let (mut state, mut out) = (Cow::Owned(state), Out::new());
        run(&node.actor, &mut state, &mut out);
        node.state = Some(state.into_owned());
        self.perform(at, out);
    }

    fn perform(&mut self, at: usize, out: Out<A>) {
        let round = self.round;
        let node = &mut self.nodes[at];
        for command in out {
            match command {
                Command::Send(dst, msg) => self.flying.push((at.into(), dst, msg)),
                Command::Save(saved) => Durable::fold(&mut node.disk, saved),
                Command::SetTimer(timer, _) => {
                    node.timers.insert(timer, round);
                }
                Command::CancelTimer(timer) => {
                    node.timers.remove(&timer);
                }
                Command::ChooseRandom(..) => {}
            }
        }
        if let Some(state) = &node.state {
            let kept = node.actor.checkpoint(at.into(), state);
            assert!(kept == node.disk, "what is saved is what must be kept");
        }
        (self.invariant)(self);
    }
}
