//! The bounds of an instance: a cluster for the checker, from a few settings.

use super::bugs::Bug;
use super::config::{
    Clock, Config, Handoff, Purge, QuorumStore, ReadRepair, ScriptedCall, Session, Stamps, Timing,
    WriteMode,
};
use super::history::History;
use super::message::{Level, Request};
use super::move_claims;
use super::properties::{self as claims, Actor, Claim};
use super::several_claims;
use super::state::Timer;
use crate::causal::Rule;
use crate::clock::PhysicalTime;
use crate::kv::Op;
use crate::membership::Move;
use crate::quorum::majority;
use crate::ring::Ring;
use crate::world::{Cluster, Fairness, Faults, NetworkKind, Setup};
use stateright::actor::Id;

/// What an instance has, and what may happen in it.
#[derive(Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub(super) struct Bounds {
    pub(super) nodes: usize,
    pub(super) replicas: usize,
    pub(super) clients: Vec<Vec<ScriptedCall>>,
    pub(super) clock: Clock,
    /// The nodes whose physical clocks are ahead.
    pub(super) ahead: &'static [usize],
    pub(super) stamps: Stamps,
    /// What becomes of concurrent writes, and whether they are judged.
    pub(super) conflicts: Rule,
    pub(super) judges_several: bool,
    pub(super) write: WriteMode,
    pub(super) read_repair: ReadRepair,
    pub(super) handoff: Handoff,
    pub(super) purge: Purge,
    pub(super) expires_serial: bool,
    /// How often coordinators send again, hints are replayed, and nodes exchange what they have; `None`
    /// for any number.
    pub(super) resends: Option<u8>,
    pub(super) hints: Option<u8>,
    pub(super) repairs: Option<u8>,
    pub(super) deadlines: u8,
    pub(super) purges: u8,
    pub(super) retries: Option<u8>,
    /// Whether clients ask another node then, also for a write.
    pub(super) wanders: bool,
    pub(super) crashes: u8,
    pub(super) restarts: u8,
    pub(super) crashable: Option<Vec<usize>>,
    pub(super) is_lossy: bool,
    pub(super) network: NetworkKind,
    /// How many replicas hold what is acknowledged.
    pub(super) held: usize,
    /// How many nodes are on the ring at first, and a move that its mover begins, where no client orders
    /// any. Movers do no more on their own than `moves` says.
    pub(super) moving: Option<(usize, Option<Move>)>,
    pub(super) moves: Option<u8>,
}

impl Bounds {
    /// Nodes that all hold the key; nothing goes wrong but the network.
    pub(super) fn new(nodes: usize, clients: Vec<Vec<ScriptedCall>>) -> Self {
        Self {
            nodes,
            replicas: nodes,
            clients,
            clock: Clock::default(),
            ahead: &[],
            stamps: Stamps::default(),
            conflicts: Rule::LastWriterWins,
            judges_several: false,
            write: WriteMode::default(),
            read_repair: ReadRepair::default(),
            handoff: Handoff::default(),
            purge: Purge::default(),
            expires_serial: false,
            resends: Some(0),
            hints: Some(0),
            repairs: Some(0),
            deadlines: 0,
            purges: 0,
            retries: Some(0),
            wanders: false,
            crashes: 0,
            restarts: 0,
            crashable: None,
            is_lossy: false,
            network: NetworkKind::Set,
            held: majority(nodes),
            moving: None,
            moves: Some(1),
        }
    }

    fn config(&self, bug: Option<Bug>) -> Config {
        Config {
            clock: self.clock,
            stamps: self.stamps,
            conflicts: self.conflicts,
            write: self.write,
            read_repair: self.read_repair,
            handoff: self.handoff,
            purge: self.purge,
            expires_serial: self.expires_serial,
            tree_depth: 1,
            ring: self.moving.map(|(members, _)| Ring::new((0..members).map(Id::from), 1)),
            plan: self.moving.and_then(|(_, plan)| plan),
            bug,
            ..Config::new(self.nodes, self.replicas, Timing::model())
        }
    }

    /// The cluster with these bounds, these claims, and perhaps a bug.
    pub(super) fn cluster(self, claims: Vec<Claim>, bug: Option<Bug>) -> Cluster<Actor, History> {
        let config = self.config(bug);
        let ahead = Config { physical: PhysicalTime(|| 9), ..config.clone() };
        let mut claimed = claims;
        if self.moving.is_some() {
            claimed.push(claims::placed(&config));
            claimed.push(claims::owned(&config, self.held));
        }
        let is_ahead = |node: &usize| self.ahead.contains(node);
        let mut actors: Vec<Actor> = (0..self.nodes)
            .map(|node| if is_ahead(&node) { ahead.server() } else { config.server() })
            .collect();
        let wanders = self.wanders;
        let client = |script| match config.client(script) {
            QuorumStore::Client(session) => QuorumStore::Client(Session { wanders, ..session }),
            node @ QuorumStore::Replica(_) => node,
        };
        actors.extend(self.clients.into_iter().map(client));
        let mut timers = vec![("deadline", self.deadlines), ("purge", self.purges)];
        timers.extend(self.retries.map(|count| ("retry", count)));
        timers.extend(self.resends.map(|count| ("resend", count)));
        timers.extend(self.hints.map(|count| ("hint", count)));
        timers.extend(self.repairs.map(|count| ("repair", count)));
        timers.extend(self.moves.map(|count| ("move", count)));
        let crashable = self.crashable.map(|ids| ids.into_iter().map(Id::from).collect());
        let (crashes, restarts) = (self.crashes, self.restarts);
        let network = if self.is_lossy { NetworkKind::Single } else { self.network };
        let sends_again = network == NetworkKind::Single;
        let fairness = if sends_again { Fairness::lossy() } else { Fairness::default() };
        let several = self.judges_several.then(|| History::of_several(self.conflicts));
        Setup::new(actors, self.nodes, several.unwrap_or_default())
            .network(network)
            .lossy(self.is_lossy)
            .fairness(fairness)
            .timer_kind(timer_kind)
            .faults(Faults { crashes, restarts, timers, crashable })
            .properties(claimed)
            .checkpointed()
            .cluster()
    }

    /// The cluster without a bug, where these are claimed.
    pub(super) fn claiming(
        self,
        claims: impl IntoIterator<Item = Claim>,
    ) -> Cluster<Actor, History> {
        self.cluster(claims.into_iter().collect(), None)
    }

    /// The cluster in which a mutant is looked for: with all that is claimed anywhere.
    pub(super) fn seeded(self, bug: Option<Bug>) -> Cluster<Actor, History> {
        let mut claimed = vec![
            claims::no_effect(),
            claims::linearizable(),
            claims::regular(),
            claims::monotonic(),
            claims::written(),
            claims::not_outlived(),
            claims::causal(),
            claims::deleted(),
            claims::held(self.held),
            claims::settled(),
            claims::one_update(),
            claims::known(majority(self.replicas)),
        ];
        if !self.is_lossy && self.network == NetworkKind::Set {
            claimed.push(claims::kept());
        }
        if self.repairs.is_none() {
            claimed.push(claims::converges(self.replicas));
        }
        claimed.extend(self.resends.is_none().then(claims::answered));
        if self.is_lossy {
            claimed.push(claims::hints_arrive());
            claimed.extend(self.moving.map(|_| claims::moves_end()));
        }
        claimed.extend(self.moving.map(|_| move_claims::one_view()));
        if self.judges_several {
            claimed.extend(several_claims::all());
        }
        self.cluster(claimed, bug)
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as the setup asks")]
fn timer_kind(timer: &Timer) -> &'static str {
    match timer {
        Timer::Resend => "resend",
        Timer::Deadline(_) => "deadline",
        Timer::Hint => "hint",
        Timer::Repair => "repair",
        Timer::Purge => "purge",
        Timer::Move => "move",
        Timer::Retry(_) => "retry",
    }
}

fn at(node: usize, level: Level, op: Op) -> ScriptedCall {
    (node, Request::Key { op, level, context: None })
}

/// A put at a node, which waits for a quorum.
pub(super) fn put(node: usize, value: &str) -> ScriptedCall {
    at(node, Level::Quorum, Op::put("x", value))
}

/// A get at a node, which asks a quorum.
pub(super) fn get(node: usize) -> ScriptedCall {
    at(node, Level::Quorum, Op::get("x"))
}

/// A delete at a node, which waits for a quorum.
pub(super) fn delete(node: usize) -> ScriptedCall {
    at(node, Level::Quorum, Op::Delete { key: "x".into() })
}

/// The same call of another key.
pub(super) fn of(key: &str, (node, mut request): ScriptedCall) -> ScriptedCall {
    if let Request::Key {
        op:
            Op::Get { key: of }
            | Op::Delete { key: of }
            | Op::Put { key: of, .. }
            | Op::Cas { key: of, .. },
        ..
    } = &mut request
    {
        *of = key.into();
    }
    (node, request)
}

/// The same call at another level.
pub(super) fn with(wanted: Level, (node, mut request): ScriptedCall) -> ScriptedCall {
    if let Request::Key { level, .. } = &mut request {
        *level = wanted;
    }
    (node, request)
}

/// A client writes at node 0; another reads at two nodes.
pub(super) fn reader(writes: Vec<ScriptedCall>) -> Bounds {
    Bounds::new(3, vec![writes, vec![get(0), get(1)]])
}

/// A client writes at node 1; another reads, writes and reads at node 0: its write may begin after the
/// first one ended.
pub(super) fn rivals() -> Bounds {
    Bounds::new(3, vec![vec![put(1, "a")], vec![get(0), put(0, "b"), get(0)]])
}

/// A client writes at two nodes, of which the first one's clock may be ahead, and reads at two.
pub(super) fn in_turn() -> Bounds {
    let script = vec![put(0, "a"), put(1, "b"), get(1), get(2)];
    Bounds { clock: Clock::Physical, ahead: &[0], ..Bounds::new(3, vec![script]) }
}

/// A client puts at two nodes, of which the first one may crash and come back, and gets.
pub(super) fn repeating() -> Bounds {
    let script = vec![put(0, "a"), put(1, "b"), get(1)];
    let bounds = Bounds { write: WriteMode::Query, ..Bounds::new(3, vec![script]) };
    Bounds { crashes: 1, restarts: 1, crashable: Some(vec![0]), ..bounds }
}

/// The same serially, on links that keep the order of messages; the client may ask again.
pub(super) fn repeating_serially() -> Bounds {
    let script = [put(0, "a"), put(1, "b"), get(1)].map(|call| with(Level::Serial, call));
    let bounds = Bounds { network: NetworkKind::Ordered, ..Bounds::new(2, vec![script.into()]) };
    Bounds { crashes: 1, restarts: 1, crashable: Some(vec![0]), retries: Some(1), ..bounds }
}

/// Two clients write at once, at nodes of which the first one's clock is ahead; one of them reads.
pub(super) fn at_once() -> Bounds {
    let clients = vec![vec![put(0, "a")], vec![put(1, "b"), get(1)]];
    Bounds { clock: Clock::Physical, ahead: &[0], ..Bounds::new(3, clients) }
}

/// A client puts, deletes, and reads at another replica.
pub(super) fn deleter() -> Bounds {
    Bounds::new(2, vec![vec![put(0, "a"), delete(0), get(1)]])
}

/// A client that asks either node, and two nodes that miss what is lost until they exchange what they have.
pub(super) fn lossy(script: Vec<ScriptedCall>) -> Bounds {
    let bounds =
        Bounds { resends: None, hints: None, repairs: None, ..Bounds::new(2, vec![script]) };
    Bounds { is_lossy: true, retries: None, wanders: true, ..bounds }
}

/// A client puts and deletes at node 0, and reads at node 2 and from node 0.
pub(super) fn three_deleting() -> Bounds {
    Bounds { purges: 1, ..Bounds::new(3, vec![vec![put(0, "a"), delete(0), get(2)]]) }
}

/// Two nodes that purge what both have deleted.
pub(super) fn purging() -> Bounds {
    Bounds { purge: Purge::AfterRepair, repairs: Some(1), purges: 2, ..deleter() }
}

/// The same, where the nodes exchange what they have twice.
pub(super) fn purging_twice() -> Bounds {
    let script = vec![put(0, "a"), delete(0), with(Level::One, get(1))];
    Bounds { repairs: Some(2), purges: 1, clients: vec![script], ..purging() }
}

/// A delete that one node acknowledges, and a read that the other one begins before it has the tombstone.
pub(super) fn purging_within_read() -> Bounds {
    let script = vec![put(0, "a"), with(Level::One, delete(0)), get(1)];
    Bounds { purges: 1, held: 1, clients: vec![script], ..purging() }
}

/// A put of a key that may come late at a node where the tombstone of another key went.
pub(super) fn two_keys() -> Bounds {
    let clients = vec![vec![put(0, "a")], vec![of("y", delete(0))]];
    let bounds = Bounds { purge: Purge::AfterRepair, purges: 1, ..Bounds::new(2, clients) };
    Bounds { network: NetworkKind::Single, resends: None, repairs: Some(1), ..bounds }
}

/// Three nodes that purge what all have deleted, while another client reads.
pub(super) fn three_purging() -> Bounds {
    let clients = vec![vec![put(0, "a"), delete(0)], vec![get(2), get(1)]];
    let bounds = Bounds { purge: Purge::AfterRepair, purges: 2, ..Bounds::new(3, clients) };
    Bounds { repairs: Some(1), network: NetworkKind::Ordered, ..bounds }
}

/// A compare-and-swap of a key while another one is deleted.
pub(super) fn two_keys_serially() -> Bounds {
    let bounds = in_order(vec![vec![cas(0, None, "a")], vec![of("y", delete(0))]]);
    let purging = Bounds { purge: Purge::AfterRepair, repairs: Some(1), purges: 1, ..bounds };
    Bounds { nodes: 2, replicas: 2, held: 2, ..purging }
}

/// One client writes two values with one timestamp, at two nodes, and reads.
pub(super) fn twins() -> Bounds {
    let script = vec![put(0, "a"), put(1, "b"), get(0)];
    Bounds { stamps: Stamps::Bare, clock: Clock::Physical, ..Bounds::new(3, vec![script]) }
}

/// Two clients write rows of two cells with one timestamp.
pub(super) fn cells(stamps: Stamps) -> Bounds {
    let clients = vec![vec![put(0, "ab")], vec![put(1, "ba"), get(1)]];
    Bounds { stamps, clock: Clock::Physical, ..Bounds::new(3, clients) }
}

/// A put that a replica may miss, and a get that asks it.
pub(super) fn missed(handoff: Handoff) -> Bounds {
    let clients = vec![vec![put(0, "a"), get(1)]];
    let nodes = if handoff == Handoff::Sloppy { 4 } else { 3 };
    let bounds = Bounds { handoff, deadlines: 1, hints: Some(1), ..Bounds::new(nodes, clients) };
    Bounds { replicas: 3, held: 2, ..bounds }
}

/// A serial get at a node.
pub(super) fn serial_get(node: usize) -> ScriptedCall {
    with(Level::Serial, get(node))
}

/// A compare-and-swap at a node.
pub(super) fn cas(node: usize, expected: Option<&str>, new: &str) -> ScriptedCall {
    let (key, expected, new) = ("x".into(), expected.map(Into::into), Some(new.into()));
    at(node, Level::Serial, Op::Cas { key, expected, new })
}

/// Two clients that would be the first, at different nodes.
pub(super) fn rivalry() -> Bounds {
    in_order(vec![vec![cas(0, None, "a")], vec![cas(1, None, "b")]])
}

/// A compare-and-swap that may time out, then these calls.
pub(super) fn unfinished(then: impl IntoIterator<Item = ScriptedCall>) -> Bounds {
    let script = [cas(0, None, "a")].into_iter().chain(then).collect();
    Bounds { deadlines: 1, ..in_order(vec![script]) }
}

/// Serial requests on links that keep the order of messages: on the set network each request
/// multiplies the states with the messages of all earlier ones.
pub(super) fn in_order(clients: Vec<Vec<ScriptedCall>>) -> Bounds {
    Bounds { network: NetworkKind::Ordered, ..Bounds::new(3, clients) }
}
