//! What must hold of the sessions that a replica keeps, where there is room for few. That replicas
//! keep the same sessions is part of the property `snapshot`.

use super::nodes::{Claim, stable};
use crate::kv::Service;
use crate::kv::service::Refusal;
use crate::kv::sessions::checked::{has_evicted, keeps_active, knows_applied};
use crate::statements;
use crate::world::{Condition, Property};

statements! {
    /// A session is lost only to clients that were active since, as many as there is room for.
    pub ACTIVE = "active-sessions", "every active client has its session";
    pub NOT_NEW = "no-reapply", "no replica treats an applied request as new",
        "Ongaro 2014, section 6.3";
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
    let is_refusal = |msg: &_| matches!(msg, Service::Refused { why: Refusal::SessionExpired, .. });
    Property::sometimes(
        REFUSED,
        Condition::world(move |world| {
            let mut envelopes = world.envelopes();
            envelopes.any(|envelope| is_refusal(&envelope.msg))
        }),
    )
}
