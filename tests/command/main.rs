//! The commands that need no deployed node: `check`, `explore`, `test-from`, and bad input.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod abstract_model;
mod bad_input;
mod check;
mod chosen;
mod explore;
mod hosts;
mod memory;
mod operations;
mod reduced;
mod replay;
mod resume;
mod walks;
