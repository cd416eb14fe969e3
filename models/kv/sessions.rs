//! Client sessions: which request of each client was last applied, and its reply.
//!
//! Part of the replicated state, so that a request is applied exactly once whichever server
//! answers (Ongaro 2014, section 6.3).
//!
//! # Slots
//!
//! A client may have several requests under way, each in a [slot](slots) of its session. A slot has
//! one request at a time, and the session keeps the last one of each slot, with its reply. The slots are
//! those of `NFSv4.1` (RFC 8881, section 2.10.6): unlike a window of sequence numbers, a request that
//! stays unanswered holds up no other.
//!
//! # Eviction
//!
//! The table is bounded, by the number of its sessions and by their bytes ([`SessionLimits`]). When
//! it is over a bound, the session that was used the longest ago goes: used means that a request
//! was applied, and long ago is counted in applied requests, so the table is a pure function of
//! the applied log and no clock takes part. A session that alone exceeds the byte bound is not
//! kept, and no other session goes in its place.
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
//!
//! Only what is applied counts. A read that a protocol answers without a place in its log keeps no
//! session alive, and needs none: a client that reads and seldom writes may find its session
//! expired when it writes, and goes on in a new one.

pub(crate) mod bugs;
pub mod checked;
mod content;
mod limits;
mod session;
pub mod slots;
#[cfg(test)]
mod tests;

pub(crate) use bugs::SessionBug;
pub use limits::{MAX_SESSION_BYTES, MAX_SESSIONS, SessionLimits};

use super::machine::Value;
use super::service::Refusal;
use crate::shared_map::SharedMap;
use serde::{Deserialize, Serialize};
use session::Session;
use stateright::actor::Id;

/// The session table.
#[derive(Clone, Debug)]
pub struct Sessions<R> {
    limits: SessionLimits,
    /// The sessions, the one that was used the longest ago first. The numbers only make the order:
    /// they are counted by each table for itself, and no part of what it says.
    by_use: SharedMap<u64, Session<R>>,
    /// Each client's number there.
    use_of: SharedMap<Id, u64>,
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
pub enum RequestStatus<'a, R> {
    /// Not yet applied.
    New,
    /// The last one of its slot that was applied: it got this reply.
    Repeated(&'a R),
    /// Older than the last one of its slot that was applied: its client has its reply.
    Old,
    /// Its session is gone, or has no such slot.
    Refused(Refusal),
}

impl<R> Sessions<R> {
    /// An empty table with these bounds.
    pub fn new(limits: SessionLimits) -> Self {
        let (by_use, use_of) = (SharedMap::new(), SharedMap::new());
        Self { limits, by_use, use_of, bytes: 0, floor: None }
    }

    /// The status of the request `seq` of `client`.
    pub fn status(&self, client: Id, seq: u64) -> RequestStatus<'_, R> {
        let session = self.session(client);
        match session.and_then(|session| session.last(seq)) {
            Some((last, reply)) if seq == last => RequestStatus::Repeated(reply),
            Some((last, _)) if seq < last => RequestStatus::Old,
            _ if session.is_none() && self.is_forgotten(client) => {
                RequestStatus::Refused(Refusal::SessionExpired)
            }
            _ if slots::of(seq) >= slots::MAX_SLOTS => RequestStatus::Refused(Refusal::NotOffered),
            _ => RequestStatus::New,
        }
    }

    fn session(&self, client: Id) -> Option<&Session<R>> {
        self.by_use.get(self.use_of.get(&client)?)
    }

    /// Whether a client that has no session may have had one.
    fn is_forgotten(&self, client: Id) -> bool {
        self.floor.is_some_and(|floor| client <= floor) && !self.has(SessionBug::ForgottenIsNew)
    }

    /// The requests in the sessions, of the one used the longest ago first, slot by slot: client,
    /// sequence number, reply.
    pub fn iter(&self) -> impl Iterator<Item = (Id, u64, &R)> {
        self.since(None)
    }

    /// Those behind this client's request with this number, in that order; all, where none is given.
    /// The first takes the time of a look-up.
    pub fn since(&self, after: Option<(Id, u64)>) -> impl Iterator<Item = (Id, u64, &R)> {
        let from = after.and_then(|(client, _)| self.use_of.get(&client)).copied().unwrap_or(0);
        let is_behind =
            move |client, seq| after.is_none_or(|(before, last)| client != before || seq > last);
        let requests = self.by_use.range(from..).flat_map(|(_, session)| session.iter());
        requests.filter(move |(client, seq, _)| is_behind(*client, *seq))
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
        self.use_of.len()
    }

    /// The highest client id that the table knows of, be its session there or evicted.
    pub fn newest_client(&self) -> Option<Id> {
        self.use_of.keys().next_back().copied().max(self.floor)
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
        let mut session = self.remove(client).unwrap_or_else(|| Session::new(client));
        if self.has(SessionBug::OneSlot) {
            session = Session::new(client);
        }
        session.record(seq, reply);
        if session.bytes() > self.limits.bytes && !self.has(SessionBug::OversizedEvicts) {
            return self.raise_floor(client);
        }
        self.append(session);
        while self.by_use.len() > self.limits.clients || self.has_too_many_bytes() {
            let Some(victim) = self.victim() else { return };
            self.remove(victim);
            self.raise_floor(victim);
        }
    }

    fn has_too_many_bytes(&self) -> bool {
        self.bytes > self.limits.bytes && !self.has(SessionBug::CountOnly)
    }

    /// The client whose session is evicted.
    fn victim(&self) -> Option<Id> {
        let used = match self.limits.bug {
            Some(SessionBug::EvictLowest) => return self.use_of.keys().next().copied(),
            Some(SessionBug::EvictNewest) => self.by_use.last_key_value(),
            _ => self.by_use.first_key_value(),
        };
        used.map(|(_, session)| session.client())
    }

    fn raise_floor(&mut self, evicted: Id) {
        if !self.has(SessionBug::EvictWithoutFloor) {
            self.floor = self.floor.max(Some(evicted));
        }
    }

    fn append(&mut self, session: Session<R>) {
        let next = self.by_use.last_key_value().map_or(0, |(last, _)| last + 1);
        self.bytes += session.bytes();
        self.use_of.insert(session.client(), next);
        self.by_use.insert(next, session);
    }

    fn remove(&mut self, client: Id) -> Option<Session<R>> {
        let used = self.use_of.remove(&client)?;
        let session = self.by_use.remove(&used)?;
        self.bytes -= session.bytes();
        Some(session)
    }

    /// Puts back requests taken from [`Sessions::iter`] of another table, in that order, and its
    /// outline: onto an empty table all of them make that table again.
    pub fn restore(&mut self, outline: Outline, requests: impl IntoIterator<Item = (Id, u64, R)>) {
        self.limits = outline.limits;
        self.floor = self.floor.max(outline.floor);
        let mut requests: Vec<_> = requests.into_iter().collect();
        if self.has(SessionBug::SnapshotWithoutOrder) {
            requests.sort_by_key(|(client, _, _)| *client);
        }
        for (client, seq, reply) in requests {
            let mut session = self.remove(client).unwrap_or_else(|| Session::new(client));
            session.record(seq, reply);
            self.append(session);
        }
    }
}
