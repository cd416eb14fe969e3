//! The engine: what it finds, what it refuses, and that it agrees with other explorers.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod adopted;
mod alike;
mod differential;
mod hosts;
mod limits;
mod monotone;
mod nasty;
mod panics;
mod parity;
mod plain;
mod random;
mod symmetry;
mod tla;
mod trust;
mod walks;
