//! What clients saw, in real time.

use super::epoch::Zxid;
use super::message::{Ask, Reply};
use crate::kv::history::{Linearizable, Sequential};
use crate::kv::{self, Map, Op, Service};
use crate::world::Observer;
use stateright::actor::{Envelope, Id};
use std::collections::BTreeMap;

/// The requests and replies of a run.
///
/// A sync and the read of `x` that follows are one operation, where the clients of an instance do
/// nothing else after a sync.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionHistory {
    /// Whether clients sync before they read.
    synced: bool,
    /// As linearizability asks.
    pub in_real_time: Linearizable<Map>,
    /// As sequential consistency and sessions ask, where servers read for clients.
    pub in_session: Option<InSession>,
}

/// What each client saw, in its own order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InSession {
    /// As sequential consistency asks.
    pub history: Sequential<Map>,
    /// The newest transaction that each client was told of.
    seen: BTreeMap<Id, Zxid>,
    /// Whether a client was told of an older one later.
    pub went_back: bool,
}

impl SessionHistory {
    /// Of no requests; with sessions, if servers read for clients, who perhaps sync before.
    pub fn new(local_reads: bool, synced: bool) -> Self {
        let in_session = local_reads.then(|| InSession {
            history: Sequential::sequential(Map::default()),
            seen: BTreeMap::new(),
            went_back: false,
        });
        Self { synced, in_real_time: Linearizable::linearizable(Map::default()), in_session }
    }
}

impl SessionHistory {
    /// The number of the operation that a request belongs to.
    fn number(&self, seq: u64) -> u64 {
        if self.synced { seq.div_ceil(2) } else { seq }
    }
}

impl InSession {
    fn told(&mut self, client: Id, zxid: Zxid) {
        let seen = self.seen.entry(client).or_default();
        self.went_back |= zxid < *seen;
        *seen = zxid.max(*seen);
    }
}

/// What clients and servers say to each other, whatever servers say to themselves.
type Heard<P> = Service<Ask<Op>, Reply<kv::Reply>, P>;

impl<P> Observer<Heard<P>> for SessionHistory {
    fn observes(envelope: Envelope<&Heard<P>>) -> bool {
        matches!(envelope.msg, Service::Request { .. } | Service::Reply { .. })
    }

    fn on_send(&self, envelope: Envelope<&Heard<P>>) -> Option<Self> {
        let Service::Request { seq, op } = envelope.msg else { return None };
        let op = match op {
            Ask::Do { op } | Ask::Read { op, .. } => op.clone(),
            Ask::Sync if self.synced => Op::get("x"),
            Ask::Sync => return None,
        };
        let (src, number) = (envelope.src, self.number(*seq));
        let in_real_time = self.in_real_time.invoke(src, number, &op)?;
        let mut next = Self { in_real_time, ..self.clone() };
        if let Some(session) = &mut next.in_session
            && let Some(history) = session.history.invoke(src, number, &op)
        {
            session.history = history;
        }
        Some(next)
    }

    fn on_deliver(&self, envelope: Envelope<&Heard<P>>) -> Option<Self> {
        let Service::Reply { seq, reply } = envelope.msg else { return None };
        let (mut next, number) = (self.clone(), self.number(*seq));
        if let Some(value) = &reply.reply {
            next.in_real_time = self.in_real_time.reply(envelope.dst, number, value)?;
        }
        if let Some(session) = &mut next.in_session {
            session.told(envelope.dst, reply.zxid);
            let value = reply.reply.as_ref();
            let history = value.and_then(|it| session.history.reply(envelope.dst, number, it));
            session.history = history.unwrap_or_else(|| session.history.clone());
        }
        (next != *self).then_some(next)
    }
}
