//! The properties of pre-vote: a live leader is not deposed, and a failed one is replaced.

use super::nodes::{Actor, Claim, History, Machine, replica, stable, stables};
use crate::paxos::{Ballot, ReplicaState, Role};
use crate::statements;
use crate::world::{Condition, NodeOf, Property};
use stateright::actor::Id;

statements! {
    /// Of instances in which one replica alone misses the leader.
    pub STEADY = "no-disruption", "a replica that alone misses the leader does not depose it",
        "Ongaro 2014, section 9.6";
    pub FOLLOWED = "re-election", "after the leader fails, another replica eventually leads",
        "Lamport 2001, section 2.4";
    pub HEARD = "leader-heard", "a replica that misses a live leader eventually hears from it",
        "Ongaro 2014, section 9.6";
    pub GIVEN_UP = "step-down", "a leader that gets nothing chosen eventually steps down",
        "Ongaro 2014, section 6.2";
    /// Pre-vote asked in vain.
    pub MISSED = "leader-missed", "a replica missed the leader";
}

/// No replica promised another ballot than the first.
pub fn steady() -> Claim {
    Property::always(
        STEADY,
        Condition::nodes(|nodes| stables(nodes).all(|stable| stable.promised == Ballot::default())),
    )
}

/// Whenever no replica leads, one leads later.
pub fn followed() -> Claim {
    Property::leads_to(
        FOLLOWED,
        Condition::each_node(|node| !is(node, ReplicaState::is_leading)),
        Condition::some_node(|node| is(node, ReplicaState::is_leading)),
    )
}

/// No replica misses the leader for ever.
pub fn heard() -> Claim {
    Property::leads_to(
        HEARD,
        Condition::some_node(|node| is(node, is_missing)),
        Condition::each_node(|node| !is(node, is_missing)),
    )
}

/// The proposals of a leader are eventually chosen, or it leads no more.
pub fn given_up() -> Claim {
    let is_open = |replica: &ReplicaState<Machine>| matches!(&replica.role, Role::Leading(leading) if leading.awaits_others());
    Property::leads_to(
        GIVEN_UP,
        Condition::some_node(move |node| is(node, is_open)),
        Condition::each_node(move |node| !is(node, is_open)),
    )
}

/// Some replica misses the leader.
pub fn missed() -> Claim {
    Property::sometimes(MISSED, Condition::some_node(|node| is(node, is_missing)))
}

/// No replica misses the leader but this one: a bound for where it is enough that one does.
pub fn misses(only: Id) -> Condition<Actor, History> {
    Condition::each_node(move |node| node.id == only || !is(node, is_missing))
}

/// No replica takes a ballot of a later round: a bound for where there would be more without end.
pub fn first_rounds(last: u64) -> Condition<Actor, History> {
    Condition::each_node(move |node| {
        stable(node).is_none_or(|stable| stable.promised.round <= last)
    })
}

/// The same, and no replica misses the first leader, or tries to lead, while that is up.
pub fn missed_when_gone(last: u64) -> Condition<Actor, History> {
    let is_waiting = |replica: &ReplicaState<Machine>| {
        replica.missing.is_none() && replica.stable.promised == Ballot::default()
    };
    Condition::nodes(move |nodes| {
        let replicas = || nodes.up().filter_map(|(_, state)| replica(state));
        let is_gone = nodes.node(0.into()).state().is_none();
        if is_gone {
            stables(nodes).all(|stable| stable.promised.round <= last)
        } else {
            replicas().all(is_waiting)
        }
    })
}

fn is_missing(replica: &ReplicaState<Machine>) -> bool {
    replica.missing.is_some()
}

fn is(node: &NodeOf<Actor>, what: impl Fn(&ReplicaState<Machine>) -> bool) -> bool {
    node.state().and_then(replica).is_some_and(what)
}
