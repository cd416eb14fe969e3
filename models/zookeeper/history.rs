//! What clients saw, in real time.

use super::message::{Answer, Ask, Msg, What};
use super::op::{Op, Reply, Request, Response};
use super::tree::Tree;
use crate::kv::history::Linearizable;
use crate::kv::{Bytes, Service};
use crate::world::Observer;
use stateright::actor::{Envelope, Id};
use std::collections::BTreeMap;

/// The writes of a run and their answers, in an instance that is judged by them; of the others,
/// nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct History {
    /// As linearizability asks.
    pub writes: Option<Linearizable<Tree>>,
    /// The paths of the sequential nodes that were created, by request.
    pub numbered: BTreeMap<(Id, u64), Bytes>,
}

impl History {
    /// Of no requests, and whether any are to be recorded.
    pub fn new(is_recorded: bool) -> Self {
        let writes = is_recorded.then(|| Linearizable::linearizable(Tree::default()));
        Self { writes, numbered: BTreeMap::new() }
    }

    fn told(&mut self, client: Id, seq: u64, reply: &Reply) {
        if let Ok(Response::Created { path, .. }) = reply {
            self.numbered.entry((client, seq)).or_insert_with(|| path.clone());
        }
    }
}

/// Whether it is a write that is recorded: sessions are a matter of each client, and of the leader.
fn recorded(ask: &Ask) -> Option<&Op> {
    match &ask.what {
        What::Write(op) if op.request != Request::CreateSession => Some(op),
        _ => None,
    }
}

impl Observer<Msg> for History {
    fn observes(envelope: Envelope<&Msg>) -> bool {
        matches!(envelope.msg, Service::Request { .. } | Service::Reply { .. })
    }

    fn on_send(&self, envelope: Envelope<&Msg>) -> Option<Self> {
        let Service::Request { seq, op } = envelope.msg else { return None };
        let writes = self.writes.as_ref()?.invoke(envelope.src, *seq, recorded(op)?)?;
        Some(Self { writes: Some(writes), ..self.clone() })
    }

    fn on_deliver(&self, envelope: Envelope<&Msg>) -> Option<Self> {
        let Service::Reply { seq, reply } = envelope.msg else { return None };
        let Answer::Done { reply: Some(reply), .. } = reply else { return None };
        let writes = self.writes.as_ref()?.reply(envelope.dst, *seq, reply)?;
        let mut next = Self { writes: Some(writes), ..self.clone() };
        next.told(envelope.dst, *seq, reply);
        Some(next)
    }
}
