//! The bugs that safety properties kill.

use super::super::bounds::{Bounds, alone, crossed, followed_by, rivals, skew};
use super::super::bugs::Bug;
use super::super::properties::{self as claims, Actor, History};
use crate::Mutant;
use crate::seeded::{Seeded, mutants};
use crate::world::{CHECKPOINT, Cluster, DiskKind};

mutants! {
    Actor, History, Bug, cluster;
    CommitEarly: "the coordinator commits when the first participant voted yes",
        "commit-early" by claims::AC3 in Bounds::calm(alone());
    AbortAnyway: "the coordinator aborts although all voted yes",
        "abort-anyway" by claims::AC4 in Bounds::calm(alone());
    ForgetDecision: "the coordinator does not log its decisions",
        "forget-decision" by claims::AC1 in Bounds::calm(alone()).crashing([0]);
    EndEarly: "the coordinator forgets a commit when the first participant acknowledged it",
        "end-early" by claims::REMEMBERED in Bounds::calm(alone());
    ForgetEnd: "the coordinator does not log the end of a transaction, and resends the commit for ever",
        "forget-end" by CHECKPOINT in Bounds::calm(alone());
    ReuseId: "the coordinator reuses transaction ids after a restart",
        "reuse-id" by claims::AC2 in Bounds::calm(alone()).crashing([0]);
    ForgetSessions: "the coordinator forgets at a crash which requests it answered",
        "forget-sessions" by claims::EXACTLY_ONCE in Bounds::calm(alone()).crashing([0]);
    InformEarly: "the coordinator answers \"no information\" while it still collects votes",
        "inform-early" by claims::AC1 in Bounds { doubts: 1, ..Bounds::calm(alone()) };
    RepliesByParticipant: "the replies are in the order of the participants, not of the operations",
        "replies-by-participant" by claims::SERIALIZABLE in Bounds::calm(crossed());
    ForgetVote: "a participant does not log its vote",
        "forget-vote" by claims::AC1 in Bounds { doubts: 1, ..Bounds::calm(alone()) }.crashing([1]);
    ForgetRefusal: "a participant does not log its no vote, and votes yes when it is asked again",
        "forget-refusal" by claims::AC2 in Bounds::calm(rivals()).crashing([1]);
    ForgetOutcome: "a participant does not log the decision",
        "forget-outcome" by claims::AC2 in Bounds::calm(alone()).crashing([1]);
    ForgetLocks: "a restarted participant does not lock the keys of prepared transactions",
        "forget-locks" by claims::STRICT in Bounds::calm(alone()).crashing([1]);
    DropLocks: "a participant releases its locks when it votes",
        "drop-locks" by claims::SERIALIZABLE in Bounds::calm(rivals());
    NoReadLocks: "a participant does not lock what it reads",
        "no-read-locks" by claims::SERIALIZABLE in Bounds::calm(skew());
    KeepLocks: "a participant keeps the locks of an aborted transaction",
        "keep-locks" by claims::LOCKS in Bounds { deadlines: 1, ..Bounds::calm(alone()) };
    TakeOldPrepare: "a participant votes again on a decided transaction",
        "take-old-prepare" by claims::AC2 in Bounds::calm(alone());
    AbortAlone: "a participant that is in doubt for too long aborts unilaterally",
        "abort-alone" by claims::AC1 in Bounds { doubts: 1, ..Bounds::calm(alone()) };
    PresumeCommit: "a participant takes \"no information\" for a commit",
        "presume-commit" by claims::AC3 in Bounds::calm(alone()).crashing([0]);
    AbortNewer: "a participant that learns of a coordinator restart aborts transactions that began after it",
        "abort-newer" by claims::AC1 in Bounds::calm(alone()).crashing([0]);
    AbortListed: "a participant that learns of a coordinator restart aborts transactions that the coordinator lists as committed",
        "abort-listed" by claims::AC1 in Bounds::calm(alone()).crashing([0]);
    UndoUninformed: "a participant that is answered \"no information\" aborts a transaction that it is not in doubt about",
        "undo-uninformed" by claims::AC2 in Bounds { doubts: 1, ..Bounds::calm(alone()) };
    AbortUnrecorded: "a participant that has not voted reports an abort to others, and votes yes later",
        "abort-unrecorded" by claims::AC1 in Bounds { doubts: 1, ..Bounds::calm(alone()) };
    AnswerInDoubt: "a participant in doubt tells others to abort",
        "answer-in-doubt" by claims::AC1 in Bounds { doubts: 1, ..Bounds::calm(alone()) };
    AnswerStillInDoubt: "a participant in doubt about a client's older transaction tells others to abort it",
        "answer-still-in-doubt" by claims::AC1 in Bounds { doubts: 1, ..Bounds::calm(followed_by("w")) };
    AnswerOld: "a participant tells others that a transaction older than the client's newest aborted",
        "answer-old" by claims::AC1 in Bounds { doubts: 1, ..Bounds::calm(followed_by("x")) };
    AnswerForgotten: "a participant tells others that the transaction of a forgotten client aborted",
        "answer-forgotten" by claims::AC1 in Bounds::forgetful();
    RefuseForgotten: "a participant says that it aborted the transaction of a forgotten client",
        "refuse-forgotten" by claims::AC1 in Bounds::forgetful();
    ForgottenIsNew: "a participant votes on the transaction of a forgotten client as on a new one",
        "forgotten-is-new" by claims::AC2 in Bounds::forgetful();
}

/// The protocol itself on a disk that does not wait: sends overtake saves.
pub(super) fn of_the_disk() -> Vec<Seeded<Actor, History, Bug>> {
    vec![
        Seeded {
            bug: None,
            mutant: Mutant {
                name: "decision-before-durable",
                about: "the coordinator's decision is sent before it is durable",
                killed_by: claims::AC1,
                cluster: || cluster(hasty(0, DiskKind::WriteBack), None),
            },
            sound: || cluster(hasty(0, DiskKind::Synchronous), None),
        },
        Seeded {
            bug: None,
            mutant: Mutant {
                name: "vote-before-durable",
                about: "a participant's vote is sent before it is durable",
                killed_by: claims::AC1,
                cluster: || cluster(hasty(1, DiskKind::WriteBack), None),
            },
            sound: || cluster(hasty(1, DiskKind::Synchronous), None),
        },
    ]
}

fn hasty(crashing: usize, disk: DiskKind) -> Bounds {
    Bounds { disk, ..Bounds::calm(alone()).crashing([crashing]) }
}

fn cluster(bounds: Bounds, bug: Option<Bug>) -> Cluster<Actor, History> {
    let claims = bounds.safety();
    bounds.cluster(claims, bug)
}
