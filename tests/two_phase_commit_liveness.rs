//! Two-phase commit's liveness: AC5 where failures are repaired, and the run that blocks where the
//! coordinator never returns.

use quorate::check::{Options, run};
use quorate::models::two_phase_commit::instances::instances;
use quorate::models::two_phase_commit::mutants::mutants;
use quorate::models::two_phase_commit::properties::{AC5, NON_BLOCKING};

#[test]
fn only_the_death_of_the_coordinator_blocks() {
    for instance in instances().into_iter().filter(|instance| !instance.deep) {
        let found = run((instance.cluster)(), &Options::default(), &|_| {}).unwrap();
        assert!(found.trace(AC5).is_none(), "{}", instance.name);
        let blocks = found.trace(NON_BLOCKING).is_some();
        assert_eq!(blocks, instance.name == "blocking", "{}", instance.name);
    }
}

#[test]
fn every_liveness_mutant_is_killed_by_its_property() {
    for mutant in mutants() {
        if [AC5, NON_BLOCKING].contains(&mutant.killed_by) {
            let found = run((mutant.cluster)(), &Options::default(), &|_| {}).unwrap();
            assert!(found.trace(mutant.killed_by).is_some(), "{} survives", mutant.name);
        }
    }
}
