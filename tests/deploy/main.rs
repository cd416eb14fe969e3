//! Deployed clusters: processes of the command itself that are killed, started again and asked.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
mod support;

#[cfg(feature = "tokio")]
mod async_client;
mod batches;
mod bench;
mod chaos;
mod cluster_command;
mod controllers;
mod kafka;
mod keys;
mod log;
mod multi_primary;
mod paxos;
mod processes;
mod quorum_store;
mod releases;
mod replaced_disk;
mod status;
mod topics;
mod two_phase_commit;
mod zab;
mod zookeeper;
