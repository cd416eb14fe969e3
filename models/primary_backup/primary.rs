//! The primary: orders requests, and acknowledges them when every backup has them.

use super::message::Peer;
use super::replica::{Replica, ReplicaState, Role};
use super::storage::{Entry, Saved};
use super::view::View;
use super::{Bug, Mode, Outbox, Timer};
use crate::kv::sessions::Standing;
use crate::kv::transfer::Piece;
use crate::kv::{Service, StateMachine};
use stateright::actor::Id;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// How many requests may wait for the backups; further ones are ignored, and their clients ask
/// again.
pub const MAX_PENDING: usize = 256;
/// How many requests are sent again to one backup at a time.
pub const MAX_RESEND: usize = 16;

/// What a primary knows about its backups. Volatile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Leading<M: StateMachine> {
    /// Whether it orders requests: every backup held its state when it began to.
    pub acting: bool,
    /// The last operation that each backup acknowledged in this view.
    pub acked: BTreeMap<Id, u64>,
    /// The requests that some backup did not acknowledge yet, by number.
    pub pending: BTreeMap<u64, Entry<M::Op>>,
    /// The replies to them, by number: until they are sent, their sessions may be evicted.
    pub replies: BTreeMap<u64, M::Reply>,
    /// The pieces of its state, cut when the first backup asked for one.
    pub offer: Option<Vec<Piece<M>>>,
}

impl<M: StateMachine> Leading<M> {
    fn waiting() -> Self {
        let (acked, pending, replies) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { acting: false, acked, pending, replies, offer: None }
    }

    /// Acts, and every backup of `view` has acknowledged `op`.
    pub(super) fn acting(view: &View, op: u64) -> Self {
        let acked = view.backups.iter().map(|backup| (*backup, op)).collect();
        Self { acting: true, acked, ..Self::waiting() }
    }

    /// The last operation that every backup of `view` has.
    fn held_by_all(&self, view: &View) -> Option<u64> {
        view.backups.iter().map(|backup| self.acked_by(*backup)).min()
    }

    /// The last operation that some backup of `view` has.
    fn held_by_one(&self, view: &View) -> Option<u64> {
        view.backups.iter().map(|backup| self.acked_by(*backup)).max()
    }

    fn acked_by(&self, backup: Id) -> u64 {
        self.acked.get(&backup).copied().unwrap_or(0)
    }

    fn awaits(&self, client: Id, seq: u64) -> bool {
        self.pending.values().any(|entry| entry.client == client && entry.seq == seq)
    }
}

impl Replica {
    /// Takes up the primary's role: makes every backup hold its state first.
    pub(super) fn begin<M: StateMachine>(&self, state: &mut ReplicaState<M>, o: &mut Outbox<M>) {
        state.role = Role::Primary(Leading::waiting());
        for backup in &state.view.backups {
            o.send(*backup, Self::begin_msg(state));
        }
        if state.view.backups.is_empty() {
            Self::act(state, o);
        } else {
            o.set_timer(Timer::Resend, self.config.timing.resend.clone());
            if self.config.bug == Some(Bug::ActEarly) {
                Self::act(state, o);
            }
        }
    }

    fn begin_msg<M: StateMachine>(state: &ReplicaState<M>) -> Service<M::Op, M::Reply, Peer<M>> {
        let (view, origin, op) = (state.view.number, state.synced, state.image.op);
        Service::Peer(Peer::Begin { view, origin, op })
    }

    /// Every backup holds the state: starts to order requests, and lets the view service know
    /// that each of them may be promoted.
    fn act<M: StateMachine>(state: &mut ReplicaState<M>, o: &mut Outbox<M>) {
        state.role = Role::Primary(Leading::acting(&state.view, state.image.op));
        if !state.is_synced() {
            state.synced = state.view.number;
            o.save(Saved::synced(state.synced));
        }
        Self::ping(state, o);
    }

    pub(super) fn on_request<M: StateMachine>(
        &self,
        state: &mut Cow<'_, ReplicaState<M>>,
        client: Id,
        seq: u64,
        op: M::Op,
        o: &mut Outbox<M>,
    ) {
        let Role::Primary(leading) = &state.role else {
            let (epoch, leader) = (state.view.number, state.view.primary);
            return o.send(client, Service::Redirect { seq, epoch, leader });
        };
        if !leading.acting && self.config.bug != Some(Bug::OrderEarly) {
            return;
        }
        let twice = self.config.bug == Some(Bug::ApplyTwice);
        match state.image.sessions.standing(client, seq) {
            Standing::New => self.order(state, Entry { client, seq, request: op }, o),
            Standing::Repeated(_) if twice => {
                self.order(state, Entry { client, seq, request: op }, o);
            }
            Standing::Repeated(reply) => {
                let early = self.config.bug == Some(Bug::AnswerRetryEarly);
                if self.replies_at_once() || early || !leading.awaits(client, seq) {
                    o.send(client, Service::Reply { seq, reply: reply.clone() });
                }
            }
            Standing::Old if self.config.bug == Some(Bug::OrderOld) => {
                self.order(state, Entry { client, seq, request: op }, o);
            }
            Standing::Old => {}
            // It will be answered; its session went to make room for others.
            Standing::Refused(_) if leading.awaits(client, seq) => {}
            Standing::Refused(why) => o.send(client, Service::Refused { seq, why }),
        }
    }

    /// Gives a request the next number, applies it, saves it and replicates it. A read goes the
    /// same way: that the backups answered proves that this is still the view to read in.
    fn order<M: StateMachine>(
        &self,
        state: &mut Cow<'_, ReplicaState<M>>,
        entry: Entry<M::Op>,
        o: &mut Outbox<M>,
    ) {
        if matches!(&state.role, Role::Primary(leading) if leading.pending.len() >= MAX_PENDING) {
            return;
        }
        let state = state.to_mut();
        let reply = state.image.apply(&entry);
        o.save(Saved::applied(entry.clone()));
        if self.replies_at_once() || state.view.backups.is_empty() {
            Self::reply(state, entry.client, entry.seq, reply.clone(), o);
        }
        let Role::Primary(leading) = &mut state.role else { return };
        if state.view.backups.is_empty() {
            return;
        }
        let (view, op) = (state.view.number, state.image.op);
        if leading.pending.is_empty() {
            o.set_timer(Timer::Resend, self.config.timing.resend.clone());
        }
        leading.pending.insert(op, entry.clone());
        leading.replies.insert(op, reply);
        let msg = Service::Peer(Peer::Replicate { view, op, entry });
        o.broadcast(&state.view.backups, &msg);
    }

    pub(super) fn on_ack<M: StateMachine>(
        &self,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        view: u64,
        op: u64,
        o: &mut Outbox<M>,
    ) {
        let Role::Primary(leading) = &state.role else { return };
        let news = leading.acked.get(&src).is_none_or(|acked| *acked < op);
        // Before it acts, an acknowledgement of less than its whole state is an old one.
        let whole =
            leading.acting || op >= state.image.op || self.config.bug == Some(Bug::CountOldAck);
        if view != state.view.number || !state.view.backups.contains(&src) || !news || !whole {
            return;
        }
        let state = state.to_mut();
        let Role::Primary(leading) = &mut state.role else { return };
        leading.acked.insert(src, op);
        if leading.acting {
            self.settle(state, o);
        } else if state.view.backups.iter().all(|backup| leading.acked.contains_key(backup))
            || self.config.bug == Some(Bug::ActOnOne)
        {
            o.cancel_timer(Timer::Resend);
            Self::act(state, o);
        }
    }

    /// Acknowledges the requests that every backup now has.
    fn settle<M: StateMachine>(&self, state: &mut ReplicaState<M>, o: &mut Outbox<M>) {
        let Role::Primary(leading) = &mut state.role else { return };
        let held = if self.config.bug == Some(Bug::AcknowledgeOnOne) {
            leading.held_by_one(&state.view)
        } else {
            leading.held_by_all(&state.view)
        };
        let Some(held) = held else { return };
        let open = leading.pending.split_off(&(held + 1));
        let settled = std::mem::replace(&mut leading.pending, open);
        let open = leading.replies.split_off(&(held + 1));
        let replies = std::mem::replace(&mut leading.replies, open);
        if !settled.is_empty() && leading.pending.is_empty() {
            o.cancel_timer(Timer::Resend);
        }
        if !self.replies_at_once() {
            for (entry, reply) in settled.into_values().zip(replies.into_values()) {
                Self::reply(state, entry.client, entry.seq, reply, o);
            }
        }
    }

    /// Replies, unless the client gave up on this request and made another.
    fn reply<M: StateMachine>(
        state: &ReplicaState<M>,
        client: Id,
        seq: u64,
        reply: M::Reply,
        o: &mut Outbox<M>,
    ) {
        if state.image.sessions.standing(client, seq) != Standing::Old {
            o.send(client, Service::Reply { seq, reply });
        }
    }

    /// A backup misses requests: what it did not acknowledge is still pending.
    pub(super) fn on_refill<M: StateMachine>(
        state: &ReplicaState<M>,
        src: Id,
        view: u64,
        from: u64,
        o: &mut Outbox<M>,
    ) {
        if view == state.view.number && state.view.backups.contains(&src) {
            Self::resend_from(state, src, from, o);
        }
    }

    /// Sends again whatever some backup did not answer.
    pub(super) fn on_resend<M: StateMachine>(&self, state: &ReplicaState<M>, o: &mut Outbox<M>) {
        let Role::Primary(leading) = &state.role else { return };
        if leading.acting && leading.pending.is_empty() {
            return;
        }
        if self.config.bug != Some(Bug::ResendOnce) {
            o.set_timer(Timer::Resend, self.config.timing.resend.clone());
        }
        if self.config.bug == Some(Bug::NoResend) {
            return;
        }
        for backup in &state.view.backups {
            if leading.acting {
                Self::resend_from(state, *backup, leading.acked_by(*backup) + 1, o);
            } else if !leading.acked.contains_key(backup) {
                o.send(*backup, Self::begin_msg(state));
            }
        }
    }

    fn resend_from<M: StateMachine>(
        state: &ReplicaState<M>,
        backup: Id,
        from: u64,
        o: &mut Outbox<M>,
    ) {
        let Role::Primary(leading) = &state.role else { return };
        let view = state.view.number;
        for (op, entry) in leading.pending.range(from..).take(MAX_RESEND) {
            let (op, entry) = (*op, entry.clone());
            o.send(backup, Service::Peer(Peer::Replicate { view, op, entry }));
        }
    }

    fn replies_at_once(&self) -> bool {
        self.config.mode == Mode::Asynchronous || self.config.bug == Some(Bug::AcknowledgeEarly)
    }
}
