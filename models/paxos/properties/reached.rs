//! States that must be reachable, so that no property holds vacuously; and boundaries of
//! exploration.

use super::nodes::{Actor, Claim, History, Machine, stable};
use super::past::Past;
use crate::kv::Service;
use crate::kv::service::Refusal;
use crate::paxos::{Ballot, Command, Peer, ReplicaState, Role, Saved, Slot, Stable, State};
use crate::statements;
use crate::world::{Condition, NodeOf, Property, Statement};
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};

statements! {
    pub PARTS = "promise-in-parts", "a promise was sent in parts";
    pub PIECES = "snapshot-in-pieces", "a replica had some pieces of a snapshot";
    pub WAITED = "window-full", "a request waited for a slot";
    pub HELD = "vote-held", "a vote waited for the disk";
    pub UNDURABLE = "applied-undurable", "a replica applied what its disk does not hold as applied";
    pub FORGOTTEN_READ = "read-forgotten",
        "a client was answered a read that its leader remembers no more";
    pub BUSY = "leader-busy", "a client was told that the leader is busy";
    pub THREE_BALLOTS = "three-ballots", "values were proposed in one slot in three ballots";
    pub TWO_LEADERS = "two-leaders", "two replicas led at once, in different ballots";
    /// P2c determined a value.
    pub ADOPTED = "adopted", "a request was proposed again in a higher ballot";
    pub GAP_FILLED = "gap-filled", "a gap was filled with a no-op";
    pub INSTALLED = "snapshot-installed", "a replica caught up by a snapshot";
    pub CAUGHT_UP = "log-fetched", "a replica asked for the log and received it";
    pub OVERLAP = "overlap", "requests of two clients overlapped";
}

/// A promise was cut.
pub fn promised_in_parts() -> Claim {
    some_message(PARTS, |msg| matches!(msg, Peer::Promise { until: Some(_), .. }))
}

/// A replica holds a part of a snapshot.
pub fn pieces() -> Claim {
    some_replica(PIECES, |replica| replica.install.is_some())
}

/// A leader lets a request wait.
pub fn waited() -> Claim {
    some_replica(WAITED, |replica| match &replica.role {
        Role::Leading(leading) => !leading.waiting.is_empty(),
        _ => false,
    })
}

/// A vote waits for the disk.
pub fn held() -> Claim {
    Property::sometimes(
        HELD,
        Condition::some_node(|node| {
            let is_vote = |msg: &_| matches!(msg, Service::Peer(Peer::Accepted { .. }));
            node.held.iter().any(|(_, msg)| is_vote(msg))
        }),
    )
}

/// A crash now would take back that something is applied.
pub fn undurable() -> Claim {
    Property::sometimes(
        UNDURABLE,
        Condition::some_node(|node| match (node.state(), &node.disk.durable) {
            (Some(State::Replica(replica)), Some(Saved::Complete(durable))) => {
                replica.applied() > durable.image.slot
            }
            _ => false,
        }),
    )
}

/// Two clients were answered, and their leader remembers the read of one.
pub fn forgotten_read() -> Claim {
    Property::sometimes(
        FORGOTTEN_READ,
        Condition::nodes(|nodes| {
            let is_done = |state: &State<Machine>| matches!(state, State::Client(client) if client.last.is_some());
            let remembers = |state: &State<Machine>| match state {
                State::Replica(ReplicaState { role: Role::Leading(leading), .. }) => {
                    leading.last_reads.len() == 1
                }
                _ => false,
            };
            nodes.up().filter(|(_, state)| is_done(state)).count() >= 2
                && nodes.up().any(|(_, state)| remembers(state))
        }),
    )
}

/// A client heard that the leader is busy.
pub fn busy() -> Claim {
    Property::sometimes(
        BUSY,
        Condition::some_message(|envelope, _| {
            matches!(envelope.msg, Service::Refused { why: Refusal::Busy, .. })
        }),
    )
}

fn some_replica(
    statement: Statement,
    is: impl Fn(&ReplicaState<Machine>) -> bool + Send + Sync + 'static,
) -> Claim {
    Property::sometimes(
        statement,
        Condition::some_node(move |node| match node.state() {
            Some(State::Replica(replica)) => is(replica),
            _ => false,
        }),
    )
}

/// Three leaders proposed in one slot.
pub fn three_ballots() -> Claim {
    Property::sometimes(
        THREE_BALLOTS,
        Condition::world(|world| {
            let past = world.derive(Past::of);
            let mut ballots = BTreeMap::new();
            past.proposed.iter().any(|((slot, ballot), _)| {
                let ballots: &mut BTreeSet<_> = ballots.entry(*slot).or_default();
                ballots.insert(*ballot);
                ballots.len() >= 3
            })
        }),
    )
    .monotone()
}

/// Two replicas lead.
pub fn two_leaders() -> Claim {
    Property::sometimes(
        TWO_LEADERS,
        Condition::nodes(|nodes| {
            let leads = |state: &State<Machine>| matches!(state, State::Replica(replica) if replica.is_leading());
            nodes.up().filter(|(_, state)| leads(state)).count() >= 2
        }),
    )
}

/// A request was proposed in two ballots.
pub fn adopted() -> Claim {
    Property::sometimes(
        ADOPTED,
        Condition::world(|world| {
            let past = world.derive(Past::of);
            let mut requests = BTreeSet::new();
            (past.proposed.iter())
                .filter(|(_, value)| *value != Command::Noop)
                .any(|((slot, _), value)| !requests.insert((*slot, value)))
        }),
    )
    .monotone()
}

/// A no-op was proposed.
pub fn gap_filled() -> Claim {
    some_message(GAP_FILLED, |msg| matches!(msg, Peer::Accept { command: Command::Noop, .. }))
}

/// A piece of the log was sent.
pub fn caught_up() -> Claim {
    some_message(CAUGHT_UP, |msg| matches!(msg, Peer::Log { .. }))
}

/// A replica holds a state and no log.
pub fn installed() -> Claim {
    Property::sometimes(
        INSTALLED,
        Condition::some_node(|node| {
            stable(node).is_some_and(|stable| stable.image.slot > 0 && stable.log.is_empty())
        }),
    )
}

/// Two clients wait at once.
pub fn overlap() -> Claim {
    Property::sometimes(OVERLAP, Condition::history(|history: &History| history.open() >= 2))
}

/// No replica but this one tries to lead: a bound for where it is enough that one does.
pub fn elects(only: Id) -> Condition<Actor, History> {
    Condition::each_node(move |node| elects_only(only, node))
}

/// The same, and nothing is applied: a bound for where it is enough that something is proposed.
pub fn elects_unapplied(only: Id) -> Condition<Actor, History> {
    Condition::each_node(move |node| {
        elects_only(only, node) && stable(node).is_none_or(|stable| stable.image.slot == 0)
    })
}

fn elects_only(only: Id, node: &NodeOf<Actor>) -> bool {
    let leads_first =
        |stable: &Stable<Machine>| stable.promised.leader != node.id || stable.promised.round == 0;
    node.id == only || stable(node).is_none_or(leads_first)
}

/// No leader asked more often whether it leads: a bound for what would go on for ever.
pub fn few_rounds(rounds: u64) -> Condition<Actor, History> {
    Condition::each_node(move |node| match node.state() {
        Some(State::Replica(ReplicaState { role: Role::Leading(leading), .. })) => {
            leading.round <= rounds
        }
        _ => true,
    })
}

/// No replica applied more than `slots` slots: a bound for what would go on for ever.
pub fn short_log(slots: Slot) -> Condition<Actor, History> {
    Condition::each_node(move |node| stable(node).is_none_or(|stable| stable.image.slot <= slots))
}

/// Nothing is applied, each replica leads once, in the order of their ids, the first leader hears
/// of the last one only, and no client follows a redirect: a bound for where it is enough that
/// three ballots compete for a slot.
pub fn in_turn() -> Condition<Actor, History> {
    Condition::each_node(|node| match node.state() {
        Some(State::Replica(ReplicaState { stable, .. })) => {
            let Ballot { round, leader } = stable.promised;
            let passed_over = usize::from(node.id) == 0 && round == 1;
            stable.image.slot == 0 && round == usize::from(leader) as u64 && !passed_over
        }
        Some(State::Client(client)) => client.epoch == 0,
        None => true,
    })
}

/// A replica promised and accepted nothing, whatever it learned: a bound for where it is enough
/// that others do.
pub fn idle(id: Id) -> Condition<Actor, History> {
    Condition::each_node(move |node| {
        node.id != id
            || stable(node).is_none_or(|stable| {
                stable.promised == Ballot::default() && stable.accepted.is_empty()
            })
    })
}

fn some_message(
    statement: Statement,
    is: impl Fn(&Peer<Machine>) -> bool + Send + Sync + 'static,
) -> Claim {
    Property::sometimes(
        statement,
        Condition::some_message(
            move |envelope, _| matches!(&envelope.msg, Service::Peer(msg) if is(msg)),
        ),
    )
}
