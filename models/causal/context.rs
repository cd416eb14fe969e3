//! Contexts: a get returns one for a later put or delete, and a node can verify that it issued it.
//!
//! A context is kept by a client, and is believed: the writes that it covers are replaced. A false
//! one does harm. One that covers writes that are not made yet would hide them when they come,
//! though they were acknowledged; one of another key covers writes of this key that its get did not
//! return. So a context carries a tag that only the nodes can make, over the key and all that it
//! covers. Such a context is true: the writes that it covers were there when a node gave it, for
//! that key.
//!
//! It may well be ahead of the node that is given it: a client reads at one node and writes at
//! another. So a node does not compare it with its own state.

use super::vector::VersionVector;
use crate::kv::Bytes;
use crate::topology::is_same_code;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// An authenticator's tag.
pub type Tag = [u8; 16];

/// The writes that a get returned, for a later put or delete of the same key.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Context {
    /// The writes that the values make up.
    pub known: VersionVector,
    /// The proof that a node gave it. All zero if it covers nothing: that needs no proof.
    pub tag: Tag,
}

/// A context without a tag.
impl From<VersionVector> for Context {
    fn from(known: VersionVector) -> Self {
        Self { known, tag: Tag::default() }
    }
}

type Code = dyn Fn(&[u8]) -> Tag + Send + Sync;

/// Makes and checks the tags of contexts. The same at all nodes.
#[derive(Clone)]
pub struct Authenticator(Arc<Code>);

impl Authenticator {
    /// A message authentication code under a key that all nodes have and no client has.
    pub fn new(code: impl Fn(&[u8]) -> Tag + Send + Sync + 'static) -> Self {
        Self(Arc::new(code))
    }

    /// Gives a context.
    pub fn context(&self, key: &Bytes, known: VersionVector) -> Context {
        let tag = self.tag(key, &known);
        Context { known, tag }
    }

    /// Whether a node gave this context, for this key.
    pub fn accepts(&self, key: &Bytes, context: &Context) -> bool {
        is_same_code(self.tag(key, &context.known), context.tag)
    }

    fn tag(&self, key: &Bytes, known: &VersionVector) -> Tag {
        if known.is_empty() {
            return Tag::default();
        }
        // A byte string and a map of numbers always have an encoding, and no two have the same.
        self.0(&postcard::to_allocvec(&(key, known)).unwrap_or_default())
    }
}

/// No proof is asked for: clients are believed.
impl Default for Authenticator {
    fn default() -> Self {
        Self::new(|_| Tag::default())
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authenticator")
    }
}
