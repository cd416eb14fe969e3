//! Anti-entropy: nodes compare digests and fetch what they lack, so a lost delta is repaired.
//!
//! From time to time each node sends its vector to the others. A node that lacks writes asks for
//! them and gets them in pieces, by key: every version whose dot it does not have. With the last
//! piece it has all that the sender had at the first one, and takes over that vector. That is so
//! although the sender's store changes in between and the sender remembers nothing of the transfer:
//! a version that a key had at the first piece, it has later too, or one that covers it. Only
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

use super::bugs::{Bug, merge};
use super::message::{Mark, Partly, Peer, Piece, Resume};
use super::state::ReplicaState;
use super::storage::Delta;
use super::store::{Entry, Order, Update};
use super::transfer::{Taken, Transfer};
use super::turn::Turn;
use crate::causal::{Dot, VersionVector};
use crate::clock::Stamp;
use crate::kv::Bytes;
use serde::Serialize;
use stateright::actor::Id;

impl Turn<'_, '_> {
    pub(super) fn on_gossip_timer(&mut self) {
        if !self.has(Bug::GossipOnce) {
            self.gossip_later();
        }
        self.announce();
    }

    /// Reports to the others how far this node is; if it lost its disk, that it comes back.
    pub(super) fn announce(&mut self) {
        let image = &self.state.image;
        if image.newcomer.is_some() {
            if !self.has(Bug::ReturnOnce) {
                self.come_back();
            }
            return;
        }
        let (vector, clock) = (image.vector.clone(), image.clock);
        self.broadcast(Peer::Digest { vector, clock });
    }

    /// Another node is so far: asks it for what is missing here, and notes it for the tombstones.
    pub(super) fn on_digest(&mut self, vector: &VersionVector, clock: Stamp) {
        if !self.state.image.vector.includes(vector) {
            self.pull();
        }
        self.note(vector, clock);
    }

    /// Asks the sender for what is missing: for the rest of it, if some pieces have come.
    pub(super) fn pull(&mut self) {
        let have = self.state.image.vector.clone();
        let resume = self.state.transfer_from(self.src).map(|transfer| transfer.resume.clone());
        self.answer(Peer::Pull { have, resume });
    }

    pub(super) fn on_pull(&mut self, have: &VersionVector, resume: Option<Resume>) {
        let vector = &self.state.image.vector;
        if have.includes(vector) {
            return;
        }
        let resume = match resume {
            Some(Resume { after, .. }) if self.has(Bug::UptoRenewed) => {
                Some(Resume { upto: vector.clone(), after })
            }
            resume => resume,
        };
        self.answer(Peer::Piece(self.piece(have, resume)));
    }

    /// The next piece of the writes that `have` lacks: from the place to go on at, or from the
    /// beginning.
    pub(super) fn piece(&self, have: &VersionVector, resume: Option<Resume>) -> Piece {
        let (upto, after) = match resume {
            Some(Resume { upto, after }) => (upto, Some(after)),
            None => (self.state.image.vector.clone(), None),
        };
        let (updates, next) = self.updates(have, after.as_ref());
        Piece { upto, after, updates, next }
    }

    /// The versions after the mark whose dots `have` does not cover, as many as fit. A key that
    /// changed since some of it was sent is sent again from its first version on.
    fn updates(&self, have: &VersionVector, after: Option<&Mark>) -> (Vec<Update>, Option<Mark>) {
        let from = after.map_or_else(Bytes::default, |mark| mark.key.clone());
        let (mut updates, mut size) = (Vec::<Update>::new(), 0);
        for (key, entry) in self.state.image.store.entries_from(&from) {
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

    /// Some of the missing writes came. It takes over the keys that are whole.
    pub(super) fn on_piece(&mut self, piece: Piece) {
        if self.state.image.vector.includes(&piece.upto) {
            return;
        }
        let upto = piece.upto.clone();
        let before = self.state.transfer_from(self.src);
        let Some(taken) = Transfer::take(before, piece, self.config.bug) else { return };
        let delta = self.take_over(&taken, upto);
        if !delta.entries.is_empty() || taken.open.is_none() {
            self.store(delta);
        }
        let src = self.src;
        if let Some(transfer) = taken.open {
            self.state.to_mut().fetching.insert(src, transfer);
            self.pull();
        } else {
            self.state.to_mut().fetching.remove(&src);
        }
    }

    /// Takes over the keys that are whole, and, if that was the last piece, the vector that the
    /// sender had. Returns what changed.
    pub(super) fn take_over(&mut self, taken: &Taken, upto: VersionVector) -> Delta {
        let changed: Vec<_> = taken.whole.iter().filter(|update| self.merge(update)).collect();
        let image = &mut self.state.to_mut().image;
        let mut delta = image.delta(changed.into_iter().map(|update| &update.key));
        if taken.open.is_none() || self.config.bug == Some(Bug::UptoEarly) {
            image.vector.join(&upto);
            delta.vector = upto;
        }
        delta
    }

    /// Takes over a write's effect, and moves the clock past its timestamp. A receipt gets no
    /// timestamp of its own, so the clock does not tick.
    pub(super) fn merge(&mut self, update: &Update) -> bool {
        let is_ahead = !self.has(Bug::ClockNotAdvanced);
        let image = &mut self.state.to_mut().image;
        if let Order::Written(stamp) = update.version.order
            && is_ahead
        {
            image.clock = image.clock.max(stamp);
        }
        merge(self.config.bug, image, update)
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
    /// The versions of its key that need not be sent again, now that the key has these.
    fn sent(&self, entry: &Entry, bug: Option<Bug>) -> Sent {
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
