//! The seeded bugs, as the protocol's code knows them: their names, and those of them that leave
//! out a save. `mutants.rs` says what each does, and which property must notice.

use super::message::Msg;
use super::state::{Acceptor, Saved};
use crate::seeded::bugs;
use crate::turn::Seeded;
use stateright::actor::Id;

bugs! {
    ForgetPromise,
    ForgetAccepted,
    BreakPromise,
    ReuseBallot,
    IgnoreAccepted,
    AdoptLast,
    PromiseLower,
    CountPromisesAcross,
    CountVotesAcross,
    SmallPrepareQuorum,
    SmallAcceptQuorum,
    ProposeNothing,
    AcceptOnce,
}

impl Seeded<Msg, Saved> for Bug {
    fn forgets(self, _id: Id, saved: &Saved) -> bool {
        match saved {
            Saved::Proposer(_) => self == Self::ReuseBallot,
            // The last change was a vote if it is in the ballot that is promised.
            Saved::Acceptor(Acceptor { promised, accepted }) => {
                let is_vote = accepted.is_some_and(|accepted| accepted.ballot == *promised);
                self == if is_vote { Self::ForgetAccepted } else { Self::ForgetPromise }
            }
        }
    }
}
