//! Replication protocols written once: checked, explored and run from the same code.

pub use quorate_models as models;
