//! The encoded size of a value, as it is sent and stored.

use serde::Serialize;

/// The size of a value as the runtime encodes it; of a value that cannot be encoded, more than
/// any limit.
pub fn encoded_bytes<T: Serialize>(value: &T) -> usize {
    postcard::serialize_with_flavor(value, postcard::ser_flavors::Size::default())
        .unwrap_or(usize::MAX)
}
