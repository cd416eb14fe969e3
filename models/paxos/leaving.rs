//! Leadership transfer: a leader that is to stop has a successor before anybody misses it.
//!
//! Ongaro 2014, section 3.10: a leader that is shut down would leave the cluster without one for an
//! election timeout. So it says that it is leaving, and leads no more; the replica with the next id
//! prepares at once. If that one is down, the election timers of the others fire as after a crash.
//! The source's leader first brings its successor up to date; here a candidate catches up as any
//! other does before it leads.
//!
//! Safety is not touched: a replica may take a ballot at any time, and a leader that left behaves
//! like one that crashed and came back. That the successor leads with no election timer is claimed
//! in `instances/leaving.rs`.

use super::ballot::Ballot;
use super::bugs::Bug;
use super::message::Peer;
use super::state::{Role, Timer};
use super::turn::Turn;
use crate::kv::StateMachine;
use std::collections::BTreeSet;

impl<M: StateMachine> Turn<'_, '_, M> {
    /// It is to stop.
    pub(super) fn on_stop_timer(&mut self) {
        if !self.state.is_leading() {
            return;
        }
        let ballot = self.state.stable.promised;
        if !self.has(Bug::LeaveSilently) {
            self.broadcast(Peer::Leaving { ballot });
        }
        self.cancel_timer(Timer::Heartbeat);
        self.give_up();
    }

    /// The leader of this ballot leads no more: the next replica prepares, and the others miss the
    /// leader, so that they agree to any that asks.
    pub(super) fn on_leaving(&mut self, ballot: Ballot) {
        let state = &self.state;
        if ballot != state.stable.promised || state.role != Role::Follower {
            return;
        }
        self.state.to_mut().missing = Some(BTreeSet::new());
        let next = (usize::from(ballot.leader) + 1) % self.config.servers;
        if usize::from(self.id) == next && !self.has(Bug::SucceedNobody) {
            self.prepare();
        }
    }
}
