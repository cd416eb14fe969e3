//! Two-phase commit without failures: a coordinator and participants, each of which votes as it likes.
//! As actors for stateright and Quorate, and as threads for TraceForge.

use stateright::Expectation;
use stateright::actor::{Actor, ActorModel, Id, Network, Out};
use std::borrow::Cow;
use traceforge::thread::{self, ThreadId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Msg {
    Prepare,
    Vote(bool),
    Decision(bool),
}

/// A node; the coordinator comes first.
#[derive(Clone, Copy)]
pub enum Node {
    Coordinator { participants: usize },
    Participant,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// How many votes the coordinator has, and whether all were yes; or the participant's own.
    votes: usize,
    yes: bool,
    decided: Option<bool>,
}

impl Actor for Node {
    type Msg = Msg;
    type Timer = ();
    type State = State;
    type Storage = ();
    type Random = bool;

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        if let Self::Coordinator { participants } = self {
            (1..=*participants).for_each(|to| o.send(to.into(), Msg::Prepare));
        }
        State { votes: 0, yes: true, decided: None }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, _: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, msg) {
            (Self::Coordinator { participants }, Msg::Vote(yes)) => {
                let state = state.to_mut();
                (state.votes, state.yes) = (state.votes + 1, state.yes && yes);
                if state.votes == *participants {
                    state.decided = Some(state.yes);
                    let decision = Msg::Decision(state.yes);
                    (1..=*participants).for_each(|to| o.send(to.into(), decision));
                }
            }
            (Self::Participant, Msg::Prepare) => o.choose_random("vote", vec![false, true]),
            (Self::Participant, Msg::Decision(commit)) => state.to_mut().decided = Some(commit),
            _ => {}
        }
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, State>, vote: &bool, o: &mut Out<Self>) {
        *state.to_mut() = State { votes: 1, yes: *vote, decided: None };
        o.send(0.into(), Msg::Vote(*vote));
    }
}

/// Messages are delivered in any order, each once.
pub fn model(participants: usize) -> ActorModel<Node, (), ()> {
    ActorModel::new((), ())
        .actor(Node::Coordinator { participants })
        .actors((0..participants).map(|_| Node::Participant))
        .init_network(Network::new_unordered_nonduplicating([]))
        .property(Expectation::Always, "agreement", |_, state| {
            let mut decided = state.actor_states[1..].iter().filter_map(|one| one.decided);
            let first = decided.next();
            decided.all(|other| Some(other) == first)
        })
        .property(Expectation::Always, "commit-needs-all", |_, state| {
            let has_commit = state.actor_states.iter().any(|one| one.decided == Some(true));
            !has_commit || state.actor_states.iter().all(|one| one.yes)
        })
        .property(Expectation::Sometimes, "commits", |_, state| {
            state.actor_states[1..].iter().all(|one| one.decided == Some(true))
        })
}

/// The same as threads.
pub fn threads(participants: usize) {
    let coordinator = thread::current().id();
    let all: Vec<_> =
        (0..participants).map(|_| thread::spawn(move || participant(coordinator))).collect();
    let ids: Vec<ThreadId> = all.iter().map(|one| one.thread().id()).collect();
    ids.iter().for_each(|to| traceforge::send_msg(*to, Msg::Prepare));
    let mut commits = true;
    for _ in 0..participants {
        if let Msg::Vote(yes) = traceforge::recv_msg_block() {
            commits &= yes;
        }
    }
    ids.iter().for_each(|to| traceforge::send_msg(*to, Msg::Decision(commits)));
    let outcomes: Vec<(bool, bool)> = all.into_iter().map(|one| one.join().unwrap()).collect();
    let committed = outcomes.iter().filter(|(_, commit)| *commit).count();
    traceforge::assert(committed == 0 || committed == participants);
    traceforge::assert(committed == 0 || outcomes.iter().all(|(vote, _)| *vote));
}

fn participant(coordinator: ThreadId) -> (bool, bool) {
    let _: Msg = traceforge::recv_msg_block();
    let vote = traceforge::nondet();
    traceforge::send_msg(coordinator, Msg::Vote(vote));
    (vote, traceforge::recv_msg_block::<Msg>() == Msg::Decision(true))
}
