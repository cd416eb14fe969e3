//! What must hold of a cluster, and what must be reachable.
//!
//! On the set network what was sent stays in flight, so the messages in flight tell what every
//! proposer proposed, what every acceptor promised and accepted, in all ballots (`past.rs`): the
//! paper's invariants are statements about that, and no replica carries history for the sake of a
//! proof. The replicas replicate [`Recorded<Map>`](crate::kv::Recorded), whose state tells which
//! requests were applied, in order. A replica that is down counts with what is on its disk.

mod past;
mod pre_vote;
mod reached;
mod sessions;
mod structure;

use super::{
    Ballot, Command, Image, Offer, Paxos, Peer, Quorums, ReplicaState, Saved, Slot, Stable, State,
};
use crate::kv::history::Linearizable;
use crate::kv::{Map, Op, Recorded, Service};
use crate::world::{Condition, NodeOf, Nodes, Property, View};
use past::Past;
pub use pre_vote::*;
pub use reached::*;
pub use sessions::*;
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};
pub use structure::{ARMED, BOUNDED, OPEN, structure};

/// The machine that the checked instances replicate.
pub type Machine = Recorded<Map>;
/// A node of a checked instance.
pub type Actor = Paxos<Machine>;
/// The history that instances are judged by.
pub type History = Linearizable<Map>;
/// A property of an instance.
pub type Claim = Property<Actor, History>;

type World<'a> = View<'a, Actor, History>;

/// Lamport 2001, section 2.1: only a single value is chosen.
pub const AGREEMENT: &str = "one value is chosen in a slot";
/// Lamport 2001, section 2.1: only a value that has been proposed may be chosen.
pub const VALIDITY: &str = "only what a client asked for is proposed";
/// Lamport 2001, section 2.1: a process never learns that a value has been chosen unless it
/// actually has been.
pub const CHOSEN: &str = "a replica applies only what a quorum accepted";
/// Lamport 2001, section 2.2, P2b: what is said of a slot that is known to be chosen holds of
/// proposals in the ballot that who knows it promised, and in all greater ones.
pub const KNOWN: &str = "what a replica applied was chosen in no greater ballot than it promised";
/// Lamport 2001, section 2.2: different proposals have different numbers.
pub const ONE_PROPOSAL: &str = "one proposal per ballot and slot";
/// Lamport 2001, section 2.2, P1a: across restarts, too.
pub const PROMISE: &str = "a promise is never broken";
/// Lamport 2001, section 2.3: the acceptor must remember in stable storage what it said before it
/// says it. So for all that it said.
pub const REMEMBERS: &str = "an acceptor remembers what it said";
/// Van Renesse and Altinbuken 2015, section 2: a command may be decided in two slots, but no leader
/// gives it a second one.
pub const ONE_SLOT: &str = "a leader gives a request one slot";
/// Lamport 2001, section 2.2, P2c; Howard et al. 2016 for its quorums.
pub const P2C: &str = "a proposal follows from the promises of a quorum";
/// Van Renesse and Altinbuken 2015, section 2: replicas perform the commands of the same slots in
/// the same order.
pub const PREFIX: &str = "replicas applied prefixes of one log";
/// Chandra et al. 2007, section 5.5: the snapshot and the log must be consistent with each other.
pub const SNAPSHOT: &str = "a snapshot equals the log it replaces";
/// Van Renesse and Altinbuken 2015, section 2: a command is performed once, even if decided twice.
pub const EXACTLY_ONCE: &str = "no replica applied a request twice";
/// Herlihy and Wing 1990.
pub const LINEARIZABLE: &str = "linearizable";
/// Lamport 2001, section 2.4: progress with a distinguished proposer that can talk to a majority.
pub const ANSWERED: &str = "every request is answered";
/// Chandra et al. 2007, section 5.5: a transfer ends, though the log goes on.
pub const KEPT: &str = "a snapshot that is fetched is kept until it is there";
/// Van Renesse and Altinbuken 2015, section 4: a replica that lags catches up.
pub const LEVEL: &str = "a replica that is behind catches up";
/// Lamport 2001, section 2.4: a proposer that is not disturbed by a greater ballot succeeds.
pub const ELECTED: &str = "who tries to lead does, or gives up for a greater ballot";

#[track_caller]
fn always(name: &'static str, holds: impl Fn(&World<'_>) -> bool + Send + Sync + 'static) -> Claim {
    Property::always(name, Condition::world(move |world| holds(world)))
}

/// In each slot, all that quorums accepted is one value.
pub fn agreement(quorums: Quorums) -> Claim {
    always(AGREEMENT, move |world| {
        let mut values = BTreeMap::new();
        let past = Past::of(world);
        past.chosen(quorums.accept)
            .all(|(slot, value)| *values.entry(slot).or_insert(value) == value)
    })
}

/// Each request that is proposed was sent by its client.
pub fn validity() -> Claim {
    always(VALIDITY, |world| {
        let asked: BTreeSet<_> = (world.envelopes())
            .filter_map(|envelope| match &envelope.msg {
                Service::Request { seq, op } => Some((envelope.src, *seq, op)),
                _ => None,
            })
            .collect();
        world.envelopes().all(|envelope| match &envelope.msg {
            Service::Peer(Peer::Accept { command, .. }) => match command {
                Command::Request { client, seq, op } => asked.contains(&(*client, *seq, op)),
                Command::Noop => true,
            },
            _ => true,
        })
    })
}

/// What a replica's log holds was accepted by a quorum in one ballot.
pub fn chosen(quorums: Quorums) -> Claim {
    always(CHOSEN, move |world| {
        let past = Past::of(world);
        let chosen: BTreeSet<_> = past.chosen(quorums.accept).collect();
        let nodes = world.nodes();
        stables(&nodes)
            .all(|stable| stable.log.iter().all(|(slot, v)| chosen.contains(&(*slot, v))))
    })
}

/// What a replica's log holds was accepted by a quorum in a ballot that the replica promised or
/// a smaller one.
pub fn known(quorums: Quorums) -> Claim {
    always(KNOWN, move |world| {
        let past = Past::of(world);
        let mut first = BTreeMap::new();
        for (slot, ballot, value) in past.chosen_in(quorums.accept) {
            let first = first.entry((slot, value)).or_insert(ballot);
            *first = ballot.min(*first);
        }
        let nodes = world.nodes();
        stables(&nodes).all(|stable| {
            let known = |(slot, value): (&Slot, _)| {
                first.get(&(*slot, value)).is_none_or(|ballot| *ballot <= stable.promised)
            };
            stable.log.iter().all(known)
        })
    })
}

/// No two values are proposed in one slot and ballot.
pub fn one_proposal() -> Claim {
    always(ONE_PROPOSAL, |world| Past::of(world).proposed.values().all(|values| values.len() == 1))
}

/// What an acceptor accepted below a ballot that it promised is what it reported then.
pub fn promise() -> Claim {
    always(PROMISE, |world| {
        let past = Past::of(world);
        world.envelopes().all(|envelope| match &envelope.msg {
            Service::Peer(Peer::Promise { ballot, from, until, chosen, accepted }) => {
                let told = |slot: Slot, vote: Ballot| {
                    let reported =
                        |(s, p): &(Slot, super::Proposal<Op>)| *s == slot && p.ballot >= vote;
                    slot <= *chosen
                        || slot < *from
                        || until.is_some_and(|until| slot >= until)
                        || accepted.iter().any(reported)
                };
                (past.votes.iter())
                    .filter(|((_, vote), voters)| vote < ballot && voters.contains(&envelope.src))
                    .all(|((slot, vote), _)| told(*slot, *vote))
            }
            _ => true,
        })
    })
}

/// Each proposal follows from the promises of a quorum. The first ballot has none before it.
pub fn p2c(quorums: Quorums) -> Claim {
    always(P2C, move |world| {
        let past = Past::of(world);
        (past.proposed.iter()).filter(|((_, ballot), _)| *ballot > Ballot::default()).all(
            |((slot, ballot), values)| {
                values.iter().all(|value| past.follows(*slot, *ballot, value, quorums.prepare))
            },
        )
    })
}

/// For every promise that an acceptor sent, it or its disk holds that promise or a later one; for
/// every vote, that vote or a later one in its slot, or the slot is applied.
pub fn remembers() -> Claim {
    always(REMEMBERS, |world| {
        let nodes = world.nodes();
        let holds = |id: Id, remembers: &dyn Fn(&Stable<Machine>) -> bool| {
            stable(nodes.node(id)).is_some_and(remembers)
        };
        world.envelopes().all(|envelope| match &envelope.msg {
            Service::Peer(Peer::Promise { ballot, .. }) => {
                holds(envelope.src, &|stable| stable.promised >= *ballot)
            }
            // A proposer's own vote is in its request.
            Service::Peer(Peer::Accepted { ballot, slot } | Peer::Accept { ballot, slot, .. }) => {
                holds(envelope.src, &|stable| {
                    let vote = stable.accepted.get(slot);
                    stable.image.slot >= *slot || vote.is_some_and(|vote| vote.ballot >= *ballot)
                })
            }
            _ => true,
        })
    })
}

/// Where a ballot has a request in two slots, the later one is the leader's by P2c: it was proposed
/// there in an earlier ballot.
pub fn one_slot() -> Claim {
    always(ONE_SLOT, |world| {
        let past = Past::of(world);
        let mut slots = BTreeSet::new();
        let proposed =
            past.proposed.iter().flat_map(|(at, values)| values.iter().map(|v| (*at, *v)));
        proposed.filter(|(_, value)| **value != Command::Noop).all(|((slot, ballot), value)| {
            let earlier = (slot, Ballot::default())..(slot, ballot);
            slots.insert((ballot, value))
                || past.proposed.range(earlier).any(|(_, values)| values.contains(value))
        })
    })
}

/// Of any two replicas, one applied a prefix of what the other did.
pub fn prefix() -> Claim {
    Property::always(
        PREFIX,
        Condition::nodes(|nodes| {
            let mut applied: Vec<_> =
                stables(nodes).map(|stable| &stable.image.machine.applied).collect();
            applied.sort_unstable_by_key(|applied| applied.len());
            applied.windows(2).all(|pair| pair[1].starts_with(pair[0]))
        }),
    )
}

/// A replica's state, with the rest of another's log, makes the other's state.
pub fn snapshot() -> Claim {
    Property::always(
        SNAPSHOT,
        Condition::nodes(|nodes| {
            stables(nodes).all(|early| stables(nodes).all(|late| agrees(&early.image, late)))
        }),
    )
}

fn agrees(early: &Image<Machine>, late: &Stable<Machine>) -> bool {
    if early.slot > late.image.slot {
        return true;
    }
    let mut replayed = early.clone();
    for slot in early.slot + 1..=late.image.slot {
        match late.log.get(&slot) {
            Some(command) => _ = command.apply_to(&mut replayed),
            // Truncated: nothing to compare.
            None => return true,
        }
    }
    replayed == late.image
}

/// No replica applied a request twice.
pub fn exactly_once() -> Claim {
    Property::always(
        EXACTLY_ONCE,
        Condition::each_node(|node| {
            let mut seen = BTreeSet::new();
            stable(node).is_none_or(|stable| {
                stable.image.machine.applied.iter().all(|request| seen.insert(*request))
            })
        }),
    )
}

/// The history is linearizable.
pub fn linearizable() -> Claim {
    Property::always(LINEARIZABLE, Condition::history(|history: &History| history.is_consistent()))
}

/// What must always hold on the set network, where messages in flight are the past.
pub fn safety(quorums: Quorums) -> Vec<Claim> {
    vec![
        agreement(quorums),
        validity(),
        chosen(quorums),
        known(quorums),
        one_proposal(),
        promise(),
        remembers(),
        p2c(quorums),
        one_slot(),
        prefix(),
        snapshot(),
        exactly_once(),
        linearizable(),
    ]
}

/// What must hold on any network.
pub fn visible() -> Vec<Claim> {
    vec![prefix(), snapshot(), exactly_once(), linearizable()]
}

/// Once a client waits, it is answered.
pub fn answered() -> Claim {
    Property::leads_to(
        ANSWERED,
        Condition::history(|history: &History| history.open() > 0),
        Condition::history(|history: &History| history.open() == 0),
    )
}

/// Of a snapshot of which a replica has some pieces, another has all. Where nobody crashes, and
/// while the log behind it is within its bounds.
pub fn kept() -> Claim {
    Property::always(
        KEPT,
        Condition::nodes(|nodes| {
            let replicas = || nodes.up().filter_map(|(_, state)| replica(state));
            let mut partials = replicas().filter_map(|replica| replica.partial.as_ref());
            partials.all(|partial| {
                let is_it = |offer: &Offer<Machine>| offer.slot == partial.image.slot;
                replicas().any(|replica| replica.offer.as_ref().is_some_and(is_it))
            })
        }),
    )
}

/// Whoever applied less than another does not stay there.
pub fn level() -> Claim {
    let spread = |nodes: &Nodes<'_, Actor>| {
        let applied = || nodes.up().filter_map(|(_, state)| Some(replica(state)?.applied()));
        (applied().min(), applied().max())
    };
    Property::leads_to(
        LEVEL,
        Condition::nodes(move |nodes| spread(nodes).0 < spread(nodes).1),
        Condition::nodes(move |nodes| spread(nodes).0 == spread(nodes).1),
    )
}

/// Phase one ends.
pub fn elected() -> Claim {
    let preparing = |node: &NodeOf<Actor>| matches!(node.state(), Some(State::Replica(replica)) if replica.is_preparing());
    Property::leads_to(
        ELECTED,
        Condition::some_node(preparing),
        Condition::each_node(move |node| !preparing(node)),
    )
}

fn replica(state: &State<Machine>) -> Option<&ReplicaState<Machine>> {
    match state {
        State::Replica(replica) => Some(replica),
        State::Client(_) => None,
    }
}

/// What the replicas know, or will know when they are back.
fn stables<'a>(nodes: &Nodes<'a, Actor>) -> impl Iterator<Item = &'a Stable<Machine>> {
    nodes.iter().filter_map(stable)
}

fn stable(node: &NodeOf<Actor>) -> Option<&Stable<Machine>> {
    match (node.state(), &node.disk.durable) {
        (Some(State::Replica(replica)), _) => Some(&replica.stable),
        (None, Some(Saved::Complete(stable))) => Some(stable),
        _ => None,
    }
}
