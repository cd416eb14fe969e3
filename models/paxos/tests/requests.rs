//! Requests that come late or twice, and leaders that speak too late.

use super::*;
use crate::kv::service::Refusal;

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
        assert_eq!(command.apply_to(&mut image).is_some(), is_answered);
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

fn waiting(state: &Replicas) -> Vec<(usize, u64)> {
    let Role::Leading(leading) = &state.role else { panic!("{:?}", state.role) };
    let request = |command: &Command<Op>| match command {
        Command::Request { client, seq, .. } => ((*client).into(), *seq),
        Command::Noop => panic!("a no-op waits"),
    };
    leading.waiting.iter().map(request).collect()
}

#[test]
fn requests_beyond_the_window_wait_their_turn_and_beyond_the_queue_are_refused() {
    let config = Config { window: 1, queue: 3, ..config() };
    let (mut state, _) = started(&config, 0, None);
    for client in [10, 14, 12, 13] {
        assert_eq!(replies(&deliver(&config, 0, &mut state, client, ask("a"))), []);
    }
    assert_eq!(waiting(&state), [(14, 1), (12, 1), (13, 1)]);
    let refused = Service::Refused { seq: 1, why: Refusal::Busy };
    let out = deliver(&config, 0, &mut state, 11, ask("a"));
    assert_eq!(out, [Effect::Send(11, refused)]);
    for (slot, client) in [(1, 14), (2, 12), (3, 13)] {
        let vote = Peer::Accepted { ballot: ballot(0, 0), slot };
        let out = peer(&config, 0, &mut state, 1, vote);
        assert_eq!(
            accepts(&out, 1),
            [(slot + 1, request(client, "a"))],
            "first come, first served"
        );
    }
    assert_eq!(waiting(&state), []);
}

#[test]
fn a_client_waits_once_and_with_its_last_request() {
    let config = Config { window: 1, queue: 2, ..config() };
    let (mut state, _) = started(&config, 0, None);
    let ask = |seq| Service::Request { seq, op: Op::put("x", "a") };
    for (client, seq) in [(10, 1), (11, 2), (12, 1), (11, 2), (11, 3), (11, 1)] {
        assert_eq!(replies(&deliver(&config, 0, &mut state, client, ask(seq))), []);
    }
    assert_eq!(waiting(&state), [(11, 3), (12, 1)], "it keeps its place");
}

#[test]
fn an_operation_of_the_allowed_size_is_taken_and_a_larger_one_is_refused_as_too_large() {
    use crate::kv::map::MAX_OPERATION_BYTES;
    let config = config();
    let half = "v".repeat(MAX_OPERATION_BYTES / 2);
    let cas = |key: &str| Op::Cas {
        key: key.into(),
        expected: Some(half.as_str().into()),
        new: Some(half[key.len()..].into()),
    };
    let (mut state, _) = started(&config, 0, None);
    let out = deliver(&config, 0, &mut state, 7, Service::Request { seq: 1, op: cas("a key") });
    assert_eq!((replies(&out), accepts(&out, 1).len()), (vec![], 1));
    let op = Op::put("x", &"v".repeat(MAX_OP_BYTES + 1));
    let out = deliver(&config, 0, &mut state, 8, Service::Request { seq: 1, op });
    assert_eq!(out, [Effect::Send(8, Service::Refused { seq: 1, why: Refusal::TooLarge })]);
}
