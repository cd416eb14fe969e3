//! The view service: decides which replica is primary.
//!
//! It hears a ping from each replica and makes a new view when a member falls silent, when the
//! primary says that a backup does not acknowledge, or when an outsider has copied the state. It is
//! a single node, as in the arrangement the module documentation cites: while it is down views do
//! not change, and the current one goes on serving, if all its members know it. A view service that
//! dies while it announces a view has told some of them at most, and then they wait for its return.

use super::bugs::Bug;
use super::config::Mode;
use super::message::{Msg, Peer};
use super::state::{Timer, Watching};
use super::storage::{Registry, Storage};
use super::turn::ServiceTurn;
use super::view::View;
use crate::kv::{Service, StateMachine};
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};

impl Registry {
    /// What the view service knows at first: every one of so many replicas is empty, so every one
    /// holds the state.
    pub(super) fn first(replicas: usize) -> Self {
        let view = View::first(replicas);
        Self { certified: view.members().collect(), view, acked: true }
    }
}

impl<M: StateMachine> ServiceTurn<'_, '_, M> {
    pub(super) fn on_start(&mut self, saved: Option<&Registry>) {
        let registry = saved.cloned().unwrap_or_else(|| {
            let first = Registry::first(self.config.replicas);
            self.save(Storage::ViewService(first.clone()));
            first
        });
        for member in registry.view.members() {
            self.watch(member);
        }
        *self.state.to_mut() = Watching { registry, silent: BTreeMap::new(), stopped_by: None };
    }

    pub(super) fn on_msg(&mut self, msg: Msg<M>) {
        match msg {
            Service::Peer(Peer::Newcomer { life }) => self.on_newcomer(life),
            Service::Peer(Peer::Ping { view, acting, lagging, ready }) if self.hear_in(view) => {
                self.on_ping(acting, &lagging, ready);
            }
            Service::Peer(Peer::Resign { view }) if self.hear_in(view) => self.on_resign(),
            Service::Peer(Peer::Leave { view }) if self.hear_in(view) => self.on_leave(),
            _ => {}
        }
    }

    /// The sender is not silent. Whether it knows the current view; if not, it is told.
    fn hear_in(&mut self, view: u64) -> bool {
        self.hear();
        let current = &self.state.registry.view;
        let knows = view >= current.number;
        if !knows && !self.has(Bug::TellViewOnce) {
            self.answer(Peer::View(current.clone()));
        }
        knows
    }

    pub(super) fn on_timer(&mut self, timer: Timer) {
        match timer {
            Timer::Suspect(silent) => self.on_suspect_timer(silent),
            Timer::Ping | Timer::Resend | Timer::Overdue(_) | Timer::Retry(_) | Timer::Stop => {}
        }
    }

    /// The sender, if it is a member, is not silent.
    fn hear(&mut self) {
        let src = self.src;
        if !self.state.registry.view.contains(src) {
            return;
        }
        self.watch(src);
        let mut silent = self.state.silent.iter();
        if silent.any(|(id, heard)| *id == src || !heard.contains(&src)) {
            let silent = &mut self.state.to_mut().silent;
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
    /// If no other replica is certified, acknowledged writes may have been lost with the disk. Then
    /// the current view stays, and no primary acts in it unless another member turns out to hold
    /// the state.
    fn on_newcomer(&mut self, life: u64) {
        let src = self.src;
        let Registry { view: current, certified, .. } = &self.state.registry;
        if current.lives.get(&src) == Some(&life) {
            if !self.has(Bug::TellNewcomerOnce) {
                self.answer(Peer::View(current.clone()));
            }
            return;
        }
        let heard = |id: &&Id| !self.state.silent.contains_key(*id);
        let others = || certified.iter().filter(|id| **id != src);
        let Some(other) = others().find(heard).or_else(|| others().next()) else {
            if self.state.stopped_by != Some(src) {
                self.state.to_mut().stopped_by = Some(src);
            }
            return;
        };
        let primary = if src == current.primary { *other } else { current.primary };
        let mut leaving = BTreeSet::from([src]);
        if self.has(Bug::KeepReplaced) {
            leaving.clear();
        }
        let mut next = current.next(primary, &leaving, None);
        next.lives.insert(src, life);
        self.move_to(next);
    }

    /// The sender reports on its view, the current one.
    fn on_ping(&mut self, acting: bool, lagging: &BTreeSet<Id>, ready: Option<Id>) {
        let registry = &self.state.registry;
        // Only the primary of a view acts in it, so a ping that says so is the primary's. The same
        // is true of what it says of others.
        let anybody = self.has(Bug::AnybodyAcknowledges);
        if (acting || anybody && registry.view.contains(self.src)) && !registry.acked {
            let registry = &mut self.state.to_mut().registry;
            registry.acked = true;
            registry.certified = registry.view.members().collect();
            let saved = Storage::ViewService(registry.clone());
            self.save(saved);
        }
        let registry = &self.state.registry;
        let current = &registry.view;
        let joining = ready.filter(|id| registry.acked && !current.contains(*id));
        if lagging.iter().any(|id| current.contains(*id)) {
            let next = current.next(current.primary, lagging, None);
            self.move_to(next);
        } else if joining.is_some() {
            let next = current.next(current.primary, &BTreeSet::new(), joining);
            if self.has(Bug::CertifyJoiner) {
                self.state.to_mut().registry.certified.extend(joining);
            }
            self.move_to(next);
        }
    }

    /// The primary came back, and leads no more in its view. The next one has the same members. One
    /// that is certified and was heard leads it: what the primary may have forgotten, its successor
    /// may hold, so that nobody need copy the state. Only the primary is sure to hold what was
    /// acknowledged at once; then it leads again.
    fn on_resign(&mut self) {
        let current = &self.state.registry.view;
        let successor = match self.config.mode {
            Mode::Asynchronous => None,
            Mode::Synchronous => self.successor(),
        };
        let next = current.next(successor.unwrap_or(self.src), &BTreeSet::new(), None);
        self.move_to(next);
    }

    /// A member stops. If a certified one was heard, the view service goes on without it; if not, it
    /// is suspected like any other that falls silent.
    fn on_leave(&mut self) {
        let (src, current) = (self.src, &self.state.registry.view);
        let Some(successor) = self.successor().filter(|_| current.contains(src)) else { return };
        let primary = if src == current.primary { successor } else { current.primary };
        let next = current.next(primary, &BTreeSet::from([src]), None);
        self.move_to(next);
    }

    /// Another certified member than the sender, that was heard.
    fn successor(&self) -> Option<Id> {
        let Registry { view: current, certified, .. } = &self.state.registry;
        let is_heard = |id: &&Id| **id != self.src && !self.state.silent.contains_key(*id);
        if self.has(Bug::ResignToAnybody) {
            return current.backups.iter().find(is_heard).copied();
        }
        certified.iter().find(is_heard).copied()
    }

    /// A member is silent. If it was before, and a certified member was heard meanwhile, the view
    /// service goes on without it. The last certified member cannot be spared, because only it is
    /// sure to hold every acknowledged write; the view service then waits for it to come back.
    fn on_suspect_timer(&mut self, silent: Id) {
        let current = &self.state.registry.view;
        if !current.contains(silent) {
            return;
        }
        if let Some(alive) = self.alive(silent) {
            let primary = if silent == current.primary { alive } else { current.primary };
            let next = current.next(primary, &BTreeSet::from([silent]), None);
            return self.move_to(next);
        }
        if self.state.silent.get(&silent).is_none_or(|heard| !heard.is_empty()) {
            self.state.to_mut().silent.insert(silent, BTreeSet::new());
        }
        self.watch(silent);
    }

    /// A certified member that was heard since this one fell silent.
    fn alive(&self, silent: Id) -> Option<Id> {
        let Watching { registry, silent: all, .. } = &**self.state;
        let heard = all.get(&silent);
        registry.view.members().find(|id| {
            *id != silent
                && (registry.certified.contains(id) || self.has(Bug::PromoteAnybody))
                && (heard.is_some_and(|heard| heard.contains(id)) || self.has(Bug::SuspectUnheard))
        })
    }

    /// Starts the next view and announces it to every replica, also those outside it, which may
    /// then copy the state.
    fn move_to(&mut self, next: View) {
        let keeps_leavers = self.has(Bug::CertifyLeavers);
        let state = self.state.to_mut();
        state.silent.clear();
        state.stopped_by = None;
        let registry = &mut state.registry;
        if !keeps_leavers {
            registry.certified.retain(|id| next.contains(*id));
        }
        registry.acked = false;
        registry.view = next.clone();
        let saved = Storage::ViewService(registry.clone());
        if !self.has(Bug::ForgetView) {
            self.save(saved);
        }
        if !self.has(Bug::NoWatch) {
            for member in next.members() {
                self.watch(member);
            }
        }
        self.broadcast(Peer::View(next));
    }
}
