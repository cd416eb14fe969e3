//! The replicated state of a log: the machine, and the sessions by which each request is applied
//! once.

use super::machine::StateMachine;
use super::service::{Refusal, Service};
use super::sessions::{RequestStatus, SessionLimits, Sessions};
use super::transfer::{self, Cut, Held, Piece};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use stateright::actor::Id;

/// The replicated state. Also a snapshot: it replaces the log up to its slot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "M: Serialize", deserialize = "M: DeserializeOwned"))]
pub struct Image<M: StateMachine> {
    /// The last slot that was applied.
    pub slot: u64,
    /// The machine that is replicated.
    pub machine: M,
    /// The last reply to each client.
    pub sessions: Sessions<M::Reply>,
}

impl<M: StateMachine> Default for Image<M> {
    fn default() -> Self {
        Self::new(SessionLimits::default())
    }
}

impl<M: StateMachine> Image<M> {
    /// The state before the first slot.
    pub fn new(sessions: SessionLimits) -> Self {
        Self { slot: 0, machine: M::default(), sessions: Sessions::new(sessions) }
    }

    /// [Its pieces](transfer::pieces_after) behind a cut.
    pub fn pieces_after(
        &self,
        cut: Option<&Cut>,
        limit: usize,
    ) -> impl Iterator<Item = (Piece<M>, Option<Cut>)> {
        transfer::pieces_after(&self.machine, &self.sessions, cut, limit)
    }

    /// Applies a request, unless it was applied before: one request may be in the log twice. Gives
    /// the answer for its client; none, if the client has gone on.
    pub fn apply_once(&mut self, client: Id, seq: u64, op: &M::Op) -> Option<Answer<M::Reply>> {
        let result = match self.sessions.status(client, seq) {
            RequestStatus::New => {
                let reply = self.machine.apply(client, seq, op);
                self.sessions.record(client, seq, reply.clone());
                Ok(reply)
            }
            RequestStatus::Repeated(reply) => Ok(reply.clone()),
            RequestStatus::Refused(why) => Err(why),
            RequestStatus::Old => return None,
        };
        Some(Answer { client, seq, result })
    }
}

/// A snapshot of which some pieces came, in order. Nothing of it is applied before the last one is
/// there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotInstall<M: StateMachine> {
    /// How many pieces came.
    pub received: u32,
    /// Where the last of them ends; `None` if none came, or all did.
    pub end: Option<Cut>,
    /// The image that they make so far; its slot is that of the whole.
    pub image: Image<M>,
}

impl<M: StateMachine> SnapshotInstall<M> {
    /// Nothing yet of the snapshot up to this slot.
    pub fn begin(slot: u64) -> Self {
        Self { received: 0, end: None, image: Image { slot, ..Image::default() } }
    }

    /// The next piece came, and behind it begins another.
    pub fn add(&mut self, piece: Piece<M>, next: Option<Cut>) {
        piece.restore(&mut self.image.machine, &mut self.image.sessions);
        self.received += 1;
        self.end = next;
    }

    /// The pieces that are here, to ask for the rest with.
    pub fn held(&self) -> Option<Held> {
        let end = self.end.clone()?;
        Some(Held { of: self.image.slot, count: self.received, end })
    }
}

/// The answer to a request that was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<R> {
    /// The client.
    pub client: Id,
    /// The client's sequence number.
    pub seq: u64,
    /// The reply, or why there is none.
    pub result: Result<R, Refusal>,
}

impl<R> Answer<R> {
    /// As a message to the client.
    pub fn msg<O, P>(self) -> Service<O, R, P> {
        let seq = self.seq;
        match self.result {
            Ok(reply) => Service::Reply { seq, reply },
            Err(why) => Service::Refused { seq, why },
        }
    }
}
