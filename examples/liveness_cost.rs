//! What liveness costs on top of safety, on Paxos with 3 clients and on a Raft of 22,772 states:
//! `cargo run --release --example liveness_cost`.

#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on fails")]

use quorate::check::{Checker, Fairness, Outcome};
use quorate::models::world::{Checkable, Cluster, Condition, NetworkKind, Observer, Property};
use quorate::models::yardsticks::{paxos, raft, setup_of};
use std::time::Duration;

/// The best of three, each on a cluster that knows nothing yet.
fn best<A: Checkable, H: Observer<A::Msg>>(
    make: impl Fn() -> Cluster<A, H>,
    check: impl Fn(&Cluster<A, H>) -> Outcome,
) -> Duration {
    let times = (0..3).map(|_| check(&make()).elapsed);
    times.min().unwrap_or_default()
}

fn compare<A: Checkable, H: Observer<A::Msg>>(name: &str, make: impl Fn() -> Cluster<A, H>) {
    let safety = best(&make, |cluster| Checker::new(cluster).safety_only().check().unwrap());
    let liveness = best(&make, |cluster| {
        let outcome = Checker::new(cluster).fairness(Fairness::default()).check().unwrap();
        assert!(outcome.liveness.unwrap().steps > outcome.unique);
        outcome
    });
    let ratio = liveness.as_secs_f64() / safety.as_secs_f64();
    println!("{name}: safety {safety:.3?}, with liveness {liveness:.3?}, {ratio:.2} times");
}

fn main() {
    let bounds = raft::Bounds { servers: 3, last_term: 1, down: 1, forgets_votes: false };
    compare("raft", || {
        let leads = |state: &raft::State| matches!(state.role, raft::Role::Leader(_));
        let led = Condition::some_node(move |node| node.state().is_some_and(leads));
        raft::setup(bounds).property(Property::eventually("led", led)).cluster()
    });
    compare("paxos", || {
        setup_of(paxos::servers(3), 3, NetworkKind::Multiset)
            .property(Property::eventually(
                "everything is delivered",
                Condition::world(|view| view.envelopes().next().is_none()),
            ))
            .cluster()
    });
}
