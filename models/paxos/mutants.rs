//! The seeded bugs: each takes away one guard or one save, and a named property must notice.

mod sessions;

use super::Quorums;
use super::bounds::{Bounds, put, write_then_read};
use super::properties::{self as claims, Actor, History};
use crate::Mutant;
use crate::kv::Op;
use crate::world::{CHECKPOINT, Cluster};

/// A bug that the checker can put into the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bug {
    /// An acceptor does not save the ballot that it promises.
    ForgetPromise,
    /// An acceptor does not save what it accepts.
    ForgetAccepted,
    /// A learner does not save that what it accepted is chosen and applied.
    ForgetChosen,
    /// A proposer does not save what it proposes, and leads its ballot again after a restart.
    ReuseBallot,
    /// An acceptor accepts below what it promised.
    BreakPromise,
    /// A new leader proposes what it likes, whatever the promises say.
    IgnoreAccepted,
    /// A promise of an earlier ballot counts for the current one.
    CountAcrossBallots,
    /// A vote in an earlier ballot counts for the current one.
    CountVotesAcross,
    /// One promise less than a quorum is enough.
    SmallPrepareQuorum,
    /// One vote less than a quorum is enough.
    SmallAcceptQuorum,
    /// A gap is filled with an operation that nobody asked for.
    InventRequest,
    /// There are no client sessions: a request that comes twice is applied twice.
    NoDedupe,
    /// A leader answers a read from its own state, without a quorum.
    AnswerLocally,
    /// A promise does not say that what was truncated is chosen.
    TruncateSilently,
    /// What is truncated is not given as a snapshot either: truncated past what a lagging replica
    /// needs.
    NoSnapshot,
    /// A snapshot comes without the client sessions.
    SnapshotWithoutSessions,
    /// Who learns what was chosen in a greater ballot than it promised does not promise that.
    LearnWithoutBallot,
    /// A leader does not send again what was not answered.
    NoResend,
}

/// Every bug, with the property that kills it.
#[allow(clippy::too_many_lines, reason = "a table")]
pub fn mutants() -> Vec<Mutant<Actor, History>> {
    macro_rules! mutant {
        ($bug:ident, $name:literal, $about:literal, $killed_by:expr, $bounds:expr) => {
            Mutant {
                name: $name,
                about: $about,
                killed_by: $killed_by,
                cluster: || seeded($bounds, Bug::$bug),
            }
        };
    }
    let mut mutants = vec![
        mutant!(
            ForgetPromise,
            "forget-promise",
            "an acceptor does not save the ballot that it promises",
            claims::PROMISE,
            restarting(1)
        ),
        mutant!(
            ForgetAccepted,
            "forget-accepted",
            "an acceptor does not save what it accepts",
            claims::PROMISE,
            restarting(1)
        ),
        mutant!(
            ForgetChosen,
            "forget-chosen",
            "a replica does not save what it applied",
            CHECKPOINT,
            writer()
        ),
        mutant!(
            ReuseBallot,
            "reuse-ballot",
            "a proposer does not save what it proposes, and leads its ballot again after a restart",
            claims::ONE_PROPOSAL,
            Bounds { scripts: rivals(), ..restarting(0) }
        ),
        mutant!(
            BreakPromise,
            "break-promise",
            "an acceptor accepts below what it promised",
            claims::PROMISE,
            writer()
        ),
        mutant!(
            IgnoreAccepted,
            "ignore-accepted",
            "a new leader proposes what it likes, whatever the promises say",
            claims::AGREEMENT,
            Bounds::three(rivals())
        ),
        mutant!(
            CountAcrossBallots,
            "count-across-ballots",
            "a promise of an earlier ballot counts for the current one",
            claims::P2C,
            Bounds { servers: 2, elections: 2, ..writer() }
        ),
        mutant!(
            CountVotesAcross,
            "count-votes-across",
            "a vote in an earlier ballot counts for the current one",
            claims::CHOSEN,
            Bounds {
                quorums: Some(Quorums { prepare: 1, accept: 3 }),
                crashable: Some(vec![0.into()]),
                ..restarting(1)
            }
        ),
        mutant!(
            SmallPrepareQuorum,
            "small-prepare-quorum",
            "one promise less than a quorum is enough",
            claims::P2C,
            writer()
        ),
        mutant!(
            SmallAcceptQuorum,
            "small-accept-quorum",
            "one vote less than a quorum is enough",
            claims::CHOSEN,
            writer()
        ),
        mutant!(
            InventRequest,
            "invent-request",
            "a gap is filled with an operation that nobody asked for",
            claims::VALIDITY,
            pair(1, 2)
        ),
        Mutant {
            name: "no-dedupe",
            about: "a request that comes twice is applied twice",
            killed_by: claims::EXACTLY_ONCE,
            cluster: || {
                let bounds = Bounds { elections: 0, ..writer() };
                let claims = claims::safety(bounds.quorums());
                let setup = bounds.setup(claims, Some(Bug::NoDedupe));
                // One request makes a log without end.
                setup.boundary(claims::short_log(2)).cluster()
            },
        },
        mutant!(
            AnswerLocally,
            "answer-locally",
            "a leader answers a read from its own state, without asking a quorum",
            claims::LINEARIZABLE,
            Bounds::three(vec![write_then_read()])
        ),
        mutant!(
            TruncateSilently,
            "truncate-silently",
            "a promise does not say that what was truncated is chosen",
            claims::PREFIX,
            pair(2, 1)
        ),
        Mutant {
            name: "no-snapshot",
            about: "the log is truncated past what a lagging replica needs, and there is no snapshot",
            killed_by: claims::ANSWERED,
            cluster: || Bounds::takeover().live(Some(Bug::NoSnapshot)),
        },
        Mutant {
            name: "no-resend",
            about: "a leader does not send again what was not answered",
            killed_by: claims::ANSWERED,
            cluster: || Bounds::lossy().live(Some(Bug::NoResend)),
        },
        mutant!(
            SnapshotWithoutSessions,
            "snapshot-without-sessions",
            "a snapshot comes without the client sessions",
            claims::SNAPSHOT,
            lagging()
        ),
        mutant!(
            SnapshotWithoutSessions,
            "snapshot-without-sessions-takes-over",
            "a new leader that caught up by a snapshot does not know which requests were done",
            claims::EXACTLY_ONCE,
            Bounds { keep: 0, retries: 1, scripts: vec![vec![put("a")]], ..pair(2, 1) }
        ),
        Mutant {
            name: "learn-without-ballot",
            about: "what was chosen in a greater ballot is learned, and that ballot not promised",
            killed_by: claims::KNOWN,
            cluster: || {
                let bounds = Bounds { heartbeats: 1, ..Bounds::three(vec![write_then_read()]) };
                let claims = claims::safety(bounds.quorums());
                let setup = bounds.setup(claims, Some(Bug::LearnWithoutBallot));
                setup.boundary(claims::idle(2.into())).cluster()
            },
        },
    ];
    mutants.extend(sessions::mutants());
    mutants
}

/// Two clients that write.
fn rivals() -> Vec<Vec<Op>> {
    vec![vec![put("a")], vec![put("b")]]
}

/// Two replicas with quorums of these sizes, and two clients that write.
fn pair(prepare: usize, accept: usize) -> Bounds {
    let quorums = Some(Quorums { prepare, accept });
    Bounds { servers: 2, quorums, ..Bounds::three(rivals()) }
}

/// One client that writes.
fn writer() -> Bounds {
    Bounds::three(vec![vec![put("a")]])
}

fn restarting(elections: u8) -> Bounds {
    Bounds { crashes: 1, restarts: 1, elections, ..writer() }
}

/// A replica that is behind a log of which nothing is kept.
fn lagging() -> Bounds {
    Bounds { elections: 0, heartbeats: 1, keep: 0, ..writer() }
}

fn seeded(bounds: Bounds, bug: Bug) -> Cluster<Actor, History> {
    let claims = claims::safety(bounds.quorums());
    bounds.cluster(claims, Some(bug))
}
