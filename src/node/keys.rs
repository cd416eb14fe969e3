//! The keys in a cluster file: 32 bytes each, in hexadecimal, and never printed.

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Deserializer, de};
use std::fmt;

/// The keys of a cluster. None: datagrams are checksummed, not authenticated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// Seals what passes between servers. A client's copy of the cluster file leaves it out.
    pub server: Option<Key>,
    /// Each holder may be a client.
    pub client: Option<Key>,
    /// The servers' public key, by which a client's copy of the cluster file knows them. It follows
    /// from the server key.
    pub public: Option<Key>,
}

/// A key of 32 bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl Key {
    /// Its bytes.
    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// As it is in a cluster file.
    pub(super) fn hex(&self) -> String {
        HEXLOWER.encode(&self.0)
    }

    pub(super) fn parse(hex: &str) -> Option<Self> {
        HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()?.try_into().ok().map(Self)
    }
}

impl From<[u8; 32]> for Key {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hex = String::deserialize(deserializer)?;
        // The text itself is not repeated: it is a secret, if a malformed one.
        Self::parse(&hex).ok_or_else(|| {
            de::Error::custom(
                "a key is 64 hexadecimal digits, such as `openssl rand -hex 32` gives",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_64_hexadecimal_digits() {
        let key = Key::parse(&"0aF1".repeat(16)).unwrap();
        assert_eq!(key.bytes()[..4], [0x0a, 0xf1, 0x0a, 0xf1]);
        for wrong in ["", "0", &"0".repeat(63), &"0".repeat(66), &"0g".repeat(32), &"é".repeat(32)]
        {
            assert!(Key::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_key_is_never_printed() {
        assert_eq!(format!("{:?}", Key([7; 32])), "Key(..)");
    }
}
