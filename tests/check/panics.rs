//! A panic is a violation like any other: reported once, with its shortest path, by any number of
//! threads, and the check goes on.

use quorate::catalogue::Subject;
use quorate::check::report::Report;
use quorate::check::{Checker, Engine, NO_PANIC, Options, Outcome, Shortfall, Verdict};
use quorate::models::world::{
    Checkable, Cluster, Condition, Faults, NetworkKind, NodeOf, Observer, Process, Property, Setup,
    Symmetry,
};
use quorate::models::{Expected, Instance, Mutant};
use stateright::actor::{Actor, Envelope, Id, Out};
use std::borrow::Cow;
use std::ops::Range;

/// When the actor panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Never,
    Start,
    Restart,
    /// When it is sent this.
    Message(u8),
    Timeout,
    Choice,
}

/// Node 0 sends 0 to node 1, they pass on one more each time, up to 4, and then set a timer.
#[derive(Clone)]
struct Passing(When);

impl Actor for Passing {
    type Msg = u8;
    type Timer = ();
    type State = u8;
    type Storage = ();
    type Random = bool;

    fn on_start(&self, id: Id, saved: &Option<()>, o: &mut Out<Self>) -> u8 {
        assert!(self.0 != When::Start, "it cannot start");
        assert!(self.0 != When::Restart || saved.is_none(), "it cannot start again");
        if id == Id::from(0) {
            o.send(Id::from(1), 0);
        }
        0
    }

    fn on_msg(&self, id: Id, held: &mut Cow<'_, u8>, _: Id, number: u8, o: &mut Out<Self>) {
        assert!(self.0 != When::Message(number), "{number} is too much");
        if **held > number {
            return;
        }
        *held.to_mut() = number + 1;
        if number < 4 {
            o.save(());
            o.send(Id::from(1 - usize::from(id)), number + 1);
        } else {
            o.set_timer((), Range::default());
        }
    }

    fn on_timeout(&self, _: Id, held: &mut Cow<'_, u8>, (): &(), o: &mut Out<Self>) {
        assert!(self.0 != When::Timeout, "too late");
        *held.to_mut() = 9;
        o.choose_random("coin", vec![true, false]);
    }

    fn on_random(&self, _: Id, held: &mut Cow<'_, u8>, coin: &bool, _: &mut Out<Self>) {
        assert!(self.0 != When::Choice || *coin, "heads");
        *held.to_mut() = 10;
    }
}

fn setup(when: When) -> Setup<Passing, ()> {
    let low = |node: &NodeOf<Passing>| node.state().is_none_or(|held| *held <= 10);
    Setup::new([Passing(when), Passing(when)], 2, ())
        .property(Property::always("low", Condition::each_node(low)))
        .property(Property::sometimes("two", Condition::some_node(|node| node.state() == Some(&2))))
}

fn restarting(when: When) -> Setup<Passing, ()> {
    setup(when).faults(Faults { crashes: 1, restarts: 1, ..Faults::default() })
}

/// Checks with one, two and four threads; the steps of the panic's trace, and what it said.
fn panics<A: Checkable, H: Observer<A::Msg>>(
    make: impl Fn() -> Cluster<A, H>,
) -> (Outcome, Vec<String>, String) {
    let runs = [1, 2, 4].map(|threads| {
        let cluster = make();
        let outcome = Checker::new(&cluster).threads(threads).check().unwrap();
        assert!(!outcome.holds());
        assert_eq!(outcome.shortfall, None, "the search goes on");
        let Some(Verdict::Violated(trace)) = outcome.property(NO_PANIC.name).map(|p| &p.verdict)
        else {
            panic!("no panic is reported: {outcome:?}");
        };
        let actions: Vec<_> =
            trace.actions(&cluster).iter().map(|action| format!("{action:?}")).collect();
        let said = outcome.panic.clone().unwrap();
        (outcome, actions, said)
    });
    for run in &runs {
        assert_eq!((&run.1, &run.2), (&runs[0].1, &runs[0].2));
        assert_eq!((run.0.unique, run.0.generated), (runs[0].0.unique, runs[0].0.generated));
    }
    let [run, ..] = runs;
    run
}

#[test]
fn a_handler_that_panics_is_told_with_its_shortest_path() {
    for network in
        [NetworkKind::Set, NetworkKind::Multiset, NetworkKind::Single, NetworkKind::Ordered]
    {
        let make = || setup(When::Message(2)).network(network).cluster();
        let (outcome, actions, said) = panics(make);
        assert_eq!(actions, ["0 → 1: 0", "1 → 0: 1", "0 → 1: 2"], "on {network:?}");
        assert!(said.starts_with("node 1: 2 is too much (at tests/check/panics.rs:"), "{said}");
        // Of the other properties it says nothing.
        assert_eq!(outcome.property("low").unwrap().verdict, Verdict::Holds);
        assert!(matches!(outcome.property("two").unwrap().verdict, Verdict::Reached(_)));
    }
}

#[test]
fn every_kind_of_handler_is_watched() {
    let (_, actions, said) = panics(|| setup(When::Start).cluster());
    assert!(actions.is_empty() && said.contains("it cannot start"), "{actions:?} {said}");
    let (_, actions, said) = panics(|| restarting(When::Restart).cluster());
    assert!(said.contains("it cannot start again"), "{said}");
    assert_eq!(actions.last().map(String::as_str), Some("restart of 1"), "{actions:?}");
    let (_, actions, said) = panics(|| setup(When::Timeout).cluster());
    assert!(said.contains("too late"), "{said}");
    assert_eq!(actions.last().map(String::as_str), Some("timer at 1: ()"));
    let (_, actions, said) = panics(|| setup(When::Choice).cluster());
    assert!(said.contains("heads"), "{said}");
    assert_eq!(actions.last().map(String::as_str), Some("choice at 1: coin = false"));
}

/// Nothing happens after a panic, and the parts that were met before are as they were.
#[test]
fn a_panic_leaves_the_cluster_usable() {
    let cluster = setup(When::Message(2)).cluster();
    let first = Checker::new(&cluster).threads(2).check().unwrap();
    let again = Checker::new(&cluster).threads(2).check().unwrap();
    assert_eq!((first.unique, first.generated), (again.unique, again.generated));
    let trace = again.property(NO_PANIC.name).unwrap().verdict.trace().unwrap();
    let nodes = cluster.view(trace.last()).nodes();
    let panicked = |id: usize| matches!(nodes.node(Id::from(id)).process, Process::Panicked { .. });
    assert!(!panicked(0) && panicked(1));
    let mut moves = Vec::new();
    cluster.expander().moves(trace.last(), &mut moves);
    assert!(moves.is_empty(), "{moves:?}");
}

/// Panics at 3.
fn quotient(node: &NodeOf<Passing>, all: &mut Vec<u8>) {
    all.extend(node.state().map(|held| 10 / (3 - held)));
}

#[test]
fn a_property_that_panics_is_violated_and_told() {
    let conditions: Vec<(&str, Condition<Passing, ()>)> = vec![
        ("each", Condition::each_node(|node| node.state().is_none_or(|held| 10 / (3 - held) < 99))),
        ("some", Condition::some_node(|node| node.state().is_none_or(|held| 10 / (3 - held) < 99))),
        ("all", Condition::nodes(|nodes| nodes.up().all(|(_, held)| 10 / (3 - held) < 99))),
        ("world", Condition::world(|view| view.nodes().up().all(|(_, held)| 10 / (3 - held) < 99))),
        ("taken", Condition::world(|view| view.gather_nodes(quotient).iter().all(|it| *it < 99))),
        (
            "each message",
            Condition::each_message(|_, around| {
                around.nodes().up().all(|(_, held)| 10 / (3 - held) < 99)
            }),
        ),
    ];
    for (name, condition) in conditions {
        let make =
            || setup(When::Never).property(Property::always(name, condition.clone())).cluster();
        let (outcome, actions, said) = panics(make);
        assert_eq!(actions.last().map(String::as_str), Some("0 → 1: 2"), "{name}");
        let expected = format!("the property {name:?}: attempt to ");
        assert!(said.starts_with(&expected), "{said}");
        let verdict = &outcome.property(name).unwrap().verdict;
        assert_eq!(verdict.trace().map(quorate::check::Behaviour::len), Some(3), "{verdict:?}");
    }
}

#[test]
fn a_boundary_that_panics_is_told() {
    let boundary = Condition::world(|view| view.nodes().up().all(|(_, held)| 10 / (3 - held) < 99));
    let (_, actions, said) = panics(|| setup(When::Never).boundary(boundary.clone()).cluster());
    assert_eq!((actions.len(), said.starts_with("the boundary: ")), (3, true), "{said}");
}

/// Counts what is sent, and does not believe in more than two.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Doubting {
    sent: u8,
    at_delivery: bool,
}

impl Observer<u8> for Doubting {
    fn on_send(&self, _: Envelope<&u8>) -> Option<Self> {
        assert!(self.at_delivery || self.sent < 2, "{} messages", self.sent + 1);
        Some(Self { sent: self.sent + 1, ..self.clone() })
    }

    fn on_deliver(&self, _: Envelope<&u8>) -> Option<Self> {
        assert!(!self.at_delivery || self.sent < 3, "{} messages", self.sent);
        None
    }
}

#[test]
fn an_observer_that_panics_is_told() {
    for (at_delivery, steps) in [(false, 2), (true, 3)] {
        for network in [NetworkKind::Set, NetworkKind::Single, NetworkKind::Ordered] {
            let (_, actions, said) = panics(|| {
                let history = Doubting { sent: 0, at_delivery };
                let actors = [Passing(When::Never), Passing(When::Never)];
                Setup::new(actors, 2, history).network(network).cluster()
            });
            assert_eq!(actions.len(), steps, "{actions:?}");
            assert!(said.contains("the observer of messages: 3 messages"), "{said}");
        }
    }
}

#[test]
fn liveness_is_not_blamed_for_a_panic() {
    let ends = Condition::some_node(|node| node.state() == Some(&10));
    let make =
        || setup(When::Message(2)).property(Property::eventually("ends", ends.clone())).cluster();
    let (outcome, ..) = panics(make);
    assert_eq!(outcome.property("ends").unwrap().verdict, Verdict::Holds);
}

/// Says hello to a neighbour, which panics when it hears it.
struct Shy;

impl Actor for Shy {
    type Msg = ();
    type Timer = ();
    type State = ();
    type Storage = ();
    type Random = ();

    fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) {
        o.send(Id::from((usize::from(id) + 1) % 3), ());
    }

    fn on_msg(&self, id: Id, _: &mut Cow<'_, ()>, _: Id, (): (), _: &mut Out<Self>) {
        panic!("node {id:?} is shy");
    }
}

#[test]
fn nodes_that_are_alike_panic_alike() {
    let cluster = Setup::new([Shy, Shy, Shy], 3, ()).cluster();
    let all = Checker::new(&cluster).check().unwrap();
    assert_eq!((all.unique, all.panic.is_some()), (4, true));
    let error = Checker::symmetric(&cluster, Symmetry::among(&[&[0, 1, 2]])).check();
    assert!(error.is_err(), "a ring has a direction");
}

fn instance(when: When) -> Instance<Passing, ()> {
    let cluster: fn() -> Cluster<Passing, ()> = match when {
        When::Never => || setup(When::Never).cluster(),
        _ => || setup(When::Message(2)).cluster(),
    };
    let expected = Expected { unique: 4, generated: 4, violated: &[] };
    Instance { name: "passing", about: "", deep: false, cluster, symmetry: None, expected }
}

#[test]
fn a_report_has_the_panic_as_a_surprise() {
    for engine in [Engine::Quorate, Engine::Stateright] {
        let instance = instance(When::Message(2));
        let found = instance.check(&Options { engine, ..Options::default() }, &|_| {}).unwrap();
        let report = Report::new("test", &instance, found);
        assert!(!report.as_expected && report.complete);
        let said = serde_json::to_value(&report).unwrap();
        let rows = said["properties"].as_array().unwrap();
        let row = rows.iter().find(|row| row["name"] == NO_PANIC.name).unwrap();
        assert_eq!((&row["verdict"], &row["trace_len"]), (&"violated".into(), &3.into()));
        assert!(said["panic"].as_str().unwrap().contains("2 is too much"), "{said}");
        assert!(report.surprises.iter().any(|surprise| surprise.says.contains("2 is too much")));
        let told = report.counterexamples();
        let (_, trace) = told.iter().find(|(property, _)| property.name == NO_PANIC.name).unwrap();
        let narrative = instance.narrate(trace).unwrap();
        let (last, changes) = narrative.steps.last().unwrap();
        assert!(last.contains("0 → node 1: 2"), "{last}");
        assert!(changes.concat().contains("Panicked"), "{changes:?}");
    }
    let calm = instance(When::Never);
    let found = Subject::check(&calm, &Options::default(), &|_| {}).unwrap();
    assert!(found.panic.is_none() && !found.discoveries.contains_key(NO_PANIC.name));
}

#[test]
fn a_mutant_may_be_killed_by_a_panic_and_survives_one_that_is_not_its_killer() {
    let cluster: fn() -> Cluster<Passing, ()> = || setup(When::Message(2)).cluster();
    let check = |killed_by| {
        let mutant = Mutant { name: "panicking", about: "", killed_by, cluster };
        Subject::check(&mutant, &Options::default(), &|_| {}).unwrap()
    };
    let killed = check(NO_PANIC);
    assert_eq!(killed.shortfall, Some(Shortfall::Violation));
    assert_eq!(killed.trace(NO_PANIC.name).map(|trace| trace.actions.len()), Some(3));
    let alive = check("low".into());
    assert!(alive.trace("low").is_none() && alive.panic.is_some());
    let cluster = setup(When::Message(1)).cluster();
    let outcome = Checker::new(&cluster).until_violated(NO_PANIC.name).check().unwrap();
    assert!(matches!(outcome.shortfall, None | Some(Shortfall::Violation)));
}
