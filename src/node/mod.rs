//! The runtime: drives an actor that was checked as a node on UDP, with an fsynced log.
//!
//! It gives the actor exactly what the model assumes:
//!
//! | the model assumes | here |
//! |---|---|
//! | a handler runs atomically, one at a time | one loop per node ([`runtime`](Node)) |
//! | a save survives a crash, and precedes the messages sent after it, but for those that the actor says need not wait | checksummed records, written and synced by a thread of its own while the loop goes on; messages that wait are held until they are durable (`log`, `runtime/outbox.rs`) |
//! | what a node saves as it starts is durable before it does anything else | the loop begins when the disk has it |
//! | a message to oneself is not lost | the loop delivers it; while many wait, it takes no datagrams |
//! | messages are lost, duplicated, reordered, never forged | UDP, frames under a seal (`frame`) |
//! | a node never forgets that it belongs | a data directory is formatted once ([`DataDir`]) |
//! | ids are unique and stable | one cluster file ([`ClusterFile`]) |
//! | a client's identity and address are its own | ids that servers make and certify, a key for each session (`notary`) |
//! | any server may answer any client | a reply to a client that a server never heard from is relayed by the servers that did |
//! | a node that comes back has its disk, or reports its loss | a server whose data directory is a new one, or an old copy, is refused (`peers`); one that was formatted for a newcomer starts as one |
//! | a timer fires in its time, once, and setting it replaces it | `timers` |
//!
//! A protocol is plugged in by [`Deploy`](quorate_models::Deploy); [`Client`] is the client that
//! users call, and with the cargo feature `tokio` there is an asynchronous one.

mod address;
#[cfg(feature = "tokio")]
mod async_client;
mod board;
mod caller;
mod cipher;
mod client;
mod cluster_file;
mod data_dir;
pub mod deploy;
mod digest;
mod endpoint;
mod error;
mod fleet;
mod frame;
mod http;
mod ids;
mod keys;
mod life;
mod log;
mod map_client;
mod metrics;
mod mint;
mod notary;
mod notices;
mod peers;
mod released;
mod round_trip;
mod runtime;
mod seal;
mod secrets;
mod socket;
mod spoken;
mod stats;
mod status;
mod stop;
mod timers;
#[cfg(test)]
mod virtual_time;
mod wake;

#[cfg(feature = "tokio")]
pub use async_client::AsyncClient;
pub use board::{Board, Shown};
pub use client::{Client, ClientError, Fate, Rules};
pub use cluster_file::{
    ClusterFile, ClusterFileError, DEFAULT_TOPIC, Flaw, MAX_PARTITIONS, MAX_SERVERS, Server, Topic,
};
pub use data_dir::{DataDir, DataDirError};
pub use deploy::deployed::Deployed;
pub use deploy::{AskError, DeployError};
pub use endpoint::SendError;
pub use error::NodeError;
pub use fleet::FleetCounts;
pub use frame::{FrameError, MAX_DATAGRAM};
pub use http::{Boards, HttpError, get, serve};
pub use keys::{Key, Keys};
pub use log::LogError;
pub use map_client::Swapped;
pub use metrics::Label;
pub use mint::MintError;
pub use peers::{PeersError, readmit};
pub use runtime::Node;
pub use runtime::builder::NodeBuilder;
pub use socket::BindError;
pub use stats::Stats;
pub use stop::Stop;
