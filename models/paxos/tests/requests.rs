//! Requests that come late or twice, and leaders that speak too late.

use super::*;

#[test]
fn an_old_request_is_not_applied_whatever_slot_it_has() {
    let asks = |seq, value| {
        let op = Op::put("x", value);
        Command::Request { client: 7.into(), seq, op }
    };
    let mut image = Image::<M>::default();
    for (command, is_answered) in
        [(asks(1, "a"), true), (asks(2, "b"), true), (asks(1, "a"), false)]
    {
        assert_eq!(image.apply(&command).is_some(), is_answered);
    }
    assert_eq!((image.slot, &image.machine.0[&Bytes::from("x")]), (3, &Bytes::from("b")));
}

#[test]
fn a_leader_has_no_slot_and_no_answer_for_an_old_request() {
    let config = config();
    let (mut state, _) = started(&config, 0, None);
    for seq in 1..=2 {
        let op = Op::put("x", "a");
        deliver(&config, 0, &mut state, 7, Service::Request { seq, op });
        peer(&config, 0, &mut state, 1, Peer::Accepted { ballot: ballot(0, 0), slot: seq });
    }
    assert_eq!(deliver(&config, 0, &mut state, 7, ask("a")), []);
}

#[test]
fn a_deposed_leader_is_told_so_and_not_obeyed() {
    let config = config();
    let (mut state, _) = started(&config, 2, None);
    peer(&config, 2, &mut state, 1, Peer::Prepare { ballot: ballot(1, 1), from: 1 });
    let before = state.clone();
    let heartbeat = Peer::Heartbeat { ballot: ballot(0, 0), chosen: 3 };
    let out = peer(&config, 2, &mut state, 0, heartbeat);
    let told = Service::Peer(Peer::Preempted { ballot: ballot(1, 1) });
    // The election timer above all is not set again: it waits for the new leader.
    assert_eq!((out, state), (vec![Effect::Send(0, told)], before));
}

#[test]
fn a_request_that_comes_again_is_answered_from_its_session_and_not_proposed() {
    let config = config();
    let (mut state, _) = started(&config, 0, None);
    deliver(&config, 0, &mut state, 7, ask("a"));
    assert_eq!(deliver(&config, 0, &mut state, 7, ask("a")), [], "it is under way");
    peer(&config, 0, &mut state, 1, Peer::Accepted { ballot: ballot(0, 0), slot: 1 });
    let out = deliver(&config, 0, &mut state, 7, ask("a"));
    assert_eq!(out, [Effect::Send(7, Service::Reply { seq: 1, reply: Reply::Done })]);
}
