//! Mutants: the seeded bugs of a protocol, as tables.
//!
//! A protocol lists its bugs with [`bugs!`] below its handlers, which name them, and says in one
//! table with [`mutants!`] what each bug is, which property must be violated by it, and in which
//! instance. One bug may have several mutants; each has at least one, which a test that comes with
//! the list asks.

use crate::Mutant;
use crate::world::{Checkable, Cluster};

/// `bugs! { ForgetPromise, BreakPromise }`: the enum `Bug` of these, and a test that the module
/// `mutants` beside it has a mutant of each.
macro_rules! bugs {
    ($($bug:ident),+ $(,)?) => {
        /// A bug that the checker can put into the protocol. The table of mutants says what each
        /// does.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Bug {
            $($bug),+
        }

        #[cfg(test)]
        #[test]
        fn each_bug_has_a_mutant() {
            $crate::seeded::have_mutants(&[$(Bug::$bug),+], &super::mutants::seeded());
        }
    };
}
pub(crate) use bugs;

/// Asserts that each of these bugs has a mutant.
#[cfg(test)]
pub(crate) fn have_mutants<A: Checkable, H, B: PartialEq + std::fmt::Debug>(
    bugs: &[B],
    seeded: &[Seeded<A, H, B>],
) {
    for bug in bugs {
        let has_one = seeded.iter().any(|seeded| seeded.bug.as_ref() == Some(bug));
        assert!(has_one, "{bug:?} has no mutant");
    }
}

/// A mutant, and the same cluster without its bug.
pub(crate) struct Seeded<A: Checkable, H, B> {
    /// The bug, if it is in the protocol's code.
    #[cfg_attr(not(test), expect(dead_code, reason = "for the tests"))]
    pub(crate) bug: Option<B>,
    /// The mutant.
    pub(crate) mutant: Mutant<A, H>,
    /// The cluster without the bug.
    #[allow(dead_code, reason = "for the tests")]
    pub(crate) sound: fn() -> Cluster<A, H>,
}

/// The function `seeded`, which gives the mutants of a table.
///
/// ```ignore
/// mutants! {
///     Actor, History, Bug, Bounds::seeded;
///     ForgetPromise: "an acceptor does not save the ballot that it promises",
///         "forget-promise" by PROMISE in restarting(1);
/// }
/// ```
///
/// The cluster of a mutant is `Bounds::seeded(restarting(1), Some(Bug::ForgetPromise))`.
macro_rules! mutants {
    (
        $actor:ty, $history:ty, $bugs:ident, $cluster:expr;
        $($bug:ident: $about:literal, $($name:literal by $($killer:ident)::+ in $bounds:expr),+;)*
    ) => {
        /// The seeded bugs of this table.
        pub(crate) fn seeded() -> Vec<$crate::seeded::Seeded<$actor, $history, $bugs>> {
            vec![$($($crate::seeded::Seeded {
                bug: Some($bugs::$bug),
                mutant: $crate::Mutant {
                    name: $name,
                    about: $about,
                    killed_by: $($killer)::+,
                    cluster: || $cluster($bounds, Some($bugs::$bug)),
                },
                sound: || $cluster($bounds, None),
            },)+)*]
        }
    };
}
pub(crate) use mutants;

/// The mutants of these, in order.
pub(crate) fn mutants_of<A: Checkable, H, B>(
    seeded: impl IntoIterator<Item = Seeded<A, H, B>>,
) -> Vec<Mutant<A, H>> {
    seeded.into_iter().map(|seeded| seeded.mutant).collect()
}

#[cfg(test)]
mod tests {
    use super::{Seeded, have_mutants};
    use crate::kv::sessions::SessionBug;
    use crate::paxos::{Paxos, properties::Actor};
    use std::collections::BTreeSet;

    #[test]
    #[should_panic(expected = "\"b\" has no mutant")]
    fn a_bug_without_a_mutant_is_noticed() {
        let mutant = || crate::paxos::mutants::mutants().swap_remove(0);
        let sound = crate::paxos::mutants::seeded()[0].sound;
        have_mutants::<Actor, _, _>(
            &["a", "b"],
            &[Seeded { bug: Some("a"), mutant: mutant(), sound }],
        );
    }

    /// The bugs of the session table are in no protocol's list: they come with its bounds.
    #[test]
    fn each_bug_of_the_session_table_has_a_mutant_of_paxos() {
        let mutants = crate::paxos::mutants::mutants();
        let seeded =
            mutants.iter().filter_map(|mutant| match (mutant.cluster)().setup().actors.first() {
                Some(Paxos::Replica(replica)) => replica.config.sessions.bug,
                _ => None,
            });
        let all = SessionBug::ALL.iter().copied();
        assert_eq!(seeded.collect::<BTreeSet<_>>(), all.collect());
    }
}
