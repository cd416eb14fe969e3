//! When a save becomes durable, and what waits for it.

use super::cluster::Inner;
use super::local::Effect;
use super::observer::Observer;
use super::parts::{Checkable, Disk, NodeOf, Process};
use super::setup::{DiskKind, Setup};
use super::waiting::Waiting;
use crate::durable::{Durable, Recoverable};
use stateright::actor::Id;

impl<A: Checkable, H: Observer<A::Msg>> Setup<A, H> {
    /// Sets an [asynchronous disk](DiskKind::Asynchronous), for which some messages and saves of
    /// the actor do not wait, as it says.
    #[must_use]
    pub fn asynchronous_disk(mut self) -> Self
    where
        A: Recoverable,
    {
        self.disk = DiskKind::Asynchronous;
        self.waiting = Waiting { waits: A::waits_for_disk, is_lazy: A::is_lazy };
        self
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Inner<A, H> {
    /// A handler of this node saves. On an asynchronous disk what a node saves as it starts is
    /// durable before it does anything else; and where a node never crashes, it makes no difference
    /// when a save becomes durable.
    pub(super) fn save(&self, before: &NodeOf<A>, disk: &mut Disk<A::Storage>, delta: A::Storage) {
        match self.setup.disk {
            DiskKind::WriteBack => disk.pending.push(delta),
            DiskKind::Asynchronous if self.saves_late(before) => {
                let actor = &self.setup.actors[usize::from(before.id)];
                disk.blocks |= !(self.setup.waiting.is_lazy)(actor, &delta);
                // All of them become durable at once.
                match disk.pending.first_mut() {
                    Some(pending) => pending.absorb(delta),
                    None => disk.pending.push(delta),
                }
            }
            DiskKind::Synchronous | DiskKind::Asynchronous => {
                Durable::fold(&mut disk.durable, delta);
            }
        }
    }

    fn saves_late(&self, before: &NodeOf<A>) -> bool {
        matches!(before.process, Process::Up { .. }) && self.may_crash(before.id)
    }

    /// Holds back the messages of a handler that wait for the disk; gives the rest.
    pub(super) fn hold(
        &self,
        id: Id,
        disk: &Disk<A::Storage>,
        held: &mut Vec<(Id, A::Msg)>,
        sent: Vec<(Id, A::Msg)>,
    ) -> Vec<(Id, A::Msg)> {
        if !disk.blocks {
            return sent;
        }
        let actor = &self.setup.actors[usize::from(id)];
        let waits = self.setup.waiting.waits;
        let (later, now) = sent.into_iter().partition(|(_, msg)| waits(actor, msg));
        held.extend::<Vec<_>>(later);
        if self.setup.network.keeps_one_copy() {
            // The order has no meaning there.
            held.sort();
            held.dedup();
        }
        now
    }

    /// A write-back disk writes the oldest pending save; an asynchronous one all of them, after
    /// which everything leaves that waited for it. To write fewer is to write earlier.
    pub(super) fn on_flush(&self, node: &NodeOf<A>) -> Effect {
        let mut written = node.clone();
        let count = match self.setup.disk {
            DiskKind::Asynchronous => written.disk.pending.len(),
            DiskKind::Synchronous | DiskKind::WriteBack => 1,
        };
        for delta in written.disk.pending.drain(..count) {
            Durable::fold(&mut written.disk.durable, delta);
        }
        written.disk.blocks = false;
        let sent = std::mem::take(&mut written.held);
        self.departing(written, sent)
    }
}
