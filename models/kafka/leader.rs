//! A leader: answers fetches, and moves the high watermark.

use super::bugs::Bug;
use super::log::Record;
use super::message::{Content, Fetch, Fetched, Peer};
use super::state::{BrokerState, Leading, Progress, Role};
use super::topic::Applied;
use super::turn::Turn;
use crate::kv::Service;
use crate::kv::service::Refusal;
use stateright::actor::Id;

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
        if fetch.offset < log.start() {
            return self.on_fetch_before_start(fetch);
        }
        let (epoch, end) = log.end_of(fetch.last_epoch);
        let unknown = epoch < fetch.last_epoch && !self.has(Bug::EndOfNextEpoch);
        let trusts = self.has(Bug::TrustOffsets);
        if (unknown || end < fetch.offset) && !trusts {
            return self.answer_fetch(fetch, Content::Diverging { epoch, end });
        }
        self.release();
        self.hear(Progress { broker_epoch: fetch.broker_epoch, offset: fetch.offset });
        let BrokerState { log, hw, .. } = &**self.state;
        let records = self.fetched_from(fetch.offset);
        // With nothing to tell, the fetch waits until a record comes.
        if fetch.offset < log.end() || (fetch.offset > 0 && *hw >= fetch.offset) {
            self.answer_fetch(fetch, Content::Records(records));
        }
    }

    pub(super) fn answer_fetch(&mut self, fetch: &Fetch, content: Content) {
        self.send_fetched(self.src, fetch.offset, fetch.last_epoch, content);
    }

    fn send_fetched(&mut self, to: Id, offset: u64, last_epoch: u64, content: Content) {
        let BrokerState { hw, metadata, .. } = &**self.state;
        let leader_epoch = metadata.partition.leader_epoch;
        let fetched = Fetched { leader_epoch, offset, last_epoch, hw: *hw, content };
        self.send(to, Peer::Fetched(fetched));
    }

    /// There is a record at this offset: the fetches that waited for it are answered. Each follower
    /// that had all before has such a fetch here, or one on its way, which says the same.
    pub(super) fn answer_waiting(&mut self, offset: u64) {
        let state = &**self.state;
        let Some(leading) = state.leading() else { return };
        let had_all = leading.followers.iter().filter(|(_, progress)| progress.offset == offset);
        let waiting: Vec<Id> = had_all.map(|(follower, _)| *follower).collect();
        let last_epoch = state.log.epoch_before(offset);
        for follower in waiting {
            let records = self.fetched_from(offset);
            self.send_fetched(follower, offset, last_epoch, Content::Records(records));
        }
    }

    /// The records from an offset on that one answer holds.
    fn fetched_from(&self, offset: u64) -> Vec<Record> {
        let BrokerState { log, .. } = &**self.state;
        log.read(offset, log.end(), self.config.max_fetch_bytes).to_vec()
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
        self.watch_lag();
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
            self.apply_committed();
        }
    }

    /// How far a member's log is known to be.
    pub(super) fn held_by(&self, leading: &Leading, member: Id) -> u64 {
        if member == self.id {
            self.state.log.end()
        } else {
            leading.followers.get(&member).map_or(0, |progress| progress.offset)
        }
    }

    /// What was committed takes effect, in order, and its producers are answered.
    fn apply_committed(&mut self) {
        let knows_from = self.knows_producers_from();
        let state = self.state.to_mut();
        let Role::Leader(leading) = &mut state.role else { return };
        let mut answers = Vec::new();
        for record in state.log.between(leading.view.image.slot, state.hw) {
            let offset = leading.view.image.slot;
            let reply = leading.apply(record, knows_from);
            if let Some((client, seq)) = leading.waiting.remove(&offset) {
                answers.push((client, seq, reply));
            }
        }
        for (client, seq, reply) in answers {
            self.send(
                client,
                match reply {
                    Ok(applied) => Service::Reply { seq, reply: applied.into() },
                    Err(why) => Service::Refused { seq, why },
                },
            );
        }
    }

    /// A new leader reads in its log what producers sent to those before it (KIP-98).
    pub(super) fn know_producers(&mut self) {
        let knows_from = self.knows_producers_from();
        let state = self.state.to_mut();
        let Role::Leader(leading) = &mut state.role else { return };
        for record in state.log.between(leading.view.image.slot, state.hw) {
            // Its producer asks again if it has no answer.
            drop(leading.apply(record, knows_from));
        }
        let mut offset = state.hw;
        for record in state.log.between(state.hw, u64::MAX) {
            if offset >= knows_from {
                leading.tail.insert(record.producer, (record.sequence, offset));
            }
            offset += record.count();
        }
    }

    /// The offset from which on it knows what producers sent.
    fn knows_producers_from(&self) -> u64 {
        let start = self.state.leading().map_or(0, |leading| leading.start);
        if self.has(Bug::NoDedupeAfterFailover) { start } else { 0 }
    }
}

impl Leading {
    /// The next record is committed; the reply to its producer.
    fn apply(&mut self, record: &Record, knows_from: u64) -> Result<Applied, Refusal> {
        let offset = self.view.image.slot;
        if self.tail.get(&record.producer).is_some_and(|(_, last)| *last == offset) {
            self.tail.remove(&record.producer);
        }
        if offset < knows_from {
            self.view.image.slot += record.count();
            return Ok(Applied::At(offset));
        }
        self.view.apply(record)
    }
}
