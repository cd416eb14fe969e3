//! State transfer: how a backup gets the state that its primary begins a view from.
//!
//! The backup fetches piece after piece; the primary does not act while one is missing, so its
//! state stands still. Nothing is installed before the last piece is there.

use super::backup::Following;
use super::message::{Peer, Piece};
use super::replica::{Replica, ReplicaState, Role};
use super::storage::{Image, Saved};
use super::{Bug, Outbox};
use crate::kv::{Service, StateMachine};
use serde::Serialize;
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
                leading.offer = Some(pieces(&state.image, self.config.piece_bytes));
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
        if !state.follows(src, view) || old || index != state.received(op) {
            return;
        }
        let state = state.to_mut();
        let Role::Backup(following) = &mut state.role else { return };
        let partial = following.partial.take().filter(|partial| partial.image.op == op);
        let mut partial = partial.unwrap_or_else(|| Partial::new(op));
        piece.restore(&mut partial.image);
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

/// Cuts a state into pieces of at most `limit` encoded bytes; one that is larger holds a single
/// fragment or session.
pub(super) fn pieces<M: StateMachine>(image: &Image<M>, limit: usize) -> Vec<Piece<M>> {
    let floor = image.sessions.floor();
    let mut pieces = vec![Piece::empty(floor)];
    let mut size = 0;
    let mut room = |pieces: &mut Vec<Piece<M>>, bytes: usize| {
        if size > 0 && bytes.saturating_add(size) > limit {
            pieces.push(Piece::empty(floor));
            size = 0;
        }
        size = bytes.saturating_add(size);
        pieces.len() - 1
    };
    for fragment in image.machine.fragments() {
        let at = room(&mut pieces, encoded_bytes(&fragment));
        pieces[at].fragments.push(fragment);
    }
    for (client, seq, reply) in image.sessions.iter() {
        let session = (client, seq, reply.clone());
        let at = room(&mut pieces, encoded_bytes(&session));
        pieces[at].sessions.push(session);
    }
    pieces
}

/// The size of a value as the runtime encodes it; of what cannot be encoded, more than any limit,
/// so that it gets a piece of its own.
fn encoded_bytes<T: Serialize>(value: &T) -> usize {
    postcard::serialize_with_flavor(value, postcard::ser_flavors::Size::default())
        .unwrap_or(usize::MAX)
}
