//! The bounds of an instance: a cluster for the checker, from a few numbers.

use super::bugs::Bug;
use super::client::Lock;
use super::properties::{self as claims, Claim};
use super::{
    Config, CreateMode, History, Op, Request, ServerState, SessionId, State, Timer, Tree, What,
    ZooKeeper,
};
use crate::Replay;
use crate::quorum::majority;
use crate::world::{Cluster, Condition, Fairness, Faults, NetworkKind, NodeOf, Setup};
use crate::zab::{self, Command, Epoch, Record, Role, Stable, Timing, Txn, Zxid};
use stateright::actor::Id;

/// What an instance has, and what may happen in it.
#[derive(Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(super) struct Bounds {
    pub(super) servers: usize,
    /// The clients: which server each asks first, and what.
    pub(super) clients: Vec<(usize, Vec<What>)>,
    /// The resource that the clients use while they hold the lock, if there is one, and whether it
    /// is fenced.
    pub(super) resource: Option<bool>,
    /// Whether the clients take the lock.
    pub(super) locks: bool,
    /// How often the timer of a session fires.
    pub(super) expirations: u8,
    /// How often a server that does not lead looks for a leader.
    pub(super) looks: u8,
    pub(super) retries: u8,
    pub(super) network: NetworkKind,
    /// Whether messages are really lost, and sent again by timers without a budget; sessions expire
    /// without one.
    pub(super) lossy: bool,
    /// Whether clients that have watches wait for the events, at their last request.
    pub(super) waits: bool,
    /// Whether writes are recorded, to be judged.
    pub(super) judged: bool,
    /// Whether the servers have no leader at first, and a session with an ephemeral node on their
    /// disks.
    pub(super) prepared: bool,
    /// What is claimed beside what holds everywhere.
    pub(super) claims: Vec<fn() -> Claim>,
    /// States that do not satisfy it are not explored.
    pub(super) within: Option<Condition<ZooKeeper, History>>,
}

impl Bounds {
    /// Two servers that need each other, of which the first leads; nothing goes wrong but the
    /// network.
    pub(super) fn two(clients: Vec<(usize, Vec<What>)>) -> Self {
        Self {
            servers: 2,
            clients,
            resource: None,
            locks: false,
            expirations: 0,
            looks: 0,
            retries: 0,
            network: NetworkKind::Set,
            lossy: false,
            waits: false,
            judged: false,
            prepared: false,
            claims: Vec::new(),
            within: None,
        }
    }

    fn config(&self, bug: Option<Bug>) -> Option<Config> {
        let mut zab = zab::Config::new(self.servers, Timing::model())?;
        (zab.open, zab.burst, zab.loyal) = (4, 1, false);
        let mut config = Config::new(zab, Timing::model());
        config.bug = bug;
        config.zab.prepared = self.prepared.then(prepared);
        Some(config)
    }

    fn actors(&self, config: &Config) -> Vec<ZooKeeper> {
        let servers = config.zab().server_ids().map(|_| config.server());
        let resource = Id::from(self.servers);
        let clients = self.clients.iter().map(|(first, script)| {
            let node = if self.locks {
                let resource = self.resource.map(|_| resource);
                config.holder(script.clone(), Lock { resource })
            } else {
                config.client(script.clone())
            };
            match node {
                ZooKeeper::Client(mut client) => {
                    client.client.servers.rotate_left(*first);
                    client.waits = self.waits;
                    ZooKeeper::Client(client)
                }
                node => node,
            }
        });
        let is_fenced = |fenced| fenced && config.bug != Some(Bug::Unfenced);
        let resource =
            self.resource.map(|fenced| ZooKeeper::Resource { fenced: is_fenced(fenced) });
        servers.chain(resource).chain(clients).collect()
    }

    /// What must eventually happen on links that lose.
    fn liveness(&self) -> Vec<Claim> {
        if !self.lossy {
            return Vec::new();
        }
        if self.clients.is_empty() {
            return vec![claims::closed(majority(self.servers))];
        }
        // What a client waits for may never happen.
        if self.waits {
            return vec![claims::delivered()];
        }
        let scripts = self.clients.iter().map(|(_, script)| script.len()).collect();
        vec![claims::answered_all(scripts)]
    }

    /// The cluster, perhaps with a bug, and what must hold without it.
    pub(super) fn seeded(self, bug: Option<Bug>) -> Cluster<ZooKeeper, History> {
        self.cluster(bug, [])
    }

    /// The cluster without a bug, and states that must be reachable.
    pub(super) fn sound(
        self,
        reached: impl IntoIterator<Item = Claim>,
    ) -> Cluster<ZooKeeper, History> {
        self.cluster(None, reached)
    }

    fn cluster(
        self,
        bug: Option<Bug>,
        reached: impl IntoIterator<Item = Claim>,
    ) -> Cluster<ZooKeeper, History> {
        let config = self.config(bug);
        let quorum = config.as_ref().map_or(1, |config| config.zab().quorum());
        let actors = config.as_ref().map_or_else(Vec::new, |config| self.actors(config));
        let mut timers = vec![("look", self.looks), ("zab", 0)];
        // Of clients that are gone, a session expires in the end.
        if !self.lossy || !self.clients.is_empty() {
            timers.push(("expire", self.expirations));
        }
        if !self.lossy {
            timers.extend([("retry", self.retries), ("resend", 0)]);
        }
        let fairness = if self.lossy { Fairness::lossy() } else { Fairness::default() };
        let liveness = self.liveness();
        let faults = Faults { timers, ..Faults::default() };
        // The resource counts for a server: it serves the clients.
        let servers = self.servers + usize::from(self.resource.is_some());
        let mut setup = Setup::new(actors, servers, History::new(self.judged));
        setup.boundary = self.within;
        setup
            .network(if self.lossy { NetworkKind::Single } else { self.network })
            .lossy(self.lossy)
            .fairness(fairness)
            .timer_kind(timer_kind)
            .faults(faults)
            .properties(claims::safety(quorum))
            .properties(liveness)
            .properties(self.claims.iter().map(|claim| claim()))
            .properties(reached)
            .checkpointed()
            .cluster()
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as the setup asks")]
fn timer_kind(timer: &Timer) -> &'static str {
    match timer {
        Timer::Expire(_) => "expire",
        Timer::Zab(zab::Timer::Look) => "look",
        Timer::Zab(zab::Timer::Resend) => "resend",
        Timer::Zab(_) => "zab",
        Timer::Retry(_) => "retry",
    }
}

/// A disk with a session of a client that is gone, and its ephemeral node, delivered.
fn prepared() -> Stable<Tree> {
    let epoch = Epoch::default();
    let create = Request::create("/e", CreateMode::Ephemeral);
    let ops =
        [Op::from(Request::CreateSession), Op { session: Some(SessionId(1)), request: create }];
    let mut stable = Stable::default();
    for (seq, op) in (1..).zip(ops) {
        let command = Command { client: Id::from(10), seq, op: Some(op) };
        stable.replay(Record::Appended(Txn { zxid: Zxid { epoch, counter: seq }, command }));
    }
    stable.replay(Record::Delivered { upto: 2 });
    stable
}

/// The boundary of a takeover by server 1, of which the first leader hears nothing.
pub(super) fn unheard() -> Condition<ZooKeeper, History> {
    Condition::each_node(|node: &NodeOf<ZooKeeper>| {
        let Some(State::Server(server)) = node.state() else { return true };
        let is_first = usize::from(node.id) == 0 && server.zab.stable.accepted.round > 0;
        looks(node, server) && !is_first
    })
}

/// The boundary where no other than server 1 tries to lead.
pub(super) fn looks_once() -> Condition<ZooKeeper, History> {
    Condition::each_node(|node: &NodeOf<ZooKeeper>| {
        let Some(State::Server(server)) = node.state() else { return true };
        looks(node, server)
    })
}

fn looks(node: &NodeOf<ZooKeeper>, server: &ServerState) -> bool {
    usize::from(node.id) == 1
        || !matches!(server.zab.role, Role::Soliciting(_) | Role::Discovering(_))
}

pub(super) fn write(request: Request) -> What {
    What::Write(Op { session: None, request })
}

pub(super) fn create(path: &str, mode: CreateMode) -> What {
    write(Request::create(path, mode))
}

/// A read at the server that is asked.
pub(super) fn read(request: Request) -> What {
    What::Read { op: request.into(), seen: Zxid::default(), watch: false }
}

/// The same, and the client is to be told when that changes.
pub(super) fn watch(request: Request) -> What {
    What::Read { op: request.into(), seen: Zxid::default(), watch: true }
}
