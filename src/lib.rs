//! Replication protocols written once: checked, explored and run from the same code.
//!
//! The protocols are in [`models`]: pure state machines with their properties and bounded
//! instances. This crate drives them: [`check`] explores every behaviour of an instance,
//! [`explore`] lets a person step through it, and a [`trace`] carries a counterexample from one
//! to the other. [`export`] writes an instance for TLC. [`node`] runs a protocol over UDP, and [`history`] judges the histories of its
//! clients. [`local`] starts a cluster on this machine, [`mod@bench`] puts load on one, and
//! [`chaos`] a storm. [`catalogue`] lists what there is, and [`cli`] makes a command of any list of
//! protocols. [`from_stateright`] says how models of stateright are checked here as they are.

pub mod bench;
pub mod catalogue;
pub mod chaos;
pub mod check;
pub mod cli;
pub mod explore;
pub mod export;
pub mod from_stateright;
pub mod history;
pub mod local;
pub mod node;
pub mod ring;
pub mod trace;

pub use node::{Client, ClusterFile, DataDir, Node, Stop};
pub use quorate_models as models;
/// The library that actors are written with, in the version that this crate is built with.
pub use stateright;
