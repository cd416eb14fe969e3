//! Tests that measure time, of a node whose actor is a probe.
//!
//! A binary of their own: cargo runs one binary after another, so none of the busy tests, which
//! check or storm on every core, can make a timer of these late.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
mod support;

mod stall;
mod timers;
