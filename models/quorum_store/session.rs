//! A client that works through a script, and asks a node of its choice in each call.

use super::config::{QuorumStore, Session};
use super::message::{Answer, Msg, Request};
use super::offer::LevelOffer;
use super::state::SessionState;
use crate::causal::Context;
use crate::kv::offer::Offer;
use crate::kv::{Op, ScriptedClient};
use stateright::actor::{Id, Out};
use std::borrow::Cow;

type Outbox = Out<QuorumStore>;

impl Session {
    pub(super) fn on_start(&self, o: &mut Outbox) -> SessionState {
        let context = Context::default();
        SessionState { done: 0, call: self.call(0, &context).on_start(o), context }
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
        state.done += 1;
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
    fn call(&self, at: usize, last: &Context) -> ScriptedClient<Request> {
        let step = self.script.get(at);
        let mut request = step.map(|(_, request)| request.clone());
        if let Some(Request::Key { context: context @ None, op, .. }) = &mut request
            && self.is_informed
            && !matches!(op, Op::Get { .. })
        {
            *context = Some(last.clone());
        }
        let first = step.map_or(0, |(node, _)| *node);
        let stays = step.is_some_and(|(_, request)| LevelOffer::stays(request) && !self.wanders);
        let count = if stays { 1 } else { self.nodes };
        let servers = (0..count).map(|at| Id::from((first + at) % self.nodes)).collect();
        ScriptedClient {
            script: request.into_iter().collect(),
            first_seq: at as u64 + 1,
            slots: 1,
            servers,
            retry: self.retry.clone(),
        }
    }
}
