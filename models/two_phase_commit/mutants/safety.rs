//! The bugs that safety properties kill.

use super::super::bounds::{Bounds, alone, crossed, followed_by, rivals, skew};
use super::super::properties::{self as claims, Actor, History};
use super::{Bug, Seeded};
use crate::Mutant;
use crate::world::{CHECKPOINT, Cluster, DiskKind};

/// All of them.
pub(super) fn mutants() -> Vec<Seeded> {
    let mut mutants = of_the_coordinator();
    mutants.extend(of_votes_and_locks());
    mutants.extend(of_participants_in_doubt());
    mutants.extend(of_guesses());
    mutants.extend(of_the_disk());
    mutants
}

macro_rules! mutant {
    ($bug:ident, $name:literal, $about:literal, $killed_by:expr, $bounds:expr) => {
        Seeded {
            mutant: Mutant {
                name: $name,
                about: $about,
                killed_by: $killed_by,
                cluster: || seeded($bounds, Some(Bug::$bug)),
            },
            sound: || seeded($bounds, None),
        }
    };
}

fn of_the_coordinator() -> Vec<Seeded> {
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
        mutant!(
            InformEarly,
            "inform-early",
            "the coordinator tells who asks that it has no information while the votes come in",
            claims::AC1,
            Bounds { doubts: 1, ..Bounds::calm(alone()) }
        ),
        mutant!(
            RepliesByParticipant,
            "replies-by-participant",
            "the replies come in the order of the participants, not of the operations",
            claims::SERIALIZABLE,
            Bounds::calm(crossed())
        ),
    ]
}

fn of_votes_and_locks() -> Vec<Seeded> {
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

fn of_participants_in_doubt() -> Vec<Seeded> {
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
            UndoUninformed,
            "undo-uninformed",
            "a participant that is told of want of information aborts what it is not in doubt about",
            claims::AC2,
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

/// A participant that answers about what it does not know.
fn of_guesses() -> Vec<Seeded> {
    vec![
        mutant!(
            AnswerInDoubt,
            "answer-in-doubt",
            "a participant in doubt tells others to abort",
            claims::AC1,
            Bounds { doubts: 1, ..Bounds::calm(alone()) }
        ),
        mutant!(
            AnswerStillInDoubt,
            "answer-still-in-doubt",
            "a participant in doubt about a client's older transaction tells others to abort it",
            claims::AC1,
            Bounds { doubts: 1, ..Bounds::calm(followed_by("w")) }
        ),
        mutant!(
            AnswerOld,
            "answer-old",
            "a participant tells others that a transaction older than the client's newest aborted",
            claims::AC1,
            Bounds { doubts: 1, ..Bounds::calm(followed_by("x")) }
        ),
        mutant!(
            AnswerForgotten,
            "answer-forgotten",
            "a participant tells others that the transaction of a forgotten client aborted",
            claims::AC1,
            Bounds::forgetful()
        ),
        mutant!(
            RefuseForgotten,
            "refuse-forgotten",
            "a participant says that it aborted the transaction of a forgotten client",
            claims::AC1,
            Bounds::forgetful()
        ),
        mutant!(
            ForgottenIsNew,
            "forgotten-is-new",
            "a participant votes on the transaction of a forgotten client as on a new one",
            claims::AC2,
            Bounds::forgetful()
        ),
    ]
}

/// The protocol itself on a disk that does not wait: sends overtake saves.
fn of_the_disk() -> Vec<Seeded> {
    vec![
        Seeded {
            mutant: Mutant {
                name: "decision-before-durable",
                about: "the coordinator's decision is sent before it is durable",
                killed_by: claims::AC1,
                cluster: || seeded(hasty(0, DiskKind::WriteBack), None),
            },
            sound: || seeded(hasty(0, DiskKind::Synchronous), None),
        },
        Seeded {
            mutant: Mutant {
                name: "vote-before-durable",
                about: "a participant's vote is sent before it is durable",
                killed_by: claims::AC1,
                cluster: || seeded(hasty(1, DiskKind::WriteBack), None),
            },
            sound: || seeded(hasty(1, DiskKind::Synchronous), None),
        },
    ]
}

fn hasty(crashing: usize, disk: DiskKind) -> Bounds {
    Bounds { disk, ..Bounds::calm(alone()).crashing([crashing]) }
}

fn seeded(bounds: Bounds, bug: Option<Bug>) -> Cluster<Actor, History> {
    let claims = bounds.safety();
    bounds.cluster(claims, bug)
}
