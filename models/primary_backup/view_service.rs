//! The view service: decides who is primary.
//!
//! It hears a ping from each replica and makes a new view when a member falls silent or a replica
//! asks to join. It is a single node, as in the arrangement the module documentation cites: while
//! it is down views do not change, and the current one goes on serving.

use super::message::{Msg, Peer};
use super::storage::{Registry, Storage};
use super::view::View;
use super::{Bug, Config, Outbox, Timer};
use crate::kv::{Service, StateMachine};
use stateright::actor::Id;
use std::borrow::Cow;

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewService {
    /// The cluster.
    pub config: Config,
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
    ) -> Registry {
        let registry = saved.cloned().unwrap_or_else(|| {
            let first = self.first();
            o.save(Storage::ViewService(first.clone()));
            first
        });
        for member in registry.view.members() {
            self.watch(member, o);
        }
        registry
    }

    pub(super) fn on_msg<M: StateMachine>(
        &self,
        registry: &mut Cow<'_, Registry>,
        src: Id,
        msg: &Msg<M>,
        o: &mut Outbox<M>,
    ) {
        if let Service::Peer(Peer::Ping { view, acting }) = msg {
            self.on_ping(registry, src, *view, *acting, o);
        }
    }

    fn on_ping<M: StateMachine>(
        &self,
        registry: &mut Cow<'_, Registry>,
        src: Id,
        view: u64,
        acting: bool,
        o: &mut Outbox<M>,
    ) {
        let current = &registry.view;
        let member = current.contains(src);
        if member {
            self.watch(src, o);
        }
        // Only the primary of a view acts in it, so a ping that says so is the primary's.
        let acts = acting || member && self.config.bug == Some(Bug::AnybodyAcknowledges);
        if view < current.number {
            if self.config.bug != Some(Bug::TellViewOnce) {
                o.send(src, Service::Peer(Peer::View(current.clone())));
            }
        } else if acts && !registry.acked {
            let registry = registry.to_mut();
            registry.acked = true;
            registry.certified = registry.view.members().collect();
            o.save(Storage::ViewService(registry.clone()));
        } else if !member && registry.acked {
            let next = current.next(current.primary, None, Some(src));
            let registry = registry.to_mut();
            if self.config.bug == Some(Bug::CertifyJoiner) {
                registry.certified.insert(src);
            }
            self.move_to(registry, next, o);
        }
    }

    /// A member fell silent: goes on without it. The last certified member cannot be spared,
    /// because only it is sure to hold every acknowledged write; the view service then waits for
    /// it to come back.
    pub(super) fn on_suspect<M: StateMachine>(
        &self,
        registry: &mut Cow<'_, Registry>,
        silent: Id,
        o: &mut Outbox<M>,
    ) {
        let current = &registry.view;
        if !current.contains(silent) {
            return;
        }
        let primary = if silent == current.primary {
            let anybody = self.config.bug == Some(Bug::PromoteAnybody);
            current
                .members()
                .find(|id| *id != silent && (anybody || registry.certified.contains(id)))
        } else {
            Some(current.primary)
        };
        match primary {
            Some(primary) => {
                let next = current.next(primary, Some(silent), None);
                self.move_to(registry.to_mut(), next, o);
                o.cancel_timer(Timer::Suspect(silent));
            }
            None => self.watch(silent, o),
        }
    }

    /// Starts the next view and tells every replica, also those outside it, which may then ask
    /// to join.
    fn move_to<M: StateMachine>(&self, registry: &mut Registry, next: View, o: &mut Outbox<M>) {
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
