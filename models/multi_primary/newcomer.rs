//! A node that lost its disk, and comes back under its id.
//!
//! It knows nothing: not which writes it acknowledged, not which dots it gave. Messages of its
//! former life may still be on the way, and so may messages to that life. It comes back in two
//! rounds, and until they are over it takes no request and no write, and says nothing of what it
//! has.
//!
//! 1. It announces its [`Return`] to all others, in a generation of dots that none of them has
//!    heard of. A node that hears of it accepts no message of a former life of that node any more
//!    (what that life reported counts for no tombstone either), and answers. One that knows this
//!    generation or a later one says so, and the newcomer begins again above it.
//! 2. When **all** have heard, it fetches all that each of them has. From here on no tombstone goes
//!    anywhere before the newcomer reports what it has, and no write of its former lives comes to
//!    the others that they have not got among them. Before all have heard, one of them may drop a
//!    tombstone, for its former life had it, when the newcomer has what that covers from another.
//!
//! Then it has every write of its former lives that any other node has; the others are nowhere. So
//! it says that it has them all: its vector stands at the beginning of its new generation. It takes
//! over the highest clock too, or its writes might have lower timestamps than what it has, or than
//! tombstones that are gone.
//!
//! Two nodes may be on their way back at once: a newcomer serves another once it has got what all
//! the rest have. Three wait for each other for ever; what each of them acknowledged alone is lost
//! anyway.

use super::bugs::Bug;
use super::message::{Peer, Piece, Resume, Return};
use super::state::Stability;
use super::storage::{Delta, Image, Returning, Storage};
use super::transfer::Transfer;
use super::turn::Turn;
use crate::causal::{Dot, VersionVector};
use crate::clock::Stamp;
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};

impl Turn<'_, '_> {
    /// Starts without the disk that it had.
    pub(super) fn on_newcomer(&mut self, life: u64) {
        if self.has(Bug::StartAsFirst) {
            return self.on_start(None);
        }
        self.gossip_later();
        let back = Return { generation: 1, life };
        let newcomer = Some(Box::new(Returning { back, ..Returning::default() }));
        let image = Image { newcomer, ..Image::new(self.config.sessions) };
        self.state.to_mut().image = image.clone();
        self.save(Storage::Image(image));
        self.come_back();
    }

    /// Announces its return to the nodes that have not heard of it, or asks the nodes from which it
    /// has not got everything.
    pub(super) fn come_back(&mut self) {
        let Some(newcomer) = &self.state.image.newcomer else { return };
        let Returning { back, heard, restored } = (**newcomer).clone();
        let peers: BTreeSet<Id> = self.peers().collect();
        let all_heard = heard == peers;
        for peer in peers.difference(if all_heard { &restored } else { &heard }) {
            if all_heard {
                self.restore(*peer);
            } else {
                self.send(*peer, Peer::Return(back));
            }
        }
    }

    /// Asks another node for what is missing of all that it has.
    fn restore(&mut self, from: Id) {
        let state = &self.state;
        let Some(newcomer) = &state.image.newcomer else { return };
        let (back, have) = (newcomer.back, state.image.vector.clone());
        let resume = state.fetching.get(&from).map(|transfer| transfer.resume.clone());
        self.send(from, Peer::Restore { back, have, resume });
    }

    /// The sender lost its disk.
    pub(super) fn on_return(&mut self, back: Return) {
        self.hear(back);
        let image = &self.state.image;
        let known = image.returns.get(&self.src).copied().unwrap_or_default();
        let generation = image.generation_of(self.src);
        self.answer(Peer::Known(Return { generation, ..known }));
    }

    /// Hears no earlier life of the sender from here on, if this is its newest.
    fn hear(&mut self, back: Return) {
        let src = self.src;
        if back.generation <= self.state.image.generation_of(src) {
            return;
        }
        let state = self.state.to_mut();
        state.image.returns.insert(src, back);
        state.fetching.remove(&src);
        state.stability = Stability::default();
        let delta = Delta { returns: [(src, back)].into(), ..state.image.delta([]) };
        self.store(delta);
    }

    /// Whether the sender said this before it lost its disk.
    pub(super) fn is_former(&self, msg: &Peer) -> bool {
        let known = self.state.image.generation_of(self.src);
        !self.has(Bug::HearFormerLife)
            && msg.generation(self.src).is_some_and(|generation| generation < known)
    }

    /// The sender has heard of this return, or of one that it must be above.
    pub(super) fn on_known(&mut self, known: Return) {
        let src = self.src;
        let Some(newcomer) = &self.state.image.newcomer else { return };
        let Returning { back, heard, .. } = &**newcomer;
        let is_above = known.generation < back.generation;
        if known == *back && heard.contains(&src) || known != *back && is_above {
            return;
        }
        let state = self.state.to_mut();
        let Some(newcomer) = &mut state.image.newcomer else { return };
        if known == newcomer.back {
            newcomer.heard.insert(src);
        } else {
            let generation = known.generation.saturating_add(1);
            let back = Return { generation, ..newcomer.back };
            **newcomer = Returning { back, ..Returning::default() };
            state.fetching.clear();
        }
        let all_heard = newcomer.heard.len() == self.config.nodes - 1;
        let newcomer = state.image.newcomer.clone();
        let delta = Delta { newcomer, ..state.image.delta([]) };
        self.store(delta);
        if all_heard && self.has(Bug::ServeUnrestored) {
            return self.serve_again();
        }
        self.come_back();
    }

    /// A newcomer asks for all that this node has.
    pub(super) fn on_restore(
        &mut self,
        back: Return,
        have: &VersionVector,
        resume: Option<Resume>,
    ) {
        let image = &self.state.image;
        if image.returns.get(&self.src) != Some(&back) {
            return self.on_return(back);
        }
        let is_missing = |peer| match &image.newcomer {
            Some(newcomer) => peer != self.src && !newcomer.restored.contains(&peer),
            None => false,
        };
        // It may have been asked of a life of this node that had more.
        let had_more = |resume: &Resume| !image.vector.includes(&resume.upto);
        if self.peers().any(is_missing) || resume.as_ref().is_some_and(had_more) {
            return;
        }
        let (clock, mut returns) = (image.clock, image.returns.clone());
        // Its own, too: a piece that goes on says what it had earlier, perhaps when it was a
        // newcomer.
        let generation = image.vector.generation(self.id);
        let own = image.newcomer.as_ref().map_or(Return { generation, life: 0 }, |n| n.back);
        returns.insert(self.id, own);
        let piece = self.piece(have, resume);
        self.answer(Peer::Restored { back, piece, clock, returns });
    }

    /// Some of what the sender has.
    pub(super) fn on_restored(
        &mut self,
        back: Return,
        piece: Piece,
        clock: Stamp,
        returns: BTreeMap<Id, Return>,
    ) {
        let src = self.src;
        let Some(newcomer) = &self.state.image.newcomer else { return };
        if newcomer.back != back || newcomer.restored.contains(&src) {
            return;
        }
        let upto = piece.upto.clone();
        let before = self.state.fetching.get(&src);
        let Some(taken) = Transfer::take(before, piece, self.config.bug) else { return };
        let returns = self.inherit(returns);
        if !self.has(Bug::ClockNotRestored) {
            let image = &mut self.state.to_mut().image;
            image.clock = image.clock.max(clock);
        }
        let delta = self.take_over(&taken, upto);
        let state = self.state.to_mut();
        if taken.open.is_none()
            && let Some(newcomer) = &mut state.image.newcomer
        {
            newcomer.restored.insert(src);
        }
        let newcomer = state.image.newcomer.clone();
        self.store(Delta { returns, newcomer, ..delta });
        if let Some(open) = taken.open {
            self.state.to_mut().fetching.insert(src, open);
            self.restore(src);
        } else {
            self.state.to_mut().fetching.remove(&src);
            self.on_one_more();
        }
    }

    /// Knows the returns of other nodes that the sender knows; those that are news.
    fn inherit(&mut self, mut returns: BTreeMap<Id, Return>) -> BTreeMap<Id, Return> {
        let (id, state) = (self.id, self.state.to_mut());
        returns
            .retain(|node, back| *node != id && back.generation > state.image.generation_of(*node));
        for (node, back) in &returns {
            state.image.returns.insert(*node, *back);
            state.fetching.remove(node);
        }
        returns
    }

    /// All that one more node has is here.
    fn on_one_more(&mut self) {
        let newcomer = self.state.image.newcomer.as_ref();
        let restored = newcomer.map_or(0, |newcomer| newcomer.restored.len());
        if restored == self.config.nodes - 1 || self.has(Bug::RestoreFromOne) {
            self.serve_again();
        }
    }

    /// Everything that there is of its former lives is here: it is a node as the others are.
    fn serve_again(&mut self) {
        let image = &mut self.state.to_mut().image;
        let Some(newcomer) = image.newcomer.take() else { return };
        let begin = Dot::below(self.id, newcomer.back.generation);
        image.vector.add(begin);
        let vector = VersionVector::up_to(begin);
        let delta = Delta { vector, is_back: true, ..image.delta([]) };
        self.store(delta);
        self.announce();
    }
}
