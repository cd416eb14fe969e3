//! A register by Attiya, Bar-Noy and Dolev (1995): every operation asks a majority for the newest
//! timestamp, then writes the newest value to a majority.

use crate::quorum::majority;
use serde::{Deserialize, Serialize};
use stateright::actor::register::RegisterMsg;
use stateright::actor::{Actor, Id, Out, model_peers};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Logical time and writer.
pub type Timestamp = (u64, Id);

/// The messages of the two phases; each names the request it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// What is your newest?
    Query(u64),
    /// This is.
    Newest(u64, Timestamp, char),
    /// Store this.
    Store(u64, Timestamp, char),
    /// Stored.
    Stored(u64),
}

/// One server, which also coordinates the operations it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    peers: Vec<Id>,
}

/// Its state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    timestamp: Timestamp,
    value: char,
    open: Option<Operation>,
}

/// The operation that it coordinates.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Operation {
    request: u64,
    requester: Id,
    write: Option<char>,
    /// Present while it queries.
    newest: Option<BTreeMap<Id, (Timestamp, char)>>,
    read: char,
    stored: Vec<Id>,
}

/// The servers of a register of `count` servers.
pub fn servers(count: usize) -> Vec<Server> {
    (0..count).map(|index| Server { peers: model_peers(index, count) }).collect()
}

impl Server {
    fn begin(
        &self,
        id: Id,
        state: &mut State,
        (request, requester, write): (u64, Id, Option<char>),
        o: &mut Out<Self>,
    ) {
        let newest = Some(BTreeMap::from([(id, (state.timestamp, state.value))]));
        let read = state.value;
        state.open = Some(Operation { request, requester, write, newest, read, stored: vec![] });
        o.broadcast(&self.peers, &RegisterMsg::Internal(Phase::Query(request)));
    }

    fn on_newest(
        &self,
        id: Id,
        state: &mut State,
        (src, timestamp, value): (Id, Timestamp, char),
        o: &mut Out<Self>,
    ) {
        let Some(operation) = &mut state.open else { return };
        let Some(newest) = &mut operation.newest else { return };
        newest.insert(src, (timestamp, value));
        if newest.len() < majority(self.peers.len() + 1) {
            return;
        }
        let Some((mut timestamp, mut value)) = newest.values().max().copied() else { return };
        if let Some(written) = operation.write {
            timestamp = (timestamp.0 + 1, id);
            value = written;
        }
        operation.newest = None;
        operation.read = value;
        operation.stored = vec![id];
        let request = operation.request;
        if timestamp > state.timestamp {
            state.timestamp = timestamp;
            state.value = value;
        }
        o.broadcast(&self.peers, &RegisterMsg::Internal(Phase::Store(request, timestamp, value)));
    }

    fn on_stored(&self, state: &mut State, src: Id, o: &mut Out<Self>) {
        let Some(operation) = &mut state.open else { return };
        if !operation.stored.contains(&src) {
            operation.stored.push(src);
            operation.stored.sort_unstable();
        }
        if operation.stored.len() < majority(self.peers.len() + 1) {
            return;
        }
        let answer = match operation.write {
            Some(_) => RegisterMsg::PutOk(operation.request),
            None => RegisterMsg::GetOk(operation.request, operation.read),
        };
        o.send(operation.requester, answer);
        state.open = None;
    }
}

impl Actor for Server {
    type Msg = RegisterMsg<u64, char, Phase>;
    type Timer = ();
    type State = State;
    type Storage = ();
    type Random = ();

    fn name(&self) -> String {
        "server".into()
    }

    fn on_start(&self, id: Id, _: &Option<()>, _: &mut Out<Self>) -> State {
        State { timestamp: (0, id), value: char::default(), open: None }
    }

    fn on_msg(
        &self,
        id: Id,
        state: &mut Cow<'_, State>,
        src: Id,
        msg: Self::Msg,
        o: &mut Out<Self>,
    ) {
        let open = state.open.as_ref().map(|operation| operation.request);
        match msg {
            RegisterMsg::Put(request, value) if open.is_none() => {
                self.begin(id, state.to_mut(), (request, src, Some(value)), o);
            }
            RegisterMsg::Get(request) if open.is_none() => {
                self.begin(id, state.to_mut(), (request, src, None), o);
            }
            RegisterMsg::Internal(Phase::Query(request)) => {
                let newest = Phase::Newest(request, state.timestamp, state.value);
                o.send(src, RegisterMsg::Internal(newest));
            }
            RegisterMsg::Internal(Phase::Newest(request, timestamp, value))
                if open == Some(request) =>
            {
                let querying = state.open.as_ref().is_some_and(|o| o.newest.is_some());
                if querying {
                    self.on_newest(id, state.to_mut(), (src, timestamp, value), o);
                }
            }
            RegisterMsg::Internal(Phase::Store(request, timestamp, value)) => {
                if timestamp > state.timestamp {
                    let state = state.to_mut();
                    state.timestamp = timestamp;
                    state.value = value;
                }
                o.send(src, RegisterMsg::Internal(Phase::Stored(request)));
            }
            RegisterMsg::Internal(Phase::Stored(request)) if open == Some(request) => {
                let storing = state.open.as_ref().is_some_and(|o| o.newest.is_none());
                if storing {
                    self.on_stored(state.to_mut(), src, o);
                }
            }
            _ => {}
        }
    }
}
