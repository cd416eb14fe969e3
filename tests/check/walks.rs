//! Random walks: they find seeded bugs, what they find is real and follows from the seed, and they
//! never say that anything holds.

use quorate::catalogue::{Protocol, Subject, protocols};
use quorate::check::{CheckError, Discovery, Engine, Findings, NO_PANIC, Options, Walks};
use quorate::check::{Replayed, Shortfall};
use quorate::models::world::{Condition, NetworkKind, Property, Setup};
use stateright::actor::{Actor, Id, Out};
use std::borrow::Cow;

fn walk(subject: &dyn Subject, walks: Walks, threads: usize) -> Findings {
    let options = Options { engine: Engine::Walks(walks), threads, ..Options::default() };
    subject.check(&options, &|_| ()).unwrap()
}

fn protocol<'a>(all: &'a [Protocol], name: &str) -> &'a Protocol {
    all.iter().find(|protocol| protocol.name == name).unwrap()
}

/// Mutants whose violation 2,000 walks find. Of all 343 that an `always` kills, 3,000 walks from seed 2
/// find 319; where all steps are equally probable, 311.
const MUTANTS: [(&str, &str); 12] = [
    ("multi-primary", "collect-early"),
    ("multi-primary", "restore-from-one"),
    ("primary-backup", "act-on-one"),
    ("primary-backup", "no-fencing"),
    ("two-phase-commit", "vote-early"),
    ("synod", "synod-ignore-accepted"),
    ("paxos", "apply-any-ballot"),
    ("paxos", "answer-locally"),
    ("zab", "sync-locally"),
    ("quorum-store", "serial-read-without-proposal"),
    ("zookeeper", "unfenced"),
    ("kafka", "truncate-to-watermark"),
];

#[test]
fn seeded_bugs_are_found_and_their_traces_show_them() {
    let all = protocols();
    for (name, mutant) in MUTANTS {
        let mutant = protocol(&all, name).mutant(mutant).unwrap();
        let found = walk(mutant, Walks::new(2000, 1), 2);
        assert_eq!(found.shortfall, Some(Shortfall::Violation), "{name} {}", mutant.name());
        let trace = found.trace(mutant.killed_by()).unwrap();
        assert_eq!(mutant.replay(trace, mutant.killed_by()).unwrap(), Replayed::Confirmed);
    }
}

#[test]
fn nothing_is_said_to_hold_and_no_more_states_are_met_than_there_are() {
    let all = protocols();
    let case = protocol(&all, "multi-primary").case("lww-rivals").unwrap();
    let found = walk(case, Walks::new(500, 1), 2);
    assert!(found.discoveries.values().all(|found| matches!(found, Discovery::Found(_))));
    assert_eq!(found.shortfall, Some(Shortfall::Walks));
    assert!(found.unique <= case.expected().unique, "{} states", found.unique);
    assert!(found.unique * 10 > case.expected().unique, "only {} states", found.unique);
    let coverage = found.walks.clone().unwrap();
    assert!(coverage.is_exact && coverage.count == 500);
    assert_eq!(coverage.curve.last().map(|point| point.states), Some(found.unique));
    let is_sorted = coverage.curve.is_sorted_by_key(|point| (point.walks, point.states));
    assert!(is_sorted, "{:?}", coverage.curve);
}

#[test]
fn what_is_found_follows_from_the_seed_whatever_the_number_of_threads() {
    let all = protocols();
    let case = protocol(&all, "paxos").case("rivalry").unwrap();
    let told = |seed, threads| {
        let found = walk(case, Walks::new(100, seed), threads);
        (found.unique, found.generated, found.discoveries, found.walks.unwrap())
    };
    let one = told(7, 1);
    assert_eq!(one, told(7, 3));
    assert_ne!(one.0, told(8, 1).0);
}

#[test]
fn states_for_which_there_is_no_room_are_not_counted_and_that_is_said() {
    let all = protocols();
    let case = protocol(&all, "paxos").case("rivalry").unwrap();
    let found = walk(case, Walks { states: 100, ..Walks::new(50, 1) }, 1);
    assert_eq!((found.unique, found.walks.unwrap().is_exact), (100, false));
}

/// Passes a number on to itself, and cannot take five.
struct Fragile;

impl Actor for Fragile {
    type Msg = u8;
    type Timer = ();
    type State = u8;
    type Storage = ();
    type Random = ();

    fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) -> u8 {
        o.send(id, 1);
        0
    }

    fn on_msg(&self, id: Id, last: &mut Cow<'_, u8>, _: Id, number: u8, o: &mut Out<Self>) {
        assert!(number < 5, "five is too many");
        *last.to_mut() = number;
        o.send(id, number + 1);
    }
}

#[test]
fn boundaries_panics_and_nonsense() {
    let setup = |most: u8| {
        let within =
            Condition::each_node(move |node| node.state().is_none_or(|last| *last <= most));
        let three = Condition::some_node(|node| node.state() == Some(&3));
        Setup::new([Fragile], 1, ())
            .network(NetworkKind::Multiset)
            .property(Property::sometimes("three", three))
            .boundary(within)
            .cluster()
    };
    let walk = |most, walks, until: Option<&str>| {
        let engine = Engine::Walks(walks);
        let options = Options { engine, until_violated: until, ..Options::default() };
        quorate::check::run(setup(most), None, &options, &|_| ())
    };
    let found = walk(9, Walks::new(3, 0), None).unwrap();
    assert!(found.panic.unwrap().contains("five is too many"));
    let steps = |name| match found.discoveries.get(name) {
        Some(Discovery::Found(trace)) => trace.actions.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!((steps(NO_PANIC.name), steps("three")), (5, 3));
    let found = walk(2, Walks::new(3, 0), None).unwrap();
    assert_eq!((found.unique, found.panic, found.discoveries.len()), (3, None, 0));
    let refused = [Walks::new(0, 0), Walks { steps: 0, ..Walks::new(1, 0) }];
    for walks in refused {
        let error = walk(9, walks, None).unwrap_err();
        assert!(matches!(error, CheckError::ZeroLimit("walks" | "steps")), "{error}");
    }
    let error = walk(9, Walks::new(1, 0), Some("four")).unwrap_err();
    assert_eq!(error, CheckError::UnknownProperty("four".into()));
}
