//! Random systems: actors that do what a table says, a network, a disk, faults, and claims.

use super::claims::{Claim, Claimed, Form, NAMES, claim, safety_claims};
use quorate::models::durable::{Durable, Recoverable};
use quorate::models::world::{
    Condition, DiskKind, Fairness, Faults, NetworkKind, Observer, Setup, Strength,
};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng};
use stateright::actor::{Actor, Envelope, Id, Out};
use stateright::{Rewrite, RewritePlan};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

pub(crate) const STATES: u8 = 3;
pub(crate) const MESSAGES: u8 = 2;

/// What a handler is run for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Input {
    Start(Option<u8>),
    Message(Peer, u8),
    Timer(u8),
    Choice(u8),
}

/// Another node, as a node sees it: so that nodes that are alike have one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Peer {
    Own,
    /// Those that are like it.
    Like,
    /// The last node, which is like none.
    Last,
}

#[derive(Clone, Debug)]
pub(crate) enum Command {
    Send(Peer, u8),
    Set(u8),
    Cancel(u8),
    Choose(Vec<u8>),
    Save(u8),
}

/// A new state, if it changes, and what is asked for.
pub(crate) type Entry = (Option<u8>, Vec<Command>);

#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) nodes: usize,
    /// By whether it is the last node, by state and input.
    pub(crate) entries: Arc<BTreeMap<(bool, u8, Input), Entry>>,
    /// An entry of node 0 alone.
    pub(crate) odd: Option<(u8, Input, Entry)>,
}

/// Order counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Saved(pub(crate) u8);

impl Durable for Saved {
    fn absorb(&mut self, delta: Self) {
        // The last that is not zero counts: it matters in which order they are absorbed, and not in
        // which pairs.
        if delta.0 != 0 {
            self.0 = delta.0;
        }
    }
}

impl Rewrite<Id> for Saved {
    fn rewrite<S>(&self, _: &RewritePlan<Id, S>) -> Self {
        *self
    }
}

static NOTHING: Entry = (None, Vec::new());

impl Table {
    fn entry(&self, id: usize, state: u8, input: Input) -> &Entry {
        if let Some((of, on, entry)) = &self.odd
            && (id, *of, *on) == (0, state, input)
        {
            return entry;
        }
        self.entries.get(&(id + 1 == self.nodes, state, input)).unwrap_or(&NOTHING)
    }

    fn peer(&self, id: usize, other: usize) -> Peer {
        match other {
            _ if other == id => Peer::Own,
            _ if other + 1 == self.nodes => Peer::Last,
            _ => Peer::Like,
        }
    }

    fn act(&self, id: Id, state: u8, input: Input, o: &mut Out<Self>) -> Option<u8> {
        let (next, commands) = self.entry(id.into(), state, input);
        for command in commands {
            match command {
                Command::Send(peer, message) => {
                    let is_meant = |to: &usize| self.peer(id.into(), *to) == *peer;
                    let all = (0..self.nodes).filter(is_meant);
                    all.for_each(|to| o.send(Id::from(to), *message));
                }
                Command::Set(timer) => o.set_timer(*timer, Range::default()),
                Command::Cancel(timer) => o.cancel_timer(*timer),
                Command::Choose(options) => o.choose_random("it", options.clone()),
                Command::Save(delta) => o.save(Saved(*delta)),
            }
        }
        *next
    }
}

impl Actor for Table {
    type Msg = u8;
    type Timer = u8;
    type State = u8;
    type Storage = Saved;
    type Random = u8;

    fn on_start(&self, id: Id, saved: &Option<Saved>, o: &mut Out<Self>) -> u8 {
        self.act(id, 0, Input::Start(saved.map(|saved| saved.0)), o).unwrap_or(0)
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, u8>, src: Id, message: u8, o: &mut Out<Self>) {
        let peer = self.peer(id.into(), src.into());
        if let Some(next) = self.act(id, **state, Input::Message(peer, message), o) {
            *state.to_mut() = next;
        }
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, u8>, timer: &u8, o: &mut Out<Self>) {
        if let Some(next) = self.act(id, **state, Input::Timer(*timer), o) {
            *state.to_mut() = next;
        }
    }

    fn on_random(&self, id: Id, state: &mut Cow<'_, u8>, option: &u8, o: &mut Out<Self>) {
        if let Some(next) = self.act(id, **state, Input::Choice(*option), o) {
            *state.to_mut() = next;
        }
    }
}

impl Recoverable for Table {
    fn checkpoint(&self, _: Id, _: &u8) -> Option<Saved> {
        None
    }

    fn waits_for_disk(&self, message: &u8) -> bool {
        *message != 0
    }

    fn is_lazy(&self, saved: &Saved) -> bool {
        saved.0 == 0
    }
}

/// What was observed last, and how often anything was, up to a point. It may be odd: then
/// deliveries to node 0 pass it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Log {
    pub(crate) last: (bool, u8),
    pub(crate) count: u8,
    pub(crate) odd: bool,
}

impl Log {
    pub(crate) fn next(self, delivered: bool, dst: usize, message: u8) -> Option<Self> {
        let passes = self.odd && delivered && dst == 0 && self.count > 0;
        let count = (self.count + 1).min(2);
        let next = Self { last: (delivered, message), count, ..self };
        (!passes && next != self).then_some(next)
    }
}

impl Observer<u8> for Log {
    fn observes(envelope: Envelope<&u8>) -> bool {
        *envelope.msg == 1
    }

    fn on_send(&self, envelope: Envelope<&u8>) -> Option<Self> {
        self.next(false, envelope.dst.into(), *envelope.msg)
    }

    fn on_deliver(&self, envelope: Envelope<&u8>) -> Option<Self> {
        self.next(true, envelope.dst.into(), *envelope.msg)
    }
}

impl Rewrite<Id> for Log {
    fn rewrite<S>(&self, _: &RewritePlan<Id, S>) -> Self {
        *self
    }
}

#[derive(Clone, Debug)]
pub(crate) struct System {
    pub(crate) table: Table,
    pub(crate) servers: usize,
    pub(crate) network: NetworkKind,
    pub(crate) lossy: bool,
    pub(crate) disk: DiskKind,
    pub(crate) faults: Faults,
    pub(crate) fairness: Fairness,
    /// At most so many messages in flight.
    pub(crate) bound: usize,
    /// Another bound.
    pub(crate) within: Option<Claim>,
    /// Whether claims are marked that messages decide for good, and those too of which it is not so.
    pub(crate) marks: (bool, bool),
    /// Whether messages are counted whose absence decides a claim, instead.
    pub(crate) counts: bool,
    /// How claims are written.
    pub(crate) form: Form,
    pub(crate) log: Log,
    pub(crate) claims: [Claimed; 4],
}

impl System {
    pub(crate) fn keeps_one_copy(&self) -> bool {
        matches!(self.network, NetworkKind::Set | NetworkKind::Single)
    }

    /// Whether what this node saves is not durable at once.
    pub(crate) fn saves_late(&self, id: usize) -> bool {
        match self.disk {
            DiskKind::Synchronous => false,
            DiskKind::WriteBack => true,
            DiskKind::Asynchronous => self.faults.crashes > 0 && id < self.servers,
        }
    }

    /// Whether messages like this one are counted.
    pub(crate) fn counts(&self, message: u8) -> bool {
        self.counts && self.claims.iter().any(|claim| claim.counted() == Some(message))
    }

    pub(crate) fn setup(&self) -> Setup<Table, Log> {
        let bound = self.bound;
        let properties = self.claims.iter().zip(NAMES).map(|(claimed, name)| {
            let property = claimed.property(name, self.form);
            if self.counts
                && let Some(message) = claimed.counted()
            {
                return property.counting(move |envelope| envelope.msg == message);
            }
            let needs_none = self.form == Form::Single && claimed.is_monotone();
            let is_marked = if claimed.is_monotone() { self.marks.0 } else { self.marks.1 };
            if is_marked && !needs_none { property.monotone() } else { property }
        });
        let actors = (0..self.table.nodes).map(|_| self.table.clone());
        let setup = Setup::new(actors, self.servers, self.log);
        let setup = match self.disk {
            DiskKind::Asynchronous => setup.asynchronous_disk(),
            disk => setup.disk(disk),
        };
        setup
            .network(self.network)
            .lossy(self.lossy)
            .faults(self.faults.clone())
            .timer_kind(|timer| if *timer == 0 { "bounded" } else { "free" })
            .fairness(self.fairness)
            .properties(properties)
            .boundary(match self.within {
                Some(claim) => claim.condition(),
                None => Condition::world(move |view| view.envelopes().count() <= bound),
            })
    }
}

pub(super) fn pick<T: Copy>(random: &mut StdRng, of: &[T]) -> T {
    of[random.random_range(0..of.len())]
}

fn entry(random: &mut StdRng) -> Entry {
    let next = random.random_bool(0.6).then(|| random.random_range(0..STATES));
    let count = pick(random, &[0, 0, 1, 1, 1, 2]);
    let commands = (0..count).map(|_| match random.random_range(0..10) {
        0..4 => {
            let peer = pick(random, &[Peer::Own, Peer::Like, Peer::Last, Peer::Like]);
            Command::Send(peer, random.random_range(0..MESSAGES))
        }
        4..6 => Command::Set(random.random_range(0..2)),
        6 => Command::Cancel(random.random_range(0..2)),
        7 => Command::Choose((0..random.random_range(0..3)).collect()),
        _ => Command::Save(random.random_range(0..3)),
    });
    (next, commands.collect())
}

fn inputs() -> Vec<Input> {
    let peers = [Peer::Own, Peer::Like, Peer::Last];
    let messages = peers.into_iter().flat_map(|p| (0..MESSAGES).map(move |m| Input::Message(p, m)));
    let others = [0, 1].into_iter().flat_map(|n| [Input::Timer(n), Input::Choice(n)]);
    messages.chain(others).collect()
}

/// The system of a seed. Nodes but the last are alike.
pub(crate) fn system(seed: u64) -> System {
    let random = &mut StdRng::seed_from_u64(seed);
    let nodes = pick(random, &[2, 3, 3, 4]);
    let mut entries = BTreeMap::new();
    for is_last in [false, true] {
        for saved in [None, Some(0), Some(1), Some(2)] {
            let (next, mut commands) = entry(random);
            if saved.is_none() {
                let peer = pick(random, &[Peer::Like, Peer::Last]);
                commands.push(Command::Send(peer, random.random_range(0..MESSAGES)));
            }
            entries.insert((is_last, 0, Input::Start(saved)), (next, commands));
        }
        for state in 0..STATES {
            for input in inputs() {
                if random.random_bool(0.75) {
                    entries.insert((is_last, state, input), entry(random));
                }
            }
        }
    }
    let networks =
        [NetworkKind::Set, NetworkKind::Single, NetworkKind::Multiset, NetworkKind::Ordered];
    let strength =
        |random: &mut StdRng| pick(random, &[Strength::None, Strength::Weak, Strength::Strong]);
    let claims = [
        Claimed::Always(claim(random)),
        Claimed::Sometimes(claim(random)),
        Claimed::Eventually(claim(random)),
        Claimed::LeadsTo(claim(random), claim(random)),
    ];
    System {
        table: Table { nodes, entries: Arc::new(entries), odd: None },
        servers: pick(random, &[nodes - 1, nodes]),
        network: networks[seed as usize % 4],
        lossy: random.random_bool(0.3),
        disk: pick(random, &[DiskKind::Synchronous, DiskKind::WriteBack, DiskKind::Asynchronous]),
        faults: Faults {
            crashes: pick(random, &[0, 1, 1]),
            restarts: pick(random, &[0, 1]),
            timers: vec![("bounded", pick(random, &[0, 1, 2]))],
            crashable: None,
        },
        fairness: Fairness {
            deliveries: strength(random),
            per_message: random.random_bool(0.5),
            timers: strength(random),
            restarts: strength(random),
            flushes: strength(random),
            choices: strength(random),
        },
        bound: pick(random, &[3, 4, 5]),
        within: None,
        marks: (true, false),
        counts: false,
        form: [Form::Single, Form::Taken, Form::Whole][seed as usize % 3],
        log: Log { last: (false, 0), count: 0, odd: false },
        claims,
    }
}

/// A system on the set network, without losses, whose bound does not look at messages and whose claims
/// are about single states.
pub(crate) fn reducible(seed: u64) -> System {
    let system = system(seed);
    let random = &mut StdRng::seed_from_u64(seed ^ 0x5E7);
    let claims = safety_claims(random);
    let bad = Claim::NoneIn(random.random_range(1..STATES));
    let within = Some(if random.random_bool(0.3) { bad } else { Claim::NoneIn(STATES) });
    System { network: NetworkKind::Set, lossy: false, bound: usize::MAX, within, claims, ..system }
}

/// The same with one entry of node 0 changed, or with an observer that is odd.
pub(crate) fn with_an_oddity(mut system: System, seed: u64) -> System {
    let random = &mut StdRng::seed_from_u64(seed ^ 0x0DD);
    if random.random_bool(0.15) {
        system.log.odd = true;
        return system;
    }
    let peers = [Peer::Like, Peer::Last];
    let input = match random.random_range(0..4) {
        0 => Input::Timer(pick(random, &[0, 1])),
        _ => Input::Message(pick(random, &peers), random.random_range(0..MESSAGES)),
    };
    system.table.odd = Some((random.random_range(0..STATES), input, entry(random)));
    system
}
