//! The bounded instances that are checked, and what is expected of each.
//!
//! On the set network a message once sent can be delivered at any time, so a client that asks
//! again, or a node that gossips twice in the same state, changes nothing: those timers have small
//! budgets.
//!
//! What was reached: with three nodes, two clients of two operations each, a crash and a restart; and
//! without a crash, three nodes that collect a tombstone (three digests, six deliveries in any
//! order). What multiplies is the subset of deltas and pulls that each node has been shown, so
//! digests by timer are the first to be bounded. Beyond reach: three nodes of which two clients put
//! and delete, with a crash (more than 40 million states); and two nodes that fetch siblings of one
//! key from each other in pieces while messages are lost (more than 28 million), which is left to
//! the tests of `anti_entropy.rs` and the random runs of `tests/merge.rs`.

pub(super) mod contexts;
pub(super) mod newcomers;
pub(super) mod pieces;
pub(super) mod sessions;

use super::history::History;
use super::properties::{self as claims, Actor, Claim};
use super::{Authenticator, Bug, Config, PhysicalTime, Rule, Step, Timer, Timing};
use crate::kv::machine::FRAGMENT_BYTES;
use crate::kv::{Op, SessionLimits};
use crate::world::{Cluster, Fairness, Faults, FormerLife, LostDisks, NetworkKind, Setup};
use crate::{Expected, Instance};
use stateright::actor::Id;

/// What an instance has, and what may happen in it.
pub(super) struct Bounds {
    pub(super) nodes: usize,
    pub(super) rule: Rule,
    /// Each client's node and script.
    pub(super) clients: Vec<(usize, Vec<Step>)>,
    /// Crashes, and as many restarts.
    pub(super) crashes: u8,
    /// Digests sent by timer; `None` for any number.
    pub(super) gossips: Option<u8>,
    pub(super) retries: u8,
    pub(super) piece_bytes: usize,
    pub(super) contexts: Authenticator,
    pub(super) sessions: SessionLimits,
    /// The nodes whose physical clocks run ahead.
    pub(super) ahead: &'static [usize],
    /// The nodes of which one loses its disk, or as many as `disks` says. What they sent before may
    /// be heard at any time, which is more than the runtime allows.
    pub(super) replaced: &'static [usize],
    pub(super) disks: u8,
    pub(super) network: NetworkKind,
    pub(super) is_lossy: bool,
    pub(super) judges_order: bool,
}

impl Bounds {
    /// Nothing goes wrong but the network.
    pub(super) fn new(nodes: usize, rule: Rule, clients: Vec<(usize, Vec<Step>)>) -> Self {
        Self {
            nodes,
            rule,
            clients,
            crashes: 0,
            gossips: Some(0),
            retries: 0,
            piece_bytes: FRAGMENT_BYTES,
            contexts: Authenticator::default(),
            sessions: SessionLimits::default(),
            ahead: &[],
            replaced: &[],
            disks: 1,
            network: NetworkKind::Set,
            is_lossy: false,
            judges_order: false,
        }
    }

    /// The cluster with these bounds, these claims, and perhaps a bug.
    pub(super) fn cluster(self, claims: Vec<Claim>, bug: Option<Bug>) -> Cluster<Actor, History> {
        let config = Config::new(self.nodes, self.rule, Timing::model());
        let (piece_bytes, contexts, sessions) = (self.piece_bytes, self.contexts, self.sessions);
        let config = Config { piece_bytes, contexts, sessions, bug, ..config };
        let ahead = Config { physical: PhysicalTime(|| 9), ..config.clone() };
        let is_ahead = |node: &usize| self.ahead.contains(node);
        let mut actors: Vec<Actor> = (0..self.nodes)
            .map(|node| if is_ahead(&node) { ahead.server() } else { config.server() })
            .collect();
        let clients = self.clients.into_iter();
        actors.extend(clients.map(|(home, script)| config.client(home, script)));
        let mut timers = vec![("retry", self.retries)];
        timers.extend(self.gossips.map(|gossips| ("gossip", gossips)));
        let (crashes, restarts) = (self.crashes, self.crashes);
        let setup = Setup::new(actors, self.nodes, History::new(self.rule, self.judges_order));
        let setup =
            if self.is_lossy { setup.lossy(true).fairness(Fairness::lossy()) } else { setup };
        let nodes: Vec<_> = self.replaced.iter().copied().map(Id::from).collect();
        let lost = LostDisks { count: self.disks, nodes, former: FormerLife::Heard };
        let setup = if lost.nodes.is_empty() { setup } else { setup.lost_disks(lost) };
        setup
            .network(self.network)
            .timer_kind(timer_kind)
            .faults(Faults { crashes, restarts, timers, crashable: None })
            .properties(claims)
            .checkpointed()
            .cluster()
    }
}

// A reference, because that is what a setup takes.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn timer_kind(timer: &Timer) -> &'static str {
    match timer {
        Timer::Gossip => "gossip",
        Timer::Retry(_) => "retry",
    }
}

pub(super) fn put(value: &str) -> Step {
    Step::Plain(Op::put("x", value))
}

pub(super) fn put_to(key: &str, value: &str) -> Step {
    Step::Plain(Op::put(key, value))
}

pub(super) fn get() -> Step {
    Step::Plain(Op::get("x"))
}

pub(super) fn delete() -> Step {
    Step::Plain(Op::Delete { key: "x".into() })
}

/// Puts a value that replaces what the last get told.
pub(super) fn resolve(value: &str) -> Step {
    Step::Informed(Op::put("x", value))
}

/// Puts a value that replaces nothing.
pub(super) fn blind(value: &str) -> Step {
    Step::Blind(Op::put("x", value))
}

/// Two clients at two nodes write one key, and each reads it.
pub(super) fn rivals() -> Vec<(usize, Vec<Step>)> {
    vec![(0, vec![put("a"), get()]), (1, vec![put("b"), get()])]
}

/// One writes, the other resolves what it finds.
pub(super) fn resolver() -> Vec<(usize, Vec<Step>)> {
    vec![(0, vec![put("a")]), (1, vec![put("b"), get(), resolve("c")])]
}

/// One writes, the other deletes what it finds.
pub(super) fn deleter() -> Vec<(usize, Vec<Step>)> {
    vec![(0, vec![put("a")]), (1, vec![delete()])]
}

/// One writes, the other reads twice elsewhere: its second get begins after the put ended.
fn reader() -> Vec<(usize, Vec<Step>)> {
    vec![(0, vec![put("a")]), (1, vec![get(), get()])]
}

/// All instances, the quickest first.
pub fn instances() -> Vec<Instance<Actor, History>> {
    let mut instances = vec![
        lww_stale(),
        mv_stale(),
        lww_one_node(),
        mv_one_node(),
        lww_rivals(),
        mv_rivals(),
        lww_delete(),
        mv_resolve(),
        mv_delete(),
        mv_converge(),
        lww_converge(),
        lww_three(),
        mv_three(),
        mv_three_delete(),
        lww_three_delete(),
    ];
    instances.extend(contexts::instances());
    instances.extend(pieces::instances());
    instances.extend(sessions::instances());
    instances.extend(newcomers::instances());
    instances
}

macro_rules! instance {
    ($function:ident, $name:literal, $deep:literal, $about:literal, $bounds:expr, $claims:expr,
        ($unique:literal, $generated:literal), $violated:expr) => {
        fn $function() -> Instance<Actor, History> {
            Instance {
                name: $name,
                about: $about,
                deep: $deep,
                cluster: || $bounds.cluster($claims, None),
                symmetry: None,
                expected: Expected { unique: $unique, generated: $generated, violated: $violated },
            }
        }
    };
}

instance!(
    lww_stale,
    "lww-stale",
    false,
    "last-writer-wins, 2 nodes, a client that puts at one, one that gets twice at the other",
    Bounds { judges_order: true, ..Bounds::new(2, Rule::LastWriterWins, reader()) },
    with(claims::last_writer_wins(), [claims::linearizable()]),
    (92, 352),
    &[(claims::LINEARIZABLE, 6)]
);

instance!(
    mv_stale,
    "mv-stale",
    false,
    "multi-value, 2 nodes, a client that puts at one, one that gets twice at the other",
    Bounds { judges_order: true, ..Bounds::new(2, Rule::MultiValue, reader()) },
    with(claims::multi_value(), [claims::linearizable()]),
    (92, 352),
    &[(claims::LINEARIZABLE, 6)]
);

instance!(
    lww_one_node,
    "lww-one-node",
    false,
    "last-writer-wins, 2 nodes, 2 clients at the same node, 1 crash, 1 restart: linearizable",
    one_node(),
    with(claims::last_writer_wins(), [claims::linearizable(), claims::overlap()]),
    (3_537, 20_414),
    &[]
);

/// Both clients keep to node 0.
pub(super) fn one_node() -> Bounds {
    let clients = vec![(0, vec![put("a"), get()]), (0, vec![put("b")])];
    let bounds = Bounds::new(2, Rule::LastWriterWins, clients);
    Bounds { crashes: 1, judges_order: true, ..bounds }
}

instance!(
    mv_one_node,
    "mv-one-node",
    false,
    "multi-value, 2 nodes, a client that deletes, one that puts and gets at the same node, 1 crash, 1 restart: linearizable",
    late_delete(),
    with(claims::multi_value(), [claims::linearizable(), claims::overlap()]),
    (14_398, 96_871),
    &[]
);

/// A delete finds nothing and is answered; the other client's put begins after that.
pub(super) fn late_delete() -> Bounds {
    let clients = vec![(0, vec![delete()]), (0, vec![get(), put("a"), get()])];
    Bounds { crashes: 1, judges_order: true, ..Bounds::new(2, Rule::MultiValue, clients) }
}

instance!(
    lww_rivals,
    "lww-rivals",
    false,
    "last-writer-wins, 2 nodes, 2 clients that put and get at different nodes, 1 crash, 1 restart",
    Bounds { crashes: 1, ..Bounds::new(2, Rule::LastWriterWins, rivals()) },
    with(claims::last_writer_wins(), [claims::covered(), claims::overlap()]),
    (6_261, 39_941),
    &[(claims::COVERED, 4)]
);

instance!(
    lww_delete,
    "lww-delete",
    false,
    "last-writer-wins, 2 nodes, one's clock ahead, a put and a delete, 2 digests, 1 crash, 1 restart",
    Bounds {
        crashes: 1,
        gossips: Some(2),
        ahead: &[0],
        ..Bounds::new(2, Rule::LastWriterWins, deleter())
    },
    with(claims::last_writer_wins(), [claims::collected(), claims::repaired()]),
    (79_874, 512_819),
    &[]
);

instance!(
    mv_rivals,
    "mv-rivals",
    false,
    "multi-value, 2 nodes, a client that puts at one, one that puts and gets at the other, 1 retry",
    Bounds {
        retries: 1,
        ..Bounds::new(2, Rule::MultiValue, vec![(0, vec![put("a")]), (1, vec![put("b"), get()])])
    },
    with(claims::multi_value(), [claims::siblings(), claims::overlap()]),
    (35_473, 253_022),
    &[]
);

instance!(
    mv_resolve,
    "mv-resolve",
    false,
    "multi-value, 2 nodes, a client that writes, one that resolves, 1 crash, 1 restart",
    Bounds { crashes: 1, ..Bounds::new(2, Rule::MultiValue, resolver()) },
    with(claims::multi_value(), [claims::siblings(), claims::resolved()]),
    (93_609, 670_259),
    &[]
);

instance!(
    mv_delete,
    "mv-delete",
    false,
    "multi-value, 2 nodes, a client that puts, one that deletes, 2 digests, 1 crash, 1 restart",
    Bounds { gossips: Some(2), crashes: 1, ..Bounds::new(2, Rule::MultiValue, deleter()) },
    with(claims::multi_value(), [claims::collected(), claims::repaired()]),
    (16_130, 90_465),
    &[]
);

instance!(
    mv_converge,
    "mv-converge",
    false,
    "multi-value, 2 nodes, messages are lost, a client that deletes, any number of digests",
    converging(),
    with(claims::multi_value(), [claims::converges(), claims::tombstones_go()]),
    (25_608, 227_361),
    &[]
);

/// Messages are lost, and digests are sent again and again. What one write makes of that is enough,
/// and every further one doubles the sets of messages that may be in flight several times over; a
/// delete is a write that also must be forgotten.
pub(super) fn converging() -> Bounds {
    let clients = vec![(0, vec![Step::Blind(Op::Delete { key: "x".into() })])];
    Bounds { gossips: None, is_lossy: true, ..Bounds::new(2, Rule::MultiValue, clients) }
}

instance!(
    lww_converge,
    "lww-converge",
    false,
    "last-writer-wins, 2 nodes, messages are lost, a client that puts, any number of digests, 1 crash, 1 restart",
    Bounds {
        crashes: 1,
        gossips: None,
        is_lossy: true,
        ..Bounds::new(2, Rule::LastWriterWins, vec![(0, vec![put("a")])])
    },
    with(claims::last_writer_wins(), [claims::converges()]),
    (10_272, 83_341),
    &[]
);

instance!(
    lww_three,
    "lww-three",
    true,
    "last-writer-wins, 3 nodes, 2 clients with 2 operations each, 1 crash, 1 restart",
    Bounds { crashes: 1, ..Bounds::new(3, Rule::LastWriterWins, rivals()) },
    with(claims::last_writer_wins(), [claims::covered(), claims::overlap()]),
    (225_831, 2_111_035),
    &[(claims::COVERED, 4)]
);

instance!(
    mv_three,
    "mv-three",
    true,
    "multi-value, 3 nodes, 2 clients with 2 operations each, 1 crash, 1 restart",
    Bounds { crashes: 1, ..Bounds::new(3, Rule::MultiValue, rivals()) },
    with(claims::multi_value(), [claims::siblings(), claims::overlap()]),
    (428_197, 4_083_955),
    &[]
);

instance!(
    lww_three_delete,
    "lww-three-delete",
    true,
    "last-writer-wins, 3 nodes, a client that puts, one that deletes, 3 digests: the tombstone goes",
    Bounds { gossips: Some(3), ..Bounds::new(3, Rule::LastWriterWins, deleter()) },
    with(claims::last_writer_wins(), [claims::collected()]),
    (215_292_603, 2_402_926_060),
    &[]
);

instance!(
    mv_three_delete,
    "mv-three-delete",
    true,
    "multi-value, 3 nodes, a client that puts, one that deletes, 3 digests: the tombstone goes",
    Bounds { gossips: Some(3), ..Bounds::new(3, Rule::MultiValue, deleter()) },
    with(claims::multi_value(), [claims::collected()]),
    (21_805_937, 228_643_867),
    &[]
);

fn with(mut claims: Vec<Claim>, more: impl IntoIterator<Item = Claim>) -> Vec<Claim> {
    claims.extend(more);
    claims
}
