//! The loop that drives one actor: the same code that is checked, with a real clock, disk and
//! network, which give it exactly what the model assumes.
//!
//! One loop, one handler at a time. Handlers run in **batches**: what a batch saves becomes one
//! record of the log, synced before anything that the batch sends leaves. A crash in between is,
//! to everyone else, a crash before the batch, whose messages were lost; the model allows both.

mod builder;
mod greeting;

pub use builder::NodeBuilder;

use super::address::is_client;
use super::board::{Board, Shown};
use super::data_dir::DataDir;
use super::endpoint::{Endpoint, Hello, Incoming, SendError};
use super::error::NodeError;
use super::frame::FrameError;
use super::log::Log;
use super::mint::Mint;
use super::notices::Rate;
use super::socket::Datagram;
use super::stats::Stats;
use super::status::Watch;
use super::stop::Stop;
use super::timers::Timers;
use quorate_models::protocol::{Runnable, StartNewcomer};
use quorate_models::{Progress, Status};
use stateright::actor::{Actor, Command, Id, Out};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// The most datagrams, and the most timers, that one batch takes.
const BATCH_EVENTS: usize = 256;
/// A batch takes no more events when it has this much to send, in bytes.
const BATCH_BYTES: usize = 1 << 20;
/// What one batch sends beyond this, in bytes, is lost.
const QUEUE_BYTES: usize = 32 << 20;
/// How many answers a second are given to other servers to pass on.
const RELAYS: u32 = 20_000;
/// How often a data directory that is written to grows older.
const AGING: Duration = Duration::from_mins(10);
/// The longest that a node sleeps before it looks whether it should stop.
const NAP: Duration = Duration::from_millis(100);

/// How far a node is, by its actor's state.
type Measure<A> = fn(&<A as Actor>::State) -> Progress;

/// A node, ready to run.
pub struct Node<A: Runnable> {
    actor: A,
    admits: fn(&A::Msg) -> bool,
    newcomer: Option<StartNewcomer<A>>,
    status: Option<fn(&A::State) -> Status>,
    /// Where it shows what it is, and how far.
    board: Option<(Board, Measure<A>)>,
    newest_client: fn(&A::State) -> Option<Id>,
    mint: Mint,
    watch: Watch,
    relays: Rate,
    id: Id,
    endpoint: Endpoint,
    log: Log<A::Storage>,
    timers: Timers<A::Timer>,
    /// Choices to be made, by key.
    choices: BTreeMap<String, Vec<A::Random>>,
    /// When the data directory grew older, and how many batches were synced then.
    aged: (Instant, u64),
    /// The servers that said that they listen to this one.
    listening: BTreeSet<Id>,
    /// A server that said that it does not.
    refused_by: Option<Id>,
    complaints: Rate,
    /// Holds the lock on the directory for as long as the node lives.
    data: DataDir,
}

/// What a handler is run for.
enum Event<A: Actor> {
    Message(Id, A::Msg),
    Timeout(A::Timer),
    Choice(A::Random),
}

/// What a batch of handlers saves and sends.
struct Batch<S> {
    saves: Vec<S>,
    sends: Vec<Datagram>,
    bytes: usize,
}

impl<A: Runnable> Node<A> {
    /// Its id.
    pub fn id(&self) -> Id {
        self.id
    }

    /// Where it listens.
    pub fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.endpoint.local_addr()
    }

    /// Runs until it is asked to stop, or the disk fails. Whatever was answered is durable
    /// however it ends.
    pub fn run(mut self, stop: &Stop) -> Result<Stats, NodeError> {
        let (id, log_bytes) = (usize::from(self.id), self.log.len());
        tracing::info!(id, address = ?self.local_addr().ok(), log_bytes, "the node starts");
        self.get_acquainted(stop)?;
        let mut batch = Batch { saves: Vec::new(), sends: Vec::new(), bytes: 0 };
        let mut out = Out::new();
        let mut state = Cow::Owned(self.start(&mut out));
        self.collect(out, &mut batch);
        self.commit(batch)?;
        self.tell_status(&state);
        while !stop.is_stopped() {
            let batch = self.gather(&mut state);
            self.commit(batch)?;
            self.tell_status(&state);
            self.grow_older()?;
            self.stop_if_refused()?;
        }
        let counts = *self.endpoint.stats();
        tracing::info!(id, stats = ?counts, "the node stops");
        Ok(counts)
    }

    /// The actor's first state: of a newcomer that has saved nothing yet, or from what it saved.
    fn start(&self, out: &mut Out<A>) -> A::State {
        match (self.log.image(), self.newcomer) {
            (None, Some(start)) if self.data.is_newcomers() => {
                start(&self.actor, self.id, self.data.incarnation(), out)
            }
            (image, _) => self.actor.on_start(self.id, image, out),
        }
    }

    /// So that a copy of the data directory is told from it once it goes on.
    fn grow_older(&mut self) -> Result<(), NodeError> {
        let synced = self.endpoint.stats().synced;
        if self.aged.1 < synced && self.aged.0.elapsed() >= AGING {
            self.data.grow_older()?;
            self.endpoint.grow_older(self.data.life());
            self.aged = (Instant::now(), synced);
        }
        Ok(())
    }

    fn tell_status(&mut self, state: &A::State) {
        if let Some(status) = self.status {
            let status = status(state);
            if let Some((board, progress)) = &self.board {
                let (counts, log_bytes) = (*self.endpoint.stats(), self.log.len());
                let (status, progress) = (status.clone(), progress(state));
                board.show(Shown { stats: counts, status, progress, log_bytes });
            }
            self.watch.see(status, Instant::now());
        }
    }

    /// Runs the handlers of one batch: datagrams that are there, then timers whose time has come,
    /// and choices, of each a bounded number. Waits if there is nothing to do.
    ///
    /// Datagrams first: after a stall, what would have put a timer off waits in the socket.
    fn gather(&mut self, state: &mut Cow<'_, A::State>) -> Batch<A::Storage> {
        let mut batch = Batch { saves: Vec::new(), sends: Vec::new(), bytes: 0 };
        let mut events = self.receive(Duration::ZERO, state, &mut batch);
        let now = Instant::now();
        for _ in 0..BATCH_EVENTS {
            let Some(timer) = self.timers.pop(now) else { break };
            self.step(state, Event::Timeout(timer), &mut batch);
            events += 1;
        }
        for _ in 0..BATCH_EVENTS {
            let Some((_, options)) = self.choices.pop_first() else { break };
            if !options.is_empty() {
                let at = rand::random_range(0..options.len());
                self.step(state, Event::Choice(options[at].clone()), &mut batch);
            }
            events += 1;
        }
        if events == 0 {
            self.receive(self.idle(), state, &mut batch);
        }
        batch
    }

    /// Runs the handlers of datagrams, for the first of which it waits at most that long. How many
    /// there were.
    fn receive(
        &mut self,
        mut wait: Duration,
        state: &mut Cow<'_, A::State>,
        batch: &mut Batch<A::Storage>,
    ) -> usize {
        for count in 0..BATCH_EVENTS {
            match self.endpoint.receive(wait) {
                Incoming::Nothing => return count,
                Incoming::Dropped => {}
                Incoming::Message(src, msg) => self.deliver(state, src, msg, batch),
                Incoming::Relay(client, msg) => self.pass_on(client, &msg, batch),
                Incoming::Hello(hello) => self.welcome(state, &hello, batch),
                Incoming::Unproven(cookie) => self.queue(cookie, batch),
                Incoming::Greeting(src, life, greeting) => self.on_greeting(src, life, greeting),
            }
            if batch.bytes > BATCH_BYTES {
                return count + 1;
            }
            wait = Duration::ZERO;
        }
        BATCH_EVENTS
    }

    /// How long there is nothing to do unless a datagram comes.
    fn idle(&self) -> Duration {
        if !self.choices.is_empty() {
            return Duration::ZERO;
        }
        self.timers
            .next()
            .map_or(NAP, |next| next.saturating_duration_since(Instant::now()).min(NAP))
    }

    fn deliver(
        &mut self,
        state: &mut Cow<'_, A::State>,
        src: Id,
        msg: A::Msg,
        batch: &mut Batch<A::Storage>,
    ) {
        if is_client(src) && !(self.admits)(&msg) {
            self.endpoint.stats().not_admitted += 1;
            tracing::debug!(?src, "dropped a message that a client may not send");
            return;
        }
        self.step(state, Event::Message(src, msg), batch);
    }

    /// Gives a new client an id. To whoever lost it, another one.
    fn welcome(&mut self, state: &A::State, hello: &Hello, batch: &mut Batch<A::Storage>) {
        let id = match self.mint.id((self.newest_client)(state)) {
            Ok(id) => id,
            Err(error) => {
                // Whoever says hello again and again is not to fill the log.
                if let Some(left_out) = self.complaints.allow(Instant::now()) {
                    tracing::error!(%error, left_out, "cannot make an id for a client");
                }
                return;
            }
        };
        match self.endpoint.welcome(hello, id) {
            Ok(datagram) => {
                self.endpoint.stats().welcomed += 1;
                self.queue(datagram, batch);
            }
            Err(error) => self.unsendable(id, error),
        }
    }

    /// Runs one handler.
    fn step(
        &mut self,
        state: &mut Cow<'_, A::State>,
        event: Event<A>,
        batch: &mut Batch<A::Storage>,
    ) {
        self.endpoint.stats().handlers += 1;
        let mut out = Out::new();
        match event {
            Event::Message(src, msg) => {
                tracing::trace!(?src, ?msg, "deliver");
                self.actor.on_msg(self.id, state, src, msg, &mut out);
            }
            Event::Timeout(timer) => {
                tracing::trace!(?timer, "timeout");
                self.actor.on_timeout(self.id, state, &timer, &mut out);
            }
            Event::Choice(choice) => {
                tracing::trace!(?choice, "choose");
                self.actor.on_random(self.id, state, &choice, &mut out);
            }
        }
        self.collect(out, batch);
    }

    /// Takes what a handler wants done.
    fn collect(&mut self, out: Out<A>, batch: &mut Batch<A::Storage>) {
        for command in out {
            match command {
                Command::Save(delta) => batch.saves.push(delta),
                Command::Send(dst, msg) => self.enqueue(dst, &msg, batch),
                Command::SetTimer(timer, range) => self.timers.set(timer, range, Instant::now()),
                Command::CancelTimer(timer) => self.timers.cancel(&timer),
                // No options: the choice is withdrawn.
                Command::ChooseRandom(key, options) if options.is_empty() => {
                    self.choices.remove(&key);
                }
                Command::ChooseRandom(key, options) => {
                    self.choices.insert(key, options);
                }
            }
        }
    }

    fn enqueue(&mut self, dst: Id, msg: &A::Msg, batch: &mut Batch<A::Storage>) {
        match self.endpoint.seal(dst, msg) {
            Ok(datagram) => self.queue(datagram, batch),
            Err(SendError::Unroutable(_)) if is_client(dst) => self.relay(dst, msg, batch),
            Err(SendError::Unroutable(_)) => {
                self.endpoint.stats().unroutable += 1;
                tracing::debug!(?dst, "lost a message: there is no such server");
            }
            Err(SendError::Frame(error)) => self.unsendable(dst, error),
        }
    }

    fn queue(&mut self, datagram: Datagram, batch: &mut Batch<A::Storage>) {
        if batch.bytes + datagram.bytes.len() <= QUEUE_BYTES {
            batch.bytes += datagram.bytes.len();
            batch.sends.push(datagram);
        } else {
            self.endpoint.stats().overflowed += 1;
            tracing::warn!("lost a message: one batch sends too much");
        }
    }

    fn unsendable(&mut self, dst: Id, error: FrameError) {
        self.endpoint.stats().unsendable += 1;
        tracing::error!(?dst, %error, "lost a message");
    }

    /// A message for a client that this server never heard from, or not for long: whichever other
    /// server has heard from it passes it on. In the model any server may answer any client.
    fn relay(&mut self, client: Id, msg: &A::Msg, batch: &mut Batch<A::Storage>) {
        if self.relays.allow(Instant::now()).is_none() {
            self.endpoint.stats().unroutable += 1;
            return;
        }
        match self.endpoint.seal_relays(client, msg) {
            Ok(datagrams) => {
                self.endpoint.stats().relayed += 1;
                datagrams.into_iter().for_each(|datagram| self.queue(datagram, batch));
            }
            Err(SendError::Frame(error)) => self.unsendable(client, error),
            Err(SendError::Unroutable(_)) => {}
        }
    }

    /// Passes on what another server has for a client. If this one does not know the client
    /// either, another may: it goes no further from here.
    fn pass_on(&mut self, client: Id, msg: &A::Msg, batch: &mut Batch<A::Storage>) {
        if is_client(client)
            && let Ok(datagram) = self.endpoint.seal(client, msg)
        {
            self.endpoint.stats().passed_on += 1;
            self.queue(datagram, batch);
        }
    }

    /// First the disk, then the network.
    fn commit(&mut self, batch: Batch<A::Storage>) -> Result<(), NodeError> {
        if !batch.saves.is_empty() {
            let begin = Instant::now();
            self.log.append(batch.saves)?;
            if let Some((board, _)) = &self.board {
                board.synced(begin.elapsed());
            }
            self.endpoint.stats().synced += 1;
        }
        if let Some((board, _)) = &self.board {
            board.sent(batch.sends.len());
        }
        for datagram in &batch.sends {
            // A failure is counted and told of there; to the protocol the message is lost.
            let _ = self.endpoint.transmit(datagram);
        }
        Ok(())
    }
}
