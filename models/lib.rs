//! The pure part of Quorate: replication protocols as state machines, and the world they are
//! checked in.
//!
//! Nothing here does I/O, reads a clock, starts a thread or draws a random number, so the code
//! that is checked is, to the letter, the code that a node runs.

pub mod durable;
pub mod instance;
pub mod kv;
mod lend;
pub mod multi_primary;
pub mod paxos;
pub mod primary_backup;
pub mod quorum;
pub mod two_phase_commit;
pub mod world;
pub mod yardsticks;

pub use durable::{Durable, Recoverable};
pub use instance::{Expected, Instance, Mutant};
