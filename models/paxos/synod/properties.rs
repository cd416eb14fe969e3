//! The properties of a single decree: what must hold, and what must be reachable.
//!
//! On the set network what was sent stays in flight, so the messages in flight show all that was
//! ever proposed, promised and accepted.

use super::{Learner, Msg, Proposal, State, Synod, Value};
use crate::paxos::{Ballot, Quorums};
use crate::sorted::sorted;
use crate::statements;
use crate::world::{Condition, NodeOf, Property, Statement, View};
use stateright::actor::Id;
use std::collections::BTreeMap;

/// A property of an instance.
pub type Claim = Property<Synod, ()>;

type World<'a> = View<'a, Synod, ()>;

statements! {
    pub AGREEMENT = "agreement", "at most one value is chosen", "Lamport 2001, section 2.1";
    pub VALIDITY = "validity", "only a proposer's value is proposed", "Lamport 2001, section 2.1";
    pub LEARNED = "learned-is-chosen", "only a chosen value is learned",
        "Lamport 2001, section 2.1";
    pub ONE_PROPOSAL = "one-proposal", "at most one value is proposed per number",
        "Lamport 2001, section 2.2";
    /// Across restarts, too.
    pub PROMISE = "p1a", "an acceptor never breaks a promise", "Lamport 2001, section 2.2, P1a";
    pub P2C = "p2c", "every proposal follows from the promises of a quorum",
        "Lamport 2001, section 2.2, P2c";
    /// One proposer that is not disturbed succeeds.
    pub DECIDES = "termination", "a value is eventually learned", "Lamport 2001, section 2.4";
    pub LEARNS = "second-value", "the second proposer's value was learned";
    /// P2c determined a value.
    pub ADOPTED = "adopted", "a proposer proposed the value of another";
    /// As far as the bound goes.
    pub PREEMPTED = "preempted", "every proposal but the last was preempted",
        "Lamport 2001, section 2.4";
}

/// All proposals. Sorted, and nothing twice, as the others.
struct Proposals(Vec<Proposal>);

impl Proposals {
    fn of(world: &World<'_>) -> Self {
        Self(sorted(world.gather_messages(|envelope, all| {
            if let Msg::Accept(proposal) = envelope.msg {
                all.push(proposal);
            }
        })))
    }
}

/// Who accepted what.
struct Votes(Vec<(Proposal, Id)>);

impl Votes {
    fn of(world: &World<'_>) -> Self {
        Self(sorted(world.gather_messages(|envelope, all| {
            if let Msg::Accepted(proposal) = envelope.msg {
                all.push((proposal, envelope.src));
            }
        })))
    }

    /// The values that so many acceptors accepted in one ballot.
    fn chosen(&self, quorum: usize) -> impl Iterator<Item = Value> {
        let by_proposal = self.0.chunk_by(|one, other| one.0 == other.0);
        by_proposal.filter(move |votes| votes.len() >= quorum).map(|votes| votes[0].0.value)
    }

    /// The highest-numbered proposal below `ballot` that `acceptor` accepted.
    fn last(&self, acceptor: Id, ballot: Ballot) -> Option<Proposal> {
        let mut votes = self.0.iter().rev();
        votes
            .find(|(vote, voter)| vote.ballot < ballot && *voter == acceptor)
            .map(|(vote, _)| *vote)
    }
}

/// Who promised which ballot, and what it reported.
struct Promises(Vec<(Ballot, Id, Option<Proposal>)>);

impl Promises {
    fn of(world: &World<'_>) -> Self {
        Self(sorted(world.gather_messages(|envelope, all| {
            if let Msg::Promise(ballot, reported) = envelope.msg {
                all.push((ballot, envelope.src, reported));
            }
        })))
    }

    /// Whether a proposal follows from the promises of a quorum, by what was accepted before.
    fn allow(
        &self,
        Proposal { ballot, value }: Proposal,
        (votes, quorum): (&Votes, usize),
    ) -> bool {
        let by_acceptor = self.0.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1));
        let promised = by_acceptor.map(|of| of[0]).filter(|(promised, ..)| *promised == ballot);
        let last: Vec<_> = promised.map(|(_, acceptor, _)| votes.last(acceptor, ballot)).collect();
        let upto = |highest: Option<Proposal>| last.iter().filter(|l| **l <= highest).count();
        upto(None) >= quorum
            || last.iter().flatten().any(|l| l.value == value && upto(Some(*l)) >= quorum)
    }
}

/// How many ballots there are of which these are the proposals, in order.
fn ballots(proposals: &[Proposal]) -> usize {
    proposals.chunk_by(|one, other| one.ballot == other.ballot).count()
}

#[track_caller]
fn always(
    statement: Statement,
    holds: impl Fn(&World<'_>) -> bool + Send + Sync + 'static,
) -> Claim {
    Property::always(statement, Condition::world(move |world| holds(world)))
}

/// At most one value was accepted by a quorum.
pub fn agreement(quorums: Quorums) -> Claim {
    always(AGREEMENT, move |world| {
        let votes = world.derive(Votes::of);
        let mut chosen = votes.chosen(quorums.accept);
        let first = chosen.next();
        chosen.all(|value| Some(value) == first)
    })
}

/// Each value that is proposed is one that some proposer wanted.
pub fn validity(values: Vec<Value>) -> Claim {
    always(VALIDITY, move |world| {
        let proposals = world.derive(Proposals::of);
        proposals.0.iter().all(|proposal| values.contains(&proposal.value))
    })
}

/// The value that the learner learned is chosen.
pub fn learned(quorums: Quorums) -> Claim {
    always(LEARNED, move |world| {
        let learned = world.gather_nodes(|node, all| all.extend(learned_value(node)));
        learned.first().is_none_or(|value| {
            world.derive(Votes::of).chosen(quorums.accept).any(|chosen| chosen == *value)
        })
    })
}

/// No two values are proposed with one number.
pub fn one_proposal() -> Claim {
    always(ONE_PROPOSAL, |world| {
        let proposals = world.derive(Proposals::of);
        proposals.0.windows(2).all(|pair| pair[0].ballot != pair[1].ballot)
    })
}

/// The last proposal that an acceptor accepted below a number that it promised is not above the one
/// that it reported.
pub fn promise() -> Claim {
    always(PROMISE, |world| {
        let (promises, votes) = (world.derive(Promises::of), world.derive(Votes::of));
        promises
            .0
            .iter()
            .all(|(ballot, acceptor, reported)| votes.last(*acceptor, *ballot) <= *reported)
    })
}

/// Each proposal follows from the promises of a quorum.
pub fn p2c(quorums: Quorums) -> Claim {
    always(P2C, move |world| {
        let (promises, votes) = (world.derive(Promises::of), world.derive(Votes::of));
        let by = (&*votes, quorums.prepare);
        world.derive(Proposals::of).0.iter().all(|proposal| promises.allow(*proposal, by))
    })
}

/// All of them.
pub fn safety(values: Vec<Value>, quorums: Quorums) -> Vec<Claim> {
    vec![
        agreement(quorums),
        validity(values),
        learned(quorums),
        one_proposal(),
        promise(),
        p2c(quorums),
    ]
}

/// The learner eventually knows the chosen value.
pub fn decides() -> Claim {
    let knows = |node: &NodeOf<Synod>| learned_value(node).is_some();
    Property::eventually(DECIDES, Condition::some_node(knows))
}

/// The learner learned `value`.
pub fn learns(value: Value) -> Claim {
    Property::sometimes(
        LEARNS,
        Condition::some_node(move |node| learned_value(node) == Some(value)),
    )
}

/// One value was proposed with two numbers, by different proposers.
pub fn adopted() -> Claim {
    Property::sometimes(
        ADOPTED,
        Condition::world(|world| {
            let mut proposers: BTreeMap<Value, Id> = BTreeMap::new();
            world.derive(Proposals::of).0.iter().any(|Proposal { ballot, value }| {
                *proposers.entry(*value).or_insert(ballot.leader) != ballot.leader
            })
        }),
    )
}

/// All attempts are used up, each proposal was made, and a quorum promised a number above each
/// but the last before it accepted anything.
pub fn preempted(quorum: usize, attempts: usize) -> Claim {
    Property::sometimes(
        PREEMPTED,
        Condition::world(move |world| {
            let proposals = world.derive(Proposals::of);
            let last = proposals.0.last().map(|proposal| proposal.ballot);
            let promised = |node: &NodeOf<Synod>| {
                matches!(
                    node.state(),
                    Some(State::Acceptor(acceptor))
                        if Some(acceptor.promised) == last && acceptor.accepted.is_none()
                )
            };
            ballots(&proposals.0) == attempts
                && world.nodes().iter().filter(|node| promised(node)).count() >= quorum
        }),
    )
}

/// The learner heard of nothing: a bound for where it does not matter.
pub fn unheard() -> Condition<Synod, ()> {
    Condition::each_node(|node| match node.state() {
        Some(State::Learner(learner)) => *learner == Learner::default(),
        _ => true,
    })
}

fn learned_value(node: &NodeOf<Synod>) -> Option<Value> {
    match node.state() {
        Some(State::Learner(learner)) => learner.learned,
        _ => None,
    }
}
