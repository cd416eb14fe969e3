//! The engine and stateright's own BFS agree: unique and generated states, verdicts, and the
//! lengths of shortest counterexamples. And the engine agrees with itself on any number of
//! threads.

use quorate::check::{Checker, Outcome, Verdict};
use quorate::models::reference::{abd, alarm, cluster_of, paxos, raft, stateright_model_of};
use quorate::models::world::{Checkable, Cluster, NetworkKind, Observer};
use stateright::{Checker as _, HasDiscoveries, Model};
use std::collections::BTreeSet;
use std::hash::Hash;

/// Unique states, generated states, and the discovered properties.
type Summary = (u64, u64, BTreeSet<&'static str>);

fn of_stateright<M>(model: M) -> Summary
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Hash + PartialEq + Send + Sync,
    M::Action: Clone + PartialEq + Send + Sync,
{
    // Never stop early: the counts are of the whole space.
    let never = HasDiscoveries::AllOf(["nothing has this name"].into());
    let checker = model.checker().finish_when(never).threads(2).spawn_bfs().join();
    let discovered = checker.discoveries().into_keys().collect();
    (checker.unique_state_count() as u64, checker.state_count() as u64, discovered)
}

/// Whether stateright discovers the property among the states of at most so many steps.
fn discovers<M>(model: M, property: &'static str, steps: usize) -> bool
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Hash + PartialEq + Send + Sync,
    M::Action: Clone + PartialEq + Send + Sync,
{
    // Stateright counts states rather than steps, and leaves out those at the bound. (It keeps
    // the last discovery, not the first, so its own paths are not shortest.)
    let it = HasDiscoveries::AllOf([property].into());
    let checker = model.checker().finish_when(it).target_max_depth(steps + 2).spawn_bfs().join();
    checker.discoveries().contains_key(property)
}

fn summary(outcome: &Outcome) -> Summary {
    assert_eq!(outcome.shortfall, None);
    let found = outcome.properties.iter().filter(|property| property.verdict.trace().is_some());
    (outcome.unique, outcome.generated, found.map(|property| property.name).collect())
}

/// Checks with 1, 2 and 4 threads, which must give the same.
fn checked<A, H>(
    make: impl Fn() -> Cluster<A, H>,
    until_violation: bool,
) -> (Cluster<A, H>, Outcome)
where
    A: Checkable,
    H: Observer<A::Msg>,
{
    let runs = [1, 2, 4].map(|threads| {
        // Ids depend on the order of arrival, so each run has a cluster of its own.
        let cluster = make();
        let mut checker = Checker::new(&cluster).threads(threads);
        if until_violation {
            checker = checker.until_violation();
        }
        let outcome = checker.check().unwrap();
        drop(checker);
        (cluster, outcome)
    });
    let told = |(cluster, outcome): &(Cluster<A, H>, Outcome)| {
        let traces: Vec<_> = (outcome.properties.iter())
            .map(|p| format!("{:?}", p.verdict.trace().map(|trace| trace.actions(cluster))))
            .collect();
        (outcome.unique, outcome.generated, outcome.depth, traces)
    };
    assert_eq!(told(&runs[0]), told(&runs[1]), "left: one thread, right: two");
    assert_eq!(told(&runs[0]), told(&runs[2]), "left: one thread, right: four");
    let [run, ..] = runs;
    run
}

/// Traces are shortest if stateright discovers the property at their length and not below.
fn are_shortest<M>(outcome: &Outcome, theirs: impl Fn() -> M)
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Hash + PartialEq + Send + Sync,
    M::Action: Clone + PartialEq + Send + Sync,
{
    for property in &outcome.properties {
        let Some(trace) = property.verdict.trace() else { continue };
        assert!(discovers(theirs(), property.name, trace.len()), "{}", property.name);
        let shorter = !trace.is_empty() && discovers(theirs(), property.name, trace.len() - 1);
        assert!(!shorter, "{}: {} steps are not the fewest", property.name, trace.len());
    }
}

fn agrees<A, H, M>(make: impl Fn() -> Cluster<A, H>, theirs: impl Fn() -> M) -> Outcome
where
    A: Checkable,
    H: Observer<A::Msg>,
    M: Model + Send + Sync + 'static,
    M::State: Clone + Hash + PartialEq + Send + Sync,
    M::Action: Clone + PartialEq + Send + Sync,
{
    let (_, outcome) = checked(make, false);
    assert_eq!(
        summary(&outcome),
        of_stateright(theirs()),
        "left: the engine, right: stateright's ActorModel"
    );
    are_shortest(&outcome, theirs);
    outcome
}

#[test]
fn paxos_with_2_clients_agrees() {
    let network = NetworkKind::Multiset;
    let outcome = agrees(
        || cluster_of(paxos::servers(3), 2, network),
        || stateright_model_of(paxos::servers(3), 2, network),
    );
    assert_eq!(outcome.unique, 16_668);
    assert!(outcome.holds());
}

#[test]
fn paxos_with_3_clients_has_the_published_count() {
    let cluster = cluster_of(paxos::servers(3), 3, NetworkKind::Multiset);
    let outcome = Checker::new(&cluster).threads(2).check().unwrap();
    assert_eq!((outcome.unique, outcome.generated), (1_194_428, 2_420_477));
    assert!(outcome.holds());
    assert!(outcome.collision_probability() < 1e-7);
}

#[test]
fn abd_on_ordered_links_agrees() {
    let network = NetworkKind::Ordered;
    agrees(
        || cluster_of(abd::servers(2), 3, network),
        || stateright_model_of(abd::servers(2), 3, network),
    );
}

#[test]
fn abd_on_the_multiset_agrees() {
    let network = NetworkKind::Multiset;
    agrees(
        || cluster_of(abd::servers(2), 2, network),
        || stateright_model_of(abd::servers(2), 2, network),
    );
}

#[test]
fn timers_crashes_and_losses_agree() {
    agrees(|| alarm::cluster(3, 1), || alarm::stateright_model(3, 1));
}

const RAFT: raft::Bounds = raft::Bounds { servers: 3, last_term: 1, down: 1, forgets_votes: false };

#[test]
fn raft_agrees() {
    let outcome = agrees(|| raft::cluster(RAFT), || raft::stateright_model(RAFT));
    assert!(outcome.holds());
    assert!(outcome.unique > 5_000, "{} states are too few to show anything", outcome.unique);
}

#[test]
fn raft_that_forgets_votes_is_caught_by_a_shortest_trace() {
    let bounds = raft::Bounds { forgets_votes: true, ..RAFT };
    let (cluster, outcome) = checked(|| raft::cluster(bounds), true);
    are_shortest(&outcome, || raft::stateright_model(bounds));
    let Some(Verdict::Violated(trace)) =
        outcome.property(raft::ELECTION_SAFETY).map(|p| &p.verdict)
    else {
        panic!("two leaders were not found: {outcome:?}");
    };
    let crashes =
        trace.actions(&cluster).into_iter().filter(|a| format!("{a:?}").starts_with("crash"));
    assert_eq!(crashes.count(), 1, "the one crash that forgets");
}
