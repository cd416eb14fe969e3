//! The controller: decides who leads, who is in sync, and who may be elected.
//!
//! Each decision is durable before anybody hears of it. A leader epoch begins when the leader
//! changes, a partition epoch when anything of the partition does.

use super::bugs::Bug;
use super::config::{Config, Flush};
use super::message::{Msg, Peer};
use super::registry::{Partition, Registration, Registry};
use super::state::Timer;
use super::storage::Storage;
use super::turn::ControllerTurn;
use crate::kv::Service;
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};

impl Registry {
    /// What everybody knows at first: all brokers are alive, some are in sync, the first leads.
    pub(super) fn first(config: &Config) -> Self {
        let brokers = config.broker_ids().map(|id| (id, Registration { epoch: 1, fenced: false }));
        let isr: BTreeSet<Id> = config.broker_ids().take(config.in_sync).collect();
        let leader = isr.first().copied();
        let partition = Partition { leader, leader_epoch: 1, epoch: 1, isr, elr: BTreeSet::new() };
        Self { version: 1, brokers: brokers.collect(), partition }
    }

    /// Elects a leader if there is none that may go on: of the in-sync replicas, or else of the
    /// eligible ones, which is then in sync; or, where that is configured, whoever is alive.
    fn elect(&mut self, unclean: bool, bug: Option<Bug>) {
        let Partition { leader, isr, elr, .. } = &self.partition;
        let is_unfenced = |id: &&Id| self.is_unfenced(**id);
        if leader.iter().any(|leader| isr.contains(leader) && self.is_unfenced(*leader)) {
            return;
        }
        let mut eligible = isr.iter().chain(elr);
        let clean = eligible.find(is_unfenced).copied();
        let anybody = || self.brokers.keys().find(is_unfenced).copied().filter(|_| unclean);
        let elected = clean.or_else(anybody);
        let partition = &mut self.partition;
        if let Some(id) = elected {
            if clean.is_none() {
                partition.isr.clear();
                partition.elr.clear();
            }
            partition.elr.remove(&id);
            partition.isr.insert(id);
        }
        if elected != partition.leader {
            partition.leader = elected;
            if bug != Some(Bug::SameLeaderEpoch) {
                partition.leader_epoch += 1;
            }
        }
    }
}

impl ControllerTurn<'_, '_> {
    pub(super) fn on_start(&mut self, saved: Option<&Registry>) {
        let registry = saved.cloned().unwrap_or_else(|| {
            let first = Registry::first(self.config);
            self.save(Storage::Controller(first.clone()));
            first
        });
        for broker in registry.brokers.keys() {
            self.watch(*broker);
        }
        *self.state.to_mut() = registry;
    }

    pub(super) fn on_msg(&mut self, msg: Msg) {
        match msg {
            Service::Peer(Peer::Register { epoch, clean }) => self.on_register(epoch, clean),
            Service::Peer(Peer::Heartbeat { epoch, version }) => self.on_heartbeat(epoch, version),
            Service::Peer(Peer::AlterPartition { leader_epoch, partition_epoch, isr }) => {
                self.on_alter_partition(leader_epoch, partition_epoch, &isr);
            }
            _ => {}
        }
    }

    /// A broker started. It leads nothing any more, and if it did not stop cleanly, it may have
    /// lost what was in its page cache, and so may not be elected (KIP-966).
    fn on_register(&mut self, epoch: u64, clean: Option<u64>) {
        let Some(known) = self.state.brokers.get(&self.src).copied() else { return };
        if epoch < known.epoch {
            return;
        }
        if epoch == known.epoch {
            return self.tell();
        }
        let is_clean =
            clean == Some(known.epoch) || clean.is_some() && self.has(Bug::KeepCleanMark);
        // Without a page cache there is nothing to lose.
        let has_all = is_clean || self.config.flush == Flush::EachAppend;
        let stays = has_all || self.has(Bug::UncleanStaysEligible);
        let src = self.src;
        self.decide(|registry| {
            registry.brokers.insert(src, Registration { epoch, fenced: true });
        });
        self.leave(src, (!stays).then_some(src));
    }

    /// A broker is alive.
    fn on_heartbeat(&mut self, epoch: u64, version: u64) {
        let src = self.src;
        let Some(known) = self.state.brokers.get(&src).copied() else { return };
        if epoch != known.epoch {
            return;
        }
        self.watch(src);
        if known.fenced && !self.has(Bug::NeverUnfence) {
            let Config { unclean, bug, .. } = *self.config;
            self.decide(|registry| {
                registry.brokers.insert(src, Registration { epoch, fenced: false });
                registry.elect(unclean, bug);
            });
            self.publish();
        } else if version < self.state.version {
            self.tell();
        }
    }

    /// The leader asks for other in-sync replicas. Only the leader may, and only of the partition as
    /// it is: a compare-and-set (KIP-497). Who joins must be alive (KIP-841), in the life that the
    /// leader heard (KIP-903).
    ///
    /// A request that is refused for who joins could be granted when it arrives again, and its
    /// leader would not count who joined: so a refusal is a partition epoch of its own.
    fn on_alter_partition(
        &mut self,
        leader_epoch: u64,
        partition_epoch: u64,
        isr: &BTreeMap<Id, u64>,
    ) {
        let partition = &self.state.partition;
        let is_leader =
            partition.leader == Some(self.src) && partition.leader_epoch == leader_epoch;
        let is_current = partition.epoch == partition_epoch || self.has(Bug::NoPartitionEpoch);
        if !is_leader || !is_current {
            return self.tell();
        }
        let mut joining = isr.iter().filter(|(id, _)| !partition.isr.contains(id));
        let admitted = joining.all(|(id, epoch)| self.is_admitted(*id, *epoch));
        if admitted {
            let isr = isr.keys().copied().collect();
            self.set_isr(isr, None);
        } else {
            self.decide(|registry| registry.partition.epoch += 1);
        }
        self.publish();
    }

    fn is_admitted(&self, id: Id, epoch: u64) -> bool {
        let Some(known) = self.state.brokers.get(&id) else { return false };
        let is_alive = !known.fenced || self.has(Bug::AdmitFenced);
        is_alive && (known.epoch == epoch || self.has(Bug::AdmitFormerLife))
    }

    /// A broker was silent for too long.
    pub(super) fn on_suspect_timer(&mut self, silent: Id) {
        if !self.state.is_unfenced(silent) {
            return;
        }
        self.decide(|registry| {
            registry.brokers.entry(silent).or_default().fenced = true;
        });
        self.leave(silent, None);
    }

    /// A broker that is fenced is not in sync, and does not lead.
    fn leave(&mut self, leaving: Id, struck: Option<Id>) {
        let mut isr = self.state.partition.isr.clone();
        isr.remove(&leaving);
        self.set_isr(isr, struck);
        let Config { unclean, bug, .. } = *self.config;
        self.decide(|registry| registry.elect(unclean, bug));
        self.publish();
    }

    /// Changes the in-sync replicas. While they are less than the minimum nothing is committed, so
    /// who leaves them then has all that is, and stays eligible, unless it is struck off.
    fn set_isr(&mut self, isr: BTreeSet<Id>, struck: Option<Id>) {
        let enough = isr.len() >= self.config.min_isr && !self.has(Bug::KeepEligible);
        let last_stands = self.has(Bug::LastReplicaStanding);
        self.decide(|registry| {
            let Partition { isr: old, elr, .. } = &mut registry.partition;
            if last_stands {
                if !isr.is_empty() {
                    *old = isr;
                }
                return;
            }
            let left = std::mem::replace(old, isr);
            elr.extend(left);
            elr.retain(|id| !enough && !old.contains(id) && Some(*id) != struck);
        });
    }

    /// Changes the registry; what changes of the partition is a partition epoch.
    fn decide(&mut self, change: impl FnOnce(&mut Registry)) {
        let registry = self.state.to_mut();
        let before = registry.partition.clone();
        change(registry);
        if registry.partition != before && registry.partition.epoch == before.epoch {
            registry.partition.epoch += 1;
        }
    }

    /// What was decided is durable, and everybody is told.
    fn publish(&mut self) {
        let new_version = !self.has(Bug::SameVersion);
        let registry = self.state.to_mut();
        registry.version += u64::from(new_version);
        let registry = registry.clone();
        self.save(Storage::Controller(registry.clone()));
        for broker in self.config.broker_ids() {
            self.send(broker, Peer::Metadata(registry.clone()));
        }
    }

    /// Tells the sender what was decided.
    fn tell(&mut self) {
        let registry = Registry::clone(self.state);
        self.answer(Peer::Metadata(registry));
    }

    /// Expects to hear from a broker in time.
    fn watch(&mut self, broker: Id) {
        self.set_timer(Timer::Suspect(broker), &self.config.timing.suspect);
    }
}
