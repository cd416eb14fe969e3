//! The liveness decision: on graphs, on random graphs against a naive decision, on clusters.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod clusters;
mod graphs;
mod random;
