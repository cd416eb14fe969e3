//! Invariants of each server alone.

use super::nodes::{Actor, Claim, server};
use crate::statements;
use crate::world::{Condition, NodeOf, Process, Property};
use crate::zab::server::weight;
use crate::zab::{Config, Role, Timer};

statements! {
    /// Liveness rests on timers that are set again; where a timer may fire at any time, no run
    /// shows that it fires too often or not at all.
    pub ARMED = "timers-armed", "a server has exactly the timers of its role pending",
        "Junqueira et al. 2011";
    pub OBSERVER = "observer", "an observer neither leads nor tries to";
    pub READS_SERVED = "reads-served", "no read waits for a transaction that its server has delivered",
        "Hunt et al. 2010, section 4.4";
    pub BOUNDED = "bounded-memory", "a server keeps no more than its bounds allow",
        "Hunt et al. 2010, section 4.3";
}

/// All of it.
pub fn structure(config: &Config) -> Vec<Claim> {
    let mut claims = vec![armed(), reads_served(), bounded(config)];
    claims.extend((config.observers > 0).then(observer));
    claims
}

/// Who does not lead waits for a leader, and a leader for its followers.
fn armed() -> Claim {
    Property::always(
        ARMED,
        Condition::each_node(|node: &NodeOf<Actor>| {
            let Process::Up { state, timers, .. } = &node.process else { return true };
            let Some(server) = server(state) else { return true };
            let expected: &[Timer] = match server.role {
                Role::Leading(_) => &[Timer::Quorum, Timer::Resend],
                Role::Discovering(_) => &[Timer::Look, Timer::Resend],
                _ => &[Timer::Look],
            };
            // That it is to stop is an operator's decision.
            timers.iter().filter(|timer| **timer != Timer::Stop).eq(expected)
        }),
    )
}

/// Its role is to follow, or to wait for a leader.
fn observer() -> Claim {
    Property::always(
        OBSERVER,
        Condition::each_node(|node: &NodeOf<Actor>| {
            let Some(server) = node.state().and_then(server) else { return true };
            !server.observes || matches!(server.role, Role::Looking | Role::Following { .. })
        }),
    )
}

/// A read that waits is of a client that knows more than its server.
fn reads_served() -> Claim {
    Property::always(
        READS_SERVED,
        Condition::each_node(|node: &NodeOf<Actor>| {
            let Some(server) = node.state().and_then(server) else { return true };
            server.waiting.values().all(|read| read.seen > server.stable.delivered)
        }),
    )
}

/// The delivered part of the log, twice as much behind a snapshot that is given; and of a leader
/// what is open, beside what it found.
fn bounded(config: &Config) -> Claim {
    let config = config.clone();
    Property::always(
        BOUNDED,
        Condition::each_node(move |node| {
            let Some(server) = node.state().and_then(server) else { return true };
            let stable = &server.stable;
            let (epoch, first) = (stable.current, stable.image.slot + 1);
            let open = stable.log.range(first..).filter(|(_, txn)| txn.zxid.epoch == epoch).count();
            let is_held = server.served.is_some();
            let keep = if is_held { config.keep.saturating_mul(2).max(1) } else { config.keep };
            let bytes: usize = stable.log.values().map(weight).sum();
            bytes == server.log_bytes
                && stable.delivered_len() <= keep
                && server.waiting.len() as u64 <= config.open
                && !(server.leading().is_some() && open as u64 > config.open)
        }),
    )
}
