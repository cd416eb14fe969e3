//! The seeded bugs of a single decree: each breaks one sentence of the paper.

use super::bugs::Bug;
use super::config::Synod;
use super::instances::Bounds;
use super::properties as claims;
use crate::Mutant;
use crate::paxos::Quorums;
use crate::seeded::{mutants, mutants_of};
use crate::world::CHECKPOINT;

/// Every bug, with the property that kills it.
pub fn mutants() -> Vec<Mutant<Synod, ()>> {
    mutants_of(seeded())
}

mutants! {
    Synod, (), Bug, Bounds::seeded;
    ForgetPromise: "an acceptor does not save what it promises",
        "synod-forget-promise" by claims::PROMISE in crashing(0);
    ForgetAccepted: "an acceptor does not save what it accepts",
        "synod-forget-accepted" by claims::AGREEMENT in crashing(0);
    BreakPromise: "an acceptor accepts below what it promised",
        "synod-break-promise" by claims::PROMISE in Bounds::three(2);
    ReuseBallot: "a proposer does not save its number",
        "synod-forget-number" by CHECKPOINT in Bounds::three(1);
    ReuseBallot: "a proposer takes its number again after a restart",
        "synod-reuse-ballot" by claims::ONE_PROPOSAL in Bounds {
                acceptors: 2,
                proposals: 3,
                quorums: Some(Quorums { prepare: 1, accept: 2 }),
                ..crashing(3)
            };
    IgnoreAccepted: "a proposer proposes its own value, whatever the promises report",
        "synod-ignore-accepted" by claims::AGREEMENT in Bounds::three(2);
    AdoptLast: "the last reported proposal wins, not the highest-numbered one",
        "synod-adopt-last" by claims::P2C in Bounds { within: Some(claims::unheard()), ..Bounds::three(3) };
    PromiseLower: "an acceptor responds to a prepare request with a smaller number than an earlier one",
        "synod-promise-lower" by claims::PROMISE in Bounds::three(2);
    CountPromisesAcross: "a promise of an earlier number counts",
        "synod-count-promises-across" by claims::P2C in Bounds::three(2);
    CountVotesAcross: "votes for different proposals count together",
        "synod-count-votes-across" by claims::LEARNED in Bounds::three(2);
    SmallPrepareQuorum: "one promise fewer than a quorum is enough",
        "synod-small-prepare-quorum" by claims::P2C in Bounds::three(2);
    SmallAcceptQuorum: "one vote fewer than a quorum is enough",
        "synod-small-accept-quorum" by claims::LEARNED in Bounds::three(2);
    ProposeNothing: "a proposer that is free to choose proposes an empty value",
        "synod-propose-nothing" by claims::VALIDITY in Bounds::three(1);
    AcceptOnce: "an acceptor accepts the first proposal that it receives, and no other",
        "synod-accept-once" by claims::DECIDES in Bounds::minority_down();
}

/// Two proposals, and a crash with restart of one node.
fn crashing(node: usize) -> Bounds {
    Bounds { crashes: 1, restarts: 1, crashable: Some(node), ..Bounds::three(2) }
}
