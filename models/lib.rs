//! The pure part of Quorate: replication protocols as state machines, and the world they are
//! checked in.
//!
//! Nothing here does I/O, reads a clock, starts a thread or draws a random number, so the code
//! that is checked is, to the letter, the code that a node runs.
//!
//! # What each protocol guarantees
//!
//! Generated from the recorded verdicts (`quorate list --guarantees`); sources are in each module.
//!
//! <!-- guarantees -->
//! | protocol | consistency | tolerated crash failures (writes stay available) | durable | clients checked at once | a write: messages, delays | a read: messages, delays |
//! |---|---|---|---|---:|---:|---:|
//! | primary-backup, synchronous: a view service, 3 replicas | linearizable | any 1 of 4, and 3 of the 6 sets of 2 | acknowledged writes, at every replica that may be promoted (checked with a crash and restart) | 3 | 6, 4 | 6, 4 |
//! | primary-backup, asynchronous: a view service, 3 replicas | backups hold prefixes; **not linearizable** | any 1 of 4, and 5 of the 6 sets of 2 | acknowledged writes, at the primary only: **lost at failover** (checked without restarts) | 1 | 6, 2 | 6, 2 |
//! | multi-primary, last-writer-wins: 3 nodes | strong eventual; **loses one of two concurrent updates**; **not linearizable** | any 2 of 3 | acknowledged writes, or writes that won over them (checked with a crash and restart) | 2 | 4, 2 | 2, 2 |
//! | multi-primary, multi-value: 3 nodes | strong eventual; concurrent writes are kept as siblings; **not linearizable** | any 2 of 3 | acknowledged writes, until a write whose context includes them replaces them (checked with a crash and restart) | 2 | 4, 2 | 2, 2 |
//! | two-phase-commit, presumed abort: a coordinator, 2 participants, transactions over both | strictly serializable transactions; **blocks while its coordinator is dead** | none | votes and decisions (checked with 2 crashes and restarts) | 2 | 10, 4 | 10, 4 |
//! | synod, single decree: 3 acceptors | agreement on one value | any 1 of 3 | promises and accepted proposals (checked with a crash and restart) | – | – | – |
//! | paxos, majorities: 3 replicas | linearizable | any 1 of 3 | promises, accepted proposals and chosen commands (checked with a crash and restart) | 3 | 8, 4 | 6, 4 |
//! | kafka, the map, flush=sync: a controller, 3 brokers, 2 to commit | linearizable | any 1 of 4 | what is acknowledged (checked with 2 crashes and restarts) | 2 | 7, 4 | 7, 4 |
//! | kafka, acks=all, fewer page caches lost than the minimum in sync: a controller, 3 brokers, 2 to commit | appends are linearizable, and reads while no leader is deposed; replicas agree on what is committed; a record is committed once | any 1 of 4 | what is acknowledged (checked with a crash and restart) | 3 | 7, 4 | 2, 2 |
//! | kafka, acks=all, several controllers: 3 controllers, 3 brokers, 2 to commit | replicas agree on what is committed; a record is committed once | any 1 of 6, and 12 of the 15 sets of 2 | what is acknowledged (checked without restarts) | 1 | 7, 4 | 2, 2 |
//! | kafka, acks=all, reads at followers and deposed leaders: a controller, 3 brokers, 2 to commit | **reads are not linearizable**; replicas agree on what is committed; a record is committed once | any 1 of 4 | what is acknowledged (checked without restarts) | 2 | 7, 4 | 2, 2 |
//! | kafka, acks=all, as many page caches lost: a controller, 3 brokers, 2 to commit | replicas agree on what is committed; a record is committed once | any 1 of 4 | **not even what is acknowledged** (checked with 2 crashes and restarts) | 1 | 7, 4 | 2, 2 |
//! | kafka, acks=all, unclean elections: a controller, 3 brokers, 2 to commit | **replicas differ**; a record is committed once | any 1 of 4 | **not even what is acknowledged** (checked without restarts) | 1 | 7, 4 | 2, 2 |
//! | kafka, acks=1: a controller, 3 brokers, 2 to commit | replicas agree on what is committed; a record is committed once | any 1 of 4, and 5 of the 6 sets of 2 | **not even what is acknowledged** (checked without restarts) | 1 | 7, 2 | 2, 2 |
//! | kafka, acks=0: a controller, 3 brokers, 2 to commit | replicas agree on what is committed; a record is committed once | any 4 of 4 | **not even what is acknowledged** (checked without restarts) | 1 | – | 2, 2 |
//! | kafka, acks=all, producers without numbers: a controller, 3 brokers, 2 to commit | replicas agree on what is committed; **a record may be committed twice** | any 1 of 4 | what is acknowledged (checked without restarts) | 1 | 7, 4 | 2, 2 |
//! | zab, reads as transactions: 3 servers | linearizable | any 1 of 3 | delivered transactions, at a quorum (checked with 2 crashes and restarts) | 1 | 8, 4 | 8, 4 |
//! | zab, reads at any server: 3 servers | **not linearizable**; sequentially consistent; no client goes back in time | any 1 of 3 | delivered transactions, at a quorum (checked without restarts) | 2 | 8, 4 | 2, 2 |
//! | zab, reads at any server after a sync: 3 servers | linearizable; sequentially consistent; no client goes back in time | any 1 of 3 | delivered transactions, at a quorum (checked without restarts) | 2 | 8, 4 | 2, 2 |
//! | quorum-store, quorums that read and repair, writes that query: 3 nodes that all hold the key | linearizable | any 1 of 3 | acknowledged writes, at a quorum (checked with a crash and restart) | 3 | 8, 6 | 4, 4 |
//! | quorum-store, quorums that read and repair, one writer at one node: 3 nodes that all hold the key | linearizable | any 1 of 3 | acknowledged writes, at a quorum (checked with a crash and restart) | 2 | 6, 4 | 4, 4 |
//! | quorum-store, other levels, repairs and clocks: 3 nodes that all hold the key, level one | eventual, or what the levels below say; **not linearizable** | any 2 of 3 | acknowledged writes, at fewer replicas than the level says where hints count (checked without restarts) | 2 | 6, 2 | 2, 2 |
//! | quorum-store, quorums while nodes join, leave and are replaced, one writer at a time: 3 nodes that all hold the key, between moves | linearizable | any 1 of 3 | acknowledged writes, at a quorum of the members (checked with a crash and restart) | 3 | 6, 4 | 4, 4 |
//! | quorum-store, several values, quorums that meet: 3 nodes that all hold the key | concurrent writes are kept as siblings; a read returns each acknowledged write, or what replaced it | any 1 of 3 | acknowledged writes, at a quorum, until a write whose context includes them replaces them (checked with a crash and restart) | 2 | 6, 4 | 4, 4 |
//! | quorum-store, serial requests: 3 nodes that all hold the key | linearizable | any 1 of 3 | committed updates, at a quorum (checked with a crash and restart) | 2 | 14, 8 | 10, 6 |
//! | zookeeper, the data tree: 3 servers | linearizable writes; events before the state that fired them | any 1 of 3 | delivered transactions, at a quorum (checked without restarts) | 2 | 8, 4 | 2, 2 |
//! | zookeeper, a lock whose resource ignores tokens: 3 servers | **two clients believe that they hold it**; **late uses by earlier holders** | any 1 of 3 | delivered transactions, at a quorum (checked without restarts) | 2 | 8, 4 | 2, 2 |
//! | zookeeper, a lock with fencing tokens: 3 servers | **two clients believe that they hold it**; no late use by an earlier holder | any 1 of 3 | delivered transactions, at a quorum (checked without restarts) | 2 | 8, 4 | 2, 2 |
//! <!-- end of guarantees -->

pub mod abstract_model;
pub mod bound;
pub mod causal;
pub mod choice;
pub mod clock;
pub mod durable;
pub mod guarantee;
pub mod guard;
pub mod instance;
pub mod kafka;
pub mod kv;
mod lend;
pub mod membership;
pub mod multi_primary;
pub mod paxos;
pub mod primary_backup;
pub mod protocol;
pub mod protocols;
pub mod quorum;
pub mod quorum_store;
pub mod reference;
pub mod ring;
mod seeded;
pub mod shared_map;
#[cfg(test)]
mod simulation;
mod sorted;
pub mod status;
#[cfg(test)]
mod testing;
pub mod timing;
pub mod topology;
mod turn;
pub mod two_phase_commit;
pub mod world;
pub mod zab;
pub mod zookeeper;

pub use durable::{Durable, Newcomer, Recoverable, Replay, Saved};
pub use instance::{Expected, Instance, Mutant, Reduced};
pub use protocol::{Deploy, Protocol};
pub use status::{Kept, Progress, Status};
pub use topology::{Topology, Unsuitable};
