//! The client: it carries its session, what it has seen and its watches from server to server.
//!
//! Everything else is the common client's business. A client that is to hold a lock follows the
//! recipe of Hunt et al. 2010, section 2.4: it creates an ephemeral sequential node, and holds the
//! lock if no node of the lock has a smaller number. Where another has, a client waits for the node
//! before its own to go, by a watch, and looks again; here a client that looks late stands for one
//! that waited.

use super::bugs::Bug;
use super::message::{Answer, Ask, Msg, What};
use super::op::{Error, Reply, Request, Response, SessionId};
use super::watch::{Watch, WatchedEvent};
use crate::kv::{self, Bytes, Retry, ScriptedClient, Service};
use crate::zab::Zxid;
use stateright::actor::{Actor, Command, Id, Out};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// A client and its script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeClient {
    /// The common client. What a request carries is added when it is sent.
    pub client: ScriptedClient<Ask>,
    /// The lock that it is to take, if it is to.
    pub(super) lock: Option<Lock>,
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
    /// The last transaction that a server told of.
    pub seen: Zxid,
    /// Its session, as long as it believes that this is open.
    pub session: Option<SessionId>,
    /// The watches of which it has seen no event.
    pub watches: BTreeSet<Watch>,
    /// The last transaction of a tree that it was shown, as the tree counts.
    pub shown: u64,
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
            Service::Reply { reply: Answer::Events(events), .. } => return see(state, events),
            Service::Reply { seq, reply: Answer::Done { zxid, tree, reply, events } }
                if self.client.awaits(&state.client, *seq) =>
            {
                // A server that does not know the watches may have left an event out. It does when
                // it is asked again.
                let is_unknown = events.is_none() && !state.watches.is_empty();
                if is_unknown && self.bug != Some(Bug::TakeUnknownEvents) {
                    return;
                }
                see(state, events.as_deref().unwrap_or_default());
                let known = state.to_mut();
                (known.seen, known.shown) = (known.seen.max(*zxid), known.shown.max(*tree));
                if let Some(reply) = reply {
                    self.learn(known, reply, *tree, o);
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
    fn learn<A: ClientActor>(
        &self,
        state: &mut ClientState,
        reply: &Reply,
        tree: u64,
        o: &mut Out<A>,
    ) {
        let what = self.client.script.get(state.client.done).map(|ask| &ask.what);
        if let Some(What::Read { op, watch: true, .. }) = what {
            state.watches.extend(Watch::of(&op.request, reply, tree));
        }
        match reply {
            Ok(Response::Opened(session)) => state.session = Some(*session),
            Ok(Response::Closed) | Err(Error::SessionExpired) => {
                (state.session, state.holds) = (None, None);
            }
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
                        stamp(op, state);
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

/// Sees events: each watch fires once.
fn see(state: &mut Cow<'_, ClientState>, events: &[WatchedEvent]) {
    if events.iter().any(|event| state.watches.contains(&event.watch)) {
        let watches = &mut state.to_mut().watches;
        watches.retain(|watch| events.iter().all(|event| event.watch != *watch));
    }
}

/// Adds to a request the session, what the client has seen, and its watches.
fn stamp(ask: &mut Ask, state: &ClientState) {
    match &mut ask.what {
        What::Read { op, seen, .. } => (op.session, *seen) = (state.session, state.seen),
        What::Write(op) | What::Ping(op) => op.session = state.session,
        What::Sync | What::Use(_) => {}
    }
    ask.watches = state.watches.iter().cloned().collect();
}
