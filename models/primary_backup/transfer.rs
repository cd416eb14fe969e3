//! State transfer: how a backup gets the state that its primary begins a view from.
//!
//! The backup fetches piece after piece; the primary does not act while one is missing, so its
//! state stands still. Nothing is installed before the last piece is there.

use super::backup::Following;
use super::message::Peer;
use super::replica::{Replica, ReplicaState, Role};
use super::storage::{Image, Saved};
use super::{Bug, Outbox};
use crate::kv::transfer::pieces;
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
    /// How many pieces of the state numbered `op` came so far.
    pub(super) fn received(&self, op: u64) -> u32 {
        match &self.role {
            Role::Backup(Following { partial: Some(partial) }) if partial.image.op == op => {
                partial.received
            }
            _ => 0,
        }
    }

    /// Drops the pieces of a state that it has reached operation by operation meanwhile.
    pub(super) fn forget_old_partial(&mut self) {
        if let Role::Backup(following) = &mut self.role {
            following.partial.take_if(|partial| partial.image.op <= self.image.op);
        }
    }
}

impl Replica {
    /// A backup asks for a piece of the state that this view begins from.
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
        let current = view == state.view.number && state.view.backups.contains(&src);
        if !current || leading.acting || op != state.image.op {
            return;
        }
        if leading.offer.is_none() {
            let state = state.to_mut();
            if let Role::Primary(leading) = &mut state.role {
                let Image { machine, sessions, .. } = &state.image;
                leading.offer = Some(pieces(machine, sessions, self.config.piece_bytes));
            }
        }
        let Role::Primary(leading) = &state.role else { return };
        let Some(offer) = &leading.offer else { return };
        if let Some(piece) = offer.get(index as usize) {
            let (last, piece) = (index as usize + 1 == offer.len(), piece.clone());
            o.send(src, Service::Peer(Peer::Chunk { view, op, index, last, piece }));
        }
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
        // What this view went on to since is newer than what it began from.
        let old =
            state.is_synced() && op <= state.image.op && self.config.bug != Some(Bug::InstallOld);
        let next = index == state.received(op) || self.config.bug == Some(Bug::TakeAnyPiece);
        if !state.follows(src, view) || old || !next {
            return;
        }
        let state = state.to_mut();
        let Role::Backup(following) = &mut state.role else { return };
        let partial = following.partial.take().filter(|partial| partial.image.op == op);
        let mut partial = partial.unwrap_or_else(|| Partial::new(op));
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
