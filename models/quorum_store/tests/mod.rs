//! One node at a time, and the claims of the sources.

mod claims;
mod coordinator;
mod levels;
mod repair;
mod versions;
