//! Client sessions: which request of each client was last applied, and its reply.
//!
//! Part of the replicated state, so that a request is applied exactly once whichever server
//! answers (Ongaro 2014, section 6.3).
//!
//! # Eviction
//!
//! The table is bounded, by the number of its sessions and by their bytes ([`SessionLimits`]). When
//! it is over a bound, the session that was used the longest ago goes: used means that a request
//! was applied, and long ago is counted in applied requests, so the table is a pure function of
//! the applied log and no clock takes part. A session that is over the byte bound by itself is
//! not kept, and no other session goes in its place.
//!
//! Of an evicted session only its client's id counts: the **floor** is the highest id that was
//! evicted. A client that is not in the table and whose id is at or below the floor may have been
//! evicted, so a request of it may have been applied before. It is refused with
//! [`Refusal::SessionExpired`] rather than applied a second time. The floor never falls.
//!
//! # Contract: client ids grow with the log
//!
//! A new client's id must be above every id that was in the table when the id was made. Servers
//! make the ids, from the position in their log; no clock takes part here either. So an id made by
//! a server that is up to date is above the floor, and its client is admitted. A client that was
//! refused takes a new id.
//!
//! # What a client may rely on
//!
//! A client is **active** while the clients of which a request was applied since its own last one
//! (or, before its first one, since its id was made), itself counted, are within both bounds. The
//! session of an active client is in the table, whatever its id; a new client that is active is
//! above the floor.

pub mod checked;
mod limits;
#[cfg(test)]
mod tests;

pub(crate) use limits::SessionBug;
pub use limits::{MAX_SESSION_BYTES, MAX_SESSIONS, SessionLimits};

use super::machine::Value;
use super::service::Refusal;
use super::size::encoded_bytes;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use std::collections::{BTreeMap, VecDeque};

/// The session table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Sessions<R> {
    limits: SessionLimits,
    /// The last request of each client, and its reply.
    last: BTreeMap<Id, (u64, R)>,
    /// The clients, the one whose session was used the longest ago first. An order, not positions
    /// in the log: equal tables are equal wherever in the log they stand.
    order: VecDeque<Id>,
    /// How many bytes the sessions have.
    bytes: usize,
    /// The highest client id that was evicted.
    floor: Option<Id>,
}

impl<R> Default for Sessions<R> {
    fn default() -> Self {
        Self::new(SessionLimits::default())
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

impl<R> Sessions<R> {
    /// An empty table with these bounds.
    pub fn new(limits: SessionLimits) -> Self {
        let (last, order) = (BTreeMap::new(), VecDeque::new());
        Self { limits, last, order, bytes: 0, floor: None }
    }

    /// What the request `seq` of `client` is.
    pub fn standing(&self, client: Id, seq: u64) -> Standing<'_, R> {
        match self.last.get(&client) {
            Some((last, reply)) if seq == *last => Standing::Repeated(reply),
            Some((last, _)) if seq < *last => Standing::Old,
            None if self.is_forgotten(client) => Standing::Refused(Refusal::SessionExpired),
            _ => Standing::New,
        }
    }

    /// Whether a client that has no session may have had one.
    fn is_forgotten(&self, client: Id) -> bool {
        self.floor.is_some_and(|floor| client <= floor) && !self.has(SessionBug::ForgottenIsNew)
    }

    /// The sessions, the one used the longest ago first: client, last sequence number, reply.
    pub fn iter(&self) -> impl Iterator<Item = (Id, u64, &R)> {
        let mut order: Vec<Id> = self.order.iter().copied().collect();
        if self.has(SessionBug::SnapshotWithoutOrder) {
            order.sort_unstable();
        }
        (order.into_iter())
            .filter_map(|client| self.last.get(&client).map(|(seq, reply)| (client, *seq, reply)))
    }

    /// What the table has beside its sessions.
    pub fn outline(&self) -> Outline {
        let lost = self.has(SessionBug::SnapshotWithoutFloor);
        Outline { limits: self.limits, floor: if lost { None } else { self.floor } }
    }

    /// The highest client id that was evicted.
    pub fn floor(&self) -> Option<Id> {
        self.floor
    }

    /// How many sessions there are.
    pub fn count(&self) -> usize {
        self.order.len()
    }

    /// The highest client id that the table knows of, be its session there or evicted.
    pub fn newest_client(&self) -> Option<Id> {
        self.last.keys().next_back().copied().max(self.floor)
    }

    fn has(&self, bug: SessionBug) -> bool {
        self.limits.bug == Some(bug)
    }
}

/// What a session table has beside its sessions: it travels with every piece of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Outline {
    /// Its bounds.
    pub limits: SessionLimits,
    /// The highest client id that was evicted.
    pub floor: Option<Id>,
}

impl<R: Value> Sessions<R> {
    /// Records that `seq` of `client` was applied and answered with `reply`. Whatever is evicted
    /// for it, the client is to be sent that reply: its own session may be what goes.
    pub fn record(&mut self, client: Id, seq: u64, reply: R) {
        self.remove(client);
        let bytes = session_bytes(client, seq, &reply);
        if bytes > self.limits.bytes {
            return self.raise_floor(client);
        }
        self.append(client, seq, reply, bytes);
        while self.order.len() > self.limits.clients || self.bytes > self.limits.bytes {
            let Some(victim) = self.victim() else { return };
            self.remove(victim);
            self.raise_floor(victim);
        }
    }

    /// Who has to go.
    fn victim(&self) -> Option<Id> {
        match self.limits.bug {
            Some(SessionBug::EvictNewest) => self.order.back().copied(),
            Some(SessionBug::EvictLowest) => self.last.keys().next().copied(),
            _ => self.order.front().copied(),
        }
    }

    fn raise_floor(&mut self, evicted: Id) {
        if !self.has(SessionBug::EvictWithoutFloor) {
            self.floor = self.floor.max(Some(evicted));
        }
    }

    fn append(&mut self, client: Id, seq: u64, reply: R, bytes: usize) {
        self.bytes += bytes;
        self.order.push_back(client);
        self.last.insert(client, (seq, reply));
    }

    /// Searched from the end: a client that asks often is found at once.
    fn remove(&mut self, client: Id) {
        let Some((seq, reply)) = self.last.remove(&client) else { return };
        self.bytes -= session_bytes(client, seq, &reply);
        if let Some(back) = self.order.iter().rev().position(|other| *other == client) {
            self.order.remove(self.order.len() - 1 - back);
        }
    }

    /// Puts back sessions taken from [`Sessions::iter`] of another table, in that order, and its
    /// outline: onto an empty table all of them make that table again.
    pub fn restore(&mut self, outline: Outline, sessions: impl IntoIterator<Item = (Id, u64, R)>) {
        self.limits = outline.limits;
        self.floor = self.floor.max(outline.floor);
        for (client, seq, reply) in sessions {
            self.remove(client);
            let bytes = session_bytes(client, seq, &reply);
            self.append(client, seq, reply, bytes);
        }
    }
}

/// What a session counts for in the byte bound: its size in a snapshot.
fn session_bytes<R: Value>(client: Id, seq: u64, reply: &R) -> usize {
    encoded_bytes(&(client, seq, reply))
}
