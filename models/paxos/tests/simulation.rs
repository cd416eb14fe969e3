//! Random runs with everything that can go wrong, and then nothing more: all requests must be
//! answered, and all replicas must hold the same. Small windows, queues, logs and pieces, so that gaps,
//! truncation and snapshots are frequent; messages are lost for good, unlike in the instances.

use crate::kv::{Map, Op, Recorded};
use crate::paxos::{Config, Msg, Paxos, Quorums, ReplicaState, Saved, State, Timer, Timing};
use crate::{Durable, Recoverable};
use proptest::prelude::*;
use stateright::actor::{Actor, Command, Id, Out};
use std::borrow::Cow;
use std::collections::BTreeSet;

type M = Recorded<Map>;
const SERVERS: usize = 3;
const CLIENTS: usize = 3;
const REQUESTS: usize = 4;

struct Node {
    actor: Paxos<M>,
    /// `None` while it is down.
    state: Option<State<M>>,
    disk: Option<Saved<M>>,
    timers: BTreeSet<Timer>,
}

struct Run {
    config: Config,
    nodes: Vec<Node>,
    flying: Vec<(usize, usize, Msg<M>)>,
}

impl Run {
    fn new(pre_vote: bool) -> Self {
        let quorums = Quorums::majorities(SERVERS);
        let config = Config::new(SERVERS, quorums, Timing::model()).unwrap();
        let config = Config { window: 2, queue: 1, ahead: 1, keep: 1, ..config };
        let config = Config { burst: 2, batch_bytes: 1, piece_bytes: 1, pre_vote, ..config };
        let op = |client, n| Op::put(&format!("key {client}"), &format!("{n}"));
        let script = |client| (0..REQUESTS).map(|n| op(client, n)).collect();
        let actors = (0..SERVERS).map(|_| config.server());
        let actors = actors.chain((0..CLIENTS).map(|client| config.client(script(client))));
        let node = |actor| Node { actor, state: None, disk: None, timers: BTreeSet::new() };
        let mut run = Self { nodes: actors.map(node).collect(), config, flying: Vec::new() };
        (0..SERVERS + CLIENTS).for_each(|at| run.start(at));
        run
    }

    fn start(&mut self, at: usize) {
        let node = &mut self.nodes[at];
        if node.state.is_none() {
            let mut out = Out::new();
            node.state = Some(node.actor.on_start(Id::from(at), &node.disk, &mut out));
            self.perform(at, out);
        }
    }

    fn crash(&mut self, at: usize) {
        self.nodes[at].state = None;
        self.nodes[at].timers.clear();
    }

    fn handle(
        &mut self,
        at: usize,
        run: impl FnOnce(&Paxos<M>, &mut Cow<'_, State<M>>, &mut Out<Paxos<M>>),
    ) {
        let node = &mut self.nodes[at];
        let Some(state) = node.state.take() else { return };
        let (mut state, mut out) = (Cow::Owned(state), Out::new());
        run(&node.actor, &mut state, &mut out);
        node.state = Some(state.into_owned());
        self.perform(at, out);
    }

    fn deliver(&mut self, (src, dst, msg): (usize, usize, Msg<M>)) {
        self.handle(dst, |actor, state, out| {
            actor.on_msg(dst.into(), state, src.into(), msg, out);
        });
    }

    fn fire(&mut self, at: usize, timer: Timer) {
        if self.nodes[at].timers.remove(&timer) {
            self.handle(at, |actor, state, out| actor.on_timeout(at.into(), state, &timer, out));
        }
    }

    fn perform(&mut self, at: usize, out: Out<Paxos<M>>) {
        for command in out {
            match command {
                Command::Send(dst, msg) => self.flying.push((at, dst.into(), msg)),
                Command::Save(saved) => Durable::fold(&mut self.nodes[at].disk, saved),
                Command::SetTimer(timer, _) => {
                    self.nodes[at].timers.insert(timer);
                }
                Command::CancelTimer(timer) => {
                    self.nodes[at].timers.remove(&timer);
                }
                Command::ChooseRandom(..) => {}
            }
        }
        if let Some(state) = &self.nodes[at].state {
            let kept = self.nodes[at].actor.checkpoint(at.into(), state);
            assert_eq!(kept, self.nodes[at].disk, "what is saved is what must be kept");
        }
        self.is_bounded();
    }

    fn is_bounded(&self) {
        for replica in self.replicas() {
            let log = &replica.stable.log;
            let is_behind = |slot| log.keys().all(|at| *at > slot);
            let held = replica.offer.as_ref().is_some_and(|offer| is_behind(offer.slot));
            assert!(log.len() <= self.config.keep || held);
            let votes = 2 * self.config.window as usize + self.config.ahead;
            assert!(replica.stable.accepted.len() <= votes);
        }
    }

    fn replicas(&self) -> impl Iterator<Item = &ReplicaState<M>> {
        self.nodes.iter().filter_map(|node| match &node.state {
            Some(State::Replica(replica)) => Some(replica),
            _ => None,
        })
    }

    fn answered(&self) -> bool {
        self.nodes.iter().all(|node| match &node.state {
            Some(State::Client(client)) => client.done == REQUESTS,
            _ => true,
        })
    }

    /// Something happens, good or bad, as `what` and `which` tell.
    fn trouble(&mut self, what: u8, which: usize) {
        let (server, anyone) = (which % SERVERS, which % self.nodes.len());
        match what {
            0 => self.crash(server),
            1 | 2 => self.start(server),
            3..=5 => {
                let timers: Vec<_> = self.nodes[anyone].timers.iter().copied().collect();
                timers.into_iter().for_each(|timer| self.fire(anyone, timer));
            }
            _ if self.flying.is_empty() => {}
            6..=8 => {
                self.flying.swap_remove(which % self.flying.len());
            }
            9..=11 => self.deliver(self.flying[which % self.flying.len()].clone()),
            _ => {
                let message = self.flying.swap_remove(which % self.flying.len());
                self.deliver(message);
            }
        }
    }

    /// From here on everybody is up, and messages come. A replica stands for election when there
    /// is no leader; the other timers fire every round.
    fn calm(&mut self) {
        (0..SERVERS).for_each(|at| self.start(at));
        for round in 0..200 {
            for message in std::mem::take(&mut self.flying) {
                self.deliver(message);
            }
            let leaderless = !self.replicas().any(ReplicaState::is_leading);
            for at in 0..self.nodes.len() {
                for timer in self.nodes[at].timers.clone() {
                    let patient = timer == Timer::Election
                        && !(leaderless && round % 10 == 0 && round / 10 % SERVERS == at);
                    if !patient {
                        self.fire(at, timer);
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn when_faults_stop_every_request_is_answered_once_and_all_replicas_are_equal(
        pre_vote: bool,
        troubles in proptest::collection::vec((0..32_u8, 0..997_usize), 0..600),
    ) {
        let mut run = Run::new(pre_vote);
        for (what, which) in troubles {
            run.trouble(what, which);
        }
        run.calm();
        prop_assert!(run.answered());
        let images: Vec<_> = run.replicas().map(|replica| &replica.stable.image).collect();
        prop_assert!(images.iter().all(|image| *image == images[0]));
        let applied: BTreeSet<_> = images[0].machine.applied.iter().collect();
        prop_assert_eq!(images[0].machine.applied.len(), CLIENTS * REQUESTS);
        prop_assert_eq!(applied.len(), CLIENTS * REQUESTS);
    }
}
