//! A client that works through a script, and resolves what it reads.
//!
//! The deployed client is one [`Client`] per call, and its user keeps the context of a get for a
//! later put. Here the script says where that is done; each call is the same [`Client`].

use super::config::{MultiPrimary, ScriptedOp, Session};
use super::message::{Answer, Msg, Request};
use super::state::SessionState;
use crate::causal::Context;
use crate::kv::ScriptedClient;
use crate::kv::service::Refusal;
use stateright::actor::Out;
use std::borrow::Cow;

type Outbox = Out<MultiPrimary>;

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

    pub(super) fn on_retry_timer(&self, state: &mut Cow<'_, SessionState>, o: &mut Outbox) {
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
            slots: 1,
            servers: self.servers.clone(),
            retry: self.retry.clone(),
        }
    }
}
