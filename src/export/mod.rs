//! Instances as TLA+ modules, which TLC checks: an oracle that nobody here wrote.
//!
//! # What is exported
//!
//! A module needs the standard modules and nothing else. Its **tables** say what a message, a timer, a
//! choice, a crash or a restart does to a node (what it is then, what it sends, what the history sees), as
//! the handlers of the protocol did it when they ran. Around them stand the **rules of the world** as TLA+
//! actions: the kind of network, losses, crashes and restarts, lost disks, cut links, budgets, and what is
//! fair. TLC derives the graph of states from these; no state and no step is in the module.
//!
//! # What is checked thereby, and what is not
//!
//! Independent of this crate's checker are: the rules of the world, the search and its fingerprints (a
//! state that two fingerprints confuse, or a step that is forgotten, gives another number of distinct
//! states), and liveness under fairness. If TLC comes to a node and a message that the checker has not met,
//! it stops with an error: there is no such entry.
//!
//! Not independent are the handlers and the conditions of properties: both are tables made by running Rust.
//! A condition is written as the values of what it looks at for which it holds (or for which it does not,
//! if these are fewer); what it looks at is what it was seen to look at.
//!
//! # What is refused
//!
//! Instances with more states than a limit, conditions with too large a table, panics, and stateright's
//! rules: see [`ExportError`].

mod bound;
mod error;
mod fairness;
mod module;
mod numbering;
mod parts;
mod rules;
mod survey;
mod tables;
mod truth;
mod values;

pub use error::ExportError;
pub use module::{About, Module};
pub use tables::Tables;

/// The name of a module for an instance: letters, digits and `_`.
pub fn module_name(protocol: &str, instance: &str) -> String {
    values::identifier(&format!("{protocol}_{instance}"))
}

/// A name, if TLA+ takes it for a module.
///
/// # Errors
/// When it does not.
pub fn checked_name(name: &str) -> Result<&str, ExportError> {
    let is_word = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let has_letter = name.chars().any(|c| c.is_ascii_alphabetic());
    let is_prefix = name.starts_with("WF_") || name.starts_with("SF_");
    let is_name = is_word && has_letter && !is_prefix;
    is_name.then_some(name).ok_or_else(|| ExportError::ModuleName(name.into()))
}
