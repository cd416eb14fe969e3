//! A node joins, leaves or is replaced, while requests go on.
//!
//! # How it works
//!
//! One node, the *mover*, carries out what its operator asks for. It makes the view in which both the
//! replicas of before and the pending ones count, and when every node has done its part, the view of
//! after. Every message between nodes says the epoch of its sender's view, and a node takes none of
//! another epoch. To a sender that is behind it says its own view, which that one adopts.
//!
//! * A request waits for as many more replicas as there are pending ones, of all of them. So what is
//!   written during a move is at as many replicas of before, and of after, as its level says.
//! * A node that adopts a view begins its open requests again: no request counts answers of two views.
//! * A pending replica copies what it will hold from all members but one that is taken to be lost
//!   ([`Change::Replace`]), of which each sends once it has adopted the view: after that it acknowledges
//!   nothing of the view before, so that nothing that is acknowledged there is missed.
//! * A node is *ready* when it has adopted the view, and copied what it gains. The mover makes the view of
//!   after when all are ready, and in that one nodes forget what they hold no longer.
//!
//! # Why it is safe
//!
//! Of a key with N replicas of which p change, requests of the view of before wait for R and W of N, those
//! of the move for R + p and W + p of N + p, and those of after for R and W of N again. Whatever W + p
//! of N + p hold, W of each N hold. So where R + W > N, of each two views that follow each other a read of
//! one and a write of the other have a node in common, and it can take part in one view only: the
//! other request fails in its view. What ended before is found there, or came to the pending replicas
//! from every node that was not lost. Of the first and the last view both hold too, since no node is
//! left in the first one that a quorum needs.
//!
//! # Deviations
//!
//! * Cassandra reads from the replicas of before until the pending ones have copied, and then from those
//!   of after, each node when it hears of it. A read of before then need not meet a write of after
//!   (`natural-reads`). Its version 5.1 adds a step between the two (CEP-21); reading from pending replicas
//!   as well needs none.
//! * Cassandra copies from one replica of before: the one that loses the range (CASSANDRA-2434), or where
//!   that one is lost, any other (`stream-from-one`); a repair must follow then.
//! * A log of views that a group of nodes agrees on (CEP-21) takes the place of the mover's word there.
//!   Here operators give one order at a time, which the command sees to: it tells the lowest member that is
//!   not to be replaced, and that one takes no second order. Should two nodes be told at once, nothing is
//!   lost (`two-orders`): each message says whose view it is of, a node adopts one of the two, and the view of
//!   after needs all of them, so at most one of the two moves ends. But then neither may.
//! * A node that takes the place of another has tokens of its own.
//! * A move may begin when the view of after is not known everywhere yet (`move-twice`): that of before it
//!   has no quorum left, as all were ready in the one between.
//!
//! # Bounds
//!
//! Tombstones are not purged by clusters that move: a pending replica has no horizon yet, so an older write
//! could reach it alone. A move waits for each member that is down, and cannot be taken back; requests
//! go on meanwhile. There are always as many members as a key has replicas.

use super::bugs::Bug;
use super::message::{Call, Cause, Moved, Peer, Update};
use super::state::{Phase, Progress, Timer};
use super::storage::Record;
use super::turn::Turn;
use crate::kv::Bytes;
use crate::membership::{Move, View};
use stateright::actor::Id;

impl Turn<'_, '_> {
    /// Starts with a view in which this node may have something to do.
    pub(super) fn resume_move(&mut self) {
        if self.state.stable.view.is_moving {
            self.copy_what_moves();
            self.ask_for_rest();
        }
        let is_asked = self.config.plan.is_some_and(|plan| plan.mover == self.id);
        if self.is_mover() || is_asked && self.state.stable.view.epoch == 0 {
            self.set_timer(Timer::Move, &self.config.timing.resend);
            self.report();
        }
    }

    fn is_mover(&self) -> bool {
        self.state.stable.view.last.is_some_and(|last| last.mover == self.id)
    }

    /// Begins what the operator asked for, or sends again what was not answered.
    pub(super) fn on_move_timer(&mut self) {
        if self.is_mover() {
            self.spread();
        } else if let Some(plan) = self.config.plan.filter(|_| self.state.stable.view.epoch == 0) {
            self.begin_move(plan);
        }
        if !self.is_over() && !self.has(Bug::NoMoveTimer) {
            self.set_timer(Timer::Move, &self.config.timing.resend);
        }
    }

    pub(super) fn begin_move(&mut self, mut plan: Move) {
        if self.has(Bug::NamelessView) {
            plan.mover = Id::from(0);
        }
        let view = self.config.begin(&self.state.stable.view, plan);
        self.adopt(view);
        self.spread();
    }

    /// Sends the view to the nodes that are not ready, and asks again for what is to be copied.
    fn spread(&mut self) {
        let view = self.state.stable.view.clone();
        let ready = self.state.ready.clone();
        for node in view.awaited().into_iter().filter(|node| !ready.contains(node)) {
            if node != self.id {
                self.tell(node, Peer::View(view.clone()));
            }
        }
        self.ask_for_rest();
        self.report();
    }

    /// Another node has this view.
    pub(super) fn on_view(&mut self, view: View) {
        let own = &self.state.stable.view;
        if view.epoch > own.epoch {
            self.adopt(view);
        } else if view.name() != own.name() {
            // Its mover may not know that another one's view took the place of its own.
            if view.epoch < own.epoch && view.name().mover != own.name().mover {
                let own = own.clone();
                self.respond(Peer::View(own));
            }
            return;
        }
        self.ask_for_rest();
        self.report();
    }

    fn adopt(&mut self, view: View) {
        let rings = self.config.rings(&view);
        self.change(Record::View(view));
        let state = self.state.to_mut();
        state.rings = rings;
        state.ready.clear();
        state.copying.clear();
        if !self.has(Bug::KeepMoved) {
            self.forget_moved();
        }
        self.copy_what_moves();
        let calls: Vec<Call> = self.state.open.keys().copied().collect();
        calls.into_iter().for_each(|call| self.begin_again(call));
    }

    /// Forgets the keys of which this node is no replica, and keeps hints for the nodes that are.
    fn forget_moved(&mut self) {
        let gone = self.state.stable.keys_after(None).filter(|key| !self.holds(key));
        let gone: Vec<Bytes> = gone.cloned().collect();
        let hints = self.state.stable.hints.iter();
        let astray = hints.filter(|((node, key), _)| !self.replicas(key).contains(node));
        let astray: Vec<_> = astray.map(|(at, version)| (at.clone(), version.clone())).collect();
        gone.into_iter().for_each(|key| self.change(Record::Dropped(key)));
        for ((node, key), version) in astray {
            self.change(Record::Handed(node, key.clone()));
            self.others(&key).for_each(|node| self.keep(node, &key, &version));
        }
    }

    /// Will ask the other members for what this node is to hold.
    fn copy_what_moves(&mut self) {
        if !self.config.gains(self.state.rings.as_ref(), self.id) {
            return;
        }
        let view = &self.state.stable.view;
        let (members, awaited, id) = (view.members.clone(), view.awaited(), self.id);
        let few = if self.has(Bug::StreamFromOne) { 1 } else { usize::MAX };
        let sources = members.into_iter().filter(|node| awaited.contains(node) && *node != id);
        let sources = sources.take(few).map(|node| (node, None));
        self.state.to_mut().copying.extend(sources);
    }

    fn ask_for_rest(&mut self) {
        let open: Vec<_> = self.state.copying.clone().into_iter().collect();
        for (node, after) in open {
            self.tell(node, Peer::Copy { after });
        }
    }

    /// Sends a piece of what another node gains.
    pub(super) fn on_copy(&mut self, after: Option<Bytes>) {
        let wanted = self.state.stable.keys_after(after.as_ref());
        let (mut moved, mut size, mut next) = (Vec::<Moved>::new(), 0, None);
        for key in wanted.filter(|key| self.replicas(key).contains(&self.src)) {
            let one = self.moved(key);
            size += one.bytes();
            if size > self.config.piece_bytes && !moved.is_empty() {
                next = moved.last().map(|last| last.key.clone());
                break;
            }
            moved.push(one);
        }
        self.respond(Peer::Copied { after, moved, next });
    }

    /// Takes a piece, and asks for the next one.
    pub(super) fn on_copied(
        &mut self,
        after: Option<&Bytes>,
        moved: Vec<Moved>,
        next: Option<Bytes>,
    ) {
        if self.state.copying.get(&self.src).map(Option::as_ref) != Some(after) {
            return;
        }
        for one in moved {
            if self.holds(&one.key) {
                self.merge_moved(one);
            }
        }
        let src = self.src;
        let copying = &mut self.state.to_mut().copying;
        if next.is_some() {
            copying.insert(src, next.clone());
            self.respond(Peer::Copy { after: next });
        } else {
            copying.remove(&src);
            self.report();
        }
    }

    /// Tells the mover that this node is ready, if it is.
    fn report(&mut self) {
        let is_ready = self.state.copying.is_empty() || self.has(Bug::ReadyEarly);
        let Some(Move { mover, .. }) = self.state.stable.view.last.filter(|_| is_ready) else {
            return;
        };
        if mover == self.id {
            self.on_ready(self.id);
        } else {
            self.tell(mover, Peer::Ready);
        }
    }

    /// A node is ready: the next view follows if all are.
    pub(super) fn on_ready(&mut self, node: Id) {
        if !self.is_mover() || self.state.ready.contains(&node) {
            return;
        }
        self.state.to_mut().ready.insert(node);
        let view = &self.state.stable.view;
        if !view.is_moving || !view.awaited().is_subset(&self.state.ready) {
            return;
        }
        let (epoch, members) = (view.epoch + 1, view.after());
        self.adopt(View { epoch, members, is_moving: false, ..view.clone() });
        self.spread();
    }

    /// Whether this node has no part of a move to carry out.
    fn is_over(&self) -> bool {
        let view = &self.state.stable.view;
        !view.is_moving && view.epoch > 0 && view.awaited().is_subset(&self.state.ready)
    }

    /// Begins a request again in a new view: what was answered in the one before does not count.
    fn begin_again(&mut self, call: Call) {
        let Some(open) = self.state.open.get(&call).cloned() else { return };
        let (key, level) = (open.key, open.level);
        match open.phase {
            Phase::Writing { .. } if self.has(Bug::KeepAcks) => self.finish_write(call),
            Phase::Writing { version, is_answered, acked, .. } => {
                if is_answered {
                    self.send_write(&key, Cause::Call(call), &version, &acked);
                } else {
                    self.write(call, key, level, &version);
                }
            }
            Phase::Querying { value, .. } => self.query(call, key, level, value),
            Phase::Reading { .. } | Phase::Repairing { .. } => self.on_get(call, key, level),
            Phase::Serial(attempt) => match attempt.progress {
                Progress::Proposing { update, answer, .. }
                    if answer.is_some() && update != Update::Nothing =>
                {
                    self.propose(call, &key, update, answer);
                }
                Progress::Committing { version, answer, .. } => {
                    self.commit_everywhere(call, &key, version, answer);
                }
                _ => self.prepare(call, attempt.op),
            },
        }
    }
}
