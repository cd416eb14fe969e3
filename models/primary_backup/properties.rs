//! What must hold of a primary-backup cluster, and what must be reachable.
//!
//! The replicas replicate [`Recorded<Map>`](crate::kv::Recorded), whose state tells which requests
//! were applied, in order: so these are statements about states, and the protocol carries no
//! history for the sake of its proof.

use super::{Registry, ReplicaState, State};
use crate::kv::{Map, Recorded};
use stateright::actor::Id;
use std::collections::BTreeSet;

/// The machine that the checked instances replicate.
pub type Machine = Recorded<Map>;

/// A request: its client and sequence number.
pub type Request = (Id, u64);

/// Budhiraja et al. 1993, Pb1: at most one replica acts as the primary of a view.
pub fn one_primary_per_view<'a>(states: impl Iterator<Item = &'a State<Machine>>) -> bool {
    let mut acting = replicas(states).filter(|replica| replica.is_acting());
    let mut views = BTreeSet::new();
    acting.all(|replica| views.insert(replica.view.number))
}

/// Every acknowledged write is in every replica that the next view may promote: Alsberg and Day
/// 1976, the loss of all but one host of the view loses nothing that a user was told.
pub fn promotable_hold_acknowledged<'a>(
    states: &(impl Iterator<Item = (Id, &'a State<Machine>)> + Clone),
    acknowledged: &(impl Iterator<Item = Request> + Clone),
) -> bool {
    let Some(registry) = registry(states.clone().map(|(_, state)| state)) else { return false };
    (states.clone()).filter(|(id, _)| registry.certified.contains(id)).all(|(_, state)| {
        match state {
            State::Replica(replica) => acknowledged.clone().all(|request| holds(replica, request)),
            _ => false,
        }
    })
}

/// The primary of the newest view, once it acts, has every acknowledged write: what users see of
/// the property above.
pub fn no_acknowledged_write_is_lost<'a>(
    states: &(impl Iterator<Item = &'a State<Machine>> + Clone),
    acknowledged: &(impl Iterator<Item = Request> + Clone),
) -> bool {
    let Some(registry) = registry(states.clone()) else { return false };
    (replicas(states.clone()))
        .filter(|replica| replica.is_acting() && replica.view.number == registry.view.number)
        .all(|replica| acknowledged.clone().all(|request| holds(replica, request)))
}

/// In one view, what a backup applied is a prefix of what its primary applied.
pub fn backups_are_prefixes<'a>(
    states: &(impl Iterator<Item = &'a State<Machine>> + Clone),
) -> bool {
    let primaries = replicas(states.clone()).filter(|replica| replica.is_primary());
    primaries.into_iter().all(|primary| {
        (replicas(states.clone()))
            .filter(|backup| {
                !backup.is_primary()
                    && backup.is_synced()
                    && backup.view.number == primary.view.number
            })
            .all(|backup| applied(primary).starts_with(applied(backup)))
    })
}

/// No replica applied a request twice.
pub fn applied_exactly_once<'a>(states: impl Iterator<Item = &'a State<Machine>>) -> bool {
    replicas(states).all(|replica| {
        let mut seen = BTreeSet::new();
        applied(replica).iter().all(|request| seen.insert(*request))
    })
}

/// Reached: another replica than the first acts.
pub fn failed_over<'a>(mut states: impl Iterator<Item = (Id, &'a State<Machine>)>) -> bool {
    states.any(|(id, state)| {
        id != Id::from(1) && matches!(state, State::Replica(replica) if replica.is_acting())
    })
}

fn registry<'a>(mut states: impl Iterator<Item = &'a State<Machine>>) -> Option<&'a Registry> {
    states.find_map(|state| match state {
        State::ViewService(registry) => Some(registry),
        _ => None,
    })
}

fn replicas<'a>(
    states: impl Iterator<Item = &'a State<Machine>>,
) -> impl Iterator<Item = &'a ReplicaState<Machine>> {
    states.filter_map(|state| match state {
        State::Replica(replica) => Some(replica),
        _ => None,
    })
}

fn applied(replica: &ReplicaState<Machine>) -> &[Request] {
    &replica.image.machine.applied
}

fn holds(replica: &ReplicaState<Machine>, request: Request) -> bool {
    applied(replica).contains(&request)
}
