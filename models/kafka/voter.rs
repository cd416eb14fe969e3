//! A controller that is one of several: what they decide is a log on our own Multi-Paxos (KIP-595:
//! the quorum of controllers).
//!
//! The controller that leads decides as a single one would, upon what the log comes to. What it
//! decides takes effect when it is chosen: until then nobody hears of it, and nothing else is decided.
//! So each decision in the log follows from the one before it, whoever decided it; and a controller
//! that was deposed without noticing can decide nothing, since no quorum accepts it.

use super::bugs::Bug;
use super::config::Voter;
use super::message::{Msg, Peer};
use super::registry::Registry;
use super::state::Timer;
use super::storage::Storage;
use super::turn::{ControllerTurn, VoterTurn};
use crate::kv::Service;
use crate::paxos::{self, Paxos, ReplicaState};
use crate::turn::Setting;
use stateright::actor::{Command, Id, Out};
use std::borrow::Cow;

impl VoterTurn<'_, '_> {
    pub(super) fn on_start(&mut self, saved: Option<&paxos::Saved<Registry>>) {
        let Voter { config, replica } = self.config;
        let mut out = Out::new();
        let first = Registry::first(config);
        *self.state.to_mut() = replica.on_start(self.id, saved, first, &mut out);
        self.emit_all(out);
        if self.state.is_leading() {
            self.watch_all();
        }
    }

    pub(super) fn on_msg(&mut self, msg: Msg) {
        let (id, src) = (self.id, self.src);
        match msg {
            Service::Peer(Peer::Quorum(msg)) => {
                let msg = Service::Peer(msg);
                self.drive(|replica, state, o| replica.on_msg(id, state, src, msg, o));
            }
            msg => {
                self.decide(|mut turn| turn.on_msg(msg));
            }
        }
    }

    pub(super) fn on_timer(&mut self, timer: Timer) {
        let id = self.id;
        match timer {
            Timer::Quorum(paxos::Timer::Heartbeat) if self.has(Bug::NeverRemind) => {}
            Timer::Quorum(paxos::Timer::Heartbeat)
                if self.has(Bug::PrepareOnce) && !self.state.is_leading() => {}
            Timer::Quorum(timer) => {
                self.drive(|replica, state, o| replica.on_timer(id, state, timer, o));
            }
            Timer::Suspect(broker) => {
                let is_free = self.decide(|mut turn| turn.on_suspect_timer(broker));
                if !is_free {
                    self.watch(broker);
                }
            }
            _ => {}
        }
    }

    /// What the decisions that it knows to be chosen come to.
    fn known(&self) -> &Registry {
        &self.state.stable.image.machine
    }

    /// Handles an event as a single controller would. What that decides is proposed, unless an earlier
    /// decision is open: whoever asked for it asks again. Whether none is.
    fn decide(&mut self, handler: impl FnOnce(ControllerTurn<'_, '_>)) -> bool {
        let leads = self.state.is_leading();
        if !leads && !self.has(Bug::DecideUnelected) {
            return true;
        }
        let (config, known) = (&self.config.config, self.known().clone());
        let (mut registry, mut out) = (Cow::Borrowed(&known), Out::new());
        handler(ControllerTurn::on_message(config, self.id, self.src, &mut registry, &mut out));
        let decided = match registry {
            Cow::Owned(registry) => Some(registry),
            Cow::Borrowed(_) => None,
        };
        let tells = decided.is_none() || !leads || self.has(Bug::TellUnchosen);
        for command in out {
            match command {
                Command::Send(to, msg) if tells => self.send(to, msg),
                Command::SetTimer(timer, after) => self.set_timer(timer, &after),
                // It is chosen, and so saved, before it is told.
                _ => {}
            }
        }
        let Some(registry) = decided else { return true };
        if self.state.has_open() && !self.has(Bug::DecideUponOpen) {
            return false;
        }
        let id = self.id;
        self.drive(|replica, state, o| replica.propose(id, state, registry, o));
        true
    }

    /// Lets the replica handle an event, and does what follows from it.
    fn drive(
        &mut self,
        handler: impl FnOnce(
            &paxos::Replica,
            &mut Cow<'_, ReplicaState<Registry>>,
            &mut Out<Paxos<Registry>>,
        ),
    ) {
        let (led, version) = (self.state.is_leading(), self.known().version);
        let mut out = Out::new();
        handler(&self.config.replica, self.state, &mut out);
        self.emit_all(out);
        match (led, self.state.is_leading()) {
            (false, true) => {
                self.watch_all();
                self.publish();
            }
            (true, false) => {
                for broker in self.config.config.broker_ids() {
                    self.cancel_timer(Timer::Suspect(broker));
                }
            }
            (true, true) if self.known().version > version => self.publish(),
            _ => {}
        }
    }

    /// Does what the replica asked for. It has no clients.
    fn emit_all(&mut self, out: Out<Paxos<Registry>>) {
        for command in out {
            match command {
                Command::Send(to, Service::Peer(msg)) => self.send(to, Peer::Quorum(msg)),
                Command::SetTimer(timer, after) => self.set_timer(Timer::Quorum(timer), &after),
                Command::CancelTimer(timer) => self.cancel_timer(Timer::Quorum(timer)),
                Command::Save(saved) => self.save(Storage::Voter(saved)),
                Command::Send(..) | Command::ChooseRandom(..) => {}
            }
        }
    }

    /// All brokers are told what was decided.
    fn publish(&mut self) {
        let registry = self.known().clone();
        for broker in self.config.config.broker_ids() {
            self.send(broker, Peer::Metadata(registry.clone()));
        }
    }

    fn watch_all(&mut self) {
        for broker in self.config.config.broker_ids() {
            self.watch(broker);
        }
    }

    /// Expects to hear from a broker in time.
    fn watch(&mut self, broker: Id) {
        self.set_timer(Timer::Suspect(broker), &self.config.config.timing.suspect);
    }
}

impl Setting for Voter {
    type Bug = Bug;

    fn bug(&self) -> Option<Bug> {
        self.config.bug
    }

    fn server_ids(&self) -> impl Iterator<Item = Id> {
        Setting::server_ids(&self.config)
    }
}
