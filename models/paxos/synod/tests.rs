//! Unit tests: one for each sentence of the paper that the handlers are made of.

use super::*;
use crate::testing::{self, Did};
use std::collections::BTreeMap;

/// A command that a node gave.
type Effect = Did<Synod>;

fn config() -> Config {
    Config::new(3, &['a', 'b'])
}

fn id(id: usize) -> Id {
    Id::from(id)
}

fn ballot(round: u64, leader: usize) -> Ballot {
    Ballot { round, leader: id(leader) }
}

fn proposal(round: u64, leader: usize, value: Value) -> Proposal {
    Proposal { ballot: ballot(round, leader), value }
}

/// The effect of a message at a node: its next state and its commands.
fn deliver(at: usize, state: &State, src: usize, msg: Msg) -> (State, Vec<Effect>) {
    let node = config().nodes().swap_remove(at);
    let mut state = state.clone();
    let did = testing::handle(&mut state, |state, out| {
        node.on_msg(id(at), state, id(src), msg, out);
    });
    (state, did)
}

fn acceptor(promised: Ballot, accepted: Option<Proposal>) -> State {
    State::Acceptor(Acceptor { promised, accepted })
}

fn proposer(ballot: Ballot, promises: &[(usize, Option<Proposal>)]) -> State {
    let promises = promises.iter().map(|(src, accepted)| (id(*src), *accepted)).collect();
    State::Proposer(Proposer { ballot, promises: Some(promises) })
}

#[test]
fn lamport_2001_p1_an_acceptor_accepts_the_first_proposal_it_receives() {
    let first = proposal(1, 3, 'a');
    let (state, out) = deliver(0, &acceptor(Ballot::default(), None), 3, Msg::Accept(first));
    assert_eq!(state, acceptor(first.ballot, Some(first)));
    let saved = Acceptor { promised: first.ballot, accepted: Some(first) };
    let saved = Effect::Save(Saved::Acceptor(saved));
    assert_eq!(out, [saved, Effect::Send(5, Msg::Accepted(first))]);
}

#[test]
fn lamport_2001_p1a_an_acceptor_accepts_unless_it_responded_to_a_greater_prepare() {
    let promised = acceptor(ballot(2, 3), None);
    let (state, out) = deliver(0, &promised, 4, Msg::Accept(proposal(1, 4, 'b')));
    assert_eq!((state, out.len()), (promised.clone(), 0));
    let (state, _) = deliver(0, &promised, 3, Msg::Accept(proposal(2, 3, 'a')));
    assert_eq!(state, acceptor(ballot(2, 3), Some(proposal(2, 3, 'a'))));
}

#[test]
fn lamport_2001_a_promise_reports_the_highest_numbered_proposal_accepted() {
    let before = acceptor(ballot(1, 3), Some(proposal(1, 3, 'a')));
    let (state, out) = deliver(0, &before, 4, Msg::Prepare(ballot(1, 4)));
    let after = Acceptor { promised: ballot(1, 4), accepted: Some(proposal(1, 3, 'a')) };
    assert_eq!(state, State::Acceptor(after));
    let promise = Msg::Promise(ballot(1, 4), Some(proposal(1, 3, 'a')));
    assert_eq!(out, [Effect::Save(Saved::Acceptor(after)), Effect::Send(4, promise)]);
}

#[test]
fn lamport_2001_an_acceptor_ignores_a_prepare_that_is_not_greater() {
    let before = acceptor(ballot(1, 4), None);
    for old in [ballot(1, 3), ballot(1, 4)] {
        let (state, out) = deliver(0, &before, 3, Msg::Prepare(old));
        assert_eq!((state, out.len()), (before.clone(), 0));
    }
}

#[test]
fn lamport_2001_p2c_the_value_of_the_highest_numbered_proposal_reported_is_proposed() {
    let before = proposer(ballot(3, 3), &[(0, Some(proposal(2, 4, 'b')))]);
    let promise = Msg::Promise(ballot(3, 3), Some(proposal(1, 3, 'a')));
    let (state, out) = deliver(3, &before, 1, promise);
    assert_eq!(state, State::Proposer(Proposer { ballot: ballot(3, 3), promises: None }));
    let accept = Msg::Accept(proposal(3, 3, 'b'));
    assert_eq!(out, [0, 1, 2].map(|to| Effect::Send(to, accept)));
}

#[test]
fn lamport_2001_p2c_any_value_is_proposed_if_none_was_reported() {
    let before = proposer(ballot(1, 4), &[(0, None)]);
    let (_, out) = deliver(4, &before, 1, Msg::Promise(ballot(1, 4), None));
    assert_eq!(out[0], Effect::Send(0, Msg::Accept(proposal(1, 4, 'b'))));
}

#[test]
fn a_promise_of_another_number_or_from_the_same_acceptor_does_not_count() {
    let before = proposer(ballot(2, 3), &[(0, None)]);
    for (src, of) in [(0, ballot(2, 3)), (1, ballot(1, 3))] {
        let (state, out) = deliver(3, &before, src, Msg::Promise(of, None));
        assert_eq!((state, out.len()), (before.clone(), 0));
    }
}

#[test]
fn lamport_2001_a_learner_needs_a_majority_for_one_proposal() {
    let (a, b) = (proposal(1, 3, 'a'), proposal(1, 4, 'a'));
    let (state, _) = deliver(5, &State::Learner(Learner::default()), 0, Msg::Accepted(a));
    let (state, _) = deliver(5, &state, 1, Msg::Accepted(b));
    let heard = BTreeMap::from([(id(0), a), (id(1), b)]);
    assert_eq!(state, State::Learner(Learner { heard, learned: None }), "one value, two proposals");
    let (state, _) = deliver(5, &state, 2, Msg::Accepted(b));
    let learned = Learner { heard: BTreeMap::new(), learned: Some('a') };
    assert_eq!(state, State::Learner(learned));
}

/// Adds `by` to the round of every number but 0.
fn shifted_ballot(ballot: Ballot, by: u64) -> Ballot {
    if ballot.round == 0 { ballot } else { Ballot { round: ballot.round + by, ..ballot } }
}

/// The duel of section 2.4. A cycle: proposer 3 prepares and is promised; proposer 4 prepares and
/// is promised, so that the proposal of 3 is refused; and so on. Its requests that are refused are
/// forgotten here, as a network that loses messages may. After each cycle every node is as after
/// the one before, but for the numbers, all greater by one; the next test shows that this does not
/// matter to what nodes do. So the duel has no end.
#[test]
fn lamport_2001_two_proposers_can_duel_for_ever() {
    let nodes = config().nodes();
    let mut states: Vec<State> = (nodes.iter().enumerate())
        .map(|(at, n)| n.on_start(id(at), &None, &mut Out::new()))
        .collect();
    let mut cycles = Vec::new();
    let mut refused = Vec::new();
    for _ in 0..4 {
        for who in [3, 4] {
            let (mut state, mut out) = (Cow::Borrowed(&states[who]), Out::new());
            nodes[who].on_timeout(id(who), &mut state, &Propose, &mut out);
            states[who] = state.into_owned();
            let State::Proposer(Proposer { ballot, .. }) = states[who] else { unreachable!() };
            let mut accepts = Vec::new();
            for at in 0..3 {
                let (next, out) = deliver(at, &states[at], who, Msg::Prepare(ballot));
                states[at] = next;
                let Some(Effect::Send(_, promise)) = out.last() else { panic!("{out:?}") };
                let (next, out) = deliver(who, &states[who], at, *promise);
                states[who] = next;
                accepts.extend(out);
            }
            assert_eq!(accepts.len(), 3, "phase one succeeds");
            // The earlier proposals of the other come too late.
            for accept in std::mem::replace(&mut refused, accepts) {
                let Effect::Send(at, msg) = accept else { panic!("{accept:?}") };
                assert_eq!(deliver(at, &states[at], 7 - who, msg), (states[at].clone(), vec![]));
            }
        }
        cycles.push(states.clone());
    }
    for pair in cycles.windows(2) {
        let shifted: Vec<_> = pair[0].iter().map(|state| shifted_state(state, 1)).collect();
        assert_eq!(shifted, pair[1]);
    }
}

fn shifted_state(state: &State, by: u64) -> State {
    let ballot = |b: Ballot| shifted_ballot(b, by);
    let proposal = |p: Proposal| Proposal { ballot: ballot(p.ballot), ..p };
    match state {
        State::Acceptor(Acceptor { promised, accepted }) => State::Acceptor(Acceptor {
            promised: ballot(*promised),
            accepted: accepted.map(proposal),
        }),
        State::Proposer(Proposer { ballot: own, promises }) => State::Proposer(Proposer {
            ballot: ballot(*own),
            promises: promises.as_ref().map(|promises| {
                promises.iter().map(|(id, accepted)| (*id, accepted.map(proposal))).collect()
            }),
        }),
        State::Learner(Learner { heard, learned }) => State::Learner(Learner {
            heard: heard.iter().map(|(id, heard)| (*id, proposal(*heard))).collect(),
            learned: *learned,
        }),
    }
}

fn shifted_msg(msg: Msg, by: u64) -> Msg {
    let ballot = |b: Ballot| shifted_ballot(b, by);
    let proposal = |p: Proposal| Proposal { ballot: ballot(p.ballot), ..p };
    match msg {
        Msg::Prepare(b) => Msg::Prepare(ballot(b)),
        Msg::Promise(b, accepted) => Msg::Promise(ballot(b), accepted.map(proposal)),
        Msg::Accept(p) => Msg::Accept(proposal(p)),
        Msg::Accepted(p) => Msg::Accepted(proposal(p)),
    }
}

mod shifting {
    use super::*;
    use proptest::prelude::*;

    fn any_ballot() -> impl Strategy<Value = Ballot> {
        (1..4_u64, 3..5_usize).prop_map(|(round, leader)| ballot(round, leader))
    }

    fn any_proposal() -> impl Strategy<Value = Proposal> {
        (any_ballot(), prop_oneof![Just('a'), Just('b')])
            .prop_map(|(ballot, value)| Proposal { ballot, value })
    }

    fn any_state() -> impl Strategy<Value = (usize, State)> {
        let accepted = || proptest::option::of(any_proposal());
        let promises = proptest::collection::btree_map((0..3_usize).prop_map(id), accepted(), 0..3);
        let heard =
            proptest::collection::btree_map((0..3_usize).prop_map(id), any_proposal(), 0..3);
        prop_oneof![
            (any_ballot(), accepted())
                .prop_map(|(promised, accepted)| (0, acceptor(promised, accepted))),
            (any_ballot(), proptest::option::of(promises)).prop_map(|(ballot, promises)| {
                (usize::from(ballot.leader), State::Proposer(Proposer { ballot, promises }))
            }),
            heard.prop_map(|heard| (5, State::Learner(Learner { heard, learned: None }))),
        ]
    }

    fn any_msg() -> impl Strategy<Value = Msg> {
        prop_oneof![
            any_ballot().prop_map(Msg::Prepare),
            (any_ballot(), proptest::option::of(any_proposal()))
                .prop_map(|(ballot, accepted)| Msg::Promise(ballot, accepted)),
            any_proposal().prop_map(Msg::Accept),
            any_proposal().prop_map(Msg::Accepted),
        ]
    }

    proptest! {
        #[test]
        fn what_a_node_does_does_not_depend_on_a_shift_of_all_numbers(
            (at, state) in any_state(),
            src in 0..5_usize,
            msg in any_msg(),
            by in 1..9_u64,
        ) {
            let (next, out) = deliver(at, &state, src, msg);
            let shifted = deliver(at, &shifted_state(&state, by), src, shifted_msg(msg, by));
            prop_assert_eq!(shifted.0, shifted_state(&next, by));
            let sends = |effects: Vec<Effect>| -> Vec<(usize, Msg)> {
                effects.into_iter().filter_map(|effect| match effect {
                    Effect::Send(to, msg) => Some((to, msg)),
                    _ => None,
                }).collect()
            };
            let out: Vec<_> =
                sends(out).into_iter().map(|(to, msg)| (to, shifted_msg(msg, by))).collect();
            prop_assert_eq!(sends(shifted.1), out);
        }
    }
}
