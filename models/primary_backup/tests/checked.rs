//! What the catalogue's tests cannot see: that no bug lacks a mutant.

use crate::kv::sessions::SessionBug;
use crate::primary_backup::PrimaryBackup;
use crate::primary_backup::mutants::{Bug, mutants};
use std::collections::BTreeSet;

#[test]
fn every_bug_has_a_mutant() {
    let seeded: BTreeSet<(Option<Bug>, Option<SessionBug>)> = (mutants().iter())
        .filter_map(|mutant| match &(mutant.cluster)().setup().actors[0] {
            PrimaryBackup::ViewService(service) => {
                Some((service.config.bug, service.config.sessions.bug))
            }
            _ => None,
        })
        .collect();
    let own = Bug::ALL.into_iter().map(|bug| (Some(bug), None));
    let all = own.chain(SessionBug::ALL.into_iter().map(|bug| (None, Some(bug))));
    assert_eq!(seeded.len(), mutants().len(), "no two mutants are the same");
    assert_eq!(seeded, all.collect(), "each bug is seeded once");
}
