//! The client: part of the protocol, checked with the servers, and driven by the runtime.
//!
//! A client works through its script one request at a time, or several, each in a
//! [slot](super::sessions::slots) of its session. It asks the server it believes
//! leads; a redirect or a retry moves it on to another; the sequence number lets the servers
//! recognise a request that comes twice.
//!
//! A client whose session has expired is at its end: whether the request that was refused was
//! done before is unknown ([`Refusal::SessionExpired`]), and none of its later ones would be
//! done. The rest of the script is for a new client, under a new id and with numbers from 1: an id
//! is never used for a second session.

#[cfg(test)]
mod expiry;

use super::machine::Value;
use super::service::{Refusal, Service};
use super::sessions::slots;
use stateright::actor::{Actor, Id, Out};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

/// The client's one timer: ask again, and ask another server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Retry;

/// A client and its script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptedClient<O> {
    /// What it asks for, in order.
    pub script: Vec<O>,
    /// The sequence number of the first request in its slot; in slot 0, 1 for a new client.
    pub first_seq: u64,
    /// How many requests it has under way at most, each in a slot: from that of `first_seq` on, the
    /// script is dealt to them in turn. At least one.
    pub slots: u8,
    /// The servers that take requests, in the order in which it tries them. Not empty.
    pub servers: Vec<Id>,
    /// How long it waits for an answer before it asks again.
    pub retry: Range<Duration>,
}

/// A client's state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientState<R> {
    /// How many requests from the script's beginning are done; all of them where the session has
    /// expired.
    pub done: usize,
    /// The requests after these that are done.
    pub early: BTreeSet<usize>,
    /// The server that it asks.
    pub target: Id,
    /// How new its knowledge of `target` is.
    pub epoch: u64,
    /// What came of the last request that was done.
    pub last: Option<Result<R, Refusal>>,
}

/// Of a client that has asked for nothing.
impl<R> Default for ClientState<R> {
    fn default() -> Self {
        Self { done: 0, early: BTreeSet::new(), target: Id::from(0), epoch: 0, last: None }
    }
}

impl<O: Value> ScriptedClient<O> {
    /// Starts with the first request of each slot.
    pub fn on_start<R, P, A>(&self, o: &mut Out<A>) -> ClientState<R>
    where
        A: Actor<Msg = Service<O, R, P>>,
        A::Timer: From<Retry>,
    {
        let state = ClientState { target: self.servers[0], ..ClientState::default() };
        self.ask_all(&state, o);
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
        let (Service::Reply { seq, .. }
        | Service::Refused { seq, .. }
        | Service::Redirect { seq, .. }) = msg
        else {
            return;
        };
        let Some(at) = self.open(state).find(|at| self.seq(*at) == seq) else { return };
        match msg {
            Service::Reply { reply, .. } => self.finish(state, at, Ok(reply), o),
            // The request stays open: the retry timer, which is set, is the pause before it is
            // asked again.
            Service::Refused { why: Refusal::Busy, .. } => {}
            Service::Refused { why, .. } => self.finish(state, at, Err(why), o),
            Service::Redirect { epoch, leader, .. } if epoch > state.epoch => {
                let state = state.to_mut();
                state.target = leader;
                state.epoch = epoch;
                self.ask_all(state, o);
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
        if self.open(state).next().is_none() {
            return;
        }
        let at = self.servers.iter().position(|server| *server == state.target);
        if at.is_none() && state.epoch > 0 {
            // It was sent to a leader that it would not ask by itself, and is to be sent there again.
            state.to_mut().epoch = 0;
        }
        let next = self.servers[at.map_or(0, |at| (at + 1) % self.servers.len())];
        if next != state.target {
            state.to_mut().target = next;
        }
        self.ask_all(state, o);
    }

    /// The requests that wait for an answer: the first of each slot that is not done, by its place in
    /// the script.
    fn open<R>(&self, state: &ClientState<R>) -> impl Iterator<Item = usize> {
        let slots = usize::from(self.slots);
        (0..slots).filter_map(move |slot| {
            let mut of_slot = (slot..self.script.len()).step_by(slots);
            of_slot.find(|at| *at >= state.done && !state.early.contains(at))
        })
    }

    /// Whether its request with this number waits for an answer.
    pub fn awaits<R>(&self, state: &ClientState<R>, seq: u64) -> bool {
        self.open(state).any(|at| self.seq(at) == seq)
    }

    /// The sequence number of the request at this place of the script.
    fn seq(&self, at: usize) -> u64 {
        let (slot, before) = (at % usize::from(self.slots), at / usize::from(self.slots));
        self.first_seq + slots::seq(slot as u8, before as u64)
    }

    fn finish<R: Value, P, A>(
        &self,
        state: &mut Cow<'_, ClientState<R>>,
        at: usize,
        result: Result<R, Refusal>,
        o: &mut Out<A>,
    ) where
        A: Actor<Msg = Service<O, R, P>>,
        A::Timer: From<Retry>,
    {
        let state = state.to_mut();
        state.early.insert(at);
        if result.as_ref().is_err_and(|why| *why == Refusal::SessionExpired) {
            (state.done, state.early) = (self.script.len(), BTreeSet::new());
        }
        while state.early.remove(&state.done) {
            state.done += 1;
        }
        state.last = Some(result);
        let slots = usize::from(self.slots);
        let next = self.open(state).find(|next| next % slots == at % slots);
        if let Some(next) = next {
            self.ask(state, next, o);
        } else if self.open(state).next().is_none() {
            o.cancel_timer(Retry.into());
        }
    }

    fn ask_all<R, P, A>(&self, state: &ClientState<R>, o: &mut Out<A>)
    where
        A: Actor<Msg = Service<O, R, P>>,
        A::Timer: From<Retry>,
    {
        self.open(state).for_each(|at| self.ask(state, at, o));
    }

    fn ask<R, P, A>(&self, state: &ClientState<R>, at: usize, o: &mut Out<A>)
    where
        A: Actor<Msg = Service<O, R, P>>,
        A::Timer: From<Retry>,
    {
        let (seq, op) = (self.seq(at), self.script[at].clone());
        o.send(state.target, Service::Request { seq, op });
        o.set_timer(Retry.into(), self.retry.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stateright::actor::Command;

    /// A client on its own: of the servers 0, 1 and 2, with the operations 7 and 8 to do.
    struct Alone(ScriptedClient<u8>);

    type Msg = Service<u8, u8, ()>;

    impl Actor for Alone {
        type Msg = Msg;
        type Timer = Retry;
        type State = ClientState<u8>;
        type Storage = ();
        type Random = ();

        fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> ClientState<u8> {
            self.0.on_start(o)
        }
    }

    fn client() -> ScriptedClient<u8> {
        let retry = Duration::from_millis(1)..Duration::from_millis(2);
        ScriptedClient {
            script: vec![7, 8],
            first_seq: 1,
            slots: 1,
            servers: Id::vec_from(0..3),
            retry,
        }
    }

    /// The client after its start and these messages, and the requests that it sent to each server.
    fn hears(msgs: impl IntoIterator<Item = Msg>) -> (ClientState<u8>, Vec<(usize, u64)>) {
        let alone = Alone(client());
        let mut out = Out::new();
        let mut state = Cow::Owned(alone.on_start(9.into(), &None, &mut out));
        for msg in msgs {
            alone.0.on_msg(&mut state, msg, &mut out);
        }
        let asked = |command: Command<Msg, Retry, (), ()>| match command {
            Command::Send(to, Service::Request { seq, .. }) => Some((to.into(), seq)),
            _ => None,
        };
        (state.into_owned(), out.into_iter().filter_map(asked).collect())
    }

    #[test]
    fn a_redirect_counts_only_if_it_is_newer_than_what_is_known() {
        let elsewhere =
            |epoch, leader: usize| Service::Redirect { seq: 1, epoch, leader: leader.into() };
        let (state, asked) =
            hears([elsewhere(5, 1), elsewhere(4, 2), elsewhere(5, 2), elsewhere(6, 0)]);
        assert_eq!(asked, [(0, 1), (1, 1), (0, 1)]);
        assert_eq!((state.target, state.epoch), (0.into(), 6));
        let late = Service::Redirect { seq: 2, epoch: 9, leader: 2.into() };
        assert_eq!(hears([late]), hears([]), "it is about another request");
    }

    #[test]
    fn who_gets_no_answer_asks_the_next_server_and_waits_again() {
        let client = client();
        let mut state = Cow::Owned(client.on_start(&mut Out::<Alone>::new()));
        for server in [1, 2, 0] {
            let mut out = Out::<Alone>::new();
            client.on_retry(&mut state, &mut out);
            assert_eq!(state.target, server.into());
            let commands: Vec<_> = out.into_iter().collect();
            assert!(matches!(commands[..], [Command::Send(to, _), Command::SetTimer(Retry, _)]
                    if to == server.into()));
        }
    }

    #[test]
    fn who_asks_one_server_only_is_sent_to_the_same_leader_again() {
        let client = ScriptedClient { servers: vec![Id::from(1)], ..client() };
        let mut state = Cow::Owned(client.on_start(&mut Out::<Alone>::new()));
        let leader = Service::Redirect { seq: 1, epoch: 5, leader: 0.into() };
        for _ in 0..2 {
            client.on_msg(&mut state, leader.clone(), &mut Out::<Alone>::new());
            assert_eq!(state.target, 0.into());
            client.on_retry(&mut state, &mut Out::<Alone>::new());
            assert_eq!((state.target, state.epoch), (1.into(), 0));
        }
    }

    #[test]
    fn a_busy_server_does_not_end_a_request() {
        let refused = |why| Service::Refused { seq: 1, why };
        assert_eq!(hears([refused(Refusal::Busy)]), hears([]));
        let (state, asked) = hears([refused(Refusal::Busy), refused(Refusal::NotOffered)]);
        assert_eq!((state.last, asked), (Some(Err(Refusal::NotOffered)), vec![(0, 1), (0, 2)]));
    }
}
