//! The client: part of the protocol, checked with the servers, and driven by the runtime.
//!
//! A client works through its script one request at a time. It asks the server it believes
//! leads; a redirect or a retry moves it on to another; the sequence number lets the servers
//! recognise a request that comes twice.
//!
//! A client whose session has expired is at its end: whether the request that was refused was
//! done before cannot be told ([`Refusal::SessionExpired`]), and none of its later ones would be
//! done. What is left to do is for a new client, under a new id and with numbers from 1: an id is
//! never used for a second session.

#[cfg(test)]
mod expiry;

use super::machine::Value;
use super::service::{Refusal, Service};
use stateright::actor::{Actor, Id, Out};
use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

/// The client's one timer: ask again, and ask another server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Retry;

/// A client and its script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client<O> {
    /// What it asks for, in order.
    pub script: Vec<O>,
    /// The sequence number of the first request; 1 for a new client.
    pub first_seq: u64,
    /// The servers that take requests, in the order in which it tries them. Not empty.
    pub servers: Vec<Id>,
    /// How long it waits for an answer before it asks again.
    pub retry: Range<Duration>,
}

/// A client's state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientState<R> {
    /// How many requests of the script are done; all of them where the session has expired.
    pub done: usize,
    /// Whom it asks.
    pub target: Id,
    /// How new its knowledge of `target` is.
    pub epoch: u64,
    /// What came of the last request that was done.
    pub last: Option<Result<R, Refusal>>,
}

/// Of a client that has asked for nothing.
impl<R> Default for ClientState<R> {
    fn default() -> Self {
        Self { done: 0, target: Id::from(0), epoch: 0, last: None }
    }
}

impl<O: Value> Client<O> {
    /// Starts with the first request.
    pub fn on_start<R, P, A>(&self, o: &mut Out<A>) -> ClientState<R>
    where
        A: Actor<Msg = Service<O, R, P>>,
        A::Timer: From<Retry>,
    {
        let state = ClientState { done: 0, target: self.servers[0], epoch: 0, last: None };
        self.ask(&state, o);
        state
    }

    /// Takes an answer.
    pub fn on_msg<R: Value, P, A>(
        &self,
        state: &mut Cow<'_, ClientState<R>>,
        msg: Service<O, R, P>,
        o: &mut Out<A>,
    ) where
        A: Actor<Msg = Service<O, R, P>>,
        A::Timer: From<Retry>,
    {
        let Some(open) = self.open(state) else { return };
        match msg {
            Service::Reply { seq, reply } if seq == open => self.finish(state, Ok(reply), o),
            Service::Refused { seq, why } if seq == open => self.finish(state, Err(why), o),
            Service::Redirect { seq, epoch, leader } if seq == open && epoch > state.epoch => {
                let state = state.to_mut();
                state.target = leader;
                state.epoch = epoch;
                self.ask(state, o);
            }
            _ => {}
        }
    }

    /// No answer came: asks the next server.
    pub fn on_retry<R: Value, P, A>(&self, state: &mut Cow<'_, ClientState<R>>, o: &mut Out<A>)
    where
        A: Actor<Msg = Service<O, R, P>>,
        A::Timer: From<Retry>,
    {
        if self.open(state).is_none() {
            return;
        }
        let at = self.servers.iter().position(|server| *server == state.target);
        let next = self.servers[at.map_or(0, |at| (at + 1) % self.servers.len())];
        if next != state.target {
            state.to_mut().target = next;
        }
        self.ask(state, o);
    }

    /// The sequence number of the request that waits for an answer.
    pub fn open<R>(&self, state: &ClientState<R>) -> Option<u64> {
        (state.done < self.script.len()).then(|| self.first_seq + state.done as u64)
    }

    fn finish<R: Value, P, A>(
        &self,
        state: &mut Cow<'_, ClientState<R>>,
        result: Result<R, Refusal>,
        o: &mut Out<A>,
    ) where
        A: Actor<Msg = Service<O, R, P>>,
        A::Timer: From<Retry>,
    {
        let state = state.to_mut();
        state.done = match result {
            Err(Refusal::SessionExpired) => self.script.len(),
            _ => state.done + 1,
        };
        state.last = Some(result);
        if self.open(state).is_some() {
            self.ask(state, o);
        } else {
            o.cancel_timer(Retry.into());
        }
    }

    fn ask<R, P, A>(&self, state: &ClientState<R>, o: &mut Out<A>)
    where
        A: Actor<Msg = Service<O, R, P>>,
        A::Timer: From<Retry>,
    {
        let Some(seq) = self.open(state) else { return };
        let op = self.script[state.done].clone();
        o.send(state.target, Service::Request { seq, op });
        o.set_timer(Retry.into(), self.retry.clone());
    }
}
