//! A successor that is not built yet: where a step leads.

use super::interner::Fingerprint;

/// What a step takes out of the network.
#[derive(Clone, Copy)]
pub(super) enum Removed {
    Nothing,
    /// The item at this position.
    Item(u32),
    /// What this node sent to servers.
    SentBy(u32),
}

impl Removed {
    pub(super) fn item(self) -> Option<u32> {
        match self {
            Self::Item(at) => Some(at),
            Self::Nothing | Self::SentBy(_) => None,
        }
    }
}

/// A successor that is not built yet.
#[derive(Clone, Copy)]
pub struct Step<'c> {
    /// The successor's fingerprint.
    pub fingerprint: Fingerprint,
    /// Which node changed, if one did.
    pub changed_node: Option<u32>,
    /// Whether the history changed.
    pub changed_history: bool,
    pub(super) node: u32,
    pub(super) budget: u32,
    pub(super) history: u32,
    pub(super) removed: Removed,
    pub(super) added: &'c [u32],
}

impl Step<'_> {
    /// One that leads to a state with this fingerprint, which is known by a word.
    pub fn to(fingerprint: Fingerprint, word: u32) -> Self {
        Self {
            fingerprint,
            changed_node: None,
            changed_history: false,
            node: word,
            budget: 0,
            history: 0,
            removed: Removed::Nothing,
            added: &[],
        }
    }

    /// The word of [`Self::to`].
    pub fn word(&self) -> u32 {
        self.node
    }
}
