//! The bounds of the checked instances: their servers, clients and faults.

use super::bugs::Bug;
use super::config::{Config, ScriptedOp, Timing};
use super::history::{Asked, History};
use super::properties::{self as claims, Actor, Claim};
use super::state::Timer;
use crate::causal::{Authenticator, Dot, Rule, VersionVector};
use crate::clock::PhysicalTime;
use crate::kv::machine::FRAGMENT_BYTES;
use crate::kv::{Op, SessionLimits};
use crate::world::{
    Cluster, Fairness, Faults, FormerLife, LostDisks, NetworkKind, Setup, Statement,
};
use stateright::actor::Id;

/// What an instance has, and what may happen in it.
pub(super) struct Bounds {
    pub(super) nodes: usize,
    pub(super) rule: Rule,
    /// Each client's node and script.
    pub(super) clients: Vec<(usize, Vec<ScriptedOp>)>,
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
    /// Whether linearizability is claimed of a mutant with these bounds.
    pub(super) is_linearizable: bool,
}

impl Bounds {
    /// Nothing goes wrong but the network.
    pub(super) fn new(nodes: usize, rule: Rule, clients: Vec<(usize, Vec<ScriptedOp>)>) -> Self {
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
            is_linearizable: false,
        }
    }

    /// The cluster with these bounds, these claims, and perhaps a bug.
    pub(super) fn cluster(self, claims: Vec<Claim>, bug: Option<Bug>) -> Cluster<Actor, History> {
        let config = Config::new(self.nodes, self.rule, Timing::model());
        let (piece_bytes, contexts, sessions) = (self.piece_bytes, self.contexts, self.sessions);
        let config = Config { piece_bytes, contexts, sessions, bug, ..config };
        let ahead = Config { physical: PhysicalTime(|| 9), ..config.clone() };
        let asked = asked(&claims, &self.clients);
        let is_ahead = |node: &usize| self.ahead.contains(node);
        let mut actors: Vec<Actor> = (0..self.nodes)
            .map(|node| if is_ahead(&node) { ahead.server() } else { config.server() })
            .collect();
        let clients = self.clients.into_iter();
        actors.extend(clients.map(|(home, script)| config.client(home, script)));
        let mut timers = vec![("retry", self.retries)];
        timers.extend(self.gossips.map(|gossips| ("gossip", gossips)));
        let (crashes, restarts) = (self.crashes, self.crashes);
        let setup = Setup::new(actors, self.nodes, History::new(self.rule, asked));
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

fn asked(claims: &[Claim], clients: &[(usize, Vec<ScriptedOp>)]) -> Asked {
    let asks = |statement: Statement| claims.iter().any(|claim| claim.name == statement.name);
    let contexts = clients.iter().flat_map(|(_, script)| script).any(ScriptedOp::has_context);
    Asked { order: asks(claims::LINEARIZABLE), contexts, repairs: asks(claims::REPAIRED) }
}

// A reference, because that is what a setup takes.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn timer_kind(timer: &Timer) -> &'static str {
    match timer {
        Timer::Gossip => "gossip",
        Timer::Retry(_) => "retry",
    }
}

pub(super) fn put(value: &str) -> ScriptedOp {
    ScriptedOp::Plain(Op::put("x", value))
}

pub(super) fn put_to(key: &str, value: &str) -> ScriptedOp {
    ScriptedOp::Plain(Op::put(key, value))
}

pub(super) fn get() -> ScriptedOp {
    ScriptedOp::Plain(Op::get("x"))
}

pub(super) fn delete() -> ScriptedOp {
    ScriptedOp::Plain(Op::Delete { key: "x".into() })
}

/// Puts a value that replaces what the last get returned.
pub(super) fn resolve(value: &str) -> ScriptedOp {
    ScriptedOp::Informed(Op::put("x", value))
}

/// Puts a value that replaces nothing.
pub(super) fn blind(value: &str) -> ScriptedOp {
    ScriptedOp::Blind(Op::put("x", value))
}

/// Two clients at two nodes write one key, and each reads it.
pub(super) fn rivals() -> Vec<(usize, Vec<ScriptedOp>)> {
    vec![(0, vec![put("a"), get()]), (1, vec![put("b"), get()])]
}

/// One writes, the other resolves what it finds.
pub(super) fn resolver() -> Vec<(usize, Vec<ScriptedOp>)> {
    vec![(0, vec![put("a")]), (1, vec![put("b"), get(), resolve("c")])]
}

/// One writes, the other deletes what it finds.
pub(super) fn deleter() -> Vec<(usize, Vec<ScriptedOp>)> {
    vec![(0, vec![put("a")]), (1, vec![delete()])]
}

/// One writes, the other reads twice elsewhere: its second get begins after the put ended.
pub(super) fn reader() -> Vec<(usize, Vec<ScriptedOp>)> {
    vec![(0, vec![put("a")]), (1, vec![get(), get()])]
}

/// Both clients keep to node 0.
pub(super) fn one_node() -> Bounds {
    let clients = vec![(0, vec![put("a"), get()]), (0, vec![put("b")])];
    let bounds = Bounds::new(2, Rule::LastWriterWins, clients);
    Bounds { crashes: 1, is_linearizable: true, ..bounds }
}

/// A delete finds nothing and is answered; the other client's put begins after that.
pub(super) fn late_delete() -> Bounds {
    let clients = vec![(0, vec![delete()]), (0, vec![get(), put("a"), get()])];
    Bounds { crashes: 1, is_linearizable: true, ..Bounds::new(2, Rule::MultiValue, clients) }
}

/// Messages are lost, and digests are sent again and again. One write is enough for that, and every
/// further one doubles the sets of messages that may be in flight several times over; a delete is a
/// write that also must be forgotten.
pub(super) fn converging() -> Bounds {
    let clients = vec![(0, vec![ScriptedOp::Blind(Op::Delete { key: "x".into() })])];
    Bounds { gossips: None, is_lossy: true, ..Bounds::new(2, Rule::MultiValue, clients) }
}

/// A client names a write of the other node that may not be there yet.
pub(super) fn forger() -> Bounds {
    let future = VersionVector::up_to(Dot::new(Id::from(1), 1));
    let forged = ScriptedOp::Forged(Op::put("x", "b"), future);
    proving(vec![(0, vec![get(), forged]), (1, vec![put("a"), get()])])
}

/// A client takes the context of a key for that of another.
pub(super) fn mistaken() -> Bounds {
    let (read, used) = (ScriptedOp::Plain(Op::get("y")), ScriptedOp::Informed(Op::put("x", "c")));
    proving(vec![(0, vec![put("a"), put_to("y", "b")]), (0, vec![read, used])])
}

/// Nodes ask for proof. The code is a checksum (FNV-1a), which these clients do not compute.
fn proving(clients: Vec<(usize, Vec<ScriptedOp>)>) -> Bounds {
    let contexts = Authenticator::new(|bytes| {
        let sum = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
            (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        u128::from(sum).to_le_bytes()
    });
    Bounds { contexts, ..Bounds::new(2, Rule::MultiValue, clients) }
}

/// Node 0 makes siblings, node 1 replaces those that it has, or those that its client has read.
pub(super) fn half_key(replacer: Vec<ScriptedOp>) -> Bounds {
    let clients = vec![(0, vec![blind("a"), blind("b")]), (1, replacer)];
    Bounds { piece_bytes: 1, ..Bounds::new(3, Rule::MultiValue, clients) }
}

/// Two clients of one node, which has room for the session of one of them.
pub(super) fn duel() -> Bounds {
    let clients = vec![(0, vec![put("a"), get(), put("b")]), (0, vec![put("c")])];
    let sessions = SessionLimits::clients(1);
    Bounds { sessions, is_linearizable: true, ..Bounds::new(2, Rule::LastWriterWins, clients) }
}

/// Node 0 may lose its disk.
pub(super) fn replaced(rule: Rule, clients: Vec<(usize, Vec<ScriptedOp>)>) -> Bounds {
    Bounds { replaced: &[0], ..Bounds::new(2, rule, clients) }
}

/// The bounds on which the return of a node is decided.
pub(super) fn returning() -> Bounds {
    let bounds = replaced(Rule::MultiValue, vec![]);
    Bounds { gossips: None, is_lossy: true, ..bounds }
}

pub(super) fn with(mut claims: Vec<Claim>, more: impl IntoIterator<Item = Claim>) -> Vec<Claim> {
    claims.extend(more);
    claims
}

/// A client that writes twice at one node.
pub(super) fn writer() -> Vec<(usize, Vec<ScriptedOp>)> {
    vec![(0, vec![put("a"), put("b")])]
}

/// Two nodes, last-writer-wins.
pub(super) fn lww(clients: Vec<(usize, Vec<ScriptedOp>)>) -> Bounds {
    Bounds::new(2, Rule::LastWriterWins, clients)
}

/// So many nodes, multi-value.
pub(super) fn mv(nodes: usize, clients: Vec<(usize, Vec<ScriptedOp>)>) -> Bounds {
    Bounds::new(nodes, Rule::MultiValue, clients)
}

/// A cluster with what is claimed where a mutant is looked for.
pub(super) fn seeded(bounds: Bounds, bug: Option<Bug>) -> Cluster<Actor, History> {
    let mut claimed = match bounds.rule {
        Rule::LastWriterWins => claims::last_writer_wins(),
        Rule::MultiValue => claims::multi_value(),
    };
    if bounds.is_linearizable {
        claimed.push(claims::linearizable());
    }
    if bounds.is_lossy {
        claimed.extend([claims::converges(), claims::tombstones_go()]);
        if !bounds.replaced.is_empty() {
            claimed.push(claims::returns());
        }
    }
    bounds.cluster(claimed, bug)
}
