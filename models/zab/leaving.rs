//! Leadership handed over: a leader that is to stop has a successor before anybody misses it.
//!
//! Ongaro 2014, section 3.10, for Raft; ZooKeeper has nothing of the kind. A leader that is shut down
//! would leave the cluster without one until a timer fires. So it says that it leaves, and leads no
//! more; the server with the next id asks who would follow, at once. If that one is down, the
//! timers of the others fire as after a crash.
//!
//! A follower that has not heard of it yet would leave the successor without an answer, as it is
//! loyal to a leader that it hears. So the successor says with its question that the leader of that
//! epoch left.
//!
//! Safety is not touched: a server may look for a leader at any time, and a leader that left behaves
//! like one that crashed and came back.

use super::bugs::Bug;
use super::epoch::Epoch;
use super::message::Peer;
use super::state::Role;
use super::turn::Turn;
use crate::kv::StateMachine;

impl<M: StateMachine> Turn<'_, '_, M> {
    /// It is to stop.
    pub(super) fn on_stop_timer(&mut self) {
        let Role::Leading(_) = self.state.role else { return };
        let epoch = self.epoch();
        if !self.has(Bug::LeaveSilently) {
            self.broadcast(Peer::Leaving { epoch });
        }
        self.look_again();
    }

    /// The leader of this epoch leads no more: the next server would lead.
    pub(super) fn on_leaving(&mut self, epoch: Epoch) {
        if !self.follows(epoch) {
            return;
        }
        self.look_again();
        let next = (usize::from(epoch.leader) + 1) % self.config.servers();
        if usize::from(self.id) == next && !self.has(Bug::SucceedNobody) {
            self.solicit(true);
        }
    }
}
