//! The lengths that the tables of guards name.

use quorate::catalogue::protocol;
use quorate::check::Options;
use quorate::models::guard::{Guard, Guards};
use quorate::models::{kafka, zab};

fn are_killed_in_as_many_steps_as_the_table_says(name: &str, guards: &Guards) {
    let protocol = protocol(name).unwrap();
    let differing = guards.guards.iter().filter_map(|Guard { mutant, property, steps, .. }| {
        let options = Options { until_violated: Some(property.name), ..Options::default() };
        let found = protocol.mutant(mutant).unwrap().check(&options, &|_| {}).unwrap();
        let found = found.trace(property.name).map(|trace| trace.actions.len());
        (found != Some(*steps)).then(|| format!("{mutant}: {found:?} steps, not {steps}"))
    });
    let differing: Vec<_> = differing.collect();
    assert!(differing.is_empty(), "{differing:#?}");
}

#[test]
fn the_mutants_of_kafkas_guards_are_killed_in_as_many_steps_as_the_table_says() {
    are_killed_in_as_many_steps_as_the_table_says("kafka", &kafka::guards::GUARDS);
}

#[test]
fn the_mutants_of_zabs_guards_are_killed_in_as_many_steps_as_the_table_says() {
    are_killed_in_as_many_steps_as_the_table_says("zab", &zab::tickets::GUARDS);
}
