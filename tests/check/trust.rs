//! A result that cannot be trusted is an error, and never `holds`: parts that a hash does not
//! distinguish, a path that cannot be walked again, a name that is not there.

use quorate::catalogue::Subject;
use quorate::check::{CheckError, Checker, Limits, Options, Shortfall, Verdict};
use quorate::models::Mutant;
use quorate::models::world::{Cluster, Condition, NetworkKind, NodeOf, Property, Setup, Symmetry};
use stateright::actor::{Actor, Id, Out};
use stateright::{Rewrite, RewritePlan};
use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts what it is sent; `H` says how its count is hashed.
#[derive(Clone)]
struct Counter<C> {
    limit: u64,
    count: C,
}

/// A count whose `Hash` or `Eq` may be wrong.
trait Count: Clone + std::fmt::Debug + PartialEq + Hash + Send + Sync + 'static {
    fn with(&self, count: u64) -> Self;
    fn get(&self) -> u64;
}

impl<C: Count> Actor for Counter<C> {
    type Msg = ();
    type Timer = ();
    type State = C;
    type Storage = ();
    type Random = ();

    fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) -> C {
        if id == Id::from(0) {
            o.send(id, ());
        }
        self.count.with(0)
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, C>, src: Id, (): (), o: &mut Out<Self>) {
        if state.get() < self.limit {
            let next = state.with(state.get() + 1);
            *state.to_mut() = next;
            o.send(src, ());
        }
    }
}

fn counter<C: Count>(count: C) -> Cluster<Counter<C>, ()> {
    let at_most = |limit| {
        Condition::each_node(move |node| node.state().is_none_or(|count: &C| count.get() < limit))
    };
    Setup::new([Counter { limit: 9, count }], 1, ())
        .network(NetworkKind::Multiset)
        .property(Property::always("never 5", at_most(5)))
        .cluster()
}

/// The hash leaves out whether the count is odd.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Halved(u64);

impl Hash for Halved {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (self.0 / 2).hash(hasher);
    }
}

impl Count for Halved {
    fn with(&self, count: u64) -> Self {
        Self(count)
    }

    fn get(&self) -> u64 {
        self.0
    }
}

#[test]
fn a_hash_that_leaves_a_field_out_is_an_error() {
    for threads in [1, 3] {
        let error = Checker::new(&counter(Halved(0))).threads(threads).check().unwrap_err();
        assert!(matches!(&error, CheckError::HashClash(_)), "{error}");
        let said = error.to_string();
        assert!(said.contains("Halved(0)") && said.contains("Halved(1)"), "{said}");
    }
}

/// Equal to nothing, not even to itself.
#[derive(Clone, Debug)]
struct Nan(f64);

impl PartialEq for Nan {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_sign_negative() && self.0 == other.0
    }
}

impl Hash for Nan {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.to_bits().hash(hasher);
    }
}

impl Count for Nan {
    #[allow(clippy::cast_precision_loss)]
    fn with(&self, count: u64) -> Self {
        Self(count as f64)
    }

    #[allow(clippy::cast_sign_loss)]
    fn get(&self) -> u64 {
        self.0 as u64
    }
}

#[test]
fn a_value_that_is_not_equal_to_itself_is_an_error() {
    // Two nodes that send the same, so that one part is met twice.
    let actors = [0, 1].map(|_| Counter { limit: 2, count: Nan(0.0) });
    let crowd = Setup::new(actors, 2, ()).network(NetworkKind::Set).cluster();
    let error = Checker::new(&crowd).check().unwrap_err();
    assert!(matches!(error, CheckError::HashClash(_)), "{error}");
}

static CLOCK: AtomicU64 = AtomicU64::new(0);

/// The hash is another one each time that it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Drifting(u64);

impl Hash for Drifting {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        CLOCK.fetch_add(1, Ordering::Relaxed).hash(hasher);
    }
}

impl Count for Drifting {
    fn with(&self, count: u64) -> Self {
        Self(count)
    }

    fn get(&self) -> u64 {
        self.0
    }
}

impl Rewrite<Id> for Drifting {
    fn rewrite<S>(&self, _: &RewritePlan<Id, S>) -> Self {
        self.clone()
    }
}

/// Whatever it is taken for: it is not taken for something that holds.
#[test]
fn what_cannot_be_shown_is_not_said_to_hold() {
    let cluster = counter(Drifting(0));
    let limits = Limits { states: Some(1000), ..Limits::default() };
    match Checker::new(&cluster).limits(limits).check() {
        Ok(outcome) => assert!(!outcome.holds(), "{outcome:?}"),
        Err(error) => assert!(matches!(error, CheckError::NoPath("never 5")), "{error}"),
    }
    let alike = [0, 1].map(|_| Counter { limit: 2, count: Drifting(0) });
    let cluster = Setup::new(alike, 2, ()).cluster();
    let symmetry = Symmetry::among(&[&[0, 1]]);
    let checked = Checker::symmetric(&cluster, symmetry).limits(limits).check();
    assert!(checked.is_err(), "{checked:?}");
}

/// Correct, and without a limit it never ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Plain(u64);

impl Count for Plain {
    fn with(&self, count: u64) -> Self {
        Self(count)
    }

    fn get(&self) -> u64 {
        self.0
    }
}

fn unbounded() -> Cluster<Counter<Plain>, ()> {
    let small = |node: &NodeOf<Counter<Plain>>| node.state().is_none_or(|count| count.0 < 5);
    Setup::new([Counter { limit: u64::MAX, count: Plain(0) }], 1, ())
        .network(NetworkKind::Multiset)
        .property(Property::always("never 5", Condition::each_node(small)))
        .cluster()
}

#[test]
fn a_mutant_without_end_is_checked_until_it_is_killed() {
    let mutant = Mutant {
        name: "unbounded",
        about: "counts on",
        killed_by: "never 5".into(),
        cluster: unbounded,
    };
    let found = Subject::check(&mutant, &Options::default(), &|_| {}).unwrap();
    assert_eq!(found.shortfall, Some(Shortfall::Violation));
    assert_eq!(found.trace("never 5").map(|trace| trace.actions.len()), Some(5));
}

#[test]
fn a_name_that_is_not_there_is_refused() {
    let error = Checker::new(&unbounded()).until_violated("never 6").check().unwrap_err();
    assert_eq!(error, CheckError::UnknownProperty("never 6".into()));
    let mutant = Mutant {
        name: "unbounded",
        about: "counts on",
        killed_by: "never 6".into(),
        cluster: unbounded,
    };
    let error = Subject::check(&mutant, &Options::default(), &|_| {}).unwrap_err();
    assert_eq!(error, CheckError::UnknownProperty("never 6".into()));
}

#[test]
fn a_limit_on_depth_is_no_success_unless_nothing_lies_beyond() {
    let bounded = || counter(Plain(0));
    let at = |depth, threads| {
        let limits = Limits { depth: Some(depth), ..Limits::default() };
        let cluster = bounded();
        Checker::new(&cluster).threads(threads).limits(limits).check().unwrap()
    };
    for threads in [1, 2] {
        let short = at(3, threads);
        assert_eq!((short.shortfall, short.depth), (Some(Shortfall::Depth), 3));
        assert_eq!((short.unique, short.generated), (4, 4));
        assert_eq!(short.property("never 5").unwrap().verdict, Verdict::Incomplete);
        let longer = at(7, threads);
        assert_eq!(longer.shortfall, Some(Shortfall::Depth));
        assert!(matches!(longer.property("never 5").unwrap().verdict, Verdict::Violated(_)));
        // Nine steps that count, and one that takes the last message away.
        assert_eq!(at(9, threads).shortfall, Some(Shortfall::Depth));
        let all = at(10, threads);
        assert_eq!((all.shortfall, all.unique, all.depth), (None, 11, 10));
    }
    let limits = Limits { depth: Some(50), ..Limits::default() };
    let outcome = Checker::new(&unbounded()).limits(limits).check().unwrap();
    assert_eq!((outcome.shortfall, outcome.unique), (Some(Shortfall::Depth), 51));
}

/// Beyond some thousand levels the table no longer tells them apart.
#[test]
fn a_long_way_is_shown_whole() {
    let far = |node: &NodeOf<Counter<Plain>>| node.state().is_none_or(|count| count.0 < 9000);
    let make = || {
        Setup::new([Counter { limit: u64::MAX, count: Plain(0) }], 1, ())
            .network(NetworkKind::Multiset)
            .property(Property::always("never 9000", Condition::each_node(far)))
            .cluster()
    };
    for threads in [1, 2] {
        let cluster = make();
        let outcome = Checker::new(&cluster).threads(threads).until_violation().check().unwrap();
        let trace = outcome.property("never 9000").unwrap().verdict.trace().unwrap();
        assert_eq!(trace.len(), 9000);
    }
}
