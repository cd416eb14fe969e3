//! The versions of the wire.

/// Without keys.
pub(super) const CHECKSUMMED: u8 = 9;
/// With keys.
pub(super) const ENCRYPTED: u8 = 10;
