//! What each node keeps across a crash, and the deltas it saves.
//!
//! A replica's log is what it did: requests applied, views adopted, states installed. Folding it
//! applies the requests again, which is why the machine must be deterministic; the cost of a save
//! is the size of the request, not of the state.

use super::recent::{Entry, Recent};
use super::view::View;
use crate::Durable;
use crate::kv::{self, SessionLimits, Sessions, StateMachine};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use stateright::actor::Id;
use std::collections::BTreeSet;

/// The durable state of a node, or a delta of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "M: Serialize", deserialize = "M: DeserializeOwned"))]
pub enum Storage<M: StateMachine> {
    /// The durable state of the view service: small, so always complete.
    ViewService(Registry),
    /// The durable state of a replica.
    Replica(Saved<M>),
}

impl<M: StateMachine> Durable for Storage<M> {
    fn absorb(&mut self, delta: Self) {
        match (self, delta) {
            (Self::Replica(saved), Self::Replica(delta)) => saved.absorb(delta),
            (saved, delta) => *saved = delta,
        }
    }
}

/// What the view service knows. See [`ViewService`](super::ViewService) for the rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Registry {
    /// The current view.
    pub view: View,
    /// The members of the current view that hold every acknowledged write for certain: those
    /// that the next view may promote. The primary is always one of them.
    pub certified: BTreeSet<Id>,
    /// Whether the primary of the current view said that it acts.
    pub acked: bool,
}

/// The durable part of a replica, or a delta of it: what is `None` did not change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "M: Serialize", deserialize = "M: DeserializeOwned"))]
pub struct Saved<M: StateMachine> {
    /// The newest view it knows.
    pub view: Option<View>,
    /// The number of the last view in which it held the state.
    pub synced: Option<u64>,
    /// The state.
    pub content: Content<M>,
}

/// The replicated state, or what was added to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "M: Serialize", deserialize = "M: DeserializeOwned"))]
pub enum Content<M: StateMachine> {
    /// All of it.
    Image(Image<M>),
    /// Requests applied to what came before, in order.
    Applied(Vec<Entry<M::Op>>),
}

impl<M: StateMachine> Saved<M> {
    /// The state, if all of it is saved.
    pub(super) fn image(&self) -> Option<&Image<M>> {
        match &self.content {
            Content::Image(image) => Some(image),
            Content::Applied(_) => None,
        }
    }

    /// A new view.
    pub(super) fn view(view: View) -> Storage<M> {
        let content = Content::Applied(Vec::new());
        Storage::Replica(Self { view: Some(view), synced: None, content })
    }

    /// Holds the state of the view with this number.
    pub(super) fn synced(number: u64) -> Storage<M> {
        let content = Content::Applied(Vec::new());
        Storage::Replica(Self { view: None, synced: Some(number), content })
    }

    /// Applied one more request.
    pub(super) fn applied(entry: Entry<M::Op>) -> Storage<M> {
        let content = Content::Applied(vec![entry]);
        Storage::Replica(Self { view: None, synced: None, content })
    }

    /// Installed the state of the view with this number.
    pub(super) fn installed(number: u64, image: Image<M>) -> Storage<M> {
        let content = Content::Image(image);
        Storage::Replica(Self { view: None, synced: Some(number), content })
    }

    /// Everything.
    pub(super) fn complete(view: View, synced: u64, image: Image<M>) -> Storage<M> {
        let content = Content::Image(image);
        Storage::Replica(Self { view: Some(view), synced: Some(synced), content })
    }
}

impl<M: StateMachine> Durable for Saved<M> {
    fn absorb(&mut self, delta: Self) {
        self.view = delta.view.or(self.view.take());
        self.synced = delta.synced.or(self.synced);
        match (&mut self.content, delta.content) {
            (Content::Image(image), Content::Applied(entries)) => {
                for entry in &entries {
                    image.apply(entry);
                }
            }
            (Content::Applied(applied), Content::Applied(entries)) => applied.extend(entries),
            (content, image @ Content::Image(_)) => *content = image,
        }
    }
}

/// The replicated state: the machine, and what makes its requests apply exactly once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "M: Serialize", deserialize = "M: DeserializeOwned"))]
pub struct Image<M: StateMachine> {
    /// How many operations were applied: the number of the last one.
    pub op: u64,
    /// The machine that is replicated.
    pub machine: M,
    /// The last reply to each client.
    pub sessions: Sessions<M::Reply>,
    /// Its last operations, for a backup that is behind. No part of the state that is replicated: a
    /// replica that copies the state begins without them.
    pub recent: Recent<M::Op>,
}

impl<M: StateMachine> Default for Image<M> {
    fn default() -> Self {
        Self::new(SessionLimits::default())
    }
}

/// The state of a replica that copied it.
impl<M: StateMachine> From<kv::Image<M>> for Image<M> {
    fn from(copied: kv::Image<M>) -> Self {
        let kv::Image { slot, machine, sessions } = copied;
        Self { op: slot, machine, sessions, recent: Recent::default() }
    }
}

impl<M: StateMachine> Image<M> {
    /// The state before the first request.
    pub fn new(sessions: SessionLimits) -> Self {
        let (machine, recent) = Default::default();
        Self { op: 0, machine, sessions: Sessions::new(sessions), recent }
    }

    /// A snapshot of the replicated state.
    pub(super) fn snapshot(&self) -> kv::Image<M> {
        let (machine, sessions) = (self.machine.clone(), self.sessions.clone());
        kv::Image { slot: self.op, machine, sessions }
    }

    /// Whether the replicated state is the same.
    pub fn is_like(&self, other: &Self) -> bool {
        self.op == other.op && self.machine == other.machine && self.sessions == other.sessions
    }

    /// Applies a request, remembers its reply, and gives it: it may be too large to be remembered.
    pub fn apply(&mut self, entry: &Entry<M::Op>) -> M::Reply {
        let reply = self.machine.apply(entry.client, entry.seq, &entry.request);
        self.sessions.record(entry.client, entry.seq, reply.clone());
        self.op += 1;
        self.recent.push(self.op, entry.clone());
        self.recent.cap();
        reply
    }
}
