//! Multi-primary converges on links that lose messages, and its tombstones go; the mutants
//! without anti-entropy and without collection show that the claims say something.

use quorate::check::{Checker, Verdict};
use quorate::models::multi_primary::instances::instances;
use quorate::models::multi_primary::mutants::mutants;
use quorate::models::multi_primary::properties::{CONVERGES, TOMBSTONES_GO};

#[test]
#[ignore = "written against the engine's interface, not yet run"]
fn nodes_converge_and_tombstones_go_although_messages_are_lost() {
    let instance = instances().into_iter().find(|instance| instance.name == "mv-converge");
    let cluster = (instance.unwrap().cluster)();
    let outcome = Checker::new(&cluster).check().unwrap();
    for property in &outcome.properties {
        assert!(matches!(property.verdict, Verdict::Holds), "{}", property.name);
    }
}

#[test]
#[ignore = "written against the engine's interface, not yet run"]
fn without_anti_entropy_or_collection_they_do_not() {
    for killed_by in [CONVERGES, TOMBSTONES_GO] {
        let mutant = mutants().into_iter().find(|mutant| mutant.killed_by == killed_by).unwrap();
        let outcome = Checker::new(&(mutant.cluster)()).check().unwrap();
        let property = outcome.properties.iter().find(|property| property.name == killed_by);
        let verdict = &property.unwrap().verdict;
        assert!(matches!(verdict, Verdict::Violated(_)), "{}: {verdict:?}", mutant.name);
    }
}
