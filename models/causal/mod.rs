//! Concurrent writes of one key that stay side by side, as siblings: how a write is named, which writes a
//! client or a version knows, and how a client hands on what it read.
//!
//! # Sources
//!
//! **Parker et al. 1983**, *Detection of mutual inconsistency in distributed systems*: version vectors.
//! **DeCandia et al. 2007**, *Dynamo*, section 4.4: siblings, and the context of a get. **Preguiça et
//! al. 2010**, *Dotted version vectors*: the name of one write beside the vector of what it knew.

mod context;
pub(crate) mod token;
mod vector;

pub use context::{Authenticator, Context, Tag};
pub use vector::{Dot, VersionVector};

/// How many siblings of a key the writes that one node takes may make; concurrent writes of other
/// nodes may bring more together.
pub const MAX_SIBLINGS: usize = 32;

/// What becomes of concurrent writes of one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The one with the higher timestamp stays.
    LastWriterWins,
    /// All stay, until a write that knows them replaces them.
    #[default]
    MultiValue,
}
