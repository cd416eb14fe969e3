//! What may happen only so often.

use super::survey::Survey;
use crate::models::world::{Budget, EventKind};

/// What may happen only so often in an instance, over all nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Bound {
    Crashes,
    Restarts,
    Disks,
    Cuts,
    /// The firings of a bounded kind of timer.
    Timer(usize),
}

impl Bound {
    /// What an event takes from.
    pub(super) fn of(kind: EventKind, timer: Option<usize>) -> Option<Self> {
        match kind {
            EventKind::Timer => timer.map(Self::Timer),
            EventKind::Choice | EventKind::Flush => None,
            EventKind::Crash => Some(Self::Crashes),
            EventKind::Restart => Some(Self::Restarts),
            EventKind::Replace => Some(Self::Disks),
            EventKind::Cut(_) => Some(Self::Cuts),
        }
    }

    /// In words.
    pub(super) fn name(self, timers: &[&str]) -> String {
        match self {
            Self::Crashes => "crashes".into(),
            Self::Restarts => "restarts".into(),
            Self::Disks => "lost disks".into(),
            Self::Cuts => "cut links".into(),
            Self::Timer(kind) => format!("timers of kind {:?}", timers[kind]),
        }
    }

    /// How often it may still happen in a state.
    pub(super) fn left(self, survey: &Survey<'_>, state: &[u32]) -> u8 {
        let Budget { crashes, restarts, timers, cuts, disks, .. } = survey.budget(state);
        match self {
            // They are bounded under the rules of this crate.
            Self::Crashes => crashes.unwrap_or_default(),
            Self::Restarts => restarts.unwrap_or_default(),
            Self::Disks => disks.unwrap_or_default(),
            Self::Cuts => cuts,
            Self::Timer(kind) => timers[kind],
        }
    }
}
