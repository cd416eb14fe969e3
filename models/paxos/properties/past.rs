//! All proposals, promises and votes of a run, from the messages in flight.

use super::nodes::{Machine, World};
use crate::kv::{Op, Service};
use crate::paxos::{Ballot, Command, Msg, Peer, Slot};
use crate::sorted::{from, sorted, with};
use stateright::actor::{Envelope, Id};

/// A slot and a ballot.
type At = (Slot, Ballot);

/// The past of a run, as the messages in flight show it. All lists are sorted, and say nothing twice.
pub(super) struct Past {
    /// The values that were proposed.
    pub(super) proposed: Vec<(At, Command<Op>)>,
    /// The acceptors that accepted what was proposed.
    pub(super) votes: Vec<(At, Id)>,
    /// The acceptors that promised. A proposer has promised its own ballot.
    promised: Vec<(Ballot, Id)>,
}

pub(super) fn is_proposal(envelope: &Envelope<Msg<Machine>>) -> bool {
    matches!(envelope.msg, Service::Peer(Peer::Accept { .. }))
}

pub(super) fn is_vote(envelope: &Envelope<Msg<Machine>>) -> bool {
    matches!(envelope.msg, Service::Peer(Peer::Accepted { .. }))
}

pub(super) fn is_promise(envelope: &Envelope<Msg<Machine>>) -> bool {
    matches!(envelope.msg, Service::Peer(Peer::Promise { .. }))
}

impl Past {
    pub(super) fn of(world: &World<'_>) -> Self {
        let proposed = world.gather_messages(|envelope, all| {
            if let Service::Peer(Peer::Accept { ballot, slot, command }) = &envelope.msg {
                all.push(((*slot, *ballot), command.clone()));
            }
        });
        let votes = world.gather_messages(|envelope, all| {
            if let Service::Peer(Peer::Accepted { ballot, slot }) = envelope.msg {
                all.push(((slot, ballot), envelope.src));
            }
        });
        let promised = world.gather_messages(|envelope, all| {
            if let Service::Peer(Peer::Promise { ballot, .. }) = envelope.msg {
                all.push((ballot, envelope.src));
            }
        });
        Self { proposed: sorted(proposed), votes: sorted(votes), promised: sorted(promised) }
    }

    /// The values that were proposed in a slot and ballot: one, unless something is wrong.
    pub(super) fn proposed_at(&self, at: At) -> impl Iterator<Item = &Command<Op>> {
        with(&self.proposed, at).iter().map(|(_, value)| value)
    }

    /// The values that were proposed in a slot before a ballot.
    pub(super) fn proposed_before(&self, (slot, ballot): At) -> impl Iterator<Item = &Command<Op>> {
        let in_slot = from(&self.proposed, (slot, Ballot::default()));
        in_slot.iter().take_while(move |(at, _)| *at < (slot, ballot)).map(|(_, value)| value)
    }

    /// The slots and ballots in which so many acceptors accepted.
    fn of_quorums(&self, quorum: usize) -> impl Iterator<Item = At> {
        let by_ballot = self.votes.chunk_by(|one, other| one.0 == other.0);
        by_ballot.filter(move |votes| votes.len() >= quorum).map(|votes| votes[0].0)
    }

    /// The chosen commands, by slot.
    pub(super) fn chosen(&self, quorum: usize) -> impl Iterator<Item = (Slot, &Command<Op>)> {
        let all = self.of_quorums(quorum);
        all.flat_map(|at| self.proposed_at(at).map(move |value| (at.0, value)))
    }

    /// The first ballot in which a command was chosen in a slot.
    pub(super) fn first_chosen(
        &self,
        slot: Slot,
        command: &Command<Op>,
        quorum: usize,
    ) -> Option<Ballot> {
        let mut in_slot = self.of_quorums(quorum).filter(|at| at.0 == slot);
        in_slot.find(|at| self.proposed_at(*at).any(|value| value == command)).map(|at| at.1)
    }

    /// The highest-numbered proposal below `ballot` that `acceptor` accepted in `slot`.
    fn last_vote(&self, acceptor: Id, slot: Slot, ballot: Ballot) -> Option<Ballot> {
        let in_slot = from(&self.votes, (slot, Ballot::default())).iter();
        let before = in_slot.take_while(|(at, _)| *at < (slot, ballot));
        before.filter(|(_, voter)| *voter == acceptor).last().map(|(at, _)| at.1)
    }

    /// P2c of one proposal: there is a quorum of acceptors that promised its ballot, of which
    /// none accepted anything before in its slot, or the highest-numbered proposal that one of
    /// them did has its value.
    pub(super) fn follows(&self, (slot, ballot): At, value: &Command<Op>, quorum: usize) -> bool {
        let mut promised: Vec<Id> =
            with(&self.promised, ballot).iter().map(|(_, acceptor)| *acceptor).collect();
        if !promised.contains(&ballot.leader) {
            promised.push(ballot.leader);
        }
        let last: Vec<Option<Ballot>> =
            promised.iter().map(|acceptor| self.last_vote(*acceptor, slot, ballot)).collect();
        let upto = |highest: Option<Ballot>| last.iter().filter(|last| **last <= highest).count();
        let has_value =
            |ballot: &Ballot| self.proposed_at((slot, *ballot)).any(|proposed| proposed == value);
        upto(None) >= quorum
            || last.iter().flatten().any(|last| has_value(last) && upto(Some(*last)) >= quorum)
    }
}
