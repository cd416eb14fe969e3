//! Checks by several processes, which are threads here: each finds what a check by one process finds.
//! Random systems are in `random/together.rs`; processes of their own in `tests/command`.

use quorate::check::{CheckError, Checker, Hosts, Limits, Outcome, Shortfall, Verdict};
use quorate::models::reference::{cluster_of, paxos, raft};
use quorate::models::world::{Checkable, Cluster, NetworkKind, Observer, Property};
use quorate::models::{primary_backup, two_phase_commit};
use std::thread;

/// Counts and verdicts, and what the steps of traces are called.
fn summary<A: Checkable, H: Observer<A::Msg>>(
    cluster: &Cluster<A, H>,
    outcome: &Outcome,
) -> String {
    let Outcome { unique, generated, expanded, depth, cut, shortfall, .. } = *outcome;
    let counts = format!("{unique} {generated} {expanded} {depth} {cut} {shortfall:?}");
    let told = outcome.properties.iter().map(|property| {
        let what = match &property.verdict {
            Verdict::Violated(trace) | Verdict::Reached(trace) => {
                format!("{:?}", trace.actions(cluster))
            }
            other => format!("{other:?}"),
        };
        format!("{}: {what}", property.name)
    });
    std::iter::once(counts).chain(told).collect::<Vec<_>>().join("\n")
}

/// What each of several processes makes of a check.
fn together<R: Send>(processes: usize, check: impl Fn(&Hosts) -> R + Sync) -> Vec<R> {
    thread::scope(|scope| {
        let check = &check;
        let all = Hosts::rehearsal(processes);
        let all: Vec<_> = all.into_iter().map(|hosts| scope.spawn(move || check(&hosts))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

/// Makes sure that several processes, with so many threads each, find what one finds.
fn same<A: Checkable, H: Observer<A::Msg>>(
    make: impl Fn() -> Cluster<A, H> + Sync,
    processes: usize,
    threads: usize,
) -> Outcome {
    let cluster = make();
    let one = Checker::new(&cluster).safety_only().check().unwrap();
    let expected = summary(&cluster, &one);
    let all = together(processes, |hosts| {
        let cluster = make();
        let checker = Checker::new(&cluster).threads(threads).safety_only();
        summary(&cluster, &checker.hosts(hosts).check().unwrap())
    });
    all.into_iter().for_each(|found| assert_eq!(found, expected));
    one
}

#[test]
fn three_processes_find_what_one_finds() {
    let paxos = || cluster_of(paxos::servers(3), 2, NetworkKind::Multiset);
    assert_eq!(same(paxos, 3, 1).unique, 16_668);
    let instances = primary_backup::instances::instances();
    let lossy = instances.iter().find(|one| one.name == "asynchronous").unwrap();
    let outcome = same(|| (lossy.cluster)(), 3, 2);
    assert_eq!(outcome.unique, lossy.expected.unique);
    assert!(matches!(outcome.property("linearizable").unwrap().verdict, Verdict::Violated(_)));
    let instances = two_phase_commit::instances::instances();
    let rivalry = instances.iter().find(|one| one.name == "rivalry").unwrap();
    assert_eq!(same(|| (rivalry.cluster)(), 2, 1).unique, rivalry.expected.unique);
}

#[test]
fn under_symmetry_too() {
    let bounds = raft::Bounds { servers: 3, last_term: 1, down: 1, forgets_votes: false };
    let all = together(4, |hosts| {
        let cluster = raft::cluster(bounds);
        let checker = Checker::symmetric(&cluster, raft::symmetry(bounds));
        let outcome = checker.hosts(hosts).check().unwrap();
        (outcome.unique, outcome.generated, outcome.holds())
    });
    assert_eq!(all, [(3_860, 18_378, true); 4]);
}

#[test]
fn a_limit_that_one_process_reaches_ends_the_check_of_all() {
    let all = together(3, |hosts| {
        let cluster = cluster_of(paxos::servers(3), 3, NetworkKind::Multiset);
        // So they may differ from process to process, as nothing else may.
        let memory = (hosts.number() == 1).then_some(5 << 20);
        let limits = Limits { memory, ..Limits::default() };
        let outcome = Checker::new(&cluster).limits(limits).hosts(hosts).check().unwrap();
        assert_eq!(outcome.property("linearizable").unwrap().verdict, Verdict::Incomplete);
        outcome.shortfall
    });
    assert_eq!(all, [Some(Shortfall::Memory); 3]);
    let all = together(2, |hosts| {
        let cluster = cluster_of(paxos::servers(3), 2, NetworkKind::Multiset);
        let limits = Limits { states: Some(5_000), ..Limits::default() };
        let outcome = Checker::new(&cluster).limits(limits).hosts(hosts).check().unwrap();
        (outcome.shortfall, outcome.unique)
    });
    assert_eq!(all[0], all[1]);
    assert!(all[0].0 == Some(Shortfall::States) && (5_000..6_000).contains(&all[0].1), "{all:?}");
}

#[test]
fn processes_that_check_something_else_notice() {
    let errors = together(2, |hosts| {
        let clients = 1 + hosts.number();
        let cluster = cluster_of(paxos::servers(3), clients, NetworkKind::Multiset);
        Checker::new(&cluster).hosts(hosts).check().unwrap_err().to_string()
    });
    for error in errors {
        assert!(error.contains("is about to check") && error.contains("same arguments"), "{error}");
    }
}

#[test]
fn a_process_that_is_lost_ends_the_check_of_the_others() {
    let found = together(3, |hosts| {
        let cluster = cluster_of(paxos::servers(3), 3, NetworkKind::Multiset);
        let stop = std::sync::atomic::AtomicBool::new(false);
        let leaves = |progress: quorate::check::Progress| {
            assert!(hosts.number() != 1 || progress.unique < 5_000, "leaves");
        };
        Checker::new(&cluster).hosts(hosts).run(&leaves, &stop).unwrap_err()
    });
    assert!(matches!(&found[1], CheckError::Panic(said) if said.contains("leaves")), "{found:?}");
    for other in [&found[0], &found[2]] {
        assert!(matches!(other, CheckError::Hosts(said) if said.contains("is lost")), "{other:?}");
    }
}

#[test]
fn liveness_is_refused() {
    let [error] = &together(1, |hosts| {
        let is_live =
            |property: &Property<_, _>| matches!(property.kind.name(), "leads-to" | "eventually");
        let all = two_phase_commit::instances::instances().into_iter();
        let mut clusters = all.map(|instance| (instance.cluster)());
        let cluster = clusters.find(|one| one.properties().iter().any(is_live)).unwrap();
        Checker::new(&cluster).hosts(hosts).check().map(|_| ()).unwrap_err()
    })[..] else {
        unreachable!()
    };
    assert!(matches!(error, CheckError::NotByHosts(_)), "{error:?}");
}
