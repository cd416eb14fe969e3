//! The evidence: every recorded verdict and count, the papers' claims, and the house's rules.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod abstract_models;
mod claims;
mod guarantees;
mod guards;
mod imports;
mod instances;
mod paxos_claims;
mod properties;
mod tidy;
