//! The configuration of a cluster, which configurations are refused, and the nodes of a cluster.

use super::bugs::Bug;
use super::message::{BATCH_BYTES, MAX_OP_BYTES};
use crate::kv::machine::FRAGMENT_BYTES;
use crate::kv::{ScriptedClient, SessionLimits, StateMachine};
use crate::quorum::{intersect, majority};
use crate::timing::leader::LeaderTiming as Timing;
use crate::turn::Setting;
use stateright::actor::Id;
use std::fmt;

/// How many replicas must take part in each phase.
///
/// Howard, Malkhi and Spiegelman 2016: Paxos needs every quorum of phase one to intersect every
/// quorum of phase two, and nothing else. With `n` replicas, writing goes on while
/// `n - accept` of them are down, and a leader can be replaced while `n - prepare` are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quorums {
    /// Phase one: prepare and promise.
    pub prepare: usize,
    /// Phase two: accept and accepted.
    pub accept: usize,
}

impl Quorums {
    /// Majorities for both phases.
    pub fn majorities(servers: usize) -> Self {
        Self { prepare: majority(servers), accept: majority(servers) }
    }
}

/// Why a cluster is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// A cluster without servers.
    NoServers,
    /// Too few servers for what is wanted.
    TooFewServers {
        /// How many there are.
        servers: usize,
        /// How many may be down while the others go on.
        failures: usize,
    },
    /// A quorum that is empty, or larger than the cluster.
    NoSuchQuorum {
        /// How many servers there are.
        servers: usize,
        /// The quorum's size.
        size: usize,
    },
    /// A quorum of phase one that may miss a quorum of phase two.
    DisjointQuorums {
        /// How many servers there are.
        servers: usize,
        /// The quorums.
        quorums: Quorums,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoServers => write!(f, "Paxos needs at least one server"),
            Self::TooFewServers { servers, failures } => write!(
                f,
                "{servers} servers cannot go on when {failures} of them are down: that takes {}",
                2 * failures + 1
            ),
            Self::NoSuchQuorum { servers, size } => {
                write!(f, "a quorum has from 1 to all {servers} servers, not {size}")
            }
            Self::DisjointQuorums { servers, quorums: Quorums { prepare, accept } } => write!(
                f,
                "of {servers} servers, {prepare} for phase one and {accept} for phase two need \
                 not have one in common, and two values could be chosen: together they must be \
                 more than {servers}"
            ),
        }
    }
}

impl std::error::Error for ConfigError {}

/// A cluster: replicas 0 to `servers - 1`, then clients. Each replica is proposer, acceptor and
/// learner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub(super) servers: usize,
    pub(super) quorums: Quorums,
    pub(super) timing: Timing,
    /// How many commands a leader may have proposed that are not chosen yet; further requests
    /// wait. An acceptor takes twice as many, since it may be behind.
    pub window: u64,
    /// How many requests may wait at a leader, first come, first served; further ones are refused
    /// as [busy](crate::kv::service::Refusal::Busy).
    pub queue: usize,
    /// How many votes an acceptor keeps that are further ahead than that: it is behind, catches
    /// up, and should not have to catch up with what is chosen meanwhile.
    pub ahead: usize,
    /// How many applied commands a replica keeps for lagging replicas, before a snapshot takes
    /// their place.
    pub keep: usize,
    /// How many bytes of them.
    pub keep_bytes: usize,
    /// How many messages of the log or of a snapshot are sent at once to a lagging replica.
    pub burst: usize,
    /// About how many encoded bytes of commands a promise or a piece of the log holds; one larger
    /// command travels alone.
    pub batch_bytes: usize,
    /// About how many encoded bytes of a snapshot travel in one message.
    pub piece_bytes: usize,
    /// How many clients are remembered.
    pub sessions: SessionLimits,
    /// Whether a replica that misses the leader asks the others whether they do, before it takes a
    /// ballot.
    pub pre_vote: bool,
    /// With pre-vote: after how many heartbeats without anything chosen a leader that has proposed
    /// something gives up.
    pub patience: u32,
    /// Whether replicas are to stop, each when a timer fires. Only the checker ever sets it: a node
    /// that is asked to stop fires that timer.
    pub(crate) stops: bool,
    /// The seeded bug, if this cluster is to have one. Only the checker ever sets it.
    pub(crate) bug: Option<Bug>,
}

/// The window of a deployed cluster.
pub const WINDOW: u64 = 64;
/// How many requests may wait at a deployed leader.
pub const QUEUE: usize = 2048;
/// How many votes a deployed acceptor keeps that are far ahead.
pub const AHEAD: usize = 256;
/// How many commands of the log a deployed replica keeps.
pub const KEEP: usize = 1 << 18;
/// How many bytes of it: about ten seconds of small commands under full load, so that a replica
/// that was away for as long gets them, and not the whole state.
pub const KEEP_BYTES: usize = 32 << 20;
/// How many messages a deployed replica sends at once to one that is behind. With fewer, a replica
/// that lags never catches up with a leader that goes on with large values; the receive buffer that
/// the runtime asks for holds them beside the others that come meanwhile. If the last is lost, the
/// asker waits for a heartbeat.
pub const BURST: usize = 8;

/// After how many heartbeats a deployed leader gives up: longer than any election takes.
pub const PATIENCE: u32 = 120;

/// A window of such commands must be a small part of what a node sends at once.
const _: () = assert!(WINDOW as usize * MAX_OP_BYTES <= 4 << 20);

impl Config {
    /// A cluster with these quorums, refused if two values could be chosen in it.
    pub fn new(servers: usize, quorums: Quorums, timing: Timing) -> Result<Self, ConfigError> {
        let Quorums { prepare, accept } = quorums;
        if servers == 0 {
            return Err(ConfigError::NoServers);
        }
        if let Some(size) = [prepare, accept].into_iter().find(|size| !(1..=servers).contains(size))
        {
            return Err(ConfigError::NoSuchQuorum { servers, size });
        }
        if !intersect(servers, prepare, accept) {
            return Err(ConfigError::DisjointQuorums { servers, quorums });
        }
        let (window, keep) = (WINDOW, KEEP);
        let (batch_bytes, piece_bytes) = (BATCH_BYTES, FRAGMENT_BYTES);
        let (sessions, bug) = (SessionLimits::default(), None);
        Ok(Self {
            servers,
            quorums,
            timing,
            window,
            queue: QUEUE,
            ahead: AHEAD,
            keep,
            keep_bytes: KEEP_BYTES,
            burst: BURST,
            batch_bytes,
            piece_bytes,
            sessions,
            pre_vote: true,
            patience: PATIENCE,
            stops: false,
            bug,
        })
    }

    /// A cluster that goes on while `failures` of its servers, whichever, are down; refused if it
    /// has too few for that.
    pub fn tolerating(
        failures: usize,
        servers: usize,
        timing: Timing,
    ) -> Result<Self, ConfigError> {
        if servers > 0 && servers - majority(servers) < failures {
            return Err(ConfigError::TooFewServers { servers, failures });
        }
        Self::new(servers, Quorums::majorities(servers), timing)
    }

    /// How many reads may wait at a leader: as many as requests that are ordered.
    pub(super) fn most_reads(&self) -> usize {
        self.queue.saturating_add(self.window as usize)
    }

    /// How many replicas there are.
    pub fn servers(&self) -> usize {
        self.servers
    }

    /// Its quorums.
    pub fn quorums(&self) -> Quorums {
        self.quorums
    }

    /// The ids of the replicas.
    pub fn server_ids(&self) -> impl Iterator<Item = Id> + use<> {
        (0..self.servers).map(Id::from)
    }

    /// A replica; all are alike.
    pub fn server<M: StateMachine>(&self) -> Paxos<M> {
        Paxos::Replica(Replica { config: self.clone() })
    }

    /// A client that has not asked for anything yet.
    pub fn client<M: StateMachine>(&self, script: Vec<M::Op>) -> Paxos<M> {
        let (servers, retry) = (self.server_ids().collect(), self.timing.retry.clone());
        Paxos::Client(ScriptedClient { script, first_seq: 1, slots: 1, servers, retry })
    }
}

impl Setting for Config {
    type Bug = Bug;

    fn bug(&self) -> Option<Bug> {
        self.bug
    }

    fn server_ids(&self) -> impl Iterator<Item = Id> {
        self.server_ids()
    }
}

/// A node of a Paxos cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paxos<M: StateMachine> {
    /// A replica: proposer, acceptor and learner.
    Replica(Replica),
    /// A client.
    Client(ScriptedClient<M::Op>),
}

/// A replica of the state machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica {
    /// The cluster.
    pub config: Config,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(servers: usize, prepare: usize, accept: usize) -> Result<Config, ConfigError> {
        Config::new(servers, Quorums { prepare, accept }, Timing::default())
    }

    #[test]
    fn howard_2016_quorums_need_only_intersect_across_phases() {
        assert!(with(4, 3, 2).is_ok(), "two quorums of phase two may be disjoint");
        assert!(with(3, 3, 1).is_ok());
        assert!(with(3, 1, 3).is_ok());
        let quorums = Quorums { prepare: 2, accept: 2 };
        assert_eq!(with(4, 2, 2), Err(ConfigError::DisjointQuorums { servers: 4, quorums }));
        let quorums = Quorums { prepare: 3, accept: 1 };
        assert_eq!(with(4, 3, 1), Err(ConfigError::DisjointQuorums { servers: 4, quorums }));
    }

    #[test]
    fn majorities_are_accepted_for_any_number_of_servers() {
        for servers in 1..10 {
            let quorums = Quorums::majorities(servers);
            assert!(Config::new(servers, quorums, Timing::default()).is_ok());
        }
    }

    #[test]
    fn impossible_clusters_are_refused_with_what_to_do() {
        assert_eq!(with(0, 1, 1), Err(ConfigError::NoServers));
        assert_eq!(with(3, 4, 2), Err(ConfigError::NoSuchQuorum { servers: 3, size: 4 }));
        assert_eq!(with(3, 3, 0), Err(ConfigError::NoSuchQuorum { servers: 3, size: 0 }));
        let refused = Config::tolerating(2, 4, Timing::default());
        assert_eq!(refused, Err(ConfigError::TooFewServers { servers: 4, failures: 2 }));
        let told = "4 servers cannot go on when 2 of them are down: that takes 5";
        assert_eq!(ConfigError::TooFewServers { servers: 4, failures: 2 }.to_string(), told);
        assert!(Config::tolerating(2, 5, Timing::default()).is_ok());
    }
}
