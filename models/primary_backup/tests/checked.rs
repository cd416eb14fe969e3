//! A check that the catalogue's tests cannot make: that no bug of the session table lacks a mutant.

use crate::kv::sessions::SessionBug;
use crate::primary_backup::PrimaryBackup;
use crate::primary_backup::mutants::mutants;
use std::collections::BTreeSet;

#[test]
fn every_bug_of_the_session_table_has_a_mutant() {
    let of_table: BTreeSet<SessionBug> = (mutants().iter())
        .filter_map(|mutant| match &(mutant.cluster)().setup().actors[0] {
            PrimaryBackup::ViewService(service) => service.config.sessions.bug,
            _ => None,
        })
        .collect();
    let all = SessionBug::ALL.iter().filter(|bug| !bug.is_of_bytes());
    assert_eq!(of_table, all.copied().collect());
}
