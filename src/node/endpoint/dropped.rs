//! Why a datagram is dropped, and where that is counted.

use crate::node::frame::FrameError;
use crate::node::stats::Stats;
use stateright::actor::Id;
use thiserror::Error;

/// Why an incoming datagram was dropped.
#[derive(Debug, Error)]
pub(super) enum Dropped {
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("it is for {0:?}")]
    Misdirected(Id),
    #[error("that is not the address of {0:?}")]
    Impostor(Id),
    #[error("{0:?} has another data directory than before, or an old copy")]
    Replaced(Id, u64),
    #[error("{0:?} has sent a newer request")]
    Stale(Id),
    #[error("too many clients begin at once")]
    TooMany,
}

impl Dropped {
    pub(super) fn count<'a>(&self, stats: &'a mut Stats) -> &'a mut u64 {
        match self {
            Self::Frame(FrameError::TooLarge) => &mut stats.oversized,
            Self::Frame(FrameError::Foreign | FrameError::Version(_)) => &mut stats.foreign,
            Self::Frame(FrameError::Forged) => &mut stats.forged,
            Self::Frame(_) => &mut stats.malformed,
            Self::Misdirected(_) => &mut stats.misdirected,
            Self::Impostor(_) => &mut stats.impostors,
            Self::Replaced(..) => &mut stats.replaced,
            Self::Stale(_) => &mut stats.stale,
            Self::TooMany => &mut stats.overrun,
        }
    }

    /// Whether its sender is not to be listened to, rather than the datagram damaged.
    pub(super) fn is_refusal(&self) -> bool {
        use FrameError::{Foreign, Forged, Version};
        matches!(self, Self::Impostor(_) | Self::Frame(Foreign | Forged | Version(_)))
    }
}
