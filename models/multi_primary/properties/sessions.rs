//! What must hold of the sessions that a node keeps, where there is room for few.

use super::super::history::History;
use super::nodes::{Claim, image, images};
use crate::kv::Service;
use crate::kv::service::Refusal;
use crate::kv::sessions::RequestStatus;
use crate::statements;
use crate::world::{Condition, Property};
use std::collections::BTreeSet;

statements! {
    /// A session is lost only to clients whose writes the node took since, as many as it has room
    /// for.
    pub ACTIVE = "active-sessions", "every active client has its session";
    pub EVICTED = "session-evicted", "a session was evicted";
    pub REFUSED = "session-expired", "a client was refused because its session had expired";
}

/// The clients whose writes a node took last, as many as it has room for, have their sessions.
/// For clients that make no delete that finds nothing: such a one leaves no write.
pub fn active() -> Claim {
    Property::always(
        ACTIVE,
        Condition::world(|world| {
            let (nodes, history): (_, &History) = (world.nodes(), world.history());
            images(&nodes).enumerate().all(|(node, image)| {
                let mut seen = BTreeSet::new();
                // By dot: those of a node are in the order in which it took them.
                let taken = history.writes.iter().rev();
                taken
                    .filter(|(dot, _)| usize::from(dot.node) == node)
                    .map(|(_, write)| write.request)
                    .filter(|(client, _)| seen.insert(*client))
                    .take(image.sessions.outline().limits.clients)
                    .all(|(client, seq)| {
                        matches!(image.sessions.status(client, seq), RequestStatus::Repeated(_))
                    })
            })
        }),
    )
}

/// A session was evicted.
pub fn evicted() -> Claim {
    Property::sometimes(
        EVICTED,
        Condition::some_node(|node| {
            image(node).is_some_and(|image| image.sessions.floor().is_some())
        }),
    )
}

/// A client was refused.
pub fn refused() -> Claim {
    let is_refusal = |msg: &_| matches!(msg, Service::Refused { why: Refusal::SessionExpired, .. });
    Property::sometimes(
        REFUSED,
        Condition::some_message(move |envelope, _| is_refusal(&envelope.msg)),
    )
}
