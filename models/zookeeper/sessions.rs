//! Sessions end when the leader says so (Hunt et al. 2010, section 4.4).
//!
//! The leader has a timer for each session that is open in its tree, set again whenever it hears
//! of the session's client. When it fires, the leader proposes to close the session, like any
//! other transaction: so all servers delete its ephemeral nodes at the same place of the order. A
//! server that begins to lead gives every session its full time, since it has not heard what the
//! former leader heard. A server that does not lead judges nothing.

use super::bugs::Bug;
use super::message::What;
use super::op::{Op, Request, SessionId};
use super::state::Timer;
use super::turn::{Tracked, Turn};
use crate::shared_map::SharedMap;

impl Turn<'_, '_> {
    /// Something was heard of a session's client. Nobody else gives it time.
    pub(super) fn touch(&mut self, what: &What) {
        let (What::Write(op) | What::Read { op, .. } | What::Ping(op)) = what else { return };
        let Some(session) = op.session else { return };
        let is_own = self.state.tree().sessions().get(&session) == Some(&self.src);
        if self.is_leading() && is_own {
            self.time(session);
        }
    }

    fn time(&mut self, session: SessionId) {
        self.set_timer(Timer::Expire(session), &self.config.session_timeout);
    }

    /// After an event: times the sessions that are open now, if this server leads now.
    pub(super) fn track(&mut self, before: &Tracked) {
        let now = self.state.tree().sessions().clone();
        let times_all = self.has(Bug::ExpireLocally);
        let (was_leading, is_leading) =
            (before.is_leading || times_all, self.is_leading() || times_all);
        if was_leading == is_leading && now.is_same(&before.sessions) {
            return;
        }
        let none = SharedMap::new();
        let before = if was_leading { &before.sessions } else { &none };
        let is_forgotten = self.has(Bug::NeverExpire) && !was_leading;
        let now = if is_leading && !is_forgotten { &now } else { &none };
        for session in before.keys().filter(|it| !now.contains_key(it)) {
            self.cancel_timer(Timer::Expire(*session));
        }
        for session in now.keys().filter(|it| !before.contains_key(it)) {
            if self.has(Bug::TimeWhenHeard) {
                break;
            }
            self.time(*session);
        }
    }

    /// Nothing was heard of a session for too long.
    pub(super) fn on_expire_timer(&mut self, session: SessionId) {
        let op = Op { session: Some(session), request: Request::CloseSession };
        if self.is_open(session) {
            self.close_locally(&op);
        }
        if !self.is_leading() || !self.is_open(session) {
            return;
        }
        // The proposal may come to nothing.
        if !self.has(Bug::ExpireOnce) {
            self.time(session);
        }
        let id = self.id;
        self.drive(|server, zab, o| server.propose(id, zab, op, o));
    }
}
