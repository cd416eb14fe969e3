//! The seeded bugs of a single decree: each breaks one sentence of the paper.

use super::Synod;
use super::instances::Bounds;
use super::properties as claims;
use crate::Mutant;
use crate::paxos::Quorums;
use crate::world::CHECKPOINT;

/// A bug that the checker can put into the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bug {
    /// An acceptor does not save what it promises.
    ForgetPromise,
    /// An acceptor does not save what it accepts.
    ForgetAccepted,
    /// An acceptor accepts below what it promised.
    BreakPromise,
    /// A proposer does not save its number, and takes it again after a restart.
    ReuseBallot,
    /// A proposer proposes its own value, whatever was reported.
    IgnoreAccepted,
    /// Not the highest-numbered proposal that was reported wins, but that of the last acceptor.
    AdoptLast,
    /// An acceptor responds to a number that is smaller than one that it responded to.
    PromiseLower,
    /// A promise of an earlier number counts.
    CountPromisesAcross,
    /// Votes for different proposals count together.
    CountVotesAcross,
    /// One promise less than a quorum is enough.
    SmallPrepareQuorum,
    /// One vote less than a quorum is enough.
    SmallAcceptQuorum,
    /// A proposer that is free to choose proposes an empty value.
    ProposeNothing,
    /// An acceptor accepts the first proposal that it receives, and no other.
    AcceptOnce,
}

/// Every bug, with the property that kills it.
#[allow(clippy::too_many_lines, reason = "a table")]
pub fn mutants() -> Vec<Mutant<Synod, ()>> {
    macro_rules! mutant {
        ($bug:ident, $name:literal, $about:literal, $killed_by:expr, $bounds:expr) => {
            Mutant {
                name: $name,
                about: $about,
                killed_by: $killed_by,
                cluster: || $bounds.cluster(Some(Bug::$bug)),
            }
        };
    }
    vec![
        mutant!(
            ForgetPromise,
            "synod-forget-promise",
            "an acceptor does not save what it promises",
            claims::PROMISE,
            crashing(0)
        ),
        mutant!(
            ForgetAccepted,
            "synod-forget-accepted",
            "an acceptor does not save what it accepts",
            claims::AGREEMENT,
            crashing(0)
        ),
        mutant!(
            BreakPromise,
            "synod-break-promise",
            "an acceptor accepts below what it promised",
            claims::PROMISE,
            Bounds::three(2)
        ),
        mutant!(
            ReuseBallot,
            "synod-forget-number",
            "a proposer does not save its number",
            CHECKPOINT,
            Bounds::three(1)
        ),
        mutant!(
            ReuseBallot,
            "synod-reuse-ballot",
            "a proposer takes its number again after a restart",
            claims::ONE_PROPOSAL,
            Bounds {
                acceptors: 2,
                proposals: 3,
                quorums: Some(Quorums { prepare: 1, accept: 2 }),
                ..crashing(3)
            }
        ),
        mutant!(
            IgnoreAccepted,
            "synod-ignore-accepted",
            "a proposer proposes its own value, whatever was reported",
            claims::AGREEMENT,
            Bounds::three(2)
        ),
        mutant!(
            AdoptLast,
            "synod-adopt-last",
            "not the highest-numbered proposal that was reported wins, but the last",
            claims::P2C,
            Bounds { within: Some(claims::unheard()), ..Bounds::three(3) }
        ),
        mutant!(
            PromiseLower,
            "synod-promise-lower",
            "an acceptor responds to a number that is smaller than one that it responded to",
            claims::PROMISE,
            Bounds::three(2)
        ),
        mutant!(
            CountPromisesAcross,
            "synod-count-promises-across",
            "a promise of an earlier number counts",
            claims::P2C,
            Bounds::three(2)
        ),
        mutant!(
            CountVotesAcross,
            "synod-count-votes-across",
            "votes for different proposals count together",
            claims::LEARNED,
            Bounds::three(2)
        ),
        mutant!(
            SmallPrepareQuorum,
            "synod-small-prepare-quorum",
            "one promise less than a quorum is enough",
            claims::P2C,
            Bounds::three(2)
        ),
        mutant!(
            SmallAcceptQuorum,
            "synod-small-accept-quorum",
            "one vote less than a quorum is enough",
            claims::LEARNED,
            Bounds::three(2)
        ),
        mutant!(
            ProposeNothing,
            "synod-propose-nothing",
            "a proposer that is free to choose proposes an empty value",
            claims::VALIDITY,
            Bounds::three(1)
        ),
        Mutant {
            name: "synod-accept-once",
            about: "an acceptor accepts the first proposal that it receives, and no other",
            killed_by: claims::DECIDES,
            cluster: || Bounds::minority_down().live(Some(Bug::AcceptOnce)),
        },
    ]
}

/// Two proposals, and a crash with restart of one node.
fn crashing(node: usize) -> Bounds {
    Bounds { crashes: 1, restarts: 1, crashable: Some(node), ..Bounds::three(2) }
}
