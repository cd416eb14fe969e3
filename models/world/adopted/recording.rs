//! The history of an adopted model, which its own functions record.

use super::adoption::{Adoptable, Adoption, Auxiliary};
use super::shared::Shared;
use crate::world::observer::Observer;
use stateright::actor::Envelope;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The history of an adopted model. On the set network also the message that was delivered last,
/// which stateright counts as part of the network.
pub struct Recording<A: Adoptable, C, H: Auxiliary> {
    pub(super) adoption: Arc<Adoption<A, C, H>>,
    pub(super) history: Shared<H>,
    pub(super) last: Last<A::Msg>,
}

/// The message that was delivered last.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Last<M> {
    /// It is no part of the state.
    Forgotten,
    /// It is; none before the first delivery.
    Kept(Option<Envelope<M>>),
}

impl<A: Adoptable, C, H: Auxiliary> Recording<A, C, H> {
    /// What the model recorded.
    pub fn history(&self) -> &H {
        &self.history
    }

    fn with(&self, history: Option<H>) -> Option<Self> {
        let history = self.adoption.histories.share(history?);
        Some(Self { history, ..self.clone() })
    }
}

impl<A: Adoptable, C, H: Auxiliary> Clone for Recording<A, C, H> {
    fn clone(&self) -> Self {
        Self {
            adoption: Arc::clone(&self.adoption),
            history: self.history.clone(),
            last: self.last.clone(),
        }
    }
}

impl<A: Adoptable, C, H: Auxiliary> PartialEq for Recording<A, C, H> {
    fn eq(&self, other: &Self) -> bool {
        self.history == other.history && self.last == other.last
    }
}

impl<A: Adoptable, C, H: Auxiliary> Hash for Recording<A, C, H> {
    fn hash<S: Hasher>(&self, hasher: &mut S) {
        self.history.hash(hasher);
        self.last.hash(hasher);
    }
}

#[allow(clippy::missing_fields_in_debug, reason = "the model is the same in every state")]
impl<A: Adoptable, C, H: Auxiliary> fmt::Debug for Recording<A, C, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.last {
            Last::Forgotten => self.history.fmt(f),
            Last::Kept(last) => f
                .debug_struct("Recording")
                .field("history", &self.history)
                .field("last", last)
                .finish(),
        }
    }
}

impl<A, C, H> Observer<A::Msg> for Recording<A, C, H>
where
    A: Adoptable,
    C: Send + Sync + 'static,
    H: Auxiliary,
{
    fn watches(&self) -> bool {
        self.adoption.records || matches!(self.last, Last::Kept(_))
    }

    fn on_send(&self, envelope: Envelope<&A::Msg>) -> Option<Self> {
        let model = &self.adoption.model;
        self.with((model.record_msg_out)(&model.cfg, &self.history, envelope))
    }

    fn on_deliver(&self, envelope: Envelope<&A::Msg>) -> Option<Self> {
        let model = &self.adoption.model;
        let recorded = self.with((model.record_msg_in)(&model.cfg, &self.history, envelope));
        match self.last {
            Last::Forgotten => recorded,
            Last::Kept(_) => {
                let last = Last::Kept(Some(envelope.to_cloned_msg()));
                Some(Self { last, ..recorded.unwrap_or_else(|| self.clone()) })
            }
        }
    }
}
