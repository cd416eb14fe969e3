//! A broker: its start, its stop, its disk, and the metadata that make it leader or follower.

use super::bugs::Bug;
use super::config::Flush;
use super::log::{Log, Record};
use super::message::{Msg, Peer};
use super::registry::Registry;
use super::state::{BrokerState, Leading, Role, Timer};
use super::storage::{BrokerDisk, DiskRecord, Storage};
use super::turn::Turn;
use crate::Saved;
use crate::kv::Service;

impl Turn<'_, '_> {
    /// Starts. The first time its registration is as configured; later it erases the mark of a
    /// clean stop before it says that there was one, so that the mark counts once.
    pub(super) fn on_start(&mut self, saved: Option<&BrokerDisk>) {
        if let Some(stop) = &self.config.timing.stop {
            self.set_timer(Timer::Stop, stop);
        }
        self.resend_later();
        let Some(disk) = saved else { return self.on_first_start() };
        let epoch = disk.epoch + 1;
        let kept = disk.clean.filter(|_| self.has(Bug::KeepCleanMark));
        self.save(DiskRecord::Started(epoch));
        if let Some(mark) = kept {
            self.save(DiskRecord::Stopped(mark));
        }
        *self.state.to_mut() = BrokerState {
            epoch,
            clean: kept,
            log: disk.log.clone(),
            flushed: disk.log.end(),
            hw: disk.log.start(),
            role: Role::Starting(disk.clean),
            ..BrokerState::default()
        };
        self.tell_controllers(&Peer::Register { epoch, clean: disk.clean });
    }

    fn on_first_start(&mut self) {
        let records = self.config.preloaded.contains(&self.id).then(Record::first);
        let log: Log = records.into_iter().collect();
        let flushed = log.end();
        *self.state.to_mut() = BrokerState { epoch: 1, log, flushed, ..BrokerState::default() };
        self.save(Storage::Broker(Saved::Complete(self.state.on_disk())));
        self.take(Registry::first(self.config));
    }

    pub(super) fn on_msg(&mut self, msg: Msg) {
        if self.state.role == Role::Stopped {
            return;
        }
        match msg {
            Service::Peer(Peer::Metadata(registry)) => self.on_metadata(registry),
            Service::Peer(Peer::Fetch(fetch)) => self.on_fetch(&fetch),
            Service::Peer(Peer::Fetched(fetched)) => self.on_fetched(fetched),
            Service::Request { seq, op } => self.on_request(seq, op),
            _ => {}
        }
        self.trim();
    }

    pub(super) fn on_timer(&mut self, timer: Timer) {
        if self.state.role == Role::Stopped {
            return;
        }
        match timer {
            Timer::Resend => self.on_resend_timer(),
            Timer::Lag => self.on_lag_timer(),
            Timer::Flush => self.on_flush_timer(),
            Timer::Stop => self.on_stop_timer(),
            Timer::Suspect(_) | Timer::Quorum(_) | Timer::Retry(_) => {}
        }
        self.trim();
    }

    /// The controller decided something. Of a broker's former life it is no news.
    fn on_metadata(&mut self, new: Registry) {
        let registered = new.brokers.get(&self.id).is_some_and(|it| it.epoch == self.state.epoch);
        if !registered || new.version <= self.state.metadata.version || !self.matters(&new) {
            return;
        }
        let fenced = !new.is_unfenced(self.id);
        self.take(new);
        if fenced {
            self.heartbeat();
        }
    }

    /// Whether metadata change anything that this broker does. A follower need not know how the
    /// in-sync replicas change in its leader's epoch.
    fn matters(&self, new: &Registry) -> bool {
        let BrokerState { metadata: old, role, .. } = &**self.state;
        matches!(role, Role::Starting(_) | Role::Leader(_))
            || old.leadership() != new.leadership()
            || old.brokers.get(&self.id) != new.brokers.get(&self.id)
    }

    /// Leads or follows as the metadata say.
    fn take(&mut self, new: Registry) {
        let leads = new.partition.leader == Some(self.id);
        let state = self.state.to_mut();
        let old = std::mem::replace(&mut state.metadata, new);
        if old.leadership() == state.metadata.leadership() {
            self.on_altered(old.partition.epoch);
        } else if leads {
            self.lead();
        } else {
            self.follow();
        }
    }

    fn follow(&mut self) {
        self.cancel_timer(Timer::Lag);
        let hw = self.state.hw;
        self.state.to_mut().role = Role::Follower;
        if self.has(Bug::TruncateToWatermark) {
            self.truncate(hw);
        }
        self.fetch();
    }

    fn lead(&mut self) {
        let keeps = self.has(Bug::ExpandOnHearsay);
        let state = self.state.to_mut();
        let heard = state.leading().map(|leading| leading.followers.clone());
        let followers = heard.filter(|_| keeps).unwrap_or_default();
        let start = state.log.end();
        let view = state.log.base().clone();
        state.role = Role::Leader(Leading { start, followers, view, ..Leading::default() });
        self.know_producers();
        self.cancel_timer(Timer::Lag);
        self.on_altered(0);
    }

    fn heartbeat(&mut self) {
        let BrokerState { epoch, metadata, .. } = &**self.state;
        let heartbeat = Peer::Heartbeat { epoch: *epoch, version: metadata.version };
        self.tell_controllers(&heartbeat);
    }

    /// Whichever controller leads heeds it.
    pub(super) fn tell_controllers(&mut self, msg: &Peer) {
        for controller in self.config.controller_ids() {
            self.send(controller, msg.clone());
        }
    }

    /// Sends again what was not answered, and tells the controller that it is alive.
    fn on_resend_timer(&mut self) {
        self.resend_later();
        if let Role::Starting(clean) = self.state.role {
            let epoch = self.state.epoch;
            return self.tell_controllers(&Peer::Register { epoch, clean });
        }
        self.heartbeat();
        if !self.has(Bug::NeverAskAgain) {
            self.ask_again();
        }
        if !self.has(Bug::NeverRefetch) {
            self.fetch();
        }
    }

    /// After an append from this offset on: what is to be on disk first is; the rest gets there some
    /// time later. If more is in the page cache already, its timer is set.
    pub(super) fn appended(&mut self, from: u64) {
        match self.config.flush {
            Flush::EachAppend => self.write(),
            Flush::Later if self.state.flushed < from => {}
            Flush::Later => self.set_timer(Timer::Flush, &self.config.timing.flush),
        }
    }

    /// Writes the page cache to disk.
    fn write(&mut self) {
        let BrokerState { log, flushed, .. } = &**self.state;
        let end = log.end();
        if *flushed < end {
            let records = log.between(*flushed, end).to_vec();
            self.save(DiskRecord::Flushed(records));
            self.state.to_mut().flushed = end;
        }
    }

    fn on_flush_timer(&mut self) {
        self.write();
    }

    /// Stops cleanly.
    fn on_stop_timer(&mut self) {
        if matches!(self.state.role, Role::Starting(_)) {
            return;
        }
        if !self.has(Bug::StopUnflushed) {
            self.write();
        }
        let epoch = self.state.epoch;
        self.save(DiskRecord::Stopped(epoch));
        for timer in [Timer::Resend, Timer::Lag, Timer::Flush] {
            self.cancel_timer(timer);
        }
        let state = self.state.to_mut();
        state.clean = Some(epoch);
        state.role = Role::Stopped;
    }

    /// Cuts off all from `end` on, on disk too.
    pub(super) fn truncate(&mut self, end: u64) {
        if end < self.state.flushed {
            self.save(DiskRecord::Truncated(end));
        }
        let state = self.state.to_mut();
        state.log.truncate(end);
        // Where it parted before the start of the log, nothing is left.
        let end = state.log.end();
        state.flushed = state.flushed.min(end);
        state.hw = state.hw.min(end);
    }

    fn resend_later(&mut self) {
        self.set_timer(Timer::Resend, &self.config.timing.resend);
    }
}
