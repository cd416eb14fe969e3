//! The keys in a cluster file: 32 bytes each, in hexadecimal, never printed, and overwritten in memory
//! when they are no longer needed.
//!
//! # Rotation
//!
//! While a key is replaced by another, servers that have already changed speak with servers that have
//! not. So a server has one key of a kind to seal with, and may have another that it accepts **also**:
//!
//! | step, at one server after the other | `server`, `client` | `server-also`, `client-also` |
//! |---|---|---|
//! | before | old | |
//! | 1. accept both | old | new |
//! | 2. seal with the new ones | new | old |
//! | 3. drop the old ones | new | |
//!
//! A step begins when all servers have done the one before: then what any of them seals, all accept.
//! Clients get the new file after step 1, and those that hold a session under the old keys start again
//! before step 3.

use super::cluster_file::flaw::Flaw;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Deserializer, de};
use std::fmt;
use std::path::{Path, PathBuf};
use zeroize::{Zeroize, Zeroizing};

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
    /// Another server key, which is accepted and not sealed with.
    #[serde(default, rename = "server-also")]
    pub server_also: Option<Key>,
    /// Another client key, likewise.
    #[serde(default, rename = "client-also")]
    pub client_also: Option<Key>,
    /// A file with the server key, instead of the key; beside the cluster file, if its path is relative.
    #[serde(default, rename = "server-file")]
    pub server_file: Option<PathBuf>,
    /// A file with the client key, likewise.
    #[serde(default, rename = "client-file")]
    pub client_file: Option<PathBuf>,
    /// A file with the other server key, likewise.
    #[serde(default, rename = "server-also-file")]
    pub server_also_file: Option<PathBuf>,
    /// A file with the other client key, likewise.
    #[serde(default, rename = "client-also-file")]
    pub client_also_file: Option<PathBuf>,
}

impl Keys {
    /// Reads the keys that are in files of their own; relative paths begin at `beside`. From then on
    /// the paths are those that were read.
    pub(super) fn read_files(&mut self, beside: &Path) -> Result<(), Flaw> {
        read_file("server", &mut self.server, &mut self.server_file, beside)?;
        read_file("client", &mut self.client, &mut self.client_file, beside)?;
        read_file("server-also", &mut self.server_also, &mut self.server_also_file, beside)?;
        read_file("client-also", &mut self.client_also, &mut self.client_also_file, beside)
    }

    /// The server keys, the one that is sealed with first.
    pub(super) fn servers(&self) -> impl Iterator<Item = &Key> {
        self.server.iter().chain(&self.server_also)
    }

    /// The client keys, the one that is sealed with first.
    pub(super) fn clients(&self) -> impl Iterator<Item = &Key> {
        self.client.iter().chain(&self.client_also)
    }

    /// The files of their own that keys were read from.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let files =
            [&self.server_file, &self.client_file, &self.server_also_file, &self.client_also_file];
        files.into_iter().flatten().map(PathBuf::as_path)
    }

    /// Whether a secret key stands in the cluster file itself.
    pub fn are_inline(&self) -> bool {
        self.server.is_some() && self.server_file.is_none()
            || self.client.is_some() && self.client_file.is_none()
            || self.server_also.is_some() && self.server_also_file.is_none()
            || self.client_also.is_some() && self.client_also_file.is_none()
    }
}

fn read_file(
    name: &'static str,
    key: &mut Option<Key>,
    file: &mut Option<PathBuf>,
    beside: &Path,
) -> Result<(), Flaw> {
    let Some(named) = file else { return Ok(()) };
    if key.is_some() {
        return Err(Flaw::TwoKeys { name });
    }
    let path = beside.join(&*named);
    let text = std::fs::read_to_string(&path).map_err(|error| Flaw::KeyFile {
        path: path.clone(),
        why: format!("which cannot be read: {error}"),
    })?;
    let text = Zeroizing::new(text);
    // The text itself is not repeated: it is a secret, if a malformed one.
    let read = Key::parse(text.trim()).ok_or_else(|| Flaw::KeyFile {
        path: path.clone(),
        why: "which is not 64 hexadecimal digits; make it with `quorate keygen`".into(),
    })?;
    (*key, *named) = (Some(read), path);
    Ok(())
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
        let bytes = Zeroizing::new(HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()?);
        bytes.as_slice().try_into().ok().map(Self)
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.0.zeroize();
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
        let hex = Zeroizing::new(String::deserialize(deserializer)?);
        // The text itself is not repeated: it is a secret, if a malformed one.
        Self::parse(&hex).ok_or_else(|| {
            de::Error::custom("a key is 64 hexadecimal digits, such as `quorate keygen` makes")
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
