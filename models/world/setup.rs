//! What a cluster is made from: actors, the network, faults, and what is claimed.

use super::cluster::Cluster;
use super::fairness::Fairness;
use super::newcomer::{LostDisks, Replacement};
use super::observer::Observer;
use super::parts::{Checkable, Process};
use super::property::{Condition, Property};
use super::waiting::Waiting;
use crate::durable::{Newcomer, Recoverable};
use crate::statements;
use stateright::actor::{Envelope, Id};

/// How messages travel. See [the rules](super).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkKind {
    /// A message that was sent can be delivered at any time, again and again.
    Set,
    /// At most one copy of each message is in flight, and delivering takes it, in any order. For
    /// liveness on lossy networks: what is sent again and again does not pile up.
    Single,
    /// Each copy that was sent is delivered at most once, in any order.
    Multiset,
    /// Each copy is delivered at most once, per sender and receiver in the order sent.
    Ordered,
}

impl NetworkKind {
    /// Whether sending what is in flight already changes nothing.
    pub(super) fn keeps_one_copy(self) -> bool {
        matches!(self, Self::Set | Self::Single)
    }
}

/// When a save becomes durable. See [the rules](super).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskKind {
    /// With the step that saves, before what it sends can arrive.
    Synchronous,
    /// Later, or never if the node crashes first: finds what depends on the order of fsync.
    WriteBack,
    /// Later, or never if the node crashes first; and what the node sends leaves when all is
    /// durable that it saved before, except for what need not wait, as the actor says
    /// ([`Setup::asynchronous_disk`]). A node of the runtime has such a disk.
    Asynchronous,
}

/// Whose rules decide what a step is. See [the rules](super).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// This crate's.
    Quorate,
    /// Those of stateright's `ActorModel`, for comparing counts.
    Stateright,
}

/// The faults that may happen, in total.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Crashes of servers. (Under [`Rules::Stateright`]: nodes down at once.)
    pub crashes: u8,
    /// Restarts of crashed servers. (Under [`Rules::Stateright`]: unbounded.)
    pub restarts: u8,
    /// Firings of each kind of timer, over all nodes. A kind that is not named is unbounded.
    pub timers: Vec<(&'static str, u8)>,
    /// The nodes that may crash; `None` for all servers.
    pub crashable: Option<Vec<Id>>,
}

/// The links that may be cut for good, in both directions, and how many of them in total.
///
/// Nothing that is in flight on a cut link is ever delivered, and on the set network and the
/// single-copy network nothing more is put on it. Fairness says nothing of a cut link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cuts {
    /// How many links may be cut.
    pub count: u8,
    /// Which; 64 at most.
    pub links: Vec<(Id, Id)>,
}

/// What a cluster is made from, part by part; [`Setup::cluster`] makes it.
pub struct Setup<A: Checkable, H> {
    /// Servers first, then clients: an actor's index is its id.
    pub(crate) actors: Vec<A>,
    /// How many of them are servers.
    pub(crate) servers: usize,
    /// How messages travel.
    pub(crate) network: NetworkKind,
    /// The messages in flight before any node starts, oldest first.
    pub(crate) in_flight: Vec<Envelope<A::Msg>>,
    /// Whether a message in flight may be lost for good, as a step.
    pub(crate) lossy: bool,
    /// When a save becomes durable.
    pub(crate) disk: DiskKind,
    /// The messages that need not wait for an asynchronous disk, and the saves for which none
    /// waits.
    pub(super) waiting: Waiting<A>,
    /// Whose rules decide what a step is.
    pub(crate) rules: Rules,
    /// The faults that may happen.
    pub(crate) faults: Faults,
    /// The links that may be cut for good.
    pub(crate) cuts: Cuts,
    /// The disks that may be lost.
    pub(super) replacement: Option<Replacement<A>>,
    /// The kind of a timer, for [`Faults::timers`].
    pub(crate) timer_kind: fn(&A::Timer) -> &'static str,
    /// The history at the start.
    pub(crate) history: H,
    /// What liveness may assume.
    pub(crate) fairness: Fairness,
    /// What is claimed.
    pub(crate) properties: Vec<Property<A, H>>,
    /// States that do not satisfy it are not explored.
    pub(crate) boundary: Option<Condition<A, H>>,
}

impl<A: Checkable, H: Observer<A::Msg>> Setup<A, H> {
    /// A setup of the given actors, the first `servers` of them servers, on the set network with
    /// a synchronous disk and no faults, and nothing claimed.
    pub fn new(actors: impl IntoIterator<Item = A>, servers: usize, history: H) -> Self {
        Self {
            actors: actors.into_iter().collect(),
            servers,
            network: NetworkKind::Set,
            in_flight: Vec::new(),
            lossy: false,
            disk: DiskKind::Synchronous,
            waiting: Waiting::default(),
            rules: Rules::Quorate,
            faults: Faults::default(),
            cuts: Cuts::default(),
            replacement: None,
            timer_kind: |_| "timer",
            history,
            fairness: Fairness::default(),
            properties: Vec::new(),
            boundary: None,
        }
    }

    /// Sets how messages travel.
    #[must_use]
    pub fn network(mut self, network: NetworkKind) -> Self {
        self.network = network;
        self
    }

    /// Puts messages in flight before any node starts, oldest first. The history does not see them
    /// being sent.
    #[must_use]
    pub fn in_flight(mut self, messages: impl IntoIterator<Item = Envelope<A::Msg>>) -> Self {
        self.in_flight.extend(messages);
        self
    }

    /// Lets messages be lost for good.
    #[must_use]
    pub fn lossy(mut self, lossy: bool) -> Self {
        self.lossy = lossy;
        self
    }

    /// Sets when a save becomes durable.
    #[must_use]
    pub fn disk(mut self, disk: DiskKind) -> Self {
        self.disk = disk;
        self
    }

    /// Sets whose rules decide what a step is.
    #[must_use]
    pub fn rules(mut self, rules: Rules) -> Self {
        self.rules = rules;
        self
    }

    /// Sets the faults that may happen.
    #[must_use]
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// Sets which links may be cut for good.
    #[must_use]
    pub fn cuts(mut self, cuts: Cuts) -> Self {
        self.cuts = cuts;
        self
    }

    /// Sets whose disks may be lost, on a protocol that takes such nodes back.
    #[must_use]
    pub fn lost_disks(mut self, lost: LostDisks) -> Self
    where
        A: Newcomer,
    {
        self.replacement = Some(Replacement::new(lost));
        self
    }

    /// The disks that may be lost.
    pub fn disks(&self) -> Option<&LostDisks> {
        self.replacement.as_ref().map(|replacement| &replacement.lost)
    }

    /// Sets how timers are told apart in [`Faults::timers`].
    #[must_use]
    pub fn timer_kind(mut self, kind: fn(&A::Timer) -> &'static str) -> Self {
        self.timer_kind = kind;
        self
    }

    /// Sets what liveness may assume; without this, weak fairness per link and per timer.
    #[must_use]
    pub fn fairness(mut self, fairness: Fairness) -> Self {
        self.fairness = fairness;
        self
    }

    /// Adds a claim.
    #[must_use]
    pub fn property(mut self, property: Property<A, H>) -> Self {
        self.properties.push(property);
        self
    }

    /// Adds claims.
    #[must_use]
    pub fn properties(mut self, properties: impl IntoIterator<Item = Property<A, H>>) -> Self {
        self.properties.extend(properties);
        self
    }

    /// Bounds what is explored.
    #[must_use]
    pub fn boundary(mut self, boundary: Condition<A, H>) -> Self {
        self.boundary = Some(boundary);
        self
    }

    /// Adds the property [`CHECKPOINT`]: a forgotten save is a counterexample.
    #[must_use]
    pub fn checkpointed(self) -> Self
    where
        A: Recoverable + Clone,
    {
        let actors = self.actors.clone();
        self.property(Property::always(
            CHECKPOINT,
            Condition::each_node(move |node| match &node.process {
                Process::Up { state, .. } => {
                    let actor = &actors[usize::from(node.id)];
                    actor.checkpoint(node.id, state) == node.disk.folded()
                }
                Process::Down { .. } | Process::Panicked { .. } => true,
            }),
        ))
    }

    /// The cluster.
    ///
    /// # Panics
    /// When two properties have one name, there are more than
    /// [`MAX_CONDITIONS`](super::MAX_CONDITIONS) conditions, or disks may be lost that cannot be
    /// (of clients, write-back, or under [`Rules::Stateright`]).
    pub fn cluster(self) -> Cluster<A, H> {
        Cluster::new(self)
    }
}

statements! {
    /// [`Setup::checkpointed`] adds this property.
    pub CHECKPOINT = "checkpoint",
        "replaying the log yields the state that the node believes it saved";
}
