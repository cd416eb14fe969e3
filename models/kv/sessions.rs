//! Client sessions: which request of each client was last applied, and what it was told.
//!
//! Part of the replicated state, so that a request is applied exactly once whichever server
//! answers (Ongaro 2014, section 6.3). Bounded: the lowest client id is forgotten first, and from
//! then on clients at or below it are refused rather than risk a second application; the runtime
//! gives out client ids in rough order of time, so that those are the oldest.

use super::service::Refusal;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use std::collections::BTreeMap;

/// How many clients are remembered.
pub const MAX_SESSIONS: usize = 1024;

/// The session table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Sessions<R> {
    last: BTreeMap<Id, (u64, R)>,
    /// The highest client id that was forgotten.
    floor: Option<Id>,
}

impl<R> Default for Sessions<R> {
    fn default() -> Self {
        Self { last: BTreeMap::new(), floor: None }
    }
}

/// What a request is to the session table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing<'a, R> {
    /// Not yet applied.
    New,
    /// The last one applied: it got this reply.
    Repeated(&'a R),
    /// Older than the last one applied: its client has its reply.
    Old,
    /// Its session is gone.
    Refused(Refusal),
}

impl<R: Clone> Sessions<R> {
    /// What the request `seq` of `client` is.
    pub fn standing(&self, client: Id, seq: u64) -> Standing<'_, R> {
        match self.last.get(&client) {
            Some((last, reply)) if seq == *last => Standing::Repeated(reply),
            Some((last, _)) if seq < *last => Standing::Old,
            None if self.floor.is_some_and(|floor| client <= floor) => {
                Standing::Refused(Refusal::SessionExpired)
            }
            _ => Standing::New,
        }
    }

    /// Records that `seq` of `client` was applied and answered with `reply`.
    pub fn record(&mut self, client: Id, seq: u64, reply: R) {
        self.last.insert(client, (seq, reply));
        if self.last.len() > MAX_SESSIONS
            && let Some((lowest, _)) = self.last.pop_first()
        {
            self.floor = self.floor.max(Some(lowest));
        }
    }

    /// The sessions, by client.
    pub fn iter(&self) -> impl Iterator<Item = (Id, u64, &R)> {
        self.last.iter().map(|(client, (seq, reply))| (*client, *seq, reply))
    }

    /// The highest client id that was forgotten.
    pub fn floor(&self) -> Option<Id> {
        self.floor
    }

    /// Puts back sessions taken from [`Sessions::iter`] and [`Sessions::floor`] of another table.
    pub fn restore(&mut self, floor: Option<Id>, sessions: impl IntoIterator<Item = (Id, u64, R)>) {
        self.floor = self.floor.max(floor);
        self.last.extend(sessions.into_iter().map(|(id, seq, reply)| (id, (seq, reply))));
    }
}
