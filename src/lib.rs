//! Replication protocols written once: checked, explored and run from the same code.

pub mod node;

pub use node::{Client, ClusterFile, DataDir, Node, Stop};
pub use quorate_models as models;
