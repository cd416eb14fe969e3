//! The cluster file: the servers, where they listen, and which protocol they run.
//!
//! One file, the same for every server and every client, so that identities are unique and stable
//! (an assumption of the checked model). The settings that must agree between nodes are condensed
//! into a [fingerprint](ClusterFile::fingerprint) that travels in every datagram and is kept in
//! every data directory; addresses and timings are not part of it, so that a server may move, and
//! they may be changed.

pub(super) mod flaw;
pub(super) mod partition;
#[cfg(test)]
mod tests;
pub(super) mod topics;

pub use flaw::{Flaw, MAX_PARTITIONS, MAX_SERVERS};
pub use topics::{DEFAULT_TOPIC, Topic};

use flaw::{DATAGRAM_BYTES, DEFAULT_DATAGRAM_BYTES};

use super::digest::Fnv1a;
use super::frame::Release;
use super::keys::{Key, Keys};
use super::secrets::servers_public;
use quorate_models::timing::Timings;
use serde::Deserialize;
use stateright::actor::Id;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A cluster, as read from its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterFile {
    /// The cluster's name.
    pub name: String,
    /// The protocol its servers run.
    pub protocol: String,
    /// A variant of the protocol, where it has any.
    pub mode: Option<String>,
    /// Its servers; the index is the id.
    pub servers: Vec<Server>,
    /// The keys that seal its datagrams.
    pub keys: Keys,
    /// How long things take, where it is not the default.
    pub timing: Timings,
    /// Messages of one server to another, or to a client, at one time, share a datagram of at most
    /// so many bytes; a longer message goes alone. Servers may differ in it. Less than what the
    /// network takes whole (1,200 to 1,400 over the internet) where a network often loses parts of
    /// datagrams.
    pub datagram_bytes: usize,
    /// The topics beside the default one, where the protocol has topics.
    pub topics: Vec<Topic>,
    /// The partition of a topic that this is the cluster of.
    part: Option<topics::Part>,
    newest: Release,
    path: PathBuf,
}

/// One server of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Its id: a small index.
    pub id: usize,
    /// Its part in the protocol, where the protocol has several.
    pub role: Option<String>,
    /// Where it listens, and where its datagrams come from.
    pub address: SocketAddr,
    /// Where it serves its metrics and status over HTTP (TCP), if it does.
    #[serde(default)]
    pub metrics: Option<SocketAddr>,
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    name: String,
    protocol: String,
    mode: Option<String>,
    datagram_bytes: Option<usize>,
    #[serde(default)]
    server: Vec<Server>,
    #[serde(default)]
    topic: Vec<Topic>,
    #[serde(default)]
    keys: Keys,
    #[serde(default)]
    timing: Timings,
}

/// What is wrong with a cluster file.
#[derive(Debug, Error)]
pub enum ClusterFileError {
    /// It cannot be read.
    #[error("cannot read the cluster file {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not TOML, or not of this shape.
    #[error("the cluster file {} is malformed:\n{source}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// It is well-formed and makes no sense.
    #[error("the cluster file {}: {flaw}", path.display())]
    Flawed {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        flaw: Flaw,
    },
}

impl Flaw {
    fn of(self, path: &Path) -> ClusterFileError {
        ClusterFileError::Flawed { path: path.into(), flaw: self }
    }
}

impl ClusterFile {
    /// Reads and checks the file at `path`.
    pub fn load(path: &Path) -> Result<Self, ClusterFileError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ClusterFileError::Unreadable { path: path.into(), source })?;
        Self::parse(&text, path)
    }

    /// Checks the `text` of a cluster file; `path` is for errors to name.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ClusterFileError> {
        let mut raw: Raw = toml::from_str(text).map_err(|source| ClusterFileError::Malformed {
            path: path.into(),
            source: Box::new(source),
        })?;
        let beside = path.parent().unwrap_or(Path::new(""));
        raw.keys.read_files(beside).map_err(|flaw| flaw.of(path))?;
        check(&raw).map_err(|flaw| flaw.of(path))?;
        raw.server.sort_by_key(|server| server.id);
        Ok(Self {
            name: raw.name,
            protocol: raw.protocol,
            mode: raw.mode,
            servers: raw.server,
            keys: raw.keys,
            timing: raw.timing,
            datagram_bytes: raw.datagram_bytes.unwrap_or(DEFAULT_DATAGRAM_BYTES),
            topics: raw.topic,
            part: None,
            newest: Release::Current,
            path: path.into(),
        })
    }

    /// The same, for nodes and clients that speak the previous release of the wire only, as a
    /// program of that release does: to try how the two get along.
    #[must_use]
    pub fn of_previous_release(self) -> Self {
        Self { newest: Release::Previous, ..self }
    }

    pub(super) fn newest_release(&self) -> Release {
        self.newest
    }

    /// The text of a client's copy of the file whose `text` this is: without the server key, and
    /// with the servers' public one. Comments are lost. Without `[keys]` it is the same file.
    ///
    /// # Errors
    /// When the file has the server key neither, so that it is a client's copy itself; see also
    /// [`ClusterFile::parse`].
    pub fn clients_copy(text: &str, path: &Path) -> Result<String, ClusterFileError> {
        let cluster = Self::parse(text, path)?;
        let Some(public) = cluster.keys.server.as_ref().and(servers_public(&cluster.keys)) else {
            if cluster.keys.client.is_none() {
                return Ok(text.into());
            }
            return Err(Flaw::NoServerKey.of(path));
        };
        let malformed = |source| ClusterFileError::Malformed { path: path.into(), source };
        let mut copy: toml::Table = text.parse().map_err(|e| malformed(Box::new(e)))?;
        if let Some(toml::Value::Table(keys)) = copy.get_mut("keys") {
            keys.retain(|name, _| name == "client");
            keys.insert("public".into(), Key::from(public).hex().into());
            // It goes elsewhere, where no key is beside it.
            if let Some(client) = &cluster.keys.client {
                keys.insert("client".into(), client.hex().into());
            }
        }
        // A table that was just read can be written.
        Ok(toml::to_string(&copy).unwrap_or_default())
    }

    /// The file it was read from, for errors to name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The ids of the servers, in order.
    pub fn ids(&self) -> Vec<Id> {
        Id::vec_from(0..self.servers.len())
    }

    /// The server with this id.
    pub fn server(&self, id: Id) -> Option<&Server> {
        self.servers.get(usize::from(id))
    }

    /// A digest of what must agree between all nodes: name, protocol, mode, and the servers' ids
    /// and roles; of a partition, which it is and where. Topics may be added. It guards against mistakes, not against malice; that is what keys are for.
    pub fn fingerprint(&self) -> u64 {
        let mut digest = Fnv1a::new();
        digest.text(&self.name);
        digest.text(&self.protocol);
        digest.optional(self.mode.as_deref());
        for server in &self.servers {
            digest.optional(server.role.as_deref());
        }
        if let Some(part) = &self.part {
            part.digest(&mut digest);
        }
        digest.0
    }
}

fn check(raw: &Raw) -> Result<(), Flaw> {
    for (field, text) in [("name", &raw.name), ("protocol", &raw.protocol)] {
        if text.trim().is_empty() {
            return Err(Flaw::Empty { field });
        }
    }
    if let Some(found) = raw.datagram_bytes.filter(|bytes| !DATAGRAM_BYTES.contains(bytes)) {
        return Err(Flaw::DatagramBytes { found });
    }
    check_keys(&raw.keys)?;
    check_servers(raw)?;
    topics::check(&raw.topic, raw.server.iter().map(|server| (server.id, server.address)))
}

fn check_keys(keys: &Keys) -> Result<(), Flaw> {
    for (name, key, also) in
        [("server", &keys.server, &keys.server_also), ("client", &keys.client, &keys.client_also)]
    {
        if key.is_none() && also.is_some() {
            return Err(Flaw::OnlyAlso { name });
        }
    }
    if keys.server.is_some() && keys.client.is_none() {
        return Err(Flaw::NoClientKey);
    }
    if keys.servers().any(|server| keys.clients().any(|client| server == client)) {
        return Err(Flaw::SameKeys);
    }
    if let Some(public) = &keys.public
        && (keys.client.is_none() || servers_public(keys) != Some(*public.bytes()))
    {
        return Err(Flaw::WrongPublicKey);
    }
    Ok(())
}

fn check_servers(raw: &Raw) -> Result<(), Flaw> {
    let count = raw.server.len();
    if count == 0 {
        return Err(Flaw::NoServers);
    }
    if count > MAX_SERVERS {
        return Err(Flaw::TooManyServers { count });
    }
    let mut servers = BTreeMap::new();
    let mut addresses = BTreeMap::new();
    for Server { id, address, .. } in &raw.server {
        if *id >= count {
            return Err(Flaw::IdOutOfRange { id: *id, count });
        }
        if servers.insert(*id, *address).is_some() {
            return Err(Flaw::DuplicateId { id: *id, count });
        }
        if let Some(first) = addresses.insert((address.ip(), address.port()), *id) {
            return Err(Flaw::DuplicateAddress { first, second: *id, address: *address });
        }
        if address.port() == 0 || address.ip().is_unspecified() || address.ip().is_multicast() {
            return Err(Flaw::UnusableAddress { id: *id, address: *address });
        }
    }
    // Ids are distinct and below the count, so server 0 is there.
    match servers.iter().find(|(_, address)| address.is_ipv4() != servers[&0].is_ipv4()) {
        Some((id, _)) => Err(Flaw::MixedFamilies { id: *id }),
        None => Ok(()),
    }
}
