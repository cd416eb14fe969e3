//! Every safety mutant's bug is to blame for the violation, not its instance. The verdicts of the
//! instances and mutants are checked for all protocols alike in the root crate's `tests/evidence`.

use super::super::mutants::safety_mutants;
use crate::instance::asking;
use crate::seeded::Seeded;

#[test]
fn every_safety_mutant_is_to_blame_for_the_violation_of_its_property() {
    for Seeded { mutant, sound, .. } in safety_mutants() {
        asking::is_to_blame((mutant.cluster)(), sound(), mutant.name, mutant.killed_by);
    }
}
