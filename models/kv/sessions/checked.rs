//! What must hold of a session table, judged by the requests that were applied
//! ([`Recorded`]).

use super::{RequestStatus, SessionLimits, Sessions, session_bytes};
use crate::kv::machine::{Recorded, StateMachine, Value};
use stateright::actor::Id;
use std::collections::BTreeSet;

/// Whether the clients that were last active, as many as the table has room for, have their
/// sessions. For tables whose byte bound is not reached.
pub fn keeps_active<M: StateMachine>(machine: &Recorded<M>, sessions: &Sessions<M::Reply>) -> bool {
    let mut seen = BTreeSet::new();
    (machine.applied.iter().rev())
        .filter(|(client, _)| seen.insert(*client))
        .take(sessions.outline().limits.clients)
        .all(|(client, seq)| matches!(sessions.status(*client, *seq), RequestStatus::Repeated(_)))
}

/// Whether no request that was applied is new.
pub fn knows_applied<M: StateMachine>(
    machine: &Recorded<M>,
    sessions: &Sessions<M::Reply>,
) -> bool {
    let mut applied = machine.applied.iter();
    applied.all(|(client, seq)| sessions.status(*client, *seq) != RequestStatus::New)
}

/// Whether the session of a client that had one is gone.
pub fn has_evicted<M: StateMachine>(machine: &Recorded<M>, sessions: &Sessions<M::Reply>) -> bool {
    let kept: BTreeSet<Id> = sessions.iter().map(|(client, _, _)| client).collect();
    machine.applied.iter().any(|(client, _)| !kept.contains(client))
}

/// A session table as it is defined: one list, which is searched and summed up at each step.
#[derive(Clone, Debug)]
pub struct Reference<R> {
    limits: SessionLimits,
    /// The sessions, the one used the longest ago first.
    pub(super) sessions: Vec<(Id, u64, R)>,
    /// The highest client id that was evicted.
    pub(super) floor: Option<Id>,
    /// Whether a session ever went to make room for the bytes of others.
    pub made_room: bool,
    /// Whether a session alone ever exceeded the byte bound.
    pub was_too_large: bool,
}

impl<R: Value> Reference<R> {
    /// An empty table with these bounds.
    pub fn new(limits: SessionLimits) -> Self {
        let (sessions, floor) = (Vec::new(), None);
        Self { limits, sessions, floor, made_room: false, was_too_large: false }
    }

    /// Whether a request is neither applied, nor of a client that may have been evicted.
    pub fn is_new(&self, client: Id, seq: u64) -> bool {
        match self.sessions.iter().find(|(other, _, _)| *other == client) {
            Some((_, last, _)) => seq > *last,
            None => self.floor.is_none_or(|floor| client > floor),
        }
    }

    /// The request `seq` of `client` was applied and answered with `reply`.
    pub fn record(&mut self, client: Id, seq: u64, reply: R) {
        self.sessions.retain(|(other, _, _)| *other != client);
        if session_bytes(client, seq, &reply) > self.limits.bytes {
            self.floor = self.floor.max(Some(client));
            self.was_too_large = true;
            return;
        }
        self.sessions.push((client, seq, reply));
        while self.sessions.len() > self.limits.clients || self.bytes() > self.limits.bytes {
            self.made_room |= self.sessions.len() <= self.limits.clients;
            let (evicted, _, _) = self.sessions.remove(0);
            self.floor = self.floor.max(Some(evicted));
        }
    }

    /// How many bytes the sessions have.
    pub fn bytes(&self) -> usize {
        self.sessions.iter().map(|(client, seq, reply)| session_bytes(*client, *seq, reply)).sum()
    }

    /// Whether a table says the same.
    pub fn is_like(&self, table: &Sessions<R>) -> bool {
        let sessions = self.sessions.iter().map(|(client, seq, reply)| (*client, *seq, reply));
        table.iter().eq(sessions) && table.floor == self.floor
    }
}
