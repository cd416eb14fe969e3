//! The frame around every message on the wire.
//!
//! ```text
//! version 1 | kind 1 | cluster fingerprint 8 | source 8 | destination 8 | word 8 | proof | body
//! body without keys:  messages | CRC-32 over all before it
//! body with keys:     session 16 | count 8 | encrypted messages | tag 16, also over all before the session
//! messages, each:     length (1 to 3) | message
//! ```
//!
//! | kind | from, to | word | proof | sealed under |
//! |---|---|---|---|---|
//! | message, relay, greeting | server, server | the sender's life | | the server key |
//! | hello | new client, server | which key of the servers it knows | the client's public key | the client key |
//! | welcome | server, new client | | | the session's key |
//! | request | client, server | a counter | public key, certificate, cookie | the session's key |
//! | answer, cookie | server, client | | | the session's key |
//!
//! The model assumes that messages are lost, duplicated and reordered, but never forged. Without
//! keys (version 11) that holds on a network where nobody forges. With keys (version 12, AES-256-GCM
//! under keys and nonces that nobody else uses: `cipher`) it holds on any. Datagrams between
//! servers are sealed with the server key. Datagrams between a client and the servers are sealed
//! with a key that they agreed upon (`notary`), so that clients are safe from each other, too. A
//! replayed frame is a duplicate, which the model already allows; but not one from another life of
//! the cluster, so a cluster that is formatted anew takes a new name or new keys.
//!
//! # Versions
//!
//! The version also stands for the encoding of the messages. A program speaks the version of its
//! own [`Release`] and that of the release before (9 and 10), which of them to whom is decided in
//! `spoken`: so servers and clients of two releases that follow each other are in one cluster, and each
//! server in turn is stopped and started as the newer one. A datagram of any other version is refused
//! before anything else of it is read, counted (`quorate_dropped_datagrams_total{cause="version"}`),
//! and logged with advice: servers two releases apart are to each other as servers that are down.
//!
//! # Batches
//!
//! Several messages of one end to another, at one time, share a datagram: messages, relays, or
//! answers to a client. They arrive together or not at all.

use super::cipher::{Cipher, NONCE, TAG};
use super::cluster_file::ClusterFile;
use super::ids::number;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;

pub(super) mod error;
#[cfg(test)]
mod tests;
mod version;

pub use error::{FrameError, MAX_DATAGRAM};
pub(super) use version::Release;

pub(super) const HEADER: usize = 34;
/// The length of the proof that a client sends in clear.
pub(super) const PROOF: usize = 64;
const CRC: usize = 4;
/// The bytes of a datagram beside its messages, but for a proof.
pub(super) const OVERHEAD: usize = HEADER + NONCE + TAG;
/// The bytes beside each message, at most.
pub(super) const LENGTH: usize = 3;

/// The kind of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// From server to server: a message of the protocol.
    Message = 0,
    /// From server to server: a client's id and a message for it, which a server that knows its
    /// address is to pass on.
    Relay = 1,
    /// A client asks for an id.
    Hello = 2,
    /// It gets one.
    Welcome = 3,
    /// From a client to a server: a message of the protocol.
    Request = 4,
    /// From a server to a client: a message of the protocol.
    Answer = 5,
    /// A server has no proof that the client is where its request came from; here is what proves
    /// it.
    Cookie = 6,
    /// From server to server: a [`Greeting`].
    Greeting = 7,
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::Message,
        Self::Relay,
        Self::Hello,
        Self::Welcome,
        Self::Request,
        Self::Answer,
        Self::Cookie,
        Self::Greeting,
    ];
}

/// What servers say to each other about themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Greeting {
    /// The sender starts: does the receiver listen to it?
    Hello,
    /// The sender listens to the receiver in this life.
    Known(u64),
    /// The sender does not listen to the receiver in this life: it knows another.
    Refused(u64),
}

/// The header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) src: Id,
    pub(super) dst: Id,
    /// A server's life; a client's counter.
    pub(super) word: u64,
    pub(super) release: Release,
}

/// What all frames of a cluster have in common.
#[derive(Clone, Copy)]
pub(super) struct Wire {
    fingerprint: u64,
    has_keys: bool,
    /// The newest release that is spoken.
    newest: Release,
}

impl Wire {
    pub(super) fn new(cluster: &ClusterFile) -> Self {
        let (has_keys, newest) = (cluster.keys.client.is_some(), cluster.newest_release());
        Self { fingerprint: cluster.fingerprint(), has_keys, newest }
    }

    /// Whether frames are authenticated, and not merely checksummed.
    pub(super) fn authenticates(self) -> bool {
        self.has_keys
    }

    /// The header of a datagram, of which nothing is proven yet. Any bytes at all may be given.
    pub(super) fn peek(self, datagram: &[u8]) -> Result<Header, FrameError> {
        if datagram.len() > MAX_DATAGRAM {
            return Err(FrameError::TooLarge);
        }
        let found = *datagram.first().ok_or(FrameError::Truncated)?;
        let Self { has_keys, newest, .. } = self;
        let release = Release::of_version(found, has_keys, newest);
        let spoken = newest.version(has_keys);
        let release = release.ok_or(FrameError::Version { found, spoken, has_keys })?;
        let header: &[u8; HEADER] = datagram.first_chunk().ok_or(FrameError::Truncated)?;
        let word = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&header[at..at + 8]);
            u64::from_le_bytes(word)
        };
        let kind = Kind::ALL.into_iter().find(|kind| *kind as u8 == header[1]);
        let kind = kind.ok_or(FrameError::Malformed)?;
        if word(2) != self.fingerprint {
            return Err(FrameError::Foreign);
        }
        let id = |at| Id::from(word(at) as usize);
        Ok(Header { kind, src: id(10), dst: id(18), word: word(26), release })
    }

    fn bytes(self, header: &Header, more: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(OVERHEAD + more);
        bytes.extend([header.release.version(self.has_keys), header.kind as u8]);
        for word in [self.fingerprint, number(header.src), number(header.dst), header.word] {
            bytes.extend(word.to_le_bytes());
        }
        bytes
    }
}

/// How frames between two ends are sealed.
pub(super) enum Channel {
    Checksummed,
    Encrypted(Box<Cipher>),
}

impl Channel {
    /// Under a key; without one, checksummed.
    pub(super) fn new(key: Option<&[u8; 32]>) -> Self {
        key.map_or(Self::Checksummed, |key| Self::Encrypted(Box::new(Cipher::new(key))))
    }

    /// The datagram with that header, `proof` in clear, and `message`.
    pub(super) fn seal<M: Serialize>(
        &mut self,
        wire: Wire,
        header: &Header,
        proof: &[u8],
        message: &M,
    ) -> Result<Vec<u8>, FrameError> {
        self.seal_all(wire, header, proof, &[&encode(message)?])
    }

    /// The datagram with that header, `proof` in clear, and these messages.
    pub(super) fn seal_all(
        &mut self,
        wire: Wire,
        header: &Header,
        proof: &[u8],
        messages: &[&[u8]],
    ) -> Result<Vec<u8>, FrameError> {
        let len: usize = messages.iter().map(|message| LENGTH + message.len()).sum();
        if OVERHEAD + proof.len() + len > MAX_DATAGRAM {
            return Err(FrameError::TooLarge);
        }
        let mut datagram = wire.bytes(header, proof.len() + len);
        datagram.extend_from_slice(proof);
        let clear = datagram.len();
        if let Self::Encrypted(_) = self {
            datagram.extend_from_slice(&[0; NONCE]);
        }
        let body = datagram.len();
        for message in messages {
            // Shorter than a datagram.
            push_length(&mut datagram, message.len() as u16, header.release);
            datagram.extend_from_slice(message);
        }
        match self {
            Self::Checksummed => {
                let crc = crc32fast::hash(&datagram);
                datagram.extend_from_slice(&crc.to_le_bytes());
            }
            Self::Encrypted(cipher) => cipher.seal(&mut datagram, clear, body)?,
        }
        Ok(datagram)
    }

    /// The messages of a datagram, in place; `proof` bytes of it follow the header in clear. Any
    /// bytes at all may be given.
    pub(super) fn open<'a>(
        &mut self,
        proof: usize,
        datagram: &'a mut [u8],
    ) -> Result<&'a [u8], FrameError> {
        let (clear, body) =
            datagram.split_at_mut_checked(HEADER + proof).ok_or(FrameError::Truncated)?;
        match self {
            Self::Checksummed => verify(clear, body),
            Self::Encrypted(cipher) => cipher.open(clear, body),
        }
    }
}

fn verify<'a>(clear: &[u8], body: &'a [u8]) -> Result<&'a [u8], FrameError> {
    let (messages, crc) = body.split_last_chunk::<CRC>().ok_or(FrameError::Truncated)?;
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(clear);
    hasher.update(messages);
    if hasher.finalize() == u32::from_le_bytes(*crc) {
        Ok(messages)
    } else {
        Err(FrameError::Forged)
    }
}

/// Most messages are not longer.
const MOST: usize = 192;

/// A message in bytes.
pub(super) fn encode<M: Serialize>(message: &M) -> Result<Vec<u8>, FrameError> {
    // Most fit, and a buffer that need not grow is not copied.
    let bytes = Vec::with_capacity(MOST);
    let bytes = postcard::to_extend(message, bytes).map_err(|_| FrameError::Unencodable)?;
    let fits = OVERHEAD + LENGTH + bytes.len() <= MAX_DATAGRAM;
    if fits { Ok(bytes) } else { Err(FrameError::TooLarge) }
}

/// Whether a message fits a datagram, with the proof that a client sends with it.
#[cfg(feature = "tokio")]
pub(super) fn sendable<M: Serialize>(message: &M) -> Result<(), FrameError> {
    let fits = OVERHEAD + PROOF + LENGTH + encode(message)?.len() <= MAX_DATAGRAM;
    if fits { Ok(()) } else { Err(FrameError::TooLarge) }
}

/// The bytes of a message of that length with its length before it, in whichever release.
pub(super) fn framed(len: usize) -> usize {
    len + if len < 1 << 14 { 2 } else { LENGTH }
}

fn push_length(datagram: &mut Vec<u8>, len: u16, release: Release) {
    match release {
        Release::Previous => datagram.extend_from_slice(&len.to_le_bytes()),
        Release::Current => {
            let mut rest = len;
            while rest > 0x7f {
                datagram.push(rest as u8 | 0x80);
                rest >>= 7;
            }
            datagram.push(rest as u8);
        }
    }
}

/// The length of the first message, and what follows the length.
fn take_length(messages: &[u8], release: Release) -> Option<(usize, &[u8])> {
    match release {
        Release::Previous => {
            let (len, rest) = messages.split_first_chunk()?;
            Some((usize::from(u16::from_le_bytes(*len)), rest))
        }
        // Postcard's integers are encoded in the same way.
        Release::Current => {
            let (len, rest) = postcard::take_from_bytes::<u16>(messages).ok()?;
            Some((usize::from(len), rest))
        }
    }
}

/// The messages that are encoded so, all of them, of which there is at least one, to the last byte.
pub(super) fn decode_all<M: DeserializeOwned>(
    mut messages: &[u8],
    release: Release,
) -> Result<Vec<M>, FrameError> {
    let mut all = Vec::new();
    while all.is_empty() || !messages.is_empty() {
        let (len, rest) = take_length(messages, release).ok_or(FrameError::Malformed)?;
        let (message, rest) = rest.split_at_checked(len).ok_or(FrameError::Malformed)?;
        match postcard::take_from_bytes(message) {
            Ok((message, [])) => all.push(message),
            _ => return Err(FrameError::Malformed),
        }
        messages = rest;
    }
    Ok(all)
}

/// The one message that is encoded so.
pub(super) fn decode<M: DeserializeOwned>(
    messages: &[u8],
    release: Release,
) -> Result<M, FrameError> {
    let mut all = decode_all(messages, release)?;
    all.pop().filter(|_| all.is_empty()).ok_or(FrameError::Malformed)
}
