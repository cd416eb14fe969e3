//! The lengths that Zab's table of guards names.

use quorate::catalogue::protocol;
use quorate::check::Options;
use quorate::models::zab::tickets::{GUARDS, Guard};

#[test]
fn each_mutant_of_the_table_of_tickets_is_killed_in_as_many_steps_as_it_says() {
    let zab = protocol("zab").unwrap();
    let differing = GUARDS.iter().filter_map(|Guard { mutant, property, steps, .. }| {
        let options = Options { until_violated: Some(property.name), ..Options::default() };
        let found = zab.mutant(mutant).unwrap().check(&options, &|_| {}).unwrap();
        let found = found.trace(property.name).map(|trace| trace.actions.len());
        (found != Some(*steps)).then(|| format!("{mutant}: {found:?} steps, not {steps}"))
    });
    let differing: Vec<_> = differing.collect();
    assert!(differing.is_empty(), "{differing:#?}");
}
