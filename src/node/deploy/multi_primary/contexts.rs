//! Contexts as text, and the proof that a node gave one.
//!
//! With keys, the proof is a code under a key that follows from the server key, which clients do
//! not have (HMAC-SHA-256, its first 16 bytes). Without keys whoever can reach a server can forge
//! whatever they like; then the code is a checksum, which notices a context of another key or of
//! another cluster.

use crate::node::cluster_file::ClusterFile;
use crate::node::secrets::Secret;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use quorate_models::multi_primary::{Authenticator, Context, Tag, VersionVector};

/// The most bytes that a context may have, encoded: more than one of a cluster of
/// [`MAX_SERVERS`](crate::node::MAX_SERVERS) has.
pub(super) const MAX_CONTEXT_BYTES: usize = 1024;

/// What the servers of a cluster make and check contexts with.
pub(super) fn authenticator(cluster: &ClusterFile) -> Authenticator {
    let key = cluster.keys.server.as_ref().map_or(&[0; 32], |key| key.bytes());
    let secret = Secret::of(key, "quorate 1: contexts of multi-primary");
    let cluster = cluster.fingerprint().to_le_bytes();
    Authenticator::new(move |bytes| secret.code(&[&cluster, bytes]))
}

/// What of a context is sent around: one that covers nothing needs no proof.
pub(super) fn encode(context: &Context) -> Vec<u8> {
    // A map of numbers always has an encoding.
    let mut bytes = postcard::to_stdvec(&context.known).unwrap_or_default();
    if !context.known.is_empty() {
        bytes.extend(context.tag);
    }
    bytes
}

/// A context as text: its encoding, in hexadecimal.
pub(super) fn print(context: &Context) -> String {
    HEXLOWER.encode(&encode(context))
}

/// The context that a text stands for; whether a node gave it, the nodes see.
pub(super) fn parse(text: &str) -> Option<Context> {
    if text.len() > 2 * MAX_CONTEXT_BYTES {
        return None;
    }
    let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?;
    let (known, rest) = postcard::take_from_bytes::<VersionVector>(&bytes).ok()?;
    match (known.is_empty(), <Tag>::try_from(rest)) {
        (true, _) if rest.is_empty() => Some(Context::default()),
        (false, Ok(tag)) => Some(Context { known, tag }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::cluster;
    use super::*;
    use crate::node::keys::Key;
    use quorate_models::multi_primary::Dot;
    use stateright::actor::Id;

    fn known() -> VersionVector {
        [Dot::new(Id::from(0), 3), Dot::new(Id::from(2), 700)].into_iter().collect()
    }

    fn sealed(byte: u8) -> Authenticator {
        let mut cluster = cluster("multi-primary", "mode = \"multi-value\"", &["", ""]);
        cluster.keys.server = Key::parse(&format!("{byte:02x}").repeat(32));
        authenticator(&cluster)
    }

    #[test]
    fn a_context_is_a_token_and_nothing_else_is() {
        let context = sealed(1).context(&"k".into(), known());
        let text = print(&context);
        assert_eq!(parse(&text), Some(context));
        assert_eq!(parse(&print(&Context::default())), Some(Context::default()));
        assert_eq!(print(&Context::default()), "00");
        for wrong in ["", "0", "zz", "ff", "0000", "é", &text[2..], &text[..text.len() - 2]] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        assert_eq!(parse(&format!("{text}00")), None);
    }

    #[test]
    fn a_context_is_accepted_for_the_key_it_was_given_for_and_as_it_was_given() {
        let nodes = sealed(1);
        let given = nodes.context(&"k".into(), known());
        assert!(sealed(1).accepts(&"k".into(), &given), "by every node of the cluster");
        assert!(!nodes.accepts(&"l".into(), &given), "of another key");
        assert!(!sealed(2).accepts(&"k".into(), &given), "of another cluster");
        let mut future = given.clone();
        future.known.add(Dot::new(Id::from(1), 1 << 40));
        assert!(!nodes.accepts(&"k".into(), &future), "of the future");
        for at in 0..16 {
            let mut forged = given.clone();
            forged.tag[at] ^= 1;
            assert!(!nodes.accepts(&"k".into(), &forged), "forged at byte {at}");
        }
        assert!(!nodes.accepts(&"k".into(), &known().into()), "without a tag");
        assert!(nodes.accepts(&"k".into(), &Context::default()), "that covers nothing");
    }

    #[test]
    fn without_keys_a_context_of_another_key_is_noticed() {
        let nodes = authenticator(&cluster("multi-primary", "", &["", ""]));
        let given = nodes.context(&"k".into(), known());
        assert!(nodes.accepts(&"k".into(), &given) && !nodes.accepts(&"l".into(), &given));
    }
}
