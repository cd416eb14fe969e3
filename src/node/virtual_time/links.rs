//! Multi-Paxos where links are cut.

use super::Run;
use crate::node::deploy::tests::cluster;
use quorate_models::Status;
use quorate_models::kv::Map;
use quorate_models::paxos::Paxos;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn run(seed: u64) -> Run<Paxos<Map>> {
    let mut run = Run::new(&cluster("paxos", "", &[""; 3]), Duration::from_millis(1), seed);
    run.until(5 * SECOND);
    run
}

#[test]
fn a_leader_is_not_deposed_by_a_replica_that_is_cut_off_or_hears_it_not() {
    let (cut_off, unheard) = ([(0, 2), (2, 0), (1, 2), (2, 1)], [(0, 2)]);
    for seed in 0..20 {
        for cut in [&cut_off[..], &unheard] {
            let mut run = run(seed);
            run.cut = cut.to_vec();
            run.until(60 * SECOND);
            run.cut.clear();
            run.until(65 * SECOND);
            let Status { role, epoch, .. } = run.status(0);
            assert_eq!((role, epoch), ("leader", Some(("ballot", 0))), "{cut:?}, seed {seed}");
            assert_eq!(run.answers.len(), 65, "{cut:?}, seed {seed}");
        }
    }
}

/// All that can be cut, one way or both, while two replicas hear each other.
#[test]
fn two_replicas_that_hear_each_other_are_enough_whatever_else_is_cut() {
    let links = [(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1)];
    for cuts in 0..1 << links.len() {
        let is_cut = |at: &usize| cuts >> at & 1 == 1;
        if (0..3).all(|pair| is_cut(&(2 * pair)) || is_cut(&(2 * pair + 1))) {
            continue;
        }
        for seed in 0..5 {
            let mut run = run(seed);
            run.cut = (0..links.len()).filter(is_cut).map(|at| links[at]).collect();
            run.until(60 * SECOND);
            run.answers.clear();
            run.until(90 * SECOND);
            let answered = run.answers.len();
            assert!(answered >= 25, "{:?}, seed {seed}: {answered} of 30", run.cut);
        }
    }
}
