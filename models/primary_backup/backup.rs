//! A backup: follows its primary, operation by operation. So does an outsider that copies.

use super::bugs::Bug;
use super::message::Peer;
use super::recent::Entry;
use super::state::Following;
use super::storage::Saved;
use super::turn::Turn;
use crate::kv::StateMachine;

impl<M: StateMachine> Turn<'_, '_, M> {
    /// The primary begins the view from the state with this number. If this replica holds it, it
    /// says so; if it is behind, it asks for the operations that are missing; if it is ahead, with
    /// operations that an earlier primary did not get acknowledged, it asks for the state, which
    /// leaves it out of the next view.
    ///
    /// The number is enough. A view acts only when all its members hold one state, and a replica
    /// that joins later has copied it from the acting primary: so of any two members, what one
    /// applied is a prefix of what the other did.
    pub(super) fn on_begin(&mut self, view: u64, op: u64) {
        if !self.state.follows(self.src, view) {
            return;
        }
        let (own, is_synced) = (self.state.image.op, self.state.is_synced());
        let ahead = own > op && self.has(Bug::AheadHolds);
        if is_synced && own > op {
            // An old message: this view went on since.
        } else if own == op || ahead {
            if !is_synced {
                self.hold();
            }
            self.answer(Peer::Ack { view, op });
        } else if own < op {
            if !is_synced && let Some(following) = self.state.to_mut().following_mut() {
                following.target = Some(op);
            }
            self.answer(Peer::Refill { view, from: own + 1 });
        } else {
            self.answer(Peer::Fetch { view, held: None });
        }
    }

    /// It holds the state that its view begins from.
    fn hold(&mut self) {
        let state = self.state.to_mut();
        state.synced = state.view.number;
        let saved = Saved::synced(state.synced);
        if let Some(following) = state.following_mut() {
            *following = Following::default();
        }
        self.store(saved);
    }

    /// The primary's next operations. Applied only in order, so that what a backup applied is
    /// always a prefix of what its primary did. Before it holds the state that its view begins
    /// from, a backup takes only what leads there; the primary sends nothing else, so no run
    /// differs without that condition.
    pub(super) fn on_replicate(&mut self, view: u64, op: u64, entries: &[Entry<M::Op>]) {
        let target = self.state.following().and_then(|following| following.target);
        let is_in_order = self.state.is_synced() || target.is_some();
        let in_view = self.state.follows(self.src, view) && is_in_order;
        if !in_view && !self.has(Bug::NoFencing) {
            return;
        }
        let own = self.state.image.op;
        if op > own + 1 && !self.has(Bug::IgnoreGap) {
            return self.answer(Peer::Refill { view, from: own + 1 });
        }
        let again = self.has(Bug::ApplyOverlap);
        for (op, entry) in (op..).zip(entries).filter(|(op, _)| *op > own || again) {
            self.follow(op, entry);
        }
        self.acknowledge(view);
    }

    /// Does what its primary did as operation `op`.
    fn follow(&mut self, op: u64, entry: &Entry<M::Op>) {
        self.state.to_mut().image.apply(entry);
        if !self.has(Bug::ForgetApplied) {
            self.store(Saved::applied(entry.clone()));
        }
        if self.state.following().is_some_and(|following| following.target == Some(op)) {
            self.hold();
        }
    }

    /// Says up to where it holds what its view did; before it holds the state that the view begins
    /// from, that is nothing.
    fn acknowledge(&mut self, view: u64) {
        if self.state.is_synced() || self.has(Bug::NoFencing) {
            self.answer(Peer::Ack { view, op: self.state.image.op });
        }
    }
}
