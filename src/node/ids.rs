//! Ids as numbers: servers' are small, clients' begin at 2^32.

use stateright::actor::Id;

/// Ids from here on are clients'.
const FIRST_CLIENT: u64 = 1 << 32;

// Ids are 64 bits on the wire and `usize` in stateright.
const _: () = assert!(usize::BITS == 64);

/// The id as a number.
pub(super) fn number(id: Id) -> u64 {
    usize::from(id) as u64
}

/// Whether an id is a client's.
pub(super) fn is_client(id: Id) -> bool {
    number(id) >= FIRST_CLIENT
}

/// The id of a client that has none yet. No server makes this one.
pub(super) const ANONYMOUS: u64 = u64::MAX;
