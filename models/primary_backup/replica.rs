//! A replica: what it is in the current view, and how it moves to the next.

use super::backup::Following;
use super::message::{Msg, Peer};
use super::primary::Leading;
use super::storage::{Content, Image, Saved, Storage};
use super::view::View;
use super::view_service::view_service;
use super::{Bug, Config, Outbox, Timer};
use crate::kv::{Service, StateMachine};
use stateright::actor::Id;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// A replica of the state machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica {
    /// The cluster.
    pub config: Config,
}

/// A replica's state. All but `role` is durable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplicaState<M: StateMachine> {
    /// The newest view it knows.
    pub view: View,
    /// The number of the last view in which it held the state.
    pub synced: u64,
    /// The replicated state.
    pub image: Image<M>,
    /// What it is in `view`.
    pub role: Role<M>,
}

impl<M: StateMachine> Default for ReplicaState<M> {
    /// A replica that knows nothing; no node starts as this.
    fn default() -> Self {
        let (view, image) = (View::default(), Image::default());
        Self { view, synced: 0, image, role: Role::Outsider(Following::default()) }
    }
}

/// What a replica is in a view.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role<M: StateMachine> {
    /// Not a member: it copies the state from the primary.
    Outsider(Following<M>),
    /// A backup.
    Backup(Following<M>),
    /// The primary.
    Primary(Leading<M>),
}

impl<M: StateMachine> ReplicaState<M> {
    /// Whether it holds the state of its view: it takes part.
    pub fn is_synced(&self) -> bool {
        !self.is_newcomer() && self.synced == self.view.number
    }

    /// Whether it lost its disk, and the view service does not know that yet, or it does not know
    /// that the view service does. It holds nothing and counts for nothing.
    pub fn is_newcomer(&self) -> bool {
        self.view.unknown_life().is_some()
    }

    /// Whether it is the primary of its view, acting or not.
    pub fn is_primary(&self) -> bool {
        matches!(self.role, Role::Primary(_))
    }

    /// Whether it acts as primary.
    pub fn is_acting(&self) -> bool {
        matches!(&self.role, Role::Primary(leading) if leading.acting)
    }

    /// Whether view `number` is its own, and `src`, another, is that view's primary.
    pub(super) fn follows(&self, src: Id, number: u64) -> bool {
        !self.is_primary() && number == self.view.number && src == self.view.primary
    }

    /// What must be on disk.
    pub(super) fn checkpoint(&self) -> Storage<M> {
        Saved::complete(self.view.clone(), self.synced, self.image.clone())
    }
}

impl Replica {
    pub(super) fn on_start<M: StateMachine>(
        &self,
        id: Id,
        saved: Option<&Saved<M>>,
        o: &mut Outbox<M>,
    ) -> ReplicaState<M> {
        o.set_timer(Timer::Ping, self.config.timing.ping.clone());
        match saved {
            Some(saved) => self.restart(id, saved, o),
            None => self.first_start(id, o),
        }
    }

    /// Every replica starts empty in view 1 and so holds its state: the primary may act.
    fn first_start<M: StateMachine>(&self, id: Id, o: &mut Outbox<M>) -> ReplicaState<M> {
        let view = View::first(self.config.replicas);
        let role = if view.primary == id {
            Role::Primary(Leading::acting(&view, 0))
        } else {
            Role::Backup(Following::default())
        };
        let image = Image::new(self.config.sessions);
        let state = ReplicaState { synced: view.number, view, image, role };
        o.save(state.checkpoint());
        self.ping(&state, o);
        state
    }

    /// Starts without the disk that it had. It is in no view before the view service knows, and
    /// then an outsider.
    pub(super) fn on_newcomer<M: StateMachine>(
        &self,
        id: Id,
        life: u64,
        o: &mut Outbox<M>,
    ) -> ReplicaState<M> {
        if self.config.bug == Some(Bug::StartAsFirst) {
            return self.on_start(id, None, o);
        }
        o.set_timer(Timer::Ping, self.config.timing.ping.clone());
        let role = Role::Outsider(Following::default());
        let image = Image::new(self.config.sessions);
        let state = ReplicaState { view: View::none(id, life), synced: 0, image, role };
        o.save(state.checkpoint());
        self.ping(&state, o);
        state
    }

    /// Comes back with what was durable. A primary does not know what its backups hold, so it
    /// begins its view again.
    fn restart<M: StateMachine>(
        &self,
        id: Id,
        saved: &Saved<M>,
        o: &mut Outbox<M>,
    ) -> ReplicaState<M> {
        let image = match &saved.content {
            Content::Image(image) => image.clone(),
            Content::Applied(entries) => {
                let mut image = Image::new(self.config.sessions);
                for entry in entries {
                    image.apply(entry);
                }
                image
            }
        };
        let view = saved.view.clone().unwrap_or_else(|| View::first(self.config.replicas));
        let synced = saved.synced.unwrap_or(view.number);
        let role = Role::Outsider(Following::default());
        let mut state = ReplicaState { view, synced, image, role };
        self.ping(&state, o);
        self.take_role(id, &mut state, o);
        if state.is_primary() && self.config.bug == Some(Bug::ActAfterRestart) {
            state.role = Role::Primary(Leading::acting(&state.view, state.image.op));
        }
        state
    }

    pub(super) fn on_msg<M: StateMachine>(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        msg: Msg<M>,
        o: &mut Outbox<M>,
    ) {
        match msg {
            Service::Peer(Peer::View(view)) => {
                self.on_view(id, state, src, view, o);
                self.serve_waiting(state, o);
            }
            // What it is asked for, its former life is meant.
            _ if state.is_newcomer() => {}
            Service::Request { seq, op } => self.on_request(state, src, seq, op, o),
            Service::Peer(msg) => {
                if msg.view() > state.view.number {
                    self.ping(state, o);
                }
                self.on_peer(state, src, msg, o);
                self.serve_waiting(state, o);
            }
            Service::Reply { .. } | Service::Redirect { .. } | Service::Refused { .. } => {}
        }
    }

    fn on_peer<M: StateMachine>(
        &self,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        msg: Peer<M>,
        o: &mut Outbox<M>,
    ) {
        match msg {
            Peer::Begin { view, op } => self.on_begin(state, src, view, op, o),
            Peer::Fetch { view, op, index } => self.on_fetch(state, src, view, op, index, o),
            Peer::Chunk { .. } => self.on_chunk(state, src, msg, o),
            Peer::Replicate { view, op, entries } => {
                self.on_replicate(state, src, view, op, &entries, o);
            }
            Peer::Ack { view, op } => self.on_ack(state, src, view, op, o),
            Peer::Refill { view, from } => self.on_refill(state, src, view, from, o),
            Peer::Ping { .. } | Peer::Newcomer { .. } | Peer::View(_) => {}
        }
    }

    pub(super) fn on_ping_timer<M: StateMachine>(
        &self,
        state: &ReplicaState<M>,
        o: &mut Outbox<M>,
    ) {
        if self.config.bug != Some(Bug::PingOnce) {
            o.set_timer(Timer::Ping, self.config.timing.ping.clone());
        }
        let no_ping = match self.config.bug {
            Some(Bug::NoPing) => true,
            Some(Bug::NewcomerOnce) => state.is_newcomer(),
            _ => false,
        };
        if !no_ping {
            self.ping(state, o);
            if self.config.bug != Some(Bug::CallOnce) {
                Self::call(state, o);
            }
        }
    }

    /// Adopts a newer view: from here on every message of an older one is ignored. A view that does
    /// not name its life was made for its former one, which may be a member of it.
    fn on_view<M: StateMachine>(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        view: View,
        o: &mut Outbox<M>,
    ) {
        let old = view.number < state.view.number && self.config.bug != Some(Bug::AdoptOld);
        let former = !view.same_life(&state.view, id) && self.config.bug != Some(Bug::AdoptFormer);
        if src != view_service() || view.number == state.view.number || old || former {
            return;
        }
        let state = state.to_mut();
        o.save(Saved::view(view.clone()));
        Self::stop_waiting(state, o);
        state.view = view;
        let deposed = state.is_acting() && state.view.primary != id;
        if deposed && self.config.bug == Some(Bug::StayPrimary) {
            return;
        }
        self.take_role(id, state, o);
    }

    /// A primary does not wait any longer for those of the view that it leaves.
    fn stop_waiting<M: StateMachine>(state: &ReplicaState<M>, o: &mut Outbox<M>) {
        let Role::Primary(leading) = &state.role else { return };
        o.cancel_timer(Timer::Resend);
        let copying = leading.copying.as_ref().map(|copying| copying.to);
        for id in state.view.backups.iter().copied().chain(copying) {
            o.cancel_timer(Timer::Overdue(id));
        }
    }

    fn take_role<M: StateMachine>(&self, id: Id, state: &mut ReplicaState<M>, o: &mut Outbox<M>) {
        if state.view.primary == id {
            self.begin(state, o);
        } else if state.view.contains(id) {
            state.role = Role::Backup(Following::default());
        } else {
            state.role = Role::Outsider(Following::default());
            Self::call(state, o);
        }
    }

    /// Tells the view service that it is alive, and as a primary how its view is doing.
    pub(super) fn ping<M: StateMachine>(&self, state: &ReplicaState<M>, o: &mut Outbox<M>) {
        if let Some(life) = state.view.unknown_life() {
            return o.send(view_service(), Service::Peer(Peer::Newcomer { life }));
        }
        let (view, acting, ready) = (state.view.number, state.is_acting(), self.ready(state));
        let lagging = match &state.role {
            Role::Primary(leading) => leading.lagging.clone(),
            _ => BTreeSet::new(),
        };
        let ping = Peer::Ping { view, acting, lagging, ready };
        o.send(view_service(), Service::Peer(ping));
    }
}

impl<M: StateMachine> Peer<M> {
    /// The view it was sent in.
    fn view(&self) -> u64 {
        match self {
            Self::View(view) => view.number,
            Self::Newcomer { .. } => 0,
            Self::Ping { view, .. }
            | Self::Begin { view, .. }
            | Self::Fetch { view, .. }
            | Self::Chunk { view, .. }
            | Self::Replicate { view, .. }
            | Self::Ack { view, .. }
            | Self::Refill { view, .. } => *view,
        }
    }
}
