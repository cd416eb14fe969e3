//! A node: takes reads and writes alone, and sends its writes to the others.

use super::bugs::Bug;
use super::message::{Answer, Msg, Peer, Request};
use super::state::Timer;
use super::storage::{Delta, Image, Storage};
use super::store::{Order, Update, Version};
use super::turn::Turn;
use crate::causal::{Context, Dot, MAX_SIBLINGS, Rule, VersionVector};
use crate::clock::Stamp;
use crate::kv::machine::FRAGMENT_BYTES;
use crate::kv::service::Refusal;
use crate::kv::sessions::RequestStatus;
use crate::kv::{Bytes, Op, Service, limits};
use stateright::actor::Id;

/// About how many bytes of values an answer has, unless the first value alone has more.
const ANSWER_BYTES: usize = 2 * FRAGMENT_BYTES;

/// A put or a delete of a client.
struct Write {
    client: Id,
    seq: u64,
    key: Bytes,
    /// `None` deletes.
    value: Option<Bytes>,
    context: Option<Context>,
}

impl Turn<'_, '_> {
    /// Starts with what was durable. A node that comes back sends a digest to the others, so that
    /// those that lack something of it ask.
    pub(super) fn on_start(&mut self, saved: Option<&Storage>) {
        self.gossip_later();
        let Some(Storage::Image(image)) = saved else {
            let image = Image::new(self.config.sessions);
            self.state.to_mut().image = image.clone();
            return self.save(Storage::Image(image));
        };
        let mut image = image.clone();
        match self.config.bug {
            Some(Bug::DotReused) => image.vector.limit(self.id, 0),
            Some(Bug::ClockNotDurable) => image.clock = Stamp::default(),
            _ => {}
        }
        self.state.to_mut().image = image;
        self.announce();
    }

    pub(super) fn on_msg(&mut self, msg: Msg) {
        match msg {
            // It is not ready, and its client asks another node in time.
            Service::Request { .. } if self.state.image.newcomer.is_some() => {}
            Service::Request { seq, op } => self.on_request(seq, op),
            Service::Peer(msg) if self.src != self.id && self.config.is_node(self.src) => {
                self.on_peer(msg);
            }
            _ => {}
        }
    }

    fn on_peer(&mut self, msg: Peer) {
        let is_newcomer = self.state.image.newcomer.is_some();
        match msg {
            Peer::Return(back) => self.on_return(back),
            Peer::Known(back) => self.on_known(back),
            Peer::Restore { back, have, resume } => self.on_restore(back, &have, resume),
            msg if self.is_former(&msg) => {}
            Peer::Restored { back, piece, clock, returns } => {
                self.on_restored(back, piece, clock, returns);
            }
            // It was meant for its former life.
            _ if is_newcomer && !self.has(Bug::TakeUnasked) => {}
            Peer::Delta(update) => self.on_delta(&update),
            Peer::Digest { vector, clock } => self.on_digest(&vector, clock),
            Peer::Pull { have, resume } => self.on_pull(&have, resume),
            Peer::Piece(piece) => self.on_piece(piece),
        }
    }

    pub(super) fn on_timer(&mut self, timer: Timer) {
        match timer {
            Timer::Gossip => self.on_gossip_timer(),
            Timer::Retry(_) => {}
        }
    }

    fn on_request(&mut self, seq: u64, request: Request) {
        let Request { op, context } = request;
        let client = self.src;
        if limits::check(&op).is_err() {
            return self.answer(Service::Refused { seq, why: Refusal::TooLarge });
        }
        let (key, value) = match op {
            Op::Get { key } => {
                return self.answer(Service::Reply { seq, reply: self.read(&key) });
            }
            Op::Cas { .. } | Op::Range(_) => {
                return self.answer(Service::Refused { seq, why: Refusal::NotOffered });
            }
            Op::Put { key, value } => (key, Some(value)),
            Op::Delete { key } => (key, None),
        };
        if context.as_ref().is_some_and(|context| !self.accepts(&key, context)) {
            return self.answer(Service::Reply { seq, reply: Answer::BadContext });
        }
        let write = Write { client, seq, key, value, context };
        match self.state.image.sessions.status(client, seq) {
            RequestStatus::Repeated(answer) if !self.has(Bug::ApplyTwice) => {
                let reply = answer.clone();
                self.answer(Service::Reply { seq, reply });
            }
            RequestStatus::New | RequestStatus::Repeated(_) => self.on_write(write),
            RequestStatus::Old if self.has(Bug::ApplyOld) => self.on_write(write),
            RequestStatus::Old => {}
            RequestStatus::Refused(why) => self.answer(Service::Refused { seq, why }),
        }
    }

    /// The values of a key, as many as an answer holds, and the context of exactly those. They
    /// are taken in the order of dots: a vector that covers the ones that are returned then covers
    /// none of the others.
    fn read(&self, key: &Bytes) -> Answer {
        let (mut values, mut context, mut size) = (Vec::new(), VersionVector::default(), 0);
        for (dot, version) in self.state.image.store.entry(key).into_iter().flatten() {
            if let Some(value) = &version.value {
                size += value.len();
                if size > ANSWER_BYTES && !values.is_empty() {
                    return self.values(key, values, context, true);
                }
                values.push(value.clone());
            }
            if let Order::Knowing(known) = &version.order {
                context.add(*dot);
                context.join(known);
            }
        }
        if self.has(Bug::OneSibling) {
            values.truncate(1);
        }
        self.values(key, values, context, false)
    }

    fn values(&self, key: &Bytes, values: Vec<Bytes>, known: VersionVector, more: bool) -> Answer {
        let context = match self.config.bug {
            Some(Bug::ContextOfAnyKey) => self.config.contexts.context(&Bytes::default(), known),
            _ => self.config.contexts.context(key, known),
        };
        Answer::Values { values, context, more }
    }

    /// Whether a node gave this context for this key. With last-writer-wins every context is
    /// accepted.
    fn accepts(&self, key: &Bytes, context: &Context) -> bool {
        let contexts = &self.config.contexts;
        self.config.rule == Rule::LastWriterWins
            || match self.config.bug {
                Some(Bug::AcceptForged) => true,
                Some(Bug::ContextOfAnyKey) => contexts.accepts(&Bytes::default(), context),
                _ => contexts.accepts(key, context),
            }
    }

    /// Takes a write: names it, orders it, saves it, answers, and sends it to the others.
    fn on_write(&mut self, write: Write) {
        let Write { client, seq, key, value, context } = write;
        let is_blind = context.is_none();
        if value.is_none() && is_blind && self.deletes_nothing(&key) {
            return self.remember_and_reply(client, seq, Answer::Done);
        }
        let image = &self.state.image;
        let dot = Dot::new(self.id, image.vector.get(self.id) + 1);
        let (order, clock) = match self.config.rule {
            Rule::LastWriterWins => {
                let now = image.clock.tick(self.config.physical.now());
                (Order::Written(now), now)
            }
            Rule::MultiValue => (Order::Knowing(self.known(&key, context)), image.clock),
        };
        let mut update = Update { key, dot, version: Version { order, value } };
        if is_crowded(image, &update) {
            return self.remember_and_reply(client, seq, Answer::Crowded);
        }
        self.merge(&update);
        let forgets_context = self.has(Bug::DeleteWithoutContext);
        let image = &mut self.state.to_mut().image;
        if forgets_context && update.version.value.is_none() {
            update.version.order = Order::Knowing(VersionVector::default());
            let entry = [(dot, update.version.clone())].into();
            image.store.replace(update.key.clone(), entry);
        }
        image.vector.add(dot);
        image.clock = clock;
        image.sessions.record(client, seq, Answer::Done);
        let (vector, requests) = (VersionVector::up_to(dot), vec![(client, seq, Answer::Done)]);
        let delta = Delta { vector, requests, ..image.delta([&update.key]) };
        self.store(delta);
        self.broadcast(Peer::Delta(update));
        self.answer(Service::Reply { seq, reply: Answer::Done });
    }

    /// Whether a delete of this key, without a context, has nothing to send to the others: it
    /// replaces what its node holds, and that is nothing. With last-writer-wins it replaces
    /// whatever is older, wherever that is, so there is always something to send.
    fn deletes_nothing(&self, key: &Bytes) -> bool {
        (self.config.rule == Rule::MultiValue || self.has(Bug::DeleteNothing))
            && self.state.image.store.values(key).next().is_none()
    }

    /// Answers a put or a delete that changes nothing, and remembers that: a late copy of it must
    /// not change anything either, whatever has been written in between.
    fn remember_and_reply(&mut self, client: Id, seq: u64, reply: Answer) {
        if !self.has(Bug::ForgetNothing) {
            let image = &mut self.state.to_mut().image;
            image.sessions.record(client, seq, reply.clone());
            let requests = vec![(client, seq, reply.clone())];
            let delta = Delta { requests, ..image.delta([]) };
            self.store(delta);
        }
        self.answer(Service::Reply { seq, reply });
    }

    /// The writes that a new write is to replace. Where clients are believed, at least this node's
    /// own later writes cannot be among them.
    fn known(&self, key: &Bytes, context: Option<Context>) -> VersionVector {
        let image = &self.state.image;
        let told = context.map(|context| context.known);
        let mut known = told.unwrap_or_else(|| image.store.context(key));
        known.retain(|node| self.config.is_node(node));
        known.limit(self.id, image.vector.get(self.id));
        if self.has(Bug::PlainVersionVector) {
            known.add(Dot::new(self.id, image.vector.get(self.id)));
        }
        known
    }

    /// Takes a write of another node, in the order in which that node made them: so what a node
    /// has of another is always a prefix, and one number says how much.
    fn on_delta(&mut self, update: &Update) {
        let (src, dot) = (self.src, update.dot);
        let vector = &self.state.image.vector;
        if dot.node != src || vector.covers(dot) {
            return;
        }
        let has_gap = dot.counter > vector.get(src) + 1;
        if has_gap && !self.has(Bug::SkipGap) {
            // Writes that are on their way already are asked for again only when a digest comes.
            if self.state.transfer_from(src).is_none() {
                self.pull();
            }
            return;
        }
        if !has_gap {
            self.merge(update);
        }
        let image = &mut self.state.to_mut().image;
        image.vector.add(dot);
        let keys = if has_gap { None } else { Some(&update.key) };
        let delta = Delta { vector: VersionVector::up_to(dot), ..image.delta(keys) };
        self.store(delta);
        if self.has(Bug::CollectEarly) {
            self.collect(|_, _| true);
        }
    }
}

/// Whether a write would make more siblings than a node makes. Others' concurrent writes may
/// still bring more together.
fn is_crowded(image: &Image, update: &Update) -> bool {
    let Some(entry) = image.store.entry(&update.key) else { return false };
    let Order::Knowing(known) = &update.version.order else { return false };
    update.version.value.is_some()
        && entry.keys().filter(|dot| !known.covers(**dot)).count() >= MAX_SIBLINGS
}
