//! State transfer, the side of who copies: an outsider fetches piece after piece of its primary's
//! state. Nothing is installed before the last piece is there.

use super::message::Peer;
use super::replica::{Replica, ReplicaState, Role};
use super::storage::{Image, Saved};
use super::{Bug, Outbox};
use crate::kv::{Service, StateMachine};
use stateright::actor::Id;
use std::borrow::Cow;

/// A state of which some pieces came.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partial<M: StateMachine> {
    /// How many pieces came.
    pub received: u32,
    /// What they make; its `op` is the number of the whole state.
    pub image: Image<M>,
}

impl<M: StateMachine> Partial<M> {
    fn new(op: u64) -> Self {
        Self { received: 0, image: Image { op, ..Image::default() } }
    }
}

impl<M: StateMachine> ReplicaState<M> {
    fn partial(&self) -> Option<&Partial<M>> {
        self.following().and_then(|following| following.partial.as_ref())
    }
}

impl Replica {
    /// An outsider makes itself known to the primary: asks for the next piece of the state, or, if
    /// it has copied it, for the operations since.
    pub(super) fn call<M: StateMachine>(state: &ReplicaState<M>, o: &mut Outbox<M>) {
        if state.is_newcomer() || !matches!(state.role, Role::Outsider(_)) {
            return;
        }
        let (view, partial) = (state.view.number, state.partial());
        let (op, index) = partial.map_or((0, 0), |partial| (partial.image.op, partial.received));
        let msg = if state.is_synced() && partial.is_none() {
            Peer::Refill { view, from: state.image.op + 1 }
        } else {
            Peer::Fetch { view, op, index }
        };
        o.send(state.view.primary, Service::Peer(msg));
    }

    /// A piece came.
    pub(super) fn on_chunk<M: StateMachine>(
        &self,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        chunk: Peer<M>,
        o: &mut Outbox<M>,
    ) {
        let Peer::Chunk { view, op, index, last, piece } = chunk else { return };
        let mix = self.config.bug == Some(Bug::MixPieces);
        let same = |partial: &&Partial<M>| partial.image.op == op || mix;
        let received = state.partial().filter(same).map_or(0, |partial| partial.received);
        // What this view went on to since is newer than what was cut. To install that again would
        // be safe, since a view that begins asks each member what it holds, but a long way back.
        let old = state.is_synced() && op <= state.image.op;
        let next = index == received || self.config.bug == Some(Bug::TakeAnyPiece);
        if !state.follows(src, view) || old || !next {
            return;
        }
        let state = state.to_mut();
        let Some(following) = state.following_mut() else { return };
        let partial = following.partial.take().filter(|partial| same(&partial));
        let mut partial = partial.unwrap_or_else(|| Partial::new(op));
        partial.image.op = op;
        piece.restore(&mut partial.image.machine, &mut partial.image.sessions);
        partial.received = index + 1;
        if last {
            state.image = partial.image;
            state.synced = view;
            o.save(Saved::installed(view, state.image.clone()));
            o.send(src, Service::Peer(Peer::Ack { view, op }));
        } else {
            following.partial = Some(partial);
            o.send(src, Service::Peer(Peer::Fetch { view, op, index: index + 1 }));
        }
    }
}
