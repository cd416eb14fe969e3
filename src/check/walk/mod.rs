//! Random walks: some behaviours of an instance that has too many states to search them all.
//!
//! A walk begins in the initial state and takes one step after the other, up to a bound. Every
//! state that it meets is checked, so a violation that is found is a real one; but that none is
//! found says nothing, so no property is ever said to hold. Liveness is not decided.
//!
//! # How a step is chosen
//!
//! Where all steps are equally probable, walks go where most steps lead, and hardly ever does one thing wait
//! while much else happens. So each walk has a mood: it draws, for each handler run (this message, at
//! this state of this node), how much it likes it, from 1/55 to 55; and a step into a state that was not met
//! before is eight times as probable. `race.rs` has the numbers. (To favour handler runs that were seldom
//! taken, as these walks once did, finds fewer seeded bugs than equal probabilities: after few walks it
//! is mostly steps that lead nowhere which were seldom taken.)
//!
//! # What it does not depend on
//!
//! What is found follows from the seed, whatever the number of threads: walks are made in rounds,
//! each of which knows what the rounds before it met.
//!
//! # What is kept
//!
//! The fingerprints of the states that were met, up to a number. Beyond that number, states are
//! counted no more, and those that are not kept are checked each time that they are met.

mod coverage;
mod known;
mod race;
mod rounds;
mod shorten;
mod walker;

pub use coverage::{Coverage, FoundBy, Point, Walks};
pub(super) use rounds::{Bounds, run};
