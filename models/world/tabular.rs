//! A cluster as tables of numbers, its types hidden: the world's rules as they are set, and what each
//! handler run does to the parts. Whoever writes a cluster down for another tool needs no more.

use super::cluster::Cluster;
use super::fairness::Fairness;
use super::interner::{Fingerprint, content_hash};
use super::judge::Scopes;
use super::local::{Effect, Local, LocalKind};
use super::observer::Observer;
use super::parts::{Budget, Checkable, Spend};
use super::property::Kind;
use super::reads::Reads;
use super::setup::{NetworkKind, Rules};
use super::step::Move;
use stateright::actor::Id;

/// How the world of a cluster is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The names of the nodes, servers first.
    pub nodes: Vec<String>,
    /// How many of them are servers.
    pub servers: usize,
    /// How messages travel.
    pub network: NetworkKind,
    /// Whether messages may be lost.
    pub lossy: bool,
    /// Whose rules decide what a step is.
    pub rules: Rules,
    /// The links that may be cut.
    pub links: Vec<(usize, usize)>,
    /// Whether servers refuse what a node sent before its disk was lost.
    pub refuses_former_lives: bool,
    /// The kinds of timers that are bounded.
    pub timers: Vec<&'static str>,
    /// What liveness may assume.
    pub fairness: Fairness,
    /// What is claimed.
    pub claims: Vec<Claim>,
    /// What the conditions look at.
    pub scopes: Scopes,
    /// Which condition is the boundary.
    pub boundary: Option<usize>,
}

/// A property, with its conditions by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub says: &'static str,
    /// `always`, `sometimes`, `eventually` or `leads-to`.
    pub kind: &'static str,
    /// Which condition must hold; of a leads-to: from where.
    pub condition: usize,
    /// Which condition a leads-to must reach.
    pub target: Option<usize>,
}

/// What a handler run does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Change {
    /// The node afterwards.
    pub node: u32,
    /// The messages that it sends, in order.
    pub sends: Vec<u32>,
    /// The messages that the history sees, in order: whether it is a delivery, and the message.
    pub seen: Vec<(bool, u32)>,
}

/// What kind of event happens at a node alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// A timer fires.
    Timer,
    /// A choice is taken.
    Choice,
    /// It crashes.
    Crash,
    /// It starts again.
    Restart,
    /// Its disk writes.
    Flush,
    /// Its disk is lost.
    Replace,
    /// One of its links is cut: its place among [`Setting::links`].
    Cut(usize),
}

/// Something that can happen at a node alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// What kind of event it is.
    pub kind: EventKind,
    /// The timer or the kind of choice, in words.
    pub name: String,
    /// Two events of one kind at one node are the same if this is.
    pub identity: Fingerprint,
    /// The bounded kind of timer that it is of.
    pub bounded: Option<usize>,
    /// What it does; `None` if it is no step.
    pub change: Option<Change>,
}

/// A cluster whose types are hidden. States are packed: the nodes, the budget, the history, then what
/// is in flight, all as numbers of parts.
pub trait Tabular {
    /// How its world is set.
    fn setting(&self) -> Setting;
    /// The initial state.
    fn start(&self) -> Vec<u32>;
    /// The steps of a state, with where they lead.
    fn steps(&self, state: &[u32]) -> Vec<(Move, Vec<u32>)>;
    /// What can happen at a node alone, in the order of [`Move::Local`].
    fn occurrences(&self, node: u32) -> Vec<Occurrence>;
    /// Whether messages are delivered to a node.
    fn takes_messages(&self, node: u32) -> bool;
    /// What the delivery of a message to a node does; `None` if nothing.
    fn delivered(&self, node: u32, message: u32) -> Option<Change>;
    /// A message: its sender, its receiver, and its content in words.
    fn message(&self, message: u32) -> (usize, usize, String);
    /// The messages of an item in flight, oldest first: one, except on ordered links.
    fn queue(&self, item: u32) -> Vec<u32>;
    /// What is left of the faults.
    fn budget(&self, budget: u32) -> Budget;
    /// Whether a condition holds in a state, and what it looked at; `None` if it panics.
    fn judged(&self, condition: usize, state: &[u32]) -> (Option<bool>, Reads);
    /// Whether a condition on single nodes holds of this one.
    fn holds_of(&self, condition: usize, node: u32) -> bool;
    /// Whether anything has panicked so far.
    fn panicked(&self) -> bool;
}

impl<A: Checkable, H: Observer<A::Msg>> Tabular for Cluster<A, H> {
    fn setting(&self) -> Setting {
        let setup = self.setup();
        let nodes = (0..setup.actors.len()).map(|id| self.0.name(Id::from(id))).collect();
        let claims = (setup.properties.iter().enumerate()).map(|(condition, property)| Claim {
            name: property.name,
            says: property.says,
            kind: property.kind.name(),
            condition,
            target: match property.kind {
                Kind::LeadsTo(_) => self.target_of(condition),
                _ => None,
            },
        });
        let index = |id: Id| usize::from(id);
        Setting {
            nodes,
            servers: setup.servers,
            network: setup.network,
            lossy: setup.lossy,
            rules: setup.rules,
            links: setup.cuts.links.iter().map(|(a, b)| (index(*a), index(*b))).collect(),
            refuses_former_lives: self.0.refuses_former_lives(),
            timers: setup.faults.timers.iter().map(|(kind, _)| *kind).collect(),
            fairness: setup.fairness,
            claims: claims.collect(),
            scopes: self.scopes(),
            boundary: self.boundary(),
        }
    }

    fn start(&self) -> Vec<u32> {
        self.initial().to_vec()
    }

    fn steps(&self, state: &[u32]) -> Vec<(Move, Vec<u32>)> {
        let (mut expander, mut moves) = (self.expander(), Vec::new());
        let fingerprint = self.fingerprint(state);
        expander.moves(state, &mut moves);
        let mut steps = Vec::new();
        for what in moves {
            if let Some(step) = expander.step(state, fingerprint, what) {
                let mut next = Vec::new();
                expander.write(state, &step, &mut next);
                steps.push((what, next));
            }
        }
        steps
    }

    fn occurrences(&self, node: u32) -> Vec<Occurrence> {
        let inner = &*self.0;
        let locals = inner.locals(node).iter();
        let occurrence = |local: &Local<A>| {
            let (kind, name, identity) = event(local);
            let bounded = match local.spend {
                Spend::Timer(kind) => Some(usize::from(kind)),
                _ => None,
            };
            let effect = &inner.tables.effects[local.effect as usize];
            Occurrence { kind, name, identity, bounded, change: change(effect) }
        };
        locals.map(occurrence).collect()
    }

    fn takes_messages(&self, node: u32) -> bool {
        self.0.tables.nodes.head(node).extra.up
    }

    fn delivered(&self, node: u32, message: u32) -> Option<Change> {
        change(self.0.delivery(node, message))
    }

    fn message(&self, message: u32) -> (usize, usize, String) {
        let envelope = self.0.tables.envelopes.value(message);
        (envelope.src.into(), envelope.dst.into(), format!("{:?}", envelope.msg))
    }

    fn queue(&self, item: u32) -> Vec<u32> {
        match self.0.setup.network {
            NetworkKind::Ordered => self.0.tables.channels.value(item).queue.clone(),
            NetworkKind::Set | NetworkKind::Single | NetworkKind::Multiset => vec![item],
        }
    }

    fn budget(&self, budget: u32) -> Budget {
        self.0.tables.budgets.value(budget).clone()
    }

    fn judged(&self, condition: usize, state: &[u32]) -> (Option<bool>, Reads) {
        self.reading_verdict(condition, state)
    }

    fn holds_of(&self, condition: usize, node: u32) -> bool {
        self.0.tables.nodes.head(node).extra.facts.holds >> condition & 1 == 1
    }

    fn panicked(&self) -> bool {
        self.has_panics() || self.hash_clash().is_some()
    }
}

fn change(effect: &Effect) -> Option<Change> {
    (!effect.no_op).then(|| Change {
        node: effect.node,
        sends: effect.sends.to_vec(),
        seen: effect.observed.to_vec(),
    })
}

/// What kind of event it is, its name, and its identity among those of its kind at its node.
fn event<A: Checkable>(local: &Local<A>) -> (EventKind, String, Fingerprint) {
    let plain = |kind| (kind, String::new(), 0);
    match &local.what {
        LocalKind::Timeout(timer) => {
            (EventKind::Timer, format!("{timer:?}"), content_hash(0, timer))
        }
        LocalKind::Choose(key, _) => (EventKind::Choice, key.clone(), content_hash(0, key)),
        LocalKind::Crash => plain(EventKind::Crash),
        LocalKind::Restart => plain(EventKind::Restart),
        LocalKind::Flush => plain(EventKind::Flush),
        LocalKind::Replace => plain(EventKind::Replace),
        LocalKind::Cut(_) => match local.spend {
            Spend::Cut(link) => plain(EventKind::Cut(usize::from(link))),
            _ => unreachable!("a cut is spent"),
        },
    }
}
