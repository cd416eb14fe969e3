//! The bugs by which acknowledged writes are lost, or done twice.

use super::super::bounds::{Bounds, reader, restarted, returning, rivals, trio, writer};
use super::super::bugs::Bug;
use super::super::properties::{self as claims, Actor, History};
use crate::seeded::mutants;
use crate::world::{CHECKPOINT, Cluster};

mutants! {
    Actor, History, Bug, cluster;
    AcknowledgeEarly: "the primary acknowledges before it replicates",
        "acknowledge-early" by claims::LINEARIZABLE in reader();
    AnswerRetryEarly: "a request that is asked again is answered before the backups have it",
        "answer-retry-early" by claims::NO_LOSS in reader();
    ActEarly: "a new primary acts before its backups hold its state",
        "act-early" by claims::PROMOTABLE in reader();
    StayPrimary: "a primary that is replaced goes on acting, in the new view",
        "stay-primary" by claims::ONE_PRIMARY in reader();
    NoFencing: "operations of an old view are taken",
        "no-fencing" by claims::LINEARIZABLE in Bounds::synchronous(2, rivals());
    IgnoreGap: "a backup applies the operation that comes, whatever its number",
        "ignore-gap" by claims::PREFIX in Bounds::synchronous(2, rivals());
    ApplyTwice: "a request that comes again is applied again",
        "apply-twice" by claims::EXACTLY_ONCE in Bounds { suspicions: Some(0), ..reader() };
    CertifyJoiner: "a joining backup may be promoted before it holds the state",
        "certify-joiner" by claims::PROMOTABLE in reader();
    ForgetApplied: "a backup does not save what it applies",
        "forget-applied" by CHECKPOINT in reader();
    ForgetView: "the view service does not save its views",
        "forget-view" by claims::ONE_PRIMARY in Bounds { crashes: 1, restarts: 1, suspicions: Some(4), ..reader() };
    AcknowledgeOnOne: "a request is acknowledged when one backup has it",
        "acknowledge-on-one" by claims::PROMOTABLE in trio();
    ActOnOne: "a new primary acts when one backup holds its state",
        "act-on-one" by claims::PROMOTABLE in trio();
    AheadHolds: "a backup that has more operations than its primary says that it holds the state",
        "ahead-holds" by claims::PREFIX in trio();
    AnybodyAcknowledges: "the ping of any member acknowledges its view",
        "anybody-acknowledges" by claims::PROMOTABLE in Bounds { pings: 1, ..writer() };
    OrderEarly: "a primary takes requests before it acts",
        "order-early" by claims::PROMOTABLE in trio();
    OrderOld: "a request older than the last one of its client is applied again",
        "order-old" by claims::EXACTLY_ONCE in Bounds { suspicions: Some(0), ..reader() };
    ActAfterRestart: "a primary that restarts acts at once, as if its backups had all that it has",
        "act-after-restart" by claims::PROMOTABLE in restarted();
    CountOldAck: "an acknowledgement of less than the whole state counts when a view begins again",
        "count-old-ack" by claims::PROMOTABLE in restarted();
    AdoptOld: "a replica adopts a view that is older than its own",
        "adopt-old" by claims::PROMOTABLE in returning();
    PromoteAnybody: "any member may be promoted, certified or not",
        "promote-anybody" by claims::NO_LOSS in returning();
    CertifyLeavers: "a member that leaves stays certified",
        "certify-leavers" by claims::PROMOTABLE in reader();
    ApplyOverlap: "of operations that come together, those that were applied already are applied again",
        "apply-overlap" by claims::PREFIX in Bounds::batches();
    TakeAnyPiece: "a piece of state is taken whichever piece is missing",
        "take-any-piece" by claims::PROMOTABLE in Bounds { piece_bytes: 1, crashes: 1, restarts: 1, ..writer() };
    NoWatch: "the view service does not watch who joins",
        "no-watch" by claims::ARMED in reader();
    CountOutsider: "the acknowledgement of who copies counts for that of a backup",
        "count-outsider" by claims::PROMOTABLE in trio();
    KeepOffer: "a copy that was given up goes on, with the state that was cut for it",
        "keep-offer" by claims::KEPT in Bounds { overdue: Some(1), ..reader() };
    JoinEarly: "an outsider is let in when it begins to copy the state",
        "join-early" by claims::COPIED in reader();
}

fn cluster(bounds: Bounds, bug: Option<Bug>) -> Cluster<Actor, History> {
    bounds.cluster(claims::safety(), bug)
}
