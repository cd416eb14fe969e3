//! All proposals, promises and votes of a run, from the messages in flight.

use super::nodes::World;
use crate::kv::{Op, Service};
use crate::paxos::{Ballot, Command, Peer, Slot};
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};

/// The past of a run, as the messages in flight show it.
pub(super) struct Past<'a> {
    /// The values that were proposed, by slot and ballot.
    pub(super) proposed: BTreeMap<(Slot, Ballot), BTreeSet<&'a Command<Op>>>,
    /// The acceptors that accepted, by slot and ballot.
    pub(super) votes: BTreeMap<(Slot, Ballot), BTreeSet<Id>>,
    /// The acceptors that promised, by ballot. A proposer has promised its own ballot.
    pub(super) promised: BTreeMap<Ballot, BTreeSet<Id>>,
}

impl<'a> Past<'a> {
    pub(super) fn of(world: &World<'a>) -> Self {
        let mut past =
            Self { proposed: BTreeMap::new(), votes: BTreeMap::new(), promised: BTreeMap::new() };
        for envelope in world.envelopes() {
            let Service::Peer(msg) = &envelope.msg else { continue };
            match msg {
                Peer::Accept { ballot, slot, command } => {
                    past.proposed.entry((*slot, *ballot)).or_default().insert(command);
                }
                Peer::Accepted { ballot, slot } => {
                    past.votes.entry((*slot, *ballot)).or_default().insert(envelope.src);
                }
                Peer::Promise { ballot, .. } => {
                    past.promised.entry(*ballot).or_default().insert(envelope.src);
                }
                _ => {}
            }
        }
        past
    }

    /// The chosen commands, by slot.
    pub(super) fn chosen(&self, quorum: usize) -> impl Iterator<Item = (Slot, &'a Command<Op>)> {
        self.chosen_in(quorum).map(|(slot, _, value)| (slot, value))
    }

    /// The chosen commands, by slot and ballot.
    pub(super) fn chosen_in(
        &self,
        quorum: usize,
    ) -> impl Iterator<Item = (Slot, Ballot, &'a Command<Op>)> {
        (self.votes.iter()).filter(move |(_, voters)| voters.len() >= quorum).flat_map(|(at, _)| {
            self.proposed.get(at).into_iter().flatten().map(|value| (at.0, at.1, *value))
        })
    }

    /// The highest-numbered proposal below `ballot` that `acceptor` accepted in `slot`.
    fn last_vote(&self, acceptor: Id, slot: Slot, ballot: Ballot) -> Option<Ballot> {
        (self.votes.range((slot, Ballot::default())..(slot, ballot)))
            .rev()
            .find(|(_, voters)| voters.contains(&acceptor))
            .map(|((_, ballot), _)| *ballot)
    }

    /// P2c of one proposal: there is a quorum of acceptors that promised its ballot, of which
    /// none accepted anything before in its slot, or the highest-numbered proposal that one of
    /// them did has its value.
    pub(super) fn follows(
        &self,
        slot: Slot,
        ballot: Ballot,
        value: &Command<Op>,
        quorum: usize,
    ) -> bool {
        let mut promised = self.promised.get(&ballot).cloned().unwrap_or_default();
        promised.insert(ballot.leader);
        let last: Vec<Option<Ballot>> =
            promised.iter().map(|acceptor| self.last_vote(*acceptor, slot, ballot)).collect();
        let upto = |highest: Option<Ballot>| last.iter().filter(|last| **last <= highest).count();
        let has_value = |ballot: &Ballot| {
            self.proposed.get(&(slot, *ballot)).is_some_and(|values| values.contains(value))
        };
        upto(None) >= quorum
            || last.iter().flatten().any(|last| has_value(last) && upto(Some(*last)) >= quorum)
    }
}
