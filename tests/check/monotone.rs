//! What a reduced search may leave out: a mark that is wrong ends in an error, and without a mark
//! nothing is left out.

use quorate::check::{CheckError, Checker, Outcome, Verdict};
use quorate::models::world::{Cluster, Condition, NetworkKind, Property, Setup};
use stateright::actor::{Actor, Id, Out};
use std::borrow::Cow;
use std::ops::Range;

/// A node that may wake up by itself, and that may call the other at any time.
struct Caller;

const WAKE: u8 = 0;
const CALL: u8 = 1;

impl Actor for Caller {
    type Msg = ();
    type Timer = u8;
    /// Whether it is awake.
    type State = bool;
    type Storage = ();
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> bool {
        o.set_timer(WAKE, Range::default());
        o.set_timer(CALL, Range::default());
        false
    }

    fn on_timeout(&self, id: Id, awake: &mut Cow<'_, bool>, timer: &u8, o: &mut Out<Self>) {
        if *timer == WAKE {
            *awake.to_mut() = true;
        } else {
            o.set_timer(CALL, Range::default());
            o.send(Id::from(1 - usize::from(id)), ());
        }
    }
}

type Claim = Property<Caller, ()>;

fn cluster(claims: impl IntoIterator<Item = Claim>) -> Cluster<Caller, ()> {
    Setup::new([Caller, Caller], 2, ()).properties(claims).cluster()
}

/// False: it wakes up before it has called. But all that a reduced search meets has all calls.
fn wakes_after_a_call() -> Claim {
    Property::always(
        "wakes-after-a-call",
        Condition::world(|view| {
            let called = |id: Id| view.envelopes().any(|call| call.src == id);
            view.nodes().up().all(|(id, awake)| !awake || called(id))
        }),
    )
}

fn checked(claims: impl IntoIterator<Item = Claim>) -> Result<Outcome, CheckError> {
    Checker::new(&cluster(claims)).reduced().check()
}

#[test]
fn a_wrong_mark_would_hide_a_violation_and_is_noticed() {
    let found = checked([wakes_after_a_call().monotone()]).map(|outcome| outcome.unique);
    assert_eq!(found, Err(CheckError::NotMonotone("wakes-after-a-call")));
}

/// Only what has the same calls may be left out, and each call makes another core.
#[test]
fn a_call_that_is_counted_hides_no_violation() {
    let claim = wakes_after_a_call().counting(|call| call.src == Id::from(0));
    let found = checked([claim]).map(|outcome| outcome.unique);
    assert_eq!(found, Err(CheckError::NotMonotone("wakes-after-a-call")), "one of two is counted");
    let outcome = checked([wakes_after_a_call().counting(|_| true)]).unwrap();
    assert_eq!((outcome.unique, outcome.expanded, outcome.generated), (16, 16, 33));
    assert_eq!(outcome.reduction.map(|reduction| reduction.cores), Some(16));
    let told = outcome.property("wakes-after-a-call").unwrap();
    let Verdict::Violated(trace) = &told.verdict else { panic!("{told:?}") };
    assert_eq!(trace.len(), 1);
}

/// A node that may send a message that is counted, alone or with another, at any time.
struct Teller;

const COUNTED: u8 = 0;
const OTHER: u8 = 1;
const ALONE: u8 = 0;
const BOTH: u8 = 1;

impl Actor for Teller {
    type Msg = u8;
    type Timer = u8;
    type State = ();
    type Storage = ();
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) {
        o.set_timer(ALONE, Range::default());
        o.set_timer(BOTH, Range::default());
    }

    fn on_timeout(&self, id: Id, _: &mut Cow<'_, ()>, timer: &u8, o: &mut Out<Self>) {
        o.set_timer(*timer, Range::default());
        o.send(id, COUNTED);
        if *timer == BOTH {
            o.send(id, OTHER);
        }
    }
}

/// Once what is counted was sent, the timer for both sends only what is not counted.
#[test]
fn a_saturated_state_has_all_that_steps_which_only_send_add() {
    let few = Condition::world(|view| view.envelopes().count() < 3);
    let claim = Property::always("few", few).counting(|envelope| envelope.msg == COUNTED);
    let cluster = Setup::new([Teller], 1, ()).property(claim).cluster();
    let (mut expander, mut state) = (cluster.expander(), cluster.initial().to_vec());
    let first = cluster.fingerprint(&state);
    let fingerprint = expander.saturate(&mut state, first, None, |_| ());
    assert_eq!(fingerprint, first, "each step sends what is counted");
    let mut steps = Vec::new();
    expander.steps(&state, fingerprint, &mut steps);
    assert_eq!(steps.len(), 2);
    for (_, step) in steps {
        let (mut next, mut later) = (Vec::new(), Vec::new());
        expander.write(&state, &step, &mut next);
        let saturated = expander.saturate(&mut next, step.fingerprint, Some(&step), |_| ());
        expander.steps(&next, saturated, &mut later);
        for (_, step) in later {
            assert!(expander.only_sends(&next, &step));
            assert_eq!(step.fingerprint, saturated);
        }
    }
}

#[test]
fn without_a_mark_no_state_is_left_out() {
    let outcome = checked([wakes_after_a_call()]).unwrap();
    assert_eq!(outcome.reduction, None);
    assert_eq!((outcome.unique, outcome.expanded), (16, 16));
    let told = outcome.property("wakes-after-a-call").unwrap();
    let Verdict::Violated(trace) = &told.verdict else { panic!("{told:?}") };
    assert_eq!(trace.len(), 1);
}

/// A condition of the world that does not look at messages needs no mark.
#[test]
fn what_does_not_look_at_messages_needs_no_mark() {
    let awake = Property::sometimes(
        "awake",
        Condition::world(|view| view.nodes().up().all(|(_, awake)| *awake)),
    );
    let outcome = checked([awake]).unwrap();
    assert_eq!((outcome.expanded, outcome.unique, outcome.generated), (4, 4, 5));
    assert_eq!(outcome.reduction.map(|reduction| reduction.cores), Some(4));
    assert!(outcome.holds());
}

/// The example of a property that looks at messages has the steps that send them, and no others.
#[test]
fn an_example_has_the_steps_that_it_needs() {
    let called = Property::sometimes(
        "called",
        Condition::world(|view| view.envelopes().any(|call| call.src == Id::from(1))),
    );
    let outcome = checked([called.monotone()]).unwrap();
    let told = outcome.property("called").unwrap();
    let Verdict::Reached(trace) = &told.verdict else { panic!("{told:?}") };
    assert_eq!(trace.len(), 1);
}

#[test]
fn a_bound_on_messages_and_other_networks_are_searched_in_full() {
    let bounded = Setup::new([Caller, Caller], 2, ())
        .boundary(Condition::world(|view| view.envelopes().count() < 2));
    assert_eq!(Checker::new(&bounded.cluster()).reduced().check().unwrap().reduction, None);
    for network in [NetworkKind::Single, NetworkKind::Multiset] {
        let setup = Setup::new([Caller, Caller], 2, ()).network(network);
        let setup = setup.boundary(Condition::world(|view| view.envelopes().count() < 2));
        let outcome = Checker::new(&setup.cluster()).reduced().check().unwrap();
        assert_eq!(outcome.reduction, None, "{network:?}");
    }
    let lossy = Setup::new([Caller, Caller], 2, ()).lossy(true).cluster();
    assert_eq!(Checker::new(&lossy).reduced().check().unwrap().reduction, None);
}
