//! Orders: an operator tells a node to move the ring.
//!
//! An order is [sealed](super::Seals), and names the view that it changes, so that it cannot be carried out a
//! second time.

use super::config::{Config, Handoff, Purge};
use super::message::{Answer, Order, Unfit};
use super::state::Timer;
use super::turn::Turn;
use crate::kv::Service;
use crate::membership::{Change, Move, RingState, View};
use stateright::actor::Id;
use std::fmt;

/// In a sentence, with what to do.
impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Forged => "moving a ring takes the servers' key; use the servers' cluster file",
            Self::OtherView => "the ring has changed meanwhile; look at it and ask again",
            Self::UnderWay => "a move is under way; wait until it has ended",
            Self::NotSpare => "a server that is to come must be one of the cluster file, beside the ring",
            Self::Retired => {
                "a server that left, or was replaced, does not come back; take another one"
            }
            Self::NotMember => "a server that is to go must be on the ring",
            Self::TooFew => {
                "the ring is too small: it keeps as many servers as a key has replicas, and only of three \
                 or more, with more than one replica, may one be replaced"
            }
            Self::Itself => "a server cannot replace itself; ask another one",
            Self::Settings => {
                "with `purge=timer`, `purge=repaired` or `handoff=sloppy` the ring does not move: a \
                 purged tombstone, or a hint that counts, may be all that there is of a write"
            }
        })
    }
}

impl Config {
    /// Why this node cannot change this view of its own so.
    fn unfit(&self, view: &View, node: Id, order: &Order) -> Option<Unfit> {
        let members = self.members(view);
        let (goes, comes) = order.change.goes_and_comes();
        let is_spare = |node: &Id| usize::from(*node) < self.nodes && !members.contains(node);
        let too_few = match order.change {
            Change::Join(_) => false,
            Change::Leave(_) => members.len() <= self.replicas,
            // Of two, each could be replaced by order of another, and both moves would end.
            Change::Replace { .. } => members.len() < 3 || self.replicas < 2,
        };
        let flaws = [
            (!self.seals.accepts(order), Unfit::Forged),
            (self.purge != Purge::Never || self.handoff == Handoff::Sloppy, Unfit::Settings),
            (view.is_moving, Unfit::UnderWay),
            (view.name() != order.epoch, Unfit::OtherView),
            (comes.is_some_and(|node| view.retired.contains(&node)), Unfit::Retired),
            (comes.is_some_and(|node| !is_spare(&node)), Unfit::NotSpare),
            (goes.is_some_and(|node| !members.contains(&node)), Unfit::NotMember),
            (too_few, Unfit::TooFew),
            (comes.is_some() && goes == Some(node), Unfit::Itself),
        ];
        flaws.into_iter().find(|(is_it, _)| *is_it).map(|(_, why)| why)
    }
}

impl Turn<'_, '_> {
    /// An operator's order. One that comes again is carried out already.
    pub(super) fn on_order(&mut self, seq: u64, order: Order) {
        let Order { change, epoch, .. } = order;
        let view = &self.state.stable.view;
        let plan = Move { change, mover: self.id };
        let is_known = view.last == Some(plan) && self.config.seals.accepts(&order);
        let is_next = |number: u64| number == view.epoch || number + 1 == view.epoch;
        if !(is_known && is_next(epoch.number.saturating_add(1))) {
            if let Some(why) = self.config.unfit(view, self.id, &order) {
                let reply = Answer::NotMoved(why);
                return self.answer(Service::Reply { seq, reply });
            }
            self.begin_move(plan);
            self.set_timer(Timer::Move, &self.config.timing.resend);
        }
        let reply = Answer::Ring(self.ring_state());
        self.answer(Service::Reply { seq, reply });
    }

    /// What this node knows of the ring.
    pub(super) fn ring_state(&self) -> RingState {
        let stable = &self.state.stable;
        RingState {
            view: View { members: self.config.members(&stable.view), ..stable.view.clone() },
            ready: self.state.ready.clone(),
            copying: self.state.copying.keys().copied().collect(),
            keys: stable.rows.len() as u64,
            hints: stable.hints.len() as u64,
        }
    }
}
