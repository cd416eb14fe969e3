//! A server: it lets Zab order what clients ask for, and adds sessions and watches to the answers.
//!
//! Each event is handled by the server of Zab in it. What that sends to clients is completed here,
//! and when the tree has changed, sessions and watches are looked after.

use super::bugs::Bug;
use super::message::{Answer, Ask, Msg, What};
use super::op::{Error, Op, Reply};
use super::state::Timer;
use super::tree::Tree;
use super::turn::{Tracked, Turn};
use crate::kv::Service;
use crate::lend::{copied_if_changed, in_place};
use crate::shared_map::SharedMap;
use crate::zab::{self, Role, Saved, Zab};
use stateright::actor::{Command, Id, Out};
use std::borrow::Cow;

impl Turn<'_, '_> {
    /// Starts, from what it saved if it did.
    pub(super) fn on_start(&mut self, saved: Option<&Saved<Tree>>) {
        let mut out = Out::new();
        let mut zab = self.config.zab.on_start(self.id, saved, &mut out);
        zab.stable.image.machine.bug = self.config.bug;
        self.state.to_mut().zab = zab;
        self.emit_all(out);
        self.track(&Tracked { is_leading: false, sessions: SharedMap::new() });
    }

    pub(super) fn on_msg(&mut self, msg: Msg) {
        let (id, src) = (self.id, self.src);
        match msg {
            Service::Request { seq, op } => self.on_ask(seq, op),
            Service::Peer(msg) => {
                self.drive(|server, zab, o| server.on_msg(id, zab, src, Service::Peer(msg), o));
            }
            Service::Reply { .. } | Service::Redirect { .. } | Service::Refused { .. } => {}
        }
    }

    pub(super) fn on_timer(&mut self, timer: Timer) {
        let id = self.id;
        match timer {
            Timer::Zab(timer) => self.drive(|server, zab, o| server.on_timer(id, zab, timer, o)),
            Timer::Expire(session) => self.on_expire_timer(session),
            Timer::Retry(_) => {}
        }
    }

    /// A client asks.
    fn on_ask(&mut self, seq: u64, Ask { what, watches }: Ask) {
        let (id, src) = (self.id, self.src);
        if matches!(what, What::Use(_)) {
            return;
        }
        if let Err(why) = self.note_watches(seq, watches, &what) {
            return self.answer(Service::Refused { seq, why });
        }
        self.touch(&what);
        let ask = match what {
            What::Write(op) => zab::Ask::Do { op },
            What::Read { op, seen, .. } => zab::Ask::Read { op, seen },
            What::Sync => zab::Ask::Sync,
            What::Ping(op) => {
                self.on_ping(seq, &op);
                return self.push_events(false);
            }
            What::Use(_) => return,
        };
        let msg = Service::Request { seq, op: ask };
        self.drive(|server, zab, o| server.on_msg(id, zab, src, msg, o));
    }

    /// A client keeps its session open. Only the leader knows whether it is heard in time.
    fn on_ping(&mut self, seq: u64, op: &Op) {
        if self.is_leading() {
            let is_open = op.session.is_some_and(|session| self.is_open(session));
            if !is_open && self.has(Bug::IgnorePingOfClosed) {
                return;
            }
            let reply = (!is_open).then_some(Err(Error::SessionExpired));
            let zxid = self.state.zab.stable.delivered;
            self.complete(self.src, seq, zab::Reply { zxid, reply });
        } else if let Role::Following { .. } = self.state.zab.role {
            let epoch = self.state.zab.stable.accepted;
            self.answer(Service::Redirect { seq, epoch: epoch.number(), leader: epoch.leader });
        }
    }

    /// Lets the server of Zab handle an event, and does what follows from it.
    pub(super) fn drive(
        &mut self,
        handler: impl FnOnce(
            &zab::Server<Tree>,
            &mut Cow<'_, zab::ServerState<Tree>>,
            &mut Out<Zab<Tree>>,
        ),
    ) {
        let sessions = self.state.tree().sessions().clone();
        let before = Tracked { is_leading: self.is_leading(), sessions };
        let zxid = self.state.tree().zxid();
        let (server, mut out) = (&self.config.zab, Out::new());
        let changed = match &mut *self.state {
            Cow::Borrowed(state) => {
                copied_if_changed(&state.zab, |zab| handler(server, zab, &mut out))
            }
            Cow::Owned(state) => {
                in_place(&mut state.zab, |zab| handler(server, zab, &mut out));
                None
            }
        };
        if let Some(zab) = changed {
            self.state.to_mut().zab = zab;
        }
        self.emit_all(out);
        self.track(&before);
        let to_all = self.state.tree().zxid() != zxid;
        self.push_events(to_all);
    }

    /// Does what the server of Zab asked for.
    fn emit_all(&mut self, out: Out<Zab<Tree>>) {
        for command in out {
            match command {
                Command::Send(to, msg) => self.emit(to, msg),
                Command::SetTimer(timer, after) => self.set_timer(Timer::Zab(timer), &after),
                Command::CancelTimer(timer) => self.cancel_timer(Timer::Zab(timer)),
                Command::Save(Saved::Complete(mut stable)) => {
                    stable.image.machine.bug = self.config.bug;
                    self.state.to_mut().zab.stable.image.machine.bug = self.config.bug;
                    self.save(Saved::Complete(stable));
                }
                Command::Save(saved) => self.save(saved),
                Command::ChooseRandom(..) => {}
            }
        }
    }

    fn emit(&mut self, to: Id, msg: zab::Msg<Tree>) {
        match msg {
            Service::Peer(msg) => self.send(to, Service::Peer(msg)),
            Service::Reply { seq, reply } => self.complete(to, seq, reply),
            Service::Redirect { seq, epoch, leader } => {
                self.send(to, Service::Redirect { seq, epoch, leader });
            }
            Service::Refused { seq, why } => self.send(to, Service::Refused { seq, why }),
            Service::Request { .. } => {}
        }
    }

    /// Answers a client, with the events that it is to see before.
    fn complete(&mut self, to: Id, seq: u64, zab::Reply { zxid, reply }: zab::Reply<Reply>) {
        let events = self.events_for(to, seq, reply.as_ref());
        let tree = self.state.tree().zxid();
        self.send(to, Service::Reply { seq, reply: Answer::Done { zxid, tree, reply, events } });
    }

    /// For the mutant that closes a session at one server alone.
    pub(super) fn close_locally(&mut self, op: &Op) {
        if self.has(Bug::ExpireLocally) {
            let (id, state) = (self.id, self.state.to_mut());
            let _ = crate::kv::StateMachine::apply(&mut state.zab.stable.image.machine, id, 0, op);
        }
    }
}
