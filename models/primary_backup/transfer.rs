//! State transfer, the side of who copies: an outsider fetches piece after piece of its primary's
//! state. Nothing is installed before the last piece is there.

use super::bugs::Bug;
use super::message::Peer;
use super::state::{ReplicaState, Role};
use super::storage::Saved;
use super::turn::Turn;
use crate::kv::StateMachine;
use crate::kv::snapshot::Partial;
use crate::kv::transfer::{Cut, Piece};

impl<M: StateMachine> ReplicaState<M> {
    fn partial(&self) -> Option<&Partial<M>> {
        self.following().and_then(|following| following.partial.as_ref())
    }
}

impl<M: StateMachine> Turn<'_, '_, M> {
    /// An outsider makes itself known to the primary: asks for the next piece of the state, or, if
    /// it has copied it, for the operations since.
    pub(super) fn call(&mut self) {
        let state = &self.state;
        if state.is_newcomer() || !matches!(state.role, Role::Outsider(_)) {
            return;
        }
        let (view, partial) = (state.view.number, state.partial());
        let msg = if state.is_synced() && partial.is_none() {
            Peer::Refill { view, from: state.image.op + 1 }
        } else {
            Peer::Fetch { view, held: partial.and_then(Partial::held) }
        };
        self.send(state.view.primary, msg);
    }

    /// A piece came.
    pub(super) fn on_chunk(
        &mut self,
        view: u64,
        op: u64,
        index: u32,
        piece: Piece<M>,
        next: Option<Cut>,
    ) {
        let mix = self.has(Bug::MixPieces);
        let same = |partial: &&Partial<M>| partial.image.slot == op || mix;
        let state = &self.state;
        let received = state.partial().filter(same).map_or(0, |partial| partial.received);
        // What this view went on to since is newer than what was cut. To install that again would
        // be safe, since a view that begins asks each member what it holds, but a long way back.
        let old = state.is_synced() && op <= state.image.op;
        let is_next = index == received || self.has(Bug::TakeAnyPiece);
        if !state.follows(self.src, view) || old || !is_next {
            return;
        }
        let state = self.state.to_mut();
        let Some(following) = state.following_mut() else { return };
        let partial = following.partial.take().filter(|partial| same(&partial));
        let mut partial = partial.unwrap_or_else(|| Partial::begin(op));
        partial.image.slot = op;
        partial.received = index;
        partial.add(piece, next);
        let held = partial.held();
        if held.is_some() {
            following.partial = Some(partial);
            self.answer(Peer::Fetch { view, held });
        } else {
            state.image = partial.image.into();
            state.synced = view;
            let saved = Saved::installed(view, state.image.clone());
            self.store(saved);
            self.answer(Peer::Ack { view, op });
        }
    }
}
