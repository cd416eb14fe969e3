//! The properties of Multi-Paxos: what must hold, and what must be reachable.
//!
//! On the set network what was sent stays in flight, so the messages in flight show what every
//! proposer proposed, what every acceptor promised and accepted, in all ballots (`past.rs`): the
//! paper's invariants are statements about that, and no replica carries history for the sake of a
//! proof. The replicas replicate [`Recorded<Map>`](crate::kv::Recorded), whose state records which
//! requests were applied, in order. A replica that is down counts with what is on its disk.

mod nodes;
mod past;
mod pre_vote;
mod reached;
mod sessions;
mod structure;

use super::{Ballot, Command, Image, Peer, Quorums, ServedSnapshot, Slot, Stable, State};
use crate::kv::{Op, Service};
use crate::statements;
use crate::world::{Condition, NodeOf, Nodes, Property, Statement};
pub use nodes::{Actor, Claim, History, Machine};
use nodes::{Log, World, applied, learned, replica, stable};
use past::{Past, is_promise, is_proposal, is_vote};
pub use pre_vote::*;
pub use reached::*;
pub use sessions::*;
use std::collections::{BTreeMap, BTreeSet};
pub use structure::{ARMED, BOUNDED, OPEN, structure};

statements! {
    pub AGREEMENT = "agreement", "at most one value is chosen in a slot",
        "Lamport 2001, section 2.1";
    pub VALIDITY = "validity", "only a command that a client requested is proposed",
        "Lamport 2001, section 2.1";
    pub CHOSEN = "learned-is-chosen", "a replica applies only values that a quorum accepted",
        "Lamport 2001, section 2.1";
    pub KNOWN = "p2b",
        "a replica has promised at least the ballot in which each value it applied was chosen",
        "Lamport 2001, section 2.2, P2b";
    pub ONE_PROPOSAL = "one-proposal", "at most one value is proposed per ballot and slot",
        "Lamport 2001, section 2.2";
    /// Across restarts, too.
    pub PROMISE = "p1a", "an acceptor never breaks a promise", "Lamport 2001, section 2.2, P1a";
    pub REMEMBERS = "stable-storage",
        "an acceptor remembers every promise and every vote that it sent",
        "Lamport 2001, section 2.3";
    /// A command may be decided in two slots, but no leader gives it a second one.
    pub ONE_SLOT = "one-slot", "a leader gives a request one slot",
        "van Renesse and Altinbuken 2015, section 2";
    pub P2C = "p2c", "every proposal follows from the promises of a quorum",
        "Lamport 2001, section 2.2, P2c; Howard et al. 2016";
    pub PREFIX = "prefix", "replicas have applied prefixes of one log",
        "van Renesse and Altinbuken 2015, section 2";
    pub SNAPSHOT = "snapshot", "a snapshot equals the log that it replaces",
        "Chandra et al. 2007, section 5.5";
    pub EXACTLY_ONCE = "exactly-once", "no replica applies a request twice",
        "van Renesse and Altinbuken 2015, section 2";
    pub LINEARIZABLE = "linearizable", "the history that clients see is linearizable",
        "Herlihy and Wing 1990";
    pub ANSWERED = "answered", "every request is eventually answered", "Lamport 2001, section 2.4";
    pub KEPT = "snapshot-kept",
        "a snapshot that a replica fetches is kept until the fetch is complete",
        "Chandra et al. 2007, section 5.5";
    pub LEVEL = "catch-up", "a lagging replica eventually catches up",
        "van Renesse and Altinbuken 2015, section 4";
    pub ELECTED = "elected",
        "a replica that tries to lead eventually leads, or gives up for a greater ballot",
        "Lamport 2001, section 2.4";
}

#[track_caller]
fn always(
    statement: Statement,
    holds: impl Fn(&World<'_>) -> bool + Send + Sync + 'static,
) -> Claim {
    Property::always(statement, Condition::world(move |world| holds(world)))
}

/// In each slot, all that quorums accepted is one value.
pub fn agreement(quorums: Quorums) -> Claim {
    always(AGREEMENT, move |world| {
        let mut values = BTreeMap::new();
        let past = world.derive(Past::of);
        past.chosen(quorums.accept)
            .all(|(slot, value)| *values.entry(slot).or_insert(value) == value)
    })
    .monotone()
}

/// Each request that is proposed was sent by its client.
pub fn validity() -> Claim {
    always(VALIDITY, |world| {
        let asked = world.gather_messages(|envelope, all| {
            if let Service::Request { seq, op } = &envelope.msg {
                let (client, seq, op) = (envelope.src, *seq, op.clone());
                all.push(Command::Request { client, seq, op });
            }
        });
        let proposed = &world.derive(Past::of).proposed;
        proposed.iter().all(|(_, value)| *value == Command::Noop || asked.contains(value))
    })
    .counting(|envelope| matches!(envelope.msg, Service::Request { .. }))
}

/// Each command in a replica's log was accepted by a quorum in one ballot.
pub fn chosen(quorums: Quorums) -> Claim {
    always(CHOSEN, move |world| {
        let (past, learned) = (world.derive(Past::of), world.gather_nodes(learned));
        let is_chosen =
            |(slot, value): (&Slot, _)| past.first_chosen(*slot, value, quorums.accept).is_some();
        learned.iter().all(|(_, log)| log.iter().all(is_chosen))
    })
    .counting(|envelope| is_proposal(envelope) || is_vote(envelope))
}

/// Each command in a replica's log was accepted by a quorum in a ballot that the replica promised
/// or a smaller one.
pub fn known(quorums: Quorums) -> Claim {
    always(KNOWN, move |world| {
        let (past, learned) = (world.derive(Past::of), world.gather_nodes(learned));
        learned.iter().all(|(promised, log)| {
            let known = |(slot, value): (&Slot, _)| {
                let first = past.first_chosen(*slot, value, quorums.accept);
                first.is_none_or(|ballot| ballot <= *promised)
            };
            log.iter().all(known)
        })
    })
    .counting(|envelope| is_proposal(envelope) || is_vote(envelope))
}

/// No two values are proposed in one slot and ballot.
pub fn one_proposal() -> Claim {
    always(ONE_PROPOSAL, |world| {
        let past = world.derive(Past::of);
        past.proposed.windows(2).all(|pair| pair[0].0 != pair[1].0)
    })
    .monotone()
}

/// In each slot that a promise reports and does not call chosen, it reports the last vote of its
/// acceptor below the promised ballot, or a later one.
pub fn promise() -> Claim {
    always(PROMISE, |world| {
        let past = world.derive(Past::of);
        let promises = world.gather_messages(|envelope, all| {
            if let Service::Peer(Peer::Promise { .. }) = &envelope.msg {
                all.push(envelope.clone());
            }
        });
        promises.iter().all(|envelope| match &envelope.msg {
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
                    .filter(|((_, vote), voter)| vote < ballot && *voter == envelope.src)
                    .all(|((slot, vote), _)| told(*slot, *vote))
            }
            _ => true,
        })
    })
    .monotone()
}

/// Each proposal follows from the promises of a quorum. The first ballot has none before it.
pub fn p2c(quorums: Quorums) -> Claim {
    always(P2C, move |world| {
        let past = world.derive(Past::of);
        let mut later = past.proposed.iter().filter(|((_, ballot), _)| *ballot > Ballot::default());
        later.all(|(at, value)| past.follows(*at, value, quorums.prepare))
    })
    .counting(|envelope| is_proposal(envelope) || is_vote(envelope) || is_promise(envelope))
}

/// For every promise that an acceptor sent, it or its disk holds that promise or a later one; for
/// every vote, that vote or a later one in its slot, or the slot is applied.
pub fn remembers() -> Claim {
    Property::always(
        REMEMBERS,
        Condition::each_message(|envelope, around| {
            let holds = |remembers: &dyn Fn(&Stable<Machine>) -> bool| {
                stable(around.nodes().node(envelope.src)).is_some_and(remembers)
            };
            match &envelope.msg {
                Service::Peer(Peer::Promise { ballot, .. }) => {
                    holds(&|stable| stable.promised >= *ballot)
                }
                Service::Peer(Peer::Accepted { ballot, slot }) => holds(&|stable| {
                    let vote = stable.accepted.get(slot);
                    stable.image.slot >= *slot || vote.is_some_and(|vote| vote.ballot >= *ballot)
                }),
                _ => true,
            }
        }),
    )
}

/// Where a ballot has a request in two slots, the later one is the leader's by P2c: it was proposed
/// there in an earlier ballot.
pub fn one_slot() -> Claim {
    always(ONE_SLOT, |world| {
        let past = world.derive(Past::of);
        let mut slots = BTreeSet::new();
        let mut requests = past.proposed.iter().filter(|(_, value)| *value != Command::Noop);
        requests.all(|(at, value)| {
            slots.insert((at.1, value)) || past.proposed_before(*at).any(|other| other == value)
        })
    })
    .counting(is_proposal)
}

/// Of any two replicas, one applied a prefix of what the other did.
pub fn prefix() -> Claim {
    always(PREFIX, |world| {
        let done = world.gather_nodes(applied);
        let mut applied: Vec<_> = done.iter().map(|(image, _)| &image.machine.applied).collect();
        applied.sort_unstable_by_key(|applied| applied.len());
        applied.windows(2).all(|pair| pair[1].starts_with(pair[0]))
    })
}

/// A replica's state, with the rest of another's log, makes the other's state.
pub fn snapshot() -> Claim {
    always(SNAPSHOT, |world| {
        let applied = world.gather_nodes(applied);
        applied.iter().all(|(early, _)| applied.iter().all(|late| agrees(early, late)))
    })
}

fn agrees(early: &Image<Machine>, (late, log): &(Image<Machine>, Log)) -> bool {
    if early.slot >= late.slot {
        return early.slot > late.slot || early == late;
    }
    let mut replayed = early.clone();
    for slot in early.slot + 1..=late.slot {
        match log.get(&slot) {
            Some(command) => _ = command.apply_to(&mut replayed),
            // Truncated: nothing to compare.
            None => return true,
        }
    }
    replayed == *late
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
            let mut partials = replicas().filter_map(|replica| replica.install.as_ref());
            partials.all(|partial| {
                let is_it = |offer: &ServedSnapshot<Machine>| offer.slot() == partial.image.slot;
                replicas().any(|replica| replica.offer.as_ref().is_some_and(is_it))
            })
        }),
    )
}

/// A replica that applied less than another does not stay behind.
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
