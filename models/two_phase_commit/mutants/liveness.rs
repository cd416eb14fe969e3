//! The bugs that liveness properties kill.

use super::super::bounds::{Bounds, alone, in_vain, neighbours};
use super::super::properties::{self as claims, Actor, Claim, History};
use super::Bug;
use crate::Mutant;
use crate::world::Cluster;

/// All of them.
pub(super) fn mutants() -> Vec<Mutant<Actor, History>> {
    let mut mutants = of_doubt();
    mutants.extend(of_what_is_told_again());
    mutants.extend(of_what_is_asked_again());
    mutants
}

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

fn of_doubt() -> Vec<Mutant<Actor, History>> {
    vec![
        mutant!(
            NeverAsk,
            "never-ask",
            "a participant in doubt asks nobody",
            claims::AC5,
            Bounds::insisting(alone()).crashing([0])
        ),
        mutant!(
            AskOnce,
            "ask-once",
            "a participant in doubt asks once",
            claims::AC5,
            Bounds::insisting(alone()).crashing([0])
        ),
        Mutant {
            name: "ask-first",
            about: "a participant in doubt asks about its first transactions only",
            killed_by: claims::SPREAD,
            cluster: || Bounds::crowded().cluster(vec![claims::spread()], Some(Bug::AskFirst)),
        },
        mutant!(
            CancelDoubt,
            "cancel-doubt",
            "a participant that learns of one decision asks about no other transaction",
            claims::AC5,
            Bounds { participants: 1, resends: 0, ..Bounds::lossy() }.asked_by(neighbours())
        ),
        mutant!(
            TellNobody,
            "tell-nobody",
            "the coordinator decides and tells only the client",
            claims::NON_BLOCKING,
            Bounds { doubts: 0, ..Bounds::lossy() }
        ),
    ]
}

fn of_what_is_told_again() -> Vec<Mutant<Actor, History>> {
    vec![
        mutant!(
            TellOnce,
            "tell-once",
            "the coordinator tells a commit once",
            claims::FORGOTTEN,
            Bounds::insisting(alone())
        ),
        mutant!(
            NoResendAfterRestart,
            "no-resend-after-restart",
            "the coordinator tells what had committed once when it restarts, and not again",
            claims::FORGOTTEN,
            Bounds::insisting(alone()).crashing([0])
        ),
        mutant!(
            RestEarly,
            "rest-early",
            "the coordinator tells no commit again once it has no votes to wait for",
            claims::FORGOTTEN,
            Bounds::insisting(alone())
        ),
        mutant!(
            AckOnce,
            "ack-once",
            "a participant that is told of a commit again does not acknowledge it again",
            claims::FORGOTTEN,
            Bounds::insisting(alone())
        ),
        mutant!(
            AnswerOnce,
            "answer-once",
            "the coordinator does not answer a request that comes again",
            claims::ANSWERED,
            Bounds::insisting(alone())
        ),
    ]
}

fn of_what_is_asked_again() -> Vec<Mutant<Actor, History>> {
    vec![
        mutant!(
            PrepareOnce,
            "prepare-once",
            "the coordinator asks a participant for its vote once",
            claims::ANSWERED,
            Bounds::insisting(alone())
        ),
        mutant!(
            ResendOnce,
            "resend-once",
            "the coordinator asks and tells again once",
            claims::ANSWERED,
            Bounds::insisting(alone())
        ),
        mutant!(
            VoteOnce,
            "vote-once",
            "a participant that voted yes does not vote again",
            claims::ANSWERED,
            Bounds::insisting(alone())
        ),
        mutant!(
            RefuseOnce,
            "refuse-once",
            "a participant that voted no does not vote again",
            claims::ANSWERED,
            Bounds::insisting(in_vain())
        ),
        mutant!(
            NewEpochIsOld,
            "new-epoch-is-old",
            "a participant does not vote when a request begins again in a new epoch",
            claims::ANSWERED,
            Bounds::insisting(alone()).crashing([0])
        ),
    ]
}

fn seeded(bounds: Bounds, bug: Bug) -> Cluster<Actor, History> {
    let mut claimed: Vec<Claim> = vec![claims::ac5(), claims::non_blocking()];
    if bounds.clients_insist() {
        claimed.extend(bounds.liveness());
    }
    bounds.cluster(claimed, Some(bug))
}
