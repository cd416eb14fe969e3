//! What bounds an instance, and what its clients ask for.

use super::bugs::Bug;
use super::config::{Acks, Config, Flush, Timing};
use super::history::LogHistory;
use super::message::Op;
use super::properties::{self as claims, Actor, Claim, History};
use super::state::Timer;
use crate::kv;
use crate::paxos::{self, Quorums};
use crate::world::{Cluster, Fairness, Faults, NetworkKind, Setup};
use stateright::actor::{Id, model_timeout};

/// Whom the controller finds silent.
#[derive(Clone, Copy)]
pub(super) enum Fences {
    /// Any broker, so many times in all.
    Any(u8),
    /// The first broker and the second, each so many times.
    Each(u8, u8),
}

/// What an instance has, and what may happen in it.
#[derive(Clone)]
pub(super) struct Bounds {
    pub(super) config: Config,
    /// The clients: which broker each asks first, and what.
    pub(super) clients: Vec<(usize, Vec<Op>)>,
    pub(super) crashes: u8,
    /// How often a broker that crashed starts again.
    pub(super) restarts: u8,
    /// The brokers that may crash; `None` for all.
    pub(super) crashable: Option<Vec<usize>>,
    /// How often the controller finds a broker silent, and fences it.
    pub(super) fences: Fences,
    /// How often a controller, where they are several, tries to lead the others.
    pub(super) elections: u8,
    /// Whether the first controller is down before another tries to lead.
    pub(super) bereaved: bool,
    /// How often a broker sends again what was not answered.
    pub(super) resends: u8,
    /// How often a leader finds that who lags has lagged for too long.
    pub(super) lags: u8,
    /// How often a page cache is written to disk.
    pub(super) flushes: u8,
    /// How often a broker stops cleanly.
    pub(super) stops: u8,
    /// How often a client asks again.
    pub(super) retries: u8,
    /// How many leader epochs are explored.
    pub(super) leader_epochs: u64,
    /// Whether messages are really lost, and sent again by timers without a budget.
    pub(super) lossy: bool,
    /// How many messages may be in flight from one controller to another, and on any other link, where that
    /// is bounded.
    pub(super) in_flight: Option<(usize, usize)>,
    /// Whether requests and replies are judged in real time.
    pub(super) timed: bool,
}

impl Bounds {
    /// So many brokers of which the first are in sync, two at least to commit; a producer of one
    /// record; nothing goes wrong but the network.
    pub(super) fn of(brokers: usize, in_sync: usize) -> Self {
        Self {
            config: Config { in_sync, ..Config::new(brokers, 2, Timing::model()) },
            clients: vec![(1, produce(1))],
            crashes: 0,
            restarts: 0,
            crashable: None,
            fences: Fences::Any(0),
            elections: 0,
            bereaved: false,
            resends: 0,
            lags: 0,
            flushes: 0,
            stops: 0,
            retries: 0,
            leader_epochs: 3,
            lossy: false,
            in_flight: None,
            timed: false,
        }
    }

    /// With another configuration.
    pub(super) fn with(self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = self.config;
        change(&mut config);
        Self { config, ..self }
    }

    /// Where the records of producers are acknowledged so.
    pub(super) fn acked(mut self, when: Acks) -> Self {
        for op in self.clients.iter_mut().flat_map(|(_, script)| script) {
            if let Op::Produce { acks, .. } = op {
                *acks = when;
            }
        }
        self
    }

    /// Whether no producer asks for less than that all in-sync replicas have its record.
    fn waits_for_all(&self) -> bool {
        let waits = |op: &Op| !matches!(op, Op::Produce { acks, .. } if *acks != Acks::All);
        self.clients.iter().all(|(_, script)| script.iter().all(waits))
    }

    /// With so many crashes, and as many restarts.
    pub(super) fn crashing(self, crashes: u8) -> Self {
        Self { crashes, restarts: crashes, ..self }
    }

    /// With so many controllers, a majority of which decide.
    pub(super) fn controlled(self, number: usize) -> Self {
        self.with(|config| config.quorum = controllers(number))
    }

    /// Where these brokers have a record at the start.
    pub(super) fn preloaded(self, brokers: &[usize]) -> Self {
        self.with(|config| config.preloaded = brokers.iter().copied().map(Id::from).collect())
    }

    /// What must hold of it.
    pub(super) fn safety(&self) -> Vec<Claim> {
        let mut safety = claims::safety(self.config.min_isr);
        if self.waits_for_all() {
            safety.extend(claims::acknowledged_by_all());
        }
        if self.config.idempotent {
            safety.extend(claims::idempotent());
        }
        if self.config.flush == Flush::EachAppend {
            safety.push(claims::strong_isr());
        }
        if self.timed {
            safety.push(claims::linearizable());
        }
        safety
    }

    /// What must eventually happen, where messages that are lost are sent again.
    pub(super) fn liveness(&self) -> Vec<Claim> {
        let mut liveness = claims::liveness();
        if !self.clients.is_empty() {
            liveness.push(claims::acknowledged());
        }
        liveness
    }

    /// The cluster with these bounds, where its safety is claimed, and what it reaches.
    pub(super) fn safe(self, reached: impl IntoIterator<Item = Claim>) -> Cluster<Actor, History> {
        let claims = self.safety().into_iter().chain(reached).collect();
        self.cluster(claims, None)
    }

    /// The cluster with these bounds, these claims, and perhaps a bug.
    pub(super) fn cluster(self, claims: Vec<Claim>, bug: Option<Bug>) -> Cluster<Actor, History> {
        let mut config = Config { bug, ..self.config };
        config.timing.stop = (self.stops > 0).then(model_timeout);
        let controllers = config.controllers();
        let mut actors = config.servers();
        let servers = actors.len();
        actors.extend(self.clients.into_iter().map(|(first, script)| config.client(first, script)));
        let mut timers =
            vec![("lag", self.lags), ("stop", self.stops), ("election", self.elections)];
        let by_broker = match controllers {
            1 => timer_kind_by_broker::<1>,
            2 => timer_kind_by_broker::<2>,
            _ => timer_kind_by_broker::<3>,
        };
        let (kind, fences): (fn(&Timer) -> _, _) = match self.fences {
            Fences::Any(count) => (timer_kind, vec![("suspect", count)]),
            Fences::Each(first, second) => {
                let others = ("suspect", 0);
                (by_broker, vec![("suspect-1", first), ("suspect-2", second), others])
            }
        };
        timers.extend(fences);
        if !self.lossy {
            let again = [("resend", self.resends), ("flush", self.flushes)];
            timers.extend(again);
            timers.extend([("retry", self.retries), ("heartbeat", 0)]);
        }
        let brokers = || (controllers..servers).collect();
        let crashable = self.crashable.unwrap_or_else(brokers).into_iter().map(Id::from).collect();
        let (crashes, restarts) = (self.crashes, self.restarts);
        let boundary = match self.in_flight {
            None => claims::within(self.leader_epochs, self.bereaved),
            Some(messages) => claims::within_links(self.leader_epochs, controllers, messages),
        };
        let history = if self.timed { LogHistory::in_real_time() } else { LogHistory::default() };
        Setup::new(actors, servers, history)
            .network(if self.lossy { NetworkKind::Single } else { NetworkKind::Set })
            .lossy(self.lossy)
            .fairness(if self.lossy { Fairness::lossy() } else { Fairness::default() })
            .timer_kind(kind)
            .faults(Faults { crashes, restarts, timers, crashable: Some(crashable) })
            .properties(claims)
            .boundary(boundary)
            .checkpointed()
            .cluster()
    }
}

/// So many controllers, a majority of which decide. Pre-vote keeps a leader from being deposed without
/// need, and here one that need not be may be.
pub(super) fn controllers(number: usize) -> Option<paxos::Config> {
    let majorities = Quorums::majorities(number);
    let mut quorum = paxos::Config::new(number, majorities, paxos::Timing::model()).ok()?;
    (quorum.window, quorum.ahead, quorum.pre_vote) = (1, 0, false);
    Some(quorum)
}

fn timer_kind(timer: &Timer) -> &'static str {
    match timer {
        Timer::Suspect(_) => "suspect",
        Timer::Quorum(paxos::Timer::Election) => "election",
        Timer::Quorum(_) => "heartbeat",
        Timer::Resend => "resend",
        Timer::Lag => "lag",
        Timer::Flush => "flush",
        Timer::Stop => "stop",
        Timer::Retry(_) => "retry",
    }
}

/// The suspicions of the first brokers told apart; with so many controllers.
fn timer_kind_by_broker<const CONTROLLERS: usize>(timer: &Timer) -> &'static str {
    match timer {
        Timer::Suspect(broker) if *broker == Id::from(CONTROLLERS) => "suspect-1",
        Timer::Suspect(broker) if *broker == Id::from(CONTROLLERS + 1) => "suspect-2",
        _ => timer_kind(timer),
    }
}

/// A producer of so many records.
pub(super) fn produce(count: u64) -> Vec<Op> {
    batches(count, 1)
}

/// A producer of so many records, each of which has so many messages.
pub(super) fn batches(count: u64, messages: usize) -> Vec<Op> {
    let value = |sequence| format!("{}", char::from(b'a' + sequence as u8 - 1)).as_str().into();
    let batch = |sequence| vec![value(sequence); messages];
    (1..=count)
        .map(|sequence| Op::Produce { sequence, messages: batch(sequence), acks: Acks::All })
        .collect()
}

/// 2 brokers, 2 to commit; a producer of a batch of two messages, and a consumer that reads from these offsets on,
/// of which 1 is in the middle of the batch.
pub(super) fn batched(reads: &[u64]) -> Bounds {
    let consumer = reads.iter().map(|from| Op::Consume { from: *from }).collect();
    Bounds { clients: vec![(1, batches(1, 2)), (1, consumer)], ..Bounds::of(2, 2) }
}

/// A consumer that reads so many times from the start.
pub(super) fn consume(times: usize) -> Vec<Op> {
    vec![Op::Consume { from: 0 }; times]
}

/// 2 brokers, 2 to commit, a producer, and a consumer that reads twice, both at the first; their requests and
/// replies are judged in real time.
pub(super) fn timed() -> Bounds {
    Bounds { clients: vec![(1, produce(1)), (1, consume(2))], timed: true, ..Bounds::of(2, 2) }
}

/// A client of the map that the records make.
pub(super) fn map(ops: impl IntoIterator<Item = kv::Op>) -> Vec<Op> {
    ops.into_iter().map(Op::Map).collect()
}

/// Swaps a value, and nothing else, for another.
pub(super) fn cas(key: &str, expected: &str, new: &str) -> kv::Op {
    kv::Op::Cas { key: key.into(), expected: Some(expected.into()), new: Some(new.into()) }
}

/// 2 brokers of which the first is in sync and commits alone, and forgets what it has committed; a
/// client writes to the map.
pub(super) fn forgetful(ops: impl IntoIterator<Item = kv::Op>) -> Bounds {
    let bounds = Bounds { clients: vec![(1, map(ops))], ..Bounds::of(2, 1) };
    bounds.with(|config| {
        config.min_isr = 1;
        config.flush = Flush::EachAppend;
        config.retention_bytes = Some(0);
        config.max_fetch_bytes = 1;
    })
}

/// So many brokers in sync, of which one may be fenced.
pub(super) fn failover(brokers: usize) -> Bounds {
    Bounds { fences: Fences::Any(1), ..Bounds::of(brokers, brokers) }
}

/// 2 brokers, the second of which may lose its page cache so many times.
pub(super) fn lossy_restart(crashes: u8) -> Bounds {
    Bounds { crashable: Some(vec![2]), ..Bounds::of(2, 2).crashing(crashes) }
}

/// 2 brokers in sync of 3, each of which is fenced once: the first may lead again.
pub(super) fn again() -> Bounds {
    let bounds = Bounds { fences: Fences::Each(1, 1), leader_epochs: 4, ..outsider() };
    Bounds { clients: vec![], ..bounds }.preloaded(&[1, 3])
}

/// 2 brokers in sync of 3: the third may join.
pub(super) fn outsider() -> Bounds {
    Bounds::of(3, 2)
}

/// 2 brokers that acknowledge what the leader has, and each is fenced once; a producer asks the
/// first, another the second.
pub(super) fn alternating() -> Bounds {
    let fences = Fences::Each(1, 1);
    let bounds = Bounds { clients: vec![(2, produce(1))], fences, ..Bounds::of(2, 2) };
    bounds.acked(Acks::Leader).preloaded(&[1])
}

/// 2 brokers, of which one may be fenced, and the other then commits alone.
pub(super) fn alone() -> Bounds {
    failover(2).with(|config| config.min_isr = 1)
}

/// What liveness of producers is decided on: messages are lost, and sent again.
pub(super) fn lossy() -> Bounds {
    Bounds { lossy: true, ..Bounds::of(2, 2) }
}

/// What liveness of replication is decided on: the second broker is not in sync at the start, and
/// the first has a record and commits it without the second.
pub(super) fn lossy_join() -> Bounds {
    let bounds = Bounds { clients: vec![], lossy: true, ..Bounds::of(2, 1) };
    bounds.with(|config| config.min_isr = 1).preloaded(&[1])
}

/// What liveness of several controllers is decided on: 2 of them, and a broker that they fence.
pub(super) fn lossy_controllers() -> Bounds {
    let bounds =
        Bounds { clients: vec![], fences: Fences::Any(1), lossy: true, ..Bounds::of(1, 1) };
    bounds.with(|config| config.min_isr = 1).controlled(2)
}

/// The same where the second controller takes over, and so few messages are in flight from one node to another
/// that it is decided: one is lost or arrives before another is sent.
pub(super) fn lossy_succession() -> Bounds {
    Bounds { elections: 1, in_flight: Some((1, 1)), ..lossy_controllers() }
}

/// What liveness of the in-sync replicas is decided on: a broker is fenced, and no producer asks for
/// anything, which would multiply the messages in flight.
pub(super) fn lossy_fence() -> Bounds {
    Bounds { clients: vec![], fences: Fences::Any(1), ..lossy() }
}
