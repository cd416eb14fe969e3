//! The rules of the world, each on an actor made to show it.

mod disks;
mod lost_disks;

use super::step::Move;
use super::*;
use crate::durable::{Durable, Recoverable};
use crate::reference::{abd, alarm, cluster_of, paxos};
use stateright::actor::{Actor, Id, Out, model_timeout};
use stateright::{Checker, HasDiscoveries, Model};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// A server that stores what it is sent and acknowledges it, and a client that sends 1, 2, ...
#[derive(Clone)]
enum Pair {
    Server {
        saves: bool,
    },
    /// Acknowledges from number `early` on before that is on an asynchronous disk, and saves up to
    /// number `lazy` lazily.
    Quick {
        early: u8,
        lazy: u8,
    },
    Client {
        count: u8,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Stored(u8);

impl Durable for Stored {
    fn absorb(&mut self, delta: Self) {
        *self = delta;
    }
}

impl Actor for Pair {
    type Msg = u8;
    type Timer = ();
    type State = u8;
    type Storage = Stored;
    type Random = ();

    fn on_start(&self, _: Id, stored: &Option<Stored>, o: &mut Out<Self>) -> u8 {
        match self {
            Self::Server { .. } | Self::Quick { .. } => {
                stored.as_ref().map_or(0, |stored| stored.0)
            }
            Self::Client { count } => {
                (1..=*count).for_each(|number| o.send(Id::from(0), number));
                0
            }
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, u8>, src: Id, number: u8, o: &mut Out<Self>) {
        if number <= **state {
            return;
        }
        *state.to_mut() = number;
        match self {
            Self::Server { saves: false } => o.send(src, number),
            Self::Server { saves: true } | Self::Quick { .. } => {
                o.save(Stored(number));
                o.send(src, number);
            }
            Self::Client { .. } => {}
        }
    }
}

impl Recoverable for Pair {
    fn checkpoint(&self, _: Id, state: &u8) -> Option<Stored> {
        (!matches!(self, Self::Client { .. }) && *state > 0).then_some(Stored(*state))
    }

    fn waits_for_disk(&self, number: &u8) -> bool {
        !matches!(self, Self::Quick { early, .. } if number >= early)
    }

    fn is_lazy(&self, stored: &Stored) -> bool {
        matches!(self, Self::Quick { lazy, .. } if stored.0 <= *lazy)
    }
}

fn pair(saves: bool, count: u8) -> Setup<Pair, ()> {
    Setup::new([Pair::Server { saves }, Pair::Client { count }], 1, ())
}

fn faults(crashes: u8, restarts: u8) -> Faults {
    Faults { crashes, restarts, ..Faults::default() }
}

/// What the server acknowledged to the client is on the server, when it is up.
fn no_loss() -> Property<Pair, ()> {
    Property::always(
        "what was acknowledged is stored",
        Condition::nodes(|nodes| {
            let (server, client) = (nodes.state(Id::from(0)), nodes.state(Id::from(1)));
            server.zip(client).is_none_or(|(server, client)| server >= client)
        }),
    )
}

fn violated<A: Checkable, H: Observer<A::Msg>>(cluster: Cluster<A, H>) -> Vec<&'static str> {
    let never = HasDiscoveries::AllOf(["nothing has this name"].into());
    let checker = cluster.checker().finish_when(never).spawn_bfs().join();
    checker.discoveries().into_keys().collect()
}

/// Every reachable state, packed, with the names of the steps that lead out of it.
fn reachable<A: Checkable, H: Observer<A::Msg>>(
    cluster: &Cluster<A, H>,
) -> Vec<(Vec<u32>, Vec<String>)> {
    let mut seen = BTreeSet::from([cluster.initial().to_vec()]);
    let mut open = vec![cluster.initial().to_vec()];
    let mut all = Vec::new();
    let mut expander = cluster.expander();
    while let Some(state) = open.pop() {
        let fingerprint = cluster.fingerprint(&state);
        let mut moves: Vec<Move> = Vec::new();
        expander.moves(&state, &mut moves);
        let mut names = Vec::new();
        for what in moves {
            let Some(step) = expander.step(&state, fingerprint, what) else { continue };
            let mut next = Vec::new();
            expander.write(&state, &step, &mut next);
            assert_eq!(
                step.fingerprint,
                cluster.fingerprint(&next),
                "{:?} in {:#?}",
                cluster.action(&state, what),
                cluster.view(&state)
            );
            names.push(format!("{:?}", cluster.action(&state, what)));
            if seen.insert(next.clone()) {
                open.push(next);
            }
        }
        all.push((state, names));
    }
    all
}

#[test]
fn a_successors_fingerprint_is_known_before_it_is_built() {
    assert!(reachable(&cluster_of(paxos::servers(3), 1, NetworkKind::Multiset)).len() > 100);
    assert!(reachable(&cluster_of(abd::servers(2), 2, NetworkKind::Ordered)).len() > 100);
    assert!(reachable(&alarm::cluster(2, 1)).len() > 400);
    let single = pair(true, 3).network(NetworkKind::Single).lossy(true).faults(faults(2, 2));
    assert!(reachable(&single.cluster()).len() > 100);
    let lossy_set = pair(true, 3).lossy(true).faults(faults(2, 2)).disk(DiskKind::WriteBack);
    assert!(reachable(&lossy_set.cluster()).len() > 100);
}

#[test]
fn states_with_equal_fingerprints_are_equal() {
    let cluster = cluster_of(paxos::servers(3), 2, NetworkKind::Multiset);
    let states = reachable(&cluster);
    let fingerprints: BTreeSet<_> = states.iter().map(|(s, _)| cluster.fingerprint(s)).collect();
    assert_eq!(fingerprints.len(), states.len());
    assert_eq!(states.len(), 16_668);
}

#[test]
fn fingerprints_are_the_same_in_every_run() {
    let [a, b] = [0, 1].map(|_| {
        let cluster = cluster_of(paxos::servers(3), 1, NetworkKind::Multiset);
        let all = reachable(&cluster);
        all.iter().map(|(state, _)| cluster.fingerprint(state)).collect::<BTreeSet<_>>()
    });
    assert_eq!(a, b);
}

#[test]
fn crashes_and_restarts_are_bounded_in_total() {
    let crashes_left = |crashes, restarts| {
        let cluster = pair(true, 1).faults(faults(crashes, restarts)).cluster();
        let all = reachable(&cluster);
        let spent = all.iter().map(|(state, _)| {
            let budget = cluster.view(state).budget();
            (crashes - budget.crashes.unwrap(), restarts - budget.restarts.unwrap())
        });
        spent.max().unwrap()
    };
    assert_eq!(crashes_left(2, 2), (2, 2));
    assert_eq!(crashes_left(2, 0), (1, 0), "a node that stays down cannot crash again");
}

#[test]
fn clients_do_not_crash_unless_asked_to() {
    let named = |crashable: Option<Vec<Id>>| {
        let faults = Faults { crashes: 1, crashable, ..Faults::default() };
        let cluster = pair(true, 1).faults(faults).cluster();
        let all = reachable(&cluster);
        let crashes = all.into_iter().flat_map(|(_, names)| names);
        crashes.filter(|name| name.starts_with("crash")).collect::<BTreeSet<_>>()
    };
    assert_eq!(named(None), BTreeSet::from(["crash of 0".to_string()]));
    assert_eq!(named(Some(vec![Id::from(1)])), BTreeSet::from(["crash of 1".to_string()]));
}

#[test]
fn what_was_saved_survives_a_crash_and_what_was_not_does_not() {
    let with = |saves| violated(pair(saves, 2).faults(faults(1, 1)).property(no_loss()).cluster());
    assert_eq!(with(true), Vec::<&str>::new());
    assert_eq!(with(false), ["what was acknowledged is stored"]);
}

#[test]
fn a_forgotten_save_is_a_counterexample_without_any_crash() {
    assert_eq!(violated(pair(true, 1).checkpointed().cluster()), Vec::<&str>::new());
    assert_eq!(violated(pair(false, 1).checkpointed().cluster()), [CHECKPOINT.name]);
}

#[test]
fn the_set_network_delivers_again_and_the_multiset_does_not() {
    // After a crash that forgot it, the same message makes the same difference again.
    let deliveries = |network| {
        let cluster = pair(false, 1).network(network).faults(faults(1, 1)).cluster();
        let all = reachable(&cluster);
        let after_restart = all.iter().find(|(state, _)| {
            let view = cluster.view(state);
            view.budget().restarts == Some(0)
                && view.nodes().state(Id::from(1)) == Some(&1)
                && view.nodes().state(Id::from(0)) == Some(&0)
        });
        after_restart.is_some_and(|(_, names)| names.contains(&"1 → 0: 1".to_string()))
    };
    assert!(deliveries(NetworkKind::Set));
    assert!(!deliveries(NetworkKind::Multiset));
}

#[test]
fn the_single_copy_network_takes_what_it_delivers_and_keeps_one_of_what_is_sent_twice() {
    let faults = Faults { timers: vec![("timer", 3)], ..Faults::default() };
    let copies = |network| {
        let cluster = Setup::new([Nag], 1, ()).network(network).faults(faults.clone()).cluster();
        let all = reachable(&cluster);
        all.iter().map(|(state, _)| cluster.view(state).envelopes().count()).max().unwrap()
    };
    assert_eq!(copies(NetworkKind::Multiset), 3);
    assert_eq!(copies(NetworkKind::Single), 1);
    let single = Setup::new([Nag], 1, ()).network(NetworkKind::Single).faults(faults.clone());
    let cluster = single.cluster();
    let all = reachable(&cluster);
    assert!(all.iter().any(|(state, _)| {
        let view = cluster.view(state);
        view.budget().timers == [0] && view.envelopes().count() == 0
    }));
}

/// Sends itself the same message whenever its timer fires, and ignores it.
struct Nag;

impl Actor for Nag {
    type Msg = ();
    type Timer = ();
    type State = ();
    type Storage = ();
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) {
        o.set_timer((), model_timeout());
    }

    fn on_timeout(&self, id: Id, _: &mut Cow<'_, ()>, (): &(), o: &mut Out<Self>) {
        o.send(id, ());
        o.set_timer((), model_timeout());
    }
}

#[test]
fn ordered_links_deliver_in_the_order_sent() {
    let cluster = pair(true, 2).network(NetworkKind::Ordered).cluster();
    let first = reachable(&cluster).remove(0).1;
    assert_eq!(first, ["1 → 0: 1"]);
    let cluster = pair(true, 2).network(NetworkKind::Multiset).cluster();
    assert_eq!(reachable(&cluster).remove(0).1.len(), 2);
}

#[test]
fn a_delivery_without_effect_takes_the_message_away_except_under_staterights_rules() {
    // 2 then 1: the 1 comes too late to matter.
    let left = |rules| {
        let cluster = pair(true, 2).network(NetworkKind::Multiset).rules(rules).cluster();
        let all = reachable(&cluster);
        let ends = all.iter().filter(|(_, names)| names.is_empty());
        ends.map(|(state, _)| cluster.view(state).envelopes().count()).max().unwrap()
    };
    assert_eq!(left(Rules::Quorate), 0);
    assert_eq!(left(Rules::Stateright), 1);
}

#[test]
fn a_lossy_network_really_loses() {
    let cluster = pair(true, 1).lossy(true).cluster();
    let all = reachable(&cluster);
    let silent = all.iter().any(|(state, names)| {
        names.is_empty() && cluster.view(state).nodes().state(Id::from(0)) == Some(&0)
    });
    assert!(silent, "the request can be lost and nothing be left to do");
}

/// Counts how often its two timers fired.
struct Clock;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Tick {
    Fast,
    Slow,
}

impl Actor for Clock {
    type Msg = ();
    type Timer = Tick;
    type State = (u8, u8);
    type Storage = ();
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> (u8, u8) {
        o.set_timer(Tick::Fast, model_timeout());
        o.set_timer(Tick::Slow, model_timeout());
        (0, 0)
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, (u8, u8)>, tick: &Tick, o: &mut Out<Self>) {
        let (fast, slow) = state.to_mut();
        match tick {
            Tick::Fast => *fast += 1,
            Tick::Slow => *slow += 1,
        }
        o.set_timer(*tick, model_timeout());
    }
}

#[test]
fn each_kind_of_timer_has_a_budget_over_all_nodes() {
    let faults = Faults { timers: vec![("fast", 3), ("slow", 1)], ..Faults::default() };
    let cluster = Setup::new([Clock, Clock], 2, ())
        .timer_kind(|tick| match tick {
            Tick::Fast => "fast",
            Tick::Slow => "slow",
        })
        .faults(faults)
        .cluster();
    let all = reachable(&cluster);
    let totals = all.iter().map(|(state, _)| {
        cluster.view(state).nodes().up().fold((0, 0), |sum, (_, s)| (sum.0 + s.0, sum.1 + s.1))
    });
    assert_eq!(totals.collect::<BTreeSet<_>>().last(), Some(&(3, 1)));
}

#[test]
fn the_diagram_has_a_line_for_each_node_and_an_arrow_for_each_delivery() {
    let cluster = pair(true, 1).cluster();
    let state = cluster.state(cluster.initial());
    let mut actions = Vec::new();
    cluster.actions(&state, &mut actions);
    let path = stateright::Path::from_actions(&cluster, state, &actions).unwrap();
    let svg = cluster.as_svg(path).unwrap();
    assert!(svg.contains("node 0") && svg.contains("node 1"), "{svg}");
    assert_eq!(svg.matches("marker-end").count(), 1, "{svg}");
}

/// Two servers and their client; any link between them may be cut.
fn cuttable(network: NetworkKind, count: u8) -> Cluster<Pair, ()> {
    let links = vec![(Id::from(0), Id::from(1)), (Id::from(1), Id::from(2))];
    let server = || Pair::Server { saves: false };
    Setup::new([server(), Pair::Client { count: 2 }, server()], 1, ())
        .network(network)
        .cuts(Cuts { count, links })
        .cluster()
}

#[test]
fn nothing_arrives_over_a_link_that_is_cut_and_nothing_is_put_on_it() {
    for network in [NetworkKind::Set, NetworkKind::Single] {
        let cluster = cuttable(network, 1);
        let mut cut_after_an_answer = false;
        for (state, steps) in reachable(&cluster) {
            let view = cluster.view(&state);
            let is_cut = view.is_cut(Id::from(1), Id::from(0));
            assert_eq!(is_cut, view.is_cut(Id::from(0), Id::from(1)), "in both directions");
            let arrives = steps.iter().any(|step| step.contains("1 → 0") || step.contains("0 → 1"));
            assert!(!(is_cut && arrives), "{network:?}: {steps:?}");
            let servers = [0, 2].map(|server| view.nodes().state(Id::from(server)).copied());
            let answers = view.envelopes().filter(|envelope| envelope.src == Id::from(0)).count();
            cut_after_an_answer |= is_cut && answers > 0;
            assert!(!(servers[0] == Some(0) && answers > 0));
        }
        assert!(cut_after_an_answer, "what was in flight stays there");
    }
}

#[test]
fn no_more_links_are_cut_than_may_be_and_each_once() {
    for (count, most) in [(0, 0), (1, 1), (2, 2), (3, 2)] {
        let cluster = cuttable(NetworkKind::Set, count);
        let cuts = |state: &[u32]| cluster.view(state).budget().cut.count_ones();
        let all = reachable(&cluster);
        assert_eq!(all.iter().map(|(state, _)| cuts(state)).max(), Some(most));
        let offered = |steps: &[String]| steps.iter().filter(|step| step.contains("cut:")).count();
        assert_eq!(offered(&all[0].1), if count == 0 { 0 } else { 2 });
    }
}
