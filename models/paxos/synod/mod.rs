//! Paxos for a single decree: acceptors choose one value among those that proposers propose.
//!
//! # Source
//!
//! **Lamport 2001**, *Paxos made simple*, section 2, in its words. What is to hold: only a value
//! that has been proposed may be chosen, only a single one is, and a process never learns of
//! another. The paper arrives at the algorithm by strengthening one invariant after another: P1 an
//! acceptor must accept the first proposal that it receives; P2 if a proposal with value v is
//! chosen, every higher-numbered one that is chosen has value v; down to P2c, which a proposer can
//! maintain.
//!
//! # The algorithm
//!
//! *Phase 1.* (a) A proposer selects a proposal number and sends a *prepare* request with it.
//! (b) An acceptor responds to one with a number greater than that of any to which it already
//! responded with a *promise* not to accept any more proposals numbered less, and with the
//! highest-numbered proposal that it has accepted.
//!
//! *Phase 2.* (a) With a response from a quorum the proposer sends an *accept* request with the
//! value of the highest-numbered proposal among the responses, or any value if they reported
//! none. (b) An acceptor *accepts* unless it responded to a prepare request with a greater number.
//!
//! *Learning.* Acceptors tell the learner what they accept; a value accepted by a quorum in one
//! proposal is chosen.
//!
//! # Deviations, and why
//!
//! * Each role is a node of its own here, so that each handler is one sentence of the paper; the
//!   replicated log ([`super`]) co-locates them.
//! * The phases may have quorums of different sizes (Howard et al. 2016); a majority is the default.
//! * A proposer begins a new proposal when its timer fires. With two of them that never ends
//!   (section 2.4): see [`instances::duel`].

mod guarantees;
pub mod instances;
pub mod mutants;
pub mod properties;
mod protocol;
mod symmetry;
#[cfg(test)]
mod tests;

pub use mutants::Bug;
pub use symmetry::symmetry;

use super::{Ballot, Quorums};
use crate::{Durable, Recoverable};
use serde::{Deserialize, Serialize};
use stateright::actor::{Actor, Id, Out, model_timeout};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What is chosen.
pub type Value = char;

/// A cluster: acceptors, then proposers, then one learner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// How many acceptors.
    pub acceptors: usize,
    /// The value that each proposer would like to be chosen.
    pub proposers: Vec<Value>,
    /// How many acceptors must take part in each phase.
    pub quorums: Quorums,
    /// The seeded bug, if this cluster is to have one.
    pub bug: Option<Bug>,
}

impl Config {
    /// Majorities, and no bug.
    pub fn new(acceptors: usize, proposers: &[Value]) -> Self {
        let quorums = Quorums::majorities(acceptors);
        Self { acceptors, proposers: proposers.to_vec(), quorums, bug: None }
    }

    /// The learner's id.
    pub fn learner(&self) -> Id {
        Id::from(self.acceptors + self.proposers.len())
    }

    /// The acceptors' ids.
    pub fn acceptor_ids(&self) -> Vec<Id> {
        Id::vec_from(0..self.acceptors)
    }

    /// All nodes, by id.
    pub fn nodes(&self) -> Vec<Synod> {
        (self.acceptor_ids().iter().map(|_| Role::Acceptor))
            .chain(self.proposers.iter().map(|value| Role::Proposer(*value)))
            .chain([Role::Learner])
            .map(|role| Synod { config: self.clone(), role })
            .collect()
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synod {
    /// The cluster.
    pub config: Config,
    /// What it does.
    pub role: Role,
}

/// What a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Promises and accepts.
    Acceptor,
    /// Proposes; this value, if it may.
    Proposer(Value),
    /// Finds out what is chosen.
    Learner,
}

/// The messages. Proposals are numbered by ballots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Msg {
    /// 1a.
    Prepare(Ballot),
    /// 1b, with the highest-numbered proposal accepted.
    Promise(Ballot, Option<Proposal>),
    /// 2a.
    Accept(Proposal),
    /// 2b, to the learner.
    Accepted(Proposal),
}

/// A number and a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Proposal {
    /// Its number.
    pub ballot: Ballot,
    /// Its value.
    pub value: Value,
}

/// The state of a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Of an acceptor: all of it is durable.
    Acceptor(Acceptor),
    /// Of a proposer.
    Proposer(Proposer),
    /// Of the learner.
    Learner(Learner),
}

/// What an acceptor must remember.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Acceptor {
    /// The highest number that it responded to.
    pub promised: Ballot,
    /// The highest-numbered proposal that it accepted.
    pub accepted: Option<Proposal>,
}

/// A proposer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Proposer {
    /// The number of its current proposal. Durable: "it never issues two proposals with one
    /// number".
    pub ballot: Ballot,
    /// The responses to its prepare requests; `None` once it sent its accept requests.
    pub promises: Option<BTreeMap<Id, Option<Proposal>>>,
}

/// The learner.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Learner {
    /// The highest-numbered proposal that it heard each acceptor to have accepted.
    pub heard: BTreeMap<Id, Proposal>,
    /// The value that is chosen.
    pub learned: Option<Value>,
}

/// What is durable. Small, so always complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Saved {
    /// Of an acceptor.
    Acceptor(Acceptor),
    /// Of a proposer.
    Proposer(Ballot),
}

impl Durable for Saved {
    fn absorb(&mut self, delta: Self) {
        *self = delta;
    }
}

/// A proposer's timer: time for a new proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Propose;

impl Actor for Synod {
    type Msg = Msg;
    type Timer = Propose;
    type State = State;
    type Storage = Saved;
    type Random = ();

    fn on_start(&self, id: Id, storage: &Option<Saved>, o: &mut Out<Self>) -> State {
        match self.role {
            Role::Acceptor => State::Acceptor(match storage {
                Some(Saved::Acceptor(saved)) => *saved,
                _ => Acceptor::default(),
            }),
            Role::Proposer(_) => {
                o.set_timer(Propose, model_timeout());
                let ballot = match storage {
                    Some(Saved::Proposer(ballot)) => *ballot,
                    _ => Ballot { round: 0, leader: id },
                };
                State::Proposer(Proposer { ballot, promises: None })
            }
            Role::Learner => State::Learner(Learner::default()),
        }
    }

    fn on_msg(&self, _id: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (&**state, msg) {
            (State::Acceptor(acceptor), Msg::Prepare(ballot)) => {
                self.on_prepare(*acceptor, state, src, ballot, o);
            }
            (State::Acceptor(acceptor), Msg::Accept(proposal)) => {
                self.on_accept(*acceptor, state, proposal, o);
            }
            (State::Proposer(_), Msg::Promise(ballot, accepted)) => {
                self.on_promise(state, src, ballot, accepted, o);
            }
            (State::Learner(_), Msg::Accepted(proposal)) => {
                self.on_accepted(state, src, proposal);
            }
            _ => {}
        }
    }

    /// Phase 1a.
    fn on_timeout(&self, id: Id, state: &mut Cow<'_, State>, _: &Propose, o: &mut Out<Self>) {
        let State::Proposer(Proposer { ballot, .. }) = **state else { return };
        let ballot = ballot.next(id);
        if !self.config.has(Bug::ReuseBallot) {
            o.save(Saved::Proposer(ballot));
        }
        *state = Cow::Owned(State::Proposer(Proposer { ballot, promises: Some(BTreeMap::new()) }));
        o.set_timer(Propose, model_timeout());
        o.broadcast(&self.config.acceptor_ids(), &Msg::Prepare(ballot));
    }

    fn name(&self) -> String {
        match self.role {
            Role::Acceptor => "acceptor",
            Role::Proposer(_) => "proposer",
            Role::Learner => "learner",
        }
        .to_owned()
    }
}

impl Synod {
    /// Phase 1b: "if an acceptor receives a prepare request with number n greater than that of
    /// any prepare request to which it has already responded".
    fn on_prepare(
        &self,
        acceptor: Acceptor,
        state: &mut Cow<'_, State>,
        src: Id,
        ballot: Ballot,
        o: &mut Out<Self>,
    ) {
        let lower = ballot < acceptor.promised && self.config.has(Bug::PromiseLower);
        if ballot <= acceptor.promised && !lower {
            return;
        }
        let acceptor = Acceptor { promised: ballot, ..acceptor };
        if !self.config.has(Bug::ForgetPromise) {
            o.save(Saved::Acceptor(acceptor));
        }
        *state = Cow::Owned(State::Acceptor(acceptor));
        o.send(src, Msg::Promise(ballot, acceptor.accepted));
    }

    /// Phase 2b: "it accepts the proposal unless it has already responded to a prepare request
    /// having a number greater than n".
    fn on_accept(
        &self,
        acceptor: Acceptor,
        state: &mut Cow<'_, State>,
        proposal: Proposal,
        o: &mut Out<Self>,
    ) {
        let broken = self.config.has(Bug::BreakPromise);
        let old = proposal.ballot < acceptor.promised && !broken;
        let full = acceptor.accepted.is_some() && self.config.has(Bug::AcceptOnce);
        if old || full || acceptor.accepted == Some(proposal) {
            return;
        }
        let acceptor = Acceptor { promised: proposal.ballot, accepted: Some(proposal) };
        if !self.config.has(Bug::ForgetAccepted) {
            o.save(Saved::Acceptor(acceptor));
        }
        *state = Cow::Owned(State::Acceptor(acceptor));
        o.send(self.config.learner(), Msg::Accepted(proposal));
    }

    /// Phase 2a: "the value of the highest-numbered proposal among the responses, or any value if
    /// the responses reported no proposals".
    fn on_promise(
        &self,
        state: &mut Cow<'_, State>,
        src: Id,
        answered: Ballot,
        accepted: Option<Proposal>,
        o: &mut Out<Self>,
    ) {
        let (State::Proposer(proposer), Role::Proposer(own)) = (&**state, self.role) else {
            return;
        };
        let current = answered == proposer.ballot || self.config.has(Bug::CountPromisesAcross);
        let Some(promises) =
            proposer.promises.as_ref().filter(|promises| current && !promises.contains_key(&src))
        else {
            return;
        };
        let mut promises = promises.clone();
        promises.insert(src, accepted);
        let ballot = proposer.ballot;
        let bug = usize::from(self.config.has(Bug::SmallPrepareQuorum));
        let promises = if promises.len() < self.config.quorums.prepare - bug {
            Some(promises)
        } else {
            let value = self.value_for(own, &promises);
            o.broadcast(&self.config.acceptor_ids(), &Msg::Accept(Proposal { ballot, value }));
            None
        };
        *state = Cow::Owned(State::Proposer(Proposer { ballot, promises }));
    }

    fn value_for(&self, own: Value, promises: &BTreeMap<Id, Option<Proposal>>) -> Value {
        let reported = promises.values().flatten();
        let bound = match self.config.bug {
            Some(Bug::IgnoreAccepted) => None,
            Some(Bug::AdoptLast) => reported.last(),
            _ => reported.max(),
        };
        let free = if self.config.has(Bug::ProposeNothing) { Value::default() } else { own };
        bound.map_or(free, |proposal| proposal.value)
    }

    /// "To learn that a value has been chosen, a learner must find out that a proposal has been
    /// accepted by a majority of acceptors" (section 2.3).
    fn on_accepted(&self, state: &mut Cow<'_, State>, src: Id, proposal: Proposal) {
        let State::Learner(learner) = &**state else { return };
        let known = learner.heard.get(&src);
        let news = known.is_none_or(|known| known.ballot < proposal.ballot);
        if learner.learned.is_some() || !news {
            return;
        }
        let mut learner = learner.clone();
        learner.heard.insert(src, proposal);
        let counts =
            |heard: &&Proposal| **heard == proposal || self.config.has(Bug::CountVotesAcross);
        let bug = usize::from(self.config.has(Bug::SmallAcceptQuorum));
        if learner.heard.values().filter(counts).count() >= self.config.quorums.accept - bug {
            learner = Learner { heard: BTreeMap::new(), learned: Some(proposal.value) };
        }
        *state = Cow::Owned(State::Learner(learner));
    }
}

impl Recoverable for Synod {
    fn checkpoint(&self, id: Id, state: &State) -> Option<Saved> {
        match state {
            State::Acceptor(acceptor) => {
                (*acceptor != Acceptor::default()).then_some(Saved::Acceptor(*acceptor))
            }
            State::Proposer(Proposer { ballot, .. }) => {
                (*ballot != Ballot { round: 0, leader: id }).then_some(Saved::Proposer(*ballot))
            }
            State::Learner(_) => None,
        }
    }
}
