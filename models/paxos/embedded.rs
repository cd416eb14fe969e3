//! A replica as a part of another node: a service whose nodes have more to do than to replicate a
//! state machine, such as [Kafka](crate::kafka)'s controllers.

use super::config::{Paxos, Replica};
use super::message::{Command, Msg, Peer};
use super::state::{ReplicaState, Timer};
use super::storage::Saved;
use super::turn::Turn;
use crate::kv::StateMachine;
use stateright::actor::{Id, Out};
use std::borrow::Cow;

impl Replica {
    /// Starts, from what it saved if it did, else with this machine, the same at all replicas.
    pub(crate) fn on_start<M: StateMachine>(
        &self,
        id: Id,
        saved: Option<&Saved<M>>,
        first: M,
        o: &mut Out<Paxos<M>>,
    ) -> ReplicaState<M> {
        let start = |mut turn: Turn<'_, '_, M>| turn.on_start(saved, first);
        Turn::start(&self.config, id, o, start)
    }

    pub(crate) fn on_msg<M: StateMachine>(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState<M>>,
        src: Id,
        msg: Msg<M>,
        o: &mut Out<Paxos<M>>,
    ) {
        Turn::on_message(&self.config, id, src, state, o).on_msg(msg);
    }

    pub(crate) fn on_timer<M: StateMachine>(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState<M>>,
        timer: Timer,
        o: &mut Out<Paxos<M>>,
    ) {
        Turn::of_its_own(&self.config, id, state, o).on_timer(timer);
    }

    /// Proposes an operation that no client asked for, if this replica leads and its window is not
    /// full. Nobody is answered, and the proposal may come to nothing, if another leader takes over.
    pub(crate) fn propose<M: StateMachine>(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState<M>>,
        op: M::Op,
        o: &mut Out<Paxos<M>>,
    ) {
        Turn::of_its_own(&self.config, id, state, o).order_own(op);
    }

    /// Whether a message to another replica leaves only when all is durable that was saved before.
    /// The leader's proposals are of a ballot that is durable, and what it says is chosen is so by
    /// votes that are durable.
    pub(crate) fn waits<M: StateMachine>(&self, msg: &Peer<M>) -> bool {
        match msg {
            Peer::Accept { .. }
            | Peer::Chosen { .. }
            | Peer::Heartbeat { .. }
            | Peer::Confirm { .. }
            | Peer::Confirmed { .. } => false,
            msg => !self.config.bug.is_some_and(|bug| bug.hastens(msg)),
        }
    }

    /// Whether a crash may lose this.
    pub(crate) fn is_lazy<M: StateMachine>(&self, saved: &Saved<M>) -> bool {
        let bug = self.config.bug;
        saved.is_all(|delta| delta.is_lazy() || bug.is_some_and(|bug| bug.puts_off(delta)))
    }
}

impl<M: StateMachine> ReplicaState<M> {
    /// Whether a proposal is open here: what it will come to is not applied yet.
    pub(crate) fn has_open(&self) -> bool {
        !self.stable.accepted.is_empty()
    }
}

impl<M: StateMachine> Turn<'_, '_, M> {
    fn order_own(&mut self, op: M::Op) {
        let has_room = (self.state.stable.accepted.len() as u64) < self.config.window;
        if self.state.is_leading() && has_room {
            let (client, seq) = (self.id, Command::<M::Op>::OF_A_SERVER);
            let slot = self.state.next_slot();
            self.propose(slot, Command::Request { client, seq, op });
            self.commit_and_reply();
        }
    }
}
