//! A node that lost its disk, and comes back under its id.
//!
//! It knows nothing: not which writes it acknowledged, not which dots it gave. What its former life
//! sent may still be on the way, and so may what was sent to that. It comes back in two rounds, and
//! until they are over it takes no request and no write, and says nothing of what it has.
//!
//! 1. It tells all others of its [`Return`], in a generation of dots that none of them has heard of.
//!    Who hears of it hears no former life of that node any more (what that told counts for no
//!    tombstone either), and answers. One that knows this generation or a later one says so, and
//!    the newcomer begins again above it.
//! 2. When **all** have heard, it fetches all that each of them has. From here on no tombstone goes
//!    anywhere before the newcomer tells what it has, and no write of its former lives comes to the
//!    others that they have not got among them. Before all have heard, one of them may drop a
//!    tombstone, for its former life had it, when the newcomer has what that covers from another.
//!
//! Then it has every write of its former lives that any other node has, and what it has not got is
//! nowhere. So it says that it has them all: its vector stands at the beginning of its new
//! generation. It takes over the highest clock too, or its writes might have lower timestamps than
//! what it has, or than tombstones that are gone.
//!
//! Two nodes may be on their way back at once: a newcomer serves another once it has got what all the
//! rest have. Three wait for each other for ever; what each of them acknowledged alone is lost anyway.

use super::message::{Peer, Piece, Resume, Return};
use super::replica::{Replica, ReplicaState};
use super::stability::Stability;
use super::storage::{Delta, Image, Returning, Storage};
use super::transfer::Transfer;
use super::vector::{Dot, VersionVector};
use super::{Bug, Outbox, Timer};
use crate::kv::Service;
use stateright::actor::Id;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

impl Replica {
    /// Starts without the disk that it had.
    pub(super) fn on_newcomer(&self, id: Id, life: u64, o: &mut Outbox) -> ReplicaState {
        if self.config.bug == Some(Bug::StartAsFirst) {
            return self.on_start(id, None, o);
        }
        o.set_timer(Timer::Gossip, self.config.timing.gossip.clone());
        let back = Return { generation: 1, life };
        let newcomer = Some(Box::new(Returning { back, ..Returning::default() }));
        let image = Image { newcomer, ..Image::new(self.config.sessions) };
        o.save(Storage::Image(image.clone()));
        let state = ReplicaState { image, ..ReplicaState::default() };
        self.come_back(id, &state, o);
        state
    }

    /// Tells those of its return that have not heard of it, or asks those from which it has not got
    /// everything.
    pub(super) fn come_back(&self, id: Id, state: &ReplicaState, o: &mut Outbox) {
        let Some(newcomer) = &state.image.newcomer else { return };
        let Returning { back, heard, restored } = &**newcomer;
        let peers: BTreeSet<Id> = self.config.peers(id).collect();
        if *heard == peers {
            peers.difference(restored).for_each(|peer| restore(state, *peer, o));
        } else {
            let deaf: Vec<Id> = peers.difference(heard).copied().collect();
            o.broadcast(&deaf, &Service::Peer(Peer::Return(*back)));
        }
    }

    /// Another node lost its disk.
    pub(super) fn on_return(
        &self,
        state: &mut Cow<'_, ReplicaState>,
        src: Id,
        back: Return,
        o: &mut Outbox,
    ) {
        self.hear(state, src, back, o);
        let known = state.image.returns.get(&src).copied().unwrap_or_default();
        let generation = state.image.generation_of(src);
        o.send(src, Service::Peer(Peer::Known(Return { generation, ..known })));
    }

    /// Hears no earlier life of `src` from here on, if this is its newest.
    fn hear(&self, state: &mut Cow<'_, ReplicaState>, src: Id, back: Return, o: &mut Outbox) {
        if back.generation <= state.image.generation_of(src) {
            return;
        }
        let state = state.to_mut();
        state.image.returns.insert(src, back);
        state.fetching.remove(&src);
        state.stability = Stability::default();
        if self.config.bug != Some(Bug::ForgetReturn) {
            let returns = [(src, back)].into();
            o.save(Storage::Delta(Delta { returns, ..state.image.delta([]) }));
        }
    }

    /// Whether what `src` said was said before it lost its disk.
    pub(super) fn is_former(&self, state: &ReplicaState, src: Id, msg: &Peer) -> bool {
        let known = state.image.generation_of(src);
        self.config.bug != Some(Bug::HearFormerLife)
            && msg.generation(src).is_some_and(|generation| generation < known)
    }

    /// Another node has heard of this return, or of one that it must be above.
    pub(super) fn on_known(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState>,
        src: Id,
        known: Return,
        o: &mut Outbox,
    ) {
        let Some(newcomer) = &state.image.newcomer else { return };
        let Returning { back, heard, .. } = &**newcomer;
        let is_above = known.generation < back.generation;
        if known == *back && heard.contains(&src) || known != *back && is_above {
            return;
        }
        let state = state.to_mut();
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
        o.save(Storage::Delta(Delta { newcomer, ..state.image.delta([]) }));
        if all_heard && self.config.bug == Some(Bug::ServeUnrestored) {
            return self.serve_again(id, state, o);
        }
        self.come_back(id, state, o);
    }

    /// A newcomer asks for all that this node has.
    pub(super) fn on_restore(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState>,
        src: Id,
        (back, have, resume): (Return, VersionVector, Option<Resume>),
        o: &mut Outbox,
    ) {
        if state.image.returns.get(&src) != Some(&back) {
            return self.on_return(state, src, back, o);
        }
        let image = &state.image;
        let is_missing = |peer| match &image.newcomer {
            Some(newcomer) => peer != src && !newcomer.restored.contains(&peer),
            None => false,
        };
        // It may have been asked of a life of this node that had more.
        let had_more = |resume: &Resume| !image.vector.includes(&resume.upto);
        if self.config.peers(id).any(is_missing) || resume.as_ref().is_some_and(had_more) {
            return;
        }
        let (upto, after) = match resume {
            Some(Resume { upto, after }) => (upto, Some(after)),
            None => (image.vector.clone(), None),
        };
        let (updates, next) = self.piece(state, &have, after.as_ref());
        let piece = Piece { upto, after, updates, next };
        let (clock, mut returns) = (image.clock, image.returns.clone());
        // Its own, too: a piece that goes on says what it had earlier, perhaps when it was a newcomer.
        let generation = image.vector.generation(id);
        let own = image.newcomer.as_ref().map_or(Return { generation, life: 0 }, |n| n.back);
        returns.insert(id, own);
        o.send(src, Service::Peer(Peer::Restored { back, piece, clock, returns }));
    }

    /// Some of what another node has.
    pub(super) fn on_restored(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState>,
        src: Id,
        (back, piece): (Return, Piece),
        (clock, returns): (super::Stamp, BTreeMap<Id, Return>),
        o: &mut Outbox,
    ) {
        let Some(newcomer) = &state.image.newcomer else { return };
        if newcomer.back != back || newcomer.restored.contains(&src) {
            return;
        }
        let upto = piece.upto.clone();
        let Some(taken) = Transfer::take(state.fetching.get(&src), piece, self.config.bug) else {
            return;
        };
        let state = state.to_mut();
        if self.config.bug != Some(Bug::ClockNotRestored) {
            state.image.clock = state.image.clock.max(clock);
        }
        let is_news = |(node, back): &(Id, Return)| {
            *node != id && back.generation > state.image.generation_of(*node)
        };
        let returns: BTreeMap<_, _> = returns.into_iter().filter(is_news).collect();
        for (node, back) in &returns {
            state.image.returns.insert(*node, *back);
            state.fetching.remove(node);
        }
        let image = &mut state.image;
        let (vector, keys) = self.take_over(image, &taken, upto);
        if taken.open.is_none()
            && let Some(newcomer) = &mut image.newcomer
        {
            newcomer.restored.insert(src);
        }
        let newcomer = image.newcomer.clone();
        o.save(Storage::Delta(Delta { vector, returns, newcomer, ..image.delta(keys) }));
        if let Some(open) = taken.open {
            state.fetching.insert(src, open);
            restore(state, src, o);
        } else {
            state.fetching.remove(&src);
            self.on_one_more(id, state, o);
        }
    }

    /// All that one more node has is here.
    fn on_one_more(&self, id: Id, state: &mut ReplicaState, o: &mut Outbox) {
        let restored = state.image.newcomer.as_ref().map_or(0, |newcomer| newcomer.restored.len());
        if restored == self.config.nodes - 1 || self.config.bug == Some(Bug::RestoreFromOne) {
            self.serve_again(id, state, o);
        }
    }

    /// Everything that there is of its former lives is here: it is a node as the others are.
    fn serve_again(&self, id: Id, state: &mut ReplicaState, o: &mut Outbox) {
        let Some(newcomer) = state.image.newcomer.take() else { return };
        let begin = Dot::below(id, newcomer.back.generation);
        state.image.vector.add(begin);
        let vector = VersionVector::up_to(begin);
        o.save(Storage::Delta(Delta { vector, is_back: true, ..state.image.delta([]) }));
        self.announce(id, state, o);
    }
}

/// Asks another node for what is missing of all that it has.
fn restore(state: &ReplicaState, from: Id, o: &mut Outbox) {
    if let Some(newcomer) = &state.image.newcomer {
        let (back, have) = (newcomer.back, state.image.vector.clone());
        let resume = state.fetching.get(&from).map(|transfer| transfer.resume.clone());
        o.send(from, Service::Peer(Peer::Restore { back, have, resume }));
    }
}
