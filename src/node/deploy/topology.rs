//! A cluster file as a protocol sees it.

use crate::node::cluster_file::ClusterFile;
use crate::node::secrets::Secret;
use quorate_models::Topology;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

impl ClusterFile {
    /// What its protocol needs to know of it.
    ///
    /// With keys, what proves to a server that a server made something is a code under a key that
    /// follows from the server key, which clients do not have (HMAC-SHA-256, its first 16 bytes).
    /// Without keys, anyone that can reach a server can forge any message; then the code is a
    /// checksum, which notices what belongs to something else or to another cluster.
    pub fn topology(&self) -> Topology {
        let key = self.keys.server.as_ref().map_or(&[0; 32], |key| key.bytes());
        let secret = Secret::of(key, "quorate 1: contexts of multi-primary");
        let cluster = self.fingerprint().to_le_bytes();
        Topology {
            mode: self.mode.clone(),
            roles: self.servers.iter().map(|server| server.role.clone()).collect(),
            timing: self.timing.clone(),
            clock: wall_clock,
            code: Arc::new(move |bytes| secret.code(&[&cluster, bytes])),
        }
    }
}

/// By how many milliseconds the clock of this process is ahead of its host's.
static SHIFT: AtomicI64 = AtomicI64::new(0);

/// Lets protocols see a clock that is so many milliseconds ahead of the host's, or behind it: a storm
/// shows that nothing that must hold depends on clocks.
pub fn shift_clock(milliseconds: i64) {
    SHIFT.store(milliseconds, Ordering::Relaxed);
}

/// Milliseconds since 1970 by this host's clock, shifted.
fn wall_clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let shift = SHIFT.load(Ordering::Relaxed);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX).saturating_add_signed(shift)
}

#[cfg(test)]
mod tests {
    use super::super::tests::cluster;
    use super::*;
    use crate::node::keys::Key;
    use quorate_models::multi_primary::{Authenticator, Context, Dot, VersionVector};
    use stateright::actor::Id;

    fn known() -> VersionVector {
        [Dot::new(Id::from(0), 3), Dot::new(Id::from(2), 700)].into_iter().collect()
    }

    fn sealed(byte: u8) -> Authenticator {
        let mut cluster = cluster("multi-primary", "mode = \"multi-value\"", &["", ""]);
        cluster.keys.server = Key::parse(&format!("{byte:02x}").repeat(32));
        authenticator(&cluster)
    }

    fn authenticator(cluster: &ClusterFile) -> Authenticator {
        let code = cluster.topology().code;
        Authenticator::new(move |bytes| code(bytes))
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
