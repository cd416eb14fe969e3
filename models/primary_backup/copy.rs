//! The primary's side of a copy: an outsider gets the state while requests go on.
//!
//! The state is cut into pieces once, at the operation that was the last then; the operations
//! since are kept until the copy has them. When the copy is no further behind than a backup may
//! be, the primary says so to the view service, which lets it join: so a view waits for messages
//! when it begins, never for a state.

use super::message::Peer;
use super::primary::Leading;
use super::recent::Recent;
use super::replica::{Replica, ReplicaState, Role};
use super::storage::{Entry, Image};
use super::{Bug, Outbox, Timer};
use crate::kv::transfer::{Piece, encoded_bytes, pieces};
use crate::kv::{Service, StateMachine};
use stateright::actor::Id;
use std::borrow::Cow;
use std::collections::VecDeque;

/// A copy on its way to an outsider. Volatile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Copying<M: StateMachine> {
    /// Who copies.
    pub to: Id,
    /// The last operation in the state that was cut.
    pub op: u64,
    /// The pieces of it, until they are all there.
    pub pieces: Vec<Piece<M>>,
    /// The last operation that the copy has, once it has all pieces.
    pub acked: Option<u64>,
    /// The messages with operations that are under way to it: of each, the last operation.
    pub under_way: VecDeque<u64>,
    /// The operations that it lacks.
    pub since: Recent<M::Op>,
    /// How large those are.
    pub bytes: usize,
}

impl<M: StateMachine> Copying<M> {
    fn new(to: Id, op: u64, pieces: Vec<Piece<M>>) -> Self {
        let (under_way, since, bytes) = Default::default();
        Self { to, op, pieces, acked: None, under_way, since, bytes }
    }

    /// Of who has copied before, and has all but these operations.
    fn resumed(to: Id, op: u64, recent: &Recent<M::Op>) -> Self {
        let mut copying = Self::new(to, op, Vec::new());
        for (op, entry) in recent.since(op + 1) {
            copying.keep(op, entry.clone());
        }
        copying
    }

    /// The last operation that it has, or will have with all pieces.
    pub fn copied(&self) -> u64 {
        self.acked.unwrap_or(self.op)
    }

    /// Keeps the operation that was ordered.
    pub(super) fn keep(&mut self, op: u64, entry: Entry<M::Op>) {
        self.bytes += encoded_bytes(&entry);
        self.since.push(op, entry);
    }

    /// It has all pieces, and every operation up to `op`.
    fn acknowledged(&mut self, op: u64) {
        self.acked = Some(op);
        self.pieces.clear();
        self.under_way.retain(|sent| *sent > op);
        self.bytes -= self.since.split_upto(op).map(|entry| encoded_bytes(&entry)).sum::<usize>();
    }
}

impl Replica {
    /// An outsider asks for a piece of the state. A backup that does so says that it cannot go on
    /// from what it has.
    pub(super) fn on_fetch<M: StateMachine>(
        &self,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        view: u64,
        op: u64,
        index: u32,
        o: &mut Outbox<M>,
    ) {
        let Role::Primary(leading) = &state.role else { return };
        if view != state.view.number {
            return;
        }
        if state.view.backups.contains(&src) {
            if !leading.acting {
                self.leave_out(state, src, o);
            }
            return;
        }
        if !leading.acting {
            return;
        }
        let was_ready = self.ready(state).is_some();
        let cut_again = self.config.bug == Some(Bug::CutAgain);
        if leading.copying.as_ref().is_none_or(|copying| {
            cut_again && copying.op != state.image.op && copying.acked.is_none()
        }) {
            self.cut(state.to_mut(), src);
        }
        let Role::Primary(Leading { copying: Some(copying), .. }) = &state.role else { return };
        // Pieces of another state are of no use: it starts over.
        let same = copying.op == op || self.config.bug == Some(Bug::MixPieces);
        self.send_piece(state, src, if same { index } else { 0 }, o);
        self.tell_if_ready(state, was_ready, o);
    }

    /// Expects to hear in time from who copies.
    fn expect_copy<M: StateMachine>(&self, to: Id, o: &mut Outbox<M>) {
        o.set_timer(Timer::Overdue(to), self.config.timing.copy.clone());
    }

    fn send_piece<M: StateMachine>(
        &self,
        state: &ReplicaState<M>,
        to: Id,
        index: u32,
        o: &mut Outbox<M>,
    ) {
        let Role::Primary(Leading { copying: Some(copying), .. }) = &state.role else { return };
        let piece = copying.pieces.get(index as usize).filter(|_| copying.to == to);
        if let Some(piece) = piece {
            let last = index as usize + 1 == copying.pieces.len();
            let (view, op, piece) = (state.view.number, copying.op, piece.clone());
            self.expect_copy(to, o);
            o.send(to, Service::Peer(Peer::Chunk { view, op, index, last, piece }));
        }
    }

    /// Who has copied says so, and its copy was given up, or this primary came back meanwhile.
    fn resume<M: StateMachine>(&self, state: &mut ReplicaState<M>, to: Id, op: u64) {
        let Image { op: last, recent, .. } = &state.image;
        if op < *last && !recent.reaches(op + 1) {
            return self.cut(state, to);
        }
        let resumed = Copying::resumed(to, op, recent);
        if let Role::Primary(leading) = &mut state.role {
            leading.copying = Some(resumed);
        }
    }

    fn cut<M: StateMachine>(&self, state: &mut ReplicaState<M>, to: Id) {
        let Image { op, machine, sessions, .. } = &state.image;
        let pieces = pieces(machine, sessions, self.config.piece_bytes);
        if let Role::Primary(leading) = &mut state.role {
            leading.copying = Some(Copying::new(to, *op, pieces));
        }
    }

    /// An outsider has everything of this view up to `op`: sends it the operations since, `again` if
    /// it says that those that were sent are missing. If its copy was given up meanwhile, and they are
    /// not kept any more, it copies again.
    ///
    /// Not for each acknowledgement again: those that were under way would be sent once more, each of
    /// them acknowledged once more, and so on, until nothing else is done.
    pub(super) fn on_copied<M: StateMachine>(
        &self,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        op: u64,
        again: bool,
        o: &mut Outbox<M>,
    ) {
        let Role::Primary(leading) = &state.role else { return };
        if !leading.acting || leading.copying.as_ref().is_some_and(|copying| copying.to != src) {
            return;
        }
        let was_ready = self.ready(state).is_some();
        let state = state.to_mut();
        if !matches!(&state.role, Role::Primary(Leading { copying: Some(_), .. })) {
            self.resume(state, src, op);
        }
        let Role::Primary(Leading { copying: Some(copying), .. }) = &mut state.role else { return };
        if op >= copying.copied() {
            copying.acknowledged(op);
            if again {
                copying.under_way.clear();
            }
            self.expect_copy(src, o);
            self.stream(state, o);
            self.tell_if_ready(state, was_ready, o);
        } else {
            self.send_piece(state, src, 0, o);
        }
    }

    /// Sends the outsider that copies the operations that it lacks, a bounded number of messages ahead
    /// of its answers. Each carries many operations, or a busy primary would go on faster than its copy.
    pub(super) fn stream<M: StateMachine>(&self, state: &mut ReplicaState<M>, o: &mut Outbox<M>) {
        let view = state.view.number;
        let Role::Primary(Leading { copying: Some(copying), .. }) = &mut state.role else {
            return;
        };
        let Some(acked) = copying.acked else { return };
        let room = self.config.burst.saturating_sub(copying.under_way.len());
        let from = copying.under_way.back().unwrap_or(&acked) + 1;
        let batches = copying.since.batches(from, usize::MAX, self.config.batch_bytes);
        for (op, entries) in batches.take(room) {
            copying.under_way.push_back(op + entries.len() as u64 - 1);
            o.send(copying.to, Service::Peer(Peer::Replicate { view, op, entries }));
        }
    }

    /// Who copied, and is half as far behind as a backup may be: requests go on while it joins.
    pub(super) fn ready<M: StateMachine>(&self, state: &ReplicaState<M>) -> Option<Id> {
        let Role::Primary(Leading { acting: true, copying: Some(copying), .. }) = &state.role
        else {
            return None;
        };
        let lacks = |acked: u64| state.image.op - acked;
        let level = copying.acked.is_some_and(|acked| 2 * lacks(acked) <= self.config.max_pending);
        (level || self.config.bug == Some(Bug::JoinEarly)).then_some(copying.to)
    }

    fn tell_if_ready<M: StateMachine>(
        &self,
        state: &ReplicaState<M>,
        was_ready: bool,
        o: &mut Outbox<M>,
    ) {
        if !was_ready && self.ready(state).is_some() {
            self.ping(state, o);
        }
    }
}
