//! Logs and watermarks change as in the abstract model under KIP-320, wherever the two mean the same.
//!
//! A fetch of the specification is one step: leader and follower are in one epoch when the record
//! arrives. Here the answer travels, and its leader may have been deposed meanwhile; and a watermark
//! may move by a fetch of a follower that has gone on to another epoch. Those steps are the
//! specification's, taken late, and are left out of the comparison. So are the rules of the in-sync
//! replicas, which are KIP-966's here.

use crate::kafka::abstract_model::{
    KafkaReplication, KafkaState, KafkaStep, Leadership, Record, Replica, Replicas, Truncation,
};
use crate::kafka::bounds::{Bounds, Fences, failover, outsider};
use crate::kafka::bugs::Bug;
use crate::kafka::properties::{Actor, History};
use crate::kafka::{BrokerState, Partition, State};
use crate::world::{Cluster, View};
use stateright::Model;
use stateright::actor::Id;
use std::collections::{BTreeSet, VecDeque};

const SPECIFICATION: KafkaReplication = KafkaReplication {
    replicas: 3,
    log_size: 8,
    max_records: u8::MAX,
    max_leader_epoch: u8::MAX - 1,
    rule: Truncation::Kip320,
};

fn number(broker: Id) -> u8 {
    usize::from(broker) as u8 - 1
}

fn leadership(partition: &Partition) -> Leadership {
    let isr = partition.isr.iter().map(|id| number(*id)).fold(Replicas::default(), Replicas::with);
    let (epoch, leader) = (Some(partition.leader_epoch as u8), partition.leader.map(number));
    Leadership { epoch, leader, isr }
}

fn replica(broker: &BrokerState) -> Replica {
    let record = |record: &crate::kafka::Record| Record {
        id: (16 * usize::from(record.producer)) as u8 + record.sequence as u8,
        epoch: record.epoch as u8,
    };
    let believes = leadership(broker.partition());
    Replica { log: broker.log.0.iter().map(record).collect(), hw: broker.hw as usize, believes }
}

/// What a state of a cluster without crashes is to the specification.
fn abstraction(world: &View<'_, Actor, History>) -> KafkaState {
    let nodes = world.nodes();
    let mut state = KafkaReplication { replicas: 0, ..SPECIFICATION }.initial();
    for (_, node) in nodes.up() {
        match node {
            State::Controller(registry) => state.quorum = leadership(&registry.partition),
            State::Broker(broker) => state.replicas.push(replica(broker)),
            State::Client(_) => {}
        }
    }
    while state.replicas.len() < 3 {
        let believes = Leadership { epoch: None, leader: None, isr: Replicas::default() };
        state.replicas.push(Replica { log: Vec::new(), hw: 0, believes });
    }
    state
}

/// The leader that a replica follows, if it leads in the same epoch.
fn leader_of(state: &KafkaState, replica: u8) -> Option<u8> {
    let believes = state.replica(replica).believes;
    let leader = believes.leader.filter(|leader| *leader != replica)?;
    let leads = state.presumes_leadership(leader);
    (leads && state.replica(leader).believes.epoch == believes.epoch).then_some(leader)
}

/// The specification takes this step, while it goes on, as often as `goes_on` says.
fn repeat(
    mut state: KafkaState,
    step: KafkaStep,
    goes_on: impl Fn(&KafkaState) -> bool,
) -> Option<KafkaState> {
    while goes_on(&state) {
        if !SPECIFICATION.enabled(&state).contains(&step) {
            return None;
        }
        state = KafkaReplication::after(state, step);
    }
    Some(state)
}

/// Whether a replica's log changed as the specification allows; `None` if it says nothing of it.
fn log_is_allowed(from: &KafkaState, to: &KafkaState, at: u8) -> Option<bool> {
    let (old, new) = (&from.replica(at).log, &to.replica(at).log);
    if old == new {
        return None;
    }
    if from.presumes_leadership(at) && new.len() > old.len() {
        let epoch = from.replica(at).believes.epoch;
        let is_own = new.last().is_some_and(|record| Some(record.epoch) == epoch);
        let writes = SPECIFICATION.enabled(from).contains(&KafkaStep::Write(at));
        return Some(writes && is_own && new[..new.len() - 1] == old[..]);
    }
    let leader = leader_of(to, at)?;
    if new.len() < old.len() {
        let same = |(one, other): &(&Record, &Record)| one == other;
        let agree = old.iter().zip(&from.replica(leader).log).take_while(same).count();
        return Some(new.len() >= agree && old.starts_with(new));
    }
    let fetched = repeat(from.clone(), KafkaStep::Fetch(leader, at), |state| {
        state.replica(at).log.len() < new.len()
    });
    Some(fetched.is_some_and(|state| state.replica(at).log == *new))
}

/// The same of a leader's watermark.
fn watermark_is_allowed(from: &KafkaState, to: &KafkaState, at: u8) -> Option<bool> {
    let hw = to.replica(at).hw;
    let leads = from.presumes_leadership(at) && to.presumes_leadership(at);
    let isr = to.replica(at).believes.isr;
    let in_epoch = |member: u8| member == at || leader_of(to, member) == Some(at);
    if !leads || hw <= from.replica(at).hw || !isr.iter().all(in_epoch) {
        return None;
    }
    let mut before = to.clone();
    before.replicas[usize::from(at)].hw = from.replica(at).hw;
    let commits = repeat(before, KafkaStep::Commit(at), |state| state.replica(at).hw < hw);
    Some(commits.is_some())
}

/// How many changes were compared with the specification, and the first that it does not allow.
fn refine(cluster: &Cluster<Actor, History>) -> (usize, Option<String>) {
    let mut seen = BTreeSet::new();
    let mut queue = VecDeque::from(cluster.init_states());
    let mut compared = 0;
    while let Some(state) = queue.pop_front() {
        let from = abstraction(&state.view());
        let mut actions = Vec::new();
        cluster.actions(&state, &mut actions);
        for action in actions {
            let Some(next) = cluster.next_state(&state, action.clone()) else { continue };
            if !cluster.within_boundary(&next) {
                continue;
            }
            let to = abstraction(&next.view());
            for at in 0..3 {
                let judged = [log_is_allowed(&from, &to, at), watermark_is_allowed(&from, &to, at)];
                compared += judged.iter().flatten().count();
                if judged.contains(&Some(false)) {
                    return (compared, Some(format!("{at}: {action:?}: {from:?} to {to:?}")));
                }
            }
            if seen.insert(next.fingerprint()) {
                queue.push_back(next);
            }
        }
    }
    (compared, None)
}

fn instances(bug: Option<Bug>) -> [Cluster<Actor, History>; 3] {
    let bounds = [
        Bounds { lags: 1, ..outsider() },
        failover(2),
        Bounds { fences: Fences::Each(1, 0), ..outsider() },
    ];
    bounds.map(|bounds| bounds.cluster(Vec::new(), bug))
}

#[test]
fn logs_and_watermarks_change_as_the_specification_says() {
    for cluster in instances(None) {
        let (compared, forbidden) = refine(&cluster);
        assert_eq!(forbidden, None);
        assert!(compared > 200, "only {compared} changes");
    }
}

#[test]
fn the_comparison_notices_what_the_specification_forbids() {
    for bug in [Bug::TruncateToWatermark, Bug::TakeOldAnswer] {
        let found = instances(Some(bug)).iter().find_map(|cluster| refine(cluster).1);
        assert!(found.is_some(), "{bug:?}");
    }
}
