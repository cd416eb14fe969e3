//! The address book: which socket address an id stands for.
//!
//! Protocols know ids alone, so that a tie broken by id is broken the same way when it is checked
//! and when it runs. The servers' addresses come from the cluster file and are fixed; a client's
//! is where its last datagram came from, and of clients only so many are remembered.

use super::cluster_file::ClusterFile;
use stateright::actor::Id;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

/// The most clients whose addresses a server remembers; beyond, the one not heard from for the
/// longest is forgotten, and answered again when it asks again.
pub const MAX_CLIENTS: usize = 4096;

/// Ids from here on are clients'.
const FIRST_CLIENT: u64 = 1 << 32;

// Ids are 64 bits on the wire and `usize` in stateright.
const _: () = assert!(usize::BITS == 64);

/// The id as a number.
pub(super) fn number(id: Id) -> u64 {
    usize::from(id) as u64
}

/// Whether an id is a client's.
pub fn is_client(id: Id) -> bool {
    number(id) >= FIRST_CLIENT
}

/// A new client's id: microseconds since 1970, then 12 random bits. In rough order of time,
/// because the session table (`models::kv::Sessions`) refuses new clients below those that it has
/// evicted; random, because
/// two clients may start in the same microsecond.
pub fn new_client_id() -> Id {
    let micros =
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros() as u64;
    let id = (micros << 12) | u64::from(rand::random::<u16>() & 0xfff);
    // A clock that stands before 1970 is no reason to pose as a server.
    Id::from(id.max(FIRST_CLIENT) as usize)
}

/// Who is where.
pub struct AddressBook {
    servers: Vec<SocketAddr>,
    /// Where each client is, and when (in datagrams) it was last heard from.
    clients: HashMap<Id, (SocketAddr, u64)>,
    /// The clients by when they were last heard from.
    heard: BTreeMap<u64, Id>,
    clock: u64,
    limit: usize,
}

impl AddressBook {
    /// The servers of a cluster, and no client yet.
    pub fn new(cluster: &ClusterFile) -> Self {
        Self {
            servers: cluster.servers.iter().map(|server| server.address).collect(),
            clients: HashMap::new(),
            heard: BTreeMap::new(),
            clock: 0,
            limit: MAX_CLIENTS,
        }
    }

    /// Where to send what is for `id`.
    pub fn get(&self, id: Id) -> Option<SocketAddr> {
        if is_client(id) {
            self.clients.get(&id).map(|(address, _)| *address)
        } else {
            self.servers.get(usize::from(id)).copied()
        }
    }

    /// The servers and where they are.
    pub fn servers(&self) -> impl Iterator<Item = (Id, SocketAddr)> {
        self.servers.iter().enumerate().map(|(id, address)| (Id::from(id), *address))
    }

    /// Whether `id` may speak from `address`: a server only from its own.
    pub fn vouches(&self, id: Id, address: SocketAddr) -> bool {
        if is_client(id) {
            return true;
        }
        // Not by equality: IPv6 addresses also carry a flow label, which may differ.
        self.servers
            .get(usize::from(id))
            .is_some_and(|known| (known.ip(), known.port()) == (address.ip(), address.port()))
    }

    /// Notes that a client was heard from `address`.
    pub fn hear(&mut self, client: Id, address: SocketAddr) {
        self.clock += 1;
        if let Some((_, before)) = self.clients.insert(client, (address, self.clock)) {
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

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
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
        assert_eq!(book.get(client(1)), Some(at(11)));
        assert_eq!(book.get(client(2)), None);
        assert_eq!(book.get(client(3)), Some(at(3)));
        assert_eq!((book.clients.len(), book.heard.len()), (2, 2));
    }

    #[test]
    fn client_ids_are_clients_and_grow_with_time() {
        let before = new_client_id();
        std::thread::sleep(std::time::Duration::from_millis(2));
        let after = new_client_id();
        assert!(is_client(before) && before < after);
    }
}
