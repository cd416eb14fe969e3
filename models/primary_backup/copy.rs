//! The primary's side of a copy: an outsider gets the state while requests go on.
//!
//! The outsider copies a snapshot. It stands still at the operation that was the last then, and
//! each piece of it is cut when it is asked for; the operations since are kept until the copy has
//! them. When the copy is no further behind than a backup may be, the primary says so to the view
//! service, which lets it join: so a view waits for messages when it begins, never for a state.

use super::bugs::Bug;
use super::message::Peer;
use super::recent::{Entry, Recent};
use super::state::{Copying, Leading, Role};
use super::storage::Image;
use super::turn::Turn;
use crate::kv::transfer::{Held, encoded_bytes};
use crate::kv::{self, StateMachine};
use stateright::actor::Id;

impl<M: StateMachine> Copying<M> {
    fn new(to: Id, op: u64, state: Option<kv::Image<M>>) -> Self {
        let (under_way, since, bytes) = Default::default();
        Self { to, op, state, acked: None, under_way, since, bytes }
    }

    /// The copy of an outsider that has copied before, and has all but these operations.
    fn resumed(to: Id, op: u64, recent: &Recent<M::Op>) -> Self {
        let mut copying = Self::new(to, op, None);
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
        self.state = None;
        self.under_way.retain(|sent| *sent > op);
        self.bytes -= self.since.split_upto(op).map(|entry| encoded_bytes(&entry)).sum::<usize>();
    }
}

impl<M: StateMachine> Turn<'_, '_, M> {
    /// An outsider asks for a piece of the state. A backup that does so says that it cannot go on
    /// from what it has.
    pub(super) fn on_fetch(&mut self, view: u64, held: Option<Held>) {
        let src = self.src;
        let Role::Primary(leading) = &self.state.role else { return };
        if view != self.state.view.number {
            return;
        }
        if self.state.view.backups.contains(&src) {
            if !leading.acting {
                self.leave_out(src);
            }
            return;
        }
        if !leading.acting {
            return;
        }
        let was_ready = self.ready().is_some();
        let (last, cut_again) = (self.state.image.op, self.has(Bug::CutAgain));
        if leading
            .copying
            .as_ref()
            .is_none_or(|copying| cut_again && copying.op != last && copying.acked.is_none())
        {
            self.cut(src);
        }
        let Role::Primary(Leading { copying: Some(copying), .. }) = &self.state.role else {
            return;
        };
        // Pieces of another state are of no use: it starts over.
        let (op, mix) = (copying.op, self.has(Bug::MixPieces));
        self.send_piece(src, held.filter(|held| held.of == op || mix));
        self.tell_if_ready(was_ready);
    }

    /// Sends the piece behind those that it has.
    fn send_piece(&mut self, to: Id, held: Option<Held>) {
        let Role::Primary(Leading { copying: Some(copying), .. }) = &self.state.role else {
            return;
        };
        let Some(state) = copying.state.as_ref().filter(|_| copying.to == to) else { return };
        let (cut, limit) = (held.as_ref().map(|held| &held.end), self.config.piece_bytes);
        let Some((piece, next)) = state.pieces_after(cut, limit).next() else { return };
        let (view, op) = (self.state.view.number, copying.op);
        let index = held.map_or(0, |held| held.count);
        self.expect_copy(to);
        self.send(to, Peer::Chunk { view, op, index, piece, next });
    }

    /// An outsider says that it has copied, but its copy was given up meanwhile.
    fn resume(&mut self, to: Id, op: u64) {
        let Image { op: last, recent, .. } = &self.state.image;
        if op < *last && !recent.reaches(op + 1) {
            return self.cut(to);
        }
        let resumed = Copying::resumed(to, op, recent);
        if let Role::Primary(leading) = &mut self.state.to_mut().role {
            leading.copying = Some(resumed);
        }
    }

    fn cut(&mut self, to: Id) {
        let snapshot = self.state.image.snapshot();
        let cut = Copying::new(to, snapshot.slot, Some(snapshot));
        if let Role::Primary(leading) = &mut self.state.to_mut().role {
            leading.copying = Some(cut);
        }
    }

    /// The sender, an outsider, has everything of this view up to `op`: sends it the operations
    /// since, `again` if it says that those that were sent are missing. If its copy was given up
    /// meanwhile, and they are not kept any more, it copies again.
    ///
    /// Not for each acknowledgement again: those that were under way would be sent once more, each
    /// of them acknowledged once more, and so on, until nothing else is done.
    pub(super) fn on_copied(&mut self, op: u64, again: bool) {
        let src = self.src;
        let Role::Primary(leading) = &self.state.role else { return };
        if !leading.acting || leading.copying.as_ref().is_some_and(|copying| copying.to != src) {
            return;
        }
        let is_known = leading.copying.is_some();
        let was_ready = self.ready().is_some();
        if !is_known {
            self.resume(src, op);
        }
        let Role::Primary(Leading { copying: Some(copying), .. }) = &mut self.state.to_mut().role
        else {
            return;
        };
        if op >= copying.copied() {
            copying.acknowledged(op);
            if again {
                copying.under_way.clear();
            }
            self.expect_copy(src);
            self.stream();
            self.tell_if_ready(was_ready);
        } else {
            self.send_piece(src, None);
        }
    }

    /// Sends the outsider that copies the operations that it lacks, a bounded number of messages
    /// ahead of its answers. Each carries many operations, or a busy primary would go on faster
    /// than its copy.
    pub(super) fn stream(&mut self) {
        let state = self.state.to_mut();
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
            self.out.send(copying.to, Peer::Replicate { view, op, entries });
        }
    }

    /// The outsider that copied, if it is at most half as far behind as a backup may be: requests
    /// go on while it joins.
    pub(super) fn ready(&self) -> Option<Id> {
        let Role::Primary(Leading { acting: true, copying: Some(copying), .. }) = &self.state.role
        else {
            return None;
        };
        let lacks = |acked: u64| self.state.image.op - acked;
        let level = copying.acked.is_some_and(|acked| 2 * lacks(acked) <= self.config.max_pending);
        (level || self.has(Bug::JoinEarly)).then_some(copying.to)
    }

    fn tell_if_ready(&mut self, was_ready: bool) {
        if !was_ready && self.ready().is_some() {
            self.ping();
        }
    }
}
