//! The bugs that liveness properties kill.

use super::super::bounds::{Bounds, alone, in_vain, neighbours};
use super::super::bugs::Bug;
use super::super::properties::{self as claims, Actor, Claim, History};
use crate::seeded::mutants;
use crate::world::Cluster;

mutants! {
    Actor, History, Bug, cluster;
    NeverAsk: "a participant in doubt asks nobody",
        "never-ask" by claims::AC5 in Bounds::insisting(alone()).crashing([0]);
    AskOnce: "a participant in doubt asks once",
        "ask-once" by claims::AC5 in Bounds::insisting(alone()).crashing([0]);
    AskFirst: "a participant in doubt asks about its first transactions only",
        "ask-first" by claims::SPREAD in Bounds::crowded();
    CancelDoubt: "a participant that learns of one decision asks about no other transaction",
        "cancel-doubt" by claims::AC5 in Bounds { participants: 1, resends: 0, ..Bounds::lossy() }.asked_by(neighbours());
    TellNobody: "the coordinator decides and tells only the client",
        "tell-nobody" by claims::NON_BLOCKING in Bounds { doubts: 0, ..Bounds::lossy() };
    TellOnce: "the coordinator tells a commit once",
        "tell-once" by claims::FORGOTTEN in Bounds::insisting(alone());
    NoResendAfterRestart: "the coordinator tells what had committed once when it restarts, and not again",
        "no-resend-after-restart" by claims::FORGOTTEN in Bounds::insisting(alone()).crashing([0]);
    RestEarly: "the coordinator tells no commit again once it has no votes to wait for",
        "rest-early" by claims::FORGOTTEN in Bounds::insisting(alone());
    AckOnce: "a participant that is told of a commit again does not acknowledge it again",
        "ack-once" by claims::FORGOTTEN in Bounds::insisting(alone());
    AnswerOnce: "the coordinator does not answer a request that comes again",
        "answer-once" by claims::ANSWERED in Bounds::insisting(alone());
    PrepareOnce: "the coordinator asks a participant for its vote once",
        "prepare-once" by claims::ANSWERED in Bounds::insisting(alone());
    ResendOnce: "the coordinator asks and tells again once",
        "resend-once" by claims::ANSWERED in Bounds::insisting(alone());
    VoteOnce: "a participant that voted yes does not vote again",
        "vote-once" by claims::ANSWERED in Bounds::insisting(alone());
    RefuseOnce: "a participant that voted no does not vote again",
        "refuse-once" by claims::ANSWERED in Bounds::insisting(in_vain());
    NewEpochIsOld: "a participant does not vote when a request begins again in a new epoch",
        "new-epoch-is-old" by claims::ANSWERED in Bounds::insisting(alone()).crashing([0]);
}

fn cluster(bounds: Bounds, bug: Option<Bug>) -> Cluster<Actor, History> {
    if bounds.delivers_all {
        return bounds.cluster(vec![claims::spread()], bug);
    }
    let mut claimed: Vec<Claim> = vec![claims::ac5(), claims::non_blocking()];
    if bounds.clients_insist() {
        claimed.extend(bounds.liveness());
    }
    bounds.cluster(claimed, bug)
}
