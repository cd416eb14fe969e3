//! The servers' side of a client's session: its id, its address, and the key that it alone shares
//! with the servers.
//!
//! A client makes a pair of keys for each session and asks any server for an id. The server answers
//! with an id, a **certificate** that binds the id to the client's public key, and a **cookie**
//! that binds the id to the address that the answer goes to. Each request carries all three. So any
//! server knows, without a table and without having heard from the client before, that the id is
//! one that servers made, for the holder of that secret key, and that the client receives what is
//! sent to its address. Nothing larger than a request goes to an address for which this is not
//! proven. A cookie stays good for as long as the client stays where it is.
//!
//! A holder of the client key may become a client, or many, and do what clients may. It cannot read
//! another client's replies, use up another's numbers, move its address, or answer it in a server's
//! name: all of that takes the other's secret key or the servers'. Without `[keys]` in the cluster
//! file none of this holds against malice, only against mistakes.

use super::address::number;
use super::cluster_file::ClusterFile;
use super::frame::{Channel, FrameError, PROOF};
use super::keys::{Key, Keys};
use super::seal::KeyRing;
use super::secrets::{Agreement, Code, Public, Secret, public_of};
use stateright::actor::Id;
use std::net::{IpAddr, SocketAddr};

/// The padding of a hello beside the public key, so that a welcome is not larger.
pub(super) const PADDING: [u8; 24] = [0; 24];

/// The proof that comes with each request, in clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    pub(super) public: Public,
    pub(super) certificate: Code,
    pub(super) cookie: Code,
}

impl Proof {
    pub(super) fn bytes(&self) -> [u8; PROOF] {
        let mut bytes = [0; PROOF];
        bytes[..32].copy_from_slice(&self.public);
        bytes[32..48].copy_from_slice(&self.certificate);
        bytes[48..].copy_from_slice(&self.cookie);
        bytes
    }

    /// Any bytes at all may be given.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, FrameError> {
        let (public, rest) = bytes.split_first_chunk().ok_or(FrameError::Truncated)?;
        let (certificate, rest) = rest.split_first_chunk().ok_or(FrameError::Truncated)?;
        let cookie = rest.first_chunk().ok_or(FrameError::Truncated)?;
        Ok(Self { public: *public, certificate: *certificate, cookie: *cookie })
    }
}

/// Names a public key of the servers, so that a client can say which one it knows them by.
pub(super) fn name_of(public: &Public) -> u64 {
    let mut name = [0; 8];
    name.copy_from_slice(&public[..8]);
    u64::from_le_bytes(name)
}

/// Certifies clients: under the key that the servers seal with, and under the one, if there is one,
/// that they accept also. A session is all under one of them.
pub(super) struct Notary {
    first: Office,
    also: Option<Office>,
}

impl Notary {
    pub(super) fn new(cluster: &ClusterFile) -> Self {
        let (keys, part) = (&cluster.keys, cluster.part_name());
        let also = keys.server_also.as_ref().map(|server| Office::new(Some(server), keys, &part));
        Self { first: Office::new(keys.server.as_ref(), keys, &part), also }
    }

    fn offices(&self) -> impl Iterator<Item = &Office> {
        [&self.first].into_iter().chain(&self.also)
    }

    /// The one that a new client knows, by the name that it gives.
    pub(super) fn office(&self, name: u64) -> &Office {
        self.offices().find(|office| office.name == Some(name)).unwrap_or(&self.first)
    }

    /// The one that certified a client.
    pub(super) fn certifier(&self, client: Id, proof: &Proof) -> Option<&Office> {
        self.offices().find(|office| office.certifies(client, proof))
    }

    pub(super) fn cookie(&self, client: Id, address: SocketAddr) -> Code {
        self.first.cookie(client, address)
    }

    /// Whether the client has received something at that address.
    pub(super) fn is_proven(&self, client: Id, address: SocketAddr, proof: &Proof) -> bool {
        self.offices().any(|office| office.is_proven(client, address, proof))
    }
}

/// Certifies clients under one key of the servers.
pub(super) struct Office {
    ids: Secret,
    addresses: Secret,
    /// Of its public key.
    name: Option<u64>,
    /// For each client key; none without keys.
    agreements: Vec<Agreement>,
}

impl Office {
    /// The partitions of a cluster have the same keys, and ids of their own: so the id of a client of
    /// one partition is certified for no other.
    fn new(server: Option<&Key>, keys: &Keys, part: &str) -> Self {
        let key = server.map_or(&[0; 32], Key::bytes);
        let agree =
            |server| keys.clients().map(move |client| Agreement::of_servers(server, client));
        Self {
            ids: Secret::of(key, &format!("quorate 1: the ids of clients{part}")),
            addresses: Secret::of(key, &format!("quorate 1: the addresses of clients{part}")),
            name: server.map(|server| name_of(&public_of(server))),
            agreements: server.into_iter().flat_map(agree).collect(),
        }
    }

    /// The channel of the client's session with that public key; its hello was under that client
    /// key. Takes a while: some 50 µs.
    pub(super) fn channel(&self, public: &Public, client_key: usize) -> Channel {
        let ours = self.agreements.get(client_key);
        Channel::new(ours.map(|ours| ours.session_key(public, public)).as_deref())
    }

    /// The same, if it is not known which client key the client has.
    pub(super) fn channels(&self, public: &Public) -> KeyRing {
        let keys: Vec<_> =
            self.agreements.iter().map(|ours| ours.session_key(public, public)).collect();
        KeyRing::new(keys.iter().map(|key| &**key))
    }

    pub(super) fn certificate(&self, client: Id, public: &Public) -> Code {
        self.ids.code(&[&number(client).to_le_bytes(), public])
    }

    fn certifies(&self, client: Id, proof: &Proof) -> bool {
        self.ids.vouches(&[&number(client).to_le_bytes(), &proof.public], &proof.certificate)
    }

    pub(super) fn cookie(&self, client: Id, address: SocketAddr) -> Code {
        self.addresses.code(&place(client, address).each_ref().map(|part| &part[..]))
    }

    fn is_proven(&self, client: Id, address: SocketAddr, proof: &Proof) -> bool {
        let place = place(client, address);
        self.addresses.vouches(&place.each_ref().map(|part| &part[..]), &proof.cookie)
    }
}

/// An id and an address as bytes, always as many.
fn place(client: Id, address: SocketAddr) -> [Vec<u8>; 3] {
    let ip = match address.ip() {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    };
    let (id, port) = (number(client).to_le_bytes(), address.port().to_le_bytes());
    [id.into(), ip.octets().into(), port.into()]
}
