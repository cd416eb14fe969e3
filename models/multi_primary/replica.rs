//! A node: takes reads and writes by itself, and tells the others what it took.

use super::clock::Stamp;
use super::context::Context;
use super::message::{Answer, Msg, Peer, Request};
use super::stability::{Stability, collect};
use super::storage::{Delta, Image, Storage};
use super::store::{Order, Update, Version};
use super::transfer::Transfer;
use super::vector::{Dot, VersionVector};
use super::{Bug, Config, MAX_SIBLINGS, Outbox, Rule, Timer};
use crate::kv::machine::FRAGMENT_BYTES;
use crate::kv::service::Refusal;
use crate::kv::sessions::Standing;
use crate::kv::{Bytes, Op, Service};
use stateright::actor::Id;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// About how many bytes of values an answer has, unless the first value alone has more.
const ANSWER_BYTES: usize = 2 * FRAGMENT_BYTES;

/// A node.
#[derive(Clone, Debug)]
pub struct Replica {
    /// The cluster.
    pub config: Config,
}

/// A node's state.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplicaState {
    /// What is durable.
    pub image: Image,
    /// What it knows about what the others have. Volatile.
    pub stability: Stability,
    /// How far it is with what it fetches from each of the others in several pieces. Volatile:
    /// a node that comes back begins again.
    pub fetching: BTreeMap<Id, Transfer>,
}

/// A put or a delete of a client.
struct Write {
    client: Id,
    seq: u64,
    key: Bytes,
    /// `None` deletes.
    value: Option<Bytes>,
    context: Option<Context>,
}

impl Replica {
    /// Starts with what was durable. One that comes back tells the others how far it is, so that
    /// those that lack something of it ask.
    pub(super) fn on_start(&self, id: Id, saved: Option<&Storage>, o: &mut Outbox) -> ReplicaState {
        o.set_timer(Timer::Gossip, self.config.timing.gossip.clone());
        let Some(Storage::Image(image)) = saved else {
            let image = Image::new(self.config.sessions);
            o.save(Storage::Image(image.clone()));
            return ReplicaState { image, ..ReplicaState::default() };
        };
        let mut image = image.clone();
        match self.config.bug {
            Some(Bug::DotReused) => image.vector.limit(id, 0),
            Some(Bug::ClockNotDurable) => image.clock = Stamp::default(),
            _ => {}
        }
        let state = ReplicaState { image, ..ReplicaState::default() };
        self.announce(id, &state, o);
        state
    }

    pub(super) fn on_msg(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState>,
        src: Id,
        msg: Msg,
        o: &mut Outbox,
    ) {
        match msg {
            // It is not ready, and its client asks another node in time.
            Service::Request { .. } if state.image.newcomer.is_some() => {}
            Service::Request { seq, op } => self.on_request(id, state, (src, seq), op, o),
            Service::Peer(msg) if self.config.is_peer(id, src) => {
                self.on_peer(id, state, src, msg, o);
            }
            _ => {}
        }
    }

    fn on_peer(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState>,
        src: Id,
        msg: Peer,
        o: &mut Outbox,
    ) {
        match msg {
            Peer::Return(back) => self.on_return(state, src, back, o),
            Peer::Known(back) => self.on_known(id, state, src, back, o),
            Peer::Restore { back, have, resume } => {
                self.on_restore(id, state, src, (back, have, resume), o);
            }
            msg if self.is_former(state, src, &msg) => {}
            Peer::Restored { back, piece, clock, returns } => {
                self.on_restored(id, state, src, (back, piece), (clock, returns), o);
            }
            // It was meant for its former life.
            _ if state.image.newcomer.is_some() && self.config.bug != Some(Bug::TakeUnasked) => {}
            Peer::Delta(update) => self.on_delta(state, src, &update, o),
            Peer::Digest { vector, clock } => self.on_digest(id, state, src, &vector, clock, o),
            Peer::Pull { have, resume } => self.on_pull(state, src, &have, resume, o),
            Peer::Piece(piece) => self.on_piece(state, src, piece, o),
        }
    }

    fn on_request(
        &self,
        id: Id,
        state: &mut Cow<'_, ReplicaState>,
        (client, seq): (Id, u64),
        request: Request,
        o: &mut Outbox,
    ) {
        let Request { op, context } = request;
        if !op.fits() {
            return o.send(client, Service::Refused { seq, why: Refusal::TooLarge });
        }
        let (key, value) = match op {
            Op::Get { key } => {
                return o.send(client, Service::Reply { seq, reply: self.read(state, &key) });
            }
            Op::Cas { .. } => {
                return o.send(client, Service::Refused { seq, why: Refusal::NotOffered });
            }
            Op::Put { key, value } => (key, Some(value)),
            Op::Delete { key } => (key, None),
        };
        if context.as_ref().is_some_and(|context| !self.accepts(&key, context)) {
            return o.send(client, Service::Reply { seq, reply: Answer::BadContext });
        }
        match state.image.sessions.standing(client, seq) {
            Standing::Repeated(answer) if self.config.bug != Some(Bug::ApplyTwice) => {
                let reply = answer.clone();
                o.send(client, Service::Reply { seq, reply });
            }
            Standing::New | Standing::Repeated(_) => {
                self.on_write(id, state, Write { client, seq, key, value, context }, o);
            }
            Standing::Old if self.config.bug == Some(Bug::ApplyOld) => {
                self.on_write(id, state, Write { client, seq, key, value, context }, o);
            }
            Standing::Old => {}
            Standing::Refused(why) => o.send(client, Service::Refused { seq, why }),
        }
    }

    /// The values of a key, as many as an answer holds, and the context of exactly those. They
    /// are taken in the order of dots: a vector that covers the ones that are told then covers
    /// none of the others.
    fn read(&self, state: &ReplicaState, key: &Bytes) -> Answer {
        let (mut values, mut context, mut size) = (Vec::new(), VersionVector::default(), 0);
        for (dot, version) in state.image.store.entry(key).into_iter().flatten() {
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
        if self.config.bug == Some(Bug::OneSibling) {
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

    /// Whether a node gave this context for this key. With last-writer-wins nobody asks.
    fn accepts(&self, key: &Bytes, context: &Context) -> bool {
        let contexts = &self.config.contexts;
        self.config.rule == Rule::LastWriterWins
            || match self.config.bug {
                Some(Bug::AcceptForged) => true,
                Some(Bug::ContextOfAnyKey) => contexts.accepts(&Bytes::default(), context),
                _ => contexts.accepts(key, context),
            }
    }

    /// Takes a write: names it, orders it, saves it, answers, and tells the others.
    fn on_write(&self, id: Id, state: &mut Cow<'_, ReplicaState>, write: Write, o: &mut Outbox) {
        let Write { client, seq, key, value, context } = write;
        let is_blind = context.is_none();
        if value.is_none() && is_blind && self.deletes_nothing(&state.image, &key) {
            return self.settle(state, (client, seq), Answer::Done, o);
        }
        let image = &state.image;
        let dot = Dot::new(id, image.vector.get(id) + 1);
        let (order, clock) = match self.config.rule {
            Rule::LastWriterWins => {
                let now = image.clock.tick(self.config.physical.now());
                (Order::Written(now), now)
            }
            Rule::MultiValue => {
                let known = self.known(id, image, &key, context);
                (Order::Knowing(known), image.clock)
            }
        };
        let mut update = Update { key, dot, version: Version { order, value } };
        if is_crowded(image, &update) {
            return self.settle(state, (client, seq), Answer::Crowded, o);
        }
        let image = &mut state.to_mut().image;
        self.merge(image, &update);
        if self.config.bug == Some(Bug::DeleteWithoutContext) && update.version.value.is_none() {
            update.version.order = Order::Knowing(VersionVector::default());
            let entry = [(dot, update.version.clone())].into();
            image.store.replace(update.key.clone(), entry);
        }
        image.vector.add(dot);
        image.clock = clock;
        image.sessions.record(client, seq, Answer::Done);
        let mut delta = Delta { vector: VersionVector::up_to(dot), ..image.delta([&update.key]) };
        delta.requests.push((client, seq, Answer::Done));
        match self.config.bug {
            Some(Bug::ForgetWrite) => delta.entries.clear(),
            Some(Bug::ForgetRequest) => delta.requests.clear(),
            _ => {}
        }
        o.save(Storage::Delta(delta));
        let peers: Vec<Id> = self.config.peers(id).collect();
        o.broadcast(&peers, &Service::Peer(Peer::Delta(update)));
        o.send(client, Service::Reply { seq, reply: Answer::Done });
    }

    /// Whether a delete of this key, without a context, has nothing to tell the others: it replaces what
    /// its node holds, and that is nothing. With last-writer-wins it replaces whatever is older,
    /// wherever that is, so there is always something to tell.
    fn deletes_nothing(&self, image: &Image, key: &Bytes) -> bool {
        (self.config.rule == Rule::MultiValue || self.config.bug == Some(Bug::DeleteNothing))
            && image.store.values(key).next().is_none()
    }

    /// Answers a put or a delete that changes nothing, and remembers that: a late copy of it must
    /// not change anything either, whatever has been written in between.
    fn settle(
        &self,
        state: &mut Cow<'_, ReplicaState>,
        (client, seq): (Id, u64),
        answer: Answer,
        o: &mut Outbox,
    ) {
        if self.config.bug != Some(Bug::ForgetNothing) {
            let image = &mut state.to_mut().image;
            image.sessions.record(client, seq, answer.clone());
            let requests = vec![(client, seq, answer.clone())];
            o.save(Storage::Delta(Delta { requests, ..image.delta([]) }));
        }
        o.send(client, Service::Reply { seq, reply: answer });
    }

    /// The writes that a new write is to replace. Where clients are believed, at least this node's
    /// own later writes cannot be among them.
    fn known(&self, id: Id, image: &Image, key: &Bytes, context: Option<Context>) -> VersionVector {
        let told = context.map(|context| context.known);
        let mut known = told.unwrap_or_else(|| image.store.context(key));
        known.retain(|node| self.config.is_node(node));
        known.limit(id, image.vector.get(id));
        if self.config.bug == Some(Bug::PlainVersionVector) {
            known.add(Dot::new(id, image.vector.get(id)));
        }
        known
    }

    /// Takes a write of another node, in the order in which that node made them: so what a node
    /// has of another is always a prefix, and one number says how much.
    fn on_delta(
        &self,
        state: &mut Cow<'_, ReplicaState>,
        src: Id,
        update: &Update,
        o: &mut Outbox,
    ) {
        let dot = update.dot;
        if dot.node != src || state.image.vector.covers(dot) {
            return;
        }
        let has_gap = dot.counter > state.image.vector.get(src) + 1;
        if has_gap && self.config.bug != Some(Bug::SkipGap) {
            // What is on its way already is asked for again only when a digest comes.
            if state.transfer_from(src).is_none() {
                self.pull(state, src, o);
            }
            return;
        }
        let image = &mut state.to_mut().image;
        if !has_gap {
            self.merge(image, update);
        }
        image.vector.add(dot);
        let keys = if has_gap { None } else { Some(&update.key) };
        let delta = Delta { vector: VersionVector::up_to(dot), ..image.delta(keys) };
        o.save(Storage::Delta(delta));
        if self.config.bug == Some(Bug::CollectEarly) {
            collect(state, |_, _| true, o);
        }
    }

    /// Takes over a write's effect, and moves the clock past its timestamp. A receipt gets no
    /// timestamp of its own, so the clock does not tick.
    pub(super) fn merge(&self, image: &mut Image, update: &Update) -> bool {
        if let Order::Written(stamp) = update.version.order
            && self.config.bug != Some(Bug::ClockNotAdvanced)
        {
            image.clock = image.clock.max(stamp);
        }
        image.merge(update, self.config.bug)
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
