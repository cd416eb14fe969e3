//! The liveness decision against a naive one, on random small graphs. The naive one knows nothing
//! of components: it tries every set of states that a behaviour might visit for ever.

use proptest::prelude::*;
use quorate::check::Strength::{self, Strong, Weak};
use quorate::check::liveness::{Answer, Graph, GraphBuilder, Target, decide};

const STATES: u32 = 6;
const CLASSES: u16 = 3;

/// A violation exists exactly if for some set of states, all without the goal, (a) it can be
/// reached, by way of a state where the goal is owed and from then on without the goal, (b) each
/// of its states can reach each other inside, and (c) going everywhere inside is fair. Taking more
/// steps of a set never makes a behaviour less fair, so it is enough to ask of whole sets.
fn naive(graph: &Graph, from: &[bool], goal: &[bool]) -> bool {
    let successors = |state: u32| {
        graph.steps_of(state).filter_map(|step| match graph.target(step) {
            Target::State(to) => Some((step, to)),
            Target::Beyond => None,
        })
    };
    // By closing reachability over and over.
    let mut reached = vec![false; STATES as usize];
    reached[0] = true;
    let mut owing = vec![false; STATES as usize];
    for _ in 0..=2 * STATES {
        for state in 0..STATES {
            let at = state as usize;
            owing[at] |= reached[at] && from[at] && !goal[at];
            for (_, to) in successors(state) {
                reached[to as usize] |= reached[at];
                owing[to as usize] |= owing[at] && !goal[to as usize];
            }
        }
    }
    (1_u32..1 << STATES).any(|set| {
        let inside = |state: u32| set >> state & 1 == 1;
        let states: Vec<u32> = (0..STATES).filter(|state| inside(*state)).collect();
        states.iter().all(|state| owing[*state as usize])
            && connected(&states, |state| {
                successors(state).map(|(_, to)| to).filter(|to| inside(*to)).collect()
            })
            && (0..CLASSES).all(|class| {
                let is_class = |step: &usize| graph.class(*step) == Some(class);
                let possible = |state: &u32| graph.steps_of(*state).any(|step| is_class(&step));
                let taken = states
                    .iter()
                    .any(|s| successors(*s).any(|(step, to)| is_class(&step) && inside(to)));
                match graph.strength(class) {
                    Strength::None => true,
                    Weak => taken || !states.iter().all(possible),
                    Strong => taken || !states.iter().any(possible),
                }
            })
    })
}

/// Whether every state reaches every other; a single one does, by pausing.
fn connected(states: &[u32], successors: impl Fn(u32) -> Vec<u32>) -> bool {
    states.iter().all(|from| {
        let mut reached = vec![*from];
        for _ in states {
            let more: Vec<u32> = reached.iter().flat_map(|state| successors(*state)).collect();
            reached.extend(more);
            reached.sort_unstable();
            reached.dedup();
        }
        states.iter().all(|to| reached.contains(to))
    })
}

type Steps = Vec<(u32, Option<u32>, Option<u16>)>;

fn steps() -> impl Strategy<Value = Steps> {
    let target = prop_oneof![9 => (0..STATES).prop_map(Some), 1 => Just(None)];
    let class = prop_oneof![3 => (0..CLASSES).prop_map(Some), 1 => Just(None)];
    proptest::collection::vec((0..STATES, target, class), 0..16)
}

fn strengths() -> impl Strategy<Value = Vec<Strength>> {
    let strength = prop_oneof![Just(Strength::None), Just(Weak), Just(Strong)];
    proptest::collection::vec(strength, usize::from(CLASSES))
}

fn marks() -> impl Strategy<Value = Vec<bool>> {
    proptest::collection::vec(proptest::bool::weighted(0.3), STATES as usize)
}

fn build(steps: &Steps, strengths: &[Strength]) -> Graph {
    let graph = steps.iter().fold(GraphBuilder::new(strengths), |graph, step| match *step {
        (from, Some(to), None) => graph.step(from, to),
        (from, Some(to), Some(class)) => graph.fair(class, from, to),
        (from, None, class) => graph.beyond(class, from),
    });
    graph.build(STATES)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn the_decision_is_the_naive_one(
        steps in steps(),
        strengths in strengths(),
        from in marks(),
        goal in marks(),
        from_the_start in any::<bool>(),
    ) {
        let graph = build(&steps, &strengths);
        let mut from = from;
        if from_the_start {
            from = (0..STATES).map(|state| state == 0).collect();
        }
        let (owed, done) = (|s: u32| from[s as usize], |s: u32| goal[s as usize]);
        let answer = decide(&graph, owed, done, &|| true);
        let violated = naive(&graph, &from, &goal);
        prop_assert_eq!(matches!(answer, Answer::Violated(_)), violated, "{:?}", answer);
        if let Answer::Violated(lasso) = answer {
            // The cycle alone must be such a set.
            let mut at = 0;
            let mut states = Vec::new();
            for (n, step) in lasso.stem.iter().chain(&lasso.cycle).enumerate() {
                prop_assert!(graph.steps_of(at).contains(step));
                let Target::State(to) = graph.target(*step) else { panic!("leads beyond") };
                if n >= lasso.stem.len() {
                    states.push(at);
                }
                at = to;
            }
            if lasso.cycle.is_empty() {
                states.push(at);
            }
            prop_assert_eq!(states[0], at, "the cycle closes");
            prop_assert!(states.iter().all(|state| !goal[*state as usize]));
            for class in 0..CLASSES {
                let is_class = |step: usize| graph.class(step) == Some(class);
                let taken = lasso.cycle.iter().any(|step| is_class(*step));
                let possible = |state: &u32| graph.steps_of(*state).any(is_class);
                let fair = match graph.strength(class) {
                    Strength::None => true,
                    Weak => taken || !states.iter().all(possible),
                    Strong => taken || !states.iter().any(possible),
                };
                prop_assert!(fair, "class {} is wronged by {:?}", class, lasso);
            }
        }
    }
}
