//! Sealing under a key that several hold, with nonces that nobody else uses.
//!
//! AES-256-GCM (NIST SP 800-38D), for which processors have instructions, is broken when a nonce is
//! used twice under one key. But all servers hold the server key, and none knows after a start
//! which nonces it used before. So nothing is sealed under such a key itself. A node that begins to
//! seal draws a **session**, 128 random bits, and seals under a key that follows from the common
//! key and the session (HMAC-SHA-256), where it counts the nonces from 0. Session and count go with
//! each datagram. A receiver that opens it derives the session's key anew, or has it from the last
//! time. Two that draw the same session are not to be expected: after 2^32 starts, with a chance of
//! 2^-64.

use super::frame::error::FrameError;
use super::secrets::Secret;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// The length of what determines the nonce: the session and the count.
pub(super) const NONCE: usize = SESSION + COUNT;
/// The length of the tag at the end.
pub(super) const TAG: usize = 16;

const SESSION: usize = 16;
const COUNT: usize = 8;
/// So many datagrams are sealed in a session: with the longest ones, 2^44 blocks, which leave whoever
/// tells a ciphertext from noise an advantage of about 2^-41 (the birthday bound).
const LONGEST: u64 = 1 << 32;
/// So many sessions of others are remembered: as many as a cluster has servers.
const REMEMBERED: usize = 64;

type Session = [u8; SESSION];

/// One end of what is sealed under a common key. Not to be cloned: a copy would count the same
/// nonces.
pub(super) struct Cipher {
    key: Secret,
    own: Option<Sealing>,
    /// The sessions that others were last heard to seal in, and their keys.
    heard: Vec<(Session, LessSafeKey)>,
}

/// A session to seal in.
struct Sealing {
    session: Session,
    key: LessSafeKey,
    count: u64,
}

impl Cipher {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self { key: Secret::of(key, "quorate 2: sessions of seals"), own: None, heard: Vec::new() }
    }

    /// Encrypts what is in `datagram` from `body` on, and binds it to what is before `clear`.
    /// Between the two there is room for the nonce; the tag is appended.
    pub(super) fn seal(
        &mut self,
        datagram: &mut Vec<u8>,
        clear: usize,
        body: usize,
    ) -> Result<(), FrameError> {
        if self.own.as_ref().is_none_or(|own| own.count == LONGEST) {
            let session = rand::random();
            self.own = Some(Sealing { session, key: session_key(&self.key, &session)?, count: 0 });
        }
        let own = self.own.as_mut().ok_or(FrameError::Unencodable)?;
        let count = own.count.to_le_bytes();
        // Whatever comes of it, this one is used.
        own.count += 1;
        datagram[clear..body].copy_from_slice(&[&own.session[..], &count].concat());
        let (before, message) = datagram.split_at_mut(body);
        let sealed =
            own.key.seal_in_place_separate_tag(nonce(count), Aad::from(&before[..clear]), message);
        let tag = sealed.map_err(|_| FrameError::TooLarge)?;
        datagram.extend_from_slice(tag.as_ref());
        Ok(())
    }

    /// Decrypts `sealed`, a nonce and what it sealed, in place.
    pub(super) fn open<'a>(
        &mut self,
        clear: &[u8],
        sealed: &'a mut [u8],
    ) -> Result<&'a [u8], FrameError> {
        let (session, rest) = sealed.split_first_chunk_mut().ok_or(FrameError::Truncated)?;
        let (count, body) = rest.split_first_chunk_mut().ok_or(FrameError::Truncated)?;
        if body.len() < TAG {
            return Err(FrameError::Truncated);
        }
        if let Some(at) = self.heard.iter().position(|(heard, _)| heard == session) {
            // Those that are heard often come first.
            self.heard.swap(at, at.saturating_sub(1));
            let (_, key) = &self.heard[at.saturating_sub(1)];
            return open_in(key, clear, *count, body);
        }
        let key = session_key(&self.key, session)?;
        let message = open_in(&key, clear, *count, body)?;
        // Its sender has the common key.
        self.heard.truncate(REMEMBERED - 1);
        self.heard.insert(0, (*session, key));
        Ok(message)
    }
}

fn session_key(key: &Secret, session: &Session) -> Result<LessSafeKey, FrameError> {
    // Any 32 bytes are a key.
    let key =
        UnboundKey::new(&AES_256_GCM, &key.derive(session)).map_err(|_| FrameError::Forged)?;
    Ok(LessSafeKey::new(key))
}

fn nonce(count: [u8; COUNT]) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    nonce[..COUNT].copy_from_slice(&count);
    Nonce::assume_unique_for_key(nonce)
}

fn open_in<'a>(
    key: &LessSafeKey,
    clear: &[u8],
    count: [u8; COUNT],
    body: &'a mut [u8],
) -> Result<&'a [u8], FrameError> {
    let opened = key.open_in_place(nonce(count), Aad::from(clear), body);
    opened.map(|message| &*message).map_err(|_| FrameError::Forged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const CLEAR: usize = 3;
    const BODY: usize = CLEAR + NONCE;

    fn sealed(cipher: &mut Cipher, text: &[u8]) -> Vec<u8> {
        let mut datagram = [&[1, 2, 3][..], &[0; NONCE], text].concat();
        cipher.seal(&mut datagram, CLEAR, BODY).unwrap();
        datagram
    }

    fn opened(cipher: &mut Cipher, mut datagram: Vec<u8>) -> Result<Vec<u8>, FrameError> {
        let (clear, sealed) = datagram.split_at_mut(CLEAR);
        cipher.open(clear, sealed).map(<[u8]>::to_vec)
    }

    #[test]
    fn no_nonce_is_used_twice_under_one_key() {
        // Several holders of one key, each started several times.
        let mut used = BTreeSet::new();
        for _ in 0..20 {
            let mut cipher = Cipher::new(&[7; 32]);
            for _ in 0..20 {
                let datagram = sealed(&mut cipher, b"text");
                assert!(used.insert(datagram[CLEAR..BODY].to_vec()));
            }
        }
        // And no session goes on for ever.
        let mut cipher = Cipher::new(&[7; 32]);
        let first = sealed(&mut cipher, b"text")[CLEAR..CLEAR + SESSION].to_vec();
        cipher.own.as_mut().unwrap().count = LONGEST - 1;
        let last = sealed(&mut cipher, b"text");
        let next = sealed(&mut cipher, b"text");
        assert_eq!(last[CLEAR..CLEAR + SESSION], first);
        assert_ne!(next[CLEAR..CLEAR + SESSION], first);
        assert_eq!(next[CLEAR + SESSION..BODY], [0; COUNT]);
    }

    #[test]
    fn each_session_has_a_key_of_its_own_and_the_same_text_never_looks_the_same() {
        let [mut a, mut b] = [7, 7].map(|key| Cipher::new(&[key; 32]));
        let texts: BTreeSet<_> = [
            sealed(&mut a, b"text")[BODY..].to_vec(),
            sealed(&mut a, b"text")[BODY..].to_vec(),
            sealed(&mut b, b"text")[BODY..].to_vec(),
        ]
        .into();
        assert_eq!(texts.len(), 3);
    }

    #[test]
    fn more_sessions_than_are_remembered_are_heard_and_strangers_are_not_remembered() {
        let mut ear = Cipher::new(&[7; 32]);
        let mut voices: Vec<_> = (0..2 * REMEMBERED).map(|_| Cipher::new(&[7; 32])).collect();
        for _ in 0..3 {
            for voice in &mut voices {
                for _ in 0..2 {
                    assert_eq!(opened(&mut ear, sealed(voice, b"text")).unwrap(), b"text");
                }
            }
        }
        assert_eq!(ear.heard.len(), REMEMBERED);
        let mut stranger = Cipher::new(&[8; 32]);
        let session = sealed(&mut stranger, b"text");
        assert_eq!(opened(&mut ear, session).unwrap_err(), FrameError::Forged);
        let known = stranger.own.unwrap().session;
        assert!(ear.heard.iter().all(|(heard, _)| *heard != known));
    }
}
