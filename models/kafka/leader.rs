//! A leader: answers fetches, moves the high watermark, and keeps the in-sync replicas.

use super::bugs::Bug;
use super::config::controller;
use super::message::{Content, Fetch, Fetched, Peer, Reply};
use super::state::{BrokerState, Leading, Progress, Timer};
use super::turn::Turn;
use crate::kv::Service;
use stateright::actor::Id;
use std::collections::BTreeSet;

impl Turn<'_, '_> {
    /// A follower asks for what follows. If its log is a prefix of the leader's, it has all before
    /// its offset; otherwise it learns where they may part, and nothing is known of it.
    pub(super) fn on_fetch(&mut self, fetch: &Fetch) {
        let BrokerState { log, metadata, .. } = &**self.state;
        let leader_epoch = metadata.partition.leader_epoch;
        let is_current = fetch.leader_epoch == leader_epoch || self.has(Bug::FetchWithoutEpoch);
        if self.state.leading().is_none() || !is_current {
            return;
        }
        let (epoch, end) = log.end_of(fetch.last_epoch);
        let unknown = epoch < fetch.last_epoch && !self.has(Bug::EndOfNextEpoch);
        let trusts = self.has(Bug::TrustOffsets);
        if (unknown || end < fetch.offset) && !trusts {
            return self.answer_fetch(fetch, Content::Diverging { epoch, end });
        }
        self.hear(Progress { broker_epoch: fetch.broker_epoch, offset: fetch.offset });
        let BrokerState { log, hw, .. } = &**self.state;
        let records = log.between(fetch.offset, log.end()).to_vec();
        // With nothing to tell, the fetch waits: it comes again.
        if !records.is_empty() || (fetch.offset > 0 && *hw >= fetch.offset) {
            self.answer_fetch(fetch, Content::Records(records));
        }
    }

    fn answer_fetch(&mut self, fetch: &Fetch, content: Content) {
        let BrokerState { hw, metadata, .. } = &**self.state;
        let leader_epoch = metadata.partition.leader_epoch;
        let Fetch { offset, last_epoch, .. } = *fetch;
        let fetched = Fetched { leader_epoch, offset, last_epoch, hw: *hw, content };
        self.answer(Peer::Fetched(fetched));
    }

    /// The sender is that far; an older fetch of it is no news.
    fn hear(&mut self, progress: Progress) {
        let src = self.src;
        let Some(leading) = self.state.leading() else { return };
        if leading.followers.get(&src).is_some_and(|known| *known >= progress) {
            return;
        }
        if let Some(leading) = self.state.to_mut().leading_mut() {
            leading.followers.insert(src, progress);
        }
        self.commit();
        self.expand(src);
    }

    /// A record is committed when every member of the maximal in-sync replicas has it, and those
    /// that are certain are enough: only then is whoever may be elected among those that are
    /// counted, whatever the controller has decided meanwhile (KIP-497, KIP-966).
    pub(super) fn commit(&mut self) {
        let state = &**self.state;
        let Some(leading) = state.leading() else { return };
        let isr = &state.partition().isr;
        if isr.len() < self.config.min_isr && !self.has(Bug::CommitBelowMin) {
            return;
        }
        let maximal = !self.has(Bug::CountCommittedIsr);
        let counted = if maximal { state.maximal_isr() } else { isr.clone() };
        let held = counted.iter().map(|id| self.held_by(leading, *id)).min();
        if let Some(hw) = held.filter(|held| *held > state.hw) {
            self.state.to_mut().hw = hw;
            self.answer_committed();
        }
    }

    /// How far a member's log is known to be.
    fn held_by(&self, leading: &Leading, member: Id) -> u64 {
        if member == self.id {
            self.state.log.end()
        } else {
            leading.followers.get(&member).map_or(0, |progress| progress.offset)
        }
    }

    fn answer_committed(&mut self) {
        let hw = self.state.hw;
        let Some(leading) = self.state.to_mut().leading_mut() else { return };
        let waiting = leading.waiting.split_off(&hw);
        let committed = std::mem::replace(&mut leading.waiting, waiting);
        for (offset, (client, seq)) in committed {
            self.send(client, Service::Reply { seq, reply: Reply::Produced { offset } });
        }
    }

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
    }

    /// Asks to let a follower join the in-sync replicas, once it has what is committed and all that
    /// was there when the leader epoch began: of that, more may be committed than the leader knows
    /// (KIP-320).
    fn expand(&mut self, follower: Id) {
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

    /// Asks to go on without those that lag.
    pub(super) fn on_lag_timer(&mut self) {
        self.set_timer(Timer::Lag, &self.config.timing.lag);
        let state = &**self.state;
        let Some(leading) = state.leading() else { return };
        let isr = &state.partition().isr;
        let keeps_up = |id: &&Id| self.held_by(leading, **id) == state.log.end();
        let members: BTreeSet<Id> = isr.iter().filter(keeps_up).copied().collect();
        if leading.asked.is_none() && members.len() < isr.len() {
            self.ask(&members);
        }
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
        self.send(controller(), Peer::AlterPartition { leader_epoch, partition_epoch, isr });
    }
}
