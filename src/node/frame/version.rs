//! The versions of the wire: of each release two, without keys and with them.

/// A release of the wire: how frames and messages are encoded. A program speaks its own release and the
/// one before, so that the servers of a cluster can be brought from one to the next in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Release {
    /// The release before: each message's length takes two bytes.
    Previous,
    /// This program's own: a length takes one byte up to 127, two up to 16,383, and else three.
    Current,
}

impl Release {
    const ALL: [Self; 2] = [Self::Previous, Self::Current];

    /// The version in the frames of this release, in a cluster with keys or without.
    pub(in crate::node) const fn version(self, has_keys: bool) -> u8 {
        match (self, has_keys) {
            (Self::Previous, false) => 9,
            (Self::Previous, true) => 10,
            (Self::Current, false) => 11,
            (Self::Current, true) => 12,
        }
    }

    /// The release up to `newest` that has this version.
    pub(super) fn of_version(version: u8, has_keys: bool, newest: Self) -> Option<Self> {
        let is_it = |release: &Self| *release <= newest && release.version(has_keys) == version;
        Self::ALL.into_iter().find(is_it)
    }
}

/// Whether some release has this version in clusters with keys, or in those without.
pub(super) fn is_known(version: u8, has_keys: bool) -> bool {
    Release::of_version(version, has_keys, Release::Current).is_some()
}
