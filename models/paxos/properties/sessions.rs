//! What must hold of the sessions that a replica keeps, where there is room for few. That replicas
//! keep the same sessions is part of the property `snapshot`.

use super::nodes::{Actor, Claim, Machine, stable};
use crate::kv::service::Refusal;
use crate::kv::sessions::checked::{
    Reference, has_evicted, has_two_slots, keeps_active, knows_applied,
};
use crate::kv::{Reply, Service, StateMachine};
use crate::paxos::{Command, Stable};
use crate::statements;
use crate::world::{Condition, NodeOf, Property, Statement};

statements! {
    /// A session is lost only to clients that were active since, as many as there is room for.
    pub ACTIVE = "active-sessions", "every active client has its session";
    pub NOT_NEW = "no-reapply", "no replica treats an applied request as new",
        "Ongaro 2014, section 6.3";
    pub TABLE = "session-table",
        "a session table is what the log makes of it: the sessions used last, within both bounds",
        "Ongaro 2014, section 6.3";
    pub MADE_ROOM = "bytes-evicted", "a session was evicted to make room for the bytes of others";
    pub TOO_LARGE = "session-too-large", "a session was too large to be kept";
    pub TWO_SLOTS = "two-slots", "a session has requests of two slots";
    pub EVICTED = "session-evicted", "a session was evicted";
    pub REFUSED = "session-expired", "a client was refused because its session had expired";
}

/// The clients that were last active have their sessions.
pub fn active() -> Claim {
    Property::always(
        ACTIVE,
        Condition::each_node(|node| {
            let image = stable(node).map(|stable| &stable.image);
            image.is_none_or(|it| keeps_active(&it.machine, &it.sessions))
        }),
    )
}

/// No replica takes a request that it applied for a new one.
pub fn not_new() -> Claim {
    Property::always(
        NOT_NEW,
        Condition::each_node(|node| {
            let image = stable(node).map(|stable| &stable.image);
            image.is_none_or(|it| knows_applied(&it.machine, &it.sessions))
        }),
    )
}

/// A client had two requests under way.
pub fn two_slots() -> Claim {
    Property::sometimes(
        TWO_SLOTS,
        Condition::some_node(|node| {
            let image = stable(node).map(|stable| &stable.image);
            image.is_some_and(|it| has_two_slots(&it.sessions))
        }),
    )
}

/// A session was evicted.
pub fn evicted() -> Claim {
    Property::sometimes(
        EVICTED,
        Condition::some_node(|node| {
            let image = stable(node).map(|stable| &stable.image);
            image.is_some_and(|it| has_evicted(&it.machine, &it.sessions))
        }),
    )
}

/// A client was refused.
pub fn refused() -> Claim {
    Property::sometimes(
        REFUSED,
        Condition::some_message(|envelope, _| {
            matches!(envelope.msg, Service::Refused { why: Refusal::SessionExpired, .. })
        }),
    )
}

/// The table is that of the log, where that is there from its first slot.
pub fn table() -> Claim {
    Property::always(
        TABLE,
        Condition::each_node(|node| {
            let by_log = stable(node).and_then(|stable| Some((stable, by_log(stable)?)));
            by_log.is_none_or(|(stable, by_log)| by_log.is_like(&stable.image.sessions))
        }),
    )
}

/// Bytes of some sessions took the place of another.
pub fn made_room() -> Claim {
    some_table(MADE_ROOM, |table| table.made_room)
}

/// A reply was too large for the table.
pub fn too_large() -> Claim {
    some_table(TOO_LARGE, |table| table.was_too_large)
}

fn some_table(
    statement: Statement,
    is: impl Fn(&Reference<Reply>) -> bool + Send + Sync + 'static,
) -> Claim {
    let is = move |node: &NodeOf<Actor>| stable(node).and_then(by_log).as_ref().is_some_and(&is);
    Property::sometimes(statement, Condition::some_node(is))
}

/// The table that the log makes; `None` if the log was truncated.
fn by_log(stable: &Stable<Machine>) -> Option<Reference<Reply>> {
    let mut machine = Machine::default();
    let mut table = Reference::new(stable.image.sessions.outline().limits);
    for slot in 1..=stable.image.slot {
        if let Command::Request { client, seq, op } = stable.log.get(&slot)?
            && table.is_new(*client, *seq)
        {
            let reply = machine.apply(*client, *seq, op);
            table.record(*client, *seq, reply);
        }
    }
    Some(table)
}
