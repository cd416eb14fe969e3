//! The actor that a client drives.

use quorate_models::kv::machine::Value;
use quorate_models::kv::service::Refusal;
use quorate_models::kv::{ClientState, Retry, ScriptedClient, Service};
use stateright::actor::{Actor, Id, Out};
use std::borrow::Cow;
use std::marker::PhantomData;
use std::ops::Range;
use std::time::Duration;

/// The client actor of `models::kv`, on its own, with one operation to do.
pub(in crate::node) struct Driven<O, R, P>(ScriptedClient<O>, PhantomData<fn() -> (R, P)>);

impl<O: Value, R: Value, P: Value> Driven<O, R, P> {
    /// One that does `op` as its request number `seq`, and asks the first of `servers` first.
    pub(in crate::node) fn new(op: O, seq: u64, servers: Vec<Id>, retry: Range<Duration>) -> Self {
        Self(
            ScriptedClient { script: vec![op], first_seq: seq, slots: 1, servers, retry },
            PhantomData,
        )
    }

    /// Gives its request another number. It was not sent yet.
    pub(in crate::node) fn renumber(&mut self, seq: u64) {
        self.0.first_seq = seq;
    }

    /// Sends it to this server only. It was not sent yet.
    pub(in crate::node) fn stay_at(&mut self, server: Id) {
        self.0.servers = vec![server];
    }

    /// Its request.
    pub(in crate::node) fn request(&self) -> Service<O, R, P> {
        // It has one operation, from the start.
        Service::Request { seq: self.0.first_seq, op: self.0.script[0].clone() }
    }

    /// Whether a message is no answer to its request that is not to be taken.
    pub(in crate::node) fn may_take(
        &self,
        msg: &Service<O, R, P>,
        takes: fn(&O, &R) -> bool,
    ) -> bool {
        match msg {
            Service::Reply { seq, reply } if *seq == self.0.first_seq => {
                takes(&self.0.script[0], reply)
            }
            _ => true,
        }
    }

    /// Its operation.
    pub(in crate::node) fn into_op(mut self) -> Option<O> {
        self.0.script.pop()
    }

    /// Whether a message says that a server is too busy for its request; `None` if it is not about that.
    pub(in crate::node) fn is_busy(&self, msg: &Service<O, R, P>) -> Option<bool> {
        let (seq, is_busy) = match msg {
            Service::Refused { seq, why } => (*seq, *why == Refusal::Busy),
            Service::Redirect { seq, .. } | Service::Reply { seq, .. } => (*seq, false),
            Service::Request { .. } | Service::Peer(_) => return None,
        };
        (seq == self.0.first_seq).then_some(is_busy)
    }
}

impl<O: Value, R: Value, P: Value> Actor for Driven<O, R, P> {
    type Msg = Service<O, R, P>;
    type Timer = Retry;
    type State = ClientState<R>;
    type Storage = ();
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> ClientState<R> {
        self.0.on_start(o)
    }

    fn on_msg(
        &self,
        _: Id,
        state: &mut Cow<'_, ClientState<R>>,
        _: Id,
        msg: Service<O, R, P>,
        o: &mut Out<Self>,
    ) {
        self.0.on_msg(state, msg, o);
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, ClientState<R>>, _: &Retry, o: &mut Out<Self>) {
        self.0.on_retry(state, o);
    }
}
