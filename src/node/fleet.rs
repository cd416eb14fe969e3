//! Many clients on one socket and one thread: for load, where a thread for each client would cost
//! more than the servers do.
//!
//! Each member is a client like any other, with an id and a session of its own. Each request in a slot
//! of a session is driven by the actor that is checked. They share the socket and the loop alone.

#[cfg(feature = "tokio")]
mod awaited;
mod member;
mod port;

use super::caller::{Heard, Session};
use super::client::{ClientError, Driven, Rules};
use super::cluster_file::ClusterFile;
use super::endpoint::SendError;
use super::frame::Wire;
use super::round_trip::RoundTrip;
use super::timers::Timers;
use member::{Alarm, Member, Open, Place, Slot};
use port::Port;
use quorate_models::kv::machine::Value;
use quorate_models::kv::service::Refusal;
use quorate_models::kv::sessions::slots;
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

/// Clients of one cluster. Each has a number of slots with at most one request under way; slots are
/// counted through all clients.
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
    rules: Rules<O, R>,
    round_trip: RoundTrip,
    timers: Timers<Alarm>,
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

/// A request that has come to its end: its slot, the operation, the server that answered, and the
/// answer.
pub(super) struct Finished<O, R> {
    pub(super) slot: usize,
    pub(super) op: O,
    pub(super) server: Id,
    pub(super) result: Result<R, Refusal>,
}

impl<O: Value, R: Value, P: Value> Fleet<O, R, P> {
    /// So many clients with so many slots each, none of which has an id yet. They ask the first server, or
    /// if they are to be `apart` another one each, as far as there are.
    pub(super) fn open(
        cluster: &ClusterFile,
        servers: Vec<Id>,
        retry: Range<Duration>,
        (clients, slots): (usize, u8),
        apart: bool,
    ) -> Result<Self, ClientError> {
        let first = *servers.first().ok_or(ClientError::NoServers)?;
        let any = match cluster.server(first).ok_or(ClientError::NoServers)?.address {
            SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
            SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
        };
        let member = |at| {
            let target = servers[if apart { at % servers.len() } else { 0 }];
            let session = Session::new(cluster)
                .ok_or_else(|| ClientError::NoPublicKey { file: cluster.path().into() })?;
            let slots = (0..slots.max(1)).map(|_| Slot { next: 1, open: None }).collect();
            Ok(Member { session, is_expired: false, target, epoch: 0, slots })
        };
        Ok(Self {
            port: Port::bind(any)?,
            buffer: vec![0; BUFFER].into(),
            wire: Wire::new(cluster),
            members: (0..clients).map(member).collect::<Result<_, ClientError>>()?,
            by_id: HashMap::new(),
            servers,
            retry,
            rules: Rules::default(),
            round_trip: RoundTrip::default(),
            timers: Timers::new(),
            joining: VecDeque::new(),
            counts: FleetCounts::default(),
        })
    }

    /// Heeds these rules.
    pub(super) fn heeding(self, rules: Rules<O, R>) -> Self {
        Self { rules, ..self }
    }

    pub(super) fn counts(&self) -> FleetCounts {
        self.counts
    }

    /// Where a slot is.
    fn place(&self, slot: usize) -> Place {
        let slots = self.members[0].slots.len();
        Place { member: slot / slots, slot: (slot % slots) as u8 }
    }

    /// Begins to do `op` in a slot, which has no request under way.
    pub(super) fn begin(&mut self, slot: usize, op: O) -> Result<(), ClientError> {
        let place = self.place(slot);
        let member = &mut self.members[place.member];
        let mut servers = self.servers.clone();
        let at = servers.iter().position(|server| *server == member.target);
        servers.rotate_left(at.unwrap_or(0));
        let stays = (self.rules.stays)(&op);
        let Slot { next, open } = &mut member.slots[usize::from(place.slot)];
        let actor = Driven::new(op, slots::seq(place.slot, *next), servers, self.retry.clone());
        // Whatever comes of it, this number is used.
        *next += 1;
        let (asked, begun) = (BTreeSet::new(), Instant::now());
        *open = Some(Open { actor, state: None, stays, begun, attempts: 0, asked, busy: false });
        if member.is_ready() {
            return self.start(place);
        }
        if !member.is_expired {
            self.join(place.member);
        }
        Ok(())
    }

    /// Waits for the answer no longer. What was asked may have been done, or may yet.
    pub(super) fn give_up(&mut self, slot: usize) {
        let place = self.place(slot);
        let member = &mut self.members[place.member];
        if member.open(place.slot).is_some_and(|open| open.stays && open.state.is_some()) {
            // That server may be down: the next request is for another.
            member.target = next(&self.servers, member.target);
        }
        self.close(place);
        self.renew(place.member);
    }

    /// Waits at most `wait` for something to happen, and returns the requests that ended.
    pub(super) fn step(&mut self, wait: Duration) -> Result<Vec<Finished<O, R>>, ClientError> {
        let mut finished = Vec::new();
        let now = Instant::now();
        while let Some(alarm) = self.timers.pop(now) {
            match alarm {
                Alarm::Join => self.on_join_timer(),
                Alarm::Retry(place) => self.on_retry_timer(place)?,
            }
        }
        let due = self.timers.next().map(|next| next.saturating_duration_since(Instant::now()));
        self.port.await_datagram(due.map_or(wait, |due| due.min(wait)));
        for _ in 0..BATCH {
            let Some((len, from)) = self.port.receive(&mut self.buffer) else { break };
            self.hear(len, from, &mut finished)?;
        }
        Ok(finished)
    }

    fn hear(
        &mut self,
        len: usize,
        from: SocketAddr,
        finished: &mut Vec<Finished<O, R>>,
    ) -> Result<(), ClientError> {
        let datagram = &mut self.buffer[..len];
        let Ok(header) = self.wire.peek(datagram) else { return Ok(()) };
        // A datagram for no known id is a welcome, if anything.
        let member = self.by_id.get(&header.dst).or(self.joining.front()).copied();
        let Some(member) = member else { return Ok(()) };
        match self.members[member].session.open::<Service<O, R, P>>(datagram, from) {
            Ok(Heard::Welcome(server)) => self.on_welcome(member, server)?,
            Ok(Heard::Cookie(server)) => self.ask_again(member, server)?,
            Ok(Heard::Messages(server, messages)) => {
                for msg in messages {
                    finished.extend(self.on_message(member, server, msg)?);
                }
            }
            Ok(Heard::Nothing | Heard::Dropped) | Err(_) => {}
        }
        Ok(())
    }

    /// Asks for an id for a member, when its turn has come.
    fn join(&mut self, member: usize) {
        if !self.joining.contains(&member) {
            self.joining.push_back(member);
            if self.joining.len() == 1 {
                self.hello();
            }
        }
    }

    /// The first that has no id asks for one.
    fn hello(&mut self) {
        let Some(first) = self.joining.front().copied() else { return };
        let member = &mut self.members[first];
        // Lost, if it fails: the timer deals with that.
        if let Ok(hello) = member.session.hello(member.target) {
            self.port.transmit(&hello);
            let open = member.slots.iter_mut().filter_map(|slot| slot.open.as_mut());
            open.for_each(|open| open.asked.extend([member.target]));
        }
        self.timers.set(Alarm::Join, self.retry.clone(), Instant::now());
    }

    fn on_join_timer(&mut self) {
        let Some(first) = self.joining.front().copied() else { return };
        let member = &mut self.members[first];
        member.target = next(&self.servers, member.target);
        self.hello();
    }

    fn on_welcome(&mut self, member: usize, server: Id) -> Result<(), ClientError> {
        self.joining.pop_front();
        if self.servers.contains(&server) {
            // It is up; the one that was asked last need not be.
            self.members[member].target = server;
        }
        self.timers.cancel(&Alarm::Join);
        self.by_id.extend(self.members[member].session.id().map(|id| (id, member)));
        self.hello();
        (0..self.members[member].slots.len() as u8)
            .try_for_each(|slot| self.start(Place { member, slot }))
    }

    /// Sends the request that waits in a slot, if one does.
    fn start(&mut self, place: Place) -> Result<(), ClientError> {
        let member = &mut self.members[place.member];
        let (me, epoch, target) = (member.session.id(), member.epoch, member.target);
        let (Some(open), Some(me)) = (member.open(place.slot), me) else { return Ok(()) };
        if open.stays {
            open.actor.stay_at(target);
        }
        let mut out = Out::new();
        let mut state = open.actor.on_start(me, &None, &mut out);
        state.epoch = epoch;
        (open.state, open.begun) = (Some(state), Instant::now());
        self.perform(place, out)
    }

    fn on_retry_timer(&mut self, place: Place) -> Result<(), ClientError> {
        self.counts.resent += 1;
        let mut out = Out::new();
        self.drive(place, |actor, me, state| {
            actor.on_timeout(me, state, &quorate_models::kv::Retry, &mut out);
        });
        self.perform(place, out)
    }

    fn on_message(
        &mut self,
        member: usize,
        server: Id,
        msg: Service<O, R, P>,
    ) -> Result<Option<Finished<O, R>>, ClientError> {
        let (Service::Reply { seq, .. }
        | Service::Redirect { seq, .. }
        | Service::Refused { seq, .. }) = &msg
        else {
            return Ok(None);
        };
        let place = Place { member, slot: slots::of(*seq) };
        if let Some(open) = self.members[member].open(place.slot) {
            if !open.actor.may_take(&msg, self.rules.takes) {
                return Ok(None);
            }
            open.busy = open.actor.is_busy(&msg).unwrap_or(open.busy);
        }
        match &msg {
            Service::Refused { why: Refusal::Busy, .. } => self.counts.busy += 1,
            Service::Redirect { .. } => self.counts.resent += 1,
            _ => {}
        }
        let mut out = Out::new();
        self.drive(place, |actor, me, state| actor.on_msg(me, state, server, msg, &mut out));
        self.perform(place, out)?;
        Ok(self.finish(place, server))
    }

    /// Runs a handler of the actor whose request is under way.
    fn drive(
        &mut self,
        place: Place,
        handle: impl FnOnce(&Driven<O, R, P>, Id, &mut Cow<'_, ClientState<R>>),
    ) {
        let member = &mut self.members[place.member];
        let me = member.session.id();
        if let (Some(Open { actor, state: Some(state), .. }), Some(me)) =
            (member.open(place.slot), me)
        {
            let mut driven = Cow::Owned(std::mem::take(state));
            handle(actor, me, &mut driven);
            *state = driven.into_owned();
        }
    }

    /// Takes the result of a request that is done.
    fn finish(&mut self, place: Place, server: Id) -> Option<Finished<O, R>> {
        let member = &mut self.members[place.member];
        let open = member.open(place.slot)?;
        let state = open.state.as_mut()?;
        let result = state.last.take()?;
        let (begun, epoch) = (open.begun, state.epoch);
        // It asks the server that answered first, the next time: the actor may have turned to another.
        // If it is none of those that this client asks, a redirect to it is heeded again.
        let is_asked = self.servers.contains(&server);
        (member.target, member.epoch) =
            if is_asked { (server, epoch.max(member.epoch)) } else { (self.servers[0], 0) };
        let slot = place.member * member.slots.len() + usize::from(place.slot);
        member.is_expired |= result.as_ref().is_err_and(|why| *why == Refusal::SessionExpired);
        self.round_trip.measured(begun.elapsed(), self.timers.len());
        let op = self.close(place)?;
        self.renew(place.member);
        Some(Finished { slot, op, server, result })
    }

    /// The operation that was under way there.
    fn close(&mut self, Place { member, slot }: Place) -> Option<O> {
        self.timers.cancel(&Alarm::Retry(Place { member, slot }));
        let open = self.members[member].slots[usize::from(slot)].open.take();
        open.and_then(|open| open.actor.into_op())
    }

    /// Goes on as a new client where the session has expired, once nothing that was asked in it is
    /// awaited: under the old id nothing would be done any more.
    fn renew(&mut self, at: usize) {
        let member = &mut self.members[at];
        if member.is_expired && !member.is_asking() {
            member.renew();
            self.by_id.retain(|_, owner| *owner != at);
            if self.members[at].slots.iter().any(|slot| slot.open.is_some()) {
                self.join(at);
            }
        }
    }

    /// Asks a server again, with what proves this client's address.
    fn ask_again(&mut self, member: usize, server: Id) -> Result<(), ClientError> {
        for slot in 0..self.members[member].slots.len() as u8 {
            let Some(Open { actor, state: Some(_), .. }) = self.members[member].open(slot) else {
                continue;
            };
            let request = actor.request();
            self.counts.resent += 1;
            self.send(Place { member, slot }, server, &request)?;
        }
        Ok(())
    }

    fn perform(&mut self, place: Place, out: Out<Driven<O, R, P>>) -> Result<(), ClientError> {
        for command in out {
            match command {
                Command::Send(dst, msg) => self.send(place, dst, &msg)?,
                Command::SetTimer(_, longest) => {
                    let attempts = self.members[place.member].open(place.slot).map_or(0, |open| {
                        open.attempts += 1;
                        open.attempts
                    });
                    let wait = self.round_trip.patience(attempts, &longest);
                    self.timers.set(Alarm::Retry(place), wait, Instant::now());
                }
                Command::CancelTimer(_) => self.timers.cancel(&Alarm::Retry(place)),
                // The client actor keeps nothing and draws nothing.
                Command::Save(()) | Command::ChooseRandom(..) => {}
            }
        }
        Ok(())
    }

    fn send(
        &mut self,
        place: Place,
        server: Id,
        msg: &Service<O, R, P>,
    ) -> Result<(), ClientError> {
        let member = &mut self.members[place.member];
        match member.session.seal(server, msg) {
            // Lost, if it fails: the timer deals with that.
            Ok((datagram, other)) => {
                self.port.transmit(&datagram);
                other.iter().for_each(|other| self.port.transmit(other));
                member.open(place.slot).into_iter().for_each(|open| open.asked.extend([server]));
            }
            Err(SendError::Frame(error)) => return Err(ClientError::Unsendable(error)),
            Err(SendError::Unroutable(_)) => {}
        }
        Ok(())
    }
}

/// The server after this one.
fn next(servers: &[Id], server: Id) -> Id {
    let at = servers.iter().position(|other| *other == server);
    servers[at.map_or(0, |at| (at + 1) % servers.len())]
}
