//! The synod, single-decree Paxos: proposers with a ballot each, acceptors that refuse what is too old, and
//! proposers that give up when one refuses. As actors, and as threads.

use stateright::Expectation;
use stateright::actor::{Actor, ActorModel, Id, Network, Out};
use std::borrow::Cow;
use traceforge::thread::{self, ThreadId};

/// A ballot, from 1. A proposer's own value is its ballot.
type Ballot = u8;
/// What an acceptor accepted last: ballot and value.
type Accepted = Option<(Ballot, Ballot)>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Msg {
    Prepare(Ballot),
    Promise(Accepted),
    Accept(Ballot, Ballot),
    Accepted,
    Refuse,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AcceptorState {
    promised: Ballot,
    accepted: Accepted,
}

impl AcceptorState {
    fn answer(&mut self, msg: Msg) -> Msg {
        match msg {
            Msg::Prepare(ballot) if ballot > self.promised => {
                self.promised = ballot;
                Msg::Promise(self.accepted)
            }
            Msg::Accept(ballot, value) if ballot >= self.promised => {
                *self = Self { promised: ballot, accepted: Some((ballot, value)) };
                Msg::Accepted
            }
            _ => Msg::Refuse,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ProposerState {
    promises: usize,
    best: Accepted,
    /// What it asks the acceptors to accept, once a majority has promised.
    proposed: Option<Ballot>,
    votes: usize,
    decided: Option<Ballot>,
    gave_up: bool,
}

impl ProposerState {
    /// What it sends to all acceptors, if anything.
    fn take(&mut self, ballot: Ballot, majority: usize, msg: Msg) -> Option<Msg> {
        match msg {
            Msg::Promise(accepted) if self.proposed.is_none() => {
                self.promises += 1;
                self.best = self.best.max(accepted);
                if self.promises == majority {
                    let value = self.best.map_or(ballot, |(_, value)| value);
                    self.proposed = Some(value);
                    return Some(Msg::Accept(ballot, value));
                }
            }
            Msg::Accepted => {
                self.votes += 1;
                if self.votes == majority {
                    self.decided = self.proposed;
                }
            }
            Msg::Refuse => self.gave_up = true,
            _ => {}
        }
        None
    }

    fn is_over(&self) -> bool {
        self.decided.is_some() || self.gave_up
    }
}

/// A node; acceptors come first.
#[derive(Clone, Copy)]
pub enum Node {
    Acceptor,
    Proposer { ballot: Ballot, acceptors: usize },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum State {
    Acceptor(AcceptorState),
    Proposer(ProposerState),
}

impl Actor for Node {
    type Msg = Msg;
    type Timer = ();
    type State = State;
    type Storage = ();
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        match self {
            Self::Acceptor => State::Acceptor(AcceptorState::default()),
            Self::Proposer { ballot, acceptors } => {
                (0..*acceptors).for_each(|to| o.send(to.into(), Msg::Prepare(*ballot)));
                State::Proposer(ProposerState::default())
            }
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, &**state) {
            (Self::Acceptor, _) => {
                if let State::Acceptor(acceptor) = state.to_mut() {
                    o.send(src, acceptor.answer(msg));
                }
            }
            (Self::Proposer { ballot, acceptors }, State::Proposer(own)) if !own.is_over() => {
                if let State::Proposer(own) = state.to_mut()
                    && let Some(out) = own.take(*ballot, acceptors / 2 + 1, msg)
                {
                    (0..*acceptors).for_each(|to| o.send(to.into(), out));
                }
            }
            _ => {}
        }
    }
}

fn decided(state: &State) -> Option<Ballot> {
    match state {
        State::Proposer(proposer) => proposer.decided,
        State::Acceptor(_) => None,
    }
}

/// Messages are delivered in any order, each once.
pub fn model(proposers: usize, acceptors: usize) -> ActorModel<Node, (), ()> {
    let proposer = |number| Node::Proposer { ballot: number as Ballot + 1, acceptors };
    ActorModel::new((), ())
        .actors((0..acceptors).map(|_| Node::Acceptor))
        .actors((0..proposers).map(proposer))
        .init_network(Network::new_unordered_nonduplicating([]))
        .property(Expectation::Always, "agreement", |_, state| {
            let mut all = state.actor_states.iter().filter_map(|one| decided(one));
            let first = all.next();
            all.all(|other| Some(other) == first)
        })
        .property(Expectation::Sometimes, "both-decide", |_, state| {
            state.actor_states.iter().filter_map(|one| decided(one)).count() > 1
        })
}

/// The same as threads. Acceptors never end, so that every execution counts as blocked.
pub fn threads(proposers: usize, acceptors: usize) {
    let acceptors: Vec<_> = (0..acceptors).map(|_| thread::spawn(acceptor)).collect();
    let ids: Vec<ThreadId> = acceptors.iter().map(|one| one.thread().id()).collect();
    let proposer = |number: usize| {
        let ids = ids.clone();
        thread::spawn(move || proposer(number as Ballot + 1, &ids))
    };
    let all: Vec<_> = (0..proposers).map(proposer).collect();
    let decided: Vec<_> = all.into_iter().filter_map(|one| one.join().unwrap()).collect();
    traceforge::assert(decided.windows(2).all(|pair| pair[0] == pair[1]));
}

fn acceptor() {
    let mut state = AcceptorState::default();
    loop {
        let (from, msg): (ThreadId, Msg) = traceforge::recv_msg_block();
        traceforge::send_msg(from, state.answer(msg));
    }
}

fn proposer(ballot: Ballot, acceptors: &[ThreadId]) -> Option<Ballot> {
    let own = thread::current().id();
    let to_all = |msg| acceptors.iter().for_each(|to| traceforge::send_msg(*to, (own, msg)));
    let mut state = ProposerState::default();
    to_all(Msg::Prepare(ballot));
    while !state.is_over() {
        let msg = traceforge::recv_msg_block();
        if let Some(out) = state.take(ballot, acceptors.len() / 2 + 1, msg) {
            to_all(out);
        }
    }
    state.decided
}
