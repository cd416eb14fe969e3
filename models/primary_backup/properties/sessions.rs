//! What must hold of the sessions that a replica keeps, where there is room for few.

use super::nodes::{Claim, image, images};
use crate::kv::Service;
use crate::kv::service::Refusal;
use crate::kv::sessions::checked::{has_evicted, has_two_slots, keeps_active, knows_applied};
use crate::statements;
use crate::world::{Condition, Property};

statements! {
    /// A session is lost only to clients that were active since, as many as there is room for.
    pub ACTIVE = "active-sessions", "every active client has its session";
    pub NOT_NEW = "no-reapply", "no replica treats an applied request as new",
        "Ongaro 2014, section 6.3";
    pub SAME = "same-sessions", "replicas that applied the same requests hold the same sessions",
        "Ongaro 2014, section 6.3";
    pub TWO_SLOTS = "two-slots", "a session has requests of two slots";
    pub EVICTED = "session-evicted", "a session was evicted";
    pub REFUSED = "session-expired", "a client was refused because its session had expired";
}

/// The clients that were last active have their sessions.
pub fn active() -> Claim {
    let keeps = |node: &_| image(node).is_none_or(|it| keeps_active(&it.machine, &it.sessions));
    Property::always(ACTIVE, Condition::each_node(keeps))
}

/// No replica takes a request that it applied for a new one.
pub fn not_new() -> Claim {
    let knows = |node: &_| image(node).is_none_or(|it| knows_applied(&it.machine, &it.sessions));
    Property::always(NOT_NEW, Condition::each_node(knows))
}

/// The sessions of two replicas that applied the same are equal, in what they hold and in which of
/// them goes next.
pub fn same() -> Claim {
    Property::always(
        SAME,
        Condition::nodes(|nodes| {
            images(nodes).all(|one| {
                (images(nodes))
                    .filter(|other| other.machine.applied == one.machine.applied)
                    .all(|other| other.sessions == one.sessions)
            })
        }),
    )
}

/// A client had two requests under way.
pub fn two_slots() -> Claim {
    let has = |node: &_| image(node).is_some_and(|it| has_two_slots(&it.sessions));
    Property::sometimes(TWO_SLOTS, Condition::some_node(has))
}

/// A session was evicted.
pub fn evicted() -> Claim {
    let evicted = |node: &_| image(node).is_some_and(|it| has_evicted(&it.machine, &it.sessions));
    Property::sometimes(EVICTED, Condition::some_node(evicted))
}

/// A client was refused.
pub fn refused() -> Claim {
    let is_refusal = |msg: &_| matches!(msg, Service::Refused { why: Refusal::SessionExpired, .. });
    Property::sometimes(
        REFUSED,
        Condition::some_message(move |envelope, _| is_refusal(&envelope.msg)),
    )
}
