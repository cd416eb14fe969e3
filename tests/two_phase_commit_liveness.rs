//! Two-phase commit's liveness: AC5 where failures are repaired, and the run that blocks where the
//! coordinator never returns.

use quorate::check::{Options, run};
use quorate::models::two_phase_commit::instances::instances;
use quorate::models::two_phase_commit::mutants::mutants;

#[test]
fn scratch() {
    for instance in instances() {
        if instance.deep && std::env::var("DEEP").is_err() {
            continue;
        }
        let found = run((instance.cluster)(), &Options::default(), &|_| {}).unwrap();
        println!("{}: {found:#?}", instance.name);
    }
}

#[test]
fn mutants_scratch() {
    for mutant in mutants() {
        let found = run((mutant.cluster)(), &Options::default(), &|_| {}).unwrap();
        println!("{}: {}", mutant.name, found.trace(mutant.killed_by).is_some());
    }
}
