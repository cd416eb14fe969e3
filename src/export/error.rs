//! Why an instance cannot be written in TLA+.

use thiserror::Error;

/// An instance cannot be written in TLA+.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExportError {
    /// There are too many states to make tables of.
    #[error(
        "there are more than {0} states, too many for tables of constants: choose a smaller \
         instance, or --max-states"
    )]
    TooManyStates(usize),
    /// The initial state is not within the boundary.
    #[error("the initial state is out of bounds, so there is nothing to export")]
    Nothing,
    /// Something panics: there is no table of that.
    #[error(
        "a handler, an observer or a condition panics, and TLA+ has no panics: `quorate check` shows it"
    )]
    Panics,
    /// It has stateright's rules.
    #[error("it has the rules of stateright's `ActorModel`; only this crate's are written in TLA+")]
    OtherRules,
    /// A condition's table is too large.
    #[error(
        "the condition of {property:?} has a table of {cases} entries, and {limit} is the limit: \
         it looks at too much of the state"
    )]
    TooManyCases {
        /// Which property.
        property: String,
        /// How many entries.
        cases: usize,
        /// How many there may be.
        limit: usize,
    },
    /// Something that should be a function of what it is given is none.
    #[error("{0} is no function of what it looks at, so there is no table of it: it is to be pure")]
    NoFunction(String),
    /// A name that TLA+ does not take for a module.
    #[error(
        "{0:?} is no name of a TLA+ module: the file is to be named with letters, digits and _, \
         a letter among them, and to end in .tla"
    )]
    ModuleName(String),
}
