//! Checking: every behaviour of an instance within its bounds, and a verdict per property.
//!
//! The [engine] decides; [`run`] has it (or stateright's own search, for comparison) check an
//! instance, and a [`report`] holds what was found against what was expected. [`Walks`] take some of
//! the behaviours at random, where there are too many states.

mod count;
pub mod engine;
mod estimate;
mod findings;
mod graphviz;
pub mod liveness;
mod recorded;
mod replay;
pub mod report;
mod run;
mod space;
mod stateright_bfs;
mod walk;

pub use crate::models::world::{Fairness, NO_PANIC, Strength};
pub use count::{CountLimits, count};
pub use engine::{
    Behaviour, CheckError, Checker, Disk, Hosts, HostsError, Limits, LivenessSummary, MAX_THREADS,
    Outcome, Phase, Progress, PropertyOutcome, Reduction, Shortfall, Verdict,
};
pub use estimate::{Estimate, Levels};
pub use findings::{Discovery, Engine, Findings, ReductionKind};
pub use graphviz::{GraphError, dot};
pub use replay::{Replayed, replay};
pub use run::{Options, Reduce, run};
pub use space::{Plain, PlainModel};
pub use walk::{Coverage, FoundBy, Point, Walks};
