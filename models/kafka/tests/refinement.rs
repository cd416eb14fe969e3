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
use crate::kafka::bounds::{Bounds, Fences, again, alternating, failover, outsider, produce};
use crate::kafka::bugs::Bug;
use crate::kafka::properties::{Actor, History};
use crate::kafka::{BrokerState, Partition, State};
use crate::world::{Cluster, View};
use stateright::Model;
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

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
    Replica {
        log: broker.log.records().iter().map(record).collect(),
        hw: broker.hw as usize,
        believes,
    }
}

/// What a state of a cluster without crashes is to the specification.
fn abstraction(world: &View<'_, Actor, History>) -> KafkaState {
    let nodes = world.nodes();
    let mut state = KafkaReplication { replicas: 0, ..SPECIFICATION }.initial();
    for (_, node) in nodes.up() {
        match node {
            State::Controller(registry) => state.quorum = leadership(&registry.partition),
            State::Broker(broker) => state.replicas.push(replica(broker)),
            State::Voter(_) | State::Client(_) => {}
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

/// A change that the specification speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    Write,
    Truncation,
    Fetch,
    Commit,
}

/// What a replica's log changed by, and whether the specification allows it; `None` if it says
/// nothing of it.
fn log_change(from: &KafkaState, to: &KafkaState, at: u8) -> Option<(Change, bool)> {
    let (old, new) = (&from.replica(at).log, &to.replica(at).log);
    if old == new {
        return None;
    }
    if from.presumes_leadership(at) && new.len() > old.len() {
        let epoch = from.replica(at).believes.epoch;
        let is_own = new.last().is_some_and(|record| Some(record.epoch) == epoch);
        let writes = SPECIFICATION.enabled(from).contains(&KafkaStep::Write(at));
        return Some((Change::Write, writes && is_own && new[..new.len() - 1] == old[..]));
    }
    let leader = leader_of(to, at)?;
    let leading = &from.replica(leader).log;
    if new.len() < old.len() {
        let same = |(one, other): &(&Record, &Record)| one == other;
        let agree = old.iter().zip(leading).take_while(same).count();
        return Some((Change::Truncation, new.len() >= agree && old.starts_with(new)));
    }
    let fetched = repeat(from.clone(), KafkaStep::Fetch(leader, at), |state| {
        state.replica(at).log.len() < new.len()
    });
    // In the specification a follower has truncated before it fetches: its log is a prefix.
    let is_fetched = fetched.is_some_and(|state| state.replica(at).log == *new);
    Some((Change::Fetch, is_fetched && leading.starts_with(new)))
}

/// The same of a leader's watermark.
fn commit(from: &KafkaState, to: &KafkaState, at: u8) -> Option<(Change, bool)> {
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
    Some((Change::Commit, commits.is_some()))
}

/// How many changes were compared with the specification, and the first that it does not allow.
#[derive(Debug, Default)]
struct Compared {
    allowed: BTreeMap<Change, usize>,
    forbidden: Option<(Change, String)>,
}

fn refine(cluster: &Cluster<Actor, History>) -> Compared {
    let mut seen = BTreeSet::new();
    let mut queue = VecDeque::from(cluster.init_states());
    let mut compared = Compared::default();
    while let Some(state) = queue.pop_front() {
        let from = abstraction(&state.view());
        for (action, next) in cluster.next_steps(&state) {
            if !cluster.within_boundary(&next) {
                continue;
            }
            let to = abstraction(&next.view());
            let changes =
                (0..3).flat_map(|at| [log_change(&from, &to, at), commit(&from, &to, at)]);
            for (change, is_allowed) in changes.flatten() {
                *compared.allowed.entry(change).or_default() += usize::from(is_allowed);
                if !is_allowed {
                    let told = format!("{action:?}: {from:?} to {to:?}");
                    return Compared { forbidden: Some((change, told)), ..compared };
                }
            }
            if seen.insert(next.fingerprint()) {
                queue.push_back(next);
            }
        }
    }
    compared
}

/// A broker leads without the record that another has, and appends others.
fn parting() -> Bounds {
    let fences = Fences::Each(1, 0);
    Bounds { clients: vec![(2, produce(2))], fences, ..alternating() }
}

#[test]
fn logs_and_watermarks_change_as_the_specification_says() {
    let mut allowed = BTreeMap::new();
    for bounds in [Bounds { lags: 1, ..outsider() }, failover(2)] {
        let compared = refine(&bounds.cluster(Vec::new(), None));
        assert_eq!(compared.forbidden, None);
        for (change, count) in compared.allowed {
            *allowed.entry(change).or_insert(0) += count;
        }
    }
    let changes = [Change::Write, Change::Truncation, Change::Fetch, Change::Commit];
    for change in changes {
        assert!(allowed.get(&change) > Some(&0), "no {change:?}: {allowed:?}");
    }
}

#[test]
fn the_comparison_notices_what_the_specification_forbids() {
    let bugs = [
        (Bug::TruncateToWatermark, failover(2), Change::Truncation),
        (Bug::TrustOffsets, parting(), Change::Fetch),
        (Bug::FetchWithoutEpoch, again(), Change::Fetch),
    ];
    for (bug, bounds, change) in bugs {
        let forbidden = refine(&bounds.cluster(Vec::new(), Some(bug))).forbidden;
        assert_eq!(forbidden.map(|(change, _)| change), Some(change), "{bug:?}");
    }
}

/// No bug makes a write wrong, and those that make a commit wrong are noticed before by a fetch.
#[test]
fn a_write_of_another_epoch_and_a_commit_without_a_member_are_forbidden() {
    let isr = Replicas::first(2);
    let believes = Leadership { epoch: Some(1), leader: Some(0), isr };
    let record = |epoch| Record { id: 17, epoch };
    let replica = |log, hw| Replica { log, hw, believes };
    let state = |leading, hw, following| KafkaState {
        replicas: vec![replica(leading, hw), replica(following, 0), replica(Vec::new(), 0)],
        quorum: believes,
        ..KafkaReplication { replicas: 0, ..SPECIFICATION }.initial()
    };
    let empty = || state(Vec::new(), 0, Vec::new());
    let written = |epoch| state(vec![record(epoch)], 0, Vec::new());
    assert_eq!(log_change(&empty(), &written(1), 0), Some((Change::Write, true)));
    assert_eq!(log_change(&empty(), &written(0), 0), Some((Change::Write, false)));
    let committed = |following| commit(&written(1), &state(vec![record(1)], 1, following), 0);
    assert_eq!(committed(vec![record(1)]), Some((Change::Commit, true)));
    assert_eq!(committed(Vec::new()), Some((Change::Commit, false)));
}
