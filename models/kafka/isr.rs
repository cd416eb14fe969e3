//! A leader keeps the in-sync replicas: who has caught up may join, who lags is left out.

use super::bugs::Bug;
use super::message::Peer;
use super::state::Timer;
use super::turn::Turn;
use stateright::actor::Id;
use std::collections::BTreeSet;

impl Turn<'_, '_> {
    /// There are new metadata. If the partition changed since `epoch`, what was asked for is granted
    /// or refused.
    pub(super) fn on_altered(&mut self, epoch: u64) {
        let state = self.state.to_mut();
        let is_settled = state.partition().epoch != epoch;
        let Some(leading) = state.leading_mut() else { return };
        if is_settled {
            leading.asked = None;
        }
        let followers: Vec<Id> = leading.followers.keys().copied().collect();
        self.commit();
        for follower in followers {
            self.expand(follower);
        }
        self.watch_lag();
    }

    /// Asks to let a follower join the in-sync replicas, once it has what is committed and all that
    /// was there when the leader epoch began: of that, more may be committed than the leader knows
    /// (KIP-320).
    pub(super) fn expand(&mut self, follower: Id) {
        let state = &**self.state;
        let Some(leading) = state.leading() else { return };
        let Some(progress) = leading.followers.get(&follower) else { return };
        let isr = &state.partition().isr;
        let has_start = progress.offset >= leading.start || self.has(Bug::ExpandAtWatermark);
        let caught_up = progress.offset >= state.hw && has_start;
        let is_alive = state.metadata.is_alive(follower, progress.broker_epoch);
        let is_free = leading.asked.is_none() && !self.has(Bug::NeverExpand);
        if is_free && caught_up && is_alive && !isr.contains(&follower) {
            let members = isr.iter().copied().chain([follower]).collect();
            self.ask(&members);
        }
    }

    /// A member of the in-sync replicas lags if it does not have by the time that the timer fires what
    /// the log had when the timer was set. Under steady load nobody ever has all of the log, so a
    /// timer that is set stays as it is until all have what it was set for.
    pub(super) fn watch_lag(&mut self) {
        let state = &**self.state;
        let Some(leading) = state.leading() else { return };
        let (mark, end) = (leading.lag_mark, state.log.end());
        let members = &state.partition().isr;
        let all_have = |offset| members.iter().all(|id| self.held_by(leading, *id) >= offset);
        if mark.is_some_and(|mark| !all_have(mark)) {
            return;
        }
        let next = (!all_have(end)).then_some(end);
        if next.is_some() {
            self.set_timer(Timer::Lag, &self.config.timing.lag);
        } else if mark.is_some() {
            self.cancel_timer(Timer::Lag);
        }
        if next != mark {
            self.mark_lag(next);
        }
    }

    fn mark_lag(&mut self, mark: Option<u64>) {
        if let Some(leading) = self.state.to_mut().leading_mut() {
            leading.lag_mark = mark;
        }
    }

    /// Asks to go on without those that lag.
    pub(super) fn on_lag_timer(&mut self) {
        let state = &**self.state;
        let Some(leading) = state.leading() else { return };
        let Some(mark) = leading.lag_mark else { return };
        let isr = &state.partition().isr;
        let keeps_up = |id: &&Id| self.held_by(leading, **id) >= mark;
        let members: BTreeSet<Id> = isr.iter().filter(keeps_up).copied().collect();
        let lags = leading.asked.is_none() && members.len() < isr.len();
        self.mark_lag(None);
        if lags {
            self.ask(&members);
        }
        self.watch_lag();
    }

    /// Asks the controller for these in-sync replicas. From now on they count.
    fn ask(&mut self, members: &BTreeSet<Id>) {
        let state = self.state.to_mut();
        let brokers = state.metadata.brokers.clone();
        let Some(leading) = state.leading_mut() else { return };
        let epoch = |id: &Id| match leading.followers.get(id) {
            Some(progress) => progress.broker_epoch,
            None => brokers.get(id).map_or(0, |registration| registration.epoch),
        };
        let isr = members.iter().map(|id| (*id, epoch(id))).collect();
        leading.asked = Some(isr);
        self.ask_again();
    }

    /// Sends what it asked the controller for.
    pub(super) fn ask_again(&mut self) {
        let state = &**self.state;
        let Some(isr) = state.leading().and_then(|leading| leading.asked.clone()) else { return };
        let (leader_epoch, partition_epoch) =
            (state.partition().leader_epoch, state.partition().epoch);
        self.tell_controllers(&Peer::AlterPartition { leader_epoch, partition_epoch, isr });
    }
}
