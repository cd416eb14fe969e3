//! The bugs of contexts.

use super::super::instances::contexts::{forger, mistaken};
use super::super::properties as claims;
use super::{Bug, Mutant, Seeded, seeded};

/// All of them.
pub(super) fn mutants() -> Vec<Seeded> {
    vec![
        mutant!(
            AcceptForged,
            "accept-forged",
            "a context that no node gave is taken",
            claims::COVERED,
            forger()
        ),
        mutant!(
            ContextOfAnyKey,
            "context-of-any-key",
            "a context of one key is taken for another",
            claims::COVERED,
            mistaken()
        ),
    ]
}
