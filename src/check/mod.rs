//! Checking: every possible interleaving and fault within stated bounds.

pub mod engine;
pub mod liveness;

pub use engine::{
    CheckError, Checker, Limits, Outcome, Phase, Progress, PropertyOutcome, Shortfall, Trace,
    Verdict,
};
pub use liveness::{Fairness, Strength};
