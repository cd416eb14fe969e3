//! The bounds of the session table.

use super::bugs::SessionBug;
use serde::{Deserialize, Serialize};

/// How many clients a table remembers by default.
pub const MAX_SESSIONS: usize = 1024;
/// How many bytes of sessions a table holds by default.
pub const MAX_SESSION_BYTES: usize = 4 << 20;

/// The bounds of a session table.
///
/// They decide which sessions are evicted, so they are part of the replicated state: a table gets
/// them when its cluster first starts, and keeps them across restarts and transfers. All nodes of
/// a cluster must be given the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionLimits {
    /// How many clients are remembered; at least one.
    pub clients: usize,
    /// How many encoded bytes all sessions may have together. A session that alone has more is not
    /// kept, so it should be many times the largest reply.
    pub bytes: usize,
    /// The seeded bug, if the table is to have one. Only the checker ever sets it: it is neither
    /// stored nor sent.
    #[serde(skip)]
    pub(crate) bug: Option<SessionBug>,
}

impl SessionLimits {
    /// So many clients, and no more bytes than by default.
    pub fn clients(clients: usize) -> Self {
        Self { clients, ..Self::default() }
    }
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { clients: MAX_SESSIONS, bytes: MAX_SESSION_BYTES, bug: None }
    }
}
