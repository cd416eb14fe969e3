//! Catching up: a lagging replica asks for the log, and gets that or a snapshot in pieces
//! (`offer.rs`).
//!
//! It asks at every heartbeat of the leader, since messages may be lost, and when the last of the
//! messages that were sent at once is there. The pieces of a snapshot are the same whichever
//! replica cuts them, since replicas that applied the same log are equal; received pieces are kept
//! while the sender's state goes on, and only a newer snapshot takes their place. Meanwhile the
//! replica votes, as far ahead as its bounds allow, so that it does not fall further behind.
//!
//! A replica that learns commands promises the ballot of the replica that reports them. So each
//! command that it applied was chosen in the ballot that it promised or a smaller one, and P2b
//! (Lamport 2001) holds for every later message about it: a leader's "chosen" is about proposals of
//! its ballot and all greater ones, and a vote in an applied slot is for the command that is there.

use super::ballot::{Ballot, Slot};
use super::bugs::Bug;
use super::message::Command;
use super::storage::Saved;
use super::turn::Turn;
use crate::kv::snapshot::SnapshotInstall;
use crate::kv::transfer::{Cut, Piece};
use crate::kv::{Image, StateMachine};

impl<M: StateMachine> Turn<'_, '_, M> {
    /// A piece of the log came.
    pub(super) fn on_log(
        &mut self,
        ballot: Ballot,
        from: Slot,
        commands: Vec<Command<M::Op>>,
        chosen: Slot,
        ask: bool,
    ) {
        let news = (self.state.applied() + 1).checked_sub(from);
        let Some(skip) = news.filter(|skip| *skip < commands.len() as u64) else { return };
        if self.state.is_leading() && !self.has(Bug::LeaderTakesLog) {
            return;
        }
        self.learn_ballot(ballot);
        let skip = if self.has(Bug::LogOverlap) { 0 } else { skip };
        for command in commands.into_iter().skip(skip as usize) {
            self.apply_learned(command);
        }
        if ask && chosen > self.state.applied() {
            self.answer(self.catch_up_msg());
        }
        self.caught_up();
    }

    /// A piece of a snapshot came.
    pub(super) fn on_snapshot(
        &mut self,
        ballot: Ballot,
        slot: Slot,
        index: u32,
        piece: Piece<M>,
        next: Option<Cut>,
        ask: bool,
    ) {
        let mix = self.has(Bug::MixPieces);
        let is_held = |held: &SnapshotInstall<M>| held.image.slot == slot || mix;
        let held = self.state.install.as_ref();
        let newest = held.map_or(0, |held| held.image.slot);
        let received = held.filter(|held| is_held(held)).map_or(0, |held| held.received);
        let is_news = slot > self.state.applied() && slot >= newest || self.has(Bug::InstallOlder);
        let leads = self.state.is_leading() && !self.has(Bug::LeaderInstalls);
        if !is_news || leads || index != received {
            return;
        }
        self.learn_ballot(ballot);
        let held = self.state.to_mut().install.take().filter(is_held);
        let mut install = held.unwrap_or_else(|| SnapshotInstall::begin(slot));
        let is_last = next.is_none();
        install.add(piece, next);
        if is_last || self.has(Bug::InstallEarly) {
            return self.install(install.image);
        }
        self.state.to_mut().install = Some(install);
        if ask {
            self.answer(self.catch_up_msg());
        }
    }

    /// All of a snapshot is there. Says so, and asks for the log behind it.
    fn install(&mut self, image: Image<M>) {
        let state = self.state.to_mut();
        state.stable.install(image);
        (state.log_bytes, state.offer) = (0, None);
        self.save(Saved::Complete(self.state.stable.clone()));
        self.caught_up();
        self.answer(self.catch_up_msg());
    }

    /// Promises the ballot of a replica that reports chosen commands, and so gives up a smaller one
    /// that it prepares.
    fn learn_ballot(&mut self, ballot: Ballot) {
        if ballot > self.state.stable.promised && !self.has(Bug::LearnWithoutBallot) {
            self.step_down(ballot);
        }
    }

    /// More is applied than before: perhaps enough to go on with.
    fn caught_up(&mut self) {
        self.learn();
        if self.state.is_preparing() {
            self.try_to_lead();
        }
    }
}
