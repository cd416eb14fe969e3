//! Reference models with published state counts, by which the world and the engine are measured.
//!
//! They are not protocols of ours: each is here because stateright can check the very same
//! actors with its own `ActorModel`, so that verdicts and counts can be compared.

pub mod abd;
pub mod alarm;
pub mod paxos;
pub mod raft;
mod register;

pub use register::{RegisterHistory, cluster_of, setup_of, stateright_model_of};
