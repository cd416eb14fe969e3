//! The primary: orders requests, and acknowledges them when every backup has them.

use super::bugs::{Bug, held};
use super::config::{Config, Mode};
use super::message::Peer;
use super::recent::Entry;
use super::state::{Copying, Leading, ReplicaState, Role, Timer};
use super::storage::Saved;
use super::turn::Turn;
use crate::kv::sessions::RequestStatus;
use crate::kv::{Service, StateMachine};
use stateright::actor::Id;

impl<M: StateMachine> ReplicaState<M> {
    /// The requests that wait for their acknowledgement by this replica.
    pub fn pending(&self) -> impl Iterator<Item = &Entry<M::Op>> {
        let committed = match &self.role {
            Role::Primary(leading) => leading.committed,
            _ => self.image.op,
        };
        self.image.recent.since(committed + 1).map(|(_, entry)| entry)
    }

    /// Whether one more request may be ordered.
    pub(super) fn has_room(&self, config: &Config) -> bool {
        let Role::Primary(leading) = &self.role else { return false };
        let copied = |copying: &Copying<M>| copying.bytes < config.copy_bytes;
        leading.acting
            && self.image.op - leading.committed < config.max_pending
            && leading.copying.as_ref().is_none_or(copied)
    }

    fn awaits(&self, client: Id, seq: u64) -> bool {
        self.pending().any(|entry| entry.client == client && entry.seq == seq)
    }
}

impl<M: StateMachine> Turn<'_, '_, M> {
    /// Takes up the primary's role: makes every backup hold its state first. If it was the primary
    /// before, clients may still wait for it.
    pub(super) fn begin(&mut self) {
        let state = self.state.to_mut();
        let mut leading = Leading::beginning(state.image.op);
        if let Role::Primary(before) = &mut state.role {
            leading.committed = before.committed;
            leading.replies = std::mem::take(&mut before.replies);
            leading.waiting = std::mem::take(&mut before.waiting);
        }
        state.role = Role::Primary(leading);
        let backups = state.view.backups.clone();
        for backup in &backups {
            self.send(*backup, self.begin_msg());
            self.expect(*backup);
        }
        if backups.is_empty() {
            self.act();
        } else {
            self.resend_later();
            if self.has(Bug::ActEarly) {
                self.act();
            }
        }
    }

    /// The state that its view begins from.
    pub(super) fn begin_msg(&self) -> Peer<M> {
        Peer::Begin { view: self.state.view.number, op: self.state.image.op }
    }

    /// Every backup holds the state: starts to order requests, and lets the view service know
    /// that each of them may be promoted.
    fn act(&mut self) {
        let state = self.state.to_mut();
        if let Role::Primary(leading) = &mut state.role {
            leading.acting = true;
            leading.acked = Leading::<M>::acting(&state.view, state.image.op).acked;
            leading.lagging.clear();
        }
        if !state.is_synced() {
            state.synced = state.view.number;
            let saved = Saved::synced(state.synced);
            self.store(saved);
        }
        self.commit_and_reply();
        self.ping();
    }

    pub(super) fn on_request(&mut self, seq: u64, op: M::Op) {
        if self.state.role == Role::Resigned {
            // Who leads next, it will hear before the client asks again.
            return;
        }
        let Role::Primary(leading) = &self.state.role else {
            let (epoch, leader) = (self.state.view.number, self.state.view.primary);
            return self.answer(Service::Redirect { seq, epoch, leader });
        };
        let entry = Entry { client: self.src, seq, request: op };
        if leading.acting || self.has(Bug::OrderEarly) {
            self.serve(entry);
        } else {
            self.wait(entry);
        }
    }

    /// Orders a request that is new, and replies to one that was ordered.
    pub(super) fn serve(&mut self, entry: Entry<M::Op>) {
        let (client, seq) = (entry.client, entry.seq);
        match self.state.image.sessions.status(client, seq) {
            RequestStatus::Repeated(_) if self.has(Bug::ApplyTwice) => self.order(entry),
            RequestStatus::Old if self.has(Bug::OrderOld) => self.order(entry),
            RequestStatus::New => self.order(entry),
            RequestStatus::Repeated(reply) => {
                let early = self.has(Bug::AnswerRetryEarly);
                if self.replies_at_once() || early || !self.state.awaits(client, seq) {
                    let reply = reply.clone();
                    self.send(client, Service::Reply { seq, reply });
                }
            }
            RequestStatus::Old => {}
            // It will be answered; its session went to make room for others.
            RequestStatus::Refused(_) if self.state.awaits(client, seq) => {}
            RequestStatus::Refused(why) => self.send(client, Service::Refused { seq, why }),
        }
    }

    /// Gives a request the next number, applies it, saves it and replicates it. Its backups write it
    /// while it does: the messages to them do not wait for its disk. A read goes the same way: that
    /// the backups answered proves that this is still the view to read in.
    fn order(&mut self, entry: Entry<M::Op>) {
        if !self.state.has_room(self.config) && !self.has(Bug::OrderEarly) {
            return self.wait(entry);
        }
        let image = &mut self.state.to_mut().image;
        let before = image.op;
        let reply = image.apply(&entry);
        self.store(Saved::applied(entry.clone()));
        if self.replies_at_once() {
            self.reply(entry.client, entry.seq, reply.clone());
        }
        let state = self.state.to_mut();
        let Role::Primary(leading) = &mut state.role else { return };
        let (view, op) = (state.view.number, state.image.op);
        if let Some(copying) = &mut leading.copying {
            copying.keep(op, entry.clone());
        }
        leading.replies.insert(op, reply);
        let backups = &state.view.backups;
        if backups.is_empty() {
            self.commit_and_reply();
        } else {
            let level = backups.iter().filter(|id| leading.acked_by(**id) == before);
            let (level, backups): (Vec<Id>, Vec<Id>) =
                (level.copied().collect(), backups.iter().copied().collect());
            if leading.committed == before {
                self.resend_later();
            }
            level.into_iter().for_each(|backup| self.expect(backup));
            for backup in backups {
                self.send(backup, Peer::Replicate { view, op, entries: vec![entry.clone()] });
            }
        }
        self.stream();
    }

    pub(super) fn on_ack(&mut self, view: u64, op: u64) {
        let src = self.src;
        let Role::Primary(leading) = &self.state.role else { return };
        if view != self.state.view.number {
            return;
        }
        if !self.state.view.backups.contains(&src) {
            self.on_copied(op, false);
            if self.has(Bug::CountOutsider) {
                self.commit_and_reply();
            }
            return;
        }
        if leading.acked.get(&src).is_some_and(|acked| *acked >= op) {
            return;
        }
        let last = self.state.image.op;
        let state = self.state.to_mut();
        let Role::Primary(leading) = &mut state.role else { return };
        leading.acked.insert(src, op);
        leading.lagging.remove(&src);
        let acting = leading.acting;
        let all = state.view.backups.iter().all(|backup| leading.acked.contains_key(backup));
        if op < last {
            self.expect(src);
        } else {
            self.cancel_timer(Timer::Overdue(src));
        }
        if acting {
            self.commit_and_reply();
        } else if all || self.has(Bug::ActOnOne) {
            self.cancel_timer(Timer::Resend);
            self.act();
        }
    }

    /// Acknowledges the requests that every backup now has. The replies wait for this replica's own
    /// disk.
    fn commit_and_reply(&mut self) {
        let state = self.state.to_mut();
        let last = state.image.op;
        let Role::Primary(leading) = &mut state.role else { return };
        let held = held(self.config.bug, leading, &state.view, last);
        if held <= leading.committed {
            return;
        }
        let requests = state.image.recent.between(leading.committed + 1, held);
        let requests: Vec<_> = requests.map(|(_, entry)| (entry.client, entry.seq)).collect();
        let open = leading.replies.split_off(&(held + 1));
        let replies = std::mem::replace(&mut leading.replies, open);
        leading.committed = held;
        if held == last && !state.view.backups.is_empty() {
            self.cancel_timer(Timer::Resend);
        }
        if !self.replies_at_once() {
            for ((client, seq), reply) in requests.into_iter().zip(replies.into_values()) {
                self.reply(client, seq, reply);
            }
        }
    }

    /// Replies, unless the client gave up on this request and made another.
    fn reply(&mut self, client: Id, seq: u64, reply: M::Reply) {
        if self.state.image.sessions.status(client, seq) != RequestStatus::Old {
            self.send(client, Service::Reply { seq, reply });
        }
    }

    fn replies_at_once(&self) -> bool {
        self.config.mode == Mode::Asynchronous || self.has(Bug::AcknowledgeEarly)
    }
}
