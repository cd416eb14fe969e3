//! The client: it carries the last transaction that it knows of from server to server.
//!
//! So it never goes back in time: a server that has delivered less does not answer its reads yet
//! (Hunt et al. 2010, section 4.4). Everything else is the common client's business.

use super::epoch::Zxid;
use super::message::{Ask, Reply};
use crate::kv::machine::Value;
use crate::kv::offer::Carried;
use crate::kv::{ClientState, Retry, ScriptedClient, Service};
use stateright::actor::{Actor, Command, Out};
use std::borrow::Cow;

/// A client and its script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionClient<O> {
    /// The common client.
    pub client: ScriptedClient<Ask<O>>,
}

/// The last transaction that a client knows of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seen(pub Zxid);

impl<O: Value, R: Value> Carried<Ask<O>, Reply<R>> for Seen {
    fn learn(&mut self, _: &Ask<O>, answer: &Reply<R>) {
        self.0 = self.0.max(answer.zxid);
    }

    fn stamp(&self, request: &mut Ask<O>) {
        if let Ask::Read { seen, .. } = request {
            *seen = self.0;
        }
    }

    fn token(&self) -> Option<String> {
        Some(format!("{:?}", self.0))
    }

    fn resume(token: &str) -> Option<Self> {
        token.parse().ok().map(Self)
    }
}

/// A client's state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionState<R> {
    /// That of the common client.
    pub client: ClientState<Reply<R>>,
    /// The last transaction that a server told of.
    pub seen: Seen,
}

impl<R> Default for SessionState<R> {
    fn default() -> Self {
        Self { client: ClientState::default(), seen: Seen::default() }
    }
}

impl<O: Value> SessionClient<O> {
    pub(super) fn on_start<R, P, A>(&self, o: &mut Out<A>) -> SessionState<R>
    where
        A: Actor<Msg = Service<Ask<O>, Reply<R>, P>>,
        A::Timer: From<Retry>,
    {
        SessionState { client: self.client.on_start(o), seen: Seen::default() }
    }

    pub(super) fn on_msg<R: Value, P, A>(
        &self,
        state: &mut Cow<'_, SessionState<R>>,
        msg: A::Msg,
        o: &mut Out<A>,
    ) where
        A: Actor<Msg = Service<Ask<O>, Reply<R>, P>>,
        A::Timer: From<Retry>,
    {
        if let Service::Reply { seq, reply } = &msg
            && self.client.awaits(&state.client, *seq)
            && reply.zxid > state.seen.0
        {
            state.to_mut().seen.0 = reply.zxid;
        }
        self.drive(state, o, |client, state, o| client.on_msg(state, msg, o));
    }

    pub(super) fn on_retry<R: Value, P, A>(
        &self,
        state: &mut Cow<'_, SessionState<R>>,
        o: &mut Out<A>,
    ) where
        A: Actor<Msg = Service<Ask<O>, Reply<R>, P>>,
        A::Timer: From<Retry>,
    {
        self.drive(state, o, ScriptedClient::on_retry);
    }

    /// Lets the common client act, and adds to its requests what it has seen.
    fn drive<R: Value, P, A>(
        &self,
        state: &mut Cow<'_, SessionState<R>>,
        o: &mut Out<A>,
        act: impl FnOnce(&ScriptedClient<Ask<O>>, &mut Cow<'_, ClientState<Reply<R>>>, &mut Out<A>),
    ) where
        A: Actor<Msg = Service<Ask<O>, Reply<R>, P>>,
    {
        let seen = state.seen;
        let before = state.client.clone();
        let (mut client, mut out) = (Cow::Borrowed(&before), Out::new());
        act(&self.client, &mut client, &mut out);
        if let Cow::Owned(client) = client {
            state.to_mut().client = client;
        }
        for command in out {
            match command {
                Command::Send(to, msg) => o.send(to, stamped(msg, seen)),
                Command::SetTimer(timer, after) => o.set_timer(timer, after),
                Command::CancelTimer(timer) => o.cancel_timer(timer),
                Command::Save(_) | Command::ChooseRandom(..) => {}
            }
        }
    }
}

fn stamped<O: Value, R: Value, P>(
    mut msg: Service<Ask<O>, Reply<R>, P>,
    seen: Seen,
) -> Service<Ask<O>, Reply<R>, P> {
    if let Service::Request { op, .. } = &mut msg {
        Carried::<_, Reply<R>>::stamp(&seen, op);
    }
    msg
}
