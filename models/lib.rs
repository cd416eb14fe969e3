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
//! | primary-backup, synchronous: a view service, 3 replicas | linearizable | any 1 of 4, and 3 of the 6 sets of 2 | what is acknowledged, at every replica that may be promoted (checked with a crash and restart) | 3 | 6, 4 | 6, 4 |
//! | primary-backup, asynchronous: a view service, 3 replicas | backups hold prefixes; **not linearizable** | any 1 of 4, and 5 of the 6 sets of 2 | what is acknowledged, at the primary only: **lost at failover** (checked without restarts) | 1 | 6, 2 | 6, 2 |
//! | multi-primary, last-writer-wins: 3 nodes | strong eventual; **loses one of two concurrent updates**; **not linearizable** | any 2 of 3 | what is acknowledged, or what won over it (checked with a crash and restart) | 2 | 4, 2 | 2, 2 |
//! | multi-primary, multi-value: 3 nodes | strong eventual; concurrent writes are kept as siblings; **not linearizable** | any 2 of 3 | what is acknowledged, until a write that knows it replaces it (checked with a crash and restart) | 2 | 4, 2 | 2, 2 |
//! | two-phase-commit, presumed abort: a coordinator, 2 participants, transactions over both | strictly serializable transactions; **blocks while its coordinator is dead** | none | votes and decisions (checked with 2 crashes and restarts) | 2 | 10, 4 | 10, 4 |
//! | synod, single decree: 3 acceptors | agreement on one value | any 1 of 3 | promises and what is accepted (checked with a crash and restart) | – | – | – |
//! | paxos, majorities: 3 replicas | linearizable | any 1 of 3 | promises, what is accepted and what is chosen (checked with a crash and restart) | 3 | 8, 4 | 8, 4 |
//! <!-- end of guarantees -->

pub mod durable;
pub mod guarantee;
pub mod instance;
pub mod kv;
mod lend;
pub mod multi_primary;
pub mod paxos;
pub mod primary_backup;
pub mod protocol;
pub mod protocols;
pub mod quorum;
pub mod reference;
mod seeded;
#[cfg(test)]
mod simulation;
pub mod status;
#[cfg(test)]
mod testing;
pub mod timing;
pub mod topology;
mod turn;
pub mod two_phase_commit;
pub mod world;

pub use durable::{Durable, Newcomer, Recoverable, Replay, Saved};
pub use instance::{Expected, Instance, Mutant};
pub use protocol::{Deploy, Protocol};
pub use status::{Progress, Status};
pub use topology::{Topology, Unsuitable};
