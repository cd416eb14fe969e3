//! The client: it carries its session, what it has seen and its watches from server to server.
//!
//! Everything else is the common client's business. A client that is to hold a lock follows the
//! recipe of Hunt et al. 2010, section 2.4: it creates an ephemeral sequential node, and holds the
//! lock if no node of the lock has a smaller number. Where another has, a client waits for the node
//! before its own to go, by a watch, and looks again; here a client that looks late stands for one
//! that waited.

use super::bugs::Bug;
use super::known::{Known, leaves_out};
use super::message::{Answer, Ask, Msg, What};
use super::op::{Request, Response};
use crate::kv::{self, Bytes, Retry, ScriptedClient, Service};
use stateright::actor::{Actor, Command, Id, Out};
use std::borrow::Cow;

/// A client and its script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeClient {
    /// The common client. What a request carries is added when it is sent.
    pub client: ScriptedClient<Ask>,
    /// The lock that it is to take, if it is to.
    pub(super) lock: Option<Lock>,
    /// Whether it asks its last request again and again, until it has seen the events of all its
    /// watches, as users' clients do.
    pub(super) waits: bool,
    /// The seeded bug. Only the checker ever sets it.
    pub(super) bug: Option<Bug>,
}

/// A lock, for the checker: the children of the root are its nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lock {
    /// The resource that is used while the lock is held.
    pub resource: Option<Id>,
}

/// A client's state.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientState {
    /// That of the common client.
    pub client: kv::ClientState<Answer>,
    /// What it carries from server to server.
    pub known: Known,
    /// The node of the lock that it created: its path and the transaction that did.
    pub node: Option<(Bytes, u64)>,
    /// The fencing token, as long as it believes that it holds the lock.
    pub holds: Option<u64>,
}

/// A node of a cluster, as its client sees it.
pub(super) trait ClientActor: Actor<Msg = Msg, Timer: From<Retry>> {}

impl<A: Actor<Msg = Msg, Timer: From<Retry>>> ClientActor for A {}

impl TreeClient {
    pub(super) fn on_start<A: ClientActor>(&self, o: &mut Out<A>) -> ClientState {
        let mut out = Out::<A>::new();
        let state =
            ClientState { client: self.client.on_start(&mut out), ..ClientState::default() };
        self.send_all(&mut Cow::Borrowed(&state), out, o);
        state
    }

    pub(super) fn on_msg<A: ClientActor>(
        &self,
        state: &mut Cow<'_, ClientState>,
        msg: Msg,
        o: &mut Out<A>,
    ) {
        match &msg {
            Service::Reply { reply: Answer::Events(events), .. } => {
                if events.iter().any(|event| state.known.watches.contains(&event.watch)) {
                    state.to_mut().known.see(events);
                }
                return;
            }
            Service::Reply { seq, reply: answer } if self.client.awaits(&state.client, *seq) => {
                let leaves_out = leaves_out(!state.known.watches.is_empty(), answer);
                if leaves_out && self.bug != Some(Bug::TakeUnknownEvents) {
                    return;
                }
                self.learn(state.to_mut(), answer, o);
                let is_last = state.client.done + 1 == self.client.script.len();
                if self.waits && is_last && !state.known.watches.is_empty() {
                    return;
                }
            }
            _ => {}
        }
        self.drive(state, o, |client, state, o| client.on_msg(state, msg, o));
    }

    pub(super) fn on_retry_timer<A: ClientActor>(
        &self,
        state: &mut Cow<'_, ClientState>,
        o: &mut Out<A>,
    ) {
        self.drive(state, o, ScriptedClient::on_retry);
    }

    /// Learns from the answer to the request that is open.
    fn learn<A: ClientActor>(&self, state: &mut ClientState, answer: &Answer, o: &mut Out<A>) {
        if let Some(ask) = self.client.script.get(state.client.done) {
            state.known.learn(&ask.what, answer);
        }
        let Answer::Done { reply: Some(reply), .. } = answer else { return };
        if state.known.session.is_none() {
            state.holds = None;
        }
        match reply {
            Ok(Response::Created { path, stat }) if self.lock.is_some() => {
                state.node = Some((path.clone(), stat.czxid));
                if self.bug == Some(Bug::HoldOnCreate) {
                    self.take(state, o);
                }
            }
            Ok(Response::Children { names, .. }) if self.lock.is_some() => {
                let own = state.node.as_ref().map(|(path, _)| &path.as_ref()[1..]);
                if own.is_some() && names.first().map(AsRef::as_ref) == own {
                    self.take(state, o);
                }
            }
            _ => {}
        }
    }

    /// It holds the lock, and uses what that protects.
    fn take<A: ClientActor>(&self, state: &mut ClientState, o: &mut Out<A>) {
        state.holds = state.node.as_ref().map(|(_, token)| *token);
        let resource = self.lock.and_then(|lock| lock.resource);
        if let (Some(resource), Some(token)) = (resource, state.holds) {
            let op = Ask { what: What::Use(token), watches: Vec::new() };
            o.send(resource, Service::Request { seq: 0, op });
        }
    }

    /// Lets the common client act.
    fn drive<A: ClientActor>(
        &self,
        state: &mut Cow<'_, ClientState>,
        o: &mut Out<A>,
        act: impl FnOnce(&ScriptedClient<Ask>, &mut Cow<'_, kv::ClientState<Answer>>, &mut Out<A>),
    ) {
        let before = state.client.clone();
        let (mut client, mut out) = (Cow::Borrowed(&before), Out::new());
        act(&self.client, &mut client, &mut out);
        if let Cow::Owned(client) = client {
            state.to_mut().client = client;
        }
        self.send_all(state, out, o);
    }

    /// Sends the common client's requests, with what they carry.
    fn send_all<A: ClientActor>(
        &self,
        state: &mut Cow<'_, ClientState>,
        out: Out<A>,
        o: &mut Out<A>,
    ) {
        for command in out {
            match command {
                Command::Send(to, mut msg) => {
                    if let Service::Request { op, .. } = &mut msg {
                        self.release(state, op);
                        state.known.stamp(op);
                    }
                    o.send(to, msg);
                }
                Command::SetTimer(timer, after) => o.set_timer(timer, after),
                Command::CancelTimer(timer) => o.cancel_timer(timer),
                Command::Save(_) | Command::ChooseRandom(..) => {}
            }
        }
    }

    /// A client that closes its session holds the lock no more before it says so.
    fn release(&self, state: &mut Cow<'_, ClientState>, ask: &Ask) {
        let closes = matches!(&ask.what, What::Write(op) if op.request == Request::CloseSession);
        if closes && state.holds.is_some() && self.bug != Some(Bug::ReleaseLate) {
            state.to_mut().holds = None;
        }
    }
}
