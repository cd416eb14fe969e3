//! The engine: every reachable state of a cluster, each once, every property asked of it.
//!
//! # How it is fast
//!
//! A state is a short vector of ids of parts, and a successor's fingerprint follows from its
//! parent's, so most transitions are a look-up in a small table (what does this message do to
//! this node?) and one in a large one (is the successor known?). See
//! [the world](crate::models::world) and, for the large one, `visited.rs`.
//!
//! # What is kept of a state
//!
//! A fingerprint of 80 bits, in about nine bytes (`visited.rs`), and in ten bits more from where it was
//! first reached (`lineage.rs`). Two different states that share a fingerprint are taken for one;
//! [`Outcome::collision_probability`] bounds how probable it is that this hid a state (less than one in
//! a million for a billion states).
//!
//! # What may be left out
//!
//! On the set network whether a step is possible never depends on a message that is *not* in flight.
//! So of two states that differ in their messages alone, the one with more messages can do all that
//! the other can (a well-structured transition system). A [reduced](Checker::reduced) search
//! *saturates* each state, by all steps that only send, and expands of each level the states that no
//! other *covers*. Every combination of nodes, faults left and history is still met, and every state
//! that is met is reachable. So the verdict on a property is the same if whatever decides it survives
//! more messages: always if its condition does not look at messages, which is observed rather than
//! declared, or is about [each message](crate::models::world::Condition::each_message) by itself; and
//! else if its author says so ([`Property::monotone`](crate::models::world::Property::monotone)), which
//! is held against states with fewer messages. Messages whose absence decides a property
//! ([`Property::counting`](crate::models::world::Property::counting)) are of what states must have in
//! common. Where anything else looks at messages the search is one of all states: also for liveness (a
//! fair behaviour may need a message to be missing), for symmetry, and where there is a limit on depth.
//!
//! # What it does not depend on
//!
//! Verdicts, counts, depths and traces are the same for any number of threads: the order in which
//! states are taken in depends on no thread (`round.rs`), and of several equally short paths the one is
//! shown that comes first in it.
//!
//! # What is no answer
//!
//! A check that cannot trust what it found ends in a [`CheckError`]: two different parts with one
//! hash, nodes that are not alike, a violation whose path cannot be walked. A handler, an observer
//! or a property that panics violates [`NO_PANIC`](crate::check::NO_PANIC), with its shortest path.
//!
//! # Any actor
//!
//! Everything that stateright can check as an `Actor` this engine can check:
//!
//! ```
//! use quorate::check::Checker;
//! use quorate::models::world::{Condition, Property, Setup};
//! use stateright::actor::{Actor, Id, Out};
//! use std::borrow::Cow;
//!
//! /// Passes a token round a ring, and counts.
//! struct Ring(usize);
//!
//! impl Actor for Ring {
//!     type Msg = ();
//!     type Timer = ();
//!     type State = u8;
//!     type Storage = ();
//!     type Random = ();
//!
//!     fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) -> u8 {
//!         if id == Id::from(0) {
//!             o.send(Id::from(1), ());
//!         }
//!         0
//!     }
//!
//!     fn on_msg(&self, id: Id, held: &mut Cow<'_, u8>, _: Id, _: (), o: &mut Out<Self>) {
//!         if **held < 3 {
//!             *held.to_mut() += 1;
//!             o.send(Id::from((usize::from(id) + 1) % self.0), ());
//!         }
//!     }
//! }
//!
//! let cluster = Setup::new((0..3).map(|_| Ring(3)), 3, ())
//!     .property(Property::eventually(
//!         "everyone had the token three times",
//!         Condition::each_node(|node| node.state() == Some(&3)),
//!     ))
//!     .cluster();
//! let outcome = Checker::new(&cluster).threads(2).check()?;
//! assert!(outcome.holds(), "{outcome:?}");
//! # Ok::<(), quorate::check::CheckError>(())
//! ```

mod batch;
mod checker;
mod checkpoint;
mod cover;
mod disk;
mod earlier;
mod evaluator;
mod frontier;
mod hosts;
mod level;
mod lineage;
mod mask;
mod message_sets;
mod noting;
mod outcome;
mod pieces;
mod queue;
pub(super) mod quiet;
mod recent;
mod reducer;
mod remembered;
mod repeats;
mod retrace;
mod round;
mod search;
mod segment;
mod spill;
mod table;
mod thinned;
mod trace;
mod verdict;
mod visited;
mod worker;

pub use checker::Checker;
pub use disk::Disk;
pub use hosts::{Hosts, HostsError};
pub use outcome::{
    Behaviour, CheckError, Limits, LivenessSummary, MAX_THREADS, Outcome, Phase, Progress,
    PropertyOutcome, Reduction, Shortfall, Verdict,
};
