//! The address book: which socket address an id stands for.
//!
//! Protocols know ids alone, so that a tie broken by id is broken the same way when it is checked
//! and when it runs. The servers' addresses come from the cluster file and are fixed; a client's
//! is where its newest request came from, if it is proven to receive there, and of clients only so
//! many are remembered.

use super::cluster_file::ClusterFile;
use super::frame::{Channel, Release};
pub(super) use super::ids::{ANONYMOUS, is_client, number};
use super::secrets::Public;
use stateright::actor::Id;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;

/// The most clients whose addresses a server remembers; beyond, the one not heard from for the
/// longest is forgotten, and answered again when it asks again.
pub(super) const MAX_CLIENTS: usize = 4096;

/// A client that a server has heard from.
pub(super) struct Known {
    pub(super) address: SocketAddr,
    pub(super) public: Public,
    /// The channel that seals its session.
    pub(super) channel: Channel,
    /// The counter of its newest request. Older ones are not taken any more; if the client is
    /// forgotten, a replayed request is taken again, from the same address, as the duplicate that
    /// it is.
    pub(super) counter: u64,
    /// The release of the wire in which that came, and in which it is answered.
    pub(super) release: Release,
}

/// The addresses of servers and clients.
pub(super) struct AddressBook {
    servers: Vec<SocketAddr>,
    /// What is known of each client, and when (in requests) it was last heard from.
    clients: HashMap<Id, (Known, u64)>,
    /// The clients by when they were last heard from.
    heard: BTreeMap<u64, Id>,
    clock: u64,
    limit: usize,
}

impl AddressBook {
    /// The servers of a cluster, and no client yet.
    pub(super) fn new(cluster: &ClusterFile) -> Self {
        Self {
            servers: cluster.servers.iter().map(|server| server.address).collect(),
            clients: HashMap::new(),
            heard: BTreeMap::new(),
            clock: 0,
            limit: MAX_CLIENTS,
        }
    }

    /// Where to send what is for `id`.
    pub(super) fn get(&self, id: Id) -> Option<SocketAddr> {
        if is_client(id) {
            self.client(id).map(|known| known.address)
        } else {
            self.servers.get(usize::from(id)).copied()
        }
    }

    /// What is known of a client.
    pub(super) fn client(&self, id: Id) -> Option<&Known> {
        self.clients.get(&id).map(|(known, _)| known)
    }

    /// The same, to be changed.
    pub(super) fn client_mut(&mut self, id: Id) -> Option<&mut Known> {
        self.clients.get_mut(&id).map(|(known, _)| known)
    }

    /// The servers and where they are.
    pub(super) fn servers(&self) -> impl Iterator<Item = (Id, SocketAddr)> {
        self.servers.iter().enumerate().map(|(id, address)| (Id::from(id), *address))
    }

    /// Whether `id` may speak from `address`: a server only from its own.
    pub(super) fn vouches(&self, id: Id, address: SocketAddr) -> bool {
        if is_client(id) {
            return true;
        }
        // Not by equality: IPv6 addresses also carry a flow label, which may differ.
        self.servers
            .get(usize::from(id))
            .is_some_and(|known| (known.ip(), known.port()) == (address.ip(), address.port()))
    }

    /// Notes that a client that is known was heard again.
    pub(super) fn hear_again(
        &mut self,
        client: Id,
        address: SocketAddr,
        (counter, release): (u64, Release),
    ) {
        let Some((known, heard)) = self.clients.get_mut(&client) else { return };
        self.clock += 1;
        (known.address, known.counter, known.release) = (address, counter, release);
        self.heard.remove(&std::mem::replace(heard, self.clock));
        self.heard.insert(self.clock, client);
    }

    /// Notes that a client was heard from.
    pub(super) fn hear(&mut self, client: Id, known: Known) {
        self.clock += 1;
        if let Some((_, before)) = self.clients.insert(client, (known, self.clock)) {
            self.heard.remove(&before);
        }
        self.heard.insert(self.clock, client);
        if self.clients.len() > self.limit
            && let Some((_, oldest)) = self.heard.pop_first()
        {
            self.clients.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn book() -> AddressBook {
        let text = "name = \"demo\"\nprotocol = \"toy\"\n[[server]]\nid = 0\naddress = \"[::1]:7\"";
        AddressBook::new(&ClusterFile::parse(text, Path::new("cluster.toml")).unwrap())
    }

    fn at(port: u16) -> Known {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let (public, channel, release) = ([0; 32], Channel::Checksummed, Release::Current);
        Known { address, public, channel, counter: 0, release }
    }

    #[test]
    fn a_server_speaks_from_its_own_address_only() {
        let book = book();
        assert!(book.vouches(Id::from(0), "[::1]:7".parse().unwrap()));
        assert!(!book.vouches(Id::from(0), "[::1]:8".parse().unwrap()));
        assert!(!book.vouches(Id::from(1), "[::1]:7".parse().unwrap()));
    }

    #[test]
    fn the_client_not_heard_from_for_the_longest_is_forgotten() {
        let mut book = AddressBook { limit: 2, ..book() };
        let client = |n: usize| Id::from((1 << 40) + n);
        book.hear(client(1), at(1));
        book.hear(client(2), at(2));
        book.hear(client(1), at(11));
        book.hear(client(3), at(3));
        assert_eq!(book.get(client(1)), Some(at(11).address));
        assert_eq!(book.get(client(2)), None);
        assert_eq!(book.get(client(3)), Some(at(3).address));
        assert_eq!((book.clients.len(), book.heard.len()), (2, 2));
    }
}
