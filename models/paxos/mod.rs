//! Paxos: a log of commands on which a changing set of live replicas never disagrees.
//!
//! The single-decree protocol, which chooses one value, is in [`synod`]; here are its instances
//! in a row, one a slot, which make a replicated log: Multi-Paxos.
//!
//! # Sources
//!
//! * **Lamport 2001**, *Paxos made simple*: the roles, the two phases, the invariants P1 to P2c,
//!   and in section 3 the log: a leader executes phase one once for all instances, proposes no-ops
//!   in the gaps, and goes on.
//! * **van Renesse and Altinbuken 2015**, *Paxos made moderately complex*: ballots as pairs, slots
//!   and a window of them, preemption, and what a replica may forget.
//! * **Howard, Malkhi and Spiegelman 2016**, *Flexible Paxos*: only the quorums of different phases
//!   must intersect ([`Quorums`]).
//! * **Chandra, Griesemer and Redstone 2007**, *Paxos made live*: what breaks in practice:
//!   snapshots that disagree with the log, catch-up, disks that forget.
//! * **Ongaro 2014**, *Consensus: bridging theory and practice*: sessions of clients, pre-vote,
//!   a leader that steps down, and reads without the log (`ReadIndex`). **Herlihy and Wing 1990**:
//!   linearizability.
//!
//! # How it works
//!
//! 1. A replica that hears of no leader, and learns from enough others that they do not either,
//!    picks a higher **ballot** and asks all to **promise** it, for all slots at once. A promise
//!    reports the acceptor's votes, and up to which slot the log is chosen. With a quorum of
//!    promises the replica leads, after catching up with the slots that they know chosen.
//! 2. It proposes again, in its own ballot, what it must: in each slot the value of the
//!    highest-numbered proposal reported, and a no-op where none was but a later slot has one.
//!    From then on each request takes the next slot, several at a time: phase two only.
//! 3. A value that a quorum **accepted** in one ballot is **chosen**. The leader, as the
//!    distinguished learner, counts the votes; it applies the log in order, answers the clients,
//!    and announces how far the log is chosen. The others know the values from their own votes.
//! 4. Every replica applies the same log. Sessions, part of the replicated state, make a request
//!    that was chosen twice apply once. Reads take no slot: a leader that a quorum confirms after a
//!    read came answers it from its own state (`reads.rs`).
//! 5. A lagging replica asks for the log, and, where that is truncated, for the state instead; with
//!    either it promises the sender's ballot, so that each command that it applied was chosen in
//!    the ballot that it promised or a smaller one.
//!
//! # Deviations, and why
//!
//! * The first ballot, 0.0, is led by replica 0 with no phase one. There is no smaller ballot, so
//!   there is nothing that a promise could report (P2c holds of every value). It leads only when it
//!   starts for the very first time: after a restart it cannot know its earlier proposals.
//! * Roles are co-located: a replica is proposer, acceptor and learner, and accepts its own
//!   proposal and promises its own ballot as it sends them; it saves both like any other. Its vote
//!   counts when it is durable, which a message to itself reports; so does its promise where that
//!   alone is a quorum.
//! * A slot that is applied is no longer in the acceptor's memory: its promise says "chosen up to"
//!   instead, and its vote there needs no record, as it can only be for the chosen value: that was
//!   chosen in a ballot that it promised or a smaller one (P2b). The record that the slot is
//!   applied is durable before the vote is acknowledged.
//! * The leader's proposals, and its announcements of chosen slots, do not wait for its disk: its
//!   ballot is durable, and so are the votes of the quorum. How far the log is chosen and applied
//!   is saved lazily: after a crash it is learned again from votes.
//! * Van Renesse and Altinbuken's commanders, scouts and leaders are parts of one state here; the
//!   client's retry and the leader's dedupe take the place of their replicas' re-proposing.
//! * No membership change, and no leases: neither is needed for the service that is offered here.
//!
//! # Bounds
//!
//! A leader has at most [`Config::window`] commands open and [`Config::queue`] requests waiting; an
//! acceptor takes at most twice the window past the last applied slot, and [`Config::ahead`] votes
//! beyond; the log keeps [`Config::keep`] applied commands and [`Config::keep_bytes`] of them, or,
//! while a snapshot is fetched, as much as was given of it. Memory and disk hold the replicated
//! state, in memory perhaps also how it was when a snapshot of it was begun, and so much more.
//! Every message fits a datagram.
//!
//! # Where things are
//!
//! [`Peer`] has the messages, [`ReplicaState`] the state, [`Stable`] its durable part. The roles
//! are in `acceptor.rs`, `pre_vote.rs` and `proposer.rs` (how to become leader), `leaving.rs` (how a
//! leader that stops is succeeded at once), `leader.rs` with
//! its `queue.rs` and `reads.rs`, and `learner.rs`; a lagging replica's side of catching up is in
//! `catch_up.rs`, the other side in `offer.rs`. All handlers are methods of one context, `turn.rs`;
//! `replica.rs` dispatches, or, for a service that has a replica in its nodes, `embedded.rs`. `bugs.rs` lists the seeded bugs, `mutants.rs` the properties that
//! notice them.

mod acceptor;
mod ballot;
mod bounds;
mod bugs;
mod catch_up;
mod choice;
mod config;
mod embedded;
mod guarantees;
pub mod instances;
mod leader;
mod learner;
mod leaving;
mod message;
pub mod mutants;
mod offer;
mod pre_vote;
pub mod properties;
mod proposer;
mod protocol;
mod queue;
mod reads;
mod replica;
mod state;
mod storage;
pub mod synod;
#[cfg(test)]
mod tests;
mod turn;

pub use crate::kv::Image;
pub use crate::kv::snapshot::SnapshotInstall;
pub use ballot::{Ballot, Slot};
pub use config::{
    AHEAD, BURST, Config, ConfigError, KEEP, KEEP_BYTES, PATIENCE, Paxos, QUEUE, Quorums, Replica,
    WINDOW,
};
pub use leader::MAX_RESEND;
pub use message::{BATCH_BYTES, Command, MAX_OP_BYTES, Msg, Peer, Proposal};
pub use state::{
    CommitIndex, Leading, Preparing, Read, ReplicaState, Role, ServedSnapshot, State, Timer,
};
pub use storage::{Delta, Saved, Stable};

use crate::Recoverable;
pub use crate::timing::leader::LeaderTiming as Timing;

use crate::kv::{Service, StateMachine};
use crate::lend::lend;
use stateright::actor::{Actor, Id, Out};
use std::borrow::Cow;

impl<M: StateMachine> Actor for Paxos<M> {
    type Msg = Msg<M>;
    type Timer = Timer;
    type State = State<M>;
    type Storage = Saved<M>;
    type Random = ();

    fn on_start(&self, id: Id, storage: &Option<Saved<M>>, o: &mut Out<Self>) -> State<M> {
        match self {
            Self::Replica(replica) => {
                State::Replica(replica.on_start(id, storage.as_ref(), M::default(), o))
            }
            Self::Client(client) => State::Client(client.on_start(o)),
        }
    }

    fn on_msg(
        &self,
        id: Id,
        state: &mut Cow<'_, State<M>>,
        src: Id,
        msg: Msg<M>,
        o: &mut Out<Self>,
    ) {
        match self {
            Self::Replica(replica) => lend!(state, State::Replica, |state| {
                replica.on_msg(id, state, src, msg, o);
            }),
            Self::Client(client) => {
                lend!(state, State::Client, |state| client.on_msg(state, msg, o));
            }
        }
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, State<M>>, timer: &Timer, o: &mut Out<Self>) {
        match self {
            Self::Replica(replica) => lend!(state, State::Replica, |state| {
                replica.on_timer(id, state, *timer, o);
            }),
            Self::Client(client) => {
                lend!(state, State::Client, |state| client.on_retry(state, o));
            }
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Replica(_) => "replica",
            Self::Client(_) => "client",
        }
        .to_owned()
    }
}

impl<M: StateMachine> Recoverable for Paxos<M> {
    fn stop_timer(&self) -> Option<Timer> {
        matches!(self, Self::Replica(_)).then_some(Timer::Stop)
    }

    fn checkpoint(&self, _id: Id, state: &State<M>) -> Option<Saved<M>> {
        match state {
            State::Replica(replica) => Some(Saved::Complete(replica.stable.clone())),
            State::Client(_) => None,
        }
    }

    fn waits_for_disk(&self, msg: &Msg<M>) -> bool {
        match (self, msg) {
            (Self::Replica(replica), Service::Peer(msg)) => replica.waits(msg),
            _ => false,
        }
    }

    fn is_lazy(&self, saved: &Saved<M>) -> bool {
        match self {
            Self::Replica(replica) => replica.is_lazy(saved),
            Self::Client(_) => false,
        }
    }
}
