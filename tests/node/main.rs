//! One node on real sockets and a real disk: what the runtime promises to the protocols.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
mod support;

mod chain;
mod datagrams;
mod runtime;
