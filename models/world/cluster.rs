//! A cluster: actors, the network and the faults between them, and what is claimed of them.

use super::fairness::Fairness;
use super::interner::{Fingerprint, Interner, content_hash};
use super::local::{Effect, Local};
use super::memory::Memo;
use super::observer::Observer;
use super::panics::guarded;
use super::parts::{Budget, Checkable, Disk, Node, NodeOf, Process};
use super::property::{Condition, Kind, Property};
use super::setup::{DiskKind, Faults, NetworkKind, Rules, Setup};
use super::weight::{self, Weight};
use stateright::actor::{Envelope, Id};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// How many conditions a cluster may have: properties, targets of leads-to, and the boundary.
/// With [`NO_PANIC`](super::NO_PANIC) they are 64.
pub const MAX_CONDITIONS: usize = 63;

/// A cluster that can be checked. Cheap to clone; clones share what they have learnt.
pub struct Cluster<A: Checkable, H>(pub(super) Arc<Inner<A, H>>);

impl<A: Checkable, H> Clone for Cluster<A, H> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

pub(super) struct Inner<A: Checkable, H> {
    pub(super) setup: Setup<A, H>,
    pub(super) conditions: Vec<Condition<A, H>>,
    pub(super) tables: Tables<A, H>,
    pub(super) initial: OnceLock<Box<[u32]>>,
    /// Whether the history watches anything.
    pub(super) is_watched: bool,
    /// Whether a property counts messages.
    pub(super) is_counting: bool,
}

pub(super) struct Tables<A: Checkable, H> {
    pub(super) nodes: Interner<NodeOf<A>, NodeExtra<A>>,
    pub(super) budgets: Interner<Budget, BudgetExtra>,
    pub(super) histories: Interner<H, Facts>,
    pub(super) envelopes: Interner<Envelope<A::Msg>, EnvelopeExtra>,
    pub(super) channels: Interner<Channel, ChannelExtra>,
    pub(super) effects: boxcar::Vec<Effect>,
    /// The bytes that effects hold on the heap.
    pub(super) effects_heap: AtomicU64,
    pub(super) deliveries: Memo,
    pub(super) observations: Memo,
    /// What a channel becomes when an envelope is appended.
    pub(super) appended: Memo,
    /// Whether anything panicked anywhere.
    pub(super) panicked: AtomicBool,
}

/// What is known of one part, a bit for each condition about such parts.
#[derive(Clone, Copy, Default)]
pub(super) struct Facts {
    /// The conditions that hold.
    pub(super) holds: u64,
    /// The conditions that panic.
    pub(super) panics: u64,
}

pub(super) struct NodeExtra<A: Checkable> {
    pub(super) facts: Facts,
    /// Whether it runs.
    pub(super) up: bool,
    pub(super) panicked: bool,
    pub(super) locals: OnceLock<Box<[Local<A>]>>,
}

/// What the checker asks of an envelope.
pub(super) struct EnvelopeExtra {
    pub(super) sender: u32,
    pub(super) receiver: u32,
    /// Whether a property counts it.
    pub(super) is_counted: bool,
}

/// What is left after each kind of spending, found when first needed.
pub(super) type BudgetExtra = Box<[OnceLock<Option<u32>>]>;

/// The messages in flight from one node to another, oldest first, as envelope ids.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Channel {
    pub(super) src: Id,
    pub(super) dst: Id,
    pub(super) queue: Vec<u32>,
}

/// What the checker asks of a channel at every step.
pub(super) struct ChannelExtra {
    /// The envelope that is delivered next.
    pub(super) head: u32,
    /// From which node to which.
    pub(super) link: (u32, u32),
    /// What is left once it was; `None` if nothing is.
    pub(super) rest: OnceLock<Option<u32>>,
}

mod domain {
    pub(super) const NODE: u8 = 1;
    pub(super) const BUDGET: u8 = 2;
    pub(super) const HISTORY: u8 = 3;
    pub(super) const ENVELOPE: u8 = 4;
    pub(super) const CHANNEL: u8 = 5;
}

impl<A: Checkable, H: Observer<A::Msg>> Cluster<A, H> {
    pub(super) fn new(setup: Setup<A, H>) -> Self {
        let mut conditions: Vec<_> =
            setup.properties.iter().map(|property| property.condition.clone()).collect();
        for (at, property) in setup.properties.iter().enumerate() {
            let twice = setup.properties[..at].iter().any(|other| other.name == property.name);
            assert!(!twice, "two properties are named {:?}", property.name);
            if let Kind::LeadsTo(target) = &property.kind {
                conditions.push(target.clone());
            }
        }
        conditions.extend(setup.boundary.clone());
        assert!(conditions.len() <= MAX_CONDITIONS, "at most {MAX_CONDITIONS} conditions");
        assert!(setup.cuts.links.len() <= 64, "at most 64 links may be cut");
        if let Some(lost) = setup.disks() {
            let servers = lost.nodes.iter().all(|id| usize::from(*id) < setup.servers);
            let modelled = setup.disk == DiskKind::Synchronous && setup.rules == Rules::Quorate;
            assert!(servers && modelled, "only a server's synchronous disk may be lost");
        }
        let tables = Tables {
            nodes: Interner::new(),
            budgets: Interner::new(),
            histories: Interner::new(),
            envelopes: Interner::new(),
            channels: Interner::new(),
            effects: boxcar::Vec::new(),
            effects_heap: AtomicU64::new(0),
            deliveries: Memo::default(),
            observations: Memo::default(),
            appended: Memo::default(),
            panicked: AtomicBool::new(false),
        };
        let (initial, is_watched) = (OnceLock::new(), setup.history.watches());
        let is_counting = setup.properties.iter().any(|property| property.counted.is_some());
        Self(Arc::new(Inner { setup, conditions, tables, initial, is_watched, is_counting }))
    }

    /// What it was made from.
    pub(crate) fn setup(&self) -> &Setup<A, H> {
        &self.0.setup
    }

    /// What is claimed of it.
    pub fn properties(&self) -> &[Property<A, H>] {
        &self.0.setup.properties
    }

    /// What liveness may assume.
    pub fn fairness(&self) -> Fairness {
        self.0.setup.fairness
    }

    /// The faults that may happen.
    pub fn faults(&self) -> &Faults {
        &self.0.setup.faults
    }

    /// How many of its nodes are servers; their ids come first.
    pub fn servers(&self) -> usize {
        self.0.setup.servers
    }

    /// How many of its nodes are clients.
    pub fn clients(&self) -> usize {
        self.0.setup.actors.len() - self.0.setup.servers
    }

    /// The memory that the parts take and what is remembered of them: nodes, messages,
    /// histories, effects. See `weight.rs` for how it is counted.
    pub fn weight(&self) -> Weight {
        let Tables { nodes, budgets, histories, envelopes, channels, .. } = &self.0.tables;
        let Tables { effects, effects_heap, deliveries, observations, appended, .. } =
            &self.0.tables;
        let memos = deliveries.bytes() + observations.bytes() + appended.bytes();
        let tables = memos + weight::of_list::<Effect>(effects.count());
        let parts = nodes.weight()
            + budgets.weight()
            + histories.weight()
            + envelopes.weight()
            + channels.weight();
        parts + Weight::new(tables, effects_heap.load(Ordering::Relaxed))
    }

    /// Two different parts that have one hash, in words. From then on nothing that was found
    /// about this cluster can be trusted.
    pub fn hash_clash(&self) -> Option<String> {
        fn told<T: std::fmt::Debug>(what: &str, clash: Option<(&T, &T)>) -> Option<String> {
            clash.map(|(one, other)| format!("two {what} with one hash: {one:?} and {other:?}"))
        }
        let Tables { nodes, budgets, histories, envelopes, channels, .. } = &self.0.tables;
        told("nodes", nodes.clash())
            .or_else(|| told("messages", envelopes.clash()))
            .or_else(|| told("histories", histories.clash()))
            .or_else(|| told("budgets", budgets.clash()))
            .or_else(|| channels.clash().map(|_| "two queues of messages with one hash".into()))
    }
}

impl<A: Checkable, H: Observer<A::Msg>> Inner<A, H> {
    pub(super) fn intern_node(&self, node: NodeOf<A>) -> u32 {
        let hash = content_hash(domain::NODE, &node);
        self.tables.nodes.intern(node, hash, |node| {
            let panicked = matches!(node.process, Process::Panicked { .. });
            if panicked {
                self.tables.panicked.store(true, Ordering::Relaxed);
            }
            NodeExtra {
                facts: self.facts(|condition| match condition {
                    Condition::EachNode(f) | Condition::SomeNode(f) => f(node),
                    _ => false,
                }),
                up: matches!(node.process, Process::Up { .. }),
                panicked,
                locals: OnceLock::new(),
            }
        })
    }

    pub(super) fn intern_budget(&self, budget: Budget) -> u32 {
        let hash = content_hash(domain::BUDGET, &budget);
        let kinds = 3 + self.setup.faults.timers.len() + self.setup.cuts.links.len();
        self.tables.budgets.intern(budget, hash, |_| (0..kinds).map(|_| OnceLock::new()).collect())
    }

    pub(super) fn intern_history(&self, history: H) -> u32 {
        let hash = content_hash(domain::HISTORY, &history);
        self.tables.histories.intern(history, hash, |history| {
            self.facts(|condition| match condition {
                Condition::History(f) => f(history),
                _ => false,
            })
        })
    }

    pub(super) fn intern_envelope(&self, envelope: Envelope<A::Msg>) -> u32 {
        let hash = content_hash(domain::ENVELOPE, &envelope);
        self.tables.envelopes.intern(envelope, hash, |envelope| EnvelopeExtra {
            sender: usize::from(envelope.src) as u32,
            receiver: usize::from(envelope.dst) as u32,
            is_counted: self.is_counted_by_any(envelope),
        })
    }

    fn is_counted_by_any(&self, envelope: &Envelope<A::Msg>) -> bool {
        let properties = self.setup.properties.iter();
        let mut counted = properties.filter_map(|property| property.counted.as_ref());
        // What panics is counted: nothing is left out then.
        counted.any(|counts| guarded(|| counts(envelope)).unwrap_or(true))
    }

    pub(super) fn find_envelope(&self, envelope: &Envelope<A::Msg>) -> Option<u32> {
        self.tables.envelopes.find(envelope, content_hash(domain::ENVELOPE, envelope))
    }

    pub(super) fn intern_channel(&self, channel: Channel) -> u32 {
        let queue: Vec<Fingerprint> =
            channel.queue.iter().map(|id| self.tables.envelopes.head(*id).hash).collect();
        let hash = content_hash(domain::CHANNEL, &(channel.src, channel.dst, queue));
        self.tables.channels.intern(channel, hash, |channel| ChannelExtra {
            head: channel.queue[0],
            link: (usize::from(channel.src) as u32, usize::from(channel.dst) as u32),
            rest: OnceLock::new(),
        })
    }

    /// The hash of an item of the network: an envelope, or a channel on ordered links.
    pub(super) fn item_hash(&self, item: u32) -> Fingerprint {
        match self.setup.network {
            NetworkKind::Ordered => self.tables.channels.head(item).hash,
            NetworkKind::Set | NetworkKind::Single | NetworkKind::Multiset => {
                self.tables.envelopes.head(item).hash
            }
        }
    }

    /// The share of items in a fingerprint.
    pub(super) fn items_hash(&self, items: &[u32]) -> Fingerprint {
        items.iter().map(|item| self.item_hash(*item)).fold(0, Fingerprint::wrapping_add)
    }

    fn facts(&self, holds: impl Fn(&Condition<A, H>) -> bool) -> Facts {
        let mut facts = Facts::default();
        for (at, condition) in self.conditions.iter().enumerate() {
            match guarded(|| holds(condition)) {
                Ok(holds) => facts.holds |= u64::from(holds) << at,
                Err(_) => facts.panics |= 1 << at,
            }
        }
        if facts.panics != 0 {
            self.tables.panicked.store(true, Ordering::Relaxed);
        }
        facts
    }

    pub(super) fn first_budget(&self) -> Budget {
        let faults = &self.setup.faults;
        let total = self.setup.rules == Rules::Quorate;
        Budget {
            crashes: total.then_some(faults.crashes),
            restarts: total.then_some(faults.restarts),
            timers: faults.timers.iter().map(|(_, count)| *count).collect(),
            cuts: self.setup.cuts.count,
            cut: 0,
            disks: self.setup.disks().map(|lost| lost.count),
        }
    }

    pub(super) fn may_crash(&self, id: Id) -> bool {
        if self.setup.faults.crashes == 0 {
            return false;
        }
        match &self.setup.faults.crashable {
            Some(ids) => ids.contains(&id),
            None if self.setup.rules == Rules::Stateright => true,
            None => usize::from(id) < self.setup.servers,
        }
    }

    /// A node that never ran.
    pub(super) fn blank_node(id: Id) -> NodeOf<A> {
        Node {
            id,
            life: 0,
            process: Process::Down { ghost: None },
            disk: Disk { durable: None, pending: Vec::new(), blocks: false },
            held: Vec::new(),
        }
    }
}
