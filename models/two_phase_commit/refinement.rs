//! The refinement mapping: what a state of the cluster is to the
//! [abstract model](super::abstract_model), for one transaction.
//!
//! Each node counts with its durable state, whether it is up or down, because it comes back with
//! that. The network is the set network and so remembers what was ever sent. A transaction that its
//! coordinator neither committed nor still counts votes for is aborted, since the coordinator will
//! never commit it; and so is one of which some participant answered another that it aborted.
//!
//! The messages that the abstract transaction manager heard before it decided have no influence
//! afterwards, and are left out on both sides ([`canonical`]). One step of the cluster may be
//! several of the abstract model: the last vote arrives and the coordinator decides; a participant
//! aborts and informs another.

use super::abstract_model::{Message, RmState, TmState, TwoPhase, TwoPhaseState};
use super::config::coordinator;
use super::properties::{Actor, History, coordinator_state, ledger, shard};
use super::{Decision, Known, Peer, Progress, TxnId, Vote};
use crate::kv::Service;
use crate::world::View;
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};

/// How many abstract steps one step of the cluster is at most.
pub const MAX_ABSTRACT_STEPS: usize = 2;

/// The transactions of which a message was sent, each with its participants.
pub fn transactions(world: &View<'_, Actor, History>) -> BTreeMap<TxnId, BTreeSet<Id>> {
    (world.envelopes())
        .filter_map(|envelope| match &envelope.msg {
            Service::Peer(Peer::Prepare { txn, participants, .. }) => {
                Some((*txn, participants.clone()))
            }
            _ => None,
        })
        .collect()
}

/// The state of the abstract model, of one transaction, that a state of the cluster stands for.
pub fn abstraction(
    world: &View<'_, Actor, History>,
    txn: TxnId,
    participants: &BTreeSet<Id>,
) -> TwoPhaseState {
    let tm_state = tm_state(world, txn);
    let rm_state = participants.iter().map(|rm| rm_state(world, txn, *rm)).collect();
    let mut msgs: BTreeSet<Message> = (participants.iter().enumerate())
        .filter(|(_, rm)| voted_yes(world, txn, **rm))
        .map(|(at, _)| Message::Prepared(at))
        .collect();
    match tm_state {
        TmState::Init => {}
        TmState::Committed => drop(msgs.insert(Message::Commit)),
        TmState::Aborted => drop(msgs.insert(Message::Abort)),
    }
    let voting = coordinator_state(world).and_then(|state| state.voting.get(&txn));
    let heard = |rm: &Id| voting.is_some_and(|voting| voting.yes.contains_key(rm));
    let tm_prepared =
        (participants.iter().enumerate()).filter(|(_, rm)| heard(rm)).map(|(at, _)| at).collect();
    canonical(TwoPhaseState { rm_state, tm_state, tm_prepared, msgs })
}

/// The state without what has no influence any more.
pub fn canonical(mut state: TwoPhaseState) -> TwoPhaseState {
    if state.tm_state != TmState::Init {
        state.tm_prepared.clear();
    }
    state
}

/// Whether the abstract model can go from one state to the other in at most
/// [`MAX_ABSTRACT_STEPS`] steps, none included.
pub fn allows(from: &TwoPhaseState, to: &TwoPhaseState) -> bool {
    let model = TwoPhase { resource_managers: from.rm_state.len() };
    let mut reached = BTreeSet::from([from.clone()]);
    for _ in 0..MAX_ABSTRACT_STEPS {
        if reached.contains(to) {
            return true;
        }
        let next = reached.iter().flat_map(|state| {
            let steps = model.enabled(state).into_iter();
            steps.map(|step| canonical(TwoPhase::after(state.clone(), step)))
        });
        reached = next.collect();
    }
    reached.contains(to)
}

fn tm_state(world: &View<'_, Actor, History>, txn: TxnId) -> TmState {
    let said = |wanted| {
        let mut envelopes = world.envelopes();
        envelopes.any(|envelope| {
            matches!(
                &envelope.msg,
                Service::Peer(Peer::Decide { txn: about, decision })
                    if *about == txn && *decision == wanted
            )
        })
    };
    let begun = transactions(world).contains_key(&txn);
    let undecided = coordinator_state(world).is_some_and(|state| state.voting.contains_key(&txn));
    let committed = ledger(world).is_some_and(|ledger| ledger.committed.contains_key(&txn));
    if committed || said(Decision::Commit) {
        TmState::Committed
    } else if begun && (!undecided || said(Decision::Abort)) {
        TmState::Aborted
    } else {
        TmState::Init
    }
}

fn rm_state(world: &View<'_, Actor, History>, txn: TxnId, rm: Id) -> RmState {
    let Some(shard) = shard(world.nodes().node(rm)) else { return RmState::Working };
    match shard.known(txn) {
        Known::Newest(Progress::Prepared) | Known::StillPrepared => RmState::Prepared,
        Known::Newest(Progress::Committed) => RmState::Committed,
        Known::Newest(Progress::Aborted | Progress::Refused(_)) => RmState::Aborted,
        Known::New => RmState::Working,
        // Forgotten, but if it committed it said so.
        Known::Old | Known::Expired => {
            if acknowledged(world, txn, rm) {
                RmState::Committed
            } else {
                RmState::Aborted
            }
        }
    }
}

fn acknowledged(world: &View<'_, Actor, History>, txn: TxnId, rm: Id) -> bool {
    let mut to_coordinator =
        (world.envelopes()).filter(|envelope| envelope.src == rm && envelope.dst == coordinator());
    to_coordinator.any(|envelope| envelope.msg == Service::Peer(Peer::Ack { txn }))
}

fn voted_yes(world: &View<'_, Actor, History>, txn: TxnId, rm: Id) -> bool {
    let mut from = world.envelopes().filter(|envelope| envelope.src == rm);
    from.any(|envelope| {
        matches!(
            &envelope.msg,
            Service::Peer(Peer::Vote { txn: about, vote: Vote::Yes(_) }) if *about == txn
        )
    })
}
