//! The loop that drives one actor: the same code that is checked, with a real clock, disk and
//! network, which give it exactly what the model assumes.
//!
//! One loop, one handler at a time. Handlers run in **batches**. The saves of a batch are handed to
//! the [log](super::log), which writes them while the loop goes on with the next batch. A message
//! of a batch that [waits for the disk](quorate_models::Recoverable::waits_for_disk) is held until
//! all that was saved up to then is durable. A crash in between is, to everyone else, a crash
//! before the batch, whose messages were lost; the model allows both.
//!
//! A message of a node to itself never meets the network: it is delivered by the loop, and waits
//! for the disk like any other.

pub(super) mod builder;
mod greeting;
mod outbox;
mod sending;
#[cfg(test)]
mod tests;

use super::address::is_client;
use super::board::{Board, Shown};
use super::data_dir::DataDir;
use super::endpoint::{Endpoint, Hello, Incoming};
use super::error::NodeError;
use super::log::Log;
use super::mint::Mint;
use super::notices::Rate;
use super::stats::Stats;
use super::status::Watch;
use super::stop::Stop;
use super::timers::Timers;
use outbox::{Held, Mail};
use quorate_models::protocol::{Runnable, StartNewcomer};
use quorate_models::{Progress, Status};
use stateright::actor::{Actor, Command, Id, Out};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// The most messages, and the most timers, that one batch takes; but for those of one datagram.
const BATCH_EVENTS: usize = 256;
/// A batch takes no more events when it has this much to send, in bytes.
const BATCH_BYTES: usize = 1 << 20;
/// The most bytes that one batch sends; messages beyond are lost.
const QUEUE_BYTES: usize = 32 << 20;
/// How much may be handed to the disk before the loop waits for it, in bytes.
const WRITING_BYTES: usize = 64 << 20;
/// While more messages of a node to itself wait for the loop, it takes these before any datagram.
const OWN_MESSAGES: usize = 1 << 16;
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
    /// The saves that the disk has not got yet, each with its time: only where they are shown.
    syncing: VecDeque<(u64, Instant)>,
    newest_client: fn(&A::State) -> Option<Id>,
    mint: Mint,
    watch: Watch,
    relays: Rate,
    id: Id,
    endpoint: Endpoint,
    log: Log<A::Storage>,
    /// The state that was saved before it started, until it starts.
    image: Option<A::Storage>,
    /// The messages that wait for the disk.
    held: Held<A::Msg>,
    /// Its messages to itself.
    own: VecDeque<A::Msg>,
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

/// The saves and messages of a batch of handlers.
struct Batch<A: Actor> {
    saves: Vec<A::Storage>,
    /// Whether anything waits for what is saved.
    is_awaited: bool,
    /// The messages that leave at once.
    free: Mail<A::Msg>,
    /// The messages that wait for the disk.
    waiting: Mail<A::Msg>,
}

impl<A: Actor> Batch<A> {
    fn new() -> Self {
        Self { saves: Vec::new(), is_awaited: false, free: Mail::new(), waiting: Mail::new() }
    }

    fn bytes(&self) -> usize {
        self.free.bytes + self.waiting.bytes
    }

    /// The same, where nothing leaves before the disk has what is saved.
    fn all_waiting(mut self) -> Self {
        self.waiting.append(std::mem::replace(&mut self.free, Mail::new()));
        self
    }

    fn mail(&mut self, waits: bool) -> &mut Mail<A::Msg> {
        if waits { &mut self.waiting } else { &mut self.free }
    }
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
        let image = self.image.take();
        self.get_acquainted(stop, image.is_none() && !self.data.is_newcomers())?;
        let mut out = Out::new();
        let mut state = Cow::Owned(self.start(&image, &mut out));
        drop(image);
        let mut batch = Batch::new();
        self.collect(out, &mut batch);
        self.commit(batch.all_waiting())?;
        // As in the model: what it saves as it starts is durable before it does anything else. Else
        // it might crash, start for the first time once more, and contradict what it sent
        // meanwhile.
        self.await_disk()?;
        self.tell_status(&state);
        while !stop.is_stopped() {
            let batch = self.gather(&mut state);
            let gathered = Instant::now();
            self.commit(batch)?;
            self.rewrite_log(&state);
            self.tell_status(&state);
            self.grow_older()?;
            self.stop_if_refused()?;
            let pause = &mut self.endpoint.stats().longest_pause;
            *pause = gathered.elapsed().max(*pause);
        }
        if let Some(timer) = self.actor.stop_timer() {
            let mut batch = Batch::new();
            self.step(&mut state, Event::Timeout(timer), &mut batch);
            self.commit(batch)?;
        }
        self.finish()
    }

    /// The actor's first state: of a newcomer that has saved nothing yet, or from what it saved.
    #[expect(clippy::ref_option, reason = "what `Actor::on_start` takes")]
    fn start(&self, image: &Option<A::Storage>, out: &mut Out<A>) -> A::State {
        match (image, self.newcomer) {
            (None, Some(start)) if self.data.is_newcomers() => {
                start(&self.actor, self.id, self.data.incarnation(), out)
            }
            (image, _) => self.actor.on_start(self.id, image, out),
        }
    }

    /// Has the log rewritten as the state that it folds to, where it is long.
    fn rewrite_log(&mut self, state: &A::State) {
        if self.log.is_long() {
            self.log.rewrite(self.actor.checkpoint(self.id, state));
        }
    }

    /// Waits until all is durable that was handed to the disk, and sends what waited for that.
    fn await_disk(&mut self) -> Result<(), NodeError> {
        while self.log.writing() > 0 {
            let durable = self.log.wait()?;
            self.release(durable, Mail::new());
        }
        Ok(())
    }

    /// Sends what waits for the disk still, and makes all durable.
    fn finish(mut self) -> Result<Stats, NodeError> {
        self.await_disk()?;
        let mut stats = *self.endpoint.stats();
        (stats.synced, stats.rewritten) = self.log.close()?;
        tracing::info!(?stats, "the node stops");
        Ok(stats)
    }

    /// Raises the age, so that a copy of the data directory can be told apart once the node goes
    /// on.
    fn grow_older(&mut self) -> Result<(), NodeError> {
        let synced = self.log.written();
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
                let counts = Stats { synced: self.log.written(), ..*self.endpoint.stats() };
                let (status, progress) = (status.clone(), progress(state));
                board.show(Shown { stats: counts, status, progress, log_bytes: self.log.len() });
            }
            self.watch.see(status, Instant::now());
        }
    }

    /// Runs the handlers of one batch: datagrams that are there, what the node sent to itself, then
    /// timers whose time has come, and choices, of each a bounded number. Waits if there is nothing
    /// to do.
    ///
    /// Datagrams first: after a stall, what would have put a timer off waits in the socket.
    fn gather(&mut self, state: &mut Cow<'_, A::State>) -> Batch<A> {
        let mut batch = Batch::new();
        let mut events = 0;
        if self.own.len() <= OWN_MESSAGES {
            events += self.receive(Duration::ZERO, state, &mut batch);
        }
        for _ in 0..BATCH_EVENTS {
            let Some(msg) = self.own.pop_front() else { break };
            self.step(state, Event::Message(self.id, msg), &mut batch);
            events += 1;
        }
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
        batch: &mut Batch<A>,
    ) -> usize {
        let mut count = 0;
        while count < BATCH_EVENTS && batch.bytes() <= BATCH_BYTES {
            match self.endpoint.receive(wait) {
                Incoming::Nothing => return count,
                Incoming::Dropped => {}
                Incoming::Messages(src, messages) => {
                    count += messages.len() - 1;
                    messages.into_iter().for_each(|msg| self.deliver(state, src, msg, batch));
                }
                Incoming::Relays(relays) => {
                    relays.iter().for_each(|(client, msg)| self.pass_on(*client, msg, batch));
                }
                Incoming::Hello(hello) => self.welcome(state, &hello, batch),
                Incoming::Unproven(cookie) => batch.free.datagrams.push(cookie),
                Incoming::Greeting(src, life, greeting) => self.on_greeting(src, life, greeting),
            }
            count += 1;
            wait = Duration::ZERO;
        }
        count
    }

    /// How long there is nothing to do unless a datagram comes.
    fn idle(&self) -> Duration {
        if !self.choices.is_empty() || !self.own.is_empty() {
            return Duration::ZERO;
        }
        let next = self.timers.next().into_iter().chain(self.log.deadline()).min();
        next.map_or(NAP, |next| next.saturating_duration_since(Instant::now()).min(NAP))
    }

    fn deliver(
        &mut self,
        state: &mut Cow<'_, A::State>,
        src: Id,
        msg: A::Msg,
        batch: &mut Batch<A>,
    ) {
        if is_client(src) && !(self.admits)(&msg) {
            self.endpoint.stats().not_admitted += 1;
            tracing::debug!(?src, "dropped a message that a client may not send");
            return;
        }
        self.step(state, Event::Message(src, msg), batch);
    }

    /// Gives a new client an id. A client that lost it gets another one.
    fn welcome(&mut self, state: &A::State, hello: &Hello, batch: &mut Batch<A>) {
        let id = match self.mint.id((self.newest_client)(state)) {
            Ok(id) => id,
            Err(error) => {
                // A client that says hello again and again is not to fill the log.
                if let Some(left_out) = self.complaints.allow(Instant::now()) {
                    tracing::error!(%error, left_out, "cannot make an id for a client");
                }
                return;
            }
        };
        match self.endpoint.welcome(hello, id) {
            Ok(datagram) => {
                self.endpoint.stats().welcomed += 1;
                batch.free.datagrams.push(datagram);
            }
            Err(error) => self.unsendable(id, error),
        }
    }

    /// Runs one handler.
    fn step(&mut self, state: &mut Cow<'_, A::State>, event: Event<A>, batch: &mut Batch<A>) {
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
    fn collect(&mut self, out: Out<A>, batch: &mut Batch<A>) {
        for command in out {
            match command {
                Command::Save(delta) => {
                    batch.is_awaited |= !self.actor.is_lazy(&delta);
                    batch.saves.push(delta);
                }
                Command::Send(dst, msg) => {
                    let mail = batch.mail(self.actor.waits_for_disk(&msg));
                    self.enqueue(dst, msg, mail);
                }
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
}
