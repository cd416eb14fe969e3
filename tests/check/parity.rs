//! The world agrees with stateright's own `ActorModel`: the same actors, the same rules, the
//! same unique and generated states and the same verdicts.

use quorate::models::reference::{abd, alarm, cluster_of, paxos, stateright_model_of};
use quorate::models::world::{Checkable, Cluster, NetworkKind, Observer};
use stateright::{Checker, HasDiscoveries, Model};
use std::hash::Hash;

/// Unique states, generated states, and the names of the discovered properties.
type Outcome = (usize, usize, Vec<&'static str>);

fn checked<M>(model: M) -> Outcome
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Hash + PartialEq + Send + Sync,
    M::Action: Clone + PartialEq + Send + Sync,
{
    // Never stop early: the counts are of the whole space.
    let never = HasDiscoveries::AllOf(["nothing has this name"].into());
    let checker = model.checker().finish_when(never).threads(2).spawn_bfs().join();
    let mut discovered: Vec<_> = checker.discoveries().into_keys().collect();
    discovered.sort_unstable();
    (checker.unique_state_count(), checker.state_count(), discovered)
}

fn same<A, H, M>(ours: Cluster<A, H>, theirs: M) -> Outcome
where
    A: Checkable,
    H: Observer<A::Msg>,
    M: Model + Send + Sync + 'static,
    M::State: Clone + Hash + PartialEq + Send + Sync,
    M::Action: Clone + PartialEq + Send + Sync,
{
    let (ours, theirs) = (checked(ours), checked(theirs));
    assert_eq!(ours, theirs, "left: the world, right: stateright's ActorModel");
    ours
}

#[test]
fn paxos_with_2_clients_has_the_published_count() {
    let network = NetworkKind::Multiset;
    let (unique, _, discovered) = same(
        cluster_of(paxos::servers(3), 2, network),
        stateright_model_of(paxos::servers(3), 2, network),
    );
    assert_eq!(unique, 16_668, "stateright's documentation says so of its example");
    assert_eq!(discovered, ["value chosen"]);
}

#[test]
fn paxos_with_3_clients_has_the_published_count() {
    let network = NetworkKind::Multiset;
    let (unique, generated, discovered) = same(
        cluster_of(paxos::servers(3), 3, network),
        stateright_model_of(paxos::servers(3), 3, network),
    );
    assert_eq!((unique, generated), (1_194_428, 2_420_477));
    assert_eq!(discovered, ["value chosen"]);
}

#[test]
fn abd_on_ordered_links_agrees() {
    let network = NetworkKind::Ordered;
    let (unique, _, discovered) = same(
        cluster_of(abd::servers(2), 3, network),
        stateright_model_of(abd::servers(2), 3, network),
    );
    assert!(unique > 5_000, "{unique} states are too few to show anything");
    assert_eq!(discovered, ["value chosen"]);
}

#[test]
fn timers_crashes_and_losses_agree() {
    let (unique, ..) = same(alarm::cluster(3, 1), alarm::stateright_model(3, 1));
    assert!(unique > 5_000, "{unique} states are too few to show anything");
}
