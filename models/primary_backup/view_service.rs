//! The view service: decides who is primary.
//!
//! It hears a ping from each replica and makes a new view when a member falls silent, when the
//! primary says that a backup does not acknowledge, or when an outsider has copied the state. It is
//! a single node, as in the arrangement the module documentation cites: while
//! it is down views do not change, and the current one goes on serving.

use super::message::{Msg, Peer};
use super::storage::{Registry, Storage};
use super::view::View;
use super::{Bug, Config, Outbox, Timer};
use crate::kv::{Service, StateMachine};
use stateright::actor::Id;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The view service's id.
pub fn view_service() -> Id {
    Id::from(0)
}

/// The view service.
///
/// Its invariant: every certified member holds every acknowledged write, and the primary is
/// certified. So it may promote any certified member, even when the current view was never
/// acknowledged: whoever was certified before and is still a member holds the acknowledged
/// writes of the last acknowledged view because it is certified, and those of every view since
/// because it is a member of them, and a write is acknowledged only when all members have it.
///
/// When nobody is heard, the network or the view service itself is at fault, and to leave members
/// out would lead to a view of which nobody is there. So a member is left out only if a certified
/// member of the next view was heard while it was silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewService {
    /// The cluster.
    pub config: Config,
}

/// The view service's state. Only the registry is durable.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Watching {
    /// What it decided.
    pub registry: Registry,
    /// The members that fell silent, and for each the members that were heard since.
    pub silent: BTreeMap<Id, BTreeSet<Id>>,
    /// The replica that lost its disk while nobody else was certified: there is no next view.
    pub stopped_by: Option<Id>,
}

impl ViewService {
    /// What it knows at first: every replica is empty, so every one holds the state.
    pub(super) fn first(&self) -> Registry {
        let view = View::first(self.config.replicas);
        Registry { certified: view.members().collect(), view, acked: true }
    }

    pub(super) fn on_start<M: StateMachine>(
        &self,
        saved: Option<&Registry>,
        o: &mut Outbox<M>,
    ) -> Watching {
        let registry = saved.cloned().unwrap_or_else(|| {
            let first = self.first();
            o.save(Storage::ViewService(first.clone()));
            first
        });
        for member in registry.view.members() {
            self.watch(member, o);
        }
        Watching { registry, silent: BTreeMap::new(), stopped_by: None }
    }

    pub(super) fn on_msg<M: StateMachine>(
        &self,
        state: &mut Cow<'_, Watching>,
        src: Id,
        msg: &Msg<M>,
        o: &mut Outbox<M>,
    ) {
        if let Service::Peer(Peer::Newcomer { life }) = msg {
            self.on_newcomer(state, src, *life, o);
        } else if let Service::Peer(ping @ Peer::Ping { view, .. }) = msg {
            self.hear(state, src, o);
            if *view >= state.registry.view.number {
                self.on_ping(state, src, ping, o);
            } else if self.config.bug != Some(Bug::TellViewOnce) {
                o.send(src, Service::Peer(Peer::View(state.registry.view.clone())));
            }
        }
    }

    /// A member is not silent.
    fn hear<M: StateMachine>(&self, state: &mut Cow<'_, Watching>, src: Id, o: &mut Outbox<M>) {
        if !state.registry.view.contains(src) {
            return;
        }
        self.watch(src, o);
        let mut silent = state.silent.iter();
        if silent.any(|(id, heard)| *id == src || !heard.contains(&src)) {
            let silent = &mut state.to_mut().silent;
            silent.remove(&src);
            for heard in silent.values_mut() {
                heard.insert(src);
            }
        }
    }

    /// A replica has lost its disk. Its former life is dead, whatever it was a member of: the next
    /// view is without it and names the life that has begun, which may then copy the state. Views
    /// that name it have greater numbers than those of its former life, so that nothing of that
    /// life counts in them.
    ///
    /// If nobody else is certified, acknowledged writes may have been lost with the disk. Then the
    /// current view stays, and nobody acts in it unless another member turns out to hold the state.
    fn on_newcomer<M: StateMachine>(
        &self,
        state: &mut Cow<'_, Watching>,
        src: Id,
        life: u64,
        o: &mut Outbox<M>,
    ) {
        let Registry { view: current, certified, .. } = &state.registry;
        if current.lives.get(&src) == Some(&life) {
            if self.config.bug != Some(Bug::TellNewcomerOnce) {
                o.send(src, Service::Peer(Peer::View(current.clone())));
            }
            return;
        }
        let heard = |id: &&Id| !state.silent.contains_key(*id);
        let others = || certified.iter().filter(|id| **id != src);
        let Some(other) = others().find(heard).or_else(|| others().next()) else {
            if state.stopped_by != Some(src) {
                state.to_mut().stopped_by = Some(src);
            }
            return;
        };
        let primary = if src == current.primary { *other } else { current.primary };
        let mut leaving = BTreeSet::from([src]);
        if self.config.bug == Some(Bug::KeepReplaced) {
            leaving.clear();
        }
        let mut next = current.next(primary, &leaving, None);
        next.lives.insert(src, life);
        self.move_to(state.to_mut(), next, o);
    }

    /// A replica tells how its view, the current one, is doing.
    fn on_ping<M: StateMachine>(
        &self,
        state: &mut Cow<'_, Watching>,
        src: Id,
        ping: &Peer<M>,
        o: &mut Outbox<M>,
    ) {
        let Peer::Ping { acting, lagging, ready, .. } = ping else { return };
        let registry = &state.registry;
        // Only the primary of a view acts in it, so a ping that says so is the primary's. The same
        // is true of what it says of others.
        let anybody = self.config.bug == Some(Bug::AnybodyAcknowledges);
        if (*acting || anybody && registry.view.contains(src)) && !registry.acked {
            let registry = &mut state.to_mut().registry;
            registry.acked = true;
            registry.certified = registry.view.members().collect();
            o.save(Storage::ViewService(registry.clone()));
        }
        let current = &state.registry.view;
        let joining = ready.filter(|id| state.registry.acked && !current.contains(*id));
        if lagging.iter().any(|id| current.contains(*id)) {
            let next = current.next(current.primary, lagging, None);
            self.move_to(state.to_mut(), next, o);
        } else if joining.is_some() {
            let next = current.next(current.primary, &BTreeSet::new(), joining);
            let state = state.to_mut();
            if self.config.bug == Some(Bug::CertifyJoiner) {
                state.registry.certified.extend(joining);
            }
            self.move_to(state, next, o);
        }
    }

    /// A member is silent. If it was before, and a certified member was heard meanwhile, the view
    /// service goes on without it. The last certified member cannot be spared, because only it is
    /// sure to hold every acknowledged write; the view service then waits for it to come back.
    pub(super) fn on_suspect<M: StateMachine>(
        &self,
        state: &mut Cow<'_, Watching>,
        silent: Id,
        o: &mut Outbox<M>,
    ) {
        let current = &state.registry.view;
        if !current.contains(silent) {
            return;
        }
        if let Some(alive) = self.alive(state, silent) {
            let primary = if silent == current.primary { alive } else { current.primary };
            let next = current.next(primary, &BTreeSet::from([silent]), None);
            return self.move_to(state.to_mut(), next, o);
        }
        if state.silent.get(&silent).is_none_or(|heard| !heard.is_empty()) {
            state.to_mut().silent.insert(silent, BTreeSet::new());
        }
        self.watch(silent, o);
    }

    /// A certified member that was heard since this one fell silent.
    fn alive(&self, state: &Watching, silent: Id) -> Option<Id> {
        let Watching { registry, silent: all, .. } = state;
        let heard = all.get(&silent);
        let (unheard, anybody) = (Bug::SuspectUnheard, Bug::PromoteAnybody);
        registry.view.members().find(|id| {
            *id != silent
                && (registry.certified.contains(id) || self.config.bug == Some(anybody))
                && (heard.is_some_and(|heard| heard.contains(id))
                    || self.config.bug == Some(unheard))
        })
    }

    /// Starts the next view and tells every replica, also those outside it, which may then copy
    /// the state.
    fn move_to<M: StateMachine>(&self, state: &mut Watching, next: View, o: &mut Outbox<M>) {
        state.silent.clear();
        state.stopped_by = None;
        let registry = &mut state.registry;
        if self.config.bug != Some(Bug::CertifyLeavers) {
            registry.certified.retain(|id| next.contains(*id));
        }
        registry.acked = false;
        registry.view = next;
        if self.config.bug != Some(Bug::ForgetView) {
            o.save(Storage::ViewService(registry.clone()));
        }
        if self.config.bug != Some(Bug::NoWatch) {
            for member in registry.view.members() {
                self.watch(member, o);
            }
        }
        let replicas: Vec<Id> = self.config.replica_ids().collect();
        o.broadcast(&replicas, &Service::Peer(Peer::View(registry.view.clone())));
    }

    fn watch<M: StateMachine>(&self, member: Id, o: &mut Outbox<M>) {
        o.set_timer(Timer::Suspect(member), self.config.timing.suspect.clone());
    }
}
