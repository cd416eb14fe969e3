//! Anti-entropy: nodes compare digests and fetch what they lack, so a lost delta is repaired.
//!
//! From time to time each node tells the others its vector. Who lacks something asks for it and
//! gets it in pieces, by key: every version whose dot it does not have. With the last piece it
//! has all that the sender had at the first one, and takes over that vector. Why that is so,
//! although the sender's store changes in between and the sender remembers nothing of the
//! transfer: what a key had at the first piece, it has later, or something that covers it. Only
//! inside a key whose versions do not fit one piece the order of dots is not that of time; if such
//! a key changed since the first piece, the transfer starts again.
//!
//! The sender scans its map from the mark on; an index by dot would make that proportional to the
//! difference, at the price of another ordered map.

use super::clock::Stamp;
use super::message::{Mark, Peer, Resume};
use super::replica::{Replica, ReplicaState};
use super::storage::{Delta, Storage};
use super::store::Update;
use super::vector::VersionVector;
use super::{Bug, Outbox, Timer};
use crate::kv::{Bytes, Service};
use serde::Serialize;
use stateright::actor::Id;
use std::borrow::Cow;

impl Replica {
    pub(super) fn on_gossip(&self, id: Id, state: &ReplicaState, o: &mut Outbox) {
        o.set_timer(Timer::Gossip, self.config.timing.gossip.clone());
        self.announce(id, state, o);
    }

    /// Tells the others how far this node is.
    pub(super) fn announce(&self, id: Id, state: &ReplicaState, o: &mut Outbox) {
        if self.config.bug == Some(Bug::NoAntiEntropy) {
            return;
        }
        let (vector, clock) = (state.image.vector.clone(), state.image.clock);
        let peers: Vec<Id> = self.config.peers(id).collect();
        o.broadcast(&peers, &Service::Peer(Peer::Digest { vector, clock }));
    }

    /// Another node is so far: asks it for what is missing here, and notes it for the tombstones.
    pub(super) fn on_digest(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState>,
        src: Id,
        vector: &VersionVector,
        clock: Stamp,
        o: &mut Outbox,
    ) {
        if !state.image.vector.includes(vector) {
            self.pull(state, src, None, o);
        }
        self.note(id, state, (src, vector, clock), o);
    }

    pub(super) fn pull(
        &self,
        state: &ReplicaState,
        from: Id,
        resume: Option<Resume>,
        o: &mut Outbox,
    ) {
        if self.config.bug != Some(Bug::NoAntiEntropy) {
            let have = state.image.vector.clone();
            o.send(from, Service::Peer(Peer::Pull { have, resume }));
        }
    }

    pub(super) fn on_pull(
        &self,
        state: &ReplicaState,
        src: Id,
        have: &VersionVector,
        resume: Option<Resume>,
        o: &mut Outbox,
    ) {
        if have.includes(&state.image.vector) {
            return;
        }
        let resume = resume.filter(|resume| may_resume(state, resume));
        let (upto, after) = match resume {
            Some(Resume { upto, after }) => (upto, Some(after)),
            None => (state.image.vector.clone(), None),
        };
        let (updates, next) = self.piece(state, have, after.as_ref());
        o.send(src, Service::Peer(Peer::Piece { upto, updates, next }));
    }

    /// The versions after the mark whose dots `have` does not cover, as many as fit.
    fn piece(
        &self,
        state: &ReplicaState,
        have: &VersionVector,
        after: Option<&Mark>,
    ) -> (Vec<Update>, Option<Mark>) {
        let from = after.map_or_else(Bytes::default, |mark| mark.key.clone());
        let (mut updates, mut size) = (Vec::<Update>::new(), 0);
        for (key, entry) in state.image.store.entries_from(&from) {
            for (dot, version) in entry {
                let is_sent = after.is_some_and(|mark| {
                    mark.key == *key && mark.dot.is_none_or(|last| *dot <= last)
                });
                if is_sent || have.covers(*dot) {
                    continue;
                }
                let (key, version) = (key.clone(), version.clone());
                let update = Update { key, dot: *dot, version };
                size += encoded_len(&update);
                if let Some(last) = updates.last()
                    && size > self.config.piece_bytes
                {
                    let dot = (last.key == update.key).then_some(last.dot);
                    let next = Mark { key: last.key.clone(), dot };
                    return (updates, Some(next));
                }
                updates.push(update);
            }
        }
        (updates, None)
    }

    /// Some of what was missing.
    pub(super) fn on_piece(
        &self,
        state: &mut Cow<'_, ReplicaState>,
        src: Id,
        (upto, updates, next): (VersionVector, Vec<Update>, Option<Mark>),
        o: &mut Outbox,
    ) {
        if state.image.vector.includes(&upto) {
            return;
        }
        let image = &mut state.to_mut().image;
        let changed = updates.iter().filter(|update| self.merge(image, update));
        let keys: Vec<_> = changed.map(|update| &update.key).collect();
        let mut vector = VersionVector::default();
        if next.is_none() {
            image.vector.join(&upto);
            vector.clone_from(&upto);
        }
        if !keys.is_empty() || next.is_none() {
            o.save(Storage::Delta(Delta { vector, ..image.delta(keys) }));
        }
        if let Some(after) = next {
            self.pull(state, src, Some(Resume { upto, after }), o);
        }
    }
}

/// Whether a transfer can go on at its mark: the key where it stopped half way has not changed.
fn may_resume(state: &ReplicaState, resume: &Resume) -> bool {
    let changed = |entry: &super::Entry| entry.keys().any(|dot| !resume.upto.covers(*dot));
    resume.after.dot.is_none() || !state.image.store.entry(&resume.after.key).is_some_and(changed)
}

/// The length of the encoding that the runtime uses.
fn encoded_len<T: Serialize>(value: &T) -> usize {
    postcard::serialize_with_flavor(value, postcard::ser_flavors::Size::default())
        .unwrap_or(usize::MAX / 2)
}
