//! The bugs by which acknowledged writes are lost, or done twice.

use super::super::bounds::{Bounds, reader, returning, rivals, trio, writer};
use super::super::bugs::Bug;
use super::super::properties::{self as claims, Actor, History};
use crate::seeded::mutants;
use crate::world::{CHECKPOINT, Cluster};

mutants! {
    Actor, History, Bug, cluster;
    AcknowledgeEarly: "the primary acknowledges before it replicates",
        "acknowledge-early" by claims::LINEARIZABLE in reader();
    AnswerRetryEarly: "a repeated request is answered before the backups hold it",
        "answer-retry-early" by claims::NO_LOSS in reader();
    ActEarly: "a new primary acts before its backups hold its state",
        "act-early" by claims::PROMOTABLE in reader();
    StayPrimary: "a replaced primary goes on acting in the new view",
        "stay-primary" by claims::ONE_PRIMARY in reader();
    NoFencing: "operations of an older view are accepted",
        "no-fencing" by claims::LINEARIZABLE in Bounds::synchronous(2, rivals());
    IgnoreGap: "a backup applies an operation whatever its number",
        "ignore-gap" by claims::PREFIX in Bounds::synchronous(2, rivals());
    ApplyTwice: "a repeated request is applied again",
        "apply-twice" by claims::EXACTLY_ONCE in Bounds { suspicions: Some(0), ..reader() };
    CertifyJoiner: "a joining backup may be promoted before it holds the state",
        "certify-joiner" by claims::PROMOTABLE in reader();
    ForgetApplied: "a backup does not save what it applies",
        "forget-applied" by CHECKPOINT in reader();
    ForgetView: "the view service does not save its views",
        "forget-view" by claims::ONE_PRIMARY in Bounds { crashes: 1, restarts: 1, suspicions: Some(4), ..reader() };
    AcknowledgeOnOne: "a request is acknowledged when one backup holds it",
        "acknowledge-on-one" by claims::PROMOTABLE in trio();
    ActOnOne: "a new primary acts when one backup holds its state",
        "act-on-one" by claims::PROMOTABLE in trio();
    AheadHolds: "a backup that is ahead of its primary reports that it holds the primary's state",
        "ahead-holds" by claims::PREFIX in trio();
    AnybodyAcknowledges: "a ping of any member acknowledges the view",
        "anybody-acknowledges" by claims::PROMOTABLE in Bounds { pings: 1, ..writer() };
    OrderEarly: "a primary accepts requests before it acts",
        "order-early" by claims::PROMOTABLE in trio();
    OrderOld: "a request older than the last one of its client is applied again",
        "order-old" by claims::EXACTLY_ONCE in Bounds { suspicions: Some(0), ..reader() };
    AdoptOld: "a replica adopts a view that is older than its own",
        "adopt-old" by claims::PROMOTABLE in returning();
    PromoteAnybody: "any member may be promoted, certified or not",
        "promote-anybody" by claims::NO_LOSS in returning();
    CertifyLeavers: "a member that leaves a view stays certified",
        "certify-leavers" by claims::PROMOTABLE in reader();
    ApplyOverlap: "the operations of a batch that were applied before are applied again",
        "apply-overlap" by claims::PREFIX in Bounds::batches();
    TakeAnyPiece: "a piece of state is accepted although an earlier piece is missing",
        "take-any-piece" by claims::PROMOTABLE in Bounds { piece_bytes: 1, crashes: 1, restarts: 1, ..writer() };
    NoWatch: "the view service does not watch a joining replica",
        "no-watch" by claims::ARMED in reader();
    CountOutsider: "an acknowledgement of a replica that still copies the state counts as a backup's",
        "count-outsider" by claims::PROMOTABLE in trio();
    KeepOffer: "a copy that was given up goes on with its old snapshot",
        "keep-offer" by claims::KEPT in Bounds { overdue: Some(1), ..reader() };
    JoinEarly: "a replica joins the view when it begins to copy the state",
        "join-early" by claims::COPIED in reader();
}

fn cluster(bounds: Bounds, bug: Option<Bug>) -> Cluster<Actor, History> {
    bounds.cluster(claims::safety(), bug)
}
