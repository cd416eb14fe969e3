//! The bounds of an instance: a cluster for the checker, from a few numbers and the scripts of its
//! clients.

use super::bugs::Bug;
use super::properties::{self as claims, Actor, Claim, History};
use super::{Config, MAX_RESEND, Sharding, Timer, Timing, coordinator};
use crate::kv::history::Linearizable;
use crate::kv::sessions::SessionLimits;
use crate::kv::{Op, Transaction, Transactional};
use crate::world::{Cluster, DiskKind, Fairness, Faults, NetworkKind, Setup};
use stateright::actor::Id;

/// A client's transactions, one after the other.
pub(super) type Script = Vec<Transaction>;

/// A timer may fire again and again.
const UNBOUNDED: u8 = u8::MAX;

/// What an instance has, and what may happen in it.
pub(super) struct Bounds {
    pub(super) scripts: Vec<Script>,
    /// One or two.
    pub(super) participants: usize,
    pub(super) crashes: u8,
    pub(super) restarts: u8,
    pub(super) crashable: Option<Vec<Id>>,
    pub(super) deadlines: u8,
    pub(super) doubts: u8,
    /// How often clients ask again.
    pub(super) retries: u8,
    /// How often the coordinator sends again.
    pub(super) resends: u8,
    /// About how many transactions it does, and a participant asks, at a time.
    pub(super) batch: usize,
    /// How many clients each server remembers.
    pub(super) sessions: SessionLimits,
    pub(super) disk: DiskKind,
    /// Whether each message is delivered again and again.
    pub(super) delivers_all: bool,
    /// Whether messages are really lost, and sent again by timers without a budget.
    pub(super) lossy: bool,
}

impl Bounds {
    /// Two participants, and nothing goes wrong but the network. Participant 1 has the keys below
    /// `y`, participant 2 the others.
    pub(super) fn calm(scripts: Vec<Script>) -> Self {
        Self {
            scripts,
            participants: 2,
            crashes: 0,
            restarts: 0,
            crashable: None,
            deadlines: 0,
            doubts: 0,
            retries: 0,
            resends: 0,
            batch: MAX_RESEND,
            sessions: SessionLimits::default(),
            disk: DiskKind::Synchronous,
            delivers_all: false,
            lossy: false,
        }
    }

    /// The bounds on which liveness is decided: one transaction, losses without end. The properties
    /// that read the network as a record of what was sent mean nothing here.
    pub(super) fn lossy() -> Self {
        Self { lossy: true, doubts: UNBOUNDED, resends: UNBOUNDED, ..Self::calm(alone()) }
    }

    /// The same with one participant and clients that ask again and again until they are answered.
    pub(super) fn insisting(scripts: Vec<Script>) -> Self {
        Self { scripts, participants: 1, retries: UNBOUNDED, ..Self::lossy() }
    }

    /// The same, with these clients.
    pub(super) fn asked_by(self, scripts: Vec<Script>) -> Self {
        Self { scripts, ..self }
    }

    /// Whether clients ask again and again.
    pub(super) fn clients_insist(&self) -> bool {
        self.retries == UNBOUNDED
    }

    /// A transaction at one participant, and one over both whose condition the other refuses; the
    /// coordinator dies for good, and participants ask about one transaction at a time. A message
    /// that was sent is delivered some time.
    pub(super) fn crowded() -> Self {
        let (expected, new) = (Some("a".into()), Some("b".into()));
        let on_condition = Op::Cas { key: "y".into(), expected, new };
        let scripts =
            vec![vec![Op::put("x", "a").into()], vec![[Op::put("w", "b"), on_condition].into()]];
        let crashable = Some(vec![coordinator()]);
        let bounds = Self::calm(scripts);
        Self { crashes: 1, crashable, doubts: UNBOUNDED, batch: 1, delivers_all: true, ..bounds }
    }

    /// Two clients, and servers that remember only one of them.
    pub(super) fn forgetful() -> Self {
        let scripts = vec![vec![transfer()], vec![Op::put("x", "b").into()]];
        Self { sessions: SessionLimits::clients(1), doubts: 1, ..Self::calm(scripts) }
    }

    /// That each client is answered and each commit forgotten.
    pub(super) fn liveness(&self) -> Vec<Claim> {
        let asked = self.scripts.iter().map(Vec::len).collect();
        vec![claims::answered(self.participants + 1, asked), claims::forgotten()]
    }

    /// One server of those given crashes and comes back.
    pub(super) fn crashing(self, crashable: impl IntoIterator<Item = usize>) -> Self {
        let crashable = Some(crashable.into_iter().map(Id::from).collect());
        Self { crashes: 1, restarts: 1, crashable, ..self }
    }

    /// The same, on asynchronous disks.
    pub(super) fn asynchronous(self) -> Self {
        Self { disk: DiskKind::Asynchronous, ..self }
    }

    /// The safety properties.
    pub(super) fn safety(&self) -> Vec<Claim> {
        claims::safety(self.crashes, self.deadlines)
    }

    /// The cluster with these bounds, these claims, and perhaps a bug.
    pub(super) fn cluster(self, claims: Vec<Claim>, bug: Option<Bug>) -> Cluster<Actor, History> {
        let bounds = if self.participants == 1 { Vec::new() } else { vec!["y".into()] };
        let (participants, sharding) = (self.participants, Sharding::Ranges(bounds));
        let (timing, batch, sessions) = (Timing::model(), self.batch, self.sessions);
        let config = Config { participants, sharding, timing, batch, sessions, bug };
        let mut actors = config.servers();
        let servers = actors.len();
        actors.extend(self.scripts.into_iter().map(|script| config.client(script)));
        // The first is what `claims::ac4` looks at.
        let budgets = [
            ("deadline", self.deadlines),
            ("retry", self.retries),
            ("doubt", self.doubts),
            ("resend", self.resends),
        ];
        let timers = budgets.into_iter().filter(|(_, budget)| *budget != UNBOUNDED).collect();
        let network = if self.lossy { NetworkKind::Single } else { NetworkKind::Set };
        let is_strong = self.lossy || self.delivers_all;
        let fairness = if is_strong { Fairness::lossy() } else { Fairness::default() };
        let Self { crashes, restarts, crashable, .. } = self;
        let setup =
            Setup::new(actors, servers, Linearizable::linearizable(Transactional::default()))
                .network(network)
                .lossy(self.lossy)
                .fairness(fairness)
                .timer_kind(timer_kind)
                .faults(Faults { crashes, restarts, timers, crashable })
                .disk(self.disk)
                .properties(claims)
                .checkpointed();
        match self.disk {
            DiskKind::Asynchronous => setup.asynchronous_disk().cluster(),
            DiskKind::Synchronous | DiskKind::WriteBack => setup.cluster(),
        }
    }
}

/// A client whose condition does not hold.
pub(super) fn in_vain() -> Vec<Script> {
    let new = Some("b".into());
    vec![vec![Op::Cas { key: "x".into(), expected: Some("a".into()), new }.into()]]
}

/// Two clients that write different keys of one participant.
pub(super) fn neighbours() -> Vec<Script> {
    vec![vec![Op::put("x", "a").into()], vec![Op::put("w", "b").into()]]
}

/// A client whose first operation is at the second participant.
pub(super) fn crossed() -> Vec<Script> {
    vec![vec![[Op::get("y"), Op::put("x", "a")].into()]]
}

/// A client that writes two keys, and then one at the first participant.
pub(super) fn followed_by(key: &str) -> Vec<Script> {
    vec![vec![transfer(), Op::put(key, "b").into()]]
}

fn timer_kind(timer: &Timer) -> &'static str {
    match timer {
        Timer::Resend => "resend",
        Timer::Deadline(_) => "deadline",
        Timer::Doubt => "doubt",
        Timer::Retry(_) => "retry",
    }
}

/// Writes a key of each participant.
pub(super) fn transfer() -> Transaction {
    [Op::put("x", "a"), Op::put("y", "a")].into()
}

/// Reads a key of each participant: finds all of [`transfer`] or nothing.
pub(super) fn audit() -> Transaction {
    [Op::get("x"), Op::get("y")].into()
}

/// One client, one transaction.
pub(super) fn alone() -> Vec<Script> {
    vec![vec![transfer()]]
}

/// One client writes what another reads.
pub(super) fn rivals() -> Vec<Script> {
    vec![vec![transfer()], vec![audit()]]
}

/// Two clients that each read the key that the other writes (write skew).
pub(super) fn skew() -> Vec<Script> {
    let one = [Op::get("x"), Op::put("y", "a")];
    let other = [Op::get("y"), Op::put("x", "b")];
    vec![vec![one.into()], vec![other.into()]]
}

/// A client that writes, and then writes again on a condition at one participant.
pub(super) fn conditional() -> Vec<Script> {
    let new = Some("b".into());
    let on_condition = Op::Cas { key: "x".into(), expected: Some("a".into()), new };
    vec![vec![transfer(), [on_condition, Op::put("y", "b")].into()]]
}
