//! The liveness decision on small graphs whose answers were worked out by hand. State 0 is the
//! initial one. `decide` is given the states where the obligation arises, and the goal.

use quorate::check::Strength::{self, Strong, Weak};
use quorate::check::liveness::{Answer, Graph, GraphBuilder, Lasso, Target, decide};

/// A graph with no classes.
fn plain() -> GraphBuilder {
    GraphBuilder::new(&[])
}

/// A graph with these classes, numbered from zero.
fn with(strengths: &[Strength]) -> GraphBuilder {
    GraphBuilder::new(strengths)
}

/// Whether the goal is eventually reached from the initial state.
fn eventually(graph: &Graph, goal: &[u32]) -> Answer {
    leads_to(graph, &[0], goal)
}

fn leads_to(graph: &Graph, from: &[u32], goal: &[u32]) -> Answer {
    let answer = decide(graph, |s| from.contains(&s), |s| goal.contains(&s), &|| true);
    if let Answer::Violated(lasso) = &answer {
        check(graph, lasso, from, goal);
    }
    answer
}

/// A lasso must be a path and a cycle that stays off the goal once it is owed, and be fair.
fn check(graph: &Graph, lasso: &Lasso, from: &[u32], goal: &[u32]) {
    let mut at = 0;
    let mut visited = vec![0];
    for step in lasso.stem.iter().chain(&lasso.cycle) {
        assert!(graph.steps_of(at).contains(step), "step {step} does not start at {at}: {lasso:?}");
        let Target::State(to) = graph.target(*step) else { panic!("leads beyond: {lasso:?}") };
        at = to;
        visited.push(at);
    }
    let knot = visited[lasso.stem.len()];
    assert_eq!(at, knot, "the cycle does not close: {lasso:?}");
    let owed = visited.iter().enumerate().position(|(at, state)| {
        from.contains(state) && visited[at..].iter().all(|later| !goal.contains(later))
    });
    assert!(owed.is_some_and(|owed| owed <= lasso.stem.len()), "nothing is owed: {lasso:?}");
    let round = &visited[lasso.stem.len()..];
    for class in 0..graph.classes() as u16 {
        let taken = lasso.cycle.iter().any(|step| graph.class(*step) == Some(class));
        let possible = |s: &u32| graph.steps_of(*s).any(|step| graph.class(step) == Some(class));
        let fair = match graph.strength(class) {
            Strength::None => true,
            Weak => taken || !round.iter().all(possible),
            Strong => taken || !round.iter().any(possible),
        };
        assert!(fair, "class {class} is wronged: {lasso:?}");
    }
}

/// The lengths of stem and cycle.
fn violated(answer: &Answer) -> (usize, usize) {
    match answer {
        Answer::Violated(lasso) => (lasso.stem.len(), lasso.cycle.len()),
        other => panic!("{other:?} is not a violation"),
    }
}

#[test]
fn without_fairness_even_a_single_step_may_never_be_taken() {
    let graph = plain().step(0, 1).build(2);
    assert_eq!(violated(&eventually(&graph, &[1])), (0, 0));
}

#[test]
fn a_weakly_fair_step_is_taken() {
    let graph = with(&[Weak]).fair(0, 0, 1).build(2);
    assert_eq!(eventually(&graph, &[1]), Answer::Holds);
}

#[test]
fn a_deadlock_short_of_the_goal_is_a_violation() {
    let graph = with(&[Weak]).fair(0, 0, 1).build(3);
    assert_eq!(violated(&eventually(&graph, &[2])), (1, 0));
}

#[test]
fn a_deadlock_at_the_goal_is_none() {
    let graph = with(&[Weak]).fair(0, 0, 1).build(2);
    assert_eq!(eventually(&graph, &[1]), Answer::Holds);
    let graph = plain().build(1);
    assert_eq!(eventually(&graph, &[0]), Answer::Holds);
}

#[test]
fn one_of_two_fair_branches_misses_the_goal() {
    let graph = with(&[Weak]).fair(0, 0, 1).fair(0, 0, 2).build(3);
    assert_eq!(violated(&eventually(&graph, &[1])), (1, 0));
}

/// Stateright 0.31 says of `eventually(1)` on 0→1, 0→2, 1→3, 2→3, 3→4, that it holds: it
/// reaches 3 first by way of 1 and never looks at it again. The path 0, 2, 3, 4 misses it.
#[test]
fn a_join_that_stateright_misses() {
    let graph = with(&[Weak])
        .fair(0, 0, 1)
        .fair(0, 0, 2)
        .fair(0, 1, 3)
        .fair(0, 2, 3)
        .fair(0, 3, 4)
        .build(5);
    assert_eq!(violated(&eventually(&graph, &[1])), (3, 0));
    assert_eq!(eventually(&graph, &[1, 2]), Answer::Holds);
    assert_eq!(eventually(&graph, &[3]), Answer::Holds);
}

/// Stateright 0.31 looks only at states without successors, of which 0→1→0 has none.
#[test]
fn a_cycle_that_stateright_misses() {
    let graph = with(&[Weak]).fair(0, 0, 1).fair(0, 1, 0).build(3);
    assert_eq!(violated(&eventually(&graph, &[2])), (0, 2));
}

#[test]
fn a_cycle_that_starves_a_weak_class_is_not_fair() {
    // 0 ⇄ 1 by class 0; from both, class 1 leads to the goal.
    let graph =
        with(&[Weak, Weak]).fair(0, 0, 1).fair(0, 1, 0).fair(1, 0, 2).fair(1, 1, 2).build(3);
    assert_eq!(eventually(&graph, &[2]), Answer::Holds);
}

#[test]
fn a_weak_class_that_is_interrupted_may_starve() {
    // 0 ⇄ 1 by class 0; only from 0 class 1 leads to the goal: in 1 it is disabled.
    let graph = with(&[Weak, Weak]).fair(0, 0, 1).fair(0, 1, 0).fair(1, 0, 2).build(3);
    assert_eq!(violated(&eventually(&graph, &[2])), (0, 2));
}

#[test]
fn a_strong_class_that_is_interrupted_may_not() {
    let graph = with(&[Weak, Strong]).fair(0, 0, 1).fair(0, 1, 0).fair(1, 0, 2).build(3);
    assert_eq!(eventually(&graph, &[2]), Answer::Holds);
}

#[test]
fn a_component_is_fair_only_through_a_state_where_a_class_is_disabled() {
    // 0 → 1 → 2 → 0, class 1 possible in 0 and 1 (to the goal 3), not in 2. Going round all of it
    // is fair; 0 ⇄ 1, were it there alone, would not be.
    let three = with(&[Weak, Weak])
        .fair(0, 0, 1)
        .fair(0, 1, 2)
        .fair(0, 2, 0)
        .fair(1, 0, 3)
        .fair(1, 1, 3)
        .fair(0, 1, 0);
    assert_eq!(violated(&eventually(&three.build(4), &[3])), (0, 3));
    let two = with(&[Weak, Weak]).fair(0, 0, 1).fair(0, 1, 0).fair(1, 0, 3).fair(1, 1, 3).build(4);
    assert_eq!(eventually(&two, &[3]), Answer::Holds);
}

#[test]
fn a_cycle_must_do_justice_to_two_classes() {
    // Class 0 goes 0 → 1 → 0, class 1 goes 0 → 2 → 0; both are possible everywhere, so neither
    // loop alone is fair, and the lasso must go both ways.
    let graph = with(&[Weak, Weak])
        .fair(0, 0, 1)
        .fair(0, 1, 0)
        .fair(1, 1, 1)
        .fair(1, 0, 2)
        .fair(1, 2, 0)
        .fair(0, 2, 2)
        .build(4);
    let (stem, cycle) = violated(&eventually(&graph, &[3]));
    assert_eq!(stem, 0);
    assert!(cycle >= 2, "both classes are to be taken");
}

#[test]
fn a_cycle_must_go_both_ways_round() {
    // As before without the loops: class 0 in 0 and 1, class 1 in 0 and 2. Strong: to pass 0 is to
    // owe both.
    let graph =
        with(&[Strong, Strong]).fair(0, 0, 1).fair(0, 1, 0).fair(1, 0, 2).fair(1, 2, 0).build(4);
    assert_eq!(violated(&eventually(&graph, &[3])), (0, 4));
}

#[test]
fn removing_what_starves_a_strong_class_may_leave_a_fair_part() {
    // 0 → 1 ⇄ 2 → 3 ⇄ 4 → 1. Class 1 (strong) is possible in 2 and leads to the goal: then only
    // 3 ⇄ 4 can be gone round for ever.
    let graph = with(&[Weak, Strong])
        .fair(0, 0, 1)
        .fair(0, 1, 2)
        .fair(0, 2, 1)
        .fair(0, 2, 3)
        .fair(0, 3, 4)
        .fair(0, 4, 3)
        .step(4, 1)
        .fair(1, 2, 5)
        .build(6);
    assert_eq!(violated(&eventually(&graph, &[5])), (3, 2));
}

#[test]
fn refinement_goes_on_until_nothing_is_left() {
    // A ring of 3 in which each of three strong classes is possible in one state and leads to the
    // goal.
    let graph = with(&[Strong, Strong, Strong])
        .step(0, 1)
        .step(1, 2)
        .step(2, 0)
        .fair(0, 0, 3)
        .fair(1, 1, 3)
        .fair(2, 2, 3)
        .build(4);
    assert_eq!(eventually(&graph, &[3]), Answer::Holds);
}

#[test]
fn after_refinement_weak_classes_are_counted_anew() {
    // 0 ⇄ 1 ⇄ 2. Strong class 1 leads from 0 to the goal, so 0 must go. Weak class 2 leads from 1
    // and 2 to the goal and was disabled only in 0: without 0 it is possible everywhere.
    let graph = with(&[Weak, Strong, Weak])
        .fair(0, 0, 1)
        .fair(0, 1, 0)
        .fair(0, 1, 2)
        .fair(0, 2, 1)
        .fair(1, 0, 3)
        .fair(2, 1, 3)
        .fair(2, 2, 3)
        .build(4);
    assert_eq!(eventually(&graph, &[3]), Answer::Holds);
}

#[test]
fn a_step_to_itself_counts_as_taken() {
    let graph = with(&[Weak]).fair(0, 0, 0).build(2);
    assert_eq!(violated(&eventually(&graph, &[1])), (0, 1));
}

#[test]
fn a_step_to_itself_may_let_a_weak_class_take_no_other_way() {
    // Class 0 may go round in 0 or to the goal: taking it is enough.
    let graph = with(&[Weak]).fair(0, 0, 0).fair(0, 0, 1).build(2);
    assert_eq!(violated(&eventually(&graph, &[1])), (0, 1));
}

#[test]
fn a_step_beyond_the_bounds_is_no_violation() {
    let graph = with(&[Weak]).fair(0, 0, 1).beyond(Some(0), 1).build(3);
    assert_eq!(eventually(&graph, &[2]), Answer::Holds);
    assert_eq!(graph.cut(), 1);
}

#[test]
fn a_cycle_that_must_leave_the_bounds_is_no_violation() {
    let graph = with(&[Weak, Weak])
        .fair(0, 0, 1)
        .fair(0, 1, 0)
        .beyond(Some(1), 0)
        .beyond(Some(1), 1)
        .build(3);
    assert_eq!(eventually(&graph, &[2]), Answer::Holds);
}

#[test]
fn a_cycle_beside_the_bounds_is_a_violation() {
    // In 1 class 1 is not possible, so nothing forces it beyond.
    let graph = with(&[Weak, Weak]).fair(0, 0, 1).fair(0, 1, 0).beyond(Some(1), 0).build(3);
    assert_eq!(violated(&eventually(&graph, &[2])), (0, 2));
}

#[test]
fn a_crash_that_nobody_promised_forces_nothing() {
    // In 0 only a crash is possible: it may not come.
    let graph = with(&[Weak]).step(0, 1).fair(0, 1, 2).build(3);
    assert_eq!(violated(&eventually(&graph, &[2])), (0, 0));
}

#[test]
fn what_leads_to_the_goal_may_arise_later_and_again() {
    // 0 asks (1), is answered (2), and goes back; from 2 a second question (3) is never answered.
    let graph = with(&[Weak])
        .fair(0, 0, 1)
        .fair(0, 1, 2)
        .fair(0, 2, 0)
        .fair(0, 2, 3)
        .fair(0, 3, 3)
        .build(4);
    assert_eq!(leads_to(&graph, &[1], &[2]), Answer::Holds);
    assert_eq!(violated(&leads_to(&graph, &[1, 3], &[2])), (3, 1));
}

#[test]
fn what_never_arises_is_owed_nothing() {
    let graph = with(&[Weak]).fair(0, 0, 0).build(2);
    assert_eq!(leads_to(&graph, &[], &[1]), Answer::Holds);
    assert_eq!(leads_to(&graph, &[0], &[0]), Answer::Holds, "the goal holds with it");
}

#[test]
fn the_goal_on_the_way_pays_and_a_later_debt_is_new() {
    // 0 → 1 (goal) → 2 ⇄ 2, owed in 0 only: paid at 1. Owed in 2 as well: not.
    let graph = with(&[Weak]).fair(0, 0, 1).fair(0, 1, 2).fair(0, 2, 2).build(3);
    assert_eq!(leads_to(&graph, &[0], &[1]), Answer::Holds);
    assert_eq!(violated(&leads_to(&graph, &[0, 2], &[1])), (2, 1));
}

/// The alternating bit in small: a message is lost (step 1 → 0) or delivered (class 1, 1 → 2) and
/// sent again (class 0, 0 → 1).
#[test]
fn resending_over_a_lossy_link_needs_strong_fairness() {
    let link = |delivery| with(&[Weak, delivery]).fair(0, 0, 1).step(1, 0).fair(1, 1, 2).build(3);
    assert_eq!(violated(&eventually(&link(Weak), &[2])), (0, 2));
    assert_eq!(eventually(&link(Strong), &[2]), Answer::Holds);
}

/// Peterson's lock in small: two processes want in; a scheduler that forgets one is not fair.
#[test]
fn two_processes_that_take_turns_both_get_in() {
    // States: 0 both wait, turn of A; 1 A in; 2 both wait, turn of B; 3 B in. Class 0 is A's, 1
    // B's.
    let graph =
        with(&[Weak, Weak]).fair(0, 0, 1).fair(0, 1, 2).fair(1, 2, 3).fair(1, 3, 0).build(4);
    assert_eq!(leads_to(&graph, &[0, 1, 2], &[3]), Answer::Holds);
    assert_eq!(leads_to(&graph, &[0, 2, 3], &[1]), Answer::Holds);
    // Were B's turn not promised, A could wait for ever.
    let graph = with(&[Weak]).fair(0, 0, 1).fair(0, 1, 2).step(2, 3).step(3, 0).build(4);
    assert_eq!(violated(&leads_to(&graph, &[2], &[1])), (2, 0));
}

#[test]
fn unreachable_cycles_do_not_matter() {
    let graph = with(&[Weak]).fair(0, 0, 1).fair(0, 2, 2).build(3);
    assert_eq!(eventually(&graph, &[1]), Answer::Holds);
}

#[test]
fn stopping_is_no_answer() {
    let graph = with(&[Weak]).fair(0, 0, 1).build(2);
    assert_eq!(decide(&graph, |s| s == 0, |s| s == 1, &|| false), Answer::Stopped);
}
