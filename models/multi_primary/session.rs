//! A client that works through a script, and resolves what it reads.
//!
//! The deployed client is one [`Client`] per call, and it is its user who keeps the context of a
//! get for a later put. Here the script says where that is done; each call is the same
//! [`Client`].

use super::context::Context;
use super::message::{Answer, Msg, Request};
use super::vector::VersionVector;
use super::{MultiPrimary, Outbox};
use crate::kv::service::Refusal;
use crate::kv::{ClientState, Op, ScriptedClient};
use stateright::actor::Id;
use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

/// What a client does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScriptedOp {
    /// The operation, on whatever the node holds.
    Plain(Op),
    /// The operation, on what the last get told.
    Informed(Op),
    /// The operation, on nothing: its value becomes a sibling.
    Blind(Op),
    /// The operation, on what no node told.
    Forged(Op, VersionVector),
}

impl ScriptedOp {
    /// The operation.
    pub fn op(&self) -> &Op {
        match self {
            Self::Plain(op) | Self::Informed(op) | Self::Blind(op) | Self::Forged(op, _) => op,
        }
    }
}

/// A client and its script.
#[derive(Clone, Debug)]
pub struct Session {
    /// What it does, in order.
    pub script: Vec<ScriptedOp>,
    /// The nodes, in the order in which it tries them; each call begins with the first.
    pub servers: Vec<Id>,
    /// How long it waits for an answer.
    pub retry: Range<Duration>,
}

/// A client's state.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionState {
    /// How many steps are done.
    pub done: usize,
    /// What the last get told.
    pub context: Context,
    /// The call that is open, or the last one.
    pub call: ClientState<Answer>,
}

impl Session {
    pub(super) fn on_start(&self, o: &mut Outbox) -> SessionState {
        let context = Context::default();
        let call = self.call(0, &context).on_start(o);
        SessionState { done: 0, context, call }
    }

    pub(super) fn on_msg(&self, state: &mut Cow<'_, SessionState>, msg: Msg, o: &mut Outbox) {
        let mut call = Cow::Borrowed(&state.call);
        self.call(state.done, &state.context).on_msg(&mut call, msg, o);
        let Cow::Owned(call) = call else { return };
        let state = state.to_mut();
        state.call = call;
        if state.call.done == 0 || state.done == self.script.len() {
            return;
        }
        if let Some(Ok(Answer::Values { context, .. })) = &state.call.last {
            state.context.clone_from(context);
        }
        state.done = match &state.call.last {
            Some(Err(Refusal::SessionExpired)) => self.script.len(),
            _ => state.done + 1,
        };
        if state.done < self.script.len() {
            state.call = self.call(state.done, &state.context).on_start(o);
        }
    }

    pub(super) fn on_retry(&self, state: &mut Cow<'_, SessionState>, o: &mut Outbox) {
        let mut call = Cow::Borrowed(&state.call);
        self.call(state.done, &state.context).on_retry(&mut call, o);
        if let Cow::Owned(call) = call {
            state.to_mut().call = call;
        }
    }

    /// The call that is step number `at`.
    fn call(&self, at: usize, context: &Context) -> ScriptedClient<Request> {
        let request = self.script.get(at).map(|step| Request {
            op: step.op().clone(),
            context: match step {
                ScriptedOp::Plain(_) => None,
                ScriptedOp::Informed(_) => Some(context.clone()),
                ScriptedOp::Blind(_) => Some(Context::default()),
                ScriptedOp::Forged(_, known) => Some(known.clone().into()),
            },
        });
        ScriptedClient {
            script: request.into_iter().collect(),
            first_seq: at as u64 + 1,
            servers: self.servers.clone(),
            retry: self.retry.clone(),
        }
    }
}

impl From<Session> for MultiPrimary {
    fn from(session: Session) -> Self {
        Self::Client(session)
    }
}
