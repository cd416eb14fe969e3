//! Paxos for a single decree: acceptors choose one value among those that proposers propose.
//!
//! # Source
//!
//! **Lamport 2001**, *Paxos made simple*, section 2, in its words. The requirements: only a value
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
//! *Learning.* Acceptors report to the learner what they accept; a value accepted by a quorum in
//! one proposal is chosen.
//!
//! # Deviations, and why
//!
//! * Each role is a node of its own here, so that each handler is one sentence of the paper; the
//!   replicated log ([`super`]) co-locates them.
//! * The phases may have quorums of different sizes (Howard et al. 2016); a majority is the
//!   default.
//! * A proposer begins a new proposal when its timer fires. With two of them that never ends
//!   (section 2.4): see [`instances::duel`].

mod acceptor;
mod bugs;
mod config;
mod guarantees;
pub mod instances;
mod learner;
mod message;
pub mod mutants;
pub mod properties;
mod proposer;
mod protocol;
mod state;
mod symmetry;
#[cfg(test)]
mod tests;
mod turn;

pub use config::{Config, Role, Synod};
pub use message::{Msg, Proposal, Value};
pub use state::{Acceptor, Learner, Propose, Proposer, Saved, State};
pub use symmetry::symmetry;

use crate::Recoverable;
use crate::lend::lend;
use crate::paxos::Ballot;
use stateright::actor::{Actor, Id, Out};
use std::borrow::Cow;
use turn::{Accepting, Learning, Proposing};

impl Actor for Synod {
    type Msg = Msg;
    type Timer = Propose;
    type State = State;
    type Storage = Saved;
    type Random = ();

    fn on_start(&self, id: Id, storage: &Option<Saved>, o: &mut Out<Self>) -> State {
        match (self.role, *storage) {
            (Role::Acceptor, Some(Saved::Acceptor(saved))) => State::Acceptor(saved),
            (Role::Acceptor, _) => State::Acceptor(Acceptor::default()),
            (Role::Proposer(_), saved) => {
                let saved = match saved {
                    Some(Saved::Proposer(ballot)) => Some(ballot),
                    _ => None,
                };
                let start = |mut turn: Proposing<'_, '_>| turn.on_start(saved);
                State::Proposer(Proposing::start(&self.config, id, o, start))
            }
            (Role::Learner, _) => State::Learner(Learner::default()),
        }
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let config = &self.config;
        match (self.role, msg) {
            (Role::Acceptor, Msg::Prepare(ballot)) => lend!(state, State::Acceptor, |state| {
                Accepting::on_message(config, id, src, state, o).on_prepare(ballot);
            }),
            (Role::Acceptor, Msg::Accept(proposal)) => lend!(state, State::Acceptor, |state| {
                Accepting::on_message(config, id, src, state, o).on_accept(proposal);
            }),
            (Role::Proposer(own), Msg::Promise(ballot, accepted)) => {
                lend!(state, State::Proposer, |state| {
                    let mut turn = Proposing::on_message(config, id, src, state, o);
                    turn.on_promise(own, ballot, accepted);
                });
            }
            (Role::Learner, Msg::Accepted(proposal)) => lend!(state, State::Learner, |state| {
                Learning::on_message(config, id, src, state, o).on_accepted(proposal);
            }),
            _ => {}
        }
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, State>, _: &Propose, o: &mut Out<Self>) {
        lend!(state, State::Proposer, |state| {
            Proposing::of_its_own(&self.config, id, state, o).on_propose_timer();
        });
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
