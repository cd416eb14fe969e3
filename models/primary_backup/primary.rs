//! The primary: orders requests, and acknowledges them when every backup has them.

use super::copy::Copying;
use super::message::Peer;
use super::replica::{Replica, ReplicaState, Role};
use super::storage::{Entry, Saved};
use super::view::View;
use super::{Bug, Mode, Outbox, Timer};
use crate::kv::sessions::Standing;
use crate::kv::{Service, StateMachine};
use stateright::actor::Id;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What a primary knows about its backups. Volatile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Leading<M: StateMachine> {
    /// Whether it orders requests: every backup held its state when it began to.
    pub acting: bool,
    /// The last operation that each backup acknowledged in this view.
    pub acked: BTreeMap<Id, u64>,
    /// The backups that did not acknowledge in time, or cannot: the view service leaves them out.
    pub lagging: BTreeSet<Id>,
    /// The last operation that was acknowledged to its client, with all before it.
    pub settled: u64,
    /// The replies to the operations since, by number: until they are sent, their sessions may be
    /// evicted.
    pub replies: BTreeMap<u64, M::Reply>,
    /// The requests that wait for their turn, in the order in which they came.
    pub waiting: VecDeque<Entry<M::Op>>,
    /// The outsider that copies its state.
    pub copying: Option<Copying<M>>,
}

impl<M: StateMachine> Leading<M> {
    /// Does not act yet, and owes nothing to clients.
    fn beginning(settled: u64) -> Self {
        Self {
            acting: false,
            acked: BTreeMap::new(),
            lagging: BTreeSet::new(),
            settled,
            replies: BTreeMap::new(),
            waiting: VecDeque::new(),
            copying: None,
        }
    }

    /// Acts, and every backup of `view` has acknowledged `op`.
    pub(super) fn acting(view: &View, op: u64) -> Self {
        let acked = view.backups.iter().map(|backup| (*backup, op)).collect();
        Self { acting: true, acked, ..Self::beginning(op) }
    }

    /// The last operation that every backup of `view` has; `op` is the primary's last.
    fn held_by_all(&self, view: &View, op: u64) -> u64 {
        view.backups.iter().map(|backup| self.acked_by(*backup)).min().unwrap_or(op)
    }

    /// What would be acknowledged if one backup were enough, or if who copies counted.
    fn held_by_too_few(&self, view: &View, op: u64, bug: Bug) -> u64 {
        let mut held: Vec<u64> = view.backups.iter().map(|b| self.acked_by(*b)).collect();
        let copied = self.copying.as_ref().and_then(|copying| copying.acked);
        let enough = if bug == Bug::AcknowledgeOnOne { 1 } else { held.len() };
        held.extend(copied.filter(|_| bug == Bug::CountOutsider));
        held.sort_unstable_by(|a, b| b.cmp(a));
        held.get(enough.wrapping_sub(1)).copied().unwrap_or(op)
    }

    pub(super) fn acked_by(&self, backup: Id) -> u64 {
        self.acked.get(&backup).copied().unwrap_or(0)
    }
}

impl<M: StateMachine> ReplicaState<M> {
    /// The requests that wait for their acknowledgement by this replica.
    pub fn pending(&self) -> impl Iterator<Item = &Entry<M::Op>> {
        let settled = match &self.role {
            Role::Primary(leading) => leading.settled,
            _ => self.image.op,
        };
        self.image.recent.since(settled + 1).map(|(_, entry)| entry)
    }

    fn awaits(&self, client: Id, seq: u64) -> bool {
        self.pending().any(|entry| entry.client == client && entry.seq == seq)
    }
}

impl Replica {
    /// Takes up the primary's role: makes every backup hold its state first. If it was the primary
    /// before, clients may still wait for it.
    pub(super) fn begin<M: StateMachine>(&self, state: &mut ReplicaState<M>, o: &mut Outbox<M>) {
        let mut leading = Leading::beginning(state.image.op);
        if let Role::Primary(before) = &mut state.role {
            leading.settled = before.settled;
            leading.replies = std::mem::take(&mut before.replies);
            leading.waiting = std::mem::take(&mut before.waiting);
        }
        state.role = Role::Primary(leading);
        for backup in &state.view.backups {
            o.send(*backup, Self::begin_msg(state));
            self.expect(*backup, o);
        }
        if state.view.backups.is_empty() {
            self.act(state, o);
        } else {
            o.set_timer(Timer::Resend, self.config.timing.resend.clone());
            if self.config.bug == Some(Bug::ActEarly) {
                self.act(state, o);
            }
        }
    }

    pub(super) fn begin_msg<M: StateMachine>(
        state: &ReplicaState<M>,
    ) -> Service<M::Op, M::Reply, Peer<M>> {
        Service::Peer(Peer::Begin { view: state.view.number, op: state.image.op })
    }

    /// Every backup holds the state: starts to order requests, and lets the view service know
    /// that each of them may be promoted.
    fn act<M: StateMachine>(&self, state: &mut ReplicaState<M>, o: &mut Outbox<M>) {
        if let Role::Primary(leading) = &mut state.role {
            leading.acting = true;
            leading.acked = Leading::<M>::acting(&state.view, state.image.op).acked;
            leading.lagging.clear();
        }
        if !state.is_synced() {
            state.synced = state.view.number;
            o.save(Saved::synced(state.synced));
        }
        self.settle(state, o);
        self.ping(state, o);
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
        let entry = Entry { client, seq, request: op };
        if leading.acting || self.config.bug == Some(Bug::OrderEarly) {
            self.serve(state, entry, o);
        } else {
            self.wait(state, entry, o);
        }
    }

    /// Orders a request that is new, and replies to one that was ordered.
    pub(super) fn serve<M: StateMachine>(
        &self,
        state: &mut Cow<'_, ReplicaState<M>>,
        entry: Entry<M::Op>,
        o: &mut Outbox<M>,
    ) {
        let (client, seq, bug) = (entry.client, entry.seq, self.config.bug);
        match state.image.sessions.standing(client, seq) {
            Standing::Repeated(_) if bug == Some(Bug::ApplyTwice) => self.order(state, entry, o),
            Standing::Old if bug == Some(Bug::OrderOld) => self.order(state, entry, o),
            Standing::New => self.order(state, entry, o),
            Standing::Repeated(reply) => {
                let early = bug == Some(Bug::AnswerRetryEarly);
                if self.replies_at_once() || early || !state.awaits(client, seq) {
                    o.send(client, Service::Reply { seq, reply: reply.clone() });
                }
            }
            Standing::Old => {}
            // It will be answered; its session went to make room for others.
            Standing::Refused(_) if state.awaits(client, seq) => {}
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
        if !self.has_room(state) && self.config.bug != Some(Bug::OrderEarly) {
            return self.wait(state, entry, o);
        }
        let state = state.to_mut();
        let before = state.image.op;
        let reply = state.image.apply(&entry);
        o.save(Saved::applied(entry.clone()));
        if self.replies_at_once() {
            Self::reply(state, entry.client, entry.seq, reply.clone(), o);
        }
        let Role::Primary(leading) = &mut state.role else { return };
        let (view, op) = (state.view.number, state.image.op);
        if let Some(copying) = &mut leading.copying {
            copying.keep(op, entry.clone());
        }
        leading.replies.insert(op, reply);
        if state.view.backups.is_empty() {
            self.settle(state, o);
        } else {
            if leading.settled == before {
                o.set_timer(Timer::Resend, self.config.timing.resend.clone());
            }
            for backup in state.view.backups.iter().filter(|b| leading.acked_by(**b) == before) {
                self.expect(*backup, o);
            }
            let msg = Service::Peer(Peer::Replicate { view, op, entries: vec![entry] });
            o.broadcast(&state.view.backups, &msg);
        }
        self.stream(state, o);
    }

    /// Whether one more request may be ordered.
    pub(super) fn has_room<M: StateMachine>(&self, state: &ReplicaState<M>) -> bool {
        let Role::Primary(leading) = &state.role else { return false };
        let copied = |copying: &Copying<M>| copying.bytes < self.config.copy_bytes;
        leading.acting
            && state.image.op - leading.settled < self.config.max_pending
            && leading.copying.as_ref().is_none_or(copied)
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
        if view != state.view.number {
            return;
        }
        if !state.view.backups.contains(&src) {
            self.on_copied(state, src, op, false, o);
            if self.config.bug == Some(Bug::CountOutsider) {
                self.settle(state.to_mut(), o);
            }
            return;
        }
        let news = leading.acked.get(&src).is_none_or(|acked| *acked < op);
        // Before it acts, an acknowledgement of less than its whole state is an old one.
        let whole =
            leading.acting || op >= state.image.op || self.config.bug == Some(Bug::CountOldAck);
        if !news || !whole {
            return;
        }
        let state = state.to_mut();
        let last = state.image.op;
        let Role::Primary(leading) = &mut state.role else { return };
        leading.acked.insert(src, op);
        leading.lagging.remove(&src);
        if op < last {
            self.expect(src, o);
        } else {
            o.cancel_timer(Timer::Overdue(src));
        }
        if leading.acting {
            self.settle(state, o);
        } else if state.view.backups.iter().all(|backup| leading.acked.contains_key(backup))
            || self.config.bug == Some(Bug::ActOnOne)
        {
            o.cancel_timer(Timer::Resend);
            self.act(state, o);
        }
    }

    /// Acknowledges the requests that every backup now has.
    fn settle<M: StateMachine>(&self, state: &mut ReplicaState<M>, o: &mut Outbox<M>) {
        let last = state.image.op;
        let Role::Primary(leading) = &mut state.role else { return };
        let held = match self.config.bug {
            Some(bug @ (Bug::AcknowledgeOnOne | Bug::CountOutsider)) => {
                leading.held_by_too_few(&state.view, last, bug)
            }
            _ => leading.held_by_all(&state.view, last),
        };
        if held <= leading.settled {
            return;
        }
        let requests = state.image.recent.between(leading.settled + 1, held);
        let requests: Vec<_> = requests.map(|(_, entry)| (entry.client, entry.seq)).collect();
        let open = leading.replies.split_off(&(held + 1));
        let replies = std::mem::replace(&mut leading.replies, open);
        leading.settled = held;
        if held == last && !state.view.backups.is_empty() {
            o.cancel_timer(Timer::Resend);
        }
        if !self.replies_at_once() {
            for ((client, seq), reply) in requests.into_iter().zip(replies.into_values()) {
                Self::reply(state, client, seq, reply, o);
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

    fn replies_at_once(&self) -> bool {
        self.config.mode == Mode::Asynchronous || self.config.bug == Some(Bug::AcknowledgeEarly)
    }
}
