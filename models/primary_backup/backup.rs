//! A backup: follows its primary, operation by operation. So does an outsider that copies.

use super::message::Peer;
use super::replica::{Replica, ReplicaState, Role};
use super::storage::{Entry, Saved};
use super::transfer::Partial;
use super::{Bug, Outbox};
use crate::kv::{Service, StateMachine};
use stateright::actor::Id;
use std::borrow::Cow;

/// What a replica that follows knows besides its state. Volatile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Following<M: StateMachine> {
    /// The pieces that came so far of the state it copies.
    pub partial: Option<Partial<M>>,
    /// The operation at which its view begins, if it holds a prefix of that state.
    pub target: Option<u64>,
}

impl<M: StateMachine> Default for Following<M> {
    fn default() -> Self {
        Self { partial: None, target: None }
    }
}

impl<M: StateMachine> ReplicaState<M> {
    /// What it knows as one that follows.
    pub(super) fn following(&self) -> Option<&Following<M>> {
        match &self.role {
            Role::Backup(following) | Role::Outsider(following) => Some(following),
            Role::Primary(_) => None,
        }
    }

    pub(super) fn following_mut(&mut self) -> Option<&mut Following<M>> {
        match &mut self.role {
            Role::Backup(following) | Role::Outsider(following) => Some(following),
            Role::Primary(_) => None,
        }
    }
}

impl Replica {
    /// The primary begins the view from the state with this number. If this replica holds it, it
    /// says so; if it is behind, it asks for the operations that are missing; if it is ahead, with
    /// operations that an earlier primary did not get acknowledged, it asks for the state, which
    /// leaves it out of the next view.
    ///
    /// The number is enough. A view acts only when all its members hold one state, and who joins
    /// later copied it from the acting primary: so of any two members, what one applied is a prefix
    /// of what the other did.
    pub(super) fn on_begin<M: StateMachine>(
        &self,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        view: u64,
        op: u64,
        o: &mut Outbox<M>,
    ) {
        if !state.follows(src, view) {
            return;
        }
        let own = state.image.op;
        let ahead = own > op && self.config.bug == Some(Bug::AheadHolds);
        if state.is_synced() && own > op {
            // An old message: this view went on since.
        } else if own == op || ahead {
            if !state.is_synced() {
                let state = state.to_mut();
                Self::hold(state, o);
            }
            o.send(src, Service::Peer(Peer::Ack { view, op }));
        } else if own < op {
            if !state.is_synced()
                && let Some(following) = state.to_mut().following_mut()
            {
                following.target = Some(op);
            }
            o.send(src, Service::Peer(Peer::Refill { view, from: own + 1 }));
        } else {
            o.send(src, Service::Peer(Peer::Fetch { view, op: 0, index: 0 }));
        }
    }

    /// It holds the state that its view begins from.
    fn hold<M: StateMachine>(state: &mut ReplicaState<M>, o: &mut Outbox<M>) {
        state.synced = state.view.number;
        if let Some(following) = state.following_mut() {
            *following = Following::default();
        }
        o.save(Saved::synced(state.synced));
    }

    /// The primary's next operations. Applied only in order, so that what a backup applied is
    /// always a prefix of what its primary did. Before it holds the state that its view begins
    /// from, a backup takes only what leads there; the primary sends nothing else, so no run
    /// differs without that condition.
    pub(super) fn on_replicate<M: StateMachine>(
        &self,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        view: u64,
        op: u64,
        entries: &[Entry<M::Op>],
        o: &mut Outbox<M>,
    ) {
        let target = state.following().and_then(|following| following.target);
        let in_view = state.follows(src, view) && (state.is_synced() || target.is_some());
        if !in_view && self.config.bug != Some(Bug::NoFencing) {
            return;
        }
        let own = state.image.op;
        if op > own + 1 && self.config.bug != Some(Bug::IgnoreGap) {
            o.send(src, Service::Peer(Peer::Refill { view, from: own + 1 }));
            return;
        }
        let again = self.config.bug == Some(Bug::ApplyOverlap);
        for (op, entry) in (op..).zip(entries).filter(|(op, _)| *op > own || again) {
            self.follow(state.to_mut(), op, entry, o);
        }
        self.acknowledge(state, src, view, o);
    }

    /// Does what its primary did as operation `op`.
    fn follow<M: StateMachine>(
        &self,
        state: &mut ReplicaState<M>,
        op: u64,
        entry: &Entry<M::Op>,
        o: &mut Outbox<M>,
    ) {
        state.image.apply(entry);
        if self.config.bug != Some(Bug::ForgetApplied) {
            o.save(Saved::applied(entry.clone()));
        }
        if state.following().is_some_and(|following| following.target == Some(op)) {
            Self::hold(state, o);
        }
    }

    /// Says up to where it holds what its view did; before it holds the state that the view begins
    /// from, that is nothing.
    fn acknowledge<M: StateMachine>(
        &self,
        state: &ReplicaState<M>,
        src: Id,
        view: u64,
        o: &mut Outbox<M>,
    ) {
        if state.is_synced() || self.config.bug == Some(Bug::NoFencing) {
            o.send(src, Service::Peer(Peer::Ack { view, op: state.image.op }));
        }
    }
}
