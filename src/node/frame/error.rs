//! What is wrong with a frame.

use super::version::is_known;
use thiserror::Error;

/// The longest datagram that is sent or accepted, in bytes: below UDP's own limit in both IPv4
/// and IPv6.
pub const MAX_DATAGRAM: usize = 60 * 1024;

/// Why a message could not be sealed or a datagram not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FrameError {
    /// The message does not fit a datagram.
    #[error("the message does not fit a datagram of {MAX_DATAGRAM} bytes")]
    TooLarge,
    /// The message has no encoding.
    #[error("the message cannot be encoded")]
    Unencodable,
    /// Shorter than the shortest frame.
    #[error("the datagram is truncated")]
    Truncated,
    /// Of a version that this cluster does not use.
    #[error("the datagram has wire version {found}, and this cluster uses {spoken}: {}", advice(*found, *has_keys))]
    Version {
        /// The version that it has.
        found: u8,
        /// The newest that this cluster uses.
        spoken: u8,
        /// Whether the cluster has keys.
        has_keys: bool,
    },
    /// From another cluster, or one whose cluster file differs in what must agree.
    #[error("the datagram is of another cluster, or of one whose cluster file differs")]
    Foreign,
    /// Changed on the way, or sealed with another key.
    #[error("the datagram was changed on the way or sealed with another key")]
    Forged,
    /// Its message does not decode.
    #[error("the datagram's message is malformed")]
    Malformed,
}

/// Advice to an operator about a datagram of that version.
fn advice(found: u8, has_keys: bool) -> &'static str {
    if is_known(found, !has_keys) {
        "one of the two ends has [keys] in its cluster file, and the other has not"
    } else {
        "its sender is another release of this program: a release speaks its own version and the one \
         before, so bring a cluster from one release to the next, and no further at once"
    }
}
