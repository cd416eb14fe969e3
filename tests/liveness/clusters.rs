//! Liveness of clusters: one node asks another, over links that lose messages, past crashes.

use quorate::check::{Behaviour, Checker, Fairness, Outcome, Verdict};
use quorate::models::world::{Cluster, Condition, Faults, NetworkKind, Property, Setup};
use stateright::actor::{Actor, Id, Out, model_timeout};
use std::borrow::Cow;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Msg {
    Ask,
    Answer,
}

/// Node 0 answers, node 1 asks.
#[derive(Clone, Debug)]
enum Peer {
    Answers,
    Asks { again: bool },
}

impl Actor for Peer {
    type Msg = Msg;
    type Timer = ();
    /// Whether it has the answer.
    type State = bool;
    type Storage = ();
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> bool {
        if let Self::Asks { again } = self {
            o.send(Id::from(0), Msg::Ask);
            if *again {
                o.set_timer((), model_timeout());
            }
        }
        false
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, bool>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match msg {
            Msg::Ask => o.send(src, Msg::Answer),
            Msg::Answer if !**state => {
                *state.to_mut() = true;
                o.cancel_timer(());
            }
            Msg::Answer => {}
        }
    }

    fn on_timeout(&self, _: Id, _: &mut Cow<'_, bool>, (): &(), o: &mut Out<Self>) {
        o.send(Id::from(0), Msg::Ask);
        o.set_timer((), model_timeout());
    }
}

fn asking(again: bool) -> Setup<Peer, ()> {
    let has_answer = || Condition::some_node(|node| node.state() == Some(&true));
    Setup::new([Peer::Answers, Peer::Asks { again }], 1, ())
        .property(Property::eventually("answered", has_answer()))
        .property(Property::leads_to(
            "a crash does not matter",
            Condition::each_node(|node| usize::from(node.id) != 0 || node.state().is_none()),
            has_answer(),
        ))
}

fn check(cluster: &Cluster<Peer, ()>, fairness: Fairness) -> Outcome {
    let [one, two] = [1, 2]
        .map(|threads| Checker::new(cluster).threads(threads).fairness(fairness).check().unwrap());
    let told = |outcome: &Outcome| {
        let stem = |trace: &Behaviour| trace.cycle;
        outcome.properties.iter().map(|p| p.verdict.trace().map(stem)).collect::<Vec<_>>()
    };
    assert_eq!(told(&one), told(&two), "left: one thread, right: two");
    one
}

fn lasso<'a>(outcome: &'a Outcome, name: &str) -> &'a Behaviour {
    match &outcome.property(name).unwrap().verdict {
        Verdict::Violated(trace) => trace,
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn a_question_is_answered_where_nothing_is_lost() {
    for network in [NetworkKind::Set, NetworkKind::Multiset, NetworkKind::Ordered] {
        let cluster = asking(false).network(network).cluster();
        let outcome = check(&cluster, Fairness::default());
        assert!(outcome.holds(), "{network:?}: {outcome:?}");
    }
}

#[test]
fn without_any_promise_nothing_happens() {
    let cluster = asking(true).cluster();
    let trace_of = check(&cluster, Fairness::none());
    assert!(lasso(&trace_of, "answered").is_empty());
}

#[test]
fn a_question_that_is_lost_and_not_repeated_is_not_answered() {
    let cluster = asking(false).lossy(true).cluster();
    let outcome = check(&cluster, Fairness::lossy());
    let trace = lasso(&outcome, "answered");
    assert_eq!((trace.len(), trace.cycle), (1, Some(1)), "lost, and nothing more happens");
    let actions = trace.actions(&cluster);
    assert_eq!(format!("{actions:?}"), "[lost: 1 → 0: Ask]");
}

#[test]
fn a_question_that_is_repeated_is_answered_though_links_lose_messages() {
    let cluster = asking(true).lossy(true).cluster();
    assert!(check(&cluster, Fairness::lossy()).holds());
}

#[test]
fn weak_fairness_lets_a_link_lose_every_message() {
    let cluster = asking(true).lossy(true).cluster();
    let outcome = check(&cluster, Fairness::default());
    let trace = lasso(&outcome, "answered");
    let start = trace.cycle.unwrap();
    let cycle: Vec<_> =
        trace.actions(&cluster)[start..].iter().map(|action| format!("{action:?}")).collect();
    // Of the question or of the answer: whichever it is, none ever comes through.
    let lost = cycle.iter().find_map(|action| action.strip_prefix("lost: ")).unwrap();
    assert!(cycle.iter().all(|action| action != lost), "{cycle:?}");
    assert_eq!(trace.states[start], *trace.states.last().unwrap(), "the cycle closes");
}

#[test]
fn states_cut_off_by_the_boundary_are_counted_and_no_violation() {
    let cluster = asking(true)
        .lossy(true)
        .network(NetworkKind::Multiset)
        .boundary(Condition::world(|view| view.envelopes().count() <= 3))
        .cluster();
    let outcome = check(&cluster, Fairness::lossy());
    assert!(outcome.holds(), "{outcome:?}");
    assert!(outcome.liveness.unwrap().cut > 0);
}

fn crashing(restarts: u8) -> Cluster<Peer, ()> {
    let faults = Faults { crashes: 1, restarts, ..Faults::default() };
    asking(true).lossy(true).faults(faults).cluster()
}

#[test]
fn a_crash_without_restart_blocks() {
    let cluster = crashing(0);
    let outcome = check(&cluster, Fairness::lossy());
    let trace = lasso(&outcome, "a crash does not matter");
    let actions = format!("{:?}", trace.actions(&cluster));
    assert!(actions.contains("crash of 0"), "{actions}");
}

#[test]
fn a_crash_with_restart_does_not() {
    assert!(check(&crashing(1), Fairness::lossy()).holds());
}
