//! A server as a part of another node: a service that has more to do than to replicate a state
//! machine, such as [ZooKeeper](crate::zookeeper)'s sessions and watches.

use super::config::{Server, Zab};
use super::message::{Command, Msg, Peer, Txn};
use super::state::{ServerState, Timer};
use super::storage::{Record, Saved};
use super::turn::Turn;
use crate::kv::StateMachine;
use stateright::actor::{Id, Out};
use std::borrow::Cow;

impl<M: StateMachine> Server<M> {
    pub(crate) fn on_start(
        &self,
        id: Id,
        saved: Option<&Saved<M>>,
        o: &mut Out<Zab<M>>,
    ) -> ServerState<M> {
        let prepared = self.prepared.as_ref();
        Turn::start(&self.config, id, o, |mut turn: Turn<'_, '_, M>| turn.on_start(saved, prepared))
    }

    pub(crate) fn on_msg(
        &self,
        id: Id,
        state: &mut Cow<'_, ServerState<M>>,
        src: Id,
        msg: Msg<M>,
        o: &mut Out<Zab<M>>,
    ) {
        Turn::on_message(&self.config, id, src, state, o).on_msg(msg);
    }

    pub(crate) fn on_timer(
        &self,
        id: Id,
        state: &mut Cow<'_, ServerState<M>>,
        timer: Timer,
        o: &mut Out<Zab<M>>,
    ) {
        Turn::of_its_own(&self.config, id, state, o).on_timer(timer);
    }

    /// Proposes a transaction that no client asked for, if this server leads. Nobody is answered,
    /// and the proposal may come to nothing, if another leader takes over.
    pub(crate) fn propose(
        &self,
        id: Id,
        state: &mut Cow<'_, ServerState<M>>,
        op: M::Op,
        o: &mut Out<Zab<M>>,
    ) {
        Turn::of_its_own(&self.config, id, state, o).order_own(op);
    }

    /// Whether a message to another server leaves only when all is durable that was saved before.
    pub(crate) fn waits(&self, msg: &Peer<M>) -> bool {
        match msg {
            // A proposal counts here when it is durable here.
            Peer::Propose { .. } => false,
            Peer::Commit { .. } | Peer::UpToDate { .. } | Peer::Ping { .. } => self.reply_waits(),
            _ => !self.config.bug.is_some_and(|bug| bug.hastens(msg)),
        }
    }

    /// The same of an answer to a client. What is committed is on the disks of a quorum; of a
    /// single server, that is its own.
    pub(crate) fn reply_waits(&self) -> bool {
        self.config.servers() == 1
    }

    /// Whether a crash may lose this.
    pub(crate) fn is_lazy(saved: &Saved<M>) -> bool {
        saved.is_all(Record::is_lazy)
    }

    /// Whether a server in this state leads an established epoch.
    pub(crate) fn is_leading(&self, state: &ServerState<M>) -> bool {
        let quorum = self.config.quorum();
        state.leading().is_some_and(|leading| leading.followers.len() + 1 >= quorum)
    }
}

impl<M: StateMachine> Turn<'_, '_, M> {
    /// Orders an operation of its own, unless that is in the history and not delivered.
    fn order_own(&mut self, op: M::Op) {
        if self.is_established() && !self.is_own_open(&op) {
            self.order(Command::<M::Op>::OF_A_SERVER, Some(op));
        }
    }

    fn is_own_open(&self, op: &M::Op) -> bool {
        let stable = &self.state.stable;
        let is_it = |txn: &Txn<M::Op>| {
            txn.command.seq == Command::<M::Op>::OF_A_SERVER && txn.command.op.as_ref() == Some(op)
        };
        stable.log.range(stable.image.slot + 1..).any(|(_, txn)| is_it(txn))
    }
}
