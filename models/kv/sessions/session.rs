//! The session of one client.

use super::slots;
use crate::kv::machine::Value;
use crate::kv::size::encoded_bytes;
use stateright::actor::Id;

/// The last request of each slot that was applied, and its reply.
#[derive(Clone, Debug)]
pub(super) struct Session<R> {
    client: Id,
    /// By slot: sequence number, reply.
    requests: Vec<(u64, R)>,
    /// How many bytes they count for in the table's bound.
    bytes: usize,
}

impl<R> Session<R> {
    pub(super) fn new(client: Id) -> Self {
        Self { client, requests: Vec::new(), bytes: 0 }
    }

    pub(super) fn client(&self) -> Id {
        self.client
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The last request in the slot of `seq`, and its reply.
    pub(super) fn last(&self, seq: u64) -> Option<(u64, &R)> {
        let at = self.place(seq).ok()?;
        self.requests.get(at).map(|(last, reply)| (*last, reply))
    }

    /// Where the request of that slot is, or is to be.
    fn place(&self, seq: u64) -> Result<usize, usize> {
        self.requests.binary_search_by_key(&slots::of(seq), |(last, _)| slots::of(*last))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Id, u64, &R)> {
        self.requests.iter().map(|(seq, reply)| (self.client, *seq, reply))
    }
}

impl<R: Value> Session<R> {
    /// The request `seq` was applied and answered with `reply`.
    pub(super) fn record(&mut self, seq: u64, reply: R) {
        self.bytes += request_bytes(self.client, seq, &reply);
        match self.place(seq) {
            Ok(at) => {
                let (last, before) = std::mem::replace(&mut self.requests[at], (seq, reply));
                self.bytes -= request_bytes(self.client, last, &before);
            }
            Err(at) => self.requests.insert(at, (seq, reply)),
        }
    }
}

/// The bytes that a request counts for in the bound: its size in a snapshot.
pub(super) fn request_bytes<R: Value>(client: Id, seq: u64, reply: &R) -> usize {
    encoded_bytes(&(client, seq, reply))
}
