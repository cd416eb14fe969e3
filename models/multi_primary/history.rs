//! The history of a run for the properties: every write with the writes that it followed and
//! replaced, the writes that each node has been shown, and the writes that each client learned of.
//!
//! It watches messages and is no part of the protocol. Most of it follows from what the nodes hold
//! and the order in which that came about, so it adds few states of its own. Three parts add many, and
//! are kept only where they are asked for: the real-time order of requests, what clients were told, and
//! whether a transfer has brought something.

use super::message::{Answer, Peer, Piece, Request, Return};
use super::store::Update;
use super::transfer::{Taken, Transfer};
use crate::causal::{Context, Dot, Rule, VersionVector};
use crate::kv::history::Linearizable;
use crate::kv::{Bytes, Map, Service};
use crate::world::Observer;
use stateright::actor::{Envelope, Id};
use stateright::semantics::SequentialSpec;
use std::collections::{BTreeMap, BTreeSet};

/// The history of a run. Maps have no empty entries: these would tell histories apart that say the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct History {
    /// The requests and answers in real time; `None` where no property asks for them.
    pub service: Option<Linearizable<Plain>>,
    /// Whether every put and delete must make a write: with last-writer-wins, where what it
    /// replaces may be elsewhere.
    writes_always: bool,
    /// Every write that was taken.
    pub writes: BTreeMap<Dot, Write>,
    /// The writes that each node was shown, or took.
    pub shown: BTreeMap<Id, BTreeSet<Dot>>,
    /// The writes that were acknowledged to their clients.
    pub acknowledged: BTreeSet<Dot>,
    /// The writes that a get with this context returned to a client: those that it was shown, and
    /// those that these, or what else its node had, replaced. Not what the context says: that may
    /// be more. `None` where no client gives a context back.
    pub told: Option<BTreeMap<(Id, VersionVector), BTreeSet<Dot>>>,
    /// What should not have happened.
    pub faults: BTreeSet<Fault>,
    /// The writes that each node counts as its own or as received.
    vectors: BTreeMap<Id, VersionVector>,
    /// How far each node is with what it fetches from each other one.
    transfers: BTreeMap<(Id, Id), Transfer>,
    /// The nodes that lost their disks and are not back yet.
    returning: BTreeMap<Id, Return>,
    /// Below which generation of the second one the first does not hear it.
    heard_from: BTreeMap<(Id, Id), u16>,
    /// Whether the last piece of a transfer showed a node something; `None` where no property asks.
    pub repaired: Option<bool>,
    /// The request that a node handles in this step. `None` between steps.
    handling: Option<(Envelope<u64>, Request)>,
}

/// A write that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Write {
    /// What was sent to the other nodes.
    pub update: Update,
    /// The request: its client and sequence number.
    pub request: (Id, u64),
    /// The writes of the key that its node had been shown.
    pub before: BTreeSet<Dot>,
    /// The writes of the key that it was to replace: those that its client had learned of, or else
    /// all that its node had been shown; and all that these replaced.
    pub replaced: BTreeSet<Dot>,
}

impl Write {
    /// The value, unless the write is a delete.
    pub fn value(&self) -> Option<&Bytes> {
        self.update.version.value.as_ref()
    }
}

/// What should not have happened, as seen when a message was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// Two writes have one dot.
    DotReused,
    /// One request made two writes at one node.
    TakenTwice,
    /// A client got at a node something older than what it wrote there.
    StaleRead,
    /// A context covers a write that its get did not return.
    FalseContext,
    /// A put or a delete was acknowledged and made no write.
    NotWritten,
}

/// What a history keeps only where it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The requests and answers in real time: by a property.
    pub order: bool,
    /// What gets with a context returned: by clients that give a context back.
    pub contexts: bool,
    /// Whether a transfer brought a node something: by a property.
    pub repairs: bool,
}

impl History {
    /// An empty history of nodes with that rule.
    pub fn new(rule: Rule, asked: Asked) -> Self {
        let service = asked.order.then(|| Linearizable::linearizable(Plain::default()));
        let told = asked.contexts.then(BTreeMap::new);
        let repaired = asked.repairs.then_some(false);
        let writes_always = rule == Rule::LastWriterWins;
        Self { service, writes_always, told, repaired, ..Self::default() }
    }

    /// The writes of a key that a node was shown.
    fn shown_of(&self, node: Id, key: &Bytes) -> BTreeSet<Dot> {
        let shown = self.shown.get(&node).into_iter().flatten();
        shown.filter(|dot| self.is_of(**dot, key)).copied().collect()
    }

    /// Whether a write went with its node's disk: no node was shown it but its own in a former
    /// life.
    pub fn is_lost(&self, dot: Dot) -> bool {
        !self.shown.values().any(|shown| shown.contains(&dot))
    }

    fn is_of(&self, dot: Dot, key: &Bytes) -> bool {
        self.writes.get(&dot).is_some_and(|write| write.update.key == *key)
    }

    fn on_write(&mut self, node: Id, update: &Update) {
        let Some((envelope, request)) = &self.handling else { return };
        if envelope.dst != node {
            return;
        }
        let by = (envelope.src, envelope.msg);
        let before = self.shown_of(node, &update.key);
        let mut replaced = match &request.context {
            None => before.clone(),
            Some(context) => {
                let read = (envelope.src, context.known.clone());
                let told = self.told.as_ref().and_then(|told| told.get(&read));
                let told = told.into_iter().flatten();
                told.filter(|dot| self.is_of(**dot, &update.key)).copied().collect()
            }
        };
        let older: Vec<Dot> =
            replaced.iter().flat_map(|dot| &self.writes[dot].replaced).copied().collect();
        replaced.extend(older);
        if let Some(known) = self.writes.get(&update.dot) {
            if known.update != *update || known.request != by {
                self.faults.insert(Fault::DotReused);
            }
            return;
        }
        // It cannot know which requests a former life took.
        let generation = update.dot.generation();
        if self.writes_of(node, by).any(|dot| dot.generation() == generation) {
            self.faults.insert(Fault::TakenTwice);
        }
        let write = Write { update: update.clone(), request: by, before, replaced };
        self.shown.entry(node).or_default().insert(update.dot);
        self.vectors.entry(node).or_default().add(update.dot);
        self.writes.insert(update.dot, write);
    }

    fn on_done(&mut self, node: Id, request: (Id, u64)) {
        if self.writes_always && self.writes_of(node, request).next().is_none() {
            self.faults.insert(Fault::NotWritten);
        }
    }

    /// The write that a request made at a node, in each of its lives.
    fn writes_of(&self, node: Id, request: (Id, u64)) -> impl Iterator<Item = Dot> {
        let writes = self.writes.iter();
        writes
            .filter(move |(dot, write)| dot.node == node && write.request == request)
            .map(|(dot, _)| *dot)
    }

    fn on_values(&mut self, values: &[Bytes], context: &VersionVector) {
        let Some((envelope, request)) = &self.handling else { return };
        let (node, client) = (envelope.dst, envelope.src);
        let shown = self.shown_of(node, request.op.key());
        let told = |write: &Write| write.value().is_none_or(|value| values.contains(value));
        let is_replaced = |dot: &Dot| shown.iter().any(|x| self.writes[x].replaced.contains(dot));
        let covered = (self.writes.iter())
            .filter(|(dot, write)| context.covers(**dot) && write.update.key == *request.op.key())
            .filter(|(dot, _)| !self.is_lost(**dot));
        let (told, untold): (BTreeSet<Dot>, BTreeSet<Dot>) = (covered.map(|(dot, _)| *dot))
            .partition(|dot| told(&self.writes[dot]) || is_replaced(dot));
        let mut own = (shown.iter()).filter(|dot| {
            dot.node == node
                && self.acknowledged.contains(dot)
                && self.writes[dot].request.0 == client
        });
        let is_stale = own.any(|dot| self.is_stale(*dot, &shown, values));
        if let Some(all) = self.told.as_mut().filter(|_| !told.is_empty()) {
            all.entry((client, context.clone())).or_default().extend(told);
        }
        if !untold.is_empty() {
            self.faults.insert(Fault::FalseContext);
        }
        if is_stale {
            self.faults.insert(Fault::StaleRead);
        }
    }

    /// Whether `values` are from before the write `own`: it is not among them, and nothing that
    /// came to the node after it replaces it.
    fn is_stale(&self, own: Dot, shown: &BTreeSet<Dot>, values: &[Bytes]) -> bool {
        let write = &self.writes[&own];
        let Some(value) = write.value() else {
            let mut before = write.replaced.iter().filter_map(|dot| self.writes[dot].value());
            return before.any(|old| values.contains(old));
        };
        let replaces = |later: &Dot| {
            let later = &self.writes[later];
            !write.before.contains(&later.update.dot)
                && (later.replaced.contains(&own) || later.update.covers(&write.update))
        };
        !values.contains(value) && !shown.iter().any(replaces)
    }

    fn show(&mut self, node: Id, dots: impl IntoIterator<Item = Dot>) {
        let mut dots = dots.into_iter().peekable();
        if dots.peek().is_some() {
            self.shown.entry(node).or_default().extend(dots);
        }
    }

    fn shown_to(&self, node: Id) -> usize {
        self.shown.get(&node).map_or(0, BTreeSet::len)
    }

    /// The node takes a piece as it is meant to. (It may have crashed and begin again; then what
    /// it took before the crash counts as shown although it had it aside.)
    fn on_piece(&mut self, (src, node): (Id, Id), piece: &Piece) {
        let upto = &piece.upto;
        let vector = self.vectors.get(&node).cloned().unwrap_or_default();
        if vector.includes(upto) {
            return;
        }
        let before = self.transfers.remove(&(src, node));
        let is_open = |transfer: &&Transfer| !vector.includes(&transfer.resume.upto);
        let taken = Transfer::take(before.as_ref().filter(is_open), piece.clone(), None);
        let Some(Taken { whole, open }) = taken else {
            self.transfers.extend(before.map(|before| ((src, node), before)));
            return;
        };
        if open.is_none() {
            self.vectors.entry(node).or_default().join(upto);
        }
        let known = self.shown_to(node);
        self.show(node, whole.iter().map(|update| update.dot));
        if let Some(open) = open {
            self.transfers.insert((src, node), open);
            return;
        }
        // A vector counts what went with a disk too, but shows it to nobody.
        let all: Vec<Dot> = (self.writes.keys().copied())
            .filter(|dot| upto.covers(*dot) && !self.is_lost(*dot))
            .collect();
        self.show(node, all);
        let is_repaired = self.shown_to(node) > known;
        self.repaired = self.repaired.map(|before| before || is_repaired);
    }

    /// A node lost its disk, and says so for the first time.
    fn on_return(&mut self, node: Id, back: Return) {
        if self.returning.insert(node, back).is_none_or(|before| before.life != back.life) {
            self.shown.remove(&node);
            self.vectors.remove(&node);
            self.transfers.retain(|(_, to), _| *to != node);
        }
    }

    /// A node hears no former life of another, and begins again what it fetched from it.
    fn on_heard(&mut self, node: Id, returned: Id, back: Return) {
        let generation = self.heard_from.entry((node, returned)).or_default();
        if *generation < back.generation {
            *generation = back.generation;
            self.transfers.remove(&(returned, node));
        }
    }

    /// Whether a node takes this from another.
    fn is_heard(&self, (src, node): (Id, Id), peer: &Peer) -> bool {
        let known = self.heard_from.get(&(node, src)).copied().unwrap_or(0);
        let is_former = peer.generation(src).is_some_and(|generation| generation < known);
        let is_ready = match (self.returning.get(&node), peer) {
            (now, Peer::Restored { back, .. }) => now == Some(back),
            (now, _) => now.is_none(),
        };
        is_ready && !is_former
    }

    /// The node takes a write of another if it has all earlier ones.
    fn on_delta(&mut self, node: Id, dot: Dot) {
        let known = self.vectors.get(&node).map_or(0, |vector| vector.get(dot.node));
        if dot.counter <= known + 1 {
            self.vectors.entry(node).or_default().add(dot);
            self.show(node, [dot]);
        }
    }
}

impl Observer<Service<Request, Answer, Peer>> for History {
    fn observes(envelope: Envelope<&Service<Request, Answer, Peer>>) -> bool {
        match envelope.msg {
            Service::Peer(peer) => match peer {
                Peer::Pull { resume, .. } => resume.is_none(),
                // Of one that is back after it lost its disk.
                Peer::Digest { vector, .. } => vector.generation(envelope.src) > 0,
                _ => true,
            },
            _ => true,
        }
    }

    fn on_send(&self, envelope: Envelope<&Service<Request, Answer, Peer>>) -> Option<Self> {
        let mut next = self.clone();
        if let Some(service) = &self.service
            && let Some(service) = service.on_send(Envelope { ..envelope })
        {
            next.service = Some(service);
        }
        match envelope.msg {
            Service::Peer(Peer::Delta(update)) => next.on_write(envelope.src, update),
            Service::Reply { seq, reply } => {
                match reply {
                    Answer::Values { values, context, .. } => {
                        next.on_values(values, &context.known);
                    }
                    Answer::Done => next.on_done(envelope.src, (envelope.dst, *seq)),
                    Answer::BadContext | Answer::Crowded => {}
                }
                next.handling = None;
            }
            Service::Refused { .. } => next.handling = None,
            // It begins again.
            Service::Peer(Peer::Pull { resume: None, .. } | Peer::Restore { resume: None, .. }) => {
                next.transfers.remove(&(envelope.dst, envelope.src));
            }
            Service::Peer(Peer::Return(back)) => next.on_return(envelope.src, *back),
            Service::Peer(Peer::Known(back)) => next.on_heard(envelope.src, envelope.dst, *back),
            Service::Peer(Peer::Digest { vector, .. }) => {
                let (node, begin) = (envelope.src, vector.generation(envelope.src));
                if next.returning.remove(&node).is_some() {
                    next.vectors.entry(node).or_default().add(Dot::below(node, begin));
                }
            }
            _ => {}
        }
        Some(next)
    }

    fn on_deliver(&self, envelope: Envelope<&Service<Request, Answer, Peer>>) -> Option<Self> {
        let mut next = self.clone();
        if let Some(service) = &self.service
            && let Some(service) = service.on_deliver(Envelope { ..envelope })
        {
            next.service = Some(service);
        }
        let Envelope { src, dst, msg } = envelope;
        match msg {
            Service::Request { seq, op } => {
                next.handling = Some((Envelope { src, dst, msg: *seq }, op.clone()));
            }
            Service::Reply { seq, reply: Answer::Done } => {
                next.acknowledged.extend(self.writes_of(src, (dst, *seq)));
            }
            Service::Peer(peer) if self.is_heard((src, dst), peer) => match peer {
                Peer::Delta(update) => next.on_delta(dst, update.dot),
                Peer::Piece(piece) | Peer::Restored { piece, .. } => {
                    next.on_piece((src, dst), piece);
                }
                _ => {}
            },
            _ => {}
        }
        Some(next)
    }
}

/// The map as one server would serve it: its sequential specification. Contexts are not judged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Plain(Map);

impl SequentialSpec for Plain {
    type Op = Request;
    type Ret = Answer;

    fn invoke(&mut self, request: &Request) -> Answer {
        use crate::kv::Reply;
        match self.0.invoke(&request.op) {
            Reply::Value(value) => {
                let (values, context) = (value.into_iter().collect(), Context::default());
                Answer::Values { values, context, more: false }
            }
            // It offers neither compare-and-swap nor ranges.
            Reply::Done | Reply::Swapped { .. } | Reply::Page(_) => Answer::Done,
        }
    }

    fn is_valid_step(&mut self, request: &Request, answer: &Answer) -> bool {
        match (self.invoke(request), answer) {
            (Answer::Values { values, .. }, Answer::Values { values: told, .. }) => values == *told,
            (one, other) => one == *other,
        }
    }
}
