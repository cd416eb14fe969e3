//! The seeded bugs: each takes away one guard or one save, and a named property must notice.

use super::bounds::{Bounds, alone, rivals, skew};
use super::properties::{self as claims, Actor, History};
use crate::Mutant;
use crate::world::{CHECKPOINT, Cluster, DiskKind};

/// A bug that the checker can put into the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bug {
    /// The coordinator commits when the first participant voted yes.
    CommitEarly,
    /// The coordinator aborts although all voted yes.
    AbortAnyway,
    /// The coordinator does not log its decisions.
    ForgetDecision,
    /// The coordinator forgets a commit when the first participant acknowledged it.
    EndEarly,
    /// The coordinator names transactions after a restart as it did before.
    ReuseId,
    /// The coordinator forgets in a crash which requests it answered.
    ForgetSessions,
    /// The coordinator does not log the end of a transaction.
    ForgetEnd,
    /// A participant does not log its vote.
    ForgetVote,
    /// A participant does not log that it refused.
    ForgetRefusal,
    /// A participant does not log the decision.
    ForgetOutcome,
    /// A participant that comes back does not lock what it is prepared for.
    ForgetLocks,
    /// A participant that is in doubt for too long aborts on its own.
    AbortAlone,
    /// A participant releases its locks when it votes.
    DropLocks,
    /// A participant does not lock what it reads.
    NoReadLocks,
    /// A participant keeps the locks of what aborts.
    KeepLocks,
    /// A participant takes want of information for a commit.
    PresumeCommit,
    /// A participant that hears of the coordinator's restart aborts what was begun after it too.
    AbortNewer,
    /// A participant that hears of the coordinator's restart aborts what is listed as committed.
    AbortListed,
    /// A participant votes again on what is decided.
    TakeOldPrepare,
    /// A participant in doubt tells others to abort.
    AnswerInDoubt,
    /// A participant that has not voted tells others that it aborted, and votes yes later.
    AbortUnrecorded,
    /// A participant in doubt asks nobody.
    NeverAsk,
    /// The coordinator decides and tells only the client.
    TellNobody,
}

/// Every bug, with the property that kills it: those that a safety property kills first.
pub fn mutants() -> Vec<Mutant<Actor, History>> {
    let mut mutants = safety_mutants();
    mutants.extend(liveness_mutants());
    mutants
}

/// The bugs that safety properties kill.
pub(super) fn safety_mutants() -> Vec<Mutant<Actor, History>> {
    let mut mutants = of_the_coordinator();
    mutants.extend(of_votes_and_locks());
    mutants.extend(of_participants_in_doubt());
    mutants.extend(of_the_disk());
    mutants
}

macro_rules! mutant {
    ($bug:ident, $name:literal, $about:literal, $killed_by:expr, $bounds:expr) => {
        Mutant {
            name: $name,
            about: $about,
            killed_by: $killed_by,
            cluster: || seeded($bounds, Some(Bug::$bug)),
        }
    };
}

fn of_the_coordinator() -> Vec<Mutant<Actor, History>> {
    vec![
        mutant!(
            CommitEarly,
            "commit-early",
            "the coordinator commits when the first participant voted yes",
            claims::AC3,
            Bounds::calm(alone())
        ),
        mutant!(
            AbortAnyway,
            "abort-anyway",
            "the coordinator aborts although all voted yes",
            claims::AC4,
            Bounds::calm(alone())
        ),
        mutant!(
            ForgetDecision,
            "forget-decision",
            "the coordinator does not log its decisions",
            claims::AC1,
            Bounds::calm(alone()).crashing([0])
        ),
        mutant!(
            EndEarly,
            "end-early",
            "the coordinator forgets a commit when the first participant acknowledged it",
            claims::REMEMBERED,
            Bounds::calm(alone())
        ),
        mutant!(
            ForgetEnd,
            "forget-end",
            "the coordinator does not log the end of a transaction, and will tell it for ever",
            CHECKPOINT,
            Bounds::calm(alone())
        ),
        mutant!(
            ReuseId,
            "reuse-id",
            "the coordinator names transactions after a restart as it did before",
            claims::AC2,
            Bounds::calm(alone()).crashing([0])
        ),
        mutant!(
            ForgetSessions,
            "forget-sessions",
            "the coordinator forgets in a crash which requests it answered",
            claims::EXACTLY_ONCE,
            Bounds::calm(alone()).crashing([0])
        ),
    ]
}

fn of_votes_and_locks() -> Vec<Mutant<Actor, History>> {
    vec![
        mutant!(
            ForgetVote,
            "forget-vote",
            "a participant does not log its vote",
            claims::AC1,
            Bounds { doubts: 1, ..Bounds::calm(alone()) }.crashing([1])
        ),
        mutant!(
            ForgetRefusal,
            "forget-refusal",
            "a participant does not log that it refused, and votes yes when it is asked again",
            claims::AC2,
            Bounds::calm(rivals()).crashing([1])
        ),
        mutant!(
            ForgetOutcome,
            "forget-outcome",
            "a participant does not log the decision",
            claims::AC2,
            Bounds::calm(alone()).crashing([1])
        ),
        mutant!(
            ForgetLocks,
            "forget-locks",
            "a participant that comes back does not lock what it is prepared for",
            claims::STRICT,
            Bounds::calm(alone()).crashing([1])
        ),
        mutant!(
            DropLocks,
            "drop-locks",
            "a participant releases its locks when it votes",
            claims::SERIALIZABLE,
            Bounds::calm(rivals())
        ),
        mutant!(
            NoReadLocks,
            "no-read-locks",
            "a participant does not lock what it reads",
            claims::SERIALIZABLE,
            Bounds::calm(skew())
        ),
        mutant!(
            KeepLocks,
            "keep-locks",
            "a participant keeps the locks of what aborts",
            claims::LOCKS,
            Bounds { deadlines: 1, ..Bounds::calm(alone()) }
        ),
        mutant!(
            TakeOldPrepare,
            "take-old-prepare",
            "a participant votes again on what is decided",
            claims::AC2,
            Bounds::calm(alone())
        ),
    ]
}

fn of_participants_in_doubt() -> Vec<Mutant<Actor, History>> {
    vec![
        mutant!(
            AbortAlone,
            "abort-alone",
            "a participant that is in doubt for too long aborts on its own",
            claims::AC1,
            Bounds { doubts: 1, ..Bounds::calm(alone()) }
        ),
        mutant!(
            PresumeCommit,
            "presume-commit",
            "a participant takes want of information for a commit",
            claims::AC3,
            Bounds::calm(alone()).crashing([0])
        ),
        mutant!(
            AbortNewer,
            "abort-newer",
            "a participant that hears of the coordinator's restart aborts what was begun after it",
            claims::AC1,
            Bounds::calm(alone()).crashing([0])
        ),
        mutant!(
            AbortListed,
            "abort-listed",
            "a participant that hears of the coordinator's restart aborts what it is told committed",
            claims::AC1,
            Bounds::calm(alone()).crashing([0])
        ),
        mutant!(
            AnswerInDoubt,
            "answer-in-doubt",
            "a participant in doubt tells others to abort",
            claims::AC1,
            Bounds { doubts: 1, ..Bounds::calm(alone()) }
        ),
        mutant!(
            AbortUnrecorded,
            "abort-unrecorded",
            "a participant that has not voted tells others that it aborted, and votes yes later",
            claims::AC1,
            Bounds { doubts: 1, ..Bounds::calm(alone()) }
        ),
    ]
}

/// The protocol itself on a disk that does not wait: sends overtake saves.
fn of_the_disk() -> Vec<Mutant<Actor, History>> {
    vec![
        Mutant {
            name: "decision-before-durable",
            about: "the coordinator's decision is sent before it is durable",
            killed_by: claims::AC1,
            cluster: || {
                let bounds = Bounds::calm(alone()).crashing([0]);
                seeded(Bounds { disk: DiskKind::WriteBack, ..bounds }, None)
            },
        },
        Mutant {
            name: "vote-before-durable",
            about: "a participant's vote is sent before it is durable",
            killed_by: claims::AC1,
            cluster: || {
                let bounds = Bounds::calm(alone()).crashing([1]);
                seeded(Bounds { disk: DiskKind::WriteBack, ..bounds }, None)
            },
        },
    ]
}

/// The bugs that liveness properties kill.
fn liveness_mutants() -> Vec<Mutant<Actor, History>> {
    vec![
        Mutant {
            name: "never-ask",
            about: "a participant in doubt asks nobody",
            killed_by: claims::AC5,
            cluster: || {
                let bounds = Bounds::lossy().crashing([0]);
                bounds.cluster(vec![claims::ac5()], Some(Bug::NeverAsk))
            },
        },
        Mutant {
            name: "tell-nobody",
            about: "the coordinator decides and tells only the client",
            killed_by: claims::NON_BLOCKING,
            cluster: || {
                let bounds = Bounds { doubts: 0, ..Bounds::lossy() };
                bounds.cluster(vec![claims::non_blocking()], Some(Bug::TellNobody))
            },
        },
    ]
}

fn seeded(bounds: Bounds, bug: Option<Bug>) -> Cluster<Actor, History> {
    let claims = bounds.safety();
    bounds.cluster(claims, bug)
}
