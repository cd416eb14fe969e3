//! Liveness: what must eventually happen in every fair behaviour.
//!
//! # What is decided
//!
//! A *behaviour* starts in the initial state and goes on for ever; it may take a step or pause,
//! at any point and for any time (as in TLA+, where a pause is a stuttering step). *Fairness*
//! rules out the behaviours that nobody need fear:
//!
//! * a **weakly fair** class of steps that is possible from some point on without interruption
//!   is taken again and again;
//! * a **strongly fair** class of steps that is possible again and again is taken again and
//!   again.
//!
//! A class is a link's deliveries, one message's deliveries, a node's timer, its restart, its
//! disk writes, its choices: see [`Fairness`](crate::check::Fairness). A step is what [the
//! world](crate::models::world) calls one; a step that leads back to the same state counts as
//! taken.
//!
//! `leads_to(P, Q)` is violated by a fair behaviour that reaches a state with `P` and without
//! `Q` and from there on never sees `Q`; `eventually(Q)` is the same from the initial state.
//! Such a behaviour exists exactly if one exists that goes round among the states of a strongly
//! connected component without `Q`: a *lasso*. A state in which nothing fair is possible is a
//! component of its own, with a pause for a cycle: so a deadlock short of the goal is a violation.
//!
//! # How
//!
//! The search records every step with its class (`Recorder`); the graph is then compact: four
//! bytes for where a step leads and two for its class. In the order of the search nearly all steps lead
//! on, so two sweeps leave only the states without the goal that a behaviour can come back to
//! (`cycles.rs`); of the others it is known whether a behaviour may stay there. Among those that are left
//! components are found by Tarjan's algorithm with a stack of its own (petgraph's recurses, and wants a graph
//! in its own representation, of several times the size), and judged by another thread while it goes
//! on. A component in which a weakly fair class is possible
//! everywhere and taken nowhere holds no fair cycle. If a strongly fair class is possible
//! somewhere and taken nowhere inside, no fair cycle passes through those states: they are
//! removed and the rest is decomposed again (Emerson and Lei 1987, for Streett conditions). Whether a
//! behaviour that waits can come to a fair set is asked only where there is one.
//!
//! # Bounds
//!
//! A step that leads out of the boundary is possible and never taken. So a behaviour that would
//! have to go there is not fair, hence no violation, and the number of such states is reported.
//! A timer whose budget is spent cannot fire; a crash budget that is spent expresses "once faults
//! stop".

mod census;
mod classes;
mod components;
mod cycles;
mod decide;
mod fair;
mod fair_sets;
mod graph;
mod lasso;
mod record;
mod recorded;
mod share;

pub(crate) use classes::{Classes, ClassesOf, OneClass};
pub use decide::{Answer, decide};
pub(crate) use decide::{BYTES_A_STATE, Wait, Wish};
pub(crate) use fair::is_fair;
pub use graph::{Graph, GraphBuilder, Target};
pub use lasso::Lasso;
pub(crate) use record::Recorder;
pub(crate) use recorded::{Recorded, assemble, replay};
pub(crate) use share::share;
