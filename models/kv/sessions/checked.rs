//! What must hold of a session table, judged by the requests that were applied
//! ([`Recorded`]).

use super::session::request_bytes;
use super::{RequestStatus, SessionLimits, Sessions, slots};
use crate::kv::machine::{Recorded, StateMachine, Value};
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};

/// Whether the clients that were last active, as many as the table has room for, have their
/// sessions, with the last request of each of their slots. For tables whose byte bound is not reached.
pub fn keeps_active<M: StateMachine>(machine: &Recorded<M>, sessions: &Sessions<M::Reply>) -> bool {
    let (mut clients, mut seen) = (BTreeSet::new(), BTreeSet::new());
    let most = sessions.outline().limits.clients;
    (machine.applied.iter().rev())
        .filter(|(client, seq)| seen.insert((*client, slots::of(*seq))))
        .take_while(|(client, _)| {
            clients.insert(*client);
            clients.len() <= most
        })
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

/// Whether a session has requests of two slots.
pub fn has_two_slots<R>(sessions: &Sessions<R>) -> bool {
    let clients: Vec<Id> = sessions.iter().map(|(client, _, _)| client).collect();
    clients.windows(2).any(|two| two[0] == two[1])
}

/// The last request of each slot, and its reply.
type Slots<R> = BTreeMap<u8, (u64, R)>;

/// A session table as it is defined: one list, which is searched and summed up at each step.
#[derive(Clone, Debug)]
pub struct Reference<R> {
    limits: SessionLimits,
    /// The sessions, the one used the longest ago first: client, and the last request of each slot.
    pub(super) sessions: Vec<(Id, Slots<R>)>,
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
        let is_there = slots::of(seq) < slots::MAX_SLOTS;
        match self.sessions.iter().find(|(other, _)| *other == client) {
            Some((_, last)) => match last.get(&slots::of(seq)) {
                Some((last, _)) => seq > *last,
                None => is_there,
            },
            None => is_there && self.floor.is_none_or(|floor| client > floor),
        }
    }

    /// The request `seq` of `client` was applied and answered with `reply`.
    pub fn record(&mut self, client: Id, seq: u64, reply: R) {
        let at = self.sessions.iter().position(|(other, _)| *other == client);
        let mut session = at.map_or((client, BTreeMap::new()), |at| self.sessions.remove(at));
        session.1.insert(slots::of(seq), (seq, reply));
        if session_bytes(&session) > self.limits.bytes {
            self.floor = self.floor.max(Some(client));
            self.was_too_large = true;
            return;
        }
        self.sessions.push(session);
        while self.sessions.len() > self.limits.clients || self.bytes() > self.limits.bytes {
            self.made_room |= self.sessions.len() <= self.limits.clients;
            let (evicted, _) = self.sessions.remove(0);
            self.floor = self.floor.max(Some(evicted));
        }
    }

    /// How many bytes the sessions have.
    pub fn bytes(&self) -> usize {
        self.sessions.iter().map(session_bytes).sum()
    }

    /// Whether a table says the same.
    pub fn is_like(&self, table: &Sessions<R>) -> bool {
        let requests = self
            .sessions
            .iter()
            .flat_map(|(client, slots)| slots.values().map(|(seq, reply)| (*client, *seq, reply)));
        table.iter().eq(requests) && table.floor == self.floor
    }
}

fn session_bytes<R: Value>((client, slots): &(Id, Slots<R>)) -> usize {
    slots.values().map(|(seq, reply)| request_bytes(*client, *seq, reply)).sum()
}
