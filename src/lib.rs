//! Replication protocols written once: checked, explored and run from the same code.

pub mod check;

pub use quorate_models as models;
