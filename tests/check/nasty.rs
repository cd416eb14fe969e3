//! Nasty actors and odd limits: whatever they do, the engine does not say that something holds
//! which does not.

use quorate::check::{CheckError, Checker, Fairness, Limits, Phase, Shortfall, Strength, Verdict};
use quorate::models::reference::{cluster_of, paxos, raft};
use quorate::models::world::{Condition, NetworkKind, NodeOf, Property, Setup, Symmetry};
use stateright::actor::{Actor, Id, Out};
use stateright::{Rewrite, RewritePlan};
use std::borrow::Cow;
use std::cmp::Ordering::Equal;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A number that is told apart by its bits, and put in order as numbers are: one that is none
/// compares equal to all others.
#[derive(Clone, Copy, Debug)]
struct Number(f64);

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Number {}

impl Hash for Number {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.to_bits().hash(hasher);
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.partial_cmp(&other.0).unwrap_or(Equal)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Its timer has it turn from one number to the other, and back; it heeds the one that it is
/// turned to.
struct Fickle;

impl Actor for Fickle {
    type Msg = Number;
    type Timer = ();
    /// Which number it is turned to; `None` once it heeded one.
    type State = Option<bool>;
    type Storage = ();
    type Random = ();

    fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) -> Option<bool> {
        o.send(id, Number(1.0));
        o.send(id, Number(f64::NAN));
        o.set_timer((), Range::default());
        Some(false)
    }

    fn on_msg(
        &self,
        _: Id,
        turned: &mut Cow<'_, Option<bool>>,
        _: Id,
        number: Number,
        _: &mut Out<Self>,
    ) {
        if **turned == Some(number.0.is_nan()) {
            *turned.to_mut() = None;
        }
    }

    fn on_timeout(&self, _: Id, turned: &mut Cow<'_, Option<bool>>, (): &(), o: &mut Out<Self>) {
        if let Some(to) = **turned {
            *turned.to_mut() = Some(!to);
            o.set_timer((), Range::default());
        }
    }
}

/// Neither message can be delivered all the time; taken for one, they could.
#[test]
fn messages_are_told_apart_by_what_they_are_and_not_by_their_order() {
    for threads in 1..=4 {
        let heeds = Condition::each_node(|node| node.state() == Some(&None));
        let fairness = Fairness { per_message: true, ..Fairness::default() };
        let setup = Setup::new([Fickle], 1, ()).network(NetworkKind::Set).fairness(fairness);
        let cluster = setup.property(Property::eventually("heeds", heeds)).cluster();
        let outcome = Checker::new(&cluster).threads(threads).check().unwrap();
        let verdict = &outcome.property("heeds").unwrap().verdict;
        assert!(matches!(verdict, Verdict::Violated(_)), "{verdict:?}");
        // Where it is strong, each is eventually delivered.
        let fairness = Fairness { deliveries: Strength::Strong, ..fairness };
        let outcome = Checker::new(&cluster).threads(threads).fairness(fairness).check().unwrap();
        assert!(outcome.holds());
    }
}

/// Panics when it is rewritten.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Brittle;

impl Rewrite<Id> for Brittle {
    fn rewrite<S>(&self, _: &RewritePlan<Id, S>) -> Self {
        panic!("it cannot be rewritten")
    }
}

struct Fragile;

impl Actor for Fragile {
    type Msg = ();
    type Timer = ();
    type State = Brittle;
    type Storage = ();
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> Brittle {
        Brittle
    }
}

#[test]
fn what_panics_outside_of_the_protocol_is_an_error() {
    for threads in [1, 3] {
        let cluster = Setup::new([Fragile, Fragile], 2, ()).cluster();
        let checker = Checker::symmetric(&cluster, Symmetry::among(&[&[0, 1]]));
        let error = checker.threads(threads).check().unwrap_err();
        let CheckError::Panic(said) = error else { panic!("{error}") };
        assert!(said.starts_with("it cannot be rewritten (at tests/check/nasty.rs:"), "{said}");
    }
}

#[test]
fn odd_limits_are_no_success() {
    let make = || cluster_of(paxos::servers(3), 2, NetworkKind::Multiset);
    let none = Limits::default();
    let short = [
        (Limits { states: Some(1), ..none }, Shortfall::States),
        (Limits { states: Some(16_668), ..none }, Shortfall::States),
        (Limits { depth: Some(1), ..none }, Shortfall::Depth),
        (Limits { memory: Some(1), ..none }, Shortfall::Memory),
        (Limits { memory: Some(1 << 20), ..none }, Shortfall::Memory),
        (Limits { time: Some(Duration::from_nanos(1)), ..none }, Shortfall::Time),
    ];
    for threads in 1..=8 {
        for (limits, why) in short {
            let outcome = Checker::new(&make()).threads(threads).limits(limits).check().unwrap();
            let covered = outcome.unique == 16_668;
            assert!(outcome.shortfall == Some(why) || covered, "{limits:?}: {outcome:?}");
            assert!(!outcome.holds() || outcome.shortfall.is_none());
        }
        let large = Limits {
            time: Some(Duration::MAX),
            states: Some(u64::MAX),
            depth: Some(u32::MAX),
            memory: Some(u64::MAX),
        };
        let outcome = Checker::new(&make()).threads(threads).limits(large).check().unwrap();
        assert!(outcome.holds());
        assert_eq!((outcome.unique, outcome.generated), (16_668, 32_971));
    }
}

/// At whatever point it is stopped: in the search, or in deciding the first or the second claim.
#[test]
fn a_stop_in_liveness_decides_nothing_more() {
    let bounds = raft::Bounds { servers: 3, last_term: 1, down: 1, forgets_votes: false };
    let leads = |state: &raft::State| matches!(state.role, raft::Role::Leader(_));
    let led = move || Condition::some_node(move |node| node.state().is_some_and(leads));
    let up = || Condition::each_node(|node: &NodeOf<raft::Server>| node.state().is_some());
    for (name, threads) in [("led", 1), ("up leads to led", 2)] {
        let cluster = raft::setup(bounds)
            .property(Property::eventually("led", led()))
            .property(Property::leads_to("up leads to led", up(), led()))
            .cluster();
        let stop = AtomicBool::new(false);
        let tell = |progress: quorate::check::Progress| {
            stop.fetch_or(progress.phase == Phase::Liveness(name), Ordering::Relaxed);
        };
        let outcome = Checker::new(&cluster).threads(threads).run(&tell, &stop).unwrap();
        assert_eq!(outcome.shortfall, Some(Shortfall::Stopped));
        assert_eq!(outcome.property(name).unwrap().verdict, Verdict::Incomplete);
        let last = &outcome.property("up leads to led").unwrap().verdict;
        assert_eq!(*last, Verdict::Incomplete);
    }
}
