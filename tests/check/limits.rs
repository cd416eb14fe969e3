//! Limits end a check as incomplete, with what was covered, and never as a success.

use quorate::check::{CheckError, Checker, Limits, Shortfall, Verdict};
use quorate::models::reference::{RegisterHistory, cluster_of, paxos, raft};
use quorate::models::world::{Cluster, NetworkKind, Setup};
use stateright::actor::register::RegisterActor;
use stateright::actor::{Actor, Id, Out};
use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn paxos(clients: usize) -> Cluster<RegisterActor<paxos::Server>, RegisterHistory> {
    cluster_of(paxos::servers(3), clients, NetworkKind::Multiset)
}

/// Checks Paxos with 3 clients within the limits, which must not suffice.
fn falls_short(limits: Limits, why: Shortfall) -> u64 {
    let cluster = paxos(3);
    let outcome = Checker::new(&cluster).threads(2).limits(limits).check().unwrap();
    assert_eq!(outcome.shortfall, Some(why));
    assert!(!outcome.holds());
    assert_eq!(outcome.property("linearizable").unwrap().verdict, Verdict::Incomplete);
    assert!(outcome.unique < 1_194_428);
    outcome.unique
}

#[test]
fn a_limit_on_states_is_no_success() {
    let states = Some(50_000);
    let unique = falls_short(Limits { states, ..Limits::default() }, Shortfall::States);
    assert!((50_000..60_000).contains(&unique), "{unique} states");
}

#[test]
fn a_limit_on_time_is_no_success() {
    let time = Some(Duration::from_millis(20));
    falls_short(Limits { time, ..Limits::default() }, Shortfall::Time);
}

#[test]
fn a_limit_on_memory_is_no_success_and_is_kept() {
    let memory = Some(12 << 20);
    let limits = Limits { memory, ..Limits::default() };
    falls_short(limits, Shortfall::Memory);
    // Also where a segment of the visited set grows last, and where words become narrower.
    let small = (12..28_usize).map(|half| (1 + half % 3, half as u64 / 2));
    for (threads, mib) in [(1, 3), (1, 12), (2, 12), (3, 13), (2, 20)].into_iter().chain(small) {
        let limits = Limits { memory: Some(mib << 20), ..limits };
        let cluster = paxos(3);
        let outcome = Checker::new(&cluster).threads(threads).limits(limits).check().unwrap();
        assert_eq!(outcome.shortfall, Some(Shortfall::Memory), "{threads} threads, {mib} MiB");
        assert!(outcome.memory <= mib << 20, "{} bytes of {mib} MiB", outcome.memory);
        assert!(outcome.unique > 1000, "{} states", outcome.unique);
    }
}

#[test]
fn limits_that_are_not_reached_change_nothing() {
    let limits = Limits {
        time: Some(Duration::from_mins(10)),
        states: Some(16_669),
        depth: Some(100),
        memory: Some(1 << 30),
    };
    let outcome = Checker::new(&paxos(2)).limits(limits).check().unwrap();
    assert!(outcome.holds(), "{:?}", outcome.shortfall);
}

#[test]
fn zero_threads_and_zero_limits_are_refused() {
    let cluster = paxos(1);
    let refused = |checker: Checker<'_>| checker.check().unwrap_err();
    assert_eq!(refused(Checker::new(&cluster).threads(0)), CheckError::ZeroThreads);
    let none = Limits::default();
    let zeros = [
        (Limits { time: Some(Duration::ZERO), ..none }, "time"),
        (Limits { states: Some(0), ..none }, "states"),
        (Limits { depth: Some(0), ..none }, "depth"),
        (Limits { memory: Some(0), ..none }, "memory"),
    ];
    for (limits, what) in zeros {
        let error = refused(Checker::new(&cluster).limits(limits));
        assert_eq!(error, CheckError::ZeroLimit(what));
        assert!(error.to_string().contains("a limit of 0"), "{error}");
    }
}

#[test]
fn stopping_tells_what_was_found_so_far() {
    let bounds = raft::Bounds { servers: 3, last_term: 2, down: 1, forgets_votes: true };
    let cluster = raft::cluster(bounds);
    let stop = AtomicBool::new(false);
    let outcome = Checker::new(&cluster)
        .threads(2)
        .run(&|progress| stop.store(progress.depth > 9, Ordering::Relaxed), &stop)
        .unwrap();
    assert_eq!(outcome.shortfall, Some(Shortfall::Stopped));
    let verdict = |name| &outcome.property(name).unwrap().verdict;
    assert!(matches!(verdict(raft::ELECTION_SAFETY), Verdict::Violated(_)), "{outcome:?}");
    assert!(matches!(verdict("an entry is committed"), Verdict::Reached(_)));
    assert_eq!(*verdict("committed entries agree"), Verdict::Incomplete);
}

#[test]
fn until_violation_stops_there_and_leaves_the_rest_undecided() {
    let bounds = raft::Bounds { servers: 3, last_term: 2, down: 1, forgets_votes: true };
    let counts = [1, 2].map(|threads| {
        let cluster = raft::cluster(bounds);
        let outcome = Checker::new(&cluster).threads(threads).until_violation().check().unwrap();
        assert_eq!(outcome.shortfall, Some(Shortfall::Violation));
        let trace = outcome.property(raft::ELECTION_SAFETY).unwrap().verdict.trace().unwrap();
        assert_eq!(trace.len() as u32, outcome.depth);
        assert!(!cluster.holds(0, trace.last()));
        (outcome.unique, outcome.generated)
    });
    assert_eq!(counts[0], counts[1]);
}

/// Keeps a heap of bytes, another in each of its states.
struct Hoarder(usize);

impl Actor for Hoarder {
    type Msg = ();
    type Timer = ();
    type State = Vec<u8>;
    type Storage = ();
    type Random = ();

    fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) -> Vec<u8> {
        o.send(id, ());
        vec![0; self.0]
    }

    fn on_msg(&self, id: Id, heap: &mut Cow<'_, Vec<u8>>, _: Id, (): (), o: &mut Out<Self>) {
        if heap[0] < 99 {
            heap.to_mut().iter_mut().for_each(|byte| *byte += 1);
            o.send(id, ());
        }
    }
}

#[test]
fn what_the_parts_hold_is_counted() {
    let told = [1_000, 400_000].map(|size| {
        let cluster = Setup::new([Hoarder(size)], 1, ()).cluster();
        let outcome = Checker::new(&cluster).check().unwrap();
        assert_eq!(outcome.unique, 100);
        outcome.memory
    });
    let held = told[1] - told[0];
    let expected = 100 * 399_000;
    assert!((expected..expected * 5 / 4).contains(&held), "{held} of {expected} bytes");
    // So a limit below that is reached, and kept but for one such part.
    let memory = Some(20 << 20);
    let cluster = Setup::new([Hoarder(400_000)], 1, ()).cluster();
    let checker = Checker::new(&cluster).limits(Limits { memory, ..Limits::default() });
    let outcome = checker.check().unwrap();
    assert_eq!(outcome.shortfall, Some(Shortfall::Memory));
    assert!(outcome.memory <= 20 << 20, "{} bytes", outcome.memory);
    assert!(outcome.unique > 30, "{} states", outcome.unique);
}

#[test]
fn too_many_threads_are_refused() {
    let error = Checker::new(&paxos(1)).threads(100_000_000).check().unwrap_err();
    assert_eq!(error, CheckError::TooManyThreads(100_000_000));
}
