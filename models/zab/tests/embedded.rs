//! Transactions that a leader proposes of its own accord.

use super::*;
use stateright::actor::Out;
use std::borrow::Cow;

fn proposed(node: &mut Node, op: Op) {
    let Zab::Server(server) = &node.actor else { panic!("not a server") };
    let mut state = Cow::Borrowed(node.server());
    server.propose(node.id, &mut state, op, &mut Out::new());
    let Cow::Owned(state) = state else { return };
    node.state = State::Server(state);
}

#[test]
fn a_leader_orders_its_own_operation_and_not_while_the_same_is_open() {
    let mut leader = started(&config(), 0);
    let own = Op::put("k", "own");
    proposed(&mut leader, own.clone());
    proposed(&mut leader, own.clone());
    proposed(&mut leader, Op::put("k", "other"));
    assert_eq!(leader.history(), [first(1), first(2)]);
    let command = leader.server().stable.log[&1].command.clone();
    assert_eq!(command, Command { client: 0.into(), seq: 0, op: Some(own.clone()) });
    let mut follower = started(&config(), 1);
    proposed(&mut follower, own);
    assert_eq!(follower.history(), []);
}

#[test]
fn nobody_is_answered_and_no_session_is_kept_of_it() {
    let mut stable = Stable::<Map>::default();
    let command = Command { client: 0.into(), seq: 0, op: Some(put(1)) };
    for counter in 1..=2 {
        let txn = Txn { zxid: first(counter), command: command.clone() };
        crate::Replay::replay(&mut stable, Record::Appended(txn));
        let delivered = stable.deliver().unwrap();
        assert!(delivered.answer(first(counter)).is_none());
    }
    assert_eq!(stable.image.sessions.count(), 0);
    assert_eq!(stable.image.machine.0.len(), 1);
}

#[test]
fn a_client_cannot_ask_under_the_number_of_a_server() {
    let mut leader = started(&config(), 0);
    assert_eq!(leader.asks(CLIENT, 0, Ask::Do { op: put(1) }), []);
}
