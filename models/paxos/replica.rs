//! A replica: how it starts, and which handler takes which message.

use super::ballot::Ballot;
use super::bugs::Bug;
use super::message::{Msg, Peer};
use super::offer::weight;
use super::state::{CommitIndex, Leading, Role, Timer};
use super::storage::{Delta, Saved};
use super::turn::Turn;
use crate::kv::{Image, Service, StateMachine};

impl<M: StateMachine> Turn<'_, '_, M> {
    /// Starts, from what it saved if it did, else with this machine.
    pub(super) fn on_start(&mut self, saved: Option<&Saved<M>>, first: M) {
        if let Some(saved) = saved {
            self.state.to_mut().stable = saved.state();
        } else {
            let empty = Image::new(self.config.sessions);
            self.state.to_mut().stable.image = Image { machine: first, ..empty };
            self.save(Saved::Complete(self.state.stable.clone()));
        }
        // A snapshot that was given is gone, and the log that was kept for it is not needed.
        let state = self.state.to_mut();
        state.log_bytes = state.stable.log.values().map(weight).sum();
        self.truncate();
        if self.config.stops {
            self.set_timer(Timer::Stop, &self.config.timing.candidacy);
        }
        // The first ballot needs no phase one, but no replica can lead it a second time.
        let is_first = saved.is_none() || self.has(Bug::ReuseBallot);
        let first = Ballot { round: 0, leader: self.id };
        if is_first && self.state.stable.promised == first {
            self.state.to_mut().role = Role::Leading(Leading::default());
            self.await_heartbeat();
        } else {
            self.await_leader();
        }
    }

    /// Promises a higher ballot, of another replica, and so gives up its own.
    pub(super) fn step_down(&mut self, ballot: Ballot) {
        self.change(Delta::Promised(ballot));
        if self.state.role != Role::Follower {
            self.state.to_mut().role = Role::Follower;
            self.cancel_timer(Timer::Heartbeat);
        }
        if !self.has(Bug::FollowUnarmed) {
            self.await_candidate();
        }
    }

    pub(super) fn on_msg(&mut self, msg: Msg<M>) {
        match msg {
            Service::Request { seq, op } => self.on_request(seq, op),
            Service::Peer(msg) => self.on_peer(msg),
            Service::Reply { .. } | Service::Redirect { .. } | Service::Refused { .. } => {}
        }
    }

    fn on_peer(&mut self, msg: Peer<M>) {
        match msg {
            Peer::Prepare { ballot, from } => self.on_prepare(ballot, from),
            Peer::Promise { ballot, from, until, chosen, accepted } => {
                self.on_promise(ballot, from, until, chosen, accepted);
            }
            Peer::Accept { ballot, slot, command } => self.on_accept(ballot, slot, command),
            Peer::Accepted { ballot, slot } => self.on_accepted(ballot, slot),
            Peer::Preempted { ballot } => self.on_preempted(ballot),
            Peer::Chosen { ballot, upto } => self.on_chosen(CommitIndex { ballot, upto }),
            Peer::Heartbeat { ballot, chosen } => self.on_heartbeat(ballot, chosen),
            Peer::Confirm { ballot, round } => self.on_confirm(ballot, round),
            Peer::Confirmed { ballot, round } => self.on_confirmed(ballot, round),
            Peer::CatchUp { from, held } => self.on_catch_up(from, held),
            Peer::Log { ballot, from, commands, chosen, ask } => {
                self.on_log(ballot, from, commands, chosen, ask);
            }
            Peer::Snapshot { ballot, slot, index, piece, next, ask } => {
                self.on_snapshot(ballot, slot, index, piece, next, ask);
            }
            Peer::PreVote { ballot } => self.on_pre_vote(ballot),
            Peer::PreVoted { ballot } => self.on_pre_voted(ballot),
            Peer::Leaving { ballot } => self.on_leaving(ballot),
        }
    }

    pub(super) fn on_timer(&mut self, timer: Timer) {
        match timer {
            Timer::Election => self.on_election_timer(),
            Timer::Heartbeat => self.on_heartbeat_timer(),
            Timer::Stop => self.on_stop_timer(),
            Timer::Retry(_) => {}
        }
    }
}
