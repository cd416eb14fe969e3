//! What a node keeps across a crash: everything but what it has heard of others' progress.
//!
//! A delta holds the entries that changed, whole, and what else moved: its cost is that of the
//! keys that were touched, not of the map.

use super::message::{Answer, Return};
use super::store::{Entry, Store, Update};
use crate::Durable;
use crate::causal::VersionVector;
use crate::clock::Stamp;
use crate::kv::{Bytes, SessionLimits, Sessions};
use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};

/// The durable state of a node, or a delta of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Storage {
    /// All of it.
    Image(Image),
    /// What changed.
    Delta(Delta),
}

/// The durable state of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Image {
    /// The writes whose effect `store` has; this node's own among them, so it also says which
    /// dot comes next.
    pub vector: VersionVector,
    /// At least every timestamp that was ever in `store`. Not used with multi-value.
    pub clock: Stamp,
    /// The versions.
    pub store: Store,
    /// Which put or delete of each client was taken here last, and the reply to it. Those too that
    /// changed nothing: a late copy must not repeat a request whose client has its reply.
    ///
    /// Of this node alone: a client that asks another node is new there. A client that is
    /// forgotten here is refused its puts and deletes here, and takes a new id, which this node
    /// must find above its floor; gets need no session.
    pub sessions: Sessions<Answer>,
    /// The newest return of each other node that lost its disk: nothing of an earlier life is
    /// heard.
    pub returns: BTreeMap<Id, Return>,
    /// This node lost its disk, and has not got back yet what the others have.
    pub newcomer: Option<Box<Returning>>,
}

/// How far a node is that lost its disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Returning {
    /// Its return.
    pub back: Return,
    /// The other nodes that have heard of it.
    pub heard: BTreeSet<Id>,
    /// The other nodes from which it has got all that they have.
    pub restored: BTreeSet<Id>,
}

impl Image {
    /// Of a node that took nothing yet.
    pub fn new(sessions: SessionLimits) -> Self {
        Self { sessions: Sessions::new(sessions), ..Self::default() }
    }

    /// Takes over a write's effect, unless that was here already: a version that is not here any
    /// more is not news. Whether it changed the store.
    pub(super) fn merge(&mut self, update: &Update) -> bool {
        !self.vector.covers(update.dot) && self.store.merge(update, false)
    }

    /// What changed in these keys.
    pub(super) fn delta<'a>(&self, keys: impl IntoIterator<Item = &'a Bytes>) -> Delta {
        let entry = |key: &Bytes| self.store.entry(key).cloned().unwrap_or_default();
        Delta {
            vector: VersionVector::default(),
            clock: self.clock,
            entries: keys.into_iter().map(|key| (key.clone(), entry(key))).collect(),
            requests: Vec::new(),
            returns: BTreeMap::new(),
            newcomer: None,
            is_back: false,
        }
    }

    /// The generation of another node below which nothing is heard of it.
    pub(super) fn generation_of(&self, node: Id) -> u16 {
        let heard = self.returns.get(&node).map_or(0, |back| back.generation);
        heard.max(self.vector.generation(node))
    }
}

/// What changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Delta {
    /// Writes whose effect the store has now.
    pub vector: VersionVector,
    /// The clock now.
    pub clock: Stamp,
    /// The entries that changed, as they are now; an empty one is gone.
    pub entries: BTreeMap<Bytes, Entry>,
    /// Client and sequence number of the puts and deletes that were taken, in order, and what was
    /// answered.
    pub requests: Vec<(Id, u64, Answer)>,
    /// Returns of other nodes that were heard of.
    pub returns: BTreeMap<Id, Return>,
    /// How far this node is with its return, if that changed.
    pub newcomer: Option<Box<Returning>>,
    /// Whether it is back.
    pub is_back: bool,
}

impl Image {
    fn absorb(&mut self, delta: Delta) {
        self.vector.join(&delta.vector);
        self.clock = self.clock.max(delta.clock);
        for (key, entry) in delta.entries {
            self.store.replace(key, entry);
        }
        for (client, seq, answer) in delta.requests {
            self.sessions.record(client, seq, answer);
        }
        self.returns.extend(delta.returns);
        if delta.is_back {
            self.newcomer = None;
        } else if delta.newcomer.is_some() {
            self.newcomer = delta.newcomer;
        }
    }
}

impl Delta {
    fn absorb(&mut self, later: Self) {
        self.vector.join(&later.vector);
        self.clock = self.clock.max(later.clock);
        self.entries.extend(later.entries);
        self.requests.extend(later.requests);
        self.returns.extend(later.returns);
        self.is_back |= later.is_back;
        self.newcomer = later.newcomer.or(self.newcomer.take());
    }
}

impl Durable for Storage {
    fn absorb(&mut self, delta: Self) {
        match (self, delta) {
            (Self::Image(image), Self::Delta(delta)) => image.absorb(delta),
            (Self::Delta(earlier), Self::Delta(later)) => earlier.absorb(later),
            (saved, image @ Self::Image(_)) => *saved = image,
        }
    }
}
