//! Several keys for one purpose, while one is replaced by another: see [`keys`](crate::node::keys).

use super::{Channel, FrameError, HEADER};

/// Seals frames under the first of some keys, and opens them under any.
pub(in crate::node) struct KeyRing(Vec<Channel>);

impl KeyRing {
    /// Under these keys; without any, checksummed.
    pub(in crate::node) fn new<'a>(keys: impl IntoIterator<Item = &'a [u8; 32]>) -> Self {
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
    pub(in crate::node) fn open<'a>(
        &mut self,
        proof: usize,
        datagram: &'a mut [u8],
    ) -> Result<(usize, &'a [u8]), FrameError> {
        let at = self.find(proof, datagram);
        Ok((at, self.0[at].open(proof, datagram)?))
    }

    /// The channel that opens a datagram, if any does.
    pub(in crate::node) fn choose(mut self, proof: usize, datagram: &[u8]) -> Channel {
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
