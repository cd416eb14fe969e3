//! Many clients on one socket and one thread: for load, where a thread for each client would cost
//! more than the servers do.
//!
//! Each member is a client like any other, with an id and a session of its own, driven by the
//! actor that is checked. They share the socket and the loop alone.

#[cfg(feature = "tokio")]
mod awaited;
mod port;

use super::caller::{Heard, Session};
use super::client::{ClientError, Driven};
use super::cluster_file::ClusterFile;
use super::endpoint::SendError;
use super::frame::Wire;
use super::round_trip::RoundTrip;
use super::timers::Timers;
use port::Port;
use quorate_models::kv::machine::Value;
use quorate_models::kv::service::Refusal;
use quorate_models::kv::{ClientState, Service};
use stateright::actor::{Actor, Command, Id, Out};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Range;
use std::time::{Duration, Instant};

/// The most datagrams that are taken before timers are looked at.
const BATCH: usize = 256;
/// The longest payload that UDP can carry.
const BUFFER: usize = 65_536;

/// Clients of one cluster, each with at most one request under way.
pub(super) struct Fleet<O, R, P> {
    port: Port,
    buffer: Box<[u8]>,
    wire: Wire,
    members: Vec<Member<O, R, P>>,
    by_id: HashMap<Id, usize>,
    /// The servers that take requests.
    servers: Vec<Id>,
    /// The longest wait for an answer.
    retry: Range<Duration>,
    round_trip: RoundTrip,
    /// When each member asks again.
    timers: Timers<usize>,
    /// The members that have no id yet. The first has asked for one: a welcome does not name its
    /// receiver, so they ask one after the other.
    joining: VecDeque<usize>,
    counts: FleetCounts,
}

/// What happened beside answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FleetCounts {
    /// A server said that it was too busy to take a request.
    pub busy: u64,
    /// A request was sent once more: it was lost, or nobody answered in time, or another server
    /// leads.
    pub resent: u64,
}

struct Member<O, R, P> {
    session: Session,
    next_seq: u64,
    /// The server that it asks first, and how new the knowledge is that this one leads.
    target: Id,
    epoch: u64,
    open: Option<Open<O, R, P>>,
}

/// A request under way. Without a state it waits for its client's id.
struct Open<O, R, P> {
    actor: Driven<O, R, P>,
    state: Option<ClientState<R>>,
    /// When it was sent first, and how often it was sent.
    begun: Instant,
    attempts: u32,
    /// The servers that were asked, for this request or for its client's id.
    asked: BTreeSet<Id>,
    /// Whether the last that was heard of it is that a server is busy.
    busy: bool,
}

/// A request that has come to its end: its client, the server that answered, and the answer.
pub(super) struct Finished<R> {
    pub(super) client: usize,
    pub(super) server: Id,
    pub(super) result: Result<R, Refusal>,
}

impl<O: Value, R: Value, P: Value> Fleet<O, R, P> {
    /// So many clients, none of which has an id yet.
    pub(super) fn open(
        cluster: &ClusterFile,
        servers: Vec<Id>,
        retry: Range<Duration>,
        clients: usize,
    ) -> Result<Self, ClientError> {
        let target = *servers.first().ok_or(ClientError::NoServers)?;
        let any = match cluster.server(target).ok_or(ClientError::NoServers)?.address {
            SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
            SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
        };
        let member = || {
            let session = Session::new(cluster)
                .ok_or_else(|| ClientError::NoPublicKey { file: cluster.path().into() })?;
            Ok(Member { session, next_seq: 1, target, epoch: 0, open: None })
        };
        Ok(Self {
            port: Port::bind(any)?,
            buffer: vec![0; BUFFER].into(),
            wire: Wire::new(cluster),
            members: (0..clients).map(|_| member()).collect::<Result<_, ClientError>>()?,
            by_id: HashMap::new(),
            servers,
            retry,
            round_trip: RoundTrip::default(),
            timers: Timers::new(),
            joining: VecDeque::new(),
            counts: FleetCounts::default(),
        })
    }

    pub(super) fn counts(&self) -> FleetCounts {
        self.counts
    }

    /// Begins to do `op` as one of the clients, which has no request under way.
    pub(super) fn begin(&mut self, client: usize, op: O) -> Result<(), ClientError> {
        let member = &mut self.members[client];
        let mut servers = self.servers.clone();
        let at = servers.iter().position(|server| *server == member.target);
        servers.rotate_left(at.unwrap_or(0));
        let actor = Driven::new(op, member.next_seq, servers, self.retry.clone());
        // Whatever comes of it, this number is used.
        member.next_seq += 1;
        let (asked, begun) = (BTreeSet::new(), Instant::now());
        member.open = Some(Open { actor, state: None, begun, attempts: 0, asked, busy: false });
        if member.session.id().is_some() {
            return self.start(client);
        }
        if !self.joining.contains(&client) {
            self.joining.push_back(client);
            if self.joining.len() == 1 {
                self.hello();
            }
        }
        Ok(())
    }

    /// Waits for the answer no longer. What was asked may have been done, or may yet.
    pub(super) fn give_up(&mut self, client: usize) {
        self.members[client].open = None;
        if self.joining.front() != Some(&client) {
            self.timers.cancel(&client);
        }
    }

    /// Waits at most `wait` for something to happen, and returns the requests that ended.
    pub(super) fn step(&mut self, wait: Duration) -> Result<Vec<Finished<R>>, ClientError> {
        let mut finished = Vec::new();
        let now = Instant::now();
        while let Some(client) = self.timers.pop(now) {
            self.on_timer(client)?;
        }
        let due = self.timers.next().map(|next| next.saturating_duration_since(Instant::now()));
        self.port.await_datagram(due.map_or(wait, |due| due.min(wait)));
        for _ in 0..BATCH {
            let Some((len, from)) = self.port.receive(&mut self.buffer) else { break };
            finished.extend(self.hear(len, from)?);
        }
        Ok(finished)
    }

    fn hear(&mut self, len: usize, from: SocketAddr) -> Result<Option<Finished<R>>, ClientError> {
        let datagram = &mut self.buffer[..len];
        let Ok(header) = self.wire.peek(datagram) else { return Ok(None) };
        // A datagram for no known id is a welcome, if anything.
        let client = self.by_id.get(&header.dst).or(self.joining.front()).copied();
        let Some(client) = client else { return Ok(None) };
        match self.members[client].session.open::<Service<O, R, P>>(datagram, from) {
            Ok(Heard::Welcome) => self.on_welcome(client).map(|()| None),
            Ok(Heard::Cookie(server)) => self.ask_again(client, server).map(|()| None),
            Ok(Heard::Messages(server, messages)) => {
                let mut finished = None;
                for msg in messages {
                    // A client has one request open: one message at most finishes it.
                    finished = self.on_message(client, server, msg)?.or(finished);
                }
                Ok(finished)
            }
            Ok(Heard::Nothing | Heard::Dropped) | Err(_) => Ok(None),
        }
    }

    /// The first that has no id asks for one.
    fn hello(&mut self) {
        let Some(client) = self.joining.front().copied() else { return };
        let member = &mut self.members[client];
        // Lost, if it fails: the timer deals with that.
        if let Ok(hello) = member.session.hello(member.target) {
            self.port.transmit(&hello);
            member.open.iter_mut().for_each(|open| open.asked.extend([member.target]));
        }
        self.timers.set(client, self.retry.clone(), Instant::now());
    }

    fn on_welcome(&mut self, client: usize) -> Result<(), ClientError> {
        self.joining.pop_front();
        self.timers.cancel(&client);
        self.by_id.extend(self.members[client].session.id().map(|id| (id, client)));
        self.hello();
        self.start(client)
    }

    /// Sends the request that waits, if one does.
    fn start(&mut self, client: usize) -> Result<(), ClientError> {
        let Member { session, open, epoch, .. } = &mut self.members[client];
        let (Some(open), Some(me)) = (open, session.id()) else { return Ok(()) };
        let mut out = Out::new();
        let mut state = open.actor.on_start(me, &None, &mut out);
        state.epoch = *epoch;
        (open.state, open.begun) = (Some(state), Instant::now());
        self.perform(client, out)
    }

    fn on_timer(&mut self, client: usize) -> Result<(), ClientError> {
        if self.joining.front() == Some(&client) {
            let member = &mut self.members[client];
            let at = self.servers.iter().position(|server| *server == member.target);
            member.target = self.servers[at.map_or(0, |at| (at + 1) % self.servers.len())];
            self.hello();
            return Ok(());
        }
        self.counts.resent += 1;
        let mut out = Out::new();
        self.drive(client, |actor, me, state| {
            actor.on_timeout(me, state, &quorate_models::kv::Retry, &mut out);
        });
        self.perform(client, out)
    }

    fn on_message(
        &mut self,
        client: usize,
        server: Id,
        msg: Service<O, R, P>,
    ) -> Result<Option<Finished<R>>, ClientError> {
        if let Some(open) = &mut self.members[client].open {
            open.busy = open.actor.is_busy(&msg).unwrap_or(open.busy);
        }
        match &msg {
            Service::Refused { why: Refusal::Busy, .. } => self.counts.busy += 1,
            Service::Redirect { .. } => self.counts.resent += 1,
            _ => {}
        }
        let mut out = Out::new();
        self.drive(client, |actor, me, state| actor.on_msg(me, state, server, msg, &mut out));
        self.perform(client, out)?;
        Ok(self.finish(client, server))
    }

    /// Runs a handler of the actor whose request is under way.
    fn drive(
        &mut self,
        client: usize,
        handle: impl FnOnce(&Driven<O, R, P>, Id, &mut Cow<'_, ClientState<R>>),
    ) {
        let Member { session, open, .. } = &mut self.members[client];
        if let (Some(Open { actor, state: Some(state), .. }), Some(me)) = (open, session.id()) {
            let mut driven = Cow::Owned(std::mem::take(state));
            handle(actor, me, &mut driven);
            *state = driven.into_owned();
        }
    }

    /// Takes the result of a request that is done.
    fn finish(&mut self, client: usize, server: Id) -> Option<Finished<R>> {
        let member = &mut self.members[client];
        let state = member.open.as_mut()?.state.as_mut()?;
        let result = state.last.take()?;
        // It asks the server that answered first, the next time: the actor may have turned to another.
        // If it is none of those that this client asks, a redirect to it is heeded again.
        let is_asked = self.servers.contains(&server);
        (member.target, member.epoch) =
            if is_asked { (server, state.epoch) } else { (self.servers[0], 0) };
        let begun = member.open.take()?.begun;
        self.round_trip.measured(begun.elapsed(), self.timers.len());
        self.timers.cancel(&client);
        if result.as_ref().is_err_and(|why| *why == Refusal::SessionExpired) {
            // Under the old id nothing would be done any more.
            self.by_id.retain(|_, owner| *owner != client);
            member.session.renew();
            member.next_seq = 1;
        }
        Some(Finished { client, server, result })
    }

    /// Asks a server again, with what proves this client's address.
    fn ask_again(&mut self, client: usize, server: Id) -> Result<(), ClientError> {
        let Some(Open { actor, state: Some(_), .. }) = &self.members[client].open else {
            return Ok(());
        };
        let request = actor.request();
        self.counts.resent += 1;
        self.send(client, server, &request)
    }

    fn perform(&mut self, client: usize, out: Out<Driven<O, R, P>>) -> Result<(), ClientError> {
        for command in out {
            match command {
                Command::Send(dst, msg) => self.send(client, dst, &msg)?,
                Command::SetTimer(_, longest) => {
                    let attempts = self.members[client].open.as_mut().map_or(0, |open| {
                        open.attempts += 1;
                        open.attempts
                    });
                    let wait = self.round_trip.patience(attempts, &longest);
                    self.timers.set(client, wait, Instant::now());
                }
                Command::CancelTimer(_) => self.timers.cancel(&client),
                // The client actor keeps nothing and draws nothing.
                Command::Save(()) | Command::ChooseRandom(..) => {}
            }
        }
        Ok(())
    }

    fn send(
        &mut self,
        client: usize,
        server: Id,
        msg: &Service<O, R, P>,
    ) -> Result<(), ClientError> {
        let member = &mut self.members[client];
        match member.session.seal(server, msg) {
            // Lost, if it fails: the timer deals with that.
            Ok(datagram) => {
                self.port.transmit(&datagram);
                member.open.iter_mut().for_each(|open| open.asked.extend([server]));
            }
            Err(SendError::Frame(error)) => return Err(ClientError::Unsendable(error)),
            Err(SendError::Unroutable(_)) => {}
        }
        Ok(())
    }
}
