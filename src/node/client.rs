//! The client that users call: a driver over the very client actor that is checked with the
//! servers. What it retries, whom it asks next and when it believes a redirect is the actor's
//! business; the driver gives it a socket, a clock and a deadline.
//!
//! Its retries are **hedged** requests (Dean and Barroso 2013, "The Tail at Scale"): a request that is not
//! answered within the time that answers took so far (`round_trip`) is sent to another server
//! as well, the first server is not given up, and the first answer counts. Sessions make that harmless.

mod driven;
mod error;
mod fate;
mod rules;
#[cfg(test)]
mod tests;

pub(super) use driven::Driven;
pub use error::ClientError;
pub use fate::Fate;
pub use rules::Rules;

use super::caller::{Caller, Heard};
use super::cluster_file::ClusterFile;
use super::endpoint::SendError;
use super::round_trip::RoundTrip;
use super::timers::Timers;
use quorate_models::kv::machine::Value;
use quorate_models::kv::service::Refusal;
use quorate_models::kv::{ClientState, Retry, Service};
use serde::Serialize;
use stateright::actor::{Actor, Command, Id, Out};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Range;
use std::time::{Duration, Instant};

/// The number of a reply that answers no request: those have numbers from 1.
const UNASKED: u64 = 0;

/// A client of a replicated service: operations `O`, replies `R`, and the servers' own messages
/// `P`. One operation at a time; each is done exactly once where the protocol promises so,
/// however often it is sent.
pub struct Client<O, R, P> {
    caller: Caller,
    /// In the order in which they are asked.
    servers: Vec<Id>,
    /// The longest wait for an answer.
    retry: Range<Duration>,
    round_trip: RoundTrip,
    next_seq: u64,
    /// How new the knowledge is that the first of `servers` leads.
    epoch: u64,
    rules: Rules<O, R>,
    service: PhantomData<fn(O) -> (R, P)>,
}

impl<O: Value, R: Value, P: Value> Client<O, R, P> {
    /// Opens a client of a cluster. A server gives it an id when it asks for the first time, and
    /// after its session has expired. `servers` are those that take requests, and
    /// `retry` is the longest wait for an answer before another is asked.
    pub fn open(
        cluster: &ClusterFile,
        servers: Vec<Id>,
        retry: Range<Duration>,
    ) -> Result<Self, ClientError> {
        let first = servers.first().and_then(|first| cluster.server(*first));
        let any = match first.ok_or(ClientError::NoServers)?.address {
            SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
            SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
        };
        let caller = Caller::bind(cluster, any)?
            .ok_or_else(|| ClientError::NoPublicKey { file: cluster.path().into() })?;
        let (round_trip, next_seq, epoch) = (RoundTrip::default(), 1, 0);
        Ok(Self {
            caller,
            servers,
            retry,
            round_trip,
            next_seq,
            epoch,
            rules: Rules::default(),
            service: PhantomData,
        })
    }

    /// Heeds these rules.
    #[must_use]
    pub fn heeding(self, rules: Rules<O, R>) -> Self {
        Self { rules, ..self }
    }

    /// Its id, if it has a session.
    pub fn id(&self) -> Option<Id> {
        self.caller.id()
    }

    /// The server that it would ask first now: the one that answered last, or was said to lead.
    pub fn last_server(&self) -> Id {
        self.servers[0]
    }

    /// Does `op`, and waits for the answer for `deadline` at most.
    ///
    /// # Errors
    /// [`ClientError::fate`] says of each whether the operation was done.
    pub fn call(&mut self, op: O, deadline: Duration) -> Result<R, ClientError> {
        let begin = Instant::now();
        let me = self.session(begin, deadline)?;
        let stays = (self.rules.stays)(&op);
        let actor = self.actor(op, stays);
        // Whatever comes of it, this number is used: an answer that comes too late is not
        // taken for the answer to another request.
        self.next_seq += 1;
        let mut call = Call::new(self.round_trip);
        let mut out = Out::new();
        let mut state = actor.on_start(me, &None, &mut out);
        state.epoch = self.epoch;
        let mut state: Cow<'_, ClientState<R>> = Cow::Owned(state);
        let mut heard = None;
        call.perform(&mut self.caller, out)?;
        while state.last.is_none() {
            let now = Instant::now();
            let left = deadline.saturating_sub(now.duration_since(begin));
            if left.is_zero() {
                if stays {
                    // That server may be down: the next request is for another.
                    self.servers.rotate_left(1);
                }
                return Err(self.no_answer(deadline, &call));
            }
            let mut out = Out::new();
            if let Some(timer) = call.timers.pop(now) {
                actor.on_timeout(me, &mut state, &timer, &mut out);
            } else {
                let next = call.timers.next().map(|next| next.saturating_duration_since(now));
                match self.caller.receive(next.unwrap_or(left).min(left)) {
                    Heard::Messages(src, messages) => {
                        heard = Some(src);
                        for msg in messages {
                            if !actor.may_take(&msg, self.rules.takes) {
                                continue;
                            }
                            call.busy = actor.is_busy(&msg).unwrap_or(call.busy);
                            actor.on_msg(me, &mut state, src, msg, &mut out);
                        }
                    }
                    Heard::Cookie(server) => call.ask_again(&mut self.caller, server)?,
                    Heard::Nothing | Heard::Dropped | Heard::Welcome(_) => {}
                }
            }
            call.perform(&mut self.caller, out)?;
        }
        self.round_trip.measured(call.begun.elapsed(), 1);
        let state = state.into_owned();
        self.remember(heard, state.epoch);
        match state.last {
            Some(Ok(reply)) => Ok(reply),
            Some(Err(why)) => {
                if why == Refusal::SessionExpired {
                    self.end_session();
                }
                Err(ClientError::refused(why, deadline))
            }
            None => Err(self.no_answer(deadline, &call)),
        }
    }

    /// Waits at most `wait` for what servers say of their own accord, which answers no request.
    pub fn listen(&mut self, wait: Duration, hear: &mut dyn FnMut(&R)) {
        if let Heard::Messages(_, messages) = self.caller.receive::<Service<O, R, P>>(wait) {
            for msg in messages {
                if let Service::Reply { seq: UNASKED, reply } = msg {
                    hear(&reply);
                }
            }
        }
    }

    /// The id of this client. If it has none yet, it asks for one: the server that it would ask
    /// first, and then the others in turn, until one answers.
    fn session(&mut self, begin: Instant, deadline: Duration) -> Result<Id, ClientError> {
        let mut asked = BTreeSet::new();
        let mut timers = Timers::new();
        timers.set(Retry, Duration::ZERO..Duration::ZERO, begin);
        loop {
            if let Some(me) = self.caller.id() {
                return Ok(me);
            }
            let now = Instant::now();
            let left = deadline.saturating_sub(now.duration_since(begin));
            if left.is_zero() {
                let asked = self.with_addresses(asked.iter());
                return Err(ClientError::NoSession { deadline, asked });
            }
            if timers.pop(now).is_some() {
                if !asked.is_empty() {
                    self.servers.rotate_left(1);
                }
                asked.insert(self.servers[0]);
                if let Ok(hello) = self.caller.hello(self.servers[0]) {
                    self.caller.transmit(&hello);
                }
                timers.set(Retry, self.retry.clone(), now);
            }
            let next = timers.next().map_or(left, |next| next.saturating_duration_since(now));
            let wait = next.min(left).max(Duration::from_micros(1));
            if let Heard::Welcome(server) = self.caller.receive::<Service<O, R, P>>(wait) {
                // It is up; the one that was asked last need not be.
                let at = self.servers.iter().position(|other| *other == server);
                self.servers.rotate_left(at.unwrap_or(0));
            }
        }
    }

    /// Goes on as a new client: under the old id nothing would be done any more, and an id is never
    /// used for a second session.
    fn end_session(&mut self) {
        self.caller.renew();
        self.next_seq = 1;
    }

    /// The client actor, with this one operation to do.
    fn actor(&self, op: O, stays: bool) -> Driven<O, R, P> {
        let servers = if stays { &self.servers[..1] } else { &self.servers };
        Driven::new(op, self.next_seq, servers.into(), self.retry.clone())
    }

    /// Asks the one that answered first, the next time: the actor may have turned to another. If
    /// it is none of those that this client asks, a redirect to it is heeded again.
    fn remember(&mut self, answered: Option<Id>, epoch: u64) {
        let at = self.servers.iter().position(|server| Some(*server) == answered);
        self.epoch = at.map_or(0, |_| epoch);
        self.servers.rotate_left(at.unwrap_or(0));
    }

    fn no_answer(&self, deadline: Duration, call: &Call<Service<O, R, P>>) -> ClientError {
        if call.busy {
            return ClientError::Busy { deadline };
        }
        ClientError::NoAnswer { deadline, asked: self.with_addresses(call.asked.keys()) }
    }

    fn with_addresses<'a>(&self, asked: impl Iterator<Item = &'a Id>) -> Vec<(Id, SocketAddr)> {
        asked.filter_map(|id| Some((*id, self.caller.address(*id)?))).collect()
    }
}

/// The effects of one operation.
struct Call<M> {
    /// The servers that were asked, and the last request to each.
    asked: BTreeMap<Id, M>,
    timers: Timers<Retry>,
    round_trip: RoundTrip,
    begun: Instant,
    attempts: u32,
    /// Whether the last that was heard of the request is that a server is busy.
    busy: bool,
}

impl<O: Value, R: Value, P: Value> Call<Service<O, R, P>> {
    fn new(round_trip: RoundTrip) -> Self {
        let (asked, timers, begun) = (BTreeMap::new(), Timers::new(), Instant::now());
        Self { asked, timers, round_trip, begun, attempts: 0, busy: false }
    }

    /// Asks a server again what it was asked, with what proves this client's address.
    fn ask_again(&self, caller: &mut Caller, server: Id) -> Result<(), ClientError> {
        self.asked.get(&server).map_or(Ok(()), |msg| ask(caller, server, msg))
    }

    fn perform(
        &mut self,
        caller: &mut Caller,
        out: Out<Driven<O, R, P>>,
    ) -> Result<(), ClientError> {
        for command in out {
            match command {
                Command::Send(dst, msg) => {
                    ask(caller, dst, &msg)?;
                    self.asked.insert(dst, msg);
                }
                Command::SetTimer(timer, longest) => {
                    self.attempts += 1;
                    let wait = self.round_trip.patience(self.attempts, &longest);
                    self.timers.set(timer, wait, Instant::now());
                }
                Command::CancelTimer(timer) => self.timers.cancel(&timer),
                // The client actor keeps nothing and draws nothing.
                Command::Save(()) | Command::ChooseRandom(..) => {}
            }
        }
        Ok(())
    }
}

fn ask<M: Serialize>(caller: &mut Caller, server: Id, msg: &M) -> Result<(), ClientError> {
    match caller.seal(server, msg) {
        // Lost, if it fails: the retry timer deals with that.
        Ok((datagram, other)) => {
            caller.transmit(&datagram);
            other.iter().for_each(|other| caller.transmit(other));
        }
        Err(SendError::Frame(error)) => return Err(ClientError::Unsendable(error)),
        // A server named a leader that nobody knows: the retry timer again.
        Err(SendError::Unroutable(_)) => {}
    }
    Ok(())
}
