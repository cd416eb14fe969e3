//! A register decided once by Paxos, one ballot a request: the state space of stateright's own
//! example of that name, whose counts are published (2 clients: 16,668 unique states; 3 clients:
//! 1,194,428, on the non-duplicating network).

use serde::{Deserialize, Serialize};
use stateright::actor::register::RegisterMsg;
use stateright::actor::{Actor, Id, Out, model_peers};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::quorum::majority;

/// Round and proposer.
pub type Ballot = (u32, Id);
/// Request, requester and value.
pub type Proposal = (u64, Id, char);

/// The messages of the two phases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// 1a.
    Prepare(Ballot),
    /// 1b, with what was accepted.
    Promise(Ballot, Option<(Ballot, Proposal)>),
    /// 2a.
    Accept(Ballot, Proposal),
    /// 2b.
    Accepted(Ballot),
    /// To the learners.
    Decided(Ballot, Proposal),
}

/// One server: proposer, acceptor and learner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    peers: Vec<Id>,
}

/// Its state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    ballot: Ballot,
    proposal: Option<Proposal>,
    promises: BTreeMap<Id, Option<(Ballot, Proposal)>>,
    accepts: BTreeSet<Id>,
    accepted: Option<(Ballot, Proposal)>,
    decided: bool,
}

/// The servers of a register of `count` servers.
pub fn servers(count: usize) -> Vec<Server> {
    (0..count).map(|index| Server { peers: model_peers(index, count) }).collect()
}

impl Server {
    fn quorum(&self) -> usize {
        majority(self.peers.len() + 1)
    }

    fn propose(&self, id: Id, state: &mut State, proposal: Proposal, o: &mut Out<Self>) {
        state.proposal = Some(proposal);
        state.ballot = (state.ballot.0 + 1, id);
        // Its own promise needs no message.
        state.promises = BTreeMap::from([(id, state.accepted)]);
        state.accepts.clear();
        o.broadcast(&self.peers, &RegisterMsg::Internal(Phase::Prepare(state.ballot)));
    }

    fn on_promise(
        &self,
        id: Id,
        state: &mut State,
        (src, accepted): (Id, Option<(Ballot, Proposal)>),
        o: &mut Out<Self>,
    ) {
        state.promises.insert(src, accepted);
        if state.promises.len() != self.quorum() {
            return;
        }
        // The value of the highest ballot that any of the quorum accepted, or else its own.
        let highest = state.promises.values().flatten().max().map(|(_, proposal)| *proposal);
        let Some(proposal) = highest.or(state.proposal) else { return };
        state.proposal = Some(proposal);
        state.accepted = Some((state.ballot, proposal));
        state.accepts.insert(id);
        o.broadcast(&self.peers, &RegisterMsg::Internal(Phase::Accept(state.ballot, proposal)));
    }

    fn on_accepted(&self, state: &mut State, src: Id, o: &mut Out<Self>) {
        state.accepts.insert(src);
        let Some(proposal) = state.proposal else { return };
        if state.accepts.len() == self.quorum() {
            state.decided = true;
            let decided = Phase::Decided(state.ballot, proposal);
            o.broadcast(&self.peers, &RegisterMsg::Internal(decided));
            o.send(proposal.1, RegisterMsg::PutOk(proposal.0));
        }
    }
}

impl Actor for Server {
    type Msg = RegisterMsg<u64, char, Phase>;
    type Timer = ();
    type State = State;
    type Storage = ();
    type Random = ();

    fn name(&self) -> String {
        "server".into()
    }

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> State {
        State {
            ballot: (0, Id::from(0)),
            proposal: None,
            promises: BTreeMap::new(),
            accepts: BTreeSet::new(),
            accepted: None,
            decided: false,
        }
    }

    fn on_msg(
        &self,
        id: Id,
        state: &mut Cow<'_, State>,
        src: Id,
        msg: Self::Msg,
        o: &mut Out<Self>,
    ) {
        let ballot = state.ballot;
        match msg {
            RegisterMsg::Get(request) if state.decided => {
                if let Some((_, (_, _, value))) = state.accepted {
                    o.send(src, RegisterMsg::GetOk(request, value));
                }
            }
            _ if state.decided => {}
            RegisterMsg::Put(request, value) if state.proposal.is_none() => {
                self.propose(id, state.to_mut(), (request, src, value), o);
            }
            RegisterMsg::Internal(phase) => match phase {
                Phase::Prepare(theirs) if ballot < theirs => {
                    state.to_mut().ballot = theirs;
                    let promise = Phase::Promise(theirs, state.accepted);
                    o.send(src, RegisterMsg::Internal(promise));
                }
                Phase::Promise(theirs, accepted) if ballot == theirs => {
                    self.on_promise(id, state.to_mut(), (src, accepted), o);
                }
                Phase::Accept(theirs, proposal) if ballot <= theirs => {
                    let state = state.to_mut();
                    state.ballot = theirs;
                    state.accepted = Some((theirs, proposal));
                    o.send(src, RegisterMsg::Internal(Phase::Accepted(theirs)));
                }
                Phase::Accepted(theirs) if ballot == theirs => {
                    self.on_accepted(state.to_mut(), src, o);
                }
                Phase::Decided(theirs, proposal) => {
                    let state = state.to_mut();
                    state.ballot = theirs;
                    state.accepted = Some((theirs, proposal));
                    state.decided = true;
                }
                _ => {}
            },
            _ => {}
        }
    }
}
