//! The seeded bugs of the session table: they come with its bounds, so each protocol that has a
//! table has them, in an instance of its own ([`mutants!`]).

/// The bugs, each with its name and what it is.
macro_rules! bugs {
    ($($bug:ident: $name:literal, $about:literal;)*) => {
        /// A bug that the checker can put into the session table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum SessionBug {
            $(#[doc = $about] $bug),*
        }

        impl SessionBug {
            /// All of them.
            #[cfg(test)]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$bug),*];

            /// The name of its mutants.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$bug => $name),* }
            }

            /// What it is.
            pub(crate) fn about(self) -> &'static str {
                match self { $(Self::$bug => $about),* }
            }
        }
    };
}

bugs! {
    EvictNewest: "evict-newest", "the most recently used session is evicted";
    EvictLowest: "evict-lowest", "the session with the lowest client id is evicted";
    EvictWithoutFloor: "evict-without-floor", "an eviction does not raise the floor";
    ForgottenIsNew: "forgotten-is-new", "a forgotten client counts as new";
    SnapshotWithoutFloor: "snapshot-without-floor", "a snapshot lacks the floor";
    SnapshotWithoutOrder: "snapshot-without-order",
        "a snapshot lists the sessions in the order of client ids";
    CountOnly: "evict-by-count-only", "sessions are evicted by their number alone";
    OversizedEvicts: "oversized-evicts", "a session that is too large by itself evicts all others";
    OneSlot: "one-slot", "a session keeps the request of one slot only";
}

#[cfg(test)]
impl SessionBug {
    /// Whether it shows only where a table is sent to another node.
    pub(crate) fn is_of_snapshots(self) -> bool {
        matches!(self, Self::SnapshotWithoutFloor | Self::SnapshotWithoutOrder)
    }

    /// Whether it shows only where clients have several requests under way.
    pub(crate) fn is_of_slots(self) -> bool {
        self == Self::OneSlot
    }

    /// Whether it shows only where there is room for few bytes. One protocol is enough for those.
    pub(crate) fn is_of_bytes(self) -> bool {
        matches!(self, Self::CountOnly | Self::OversizedEvicts)
    }
}

/// The function `mutants`, which gives those of a protocol's session table.
///
/// ```ignore
/// mutants! { Actor, History, seeded; EvictNewest by claims::ACTIVE in trio(); }
/// ```
///
/// The cluster of a mutant is `seeded(trio(), SessionBug::EvictNewest)`.
macro_rules! mutants {
    (
        $actor:ty, $history:ty, $cluster:expr;
        $($bug:ident by $($killer:ident)::+ in $bounds:expr;)*
    ) => {
        /// The seeded bugs of the session table.
        pub(super) fn mutants() -> Vec<$crate::Mutant<$actor, $history>> {
            vec![$($crate::Mutant {
                name: $crate::kv::sessions::bugs::SessionBug::$bug.name(),
                about: $crate::kv::sessions::bugs::SessionBug::$bug.about(),
                killed_by: $($killer)::+,
                cluster: || $cluster($bounds, $crate::kv::sessions::bugs::SessionBug::$bug),
            }),*]
        }
    };
}
pub(crate) use mutants;
