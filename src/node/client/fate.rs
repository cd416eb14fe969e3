//! Whether an operation without a result was done.

use super::ClientError;

/// Whether an operation without a result was done. One with a result was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was not done, and never will be: asking again does not do it twice.
    NotDone,
    /// It may have been done. If it was not, it may still be until its client has done another
    /// operation, and an asynchronous client until its session has done another; with the quorum store,
    /// at any later time.
    Unknown,
}

impl ClientError {
    /// Whether the operation was done.
    pub fn fate(&self) -> Fate {
        match self {
            Self::Bind(_)
            | Self::NoPublicKey { .. }
            | Self::NoServers
            | Self::NoRuntime
            | Self::NoSession { .. }
            | Self::AllInUse { .. }
            | Self::NotOffered
            | Self::TooLarge
            | Self::Limit(_)
            | Self::Unsendable(_) => Fate::NotDone,
            // A server that says that it is busy did not take that datagram; it may take a copy.
            Self::Busy { .. }
            | Self::NoAnswer { .. }
            | Self::SessionExpired
            | Self::Stopped
            | Self::Nonsense(_) => Fate::Unknown,
        }
    }
}
