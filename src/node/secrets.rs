//! Keys and codes that follow from a cluster's keys, each for one purpose.
//!
//! HMAC-SHA-256 (RFC 2104) is the one function: of a key and a purpose it makes another key, of a
//! key and a text a code that only holders of the key can make. X25519 (RFC 7748) is how a client
//! and the servers come to a key that no other client has.

use super::keys::{Key, Keys};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use x25519_dalek::{PublicKey, StaticSecret};

/// Proves that the servers said something. Half of a hash: forging one takes 2^127 tries.
pub(super) type Code = [u8; 16];

/// A public key of X25519.
pub(super) type Public = [u8; 32];

/// A key for one purpose.
#[derive(Clone)]
pub(super) struct Secret([u8; 32]);

impl Secret {
    /// The key for `purpose` that follows from `key`.
    pub(super) fn of(key: &[u8; 32], purpose: &str) -> Self {
        Self(mac(key, &[purpose.as_bytes()]).finalize().into_bytes().into())
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key for one use of this one, which has the name `of`.
    pub(super) fn derive(&self, of: &[u8]) -> [u8; 32] {
        mac(&self.0, &[of]).finalize().into_bytes().into()
    }

    /// The code of a text in parts of fixed lengths.
    pub(super) fn code(&self, parts: &[&[u8]]) -> Code {
        let whole: [u8; 32] = mac(&self.0, parts).finalize().into_bytes().into();
        let mut code = Code::default();
        code.copy_from_slice(&whole[..16]);
        code
    }

    /// Whether `code` is the code of that text. Takes as long whatever the code is.
    pub(super) fn vouches(&self, parts: &[&[u8]], code: &Code) -> bool {
        mac(&self.0, parts).verify_truncated_left(code).is_ok()
    }
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac
}

/// The servers' pair of keys, which follows from the key that they share.
fn servers_secret(server: &Key) -> StaticSecret {
    StaticSecret::from(*Secret::of(server.bytes(), "quorate 1: the servers' X25519 key").bytes())
}

/// The servers' public key: from the file, or from the servers' own key.
pub(super) fn servers_public(keys: &Keys) -> Option<Public> {
    let own = keys.server.as_ref().map(|key| PublicKey::from(&servers_secret(key)).to_bytes());
    own.or_else(|| keys.public.as_ref().map(|key| *key.bytes()))
}

/// Comes to one key with the other side of a session.
pub(super) struct Agreement {
    secret: StaticSecret,
    client_key: Key,
}

impl Agreement {
    /// The servers' side; `None` without keys.
    pub(super) fn of_servers(keys: &Keys) -> Option<Self> {
        let secret = servers_secret(keys.server.as_ref()?);
        Some(Self { secret, client_key: keys.client.clone()? })
    }

    /// The side of a new client; `None` without keys.
    pub(super) fn of_client(keys: &Keys) -> Option<Self> {
        let secret = StaticSecret::from(rand::random::<[u8; 32]>());
        Some(Self { secret, client_key: keys.client.clone()? })
    }

    /// This side's public key.
    pub(super) fn public(&self) -> Public {
        PublicKey::from(&self.secret).to_bytes()
    }

    /// The key of the session between the client whose public key is `client` and the servers;
    /// `other` is the public key of the other side. Without the client key it cannot be made.
    pub(super) fn session_key(&self, other: &Public, client: &Public) -> [u8; 32] {
        let shared = self.secret.diffie_hellman(&PublicKey::from(*other));
        let key = Secret::of(self.client_key.bytes(), "quorate 1: sessions");
        mac(&key.0, &[shared.as_bytes(), client]).finalize().into_bytes().into()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::node) fn keys(server: u8, client: u8) -> Keys {
        let key = |byte: u8| Key::parse(&format!("{byte:02x}").repeat(32));
        Keys { server: key(server), client: key(client), public: None, ..Keys::default() }
    }

    #[test]
    fn both_sides_come_to_one_key_and_nobody_else_does() {
        let (servers, client) = (
            Agreement::of_servers(&keys(1, 2)).unwrap(),
            Agreement::of_client(&keys(1, 2)).unwrap(),
        );
        let public = servers_public(&keys(1, 2)).unwrap();
        assert_eq!(public, servers.public());
        let key = servers.session_key(&client.public(), &client.public());
        assert_eq!(client.session_key(&public, &client.public()), key);
        // Another client, which knows the client key and has heard all.
        let other = Agreement::of_client(&keys(1, 2)).unwrap();
        assert_ne!(other.session_key(&public, &client.public()), key);
        // Somebody without the client key, and servers of another cluster.
        let without = Agreement::of_servers(&keys(1, 3)).unwrap();
        assert_ne!(without.session_key(&client.public(), &client.public()), key);
        let foreign = Agreement::of_servers(&keys(4, 2)).unwrap();
        assert_ne!(foreign.session_key(&client.public(), &client.public()), key);
    }

    #[test]
    fn a_code_is_of_one_text_one_purpose_and_one_key() {
        let secret = Secret::of(&[1; 32], "a");
        let code = secret.code(&[b"text"]);
        assert!(secret.vouches(&[b"te", b"xt"], &code));
        assert!(!secret.vouches(&[b"tex"], &code));
        assert!(!Secret::of(&[1; 32], "b").vouches(&[b"text"], &code));
        assert!(!Secret::of(&[2; 32], "a").vouches(&[b"text"], &code));
        for at in 0..16 {
            let mut wrong = code;
            wrong[at] ^= 1;
            assert!(!secret.vouches(&[b"text"], &wrong));
        }
    }
}
