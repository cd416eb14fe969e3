//! Levels: how many replicas a request waits for, where it may choose.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How many replicas a request waits for.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Level {
    /// One.
    One,
    /// More than half.
    #[default]
    Quorum,
    /// All.
    All,
    /// More than half, in an order with all other serial requests of the key (Paxos).
    Serial,
}

impl Level {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::One, Self::Quorum, Self::All, Self::Serial];

    /// Its name, on the command line and in cluster files.
    pub fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Quorum => "quorum",
            Self::All => "all",
            Self::Serial => "serial",
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
