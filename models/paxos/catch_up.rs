//! Catching up: the log, and where that is truncated, a snapshot in pieces (Chandra et al. 2007,
//! section 5.5).
//!
//! Who is behind asks, piece by piece; who is asked answers from what it has and remembers
//! nothing about it. Any replica may answer: what it applied is chosen. The pieces of a snapshot
//! are the same wherever they are cut, since replicas that applied the same log are equal.
//!
//! Whoever learns something promises the ballot of who tells it. So what a replica applied was
//! chosen in the ballot that it promised or a smaller one, and P2b (Lamport 2001) holds for what
//! is said about it later: a leader's "chosen" is about proposals of its ballot and all greater
//! ones, and a vote in an applied slot is for what is there.

use super::ballot::{Ballot, Slot};
use super::message::Peer;
use super::replica::{Replica, ReplicaState};
use super::stable::{Image, Saved};
use super::{Bug, Outbox};
use crate::kv::transfer::{Piece, encoded_bytes, pieces};
use crate::kv::{Service, StateMachine};
use stateright::actor::Id;
use std::borrow::Cow;

/// A snapshot of which some pieces came. Nothing of it is applied before the last one is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partial<M: StateMachine> {
    /// How many pieces came.
    pub received: u32,
    /// What they make; its slot is that of the whole.
    pub image: Image<M>,
}

/// A snapshot cut up for those who are behind: it stands still while the state goes on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offer<M: StateMachine> {
    /// The last slot that is in it.
    pub slot: Slot,
    /// Its pieces.
    pub pieces: Vec<Piece<M>>,
}

impl<M: StateMachine> ReplicaState<M> {
    /// Asks for what it misses.
    pub(super) fn catch_up_msg(&self) -> Peer<M> {
        let held = self.partial.as_ref().map(|partial| (partial.image.slot, partial.received));
        Peer::CatchUp { from: self.applied() + 1, held }
    }
}

impl Replica {
    /// Somebody is behind.
    pub(super) fn on_catch_up<M: StateMachine>(
        &self,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        from: Slot,
        held: Option<(Slot, u32)>,
        o: &mut Outbox<M>,
    ) {
        if from > state.applied() {
            return;
        }
        if state.stable.log.contains_key(&from) {
            o.send(src, Service::Peer(log_msg(state, from, self.config.batch_bytes)));
            return;
        }
        if self.has(Bug::NoSnapshot) {
            return;
        }
        let first = state.stable.log.keys().next().map_or(state.applied() + 1, |slot| *slot);
        let fits = |offer: &Offer<M>| offer.slot >= from && offer.slot + 1 >= first;
        if !state.offer.as_ref().is_some_and(fits) {
            let image = &state.stable.image;
            let pieces = pieces(&image.machine, &image.sessions, self.config.piece_bytes);
            let offer = Offer { slot: image.slot, pieces };
            state.to_mut().offer = Some(offer);
        }
        let Some(offer) = &state.offer else { return };
        let index = held.map_or(0, |(slot, held)| if slot == offer.slot { held } else { 0 });
        if let Some(piece) = offer.pieces.get(index as usize) {
            let last = index as usize + 1 == offer.pieces.len();
            let (ballot, slot, piece) = (state.stable.promised, offer.slot, piece.clone());
            o.send(src, Service::Peer(Peer::Snapshot { ballot, slot, index, last, piece }));
        }
    }

    /// A piece of the log came.
    pub(super) fn on_log<M: StateMachine>(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        log: Peer<M>,
        o: &mut Outbox<M>,
    ) {
        let Peer::Log { ballot, from, commands, chosen } = log else { return };
        let news = (state.applied() + 1).checked_sub(from);
        let Some(skip) = news.filter(|skip| *skip < commands.len() as u64) else { return };
        if state.is_leading() && !self.has(Bug::LeaderTakesLog) {
            return;
        }
        self.learn_ballot(state, ballot, o);
        let skip = if self.has(Bug::LogOverlap) { 0 } else { skip };
        for command in commands.into_iter().skip(skip as usize) {
            self.apply_learned(state.to_mut(), command, o);
        }
        if chosen > state.applied() {
            o.send(src, Service::Peer(state.catch_up_msg()));
        }
        self.caught_up(id, state, o);
    }

    /// A piece of a snapshot came.
    pub(super) fn on_snapshot<M: StateMachine>(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        snapshot: Peer<M>,
        o: &mut Outbox<M>,
    ) {
        let Peer::Snapshot { ballot, slot, index, last, piece } = snapshot else { return };
        let held = state.partial.as_ref().filter(|partial| partial.image.slot == slot);
        let received = held.map_or(0, |partial| partial.received);
        let is_news = slot > state.applied() || self.has(Bug::InstallOlder);
        let leads = state.is_leading() && !self.has(Bug::LeaderInstalls);
        if !is_news || leads || index != received {
            return;
        }
        self.learn_ballot(state, ballot, o);
        let state_mut = state.to_mut();
        let partial = state_mut.partial.take().filter(|partial| partial.image.slot == slot);
        let mut partial = partial
            .unwrap_or_else(|| Partial { received: 0, image: Image { slot, ..Image::default() } });
        let Image { machine, sessions, .. } = &mut partial.image;
        piece.restore(machine, sessions);
        if self.has(Bug::SnapshotWithoutSessions) {
            *sessions = crate::kv::Sessions::default();
        }
        partial.received = index + 1;
        if last || self.has(Bug::InstallEarly) {
            state_mut.stable.install(partial.image);
            o.save(Saved::Complete(state_mut.stable.clone()));
            self.caught_up(id, state, o);
        } else {
            state_mut.partial = Some(partial);
            o.send(src, Service::Peer(state_mut.catch_up_msg()));
        }
    }

    /// Promises the ballot of somebody who tells what was chosen, and so gives up a smaller one
    /// that it prepares.
    fn learn_ballot<M: StateMachine>(
        &self,
        state: &mut Cow<'_, ReplicaState<M>>,
        ballot: Ballot,
        o: &mut Outbox<M>,
    ) {
        if ballot > state.stable.promised && !self.has(Bug::LearnWithoutBallot) {
            self.adopt(state.to_mut(), ballot, o);
        }
    }

    /// More is applied than before: perhaps enough to go on with.
    fn caught_up<M: StateMachine>(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState<M>>,
        o: &mut Outbox<M>,
    ) {
        self.learn(state, o);
        if state.is_preparing() {
            self.try_to_lead(id, state.to_mut(), o);
        }
    }
}

/// The log from slot `from` on, as much as fits.
fn log_msg<M: StateMachine>(state: &ReplicaState<M>, from: Slot, limit: usize) -> Peer<M> {
    let (mut commands, mut bytes) = (Vec::new(), 0_usize);
    for command in state.stable.log.range(from..).map(|(_, command)| command) {
        bytes = bytes.saturating_add(encoded_bytes(command));
        if bytes > limit && !commands.is_empty() {
            break;
        }
        commands.push(command.clone());
    }
    let (ballot, chosen) = (state.stable.promised, state.applied());
    Peer::Log { ballot, from, commands, chosen }
}
