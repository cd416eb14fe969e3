//! One event at one server: the context of all handlers.

use super::config::{Config, ZooKeeper};
use super::op::SessionId;
use super::state::ServerState;
use crate::shared_map::SharedMap;
use crate::turn;
use stateright::actor::Id;

/// One event at one server.
pub(super) type Turn<'a, 's> = turn::Turn<'a, 's, Config, ServerState, ZooKeeper>;

/// What a server's sessions depend on.
pub(super) struct Tracked {
    pub(super) is_leading: bool,
    pub(super) sessions: SharedMap<SessionId, Id>,
}

impl Turn<'_, '_> {
    /// Whether it leads an established epoch.
    pub(super) fn is_leading(&self) -> bool {
        self.config.zab.is_leading(&self.state.zab)
    }

    /// Whether a session is open here.
    pub(super) fn is_open(&self, session: SessionId) -> bool {
        self.state.tree().sessions().contains_key(&session)
    }
}
