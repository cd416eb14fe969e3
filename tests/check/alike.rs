//! Nodes that are said to be alike and are not, where the difference shows in what does *not*
//! happen: whatever is met, a step or none, must be met alike.

use quorate::check::{CheckError, Checker, Outcome, Verdict};
use quorate::models::world::{
    Cluster, Condition, NetworkKind, Observer, Property, Setup, Symmetry,
};
use stateright::actor::{Actor, Envelope, Id, Out};
use stateright::{Rewrite, RewritePlan};
use std::borrow::Cow;
use std::ops::Range;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Word {
    Go,
    Ping,
}

/// What only node 0 does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Oddity {
    /// Nothing: they are alike.
    None,
    /// It heeds a ping.
    Ping,
    /// It heeds its timer, which pings set.
    Timer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Mood {
    Idle,
    Gone,
    Bad,
}

/// Node 2 sends Go to both others. The first to act on it sends Ping to the other.
#[derive(Clone)]
struct Gopher(Oddity);

impl Actor for Gopher {
    type Msg = Word;
    type Timer = u8;
    type State = Mood;
    type Storage = ();
    type Random = ();

    fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) -> Mood {
        if id == Id::from(2) {
            o.broadcast(&[Id::from(0), Id::from(1)], &Word::Go);
        }
        Mood::Idle
    }

    fn on_msg(&self, id: Id, mood: &mut Cow<'_, Mood>, _: Id, word: Word, o: &mut Out<Self>) {
        match (word, **mood) {
            (Word::Go, Mood::Idle) => {
                *mood.to_mut() = Mood::Gone;
                o.send(Id::from(1 - usize::from(id)), Word::Ping);
            }
            (Word::Ping, Mood::Gone) if self.0 == Oddity::Timer => {
                o.set_timer(0, Range::default());
            }
            (Word::Ping, Mood::Idle) if self.0 == Oddity::Ping && id == Id::from(0) => {
                *mood.to_mut() = Mood::Bad;
            }
            _ => {}
        }
    }

    fn on_timeout(&self, id: Id, mood: &mut Cow<'_, Mood>, timer: &u8, o: &mut Out<Self>) {
        if self.0 == Oddity::Timer && id == Id::from(0) {
            *mood.to_mut() = Mood::Bad;
        } else {
            // As stateright says that a timer did nothing.
            o.set_timer(*timer, Range::default());
        }
    }
}

fn gophers<H: Observer<Word>>(oddity: Oddity, history: H) -> Setup<Gopher, H> {
    let good = |node: &quorate::models::world::NodeOf<Gopher>| node.state() != Some(&Mood::Bad);
    Setup::new([0; 3].map(|_| Gopher(oddity)), 3, history)
        .property(Property::always("good", Condition::each_node(good)))
}

impl Rewrite<Id> for Word {
    fn rewrite<S>(&self, _: &RewritePlan<Id, S>) -> Self {
        *self
    }
}

impl Rewrite<Id> for Mood {
    fn rewrite<S>(&self, _: &RewritePlan<Id, S>) -> Self {
        *self
    }
}

fn symmetric<H>(cluster: &Cluster<Gopher, H>, threads: usize) -> Result<Outcome, CheckError>
where
    H: Observer<Word> + Rewrite<Id>,
{
    let symmetry = Symmetry::among(&[&[0, 1]]);
    Checker::symmetric(cluster, symmetry).threads(threads).check()
}

/// Violated as a whole, refused under symmetry.
fn is_refused<H: Observer<Word> + Rewrite<Id>>(make: impl Fn() -> Cluster<Gopher, H>) -> String {
    let whole = Checker::new(&make()).check().unwrap();
    assert!(whole.violated().next().is_some(), "{whole:?}");
    let errors = [1, 2].map(|threads| symmetric(&make(), threads).unwrap_err());
    assert!(errors.iter().all(|error| matches!(error, CheckError::NotSymmetric(_))), "{errors:?}");
    errors[0].to_string()
}

#[test]
fn nodes_that_are_alike_are_not_refused() {
    for network in
        [NetworkKind::Set, NetworkKind::Multiset, NetworkKind::Single, NetworkKind::Ordered]
    {
        let cluster = gophers(Oddity::None, ()).network(network).cluster();
        let (whole, reduced) =
            (Checker::new(&cluster).check().unwrap(), symmetric(&cluster, 1).unwrap());
        assert!(whole.holds() && reduced.holds());
        assert!(reduced.unique < whole.unique, "{} of {}", reduced.unique, whole.unique);
        assert_eq!((whole.images, reduced.images), (1, 2));
    }
}

/// At the state that is kept, node 1 has gone, and node 0 is sent a ping; or node 0 has gone, and
/// node 1 does nothing with its ping.
#[test]
fn a_delivery_that_is_no_step_is_compared() {
    let make = || gophers(Oddity::Ping, ()).cluster();
    assert_eq!(Checker::new(&make()).check().unwrap().unique, 5);
    let error = is_refused(make);
    assert!(error.contains("Ping"), "{error}");
}

#[test]
fn a_timer_that_is_no_step_is_compared() {
    let error = is_refused(|| gophers(Oddity::Timer, ()).cluster());
    assert!(error.contains(" alone ("), "{error}");
}

/// Counts deliveries of Go to node 1 once a ping was sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Biased {
    armed: bool,
    counted: u8,
}

impl Observer<Word> for Biased {
    fn on_send(&self, envelope: Envelope<&Word>) -> Option<Self> {
        (*envelope.msg == Word::Ping).then(|| Self { armed: true, ..self.clone() })
    }

    fn on_deliver(&self, envelope: Envelope<&Word>) -> Option<Self> {
        let counts = self.armed && envelope.dst == Id::from(1);
        counts.then(|| Self { counted: self.counted + 1, ..self.clone() })
    }
}

impl Rewrite<Id> for Biased {
    fn rewrite<S>(&self, _: &RewritePlan<Id, S>) -> Self {
        self.clone()
    }
}

#[test]
fn what_an_observer_lets_pass_is_compared() {
    let error = is_refused(|| {
        let none = Condition::history(|history: &Biased| history.counted == 0);
        gophers(Oddity::None, Biased { armed: false, counted: 0 })
            .property(Property::always("none counted", none))
            .cluster()
    });
    assert!(error.contains("observed"), "{error}");
}

/// The nodes that may crash are not alike, though none of the two moves.
#[test]
fn a_node_that_may_do_nothing_by_itself_is_compared() {
    let faults = quorate::models::world::Faults {
        crashes: 1,
        crashable: Some(vec![Id::from(1)]),
        ..Default::default()
    };
    let both = Property::always(
        "node 1 runs or none does",
        Condition::nodes(|nodes: &quorate::models::world::Nodes<'_, Gopher>| {
            nodes.up().count() != 2
        }),
    );
    let error = is_refused(|| {
        gophers(Oddity::None, ()).faults(faults.clone()).property(both.clone()).cluster()
    });
    assert!(error.contains(" alone ("), "{error}");
}

/// A state out of bounds is not kept; its image may be within.
#[test]
fn a_boundary_is_compared_where_it_cuts() {
    let cluster = gophers(Oddity::None, ())
        .boundary(Condition::nodes(|nodes: &quorate::models::world::Nodes<'_, Gopher>| {
            nodes.state(Id::from(0)) != Some(&Mood::Gone)
        }))
        .cluster();
    let error = symmetric(&cluster, 1).unwrap_err().to_string();
    assert!(error.contains("the boundary names ids"), "{error}");
}

#[test]
fn groups_that_overlap_or_name_nobody_are_refused() {
    let cluster = gophers(Oddity::None, ()).cluster();
    for groups in [&[&[0, 1][..], &[1, 2]][..], &[&[0, 0]], &[&[2, 3]]] {
        let error = Checker::symmetric(&cluster, Symmetry::among(groups)).check();
        assert!(matches!(error, Err(CheckError::NotSymmetric(_))), "{error:?}");
    }
}

/// Knows which node it last heard of, and forgets it when it is rewritten.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Heard(Option<Id>);

impl Rewrite<Id> for Heard {
    fn rewrite<S>(&self, _: &RewritePlan<Id, S>) -> Self {
        Self(None)
    }
}

struct Listener;

impl Actor for Listener {
    type Msg = ();
    type Timer = ();
    type State = Heard;
    type Storage = ();
    type Random = ();

    fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) -> Heard {
        let others = (0..3).map(Id::from).filter(|other| *other != id);
        others.for_each(|other| o.send(other, ()));
        Heard(None)
    }

    fn on_msg(&self, _: Id, heard: &mut Cow<'_, Heard>, src: Id, (): (), _: &mut Out<Self>) {
        *heard.to_mut() = Heard(Some(src));
    }
}

#[test]
fn a_rewriting_that_forgets_is_refused() {
    let cluster = Setup::new([Listener, Listener, Listener], 3, ()).cluster();
    let checked = Checker::symmetric(&cluster, Symmetry::among(&[&[0, 1, 2]])).check();
    assert!(matches!(checked, Err(CheckError::NotSymmetric(_))), "{checked:?}");
    let whole = Checker::new(&cluster).check().unwrap();
    assert!(whole.properties.iter().all(|property| property.verdict != Verdict::Incomplete));
}
