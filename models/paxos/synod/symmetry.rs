//! Acceptors are alike: nothing in the protocol or its properties distinguishes them.
//!
//! Proposers are not: a number ends with its proposer's id, and numbers are ordered. So proposers
//! keep their ids and numbers stay as they are; what changes is which acceptors promised and which
//! accepted.

use super::{Config, Learner, Msg, Proposal, Propose, Proposer, Saved, State, Synod};
use crate::world::Symmetry;
use stateright::actor::Id;
use stateright::{Rewrite, RewritePlan};

/// Every acceptor may take the place of every other.
pub fn symmetry(config: &Config) -> Symmetry<Synod, ()> {
    let acceptors: Vec<usize> = (0..config.acceptors).collect();
    Symmetry::among(&[acceptors.as_slice()])
}

impl Rewrite<Id> for State {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        match self {
            Self::Acceptor(_) => self.clone(),
            Self::Proposer(Proposer { ballot, promises }) => {
                let rewritten =
                    |(id, accepted): (&Id, &Option<Proposal>)| (id.rewrite(plan), *accepted);
                let promises = promises.as_ref().map(|all| all.iter().map(rewritten).collect());
                Self::Proposer(Proposer { ballot: *ballot, promises })
            }
            Self::Learner(Learner { heard, learned }) => {
                let heard = heard.iter().map(|(id, accepted)| (id.rewrite(plan), *accepted));
                Self::Learner(Learner { heard: heard.collect(), learned: *learned })
            }
        }
    }
}

macro_rules! names_no_acceptor {
    ($($of:ty),*) => { $(
        impl Rewrite<Id> for $of {
            fn rewrite<S>(&self, _: &RewritePlan<Id, S>) -> Self {
                *self
            }
        }
    )* };
}

names_no_acceptor!(Msg, Saved, Propose);
