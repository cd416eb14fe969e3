//! The seal between servers, and rings of keys: several keys for one purpose, while one is replaced by
//! another (see [`keys`](crate::node::keys)).

use super::cluster_file::ClusterFile;
use super::frame::{Channel, FrameError, Greeting, HEADER, Header, Kind, Release, Wire, encode};
use super::keys::Key;
use super::life::Life;
use stateright::actor::Id;

/// Seals frames under the first of some keys, and opens them under any.
pub(super) struct KeyRing(Vec<Channel>);

impl KeyRing {
    /// Under these keys; without any, checksummed.
    pub(super) fn new<'a>(keys: impl IntoIterator<Item = &'a [u8; 32]>) -> Self {
        let mut channels: Vec<_> = keys.into_iter().map(|key| Channel::new(Some(key))).collect();
        if channels.is_empty() {
            channels.push(Channel::Checksummed);
        }
        Self(channels)
    }

    /// The channel that seals.
    pub(super) fn first(&mut self) -> &mut Channel {
        // There is at least one.
        &mut self.0[0]
    }

    /// The messages of a datagram, in place, and which of the keys it is sealed under.
    pub(super) fn open<'a>(
        &mut self,
        proof: usize,
        datagram: &'a mut [u8],
    ) -> Result<(usize, &'a [u8]), FrameError> {
        let at = self.find(proof, datagram);
        Ok((at, self.0[at].open(proof, datagram)?))
    }

    /// The channel that opens a datagram, if any does.
    pub(super) fn choose(mut self, proof: usize, datagram: &[u8]) -> Channel {
        let at = self.find(proof, datagram);
        self.0.swap_remove(at)
    }

    /// Whoever seals goes on in a session, so the keys are tried, on copies, only when one begins.
    fn find(&mut self, proof: usize, datagram: &[u8]) -> usize {
        let last = self.0.len() - 1;
        let heard = |channel: &Channel| match channel {
            Channel::Checksummed => true,
            Channel::Encrypted(cipher) => {
                datagram.get(HEADER + proof..).is_some_and(|sealed| cipher.has_heard(sealed))
            }
        };
        if last == 0 {
            return 0;
        }
        if let Some(at) = self.0.iter().position(heard) {
            return at;
        }
        let opens = |at: &usize| self.0[*at].open(proof, &mut datagram.to_vec()).is_ok();
        (0..last).find(opens).unwrap_or(last)
    }
}

/// The seal between servers.
pub(super) struct Seal {
    wire: Wire,
    life: u64,
    /// `None` in a client's copy of a cluster file with keys.
    ring: Option<KeyRing>,
}

impl Seal {
    /// The seal of a cluster, with the keys that its file holds.
    pub(super) fn new(cluster: &ClusterFile) -> Self {
        let keys = &cluster.keys;
        let is_clients = keys.client.is_some() && keys.server.is_none();
        let ring = (!is_clients).then(|| KeyRing::new(keys.servers().map(Key::bytes)));
        Self { wire: Wire::new(cluster), life: 0, ring }
    }

    /// From here on it is the seal of this life of a server.
    pub(super) fn set_life(&mut self, life: Life) {
        self.life = life.word();
    }

    /// The datagram that carries `message` from `src` to `dst`.
    #[cfg(test)]
    pub(super) fn seal<M: serde::Serialize>(
        &mut self,
        src: Id,
        dst: Id,
        message: &M,
    ) -> Result<Vec<u8>, FrameError> {
        self.seal_all((Kind::Message, Release::Current), src, dst, &[&encode(message)?])
    }

    /// The datagram that carries a greeting from one server to another.
    pub(super) fn seal_greeting(
        &mut self,
        src: Id,
        dst: Id,
        (greeting, release): (Greeting, Release),
    ) -> Result<Vec<u8>, FrameError> {
        self.seal_all((Kind::Greeting, release), src, dst, &[&encode(&greeting)?])
    }

    /// The datagram that carries these messages from one server to another.
    pub(super) fn seal_all(
        &mut self,
        (kind, release): (Kind, Release),
        src: Id,
        dst: Id,
        messages: &[&[u8]],
    ) -> Result<Vec<u8>, FrameError> {
        let channel = self.ring.as_mut().ok_or(FrameError::Forged)?.first();
        let header = Header { kind, src, dst, word: self.life, release };
        channel.seal_all(self.wire, &header, &[], messages)
    }

    /// The messages of a datagram from another server, in place.
    pub(super) fn open<'a>(&mut self, datagram: &'a mut [u8]) -> Result<&'a [u8], FrameError> {
        let (_, messages) = self.ring.as_mut().ok_or(FrameError::Forged)?.open(0, datagram)?;
        Ok(messages)
    }
}
