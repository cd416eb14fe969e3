//! The abstract model of Kafka's replication: the TLA+ module *`KafkaReplication`* of Gustafson
//! (2018) and the modules that extend it, one for each rule by which a follower truncates its log.
//!
//! One partition. Replicas have logs and what they believe of the partition; the controller's
//! decisions are the `quorum` and the set of all requests that it ever sent. Writing the in-sync
//! replicas is one atomic step, and so is a fetch with its answer; nobody crashes. So it shows what
//! KIP-101, KIP-279 and KIP-320 are about, truncation, and nothing of what came later. Steps are
//! exactly the specification's, repetitions included, so that the numbers of distinct and of
//! generated states are those that TLC reports.
//!
//! A step that TLC generates twice, because two of its disjuncts hold, is here two steps
//! ([`Because`]).

pub mod bounds;
mod steps;
#[cfg(test)]
mod tests;

use crate::statements;
use stateright::{Model, Property};
use std::collections::BTreeSet;
use std::fmt;

/// How a follower truncates its log, and what leaders ask of followers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truncation {
    /// To its own high watermark, on every change of leader: before KIP-101.
    HighWatermark,
    /// To where the leader's records of larger epochs begin: KIP-101.
    Kip101,
    /// To where the two logs part: KIP-279.
    Kip279,
    /// As KIP-279, at any time; fetches say the epoch of the last record: KIP-320's first try.
    Kip320FirstTry,
    /// As KIP-279, and leader and follower must be in one leader epoch: KIP-320.
    Kip320,
}

/// The specification within bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KafkaReplication {
    /// How many replicas; at most 8.
    pub replicas: u8,
    /// How many records a log holds: `LogSize`.
    pub log_size: usize,
    /// How many records are written in all: `MaxRecords`.
    pub max_records: u8,
    /// The last leader epoch, from 0: `MaxLeaderEpoch`.
    pub max_leader_epoch: u8,
    /// The rule.
    pub rule: Truncation,
}

/// A set of replicas.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Replicas(u8);

impl Replicas {
    /// The first so many replicas.
    pub fn first(count: u8) -> Self {
        (0..count).fold(Self::default(), Self::with)
    }

    /// Whether a replica is in it.
    pub fn contains(self, replica: u8) -> bool {
        self.0 >> replica & 1 == 1
    }

    /// The set and a replica.
    #[must_use]
    pub fn with(self, replica: u8) -> Self {
        Self(self.0 | 1 << replica)
    }

    /// The set without a replica.
    #[must_use]
    pub fn without(self, replica: u8) -> Self {
        Self(self.0 & !(1 << replica))
    }

    /// Its members.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..8).filter(move |replica| self.contains(*replica))
    }
}

impl fmt::Debug for Replicas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// A record of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Record {
    /// No other write has it.
    pub id: u8,
    /// The leader epoch in which it was written.
    pub epoch: u8,
}

/// Who leads, in which epoch, with which in-sync replicas: `quorumState`, and a request of the
/// controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Leadership {
    /// The leader epoch; none before the first.
    pub epoch: Option<u8>,
    /// The leader.
    pub leader: Option<u8>,
    /// The in-sync replicas.
    pub isr: Replicas,
}

/// A replica: `replicaState[r]` and `replicaLog[r]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Replica {
    /// Its log.
    pub log: Vec<Record>,
    /// Its high watermark: the offset after the last record that it believes committed.
    pub hw: usize,
    /// What it believes of the partition.
    pub believes: Leadership,
}

/// A state of the specification.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KafkaState {
    /// The replicas.
    pub replicas: Vec<Replica>,
    /// The id of the next record.
    pub next_record: u8,
    /// The next leader epoch.
    pub next_epoch: u8,
    /// All requests that the controller sent: `leaderAndIsrRequests`.
    pub requests: BTreeSet<Leadership>,
    /// What the controller decided: `quorumState`.
    pub quorum: Leadership,
}

/// Why a step is possible, where TLC counts it once for each reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Because {
    /// The follower's log is empty.
    Empty,
    /// The two logs agree up to the offset.
    Agrees,
    /// The follower is not in the leader's epoch.
    Fenced,
    /// The follower has less than the leader, or does not follow.
    Behind,
}

/// A step of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KafkaStep {
    /// `ControllerElectLeader`.
    Elect(u8),
    /// `ControllerShrinkIsr`.
    ControllerShrink(u8),
    /// `BecomeLeader`.
    BecomeLeader(Leadership),
    /// `LeaderWrite`.
    Write(u8),
    /// `LeaderIncHighWatermark`: the leader.
    Commit(u8),
    /// `LeaderShrinkIsr`: the leader, and who leaves.
    Shrink(u8, u8, Because),
    /// `LeaderExpandIsr`: the leader, and who joins.
    Expand(u8, u8),
    /// `BecomeFollower…`: the replica, the request, and the offset to which it truncates.
    BecomeFollower(u8, Leadership, usize, Because),
    /// `FollowerReplicate`: the leader and the follower.
    Fetch(u8, u8),
    /// `FollowerTruncate`: the leader and the follower.
    Truncate(u8, u8),
}

impl KafkaReplication {
    /// The one initial state.
    pub fn initial(&self) -> KafkaState {
        let nobody = Leadership { epoch: None, leader: None, isr: Replicas::default() };
        let replica = Replica { log: Vec::new(), hw: 0, believes: nobody };
        KafkaState {
            replicas: vec![replica; usize::from(self.replicas)],
            next_record: 0,
            next_epoch: 0,
            requests: BTreeSet::new(),
            quorum: Leadership { isr: Replicas::first(self.replicas), ..nobody },
        }
    }
}

impl KafkaState {
    /// The replica with this number.
    pub fn replica(&self, replica: u8) -> &Replica {
        &self.replicas[usize::from(replica)]
    }

    /// Whether a replica believes that it leads.
    pub fn presumes_leadership(&self, replica: u8) -> bool {
        self.follows(replica, replica)
    }

    /// Whether a replica believes that `leader` leads.
    pub fn follows(&self, replica: u8, leader: u8) -> bool {
        self.replica(replica).believes.leader == Some(leader)
    }

    /// The replicas that believe that they lead.
    fn leaders(&self) -> impl Iterator<Item = u8> {
        (0..self.replicas.len() as u8).filter(|replica| self.presumes_leadership(*replica))
    }

    /// Whether what is below a leader's watermark is at all of these.
    fn is_at_all(&self, leader: u8, isr: Replicas) -> bool {
        let Replica { log, hw, .. } = self.replica(leader);
        *hw == 0
            || log.len() >= *hw
                && isr.iter().all(|member| self.replica(member).log.get(..*hw) == Some(&log[..*hw]))
    }

    /// `WeakIsr`: what is below a presumed leader's watermark is at every member of the in-sync
    /// replicas in which it believes.
    pub fn weak_isr(&self) -> bool {
        self.leaders().all(|leader| self.is_at_all(leader, self.replica(leader).believes.isr))
    }

    /// `StrongIsr`: what is below a presumed leader's watermark is at every member of the true
    /// in-sync replicas, from which the next leader is elected.
    pub fn strong_isr(&self) -> bool {
        self.leaders().all(|leader| self.is_at_all(leader, self.quorum.isr))
    }
}

statements! {
    pub WEAK_ISR = "weak-isr",
        "each record below a leader's watermark is at every member of the in-sync replicas in which it believes",
        "Gustafson 2018, WeakIsr";
    pub STRONG_ISR = "strong-isr",
        "each record below a leader's watermark is at every member of the true in-sync replicas",
        "Gustafson 2018, StrongIsr";
    pub LEADER_IN_ISR = "leader-in-isr", "a leader that was elected is in sync",
        "Gustafson 2018, LeaderInIsr";
    pub COMMITTED_LATER = "committed-after-failover",
        "a leader after the first has committed a record of its own epoch";
    pub PARTED = "logs-parted", "two replicas have different records at the same offset";
}

impl Model for KafkaReplication {
    type State = KafkaState;
    type Action = KafkaStep;

    fn init_states(&self) -> Vec<KafkaState> {
        vec![self.initial()]
    }

    fn actions(&self, state: &KafkaState, actions: &mut Vec<KafkaStep>) {
        actions.extend(self.enabled(state));
    }

    fn next_state(&self, state: &KafkaState, step: KafkaStep) -> Option<KafkaState> {
        Some(Self::after(state.clone(), step))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(WEAK_ISR.name, |_: &Self, state: &KafkaState| state.weak_isr()),
            Property::always(STRONG_ISR.name, |_: &Self, state: &KafkaState| state.strong_isr()),
            Property::always(
                LEADER_IN_ISR.name,
                |_: &Self, KafkaState { quorum, .. }: &KafkaState| {
                    quorum.leader.is_none_or(|leader| quorum.isr.contains(leader))
                },
            ),
            Property::sometimes(COMMITTED_LATER.name, |_: &Self, state: &KafkaState| {
                state.leaders().any(|leader| {
                    let Replica { log, hw, .. } = state.replica(leader);
                    log[..(*hw).min(log.len())].iter().any(|record| record.epoch > 0)
                })
            }),
            Property::sometimes(PARTED.name, |_: &Self, state: &KafkaState| {
                let first = |replica: &Replica| replica.log.first().copied();
                let firsts: BTreeSet<_> = state.replicas.iter().filter_map(first).collect();
                firsts.len() > 1
            }),
        ]
    }
}
