//! What is wrong with a cluster file.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use thiserror::Error;

/// The most servers a cluster may have.
pub const MAX_SERVERS: usize = 64;

/// The most partitions of all topics of a cluster together, beside the default one: each is a thread
/// of every server, with a log and a socket of its own.
pub const MAX_PARTITIONS: usize = 32;

/// The same, where the cluster file does not say it.
pub(in crate::node) const DEFAULT_DATAGRAM_BYTES: usize = 32 << 10;

/// How long a datagram with several messages may be, in bytes.
pub(in crate::node) const DATAGRAM_BYTES: RangeInclusive<usize> = 1_200..=60_000;

/// What does not make sense in a well-formed cluster file.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Flaw {
    /// A text that must say something is empty.
    #[error("`{field}` is empty; give the cluster a {field}")]
    Empty {
        /// Which.
        field: &'static str,
    },
    /// There is no server.
    #[error("it has no server; add a [[server]] section with id = 0 and an address")]
    NoServers,
    /// There are too many servers.
    #[error("it has {count} servers, more than the limit of {MAX_SERVERS}")]
    TooManyServers {
        /// How many.
        count: usize,
    },
    /// Two servers have one id.
    #[error("two servers have the id {id}; number the {count} servers 0 to {}", count - 1)]
    DuplicateId {
        /// The id.
        id: usize,
        /// How many servers there are.
        count: usize,
    },
    /// The ids are not 0, 1, 2 and so on.
    #[error("the server id {id} is out of range; number the {count} servers 0 to {}", count - 1)]
    IdOutOfRange {
        /// The id.
        id: usize,
        /// How many servers there are.
        count: usize,
    },
    /// Two servers have one address.
    #[error(
        "servers {first} and {second} have the same address {address}; give each its own port or host"
    )]
    DuplicateAddress {
        /// One server.
        first: usize,
        /// The other.
        second: usize,
        /// Their address.
        address: SocketAddr,
    },
    /// A topic has a name that cannot be one.
    #[error("a topic is named `{name}`; give it 1 to {longest} letters, digits, `.`, `_` or `-`")]
    TopicName {
        /// The name.
        name: String,
        /// How long a name may be, in bytes.
        longest: usize,
    },
    /// Two topics have one name.
    #[error(
        "two topics are named `{name}`; give each its own name (`default` is the one that every \
         cluster has)"
    )]
    DuplicateTopic {
        /// The name.
        name: String,
    },
    /// A topic has no partition, or all have too many.
    #[error(
        "the topic `{name}` has {found} partitions, and with those before it there are {sum}; give each \
         1 or more, and all together at most {MAX_PARTITIONS}"
    )]
    Partitions {
        /// The topic.
        name: String,
        /// How many it has.
        found: usize,
        /// How many it has together with the topics before it.
        sum: usize,
    },
    /// The ports that partitions need are taken by another server.
    #[error(
        "servers {first} and {second} are on one host, and each needs its port and the {more} above it, \
         one for each partition; move one of them by more than that"
    )]
    PortsMeet {
        /// One server.
        first: usize,
        /// The other.
        second: usize,
        /// How many ports it needs above its own.
        more: usize,
    },
    /// The ports that partitions need are no ports.
    #[error(
        "server {id} has the port {port}, and needs the {more} above it, one for each partition; give \
         it a lower one"
    )]
    PortsEnd {
        /// The server.
        id: usize,
        /// Its port.
        port: u16,
        /// How many ports it needs above its own.
        more: usize,
    },
    /// Others could not send to this address.
    #[error(
        "server {id} has the address {address}, to which nobody can send; \
         give the host's own address and a port other than 0"
    )]
    UnusableAddress {
        /// The server.
        id: usize,
        /// Its address.
        address: SocketAddr,
    },
    /// There is a server key and no client key.
    #[error("[keys] has a server key and no client key; add one, so that clients are sealed too")]
    NoClientKey,
    /// Datagrams would be too short or too long.
    #[error(
        "`datagram_bytes` is {found}; give {} to {}, or leave it out for {DEFAULT_DATAGRAM_BYTES}",
        DATAGRAM_BYTES.start(), DATAGRAM_BYTES.end()
    )]
    DatagramBytes {
        /// What is given.
        found: usize,
    },
    /// A key to accept also, without one to seal with.
    #[error(
        "[keys] has `{name}-also` and no {name} key to seal with; that one goes under `{name}`"
    )]
    OnlyAlso {
        /// The kind of key.
        name: &'static str,
    },
    /// There is no server key where one is needed.
    #[error("[keys] has no server key, so this is a client's copy already")]
    NoServerKey,
    /// A public key that is not the servers', or without any other.
    #[error(
        "[keys] has a public key that does not belong to its server key, or no client key; \
         leave it out, or make a client's copy of the file with `quorate client-file`"
    )]
    WrongPublicKey,
    /// One key does for both.
    #[error("[keys] gives clients the server key; make another, so that none can pose as a server")]
    SameKeys,
    /// A key that stands in the file, and is named as a file of its own.
    #[error("[keys] has `{name}` and `{name}-file`; keep one of them")]
    TwoKeys {
        /// Which.
        name: &'static str,
    },
    /// A file that a key is to be in.
    #[error("[keys] names the key file {}, {why}", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Some addresses are IPv4, others IPv6.
    #[error("servers 0 and {id} mix IPv4 and IPv6; one socket serves one family, so use one")]
    MixedFamilies {
        /// The first server whose address is of another family than server 0's.
        id: usize,
    },
}
