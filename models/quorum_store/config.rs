//! The configuration of a cluster, and its nodes and clients.

use super::bugs::Bug;
use super::message::{Level, Request};
use super::seals::Seals;
use super::version::{Content, Version};
use crate::causal::{Authenticator, Rule};
use crate::clock::PhysicalTime;
use crate::kv::{Bytes, SessionLimits};
use crate::membership::Move;
use crate::quorum::majority;
use crate::ring::Ring;
use crate::turn::Setting;
use stateright::actor::{Id, model_timeout};
use std::ops::Range;
use std::time::Duration;

/// Where timestamps come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Clock {
    /// A hybrid clock (Kulkarni et al. 2014): it moves past every timestamp that its node sees.
    #[default]
    Hybrid,
    /// The node's physical clock, as in Cassandra: of one node they grow, of two they may be skewed.
    Physical,
}

/// How a write gets its timestamp.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WriteMode {
    /// From the clock of the node that takes it.
    #[default]
    Plain,
    /// Above the newest of as many replicas as the write must reach, which are asked first (Lynch and
    /// Shvartsman 1997).
    Query,
}

/// What a read does about replicas that differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReadRepair {
    /// It writes the newest version to those that lack it, and waits, before it answers.
    #[default]
    Blocking,
    /// Nothing (CASSANDRA-14635).
    None,
}

/// What becomes of a write that a replica does not acknowledge in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Handoff {
    /// Nothing.
    #[default]
    None,
    /// The coordinator keeps it as a hint, which does not count as an acknowledgment (Cassandra).
    Strict,
    /// A node that is no replica keeps it as a hint, which counts (Dynamo's sloppy quorum).
    Sloppy,
}

/// When a tombstone goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purge {
    /// Never.
    #[default]
    Never,
    /// When [`Config::grace`] has passed (`gc_grace_seconds`).
    OnTimer,
    /// When all replicas are known to have it (CASSANDRA-6434) and [`Config::grace`] has passed. A
    /// replica then takes a value that is older than a tombstone that went there only from a replica
    /// that holds it still.
    AfterRepair,
}

/// Whether two versions may have one timestamp.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stamps {
    /// They name their node, so that none is given twice.
    #[default]
    Unique,
    /// They are bare times. Of two equal ones the larger value wins.
    Bare,
    /// They are bare times, and of two equal ones the larger of each cell wins (Cassandra).
    BareCells,
}

/// How long things take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// After which a coordinator sends again what was not answered, and asks all replicas.
    pub resend: Range<Duration>,
    /// After which a request fails.
    pub deadline: Range<Duration>,
    /// Between two replays of hints.
    pub hint: Range<Duration>,
    /// Between two rounds of anti-entropy.
    pub repair: Range<Duration>,
    /// Between two looks for tombstones that may go.
    pub purge: Range<Duration>,
    /// How long a client waits for an answer before it asks again: the same node, or for a plain get
    /// another one.
    pub retry: Range<Duration>,
}

impl Timing {
    /// For checking, where a timer may fire at any time.
    pub fn model() -> Self {
        let any = model_timeout;
        Self {
            resend: any(),
            deadline: any(),
            hint: any(),
            repair: any(),
            purge: any(),
            retry: any(),
        }
    }
}

impl Default for Timing {
    /// For a local network.
    fn default() -> Self {
        let millis = |from, to| Duration::from_millis(from)..Duration::from_millis(to);
        Self {
            resend: millis(50, 80),
            deadline: millis(1_000, 1_200),
            hint: millis(500, 700),
            repair: millis(2_000, 3_000),
            purge: millis(10_000, 12_000),
            retry: millis(200, 400),
        }
    }
}

/// A cluster: nodes 0 to `nodes - 1`, then clients.
#[derive(Clone, Debug)]
pub struct Config {
    /// How many nodes.
    pub nodes: usize,
    /// How many of them hold each key (the papers' N).
    pub replicas: usize,
    /// Which do; `None` if the first nodes hold all keys.
    pub ring: Option<Ring>,
    /// The move that its mover begins, from these nodes of the ring, though nobody says so: for checking.
    pub plan: Option<Move>,
    /// What proves that an order to move the ring comes from its operator.
    pub seals: Seals,
    /// Where timestamps come from.
    pub clock: Clock,
    /// The physical clock.
    pub physical: PhysicalTime,
    /// What becomes of concurrent writes.
    pub conflicts: Rule,
    /// What makes and checks the tags of contexts.
    pub contexts: Authenticator,
    /// Whether timestamps are unique.
    pub stamps: Stamps,
    /// How a write gets its timestamp.
    pub write: WriteMode,
    /// What a read does about replicas that differ.
    pub read_repair: ReadRepair,
    /// What becomes of a write that a replica does not acknowledge.
    pub handoff: Handoff,
    /// When a tombstone goes.
    pub purge: Purge,
    /// How old a tombstone must be to go, in milliseconds of the physical clock.
    pub grace: u64,
    /// Whether what acceptors remember goes on a timer too (Cassandra's `paxos_grace_seconds`).
    pub expires_serial: bool,
    /// How many levels the hash trees of anti-entropy have below the root, each with
    /// [`FANOUT`](super::FANOUT) branches; at least one.
    pub tree_depth: usize,
    /// About how many bytes of keys and values travel in one message of anti-entropy.
    pub piece_bytes: usize,
    /// How many hints a node keeps; further ones are left to anti-entropy.
    pub max_hints: usize,
    /// How many clients a coordinator remembers.
    pub sessions: SessionLimits,
    /// How long things take.
    pub timing: Timing,
    /// The seeded bug, if this cluster is to have one. Only the checker ever sets it.
    pub(crate) bug: Option<Bug>,
}

/// How many hints a deployed node keeps.
pub const MAX_HINTS: usize = 10_000;
/// How many replicas a deployed key has, unless something else is said, or there are fewer nodes.
pub const DEFAULT_REPLICAS: usize = 3;
/// The most tokens that a deployed node has.
pub const MAX_TOKENS: u16 = 256;
/// How many levels deployed hash trees have: 4,096 leaves.
pub const TREE_DEPTH: usize = 3;

impl Config {
    /// A cluster of so many nodes, of which the first `replicas` hold all keys; hybrid clocks, plain
    /// writes, blocking read repair, no hints, and tombstones that stay.
    pub fn new(nodes: usize, replicas: usize, timing: Timing) -> Self {
        Self {
            nodes,
            replicas: replicas.clamp(1, nodes.max(1)),
            ring: None,
            plan: None,
            seals: Seals::default(),
            clock: Clock::default(),
            physical: PhysicalTime::NONE,
            conflicts: Rule::LastWriterWins,
            contexts: Authenticator::default(),
            stamps: Stamps::default(),
            write: WriteMode::default(),
            read_repair: ReadRepair::default(),
            handoff: Handoff::default(),
            purge: Purge::default(),
            grace: 0,
            expires_serial: false,
            tree_depth: TREE_DEPTH,
            piece_bytes: crate::kv::machine::FRAGMENT_BYTES,
            max_hints: MAX_HINTS,
            sessions: SessionLimits::default(),
            timing,
            bug: None,
        }
    }

    /// The ids of the nodes.
    pub fn node_ids(&self) -> impl Iterator<Item = Id> + use<> {
        (0..self.nodes).map(Id::from)
    }

    /// The replicas of a key.
    pub fn replicas_of(&self, key: &Bytes) -> Vec<Id> {
        match &self.ring {
            None => (0..self.replicas).map(Id::from).collect(),
            Some(ring) => ring.replicas(key, self.replicas),
        }
    }

    /// How long the values may be that a coordinator leaves side by side: where every replica leaves as many
    /// before it hears of the others, and one more that left the ring, all of them fit a datagram.
    pub fn row_bytes(&self) -> usize {
        56 * 1024 / (self.replicas + 1)
    }

    /// How many replicas a request of this level waits for.
    pub fn needed(&self, level: Level) -> usize {
        match level {
            Level::One => 1,
            Level::Quorum | Level::Serial => majority(self.replicas),
            Level::All => self.replicas,
        }
    }

    /// The newer of two versions, or of several values all that both know.
    pub(super) fn newer(&self, held: Version, other: Version) -> Version {
        match self.bug {
            Some(Bug::LastArrivalWins) if held.stamp == other.stamp => return other,
            Some(Bug::MixCells) => return held.mixed(other),
            Some(bug @ (Bug::KeepReplaced | Bug::DropConcurrent)) => {
                return misjoined(held, other, bug);
            }
            _ => {}
        }
        match self.stamps {
            Stamps::Unique | Stamps::Bare => held.newer(other),
            Stamps::BareCells => held.mixed(other),
        }
    }

    /// A node. All are alike.
    pub fn server(&self) -> QuorumStore {
        QuorumStore::Replica(Replica { config: self.clone() })
    }

    /// A client.
    pub fn client(&self, script: Vec<ScriptedCall>) -> QuorumStore {
        let (nodes, retry) = (self.nodes, self.timing.retry.clone());
        let (wanders, is_informed) = (false, self.conflicts == Rule::MultiValue);
        QuorumStore::Client(Session { script, nodes, retry, wanders, is_informed })
    }
}

impl Setting for Config {
    type Bug = Bug;

    fn bug(&self) -> Option<Bug> {
        self.bug
    }

    fn server_ids(&self) -> impl Iterator<Item = Id> {
        self.node_ids()
    }
}

/// The join of two rows as two seeded bugs have it.
fn misjoined(one: Version, other: Version, bug: Bug) -> Version {
    let (Content::Siblings(one), Content::Siblings(other)) = (&one.content, &other.content) else {
        return one.newer(other);
    };
    let mut row = one.clone().join(other.clone());
    if bug == Bug::KeepReplaced {
        row.values.extend(one.values.clone());
        row.values.extend(other.values.clone());
    } else {
        row.values = one.clone().max(other.clone()).values;
    }
    row.into()
}

/// A node or a client.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "there are few, and nodes are the rule")]
pub enum QuorumStore {
    /// A node.
    Replica(Replica),
    /// A client.
    Client(Session),
}

/// A node.
#[derive(Clone, Debug)]
pub struct Replica {
    /// The cluster.
    pub config: Config,
}

/// A call of a script: the node that it asks first, and what for.
pub type ScriptedCall = (usize, Request);

/// A client and its script.
#[derive(Clone, Debug)]
pub struct Session {
    /// What it does, in order.
    pub script: Vec<ScriptedCall>,
    /// How many nodes there are.
    pub nodes: usize,
    /// How long it waits for an answer.
    pub retry: Range<Duration>,
    /// Whether it sends a write that is not answered to the next node, as clients may that know nothing
    /// of sessions: there it is another write.
    pub wanders: bool,
    /// Whether its writes that say no context replace what its last get returned, or else nothing.
    pub is_informed: bool,
}
