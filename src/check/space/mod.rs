//! What a check explores: states as words, the steps between them, and the conditions in them.
//!
//! The search knows a cluster, or any other model, through these traits alone. So it is compiled once,
//! not once for each protocol, and what is asked through them is asked once a state or less.

mod digest;
mod interface;
mod of_actions;
mod of_cluster;
mod of_model;
mod slots;
mod waiting;
mod way;

pub(crate) use interface::{Exchanges, Kind, Recipes, Space, Stepper};
pub(crate) use of_cluster::OfCluster;
pub use of_model::PlainModel;
pub use waiting::Plain;
