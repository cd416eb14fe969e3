//! Invariants of each replica alone.

use super::nodes::{Actor, Claim, Machine};
use crate::kv::transfer::encoded_bytes;
use crate::paxos::offer::weight;
use crate::paxos::{Config, ReplicaState, Role, ServedSnapshot, State, Timer};
use crate::statements;
use crate::world::{Condition, NodeOf, Process, Property};

statements! {
    /// Liveness rests on timers that are set again; where a timer may fire at any time, no run
    /// shows that it fires too often or not at all.
    pub ARMED = "timers-armed", "a replica has exactly the timers of its role pending",
        "Lamport 2001, sections 2.4 and 3";
    pub OPEN = "open-slots", "a leader counts votes for exactly the slots that it has open",
        "Lamport 2001, section 3";
    pub BOUNDED = "bounded-memory", "a replica keeps no more than its bounds allow",
        "van Renesse and Altinbuken 2015, sections 2 and 4";
}

/// All of it.
pub fn structure(config: &Config) -> Vec<Claim> {
    vec![armed(), open(), bounded(config)]
}

/// A follower waits for a leader, a leader sends heartbeats, and a candidate does both.
fn armed() -> Claim {
    Property::always(
        ARMED,
        Condition::each_node(|node| {
            let Process::Up { state: State::Replica(replica), timers, .. } = &node.process else {
                return true;
            };
            let expected: &[Timer] = match replica.role {
                Role::Follower => &[Timer::Election],
                Role::Preparing(_) => &[Timer::Election, Timer::Heartbeat],
                Role::Leading(_) => &[Timer::Heartbeat],
            };
            // That it is to stop is an operator's decision.
            timers.iter().filter(|timer| **timer != Timer::Stop).eq(expected)
        }),
    )
}

/// A leader counts votes in the slots in which it has proposed and that are not applied.
fn open() -> Claim {
    Property::always(
        OPEN,
        Condition::each_node(|node| {
            let Some((replica, Role::Leading(leading))) = role(node) else { return true };
            leading.votes.keys().eq(replica.stable.accepted.keys())
        }),
    )
}

/// The log, the proposals accepted ahead of it, and the waiting requests. A leader of the first
/// ballot proposed all that it has open itself; any other may have had to propose again what was
/// left to it.
fn bounded(config: &Config) -> Claim {
    let config = config.clone();
    Property::always(
        BOUNDED,
        Condition::each_node(move |node| {
            let Some(State::Replica(replica)) = node.state() else { return true };
            let ReplicaState { stable, role, .. } = replica;
            let accepted = &stable.accepted;
            let leads = match role {
                Role::Leading(leading) => {
                    let first = stable.promised.round == 0;
                    leading.waiting.len() <= config.queue
                        && leading.reads.len() <= config.most_reads()
                        && leading.last_reads.len() <= config.sessions.clients
                        && !(first && accepted.len() as u64 > config.window)
                }
                _ => true,
            };
            leads
                && log_is_bounded(&config, replica)
                && accepted.keys().all(|slot| *slot > stable.image.slot)
                && accepted.len() <= 2 * config.window as usize + config.ahead
        }),
    )
}

/// The log is as short as it is kept, or kept behind a snapshot of which as much was given.
fn log_is_bounded(config: &Config, replica: &ReplicaState<Machine>) -> bool {
    let log = &replica.stable.log;
    let bytes: usize = log.values().map(weight).sum();
    let is_short = log.len() <= config.keep && bytes <= config.keep_bytes;
    let is_behind = |offer: &ServedSnapshot<Machine>| {
        log.keys().all(|slot| *slot > offer.slot()) && bytes <= config.keep_bytes.max(offer.bytes)
    };
    let offer = replica.offer.as_ref();
    bytes == replica.log_bytes
        && (is_short || offer.is_some_and(is_behind))
        && offer.is_none_or(|offer| offer.bytes <= size(config, offer))
}

/// The size of a snapshot.
fn size(config: &Config, offer: &ServedSnapshot<Machine>) -> usize {
    let pieces = offer.image.pieces_after(None, config.piece_bytes);
    pieces.map(|(piece, _)| encoded_bytes(&piece)).sum()
}

fn role(node: &NodeOf<Actor>) -> Option<(&ReplicaState<Machine>, &Role<crate::kv::Op>)> {
    match node.state() {
        Some(State::Replica(replica)) => Some((replica, &replica.role)),
        _ => None,
    }
}
