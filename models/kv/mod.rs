//! The service every protocol offers: a replicated map of byte strings.
//!
//! Kept apart from the protocols so that each of them is only about replication: they are
//! generic over the [`StateMachine`] they replicate, and this module gives the one that the
//! command line serves ([`Map`]), the clients that use it ([`client`]), and the histories by
//! which its consistency is judged ([`history`]).

pub mod bytes;
pub mod carried;
pub mod client;
pub mod history;
pub mod level;
pub mod limits;
mod log_ask;
pub mod machine;
pub mod map;
pub mod offer;
pub mod range;
pub mod registers;
pub mod service;
pub mod sessions;
pub mod size;
pub mod snapshot;
pub mod transfer;
pub mod tree;
pub mod txn;

pub use bytes::Bytes;
pub use client::{ClientState, Retry, ScriptedClient};
pub use history::KvHistory;
pub use level::Level;
pub use machine::{Recorded, StateMachine};
pub use map::{Map, Op, Reply};
pub use range::{Page, Range};
pub use registers::Registers;
pub use service::Service;
pub use sessions::{SessionLimits, Sessions};
pub use snapshot::Image;
pub use txn::{Abort, Outcome, Transaction, Transactional};
