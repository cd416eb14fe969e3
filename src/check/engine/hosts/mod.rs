//! A check by several processes, on one machine or many.
//!
//! # What is shared
//!
//! The visited set: each key has one process that *owns* it, by some of its bits. The states themselves
//! stay with the process that found them, so parts of states, whose numbers differ from process to
//! process, are never sent: of a successor that another process owns only its key is, in ten bytes, and
//! one bit comes back, whether it is new. What a process holds is so its share of the keys, the states
//! that it found itself and their lineage; the distinct parts, which are few, it makes itself.
//!
//! At first all processes search the same. On the first level with enough states each goes on with its
//! share of them (`frontier.rs`), and from then on only with the new states among their successors. No
//! states are moved later: that shares evenly as long as what follows from the states of that level is
//! mixed well, which is why neighbours go to different processes.
//!
//! # Rounds
//!
//! All states of a level have numbers, in the order in which one process would have met them, and are
//! expanded in rounds: so many numbers in one, whoever has the states. In a round (`round.rs`)
//!
//! 1. each process expands its states, and asks the owners of the successors' keys;
//! 2. the owners insert the keys, in the order of the states from which they come, and say which are new;
//! 3. each process builds its new states, and all tell each other how many there are and whether to go on:
//!    from that follow the numbers of the new states.
//!
//! So of several states that lead to a new one the first is its parent, as in the check by one process;
//! counts, verdicts and traces are the same. No more is under way than what one round has: the memory for
//! it is bounded, and no process can be ahead of another.
//!
//! # How bytes get there
//!
//! By the dataflow engine timely (`dataflow.rs`): each exchange is an epoch of one small dataflow, whose
//! progress tracking says when all of it has arrived. A process that is lost ends the check of the others
//! with an error. Whoever can reach the ports can disturb a check, so they belong into a private network.
//!
//! # Checkpoints
//!
//! On disk, all processes write a checkpoint at the end of the same level, each of its own part, and put it
//! in the place of the last one when all have said that theirs is written (`resume.rs`). So whenever
//! one of them is lost, all others too have a whole checkpoint of the last moment of which any has one in
//! place.
//!
//! Liveness is not decided, since no process has the whole graph; and no states are left out but by
//! symmetry.

mod channels;
#[cfg(feature = "hosts")]
mod connect;
#[cfg(feature = "hosts")]
mod dataflow;
mod file;
mod frontier;
mod link;
pub(super) mod resume;
mod round;
pub(super) mod search;
mod wire;

pub use file::HostsError;
pub use link::Hosts;
