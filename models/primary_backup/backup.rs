//! A backup: follows its primary, operation by operation.

use super::message::Peer;
use super::replica::{Replica, ReplicaState, Role};
use super::storage::{Entry, Saved};
use super::transfer::Partial;
use super::{Bug, Outbox};
use crate::kv::{Service, StateMachine};
use stateright::actor::Id;
use std::borrow::Cow;

/// What a backup knows besides its state. Volatile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Following<M: StateMachine> {
    /// The pieces that came so far of the state it fetches.
    pub partial: Option<Partial<M>>,
}

impl<M: StateMachine> Default for Following<M> {
    fn default() -> Self {
        Self { partial: None }
    }
}

impl Replica {
    /// The primary begins the view from the state named `(origin, op)`: if this replica holds
    /// that very state it says so, else it asks for it.
    pub(super) fn on_begin<M: StateMachine>(
        &self,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        view: u64,
        origin: u64,
        op: u64,
        o: &mut Outbox<M>,
    ) {
        if !state.follows(src, view) {
            return;
        }
        let own = state.image.op;
        let named = state.synced == origin || self.config.bug == Some(Bug::TrustNumber);
        let ahead = own > op && named && self.config.bug == Some(Bug::AheadHolds);
        if state.is_synced() && own > op {
            // An old message: this view went on since.
        } else if own == op && (state.is_synced() || named) || ahead {
            if !state.is_synced() {
                let state = state.to_mut();
                state.synced = view;
                state.role = Role::Backup(Following::default());
                o.save(Saved::synced(view));
            }
            o.send(src, Service::Peer(Peer::Ack { view, op }));
        } else {
            let index = state.received(op);
            o.send(src, Service::Peer(Peer::Fetch { view, op, index }));
        }
    }

    /// The primary's next operation. Applied only in order, so that what a backup applied is
    /// always a prefix of what its primary did.
    pub(super) fn on_replicate<M: StateMachine>(
        &self,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        view: u64,
        op: u64,
        entry: &Entry<M::Op>,
        o: &mut Outbox<M>,
    ) {
        let in_view = state.follows(src, view) && state.is_synced();
        if !in_view && self.config.bug != Some(Bug::NoFencing) {
            return;
        }
        let own = state.image.op;
        let next = op == own + 1 || self.config.bug == Some(Bug::IgnoreGap);
        if op <= own {
            o.send(src, Service::Peer(Peer::Ack { view, op: own }));
        } else if next {
            let state = state.to_mut();
            state.image.apply(entry);
            state.forget_old_partial();
            if self.config.bug != Some(Bug::ForgetApplied) {
                o.save(Saved::applied(entry.clone()));
            }
            o.send(src, Service::Peer(Peer::Ack { view, op }));
        } else {
            o.send(src, Service::Peer(Peer::Refill { view, from: own + 1 }));
        }
    }
}
