//! What must hold, and what must be reachable.

use super::Toy;
use crate::kv::Map;
use crate::kv::history::Linearizable;
use crate::statements;
use crate::world::{Condition, Property};

/// A node of a checked instance.
pub(super) type Actor = Toy;
/// The history that instances are judged by.
pub(super) type History = Linearizable<Map>;
/// A property of an instance.
pub(super) type Claim = Property<Actor, History>;

statements! {
    pub(super) LINEARIZABLE = "linearizable", "the history that clients see is linearizable",
        "Herlihy and Wing 1990";
    pub(super) ANSWERED = "answered", "every request is eventually answered";
    pub(super) OVERLAP = "overlap", "requests of two clients overlapped";
}

/// Clients see one copy of the map.
pub(super) fn linearizable() -> Claim {
    Property::always(LINEARIZABLE, Condition::history(History::is_consistent))
}

/// No client waits for ever.
pub(super) fn answered() -> Claim {
    Property::leads_to(
        ANSWERED,
        Condition::history(|history: &History| history.open() > 0),
        Condition::history(|history: &History| history.open() == 0),
    )
}

/// Two clients waited at once.
pub(super) fn overlap() -> Claim {
    Property::sometimes(OVERLAP, Condition::history(|history: &History| history.open() > 1))
}
