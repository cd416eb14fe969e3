//! One node at a time, and the claims of the sources.

mod claims;
mod cluster;
mod coordinator;
mod levels;
mod moves;
mod orders;
mod repair;
mod several;
mod versions;
