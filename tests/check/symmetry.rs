//! Symmetry reduction: fewer states, the same verdicts, and an error where it would not be sound.

use quorate::check::{Behaviour, CheckError, Checker, Outcome, Verdict};
use quorate::models::Newcomer;
use quorate::models::reference::raft;
use quorate::models::world::{
    Condition, Cuts, FormerLife, Images, LostDisks, Property, Setup, Symmetry,
};
use stateright::actor::{Actor, Id, Out};
use stateright::{Checker as _, Model};
use std::borrow::Cow;
use std::collections::BTreeSet;

const RAFT: raft::Bounds = raft::Bounds { servers: 3, last_term: 1, down: 1, forgets_votes: false };

fn verdicts(outcome: &Outcome) -> Vec<(&'static str, Option<usize>)> {
    let length = |verdict: &Verdict| verdict.trace().map(Behaviour::len);
    outcome.properties.iter().map(|p| (p.name, length(&p.verdict))).collect()
}

#[test]
fn raft_has_a_sixth_of_the_states_or_a_little_more_and_the_same_verdicts() {
    let all = Checker::new(&raft::cluster(RAFT)).check().unwrap();
    let reduced = [1, 2].map(|threads| {
        let cluster = raft::cluster(RAFT);
        let checker = Checker::symmetric(&cluster, raft::symmetry(RAFT)).threads(threads);
        checker.check().unwrap()
    });
    assert_eq!((all.unique, all.generated), (22_772, 108_082));
    for outcome in &reduced {
        assert_eq!((outcome.unique, outcome.generated), (3_860, 18_378));
        assert_eq!((outcome.depth, verdicts(outcome)), (all.depth, verdicts(&all)));
        assert!(outcome.holds());
    }
}

/// Every reachable state, found without the engine, and its images.
#[test]
fn the_reduced_count_is_the_number_of_orbits() {
    let (cluster, symmetry) = (raft::cluster(RAFT), raft::symmetry(RAFT));
    let mut images: Vec<_> = symmetry.permutations().iter().map(|_| Images::default()).collect();
    let mut expander = cluster.expander();
    let mut states = BTreeSet::from([cluster.initial().to_vec()]);
    let mut waiting: Vec<_> = states.iter().cloned().collect();
    let mut orbits = BTreeSet::new();
    while let Some(state) = waiting.pop() {
        let mut orbit = state.clone();
        for (at, images) in images.iter_mut().enumerate() {
            let mut image = Vec::new();
            cluster.permute(&symmetry, at, images, &state, &mut image);
            orbit = orbit.min(image);
        }
        orbits.insert(orbit);
        let mut moves = Vec::new();
        expander.moves(&state, &mut moves);
        for what in moves {
            let Some(step) = expander.step(&state, cluster.fingerprint(&state), what) else {
                continue;
            };
            let mut next = Vec::new();
            expander.write(&state, &step, &mut next);
            assert_eq!(step.fingerprint, cluster.fingerprint(&next), "known before it is built");
            if states.insert(next.clone()) {
                waiting.push(next);
            }
        }
    }
    assert_eq!((states.len(), orbits.len()), (22_772, 3_860));
}

#[test]
fn a_violation_is_found_with_the_same_number_of_steps() {
    let bounds = raft::Bounds { forgets_votes: true, ..RAFT };
    let cluster = raft::cluster(bounds);
    let all = Checker::new(&cluster).until_violation().check().unwrap();
    let checker = Checker::symmetric(&cluster, raft::symmetry(bounds)).until_violation();
    let reduced = checker.check().unwrap();
    assert_eq!(verdicts(&reduced), verdicts(&all));
    assert!(reduced.violated().any(|property| property.name == raft::ELECTION_SAFETY));
    assert!(reduced.unique * 5 < all.unique, "{} of {}", reduced.unique, all.unique);
}

fn refusal(of: Result<Outcome, CheckError>) -> String {
    of.expect_err("a symmetry that is none").to_string()
}

#[test]
fn a_property_that_names_an_id_is_refused_by_name() {
    let setup = raft::setup(RAFT).property(Property::always(
        "server 0 never votes for itself",
        Condition::each_node(|node| {
            usize::from(node.id) != 0
                || node.state().is_none_or(|state: &raft::State| state.role == raft::Role::Follower)
        }),
    ));
    let cluster = setup.cluster();
    let error = refusal(Checker::symmetric(&cluster, raft::symmetry(RAFT)).check());
    assert!(error.contains("\"server 0 never votes for itself\" names ids"), "{error}");
}

#[test]
fn liveness_is_refused() {
    let everyone = Condition::each_node(|node| node.state().is_some());
    let cluster = raft::setup(RAFT).property(Property::eventually("up", everyone)).cluster();
    let checker = Checker::symmetric(&cluster, raft::symmetry(RAFT));
    assert_eq!(checker.check().unwrap_err(), CheckError::LivenessUnderSymmetry("up"));
    assert!(checker.safety_only().check().is_ok());
}

/// Nodes that are not all alike: node 0 begins, or answers less often.
struct Odd {
    begins: bool,
    patience: u8,
}

impl Actor for Odd {
    type Msg = ();
    type Timer = ();
    type State = u8;
    type Storage = ();
    type Random = ();

    fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) -> u8 {
        if self.begins {
            o.send(Id::from((usize::from(id) + 1) % 2), ());
        }
        0
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, u8>, src: Id, (): (), o: &mut Out<Self>) {
        if **state < self.patience {
            *state.to_mut() += 1;
            o.send(src, ());
        }
    }
}

impl Newcomer for Odd {
    fn on_newcomer(&self, _: Id, _: u64, o: &mut Out<Self>) -> u8 {
        o.save(());
        0
    }
}

fn odd(nodes: [Odd; 2]) -> String {
    let cluster = Setup::new(nodes, 2, ()).cluster();
    refusal(Checker::symmetric(&cluster, Symmetry::among(&[&[0, 1]])).check())
}

#[test]
fn nodes_that_start_differently_are_refused() {
    let error = odd([Odd { begins: true, patience: 1 }, Odd { begins: false, patience: 1 }]);
    assert!(error.contains("the initial state changes when nodes go 0 → 1, 1 → 0"), "{error}");
}

#[test]
fn nodes_that_answer_differently_are_refused() {
    let error = odd([Odd { begins: true, patience: 1 }, Odd { begins: true, patience: 2 }]);
    assert!(error.contains("does not go over into a step"), "{error}");
}

/// No image is made of what is cut.
#[test]
fn links_that_may_be_cut_and_nodes_that_are_alike_are_refused() {
    let odd = || Odd { begins: true, patience: 1 };
    let cuts = Cuts { count: 1, links: vec![(Id::from(0), Id::from(1))] };
    let cluster = Setup::new([odd(), odd()], 2, ()).cuts(cuts).cluster();
    let error = refusal(Checker::symmetric(&cluster, Symmetry::among(&[&[0, 1]])).check());
    assert!(error.contains("links may be cut"), "{error}");
}

/// Nor of disks that may be lost; without symmetry the engine and stateright find the same.
#[test]
fn disks_that_may_be_lost_and_nodes_that_are_alike_are_refused() {
    let odd = || Odd { begins: true, patience: 1 };
    let lost = LostDisks { count: 2, nodes: vec![Id::from(0)], former: FormerLife::Refused };
    let never =
        Property::always("there are two nodes", Condition::each_node(|node| node.id < Id::from(2)));
    let cluster = Setup::new([odd(), odd()], 2, ()).lost_disks(lost).property(never).cluster();
    let error = refusal(Checker::symmetric(&cluster, Symmetry::among(&[&[0, 1]])).check());
    assert!(error.contains("disks may be lost"), "{error}");
    let ours = Checker::new(&cluster).check().unwrap();
    let theirs = cluster.checker().spawn_bfs().join();
    assert_eq!(ours.unique as usize, theirs.unique_state_count());
}
