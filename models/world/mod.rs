//! The world that protocols are checked in: a cluster of actors, a network that misbehaves,
//! nodes that crash and come back with what they saved.
//!
//! # The rules
//!
//! * A **step** is one of: deliver a message, lose one (where the network is lossy), fire a
//!   timer, take a random choice, crash a server, restart it, replace its disk, cut a link, or
//!   write pending saves to disk (where the disk is not synchronous). A handler runs atomically.
//! * The **set network** holds what was ever sent: a message in it can be delivered at any time,
//!   again and again, or never. Loss, delay, duplication and reordering need no budget. The
//!   **multiset network** delivers each copy once, in any order; the **single-copy network** is
//!   that with at most one copy of each message in flight; **ordered links** deliver in the order
//!   sent.
//! * A delivery that changes nothing (the handler neither changed its state nor asked for
//!   anything) is no step on the set network; on the others it takes the message away.
//!   Stateright leaves such a message in its multiset; [`Rules::Stateright`] does the same, so
//!   that counts can be compared. A message to a node that is down stays in flight.
//! * **Crashes and restarts** are bounded in total, not by how many are down at once. A crashed
//!   node forgets everything but its disk, so its old state is no part of the world's state.
//!   (Under [`Rules::Stateright`] it is, and the bound is on nodes down at once.)
//! * **Links** that may be cut ([`Cuts`]) are cut for good: what is on them never arrives. A
//!   message that is lost may be sent again, and fairness promises that it then arrives; of a cut
//!   link nothing is promised. A message of a node to itself travels on no link: it is not lost.
//! * **Disks** that may be lost ([`LostDisks`]): a node crashes and starts again with an empty one,
//!   as a [newcomer](crate::Newcomer), at once, since a node that is down for a while differs in
//!   nothing from one that is slow. What it sent before is refused by servers, or not.
//! * **Timers** that are set may fire at any time; each kind may have a total budget.
//! * **Disk**: [`DiskKind::Synchronous`] makes a step's saves durable with the step, before
//!   what it sends can arrive; [`DiskKind::WriteBack`] lets sends overtake saves, and a crash
//!   loses the saves that were still pending. [`DiskKind::Asynchronous`] is the runtime's: handlers
//!   go on while saves are pending, and what a node sends waits for what it saved before, but for
//!   the messages and the saves that the actor says need not
//!   ([`Recoverable::waits_for_disk`](crate::Recoverable::waits_for_disk)).
//! * A **panic** of a handler or of the observer ends the run: the node is then
//!   [`Process::Panicked`], nothing more happens, and the property that every cluster has,
//!   [`NO_PANIC`], is violated. (Not in programs that are built to abort on panics.)
//!
//! # The representation
//!
//! A state is a short vector of ids of interned parts (nodes, budget, history, messages), and a
//! handler runs once per distinct pair of node and input; its effect is remembered.
//! Millions of transitions come from a few thousand handler runs. A part's hash depends on its
//! content alone, and a state's fingerprint is the sum of its parts' hashes, so a successor's
//! fingerprint is known before the successor is built.

mod action;
mod adopted;
mod alike;
mod aspects;
mod changes;
mod channels;
mod cluster;
mod cuts;
mod derived;
mod diagram;
mod disk;
mod effect;
mod fairness;
mod gather;
mod interner;
mod judge;
mod local;
mod memory;
mod model;
mod moves;
mod newcomer;
mod observation;
mod observer;
mod orbit;
mod pairs;
mod panicked;
mod panics;
mod parts;
mod property;
mod reads;
mod recipe;
pub mod rehearsal;
mod replacement;
mod saturation;
mod setup;
mod shape;
mod spending;
mod start;
mod state;
pub mod step;
mod successor;
mod symmetry;
mod tabular;
#[cfg(test)]
mod tests;
mod waiting;
mod weight;

pub use action::{Action, ActionOf};
pub use adopted::{Adoptable, Adopted, AdoptedSetup, Auxiliary, Recording, Shared, Whole};
pub use alike::{Alike, Unlike};
pub use changes::changes;
pub use cluster::{Cluster, MAX_CONDITIONS};
pub use derived::Derived;
pub use diagram::Caption;
pub use fairness::{Fairness, Strength};
pub use interner::Fingerprint;
pub use judge::Scopes;
pub use model::{Judged, safety_properties};
pub use newcomer::{FormerLife, LostDisks};
pub use observer::Observer;
pub use panicked::NO_PANIC_AT;
pub use panics::{NO_PANIC, guarded, is_guarded, note_place};
pub use parts::{Budget, Checkable, Disk, Node, NodeOf, Process};
pub use property::{Condition, Kind, OnMessage, Property, Statement};
pub use reads::Reads;
pub use recipe::{Recipe, Renamed};
pub use saturation::{Event, Split};
pub use setup::{CHECKPOINT, Cuts, DiskKind, Faults, NetworkKind, Rules, Setup};
pub use state::{Around, Nodes, State, View};
pub use symmetry::{Images, Permutation, Symmetry};
pub use tabular::{Change, Claim, EventKind, Occurrence, Setting, Tabular};
pub use weight::Weight;
