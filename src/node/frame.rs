//! The frame around every message on the wire, and the one place where it is sealed and opened.
//!
//! ```text
//! version 1 | kind 1 | cluster fingerprint 8 | source 8 | destination 8 | life 8 | body
//! body, version 3:  message | CRC-32 over all before it
//! body, version 4:  nonce 24 | encrypted message | Poly1305 tag, also over the header
//! ```
//!
//! A frame is a message of the protocol, or, between servers alone, a message for a client of
//! which the sender knows no address ([`Kind::Relay`]) or a [`Greeting`]. The life is the sending server's: of which
//! data directory, and how old that is (`life`); clients have none, and send 0.
//!
//! The model assumes that messages are lost, duplicated and reordered, but never forged. Without
//! keys (version 3) that holds on a network where nobody forges. With keys (version 4,
//! XChaCha20-Poly1305 under random nonces) it holds on any: what passes between servers is sealed
//! with the server key; what passes between clients and servers with the client key, so that a
//! client cannot speak as a server to a server. A replayed frame is a duplicate, which the model
//! already allows; but not one from another life of the cluster, so a cluster that is formatted
//! anew takes a new name or new keys.

use super::address::{is_client, number};
use super::cluster_file::ClusterFile;
use super::keys::Key;
use super::life::Life;
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use thiserror::Error;

pub use super::keys::Keys;

/// The longest datagram that is sent or accepted, in bytes: below UDP's own limit in both IPv4
/// and IPv6.
pub const MAX_DATAGRAM: usize = 60 * 1024;

const CHECKSUMMED: u8 = 3;
const ENCRYPTED: u8 = 4;
const HEADER: usize = 34;
const CRC: usize = 4;
const NONCE: usize = 24;
const TAG: usize = 16;

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
    /// Of a version that is not spoken here.
    #[error("the datagram has frame version {0}, which is not spoken here")]
    Version(u8),
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

/// What all frames of a cluster share.
pub struct Seal {
    fingerprint: u64,
    life: u64,
    ciphers: Option<Ciphers>,
}

/// Who holds no server key (a client) cannot seal or open what passes between servers.
struct Ciphers {
    server: Option<XChaCha20Poly1305>,
    client: XChaCha20Poly1305,
}

/// What is in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A message for the frame's destination.
    Message,
    /// Between servers: a client's id and a message for it, which whoever knows its address is to
    /// pass on.
    Relay,
    /// Between servers: a [`Greeting`].
    Greeting,
}

/// What servers say to each other about themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Greeting {
    /// The sender starts: does the receiver listen to it?
    Hello,
    /// The sender listens to the receiver in this life.
    Known(u64),
    /// The sender does not listen to the receiver in this life: it knows another.
    Refused(u64),
}

/// An opened frame: its header is authentic, its message not yet decoded.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Who sent it.
    pub src: Id,
    /// Whom it is for.
    pub dst: Id,
    /// What is in it.
    pub kind: Kind,
    /// The life of the server that sent it, in one word.
    pub life: u64,
    message: &'a [u8],
}

impl Frame<'_> {
    /// Decodes the message.
    pub fn message<M: DeserializeOwned>(&self) -> Result<M, FrameError> {
        match postcard::take_from_bytes(self.message) {
            Ok((message, [])) => Ok(message),
            _ => Err(FrameError::Malformed),
        }
    }
}

impl Seal {
    /// The seal of a cluster, with the keys that its file holds.
    pub fn new(cluster: &ClusterFile) -> Self {
        let cipher = |key: &Key| XChaCha20Poly1305::new(key.bytes().into());
        let ciphers = cluster.keys.client.as_ref().map(|client| Ciphers {
            server: cluster.keys.server.as_ref().map(cipher),
            client: cipher(client),
        });
        Self { fingerprint: cluster.fingerprint(), life: 0, ciphers }
    }

    /// From here on it is the seal of this life of a server.
    pub(super) fn set_life(&mut self, life: Life) {
        self.life = life.word();
    }

    /// Whether frames are authenticated, and not merely checksummed.
    pub fn authenticates(&self) -> bool {
        self.ciphers.is_some()
    }

    /// The datagram that carries `message` from `src` to `dst`.
    pub fn seal<M: Serialize>(&self, src: Id, dst: Id, message: &M) -> Result<Vec<u8>, FrameError> {
        self.seal_kind(Kind::Message, src, dst, message)
    }

    /// The datagram that asks the server `via` to pass `message` on to `client`.
    pub fn seal_relay<M: Serialize>(
        &self,
        src: Id,
        via: Id,
        client: Id,
        message: &M,
    ) -> Result<Vec<u8>, FrameError> {
        self.seal_kind(Kind::Relay, src, via, &(number(client), message))
    }

    /// The datagram that carries a greeting from one server to another.
    pub fn seal_greeting(
        &self,
        src: Id,
        dst: Id,
        greeting: Greeting,
    ) -> Result<Vec<u8>, FrameError> {
        self.seal_kind(Kind::Greeting, src, dst, &greeting)
    }

    fn seal_kind<M: Serialize>(
        &self,
        kind: Kind,
        src: Id,
        dst: Id,
        message: &M,
    ) -> Result<Vec<u8>, FrameError> {
        let mut datagram = Vec::with_capacity(HEADER + NONCE + TAG + 64);
        datagram.extend([if self.ciphers.is_some() { ENCRYPTED } else { CHECKSUMMED }, kind as u8]);
        for word in [self.fingerprint, number(src), number(dst), self.life] {
            datagram.extend(word.to_le_bytes());
        }
        let nonce: [u8; NONCE] = rand::random();
        if self.ciphers.is_some() {
            datagram.extend_from_slice(&nonce);
        }
        let body = datagram.len();
        datagram = postcard::to_extend(message, datagram).map_err(|_| FrameError::Unencodable)?;
        match &self.ciphers {
            None => {
                let crc = crc32fast::hash(&datagram);
                datagram.extend_from_slice(&crc.to_le_bytes());
            }
            Some(ciphers) => {
                let (header, message) = datagram.split_at_mut(body);
                let tag = ciphers
                    .between(src, dst)?
                    .encrypt_inout_detached(&XNonce::from(nonce), &header[..HEADER], message.into())
                    .map_err(|_| FrameError::TooLarge)?;
                datagram.extend_from_slice(&tag);
            }
        }
        if datagram.len() > MAX_DATAGRAM { Err(FrameError::TooLarge) } else { Ok(datagram) }
    }

    /// Opens a datagram in place. Any bytes at all may be given.
    pub fn open<'a>(&self, datagram: &'a mut [u8]) -> Result<Frame<'a>, FrameError> {
        if datagram.len() > MAX_DATAGRAM {
            return Err(FrameError::TooLarge);
        }
        let version = if self.ciphers.is_some() { ENCRYPTED } else { CHECKSUMMED };
        match datagram.first() {
            None => return Err(FrameError::Truncated),
            Some(found) if *found != version => return Err(FrameError::Version(*found)),
            Some(_) => {}
        }
        let (header, body) = datagram.split_at_mut_checked(HEADER).ok_or(FrameError::Truncated)?;
        let word = |at: usize| header[at..].first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
        let [Some(fingerprint), Some(src), Some(dst), Some(life)] = [2, 10, 18, 26].map(word)
        else {
            return Err(FrameError::Truncated);
        };
        let kind = match header[1] {
            0 => Kind::Message,
            1 => Kind::Relay,
            2 => Kind::Greeting,
            _ => return Err(FrameError::Malformed),
        };
        if fingerprint != self.fingerprint {
            return Err(FrameError::Foreign);
        }
        let (src, dst) = (Id::from(src as usize), Id::from(dst as usize));
        let message = match &self.ciphers {
            None => verify(header, body)?,
            Some(ciphers) => decrypt(ciphers.between(src, dst)?, header, body)?,
        };
        Ok(Frame { src, dst, kind, life, message })
    }
}

impl Ciphers {
    fn between(&self, src: Id, dst: Id) -> Result<&XChaCha20Poly1305, FrameError> {
        if is_client(src) || is_client(dst) {
            Ok(&self.client)
        } else {
            self.server.as_ref().ok_or(FrameError::Forged)
        }
    }
}

fn verify<'a>(header: &[u8], body: &'a [u8]) -> Result<&'a [u8], FrameError> {
    let (message, crc) = body.split_last_chunk::<CRC>().ok_or(FrameError::Truncated)?;
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(header);
    hasher.update(message);
    if hasher.finalize() == u32::from_le_bytes(*crc) {
        Ok(message)
    } else {
        Err(FrameError::Forged)
    }
}

fn decrypt<'a>(
    cipher: &XChaCha20Poly1305,
    header: &[u8],
    body: &'a mut [u8],
) -> Result<&'a [u8], FrameError> {
    let (nonce, body) = body.split_first_chunk_mut::<NONCE>().ok_or(FrameError::Truncated)?;
    let (message, tag) = body.split_last_chunk_mut::<TAG>().ok_or(FrameError::Truncated)?;
    cipher
        .decrypt_inout_detached(
            &XNonce::from(*nonce),
            header,
            (&mut *message).into(),
            &Tag::from(*tag),
        )
        .map_err(|_| FrameError::Forged)?;
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::Path;

    const KEYS: &str = "[keys]
        server = \"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"
        client = \"ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"";

    fn seal(name: &str, keys: &str) -> Seal {
        let text = format!(
            "name = \"{name}\"\nprotocol = \"toy\"\n{keys}\n\
             [[server]]\nid = 0\naddress = \"127.0.0.1:7000\"\n"
        );
        Seal::new(&ClusterFile::parse(&text, Path::new("cluster.toml")).unwrap())
    }

    fn both() -> [Seal; 2] {
        [seal("demo", ""), seal("demo", KEYS)]
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_as_itself(
            src: usize, dst: usize, message: (u64, Vec<u8>, String),
        ) {
            for seal in both() {
                let (src, dst) = (Id::from(src), Id::from(dst));
                let mut datagram = seal.seal(src, dst, &message).unwrap();
                let frame = seal.open(&mut datagram).unwrap();
                prop_assert_eq!((frame.src, frame.dst), (src, dst));
                prop_assert_eq!(frame.message::<(u64, Vec<u8>, String)>().unwrap(), message.clone());
            }
        }

        #[test]
        fn random_bytes_never_open(bytes: Vec<u8>) {
            for seal in both() {
                let mut datagram = bytes.clone();
                prop_assert!(seal.open(&mut datagram).is_err());
                // As hard as can be: all is right but the checksum or the tag.
                let mut framed = seal.seal(Id::from(0), Id::from(1), &()).unwrap();
                framed.truncate(HEADER);
                framed.extend(&bytes);
                prop_assert!(seal.open(&mut framed).is_err());
            }
        }

        #[test]
        fn random_messages_never_panic(message: Vec<u8>) {
            let (src, dst, kind) = (Id::from(0), Id::from(1), Kind::Message);
            let frame = Frame { src, dst, kind, life: 0, message: &message };
            let _ = frame.message::<Vec<(String, u64, Option<Vec<u8>>)>>();
        }

        #[test]
        fn a_flipped_bit_is_noticed(message: Vec<u8>, at: prop::sample::Index, bit in 0u8..8) {
            for seal in both() {
                let mut datagram = seal.seal(Id::from(0), Id::from(1 << 40), &message).unwrap();
                let at = at.index(datagram.len());
                datagram[at] ^= 1 << bit;
                prop_assert!(seal.open(&mut datagram).is_err());
            }
        }

        #[test]
        fn a_truncated_datagram_is_noticed(message: Vec<u8>, len: prop::sample::Index) {
            for seal in both() {
                let mut datagram = seal.seal(Id::from(0), Id::from(1), &message).unwrap();
                datagram.truncate(len.index(datagram.len()));
                prop_assert!(seal.open(&mut datagram).is_err());
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_when_sent_and_when_received() {
        for seal in both() {
            let huge = vec![7u8; MAX_DATAGRAM];
            let sealed = seal.seal(Id::from(0), Id::from(1), &huge);
            assert_eq!(sealed.unwrap_err(), FrameError::TooLarge);
            assert_eq!(seal.open(&mut vec![1; 65_000]).unwrap_err(), FrameError::TooLarge);
        }
    }

    #[test]
    fn another_cluster_is_foreign() {
        let mut datagram = seal("demo", "").seal(Id::from(0), Id::from(1), &()).unwrap();
        assert_eq!(seal("prod", "").open(&mut datagram).unwrap_err(), FrameError::Foreign);
    }

    #[test]
    fn a_client_cannot_speak_as_a_server_to_a_server() {
        let servers = seal("demo", KEYS);
        let client_only: String = KEYS.lines().filter(|line| !line.contains("server")).collect();
        let client = seal("demo", &client_only.replace(']', "]\n"));
        let (server, other, me) = (Id::from(0), Id::from(1), Id::from(1 << 40));
        let mut request = client.seal(me, server, &1u8).unwrap();
        assert_eq!(servers.open(&mut request).unwrap().src, me);
        assert_eq!(client.seal(other, server, &1u8).unwrap_err(), FrameError::Forged);
        // Nor by relabelling a frame that it may send.
        let mut relabelled = client.seal(me, server, &1u8).unwrap();
        relabelled[10..18].copy_from_slice(&number(other).to_le_bytes());
        assert_eq!(servers.open(&mut relabelled).unwrap_err(), FrameError::Forged);
        // Nor by leaving the seal off.
        let mut unsealed = seal("demo", "").seal(other, server, &1u8).unwrap();
        assert_eq!(servers.open(&mut unsealed).unwrap_err(), FrameError::Version(CHECKSUMMED));
    }
}
