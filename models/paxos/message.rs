//! The messages between replicas.
//!
//! Every message fits a datagram: a promise and a piece of the log hold as many commands as
//! [`Config::batch_bytes`](super::Config::batch_bytes) allows, and say where they stop.

use super::ballot::{Ballot, Slot};
use crate::kv::machine::FRAGMENT_BYTES;
use crate::kv::map::MAX_OPERATION_BYTES;
use crate::kv::snapshot::Answer;
use crate::kv::transfer::{Cut, Held, Piece};
use crate::kv::{Image, Service, StateMachine};
use serde::{Deserialize, Serialize};
use stateright::actor::Id;

/// A message of the replicated service.
pub type Msg<M> = Service<<M as StateMachine>::Op, <M as StateMachine>::Reply, Peer<M>>;

/// About how many encoded bytes of commands travel in one message of a deployed cluster.
pub const BATCH_BYTES: usize = FRAGMENT_BYTES;
/// The largest operation, in encoded bytes: as large as the map allows, and what its encoding has
/// beside keys and values. A message has room for it and for all its own fields.
pub const MAX_OP_BYTES: usize = MAX_OPERATION_BYTES + 64;

/// What a slot of the log can hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Command<O> {
    /// Leaves the state as it is: fills a gap (Lamport 2001, section 3).
    Noop,
    /// A client's request.
    Request {
        /// The client.
        client: Id,
        /// The client's sequence number; [`Command::OF_A_SERVER`], if no client asked.
        seq: u64,
        /// What it asked for.
        op: O,
    },
}

impl<O> Command<O> {
    /// The number of an operation that no client asked for: a replica proposed it of its own accord.
    /// It is in no session.
    pub const OF_A_SERVER: u64 = 0;

    /// Applies it as the next slot's command. One request may have been chosen in two slots, by two
    /// leaders: it is applied in the first. Gives the answer for its client; none, if the client
    /// has gone on.
    pub fn apply_to<M: StateMachine<Op = O>>(
        &self,
        image: &mut Image<M>,
    ) -> Option<Answer<M::Reply>> {
        image.slot += 1;
        let Self::Request { client, seq, op } = self else { return None };
        if *seq == Self::OF_A_SERVER {
            image.machine.apply(*client, *seq, op);
            return None;
        }
        image.apply_once(*client, *seq, op)
    }

    /// Whether it is the request `seq` of `client`.
    pub fn is_request(&self, client: Id, seq: u64) -> bool {
        matches!(self, Self::Request { client: c, seq: s, .. } if *c == client && *s == seq)
    }
}

/// A ballot and a command: what an acceptor accepts in a slot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Proposal<O> {
    /// Its number.
    pub ballot: Ballot,
    /// Its value.
    pub command: Command<O>,
}

/// The protocol's own vocabulary.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum Peer<M: StateMachine> {
    /// Phase 1a, for all slots from `from` on at once.
    Prepare {
        /// The proposer's ballot.
        ballot: Ballot,
        /// The first slot that it wants to hear about.
        from: Slot,
    },
    /// Phase 1b: a promise not to accept anything of a smaller ballot, in any slot; and what was
    /// accepted.
    Promise {
        /// The ballot promised.
        ballot: Ballot,
        /// The first slot that this message reports.
        from: Slot,
        /// The first slot that it does not report any more; `None` if it reports all.
        until: Option<Slot>,
        /// Every slot up to this one is chosen; the acceptor may have forgotten what it accepted
        /// there, and knows what was chosen.
        chosen: Slot,
        /// The highest-numbered proposal that it accepted in each slot after `chosen`.
        accepted: Vec<(Slot, Proposal<M::Op>)>,
    },
    /// Phase 2a.
    Accept {
        /// The proposer's ballot.
        ballot: Ballot,
        /// The slot.
        slot: Slot,
        /// The value.
        command: Command<M::Op>,
    },
    /// Phase 2b, to the proposer, which is the distinguished learner.
    Accepted {
        /// The ballot.
        ballot: Ballot,
        /// The slot.
        slot: Slot,
    },
    /// To a proposer: this higher ballot was promised, give up.
    Preempted {
        /// The ballot promised.
        ballot: Ballot,
    },
    /// Leader to learners: every slot up to `upto` is chosen. An acceptor that accepted something
    /// there in this ballot or a later one knows the chosen value.
    Chosen {
        /// The leader's ballot.
        ballot: Ballot,
        /// The last slot of those chosen without a gap.
        upto: Slot,
    },
    /// Leader to all, now and then: I lead. A lagging replica catches up.
    Heartbeat {
        /// The leader's ballot.
        ballot: Ballot,
        /// The last slot of those chosen without a gap.
        chosen: Slot,
    },
    /// Leader to acceptors, for reads: is no greater ballot promised than mine?
    Confirm {
        /// The leader's ballot.
        ballot: Ballot,
        /// The number of the round.
        round: u64,
    },
    /// None is.
    Confirmed {
        /// The leader's ballot.
        ballot: Ballot,
        /// The number of the round.
        round: u64,
    },
    /// Learner to another: a request for chosen commands.
    CatchUp {
        /// In the slots from here on.
        from: Slot,
        /// I have these pieces of a snapshot.
        held: Option<Held>,
    },
    /// The chosen commands, slot after slot.
    Log {
        /// The ballot that the sender promised: each command was chosen in it or in a smaller one.
        ballot: Ballot,
        /// The slot of the first.
        from: Slot,
        /// The commands that were chosen.
        commands: Vec<Command<M::Op>>,
        /// The last slot that the sender knows chosen without a gap: there may be more to ask for.
        chosen: Slot,
        /// Whether it is the last message of those sent at once: time to ask for more.
        ask: bool,
    },
    /// A piece of the state that the commands chosen up to `slot` make, where the sender has
    /// truncated its log.
    Snapshot {
        /// The ballot that the sender promised: each command was chosen in it or in a smaller one.
        ballot: Ballot,
        /// The slot.
        slot: Slot,
        /// Which piece, from 0.
        index: u32,
        /// The piece itself.
        piece: Piece<M>,
        /// Where the next piece begins; `None` if this is the last.
        next: Option<Cut>,
        /// Whether it is the last of those sent at once: time to ask for more.
        ask: bool,
    },
    /// From a replica that misses the leader: would you promise a ballot of mine?
    PreVote {
        /// The ballot that it promised.
        ballot: Ballot,
    },
    /// I would: I miss the leader too.
    PreVoted {
        /// The ballot that was asked with.
        ballot: Ballot,
    },
    /// The leader of this ballot is to stop, and leads no more.
    Leaving {
        /// The leader's ballot.
        ballot: Ballot,
    },
}
