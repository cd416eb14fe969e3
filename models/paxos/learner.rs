//! The learner: applies the chosen commands, in order.

use super::ballot::{Ballot, Slot};
use super::bugs::Bug;
use super::message::{Command, Peer};
use super::offer::weight;
use super::state::CommitIndex;
use super::storage::Delta;
use super::turn::Turn;
use crate::kv::snapshot::Answer;
use crate::kv::{Sessions, StateMachine};

impl<M: StateMachine> Turn<'_, '_, M> {
    /// The leader of a ballot says how far the log is chosen. A leader counts for itself.
    pub(super) fn on_chosen(&mut self, index: CommitIndex) {
        let known = self.state.commit_index.map_or(self.state.applied(), |index| index.upto);
        let leads = self.state.is_leading() && !self.has(Bug::LeaderLearns);
        if leads || index.upto <= known {
            return;
        }
        self.state.to_mut().commit_index = Some(index);
        self.learn();
        if self.state.is_preparing() {
            self.try_to_lead();
        }
    }

    /// The leader is alive. A lagging replica that did not accept what it misses asks for it.
    pub(super) fn on_heartbeat(&mut self, ballot: Ballot, chosen: Slot) {
        let promised = self.state.stable.promised;
        if ballot < promised && !self.has(Bug::HeedOldHeartbeat) {
            return self.answer(Peer::Preempted { ballot: promised });
        }
        if ballot > promised {
            self.step_down(ballot);
        } else {
            self.await_leader();
        }
        self.hear_leader();
        self.on_chosen(CommitIndex { ballot, upto: chosen });
        if chosen > self.state.applied() {
            self.answer(self.catch_up_msg());
        }
    }

    /// Applies the slots that it accepted and that a leader announced as chosen. A leader announces
    /// slots that were chosen in its ballot or an earlier one, so a vote in that ballot or a later
    /// one is for the chosen value (Lamport 2001, P2b); an earlier vote may be for another.
    pub(super) fn learn(&mut self) {
        let Some(CommitIndex { ballot, upto }) = self.state.commit_index else { return };
        let mut next = self.state.applied() + 1;
        while next <= upto
            && let Some(open) = self.state.stable.accepted.get(&next)
            && (open.ballot >= ballot || self.has(Bug::ApplyAnyBallot))
        {
            self.apply_accepted(next);
            next += 1;
        }
        if self.state.applied() >= upto {
            self.state.to_mut().commit_index = None;
        }
    }

    /// Applies the next slot, in which it accepted the chosen command. Gives the answer for its
    /// client.
    pub(super) fn apply_accepted(&mut self, slot: Slot) -> Option<Answer<M::Reply>> {
        self.applying();
        self.save(Delta::Chosen { upto: slot });
        let answer = self.state.to_mut().stable.apply_accepted();
        self.applied();
        answer
    }

    /// Applies the next slot, of which another replica said which command was chosen.
    pub(super) fn apply_learned(&mut self, command: Command<M::Op>) {
        self.applying();
        self.change(Delta::Learned { command });
        self.applied();
    }

    /// For the mutant without client sessions.
    fn applying(&mut self) {
        if self.has(Bug::NoDedupe) {
            self.state.to_mut().stable.image.sessions = Sessions::default();
        }
    }

    /// Notes the size of the command that was applied, and keeps the log short.
    fn applied(&mut self) {
        let state = self.state.to_mut();
        let last = state.stable.log.last_key_value();
        state.log_bytes += last.map_or(0, |(_, command)| weight(command));
        self.truncate();
        let applied = self.state.applied();
        self.state.to_mut().install.take_if(|install| install.image.slot <= applied);
    }
}
