//! The bugs that liveness properties kill.

use super::super::bounds::{Bounds, alone, in_vain, neighbours};
use super::super::bugs::Bug;
use super::super::properties::{self as claims, Actor, Claim, History};
use crate::seeded::mutants;
use crate::world::Cluster;

mutants! {
    Actor, History, Bug, cluster;
    NeverAsk: "a participant in doubt never asks",
        "never-ask" by claims::AC5 in Bounds::insisting(alone()).crashing([0]);
    AskOnce: "a participant in doubt asks once",
        "ask-once" by claims::AC5 in Bounds::insisting(alone()).crashing([0]);
    AskFirst: "a participant in doubt asks about its first transactions only",
        "ask-first" by claims::SPREAD in Bounds::crowded();
    CancelDoubt: "a participant that learns one decision stops asking about the others",
        "cancel-doubt" by claims::AC5 in Bounds { participants: 1, resends: 0, ..Bounds::lossy() }.asked_by(neighbours());
    TellNobody: "the coordinator sends its decision to the client only",
        "tell-nobody" by claims::NON_BLOCKING in Bounds { doubts: 0, ..Bounds::lossy() };
    TellOnce: "the coordinator sends a commit once",
        "tell-once" by claims::FORGOTTEN in Bounds::insisting(alone());
    NoResendAfterRestart: "a restarted coordinator sends the logged commits once",
        "no-resend-after-restart" by claims::FORGOTTEN in Bounds::insisting(alone()).crashing([0]);
    RestEarly: "the coordinator stops resending commits when no votes are pending",
        "rest-early" by claims::FORGOTTEN in Bounds::insisting(alone());
    AckOnce: "a participant does not acknowledge a commit that is sent again",
        "ack-once" by claims::FORGOTTEN in Bounds::insisting(alone());
    AnswerOnce: "the coordinator does not answer a repeated request",
        "answer-once" by claims::ANSWERED in Bounds::insisting(alone());
    PrepareOnce: "the coordinator asks a participant for its vote once",
        "prepare-once" by claims::ANSWERED in Bounds::insisting(alone());
    ResendOnce: "the coordinator resends once",
        "resend-once" by claims::ANSWERED in Bounds::insisting(alone());
    VoteOnce: "a participant that voted yes does not vote again",
        "vote-once" by claims::ANSWERED in Bounds::insisting(alone());
    RefuseOnce: "a participant that voted no does not vote again",
        "refuse-once" by claims::ANSWERED in Bounds::insisting(in_vain());
    NewEpochIsOld: "a participant does not vote on a request that begins again in a new epoch",
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
