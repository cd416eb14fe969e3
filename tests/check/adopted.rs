//! Stateright's models as they are: the engine finds in them what stateright's own search does, and
//! says so where it knows better.

use quorate::check::{Checker, Limits, NO_PANIC, Outcome, Shortfall, Verdict};
use quorate::models::reference::{abd, alarm, paxos, raft, stateright_model_of};
use quorate::models::world::{Adoptable, AdoptedSetup, Auxiliary, NetworkKind, Reads, Setup};
use stateright::actor::{
    Actor, ActorModel, Envelope, Id, LossyNetwork, Network, Out, model_timeout,
};
use stateright::{Checker as _, Expectation, HasDiscoveries, Model};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

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

fn checked<A, C, H>(setup: AdoptedSetup<A, C, H>) -> Outcome
where
    A: Adoptable,
    C: Send + Sync + 'static,
    H: Auxiliary,
{
    Checker::new(&setup.cluster()).threads(2).check().unwrap()
}

fn summary(outcome: &Outcome) -> Summary {
    assert_eq!(outcome.shortfall, None);
    let found = outcome.properties.iter().filter(|property| property.verdict.trace().is_some());
    (outcome.unique, outcome.generated, found.map(|property| property.name).collect())
}

/// Our outcome, which is stateright's.
fn agrees<A, C, H>(model: impl Fn() -> ActorModel<A, C, H>) -> Outcome
where
    A: Adoptable,
    C: Send + Sync + 'static,
    H: Auxiliary,
{
    let outcome = checked(Setup::from(model()));
    assert_eq!(summary(&outcome), of_stateright(model()), "left: adopted, right: stateright");
    outcome
}

/// Starts rounds by a timer, draws lots in each, saves the greatest, and tells the next.
struct Gambler {
    next: Id,
}

/// The round, and the greatest lot.
type Luck = (u8, u8);

impl Actor for Gambler {
    type Msg = u8;
    /// Names its node: see the module `alarm`.
    type Timer = Id;
    type State = Luck;
    type Storage = u8;
    type Random = u8;

    fn name(&self) -> String {
        "gambler".into()
    }

    fn on_start(&self, id: Id, saved: &Option<u8>, o: &mut Out<Self>) -> Luck {
        o.set_timer(id, model_timeout());
        (0, saved.unwrap_or(0))
    }

    fn on_msg(&self, _: Id, luck: &mut Cow<'_, Luck>, _: Id, lot: u8, o: &mut Out<Self>) {
        if lot > luck.1 {
            luck.to_mut().1 = lot;
            o.save(lot);
        }
    }

    fn on_timeout(&self, id: Id, luck: &mut Cow<'_, Luck>, _: &Id, o: &mut Out<Self>) {
        if luck.0 == 0 {
            luck.to_mut().0 = 1;
            // Twice the same. It names its node, as timers do.
            o.choose_random(format!("lot of {}", usize::from(id)), vec![1, 1, 2]);
        }
    }

    fn on_random(&self, _: Id, luck: &mut Cow<'_, Luck>, lot: &u8, o: &mut Out<Self>) {
        luck.to_mut().1 = *lot;
        o.save(*lot);
        o.send(self.next, *lot);
    }
}

/// How many twos were sent and delivered, up to three each.
type Twos = (u8, u8);

fn gamblers(network: Network<u8>, lossy: bool, down: usize) -> ActorModel<Gambler, u8, Twos> {
    let actors = (0..2).map(|at| Gambler { next: Id::from((at + 1) % 2) });
    ActorModel::new(3, (0, 0))
        .actors(actors)
        .init_network(network)
        .lossy_network(if lossy { LossyNetwork::Yes } else { LossyNetwork::No })
        .max_crashes(down)
        .record_msg_out(|most, (sent, delivered), envelope| {
            (*envelope.msg == 2).then(|| (most.min(&(sent + 1)).to_owned(), *delivered))
        })
        .record_msg_in(|most, (sent, delivered), envelope| {
            (*envelope.msg > 1).then(|| (*sent, most.min(&(delivered + 1)).to_owned()))
        })
        .property(Expectation::Always, "no more are delivered than sent", |_, state| {
            state.history.1 <= state.history.0
        })
        .property(Expectation::Sometimes, "both have a two", |_, state| {
            state.actor_states.iter().all(|luck| luck.1 == 2)
        })
        .property(Expectation::Sometimes, "a two on disk and another in flight", |_, state| {
            state.actor_storages.contains(&Some(2))
                && state.network.iter_deliverable().any(|envelope| *envelope.msg == 2)
        })
        .property(Expectation::Sometimes, "one is down, the other may choose", |_, state| {
            state.crashed[0] && state.random_choices[1].map.contains_key("lot of 1")
        })
        .property(Expectation::Always, "a timer, or a round", |_, state| {
            let timers = state.timers_set.iter().zip(&state.actor_states);
            timers.zip(&state.crashed).all(|((timers, luck), is_down)| {
                *is_down || timers.iter().count() == usize::from(luck.0 == 0)
            })
        })
        .within_boundary(|_, state| state.history.1 < 3 && state.network.len() < 5)
}

/// In flight before anyone starts: one for a node, twice, and one for nobody.
fn in_flight() -> [Envelope<u8>; 3] {
    let to = |dst: usize, msg| Envelope { src: Id::from(1), dst: Id::from(dst), msg };
    [to(0, 2), to(0, 2), to(7, 1)]
}

#[test]
fn every_network_lossy_or_not_with_crashes_or_without_agrees() {
    let networks: [fn() -> Network<u8>; 3] = [
        || Network::new_unordered_duplicating(in_flight()),
        || Network::new_unordered_nonduplicating(in_flight()),
        || Network::new_ordered(in_flight()),
    ];
    let mut discovered = BTreeSet::new();
    for network in networks {
        for (lossy, down) in [(false, 0), (true, 0), (false, 1), (true, 1)] {
            let outcome = agrees(|| gamblers(network(), lossy, down));
            assert!(outcome.unique > 50, "{} states", outcome.unique);
            discovered.extend(summary(&outcome).2);
        }
    }
    assert_eq!(discovered.len(), 4, "all but the last property: {discovered:?}");
}

#[test]
fn paxos_on_two_networks_agrees() {
    let outcome = agrees(|| stateright_model_of(paxos::servers(3), 2, NetworkKind::Multiset));
    assert_eq!(outcome.unique, 16_668, "stateright's documentation says so of its example");
    assert!(outcome.holds());
    let outcome = agrees(|| stateright_model_of(paxos::servers(3), 1, NetworkKind::Set));
    assert!(outcome.unique > 500, "{} states", outcome.unique);
}

#[test]
fn abd_on_ordered_links_agrees() {
    agrees(|| stateright_model_of(abd::servers(2), 2, NetworkKind::Ordered));
}

#[test]
fn raft_and_timers_with_crashes_agree() {
    let bounds = raft::Bounds { servers: 3, last_term: 1, down: 1, forgets_votes: false };
    assert!(agrees(|| raft::stateright_model(bounds)).holds());
    let forgetful = raft::Bounds { forgets_votes: true, ..bounds };
    let outcome = agrees(|| raft::stateright_model(forgetful));
    let verdict = &outcome.property(raft::ELECTION_SAFETY).unwrap().verdict;
    assert!(matches!(verdict, Verdict::Violated(_)), "{verdict:?}");
    agrees(|| alarm::stateright_model(2, 1));
}

/// What is said of parts spares asking, and changes nothing.
#[test]
fn what_a_property_looks_at_may_be_said() {
    let model = || stateright_model_of(paxos::servers(3), 2, NetworkKind::Multiset);
    let setup = Setup::from(model()).looks_at("linearizable", Reads::HISTORY);
    let outcome = checked(setup.looks_at("value chosen", Reads::MESSAGES));
    assert_eq!(summary(&outcome), summary(&checked(Setup::from(model()))));
    let network = || Network::new_unordered_duplicating([]);
    let whole = checked(Setup::from(gamblers(network(), false, 1)));
    let setup = Setup::from(gamblers(network(), false, 1));
    let setup = setup.looks_at("no more are delivered than sent", Reads::HISTORY);
    let setup = setup.looks_at("both have a two", Reads::NODES);
    let parts = Reads::NODES.and(Reads::MESSAGES);
    let told = checked(setup.looks_at("a two on disk and another in flight", parts));
    assert_eq!(summary(&told), summary(&whole));
}

#[test]
fn a_property_that_looks_at_more_than_is_said_is_a_panic() {
    let setup = Setup::from(gamblers(Network::new_ordered([]), false, 0));
    let outcome = checked(setup.looks_at("a timer, or a round", Reads::HISTORY));
    assert!(outcome.property(NO_PANIC.name).is_none(), "the initial state's parts satisfy it");
    let network = Network::new_unordered_nonduplicating(in_flight());
    let setup = Setup::from(gamblers(network, true, 1));
    let outcome = checked(setup.looks_at("no more are delivered than sent", Reads::NODES));
    let said = outcome.panic.clone().unwrap();
    assert!(said.contains("\"no more are delivered than sent\" looks at more"), "{said}");
}

#[test]
#[should_panic(expected = "the model has no property \"both have a three\"")]
fn an_unknown_property_is_refused() {
    let _ = Setup::from(gamblers(Network::new_ordered([]), false, 0))
        .looks_at("both have a three", Reads::NODES);
}

#[test]
fn the_last_delivery_need_not_be_part_of_a_state() {
    let model = || gamblers(Network::new_unordered_duplicating(in_flight()), false, 1);
    let (all, fewer) =
        (checked(Setup::from(model())), checked(Setup::from(model()).without_last_delivery()));
    assert_eq!(summary(&all).2, summary(&fewer).2);
    assert!(fewer.unique * 3 < all.unique * 2, "{} and {}", fewer.unique, all.unique);
}

#[test]
fn a_limit_of_depth_covers_what_stateright_covers_with_one_more() {
    let model = || gamblers(Network::new_unordered_nonduplicating(in_flight()), true, 1);
    let never = HasDiscoveries::AllOf(["nothing has this name"].into());
    for steps in [1, 3, 6] {
        let limits = Limits { depth: Some(steps), ..Limits::default() };
        let cluster = Setup::from(model()).cluster();
        let ours = Checker::new(&cluster).limits(limits).check().unwrap();
        assert_eq!(ours.shortfall, Some(Shortfall::Depth));
        let theirs = model().checker().finish_when(never.clone());
        let theirs = theirs.target_max_depth(steps as usize + 1).spawn_bfs().join();
        assert_eq!(ours.unique, theirs.unique_state_count() as u64, "{steps} steps");
    }
}

/// A number whose hash leaves out whether it is odd.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Halved(u8);

impl Hash for Halved {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (self.0 / 2).hash(hasher);
    }
}

/// Counts down by messages to itself.
struct Countdown;

impl Actor for Countdown {
    type Msg = ();
    type Timer = ();
    type State = Halved;
    type Storage = ();
    type Random = ();

    fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) -> Halved {
        o.send(id, ());
        Halved(9)
    }

    fn on_msg(&self, id: Id, left: &mut Cow<'_, Halved>, _: Id, (): (), o: &mut Out<Self>) {
        if left.0 > 0 {
            left.to_mut().0 -= 1;
            o.send(id, ());
        }
    }
}

/// Stateright takes 9 and 8 for one state, and finds no more than that; we find zero.
#[test]
fn states_with_one_hash_are_told_apart() {
    let model = || {
        let network = Network::new_unordered_nonduplicating([]);
        let model = ActorModel::<_, (), ()>::new((), ()).actor(Countdown).init_network(network);
        model.property(Expectation::Sometimes, "zero", |_, state| state.actor_states[0].0 == 0)
    };
    let (theirs, outcome) = (of_stateright(model()), checked(Setup::from(model())));
    assert_eq!((outcome.unique, outcome.generated), (10, 10));
    assert!(outcome.holds());
    assert!(theirs.0 < 10 && theirs.2.is_empty(), "{theirs:?}");
}

/// Stateright looks at the ends of behaviours, and this one has none.
#[test]
fn eventually_is_decided_on_cycles_too() {
    struct Idle;
    impl Actor for Idle {
        type Msg = ();
        type Timer = ();
        type State = bool;
        type Storage = ();
        type Random = ();

        fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> bool {
            o.set_timer((), model_timeout());
            false
        }

        fn on_timeout(&self, _: Id, is_odd: &mut Cow<'_, bool>, (): &(), o: &mut Out<Self>) {
            *is_odd.to_mut() = !**is_odd;
            o.set_timer((), model_timeout());
        }
    }
    let model = || {
        let model = ActorModel::<_, (), ()>::new((), ()).actor(Idle);
        model.property(Expectation::Eventually, "done", |_, _| false)
    };
    assert!(of_stateright(model()).2.is_empty());
    let outcome = checked(Setup::from(model()));
    let trace = outcome.property("done").unwrap().verdict.trace().unwrap();
    assert_eq!(trace.cycle, Some(0));
}
