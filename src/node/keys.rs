//! The keys in a cluster file: 32 bytes each, in hexadecimal, and never printed.

use super::cluster_file::flaw::Flaw;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Deserializer, de};
use std::fmt;
use std::path::{Path, PathBuf};

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
    /// A file with the server key, instead of the key; beside the cluster file, if its path is relative.
    #[serde(default, rename = "server-file")]
    pub server_file: Option<PathBuf>,
    /// A file with the client key, likewise.
    #[serde(default, rename = "client-file")]
    pub client_file: Option<PathBuf>,
}

impl Keys {
    /// Reads the keys that are in files of their own; relative paths begin at `beside`. From then on
    /// the paths are those that were read.
    pub(super) fn read_files(&mut self, beside: &Path) -> Result<(), Flaw> {
        read_file("server", &mut self.server, &mut self.server_file, beside)?;
        read_file("client", &mut self.client, &mut self.client_file, beside)
    }

    /// The files of their own that keys were read from.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        [&self.server_file, &self.client_file].into_iter().flatten().map(PathBuf::as_path)
    }

    /// Whether a secret key stands in the cluster file itself.
    pub fn are_inline(&self) -> bool {
        self.server.is_some() && self.server_file.is_none()
            || self.client.is_some() && self.client_file.is_none()
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
