//! Anti-entropy: nodes compare digests and fetch what they lack, so a lost delta is repaired.
//!
//! From time to time each node tells the others its vector. Who lacks something asks for it and
//! gets it in pieces, by key: every version whose dot it does not have. With the last piece it
//! has all that the sender had at the first one, and takes over that vector. Why that is so,
//! although the sender's store changes in between and the sender remembers nothing of the
//! transfer: what a key had at the first piece, it has later, or something that covers it. Only
//! inside a key whose versions do not fit one piece the order of dots is not that of time; if such
//! a key changed since the last piece, it is sent again from its first version on. Only that key,
//! and only if it changed: two nodes that fetch one key from each other both see it change, and
//! come to an end because each change happens once.
//!
//! What the receiver does with the pieces is in `transfer.rs`. A piece that is lost is asked for
//! again when the next digest comes, so a long transfer over a bad link gets on.
//!
//! The sender scans its map from the mark on; an index by dot would make that proportional to the
//! difference, at the price of another ordered map.

use super::clock::Stamp;
use super::message::{Mark, Partly, Peer, Piece, Resume};
use super::replica::{Replica, ReplicaState};
use super::storage::{Delta, Image, Storage};
use super::store::Update;
use super::transfer::{Taken, Transfer};
use super::vector::{Dot, VersionVector};
use super::{Bug, Outbox, Timer};
use crate::kv::{Bytes, Service};
use serde::Serialize;
use stateright::actor::Id;
use std::borrow::Cow;

impl Replica {
    pub(super) fn on_gossip(&self, id: Id, state: &ReplicaState, o: &mut Outbox) {
        if self.config.bug != Some(Bug::GossipOnce) {
            o.set_timer(Timer::Gossip, self.config.timing.gossip.clone());
        }
        self.announce(id, state, o);
    }

    /// Tells the others how far this node is; that it comes back, if it lost its disk.
    pub(super) fn announce(&self, id: Id, state: &ReplicaState, o: &mut Outbox) {
        if state.image.newcomer.is_some() {
            if self.config.bug != Some(Bug::ReturnOnce) {
                self.come_back(id, state, o);
            }
            return;
        }
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
            self.pull(state, src, o);
        }
        self.note(id, state, (src, vector, clock), o);
    }

    /// Asks for what is missing: for the rest of it, if some pieces have come.
    pub(super) fn pull(&self, state: &ReplicaState, from: Id, o: &mut Outbox) {
        if self.config.bug != Some(Bug::NoAntiEntropy) {
            let have = state.image.vector.clone();
            let resume = state.transfer_from(from).map(|transfer| transfer.resume.clone());
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
        let (upto, after) = match resume {
            Some(Resume { after, .. }) if self.config.bug == Some(Bug::UptoRenewed) => {
                (state.image.vector.clone(), Some(after))
            }
            Some(Resume { upto, after }) => (upto, Some(after)),
            None => (state.image.vector.clone(), None),
        };
        let (updates, next) = self.piece(state, have, after.as_ref());
        o.send(src, Service::Peer(Peer::Piece(Piece { upto, after, updates, next })));
    }

    /// The versions after the mark whose dots `have` does not cover, as many as fit. A key that
    /// changed since some of it was sent is sent again from its first version on.
    pub(super) fn piece(
        &self,
        state: &ReplicaState,
        have: &VersionVector,
        after: Option<&Mark>,
    ) -> (Vec<Update>, Option<Mark>) {
        let from = after.map_or_else(Bytes::default, |mark| mark.key.clone());
        let (mut updates, mut size) = (Vec::<Update>::new(), 0);
        for (key, entry) in state.image.store.entries_from(&from) {
            let sent = (after.filter(|mark| mark.key == *key))
                .map(|mark| mark.sent(entry, self.config.bug));
            for (dot, version) in entry {
                let is_sent = sent.is_some_and(|sent| sent.covers(*dot));
                if is_sent || have.covers(*dot) {
                    continue;
                }
                let (key, version) = (key.clone(), version.clone());
                let update = Update { key, dot: *dot, version };
                size += encoded_len(&update);
                if let Some(last) = updates.last()
                    && size > self.config.piece_bytes
                {
                    let of = || entry.keys().copied().collect();
                    let partly =
                        (last.key == update.key).then(|| Partly { last: last.dot, of: of() });
                    let next = Mark { key: last.key.clone(), partly };
                    return (updates, Some(next));
                }
                updates.push(update);
            }
        }
        (updates, None)
    }

    /// Some of what was missing. Of that, it takes over the keys that are whole.
    pub(super) fn on_piece(
        &self,
        state: &mut Cow<'_, ReplicaState>,
        src: Id,
        piece: Piece,
        o: &mut Outbox,
    ) {
        if state.image.vector.includes(&piece.upto) {
            return;
        }
        let upto = piece.upto.clone();
        let before = state.transfer_from(src);
        let Some(taken) = Transfer::take(before, piece, self.config.bug) else { return };
        let state = state.to_mut();
        let image = &mut state.image;
        let (vector, keys) = self.take_over(image, &taken, upto);
        if !keys.is_empty() || taken.open.is_none() {
            o.save(Storage::Delta(Delta { vector, ..image.delta(keys) }));
        }
        match taken.open {
            None => drop(state.fetching.remove(&src)),
            Some(transfer) => {
                state.fetching.insert(src, transfer);
                self.pull(state, src, o);
            }
        }
    }

    /// Takes over the keys that are whole, and what the sender had if that was the last piece. What
    /// the vector grew by, and the keys that changed.
    pub(super) fn take_over<'t>(
        &self,
        image: &mut Image,
        taken: &'t Taken,
        upto: VersionVector,
    ) -> (VersionVector, Vec<&'t Bytes>) {
        let changed = taken.whole.iter().filter(|update| self.merge(image, update));
        let keys = changed.map(|update| &update.key).collect();
        if taken.open.is_some() && self.config.bug != Some(Bug::UptoEarly) {
            return (VersionVector::default(), keys);
        }
        image.vector.join(&upto);
        (upto, keys)
    }
}

impl ReplicaState {
    /// A transfer from another node that is not complete.
    pub(super) fn transfer_from(&self, node: Id) -> Option<&Transfer> {
        let transfer = self.fetching.get(&node);
        transfer.filter(|transfer| !self.image.vector.includes(&transfer.resume.upto))
    }
}

/// What was sent of a key.
#[derive(Clone, Copy)]
enum Sent {
    All,
    Upto(Dot),
    Nothing,
}

impl Sent {
    fn covers(self, dot: Dot) -> bool {
        match self {
            Self::All => true,
            Self::Upto(last) => dot <= last,
            Self::Nothing => false,
        }
    }
}

impl Mark {
    /// What of its key need not be sent again, now that the key has these versions.
    fn sent(&self, entry: &super::Entry, bug: Option<Bug>) -> Sent {
        match &self.partly {
            None => Sent::All,
            Some(Partly { last, .. }) if bug == Some(Bug::ChangedIsSent) => Sent::Upto(*last),
            Some(Partly { last, of }) if entry.keys().eq(of) => Sent::Upto(*last),
            Some(_) => Sent::Nothing,
        }
    }
}

/// The length of the encoding that the runtime uses.
fn encoded_len<T: Serialize>(value: &T) -> usize {
    postcard::serialize_with_flavor(value, postcard::ser_flavors::Size::default())
        .unwrap_or(usize::MAX / 2)
}
