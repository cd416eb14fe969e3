//! The guards of a protocol as data: where each comes from, which mutant is without it, and how long
//! the shortest run to the violation is.
//!
//! The documentation of a protocol shows them as a table, between two marks ([`Guards::markdown`]).

use crate::world::Statement;
use std::fmt::Write;

/// A guard, and what its absence leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard {
    /// The proposal or the ticket that it is from, or what it is about; `–` if there is none.
    pub source: &'static str,
    /// What it is.
    pub says: &'static str,
    /// The mutant without it.
    pub mutant: &'static str,
    /// The property that the mutant violates.
    pub property: Statement,
    /// How many steps the shortest run of the mutant to the violation has.
    pub steps: usize,
    /// What else is known of it.
    pub note: &'static str,
}

/// The guards of a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guards {
    /// What their sources are.
    pub source: &'static str,
    /// What their notes say.
    pub note: &'static str,
    /// They, in the order of the table.
    pub guards: &'static [Guard],
}

impl Guards {
    /// The guards as a table.
    pub fn markdown(&self) -> String {
        let Self { source, note, guards } = self;
        let mut text = format!(
            "| {source} | guard | mutant | property | steps | {note} |\n|---|---|---|---|---:|---|\n"
        );
        for Guard { source, says, mutant, property, steps, note } in *guards {
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "| {source} | {says} | `{mutant}` | `{property}` | {steps} | {note} |"
            );
        }
        text
    }
}

/// What tests of a protocol ask of its guards.
#[cfg(test)]
pub(crate) mod asking {
    use super::{Guard, Guards};
    use crate::Mutant;
    use crate::world::Checkable;

    /// The documentation of the protocol has their table between the two marks.
    pub(crate) fn are_documented(guards: &Guards, docs: &str) {
        let lines = docs.lines().filter_map(|line| line.strip_prefix("//! "));
        let inside = lines
            .skip_while(|line| !line.contains("<!-- guards -->"))
            .skip(1)
            .take_while(|line| !line.contains("<!-- end of guards -->"));
        let shown: String = inside.flat_map(|line| [line, "\n"]).collect();
        let current = guards.markdown();
        assert!(shown == current, "the table in the documentation is to be:\n{current}");
    }

    /// Each has a mutant that its property kills, and these sources have a guard. The lengths are
    /// compared with what a check finds where mutants are checked.
    pub(crate) fn have_mutants<A: Checkable, H>(
        guards: &Guards,
        mutants: &[Mutant<A, H>],
        sources: &[&str],
    ) {
        for Guard { mutant, property, .. } in guards.guards {
            let found = mutants.iter().find(|known| known.name == *mutant);
            assert_eq!(found.map(|mutant| mutant.killed_by), Some(*property), "{mutant}");
        }
        for source in sources {
            assert!(guards.guards.iter().any(|guard| guard.source == *source), "none of {source}");
        }
    }
}
