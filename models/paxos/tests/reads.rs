//! Reads at a leader.

use super::*;

fn get(seq: u64) -> Msg<M> {
    Service::Request { seq, op: Op::get("x") }
}

fn confirmed(round: u64) -> Peer<M> {
    Peer::Confirmed { ballot: ballot(0, 0), round }
}

fn value(seq: u64, value: Option<&str>) -> Msg<M> {
    Service::Reply { seq, reply: Reply::Value(value.map(Into::into)) }
}

/// The questions of a leader to both others.
fn asked(of: Ballot, round: u64) -> [(usize, Peer<M>); 2] {
    [1, 2].map(|to| (to, Peer::Confirm { ballot: of, round }))
}

#[test]
fn ongaro_2014_a_read_takes_a_round_to_a_quorum_and_no_slot_and_no_save() {
    let config = config();
    let (mut state, _) = started(&config, 0, None);
    let out = deliver(&config, 0, &mut state, 7, get(1));
    assert_eq!((sends(&out), out.len()), (asked(ballot(0, 0), 1).to_vec(), 2));
    let out = peer(&config, 0, &mut state, 1, confirmed(1));
    assert_eq!(out, [Effect::Send(7, value(1, None))]);
    assert_eq!((state.stable.accepted.len(), state.applied()), (0, 0));
}

#[test]
fn a_read_that_comes_during_a_round_waits_for_the_next_which_is_for_all_that_came() {
    let config = config();
    let (mut state, _) = started(&config, 0, None);
    deliver(&config, 0, &mut state, 7, get(1));
    for client in [8, 9] {
        assert_eq!(deliver(&config, 0, &mut state, client, get(1)), []);
    }
    let out = peer(&config, 0, &mut state, 2, confirmed(1));
    assert_eq!(
        (replies(&out), sends(&out)),
        (vec![(7, value(1, None))], asked(ballot(0, 0), 2).to_vec())
    );
    assert_eq!(peer(&config, 0, &mut state, 1, confirmed(1)), [], "of an earlier round");
    let out = peer(&config, 0, &mut state, 1, confirmed(2));
    assert_eq!(replies(&out), [8, 9].map(|client| (client, value(1, None))));
}

#[test]
fn a_read_that_was_answered_is_answered_again_without_a_round() {
    let config = config();
    let (mut state, _) = started(&config, 0, None);
    deliver(&config, 0, &mut state, 7, get(2));
    peer(&config, 0, &mut state, 1, confirmed(1));
    assert_eq!(deliver(&config, 0, &mut state, 7, get(2)), [Effect::Send(7, value(2, None))]);
    assert_eq!(deliver(&config, 0, &mut state, 7, get(1)), [], "its client went on");
}

#[test]
fn a_new_leader_answers_no_read_before_it_applied_what_was_left_to_it() {
    let config = config();
    let mut state = preparing(&config);
    peer(&config, 1, &mut state, 0, promise(vec![accepted(ballot(0, 0), 1, request(7, "a"))]));
    assert!(state.is_leading());
    let first = ballot(1, 1);
    let out = deliver(&config, 1, &mut state, 8, get(1));
    assert!(matches!(&sends(&out)[..], [(0, Peer::Confirm { .. }), (2, Peer::Confirm { .. })]));
    let out = peer(&config, 1, &mut state, 2, Peer::Confirmed { ballot: first, round: 1 });
    assert_eq!(replies(&out), []);
    let out = peer(&config, 1, &mut state, 2, Peer::Accepted { ballot: first, slot: 1 });
    assert!(replies(&out).contains(&(8, value(1, Some("a")))), "{out:?}");
}

#[test]
fn an_acceptor_confirms_no_ballot_below_the_one_that_it_promised() {
    let config = config();
    let (mut state, _) = started(&config, 2, None);
    let confirm = |of| Peer::Confirm { ballot: of, round: 5 };
    let out = peer(&config, 2, &mut state, 1, confirm(ballot(1, 1)));
    let answer = Peer::Confirmed { ballot: ballot(1, 1), round: 5 };
    assert_eq!((sends(&out), state.stable.promised), (vec![(1, answer)], ballot(1, 1)));
    let out = peer(&config, 2, &mut state, 0, confirm(ballot(0, 0)));
    assert_eq!(sends(&out), [(0, Peer::Preempted { ballot: ballot(1, 1) })]);
}

#[test]
fn a_round_that_is_not_answered_is_asked_again_and_reads_beyond_the_bound_are_refused() {
    let config = Config { window: 1, queue: 1, ..config() };
    let (mut state, _) = started(&config, 0, None);
    for client in [7, 8] {
        deliver(&config, 0, &mut state, client, get(1));
    }
    let refused = Service::Refused { seq: 1, why: crate::kv::service::Refusal::Busy };
    assert_eq!(replies(&deliver(&config, 0, &mut state, 9, get(1))), [(9, refused)]);
    let out = fire(&config, 0, &mut state, Timer::Heartbeat);
    assert!(asked(ballot(0, 0), 1).iter().all(|asked| sends(&out).contains(asked)), "{out:?}");
}
