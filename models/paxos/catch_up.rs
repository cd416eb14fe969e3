//! Catching up: a replica that is behind asks for the log, and gets that or a snapshot in pieces
//! (`offer.rs`).
//!
//! It asks with every heartbeat of the leader, for what may be lost, and when the last of what was
//! sent at once is there. The pieces of a snapshot are the same wherever they are cut, since
//! replicas that applied the same log are equal; those that came stay while the sender's state goes
//! on, and only a newer snapshot takes their place. Meanwhile the replica votes, as far ahead as
//! its bounds allow, so that what it has to catch up with does not grow.
//!
//! Whoever learns something promises the ballot of who tells it. So what a replica applied was
//! chosen in the ballot that it promised or a smaller one, and P2b (Lamport 2001) holds for what
//! is said about it later: a leader's "chosen" is about proposals of its ballot and all greater
//! ones, and a vote in an applied slot is for what is there.

use super::ballot::Ballot;
use super::message::Peer;
use super::replica::{Replica, ReplicaState};
use super::stable::{Image, Saved};
use super::{Bug, Outbox};
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

impl<M: StateMachine> ReplicaState<M> {
    /// Asks for what it misses.
    pub(super) fn catch_up_msg(&self) -> Peer<M> {
        let held = self.partial.as_ref().map(|partial| (partial.image.slot, partial.received));
        Peer::CatchUp { from: self.applied() + 1, held }
    }
}

impl Replica {
    /// A piece of the log came.
    pub(super) fn on_log<M: StateMachine>(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        log: Peer<M>,
        o: &mut Outbox<M>,
    ) {
        let Peer::Log { ballot, from, commands, chosen, ask } = log else { return };
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
        if ask && chosen > state.applied() {
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
        let Peer::Snapshot { ballot, slot, index, last, ask, piece } = snapshot else { return };
        let mix = self.has(Bug::MixPieces);
        let held = state.partial.as_ref().filter(|held| held.image.slot == slot || mix);
        let received = held.map_or(0, |held| held.received);
        let newest = state.partial.as_ref().map_or(0, |held| held.image.slot);
        let is_news = slot > state.applied() && slot >= newest || self.has(Bug::InstallOlder);
        let leads = state.is_leading() && !self.has(Bug::LeaderInstalls);
        if !is_news || leads || index != received {
            return;
        }
        self.learn_ballot(state, ballot, o);
        let state_mut = state.to_mut();
        let held = state_mut.partial.take().filter(|held| held.image.slot == slot || mix);
        let mut partial = held
            .unwrap_or_else(|| Partial { received: 0, image: Image { slot, ..Image::default() } });
        let Image { machine, sessions, .. } = &mut partial.image;
        piece.restore(machine, sessions);
        if self.has(Bug::SnapshotWithoutSessions) {
            *sessions = crate::kv::Sessions::default();
        }
        partial.received = index + 1;
        if last || self.has(Bug::InstallEarly) {
            self.install(id, state, src, partial.image, o);
            return;
        }
        state_mut.partial = Some(partial);
        if ask {
            o.send(src, Service::Peer(state_mut.catch_up_msg()));
        }
    }

    /// All of a snapshot is there. Says so, and asks for what came since.
    fn install<M: StateMachine>(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        image: Image<M>,
        o: &mut Outbox<M>,
    ) {
        let state_mut = state.to_mut();
        state_mut.stable.install(image);
        (state_mut.log_bytes, state_mut.offer) = (0, None);
        o.save(Saved::Complete(state_mut.stable.clone()));
        self.caught_up(id, state, o);
        o.send(src, Service::Peer(state.catch_up_msg()));
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
