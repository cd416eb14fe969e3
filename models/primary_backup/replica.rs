//! A replica: how it starts, which handler takes which message, and how it moves from view to view.

use super::bugs::Bug;
use super::config::{Mode, view_service};
use super::message::{Msg, Peer};
use super::state::{Following, Leading, ReplicaState, Role, Timer};
use super::storage::{Content, Image, Saved};
use super::turn::Turn;
use super::view::View;
use crate::kv::{Service, StateMachine};
use std::collections::BTreeSet;

impl<M: StateMachine> Turn<'_, '_, M> {
    pub(super) fn on_start(&mut self, saved: Option<&Saved<M>>) {
        self.ping_later();
        if self.config.stops {
            self.set_timer(Timer::Stop, &self.config.timing.suspect);
        }
        match saved {
            Some(saved) => self.restart(saved),
            None => self.first_start(),
        }
    }

    /// Every replica starts empty in view 1 and so holds its state: the primary may act.
    fn first_start(&mut self) {
        let view = View::first(self.config.replicas);
        let role = if view.primary == self.id {
            Role::Primary(Leading::acting(&view, 0))
        } else {
            Role::Backup(Following::default())
        };
        let image = Image::new(self.config.sessions);
        *self.state.to_mut() = ReplicaState { synced: view.number, view, image, role };
        self.store(self.state.checkpoint());
        self.ping();
    }

    /// Starts without the disk that it had. It is in no view before the view service knows, and
    /// then an outsider.
    pub(super) fn on_newcomer(&mut self, life: u64) {
        if self.has(Bug::StartAsFirst) {
            return self.on_start(None);
        }
        self.ping_later();
        let (role, view) = (Role::Outsider(Following::default()), View::none(self.id, life));
        let image = Image::new(self.config.sessions);
        *self.state.to_mut() = ReplicaState { view, synced: 0, image, role };
        self.store(self.state.checkpoint());
        self.ping();
    }

    /// Comes back with what was durable. Its backups may hold operations of its view that it forgot,
    /// and it would order others under their numbers: so a primary leads no more in that view.
    fn restart(&mut self, saved: &Saved<M>) {
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
        *self.state.to_mut() = ReplicaState { view, synced, image, role };
        if self.state.view.primary == self.id && !self.has(Bug::BeginAgain) {
            self.state.to_mut().role = Role::Resigned;
            return self.ping();
        }
        self.ping();
        self.take_role();
    }

    pub(super) fn on_msg(&mut self, msg: Msg<M>) {
        match msg {
            Service::Peer(Peer::View(view)) => {
                self.on_view(view);
                self.serve_waiting();
            }
            // The message is meant for its former life.
            _ if self.state.is_newcomer() => {}
            Service::Request { seq, op } => self.on_request(seq, op),
            Service::Peer(msg) => {
                if msg.view() > self.state.view.number {
                    self.ping();
                }
                self.on_peer(msg);
                self.serve_waiting();
            }
            Service::Reply { .. } | Service::Redirect { .. } | Service::Refused { .. } => {}
        }
    }

    fn on_peer(&mut self, msg: Peer<M>) {
        match msg {
            Peer::Begin { view, op } => self.on_begin(view, op),
            Peer::Fetch { view, held } => self.on_fetch(view, held),
            Peer::Chunk { view, op, index, piece, next } => {
                self.on_chunk(view, op, index, piece, next);
            }
            Peer::Replicate { view, op, entries } => self.on_replicate(view, op, &entries),
            Peer::Ack { view, op } => self.on_ack(view, op),
            Peer::Refill { view, from } => self.on_refill(view, from),
            Peer::Ping { .. }
            | Peer::Newcomer { .. }
            | Peer::Leave { .. }
            | Peer::Resign { .. }
            | Peer::View(_) => {}
        }
    }

    pub(super) fn on_timer(&mut self, timer: Timer) {
        match timer {
            Timer::Ping => self.on_ping_timer(),
            Timer::Resend => self.on_resend_timer(),
            Timer::Overdue(silent) => {
                self.on_overdue_timer(silent);
                self.serve_waiting();
            }
            Timer::Stop => self.on_stop_timer(),
            Timer::Suspect(_) | Timer::Retry(_) => {}
        }
    }

    fn on_ping_timer(&mut self) {
        if !self.has(Bug::PingOnce) {
            self.ping_later();
        }
        let no_ping = match self.config.bug {
            Some(Bug::NoPing) => true,
            Some(Bug::NewcomerOnce) => self.state.is_newcomer(),
            Some(Bug::ResignOnce) => self.state.role == Role::Resigned,
            _ => false,
        };
        if !no_ping {
            self.ping();
            if !self.has(Bug::CallOnce) {
                self.call();
            }
        }
    }

    /// It is to stop. The view service need not find it silent: it goes on without it at once, and a
    /// primary leads no more. Where requests are acknowledged at once it says nothing: its backups may
    /// lack what only it has, until they have had time to hear of it.
    fn on_stop_timer(&mut self) {
        let view = &self.state.view;
        if self.config.mode == Mode::Asynchronous || !view.contains(self.id) {
            return;
        }
        if !self.has(Bug::LeaveSilently) {
            let view = view.number;
            self.send(view_service(), Peer::Leave { view });
        }
        if self.state.is_primary() {
            self.stop_waiting();
            self.state.to_mut().role = Role::Resigned;
        }
    }

    /// Adopts a newer view: from here on every message of an older one is ignored. A view that does
    /// not name its life was made for its former one, which may be a member of it.
    fn on_view(&mut self, view: View) {
        let known = &self.state.view;
        let old = view.number < known.number && !self.has(Bug::AdoptOld);
        let former = !view.same_life(known, self.id) && !self.has(Bug::AdoptFormer);
        if self.src != view_service() || view.number == known.number || old || former {
            return;
        }
        self.store(Saved::view(view.clone()));
        self.stop_waiting();
        let state = self.state.to_mut();
        state.view = view;
        let deposed = state.is_acting() && state.view.primary != self.id;
        if deposed && self.has(Bug::StayPrimary) {
            return;
        }
        self.take_role();
    }

    /// A primary does not wait any longer for the backups of the view that it leaves.
    fn stop_waiting(&mut self) {
        let state = &self.state;
        let Role::Primary(leading) = &state.role else { return };
        let copying = leading.copying.as_ref().map(|copying| copying.to);
        let awaited: Vec<_> = state.view.backups.iter().copied().chain(copying).collect();
        self.cancel_timer(Timer::Resend);
        for id in awaited {
            self.cancel_timer(Timer::Overdue(id));
        }
    }

    fn take_role(&mut self) {
        if self.state.view.primary == self.id {
            self.begin();
        } else if self.state.view.contains(self.id) {
            self.state.to_mut().role = Role::Backup(Following::default());
        } else {
            self.state.to_mut().role = Role::Outsider(Following::default());
            self.call();
        }
    }

    /// Reports to the view service that it is alive, and as a primary how its view is doing.
    pub(super) fn ping(&mut self) {
        let state = &self.state;
        if let Some(life) = state.view.unknown_life() {
            return self.send(view_service(), Peer::Newcomer { life });
        }
        let (view, acting, ready) = (state.view.number, state.is_acting(), self.ready());
        if state.role == Role::Resigned {
            return self.send(view_service(), Peer::Resign { view });
        }
        let lagging = match &state.role {
            Role::Primary(leading) => leading.lagging.clone(),
            _ => BTreeSet::new(),
        };
        self.send(view_service(), Peer::Ping { view, acting, lagging, ready });
    }
}
