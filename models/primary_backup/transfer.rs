//! State transfer, the side of the outsider that copies: it fetches piece after piece of its
//! primary's state. Nothing is installed before the last piece is there.

use super::bugs::Bug;
use super::message::Peer;
use super::state::{ReplicaState, Role};
use super::storage::Saved;
use super::turn::Turn;
use crate::kv::StateMachine;
use crate::kv::snapshot::SnapshotInstall;
use crate::kv::transfer::{Cut, Piece};

impl<M: StateMachine> ReplicaState<M> {
    fn install(&self) -> Option<&SnapshotInstall<M>> {
        self.following().and_then(|following| following.install.as_ref())
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
        let (view, install) = (state.view.number, state.install());
        let msg = if state.is_synced() && install.is_none() {
            Peer::Refill { view, from: state.image.op + 1 }
        } else {
            Peer::Fetch { view, held: install.and_then(SnapshotInstall::held) }
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
        let same = |install: &&SnapshotInstall<M>| install.image.slot == op || mix;
        let state = &self.state;
        let received = state.install().filter(same).map_or(0, |install| install.received);
        // The state that this view has reached since is newer than the snapshot. To install the
        // snapshot again would be safe, since a view that begins asks each member what it holds,
        // but a long way back.
        let old = state.is_synced() && op <= state.image.op;
        let is_next = index == received || self.has(Bug::TakeAnyPiece);
        if !state.follows(self.src, view) || old || !is_next {
            return;
        }
        let state = self.state.to_mut();
        let Some(following) = state.following_mut() else { return };
        let install = following.install.take().filter(|install| same(&install));
        let mut install = install.unwrap_or_else(|| SnapshotInstall::begin(op));
        install.image.slot = op;
        install.received = index;
        install.add(piece, next);
        let held = install.held();
        if held.is_some() {
            following.install = Some(install);
            self.answer(Peer::Fetch { view, held });
        } else {
            state.image = install.image.into();
            state.synced = view;
            let saved = Saved::installed(view, state.image.clone());
            self.store(saved);
            self.answer(Peer::Ack { view, op });
        }
    }
}
