//! Operations that a leader proposes of its own accord.

use super::*;

fn proposed(config: &Config, id: usize, state: &mut Replicas, op: &Op) -> Vec<Effect> {
    let did = at(config, state, |server, state, out| {
        let Paxos::Replica(replica) = server else { panic!("not a replica") };
        crate::lend::lend!(state, State::Replica, |state| {
            replica.propose(id.into(), state, op.clone(), out);
        });
    });
    with_own(config, id, state, did)
}

fn own(value: &str) -> Command<Op> {
    Command::Request { client: 0.into(), seq: Command::<Op>::OF_A_SERVER, op: Op::put("x", value) }
}

#[test]
fn a_leader_orders_its_own_operation_while_its_window_has_room() {
    let config = Config { window: 1, ..config() };
    let (mut leader, _) = started(&config, 0, None);
    let out = proposed(&config, 0, &mut leader, &Op::put("x", "own"));
    assert_eq!(accepts(&out, 1), [(1, own("own"))]);
    assert!(leader.has_open());
    assert_eq!(proposed(&config, 0, &mut leader, &Op::put("x", "more")), []);
    let out = peer(&config, 0, &mut leader, 1, Peer::Accepted { ballot: ballot(0, 0), slot: 1 });
    assert_eq!(replies(&out), [], "nobody asked");
    assert!(!leader.has_open() && leader.applied() == 1);
    let (mut follower, _) = started(&config, 1, None);
    assert_eq!(proposed(&config, 1, &mut follower, &Op::put("x", "own")), []);
}

#[test]
fn it_is_in_no_session_and_its_number_is_no_clients() {
    let mut image = Image::<M>::default();
    for value in ["a", "b"] {
        assert_eq!(own(value).apply_to(&mut image), None);
    }
    assert_eq!((image.sessions.count(), &image.machine.0[&Bytes::from("x")]), (0, &"b".into()));
    let config = config();
    let (mut leader, _) = started(&config, 0, None);
    let msg = Service::Request { seq: Command::<Op>::OF_A_SERVER, op: Op::put("x", "a") };
    assert_eq!(deliver(&config, 0, &mut leader, 7, msg), []);
}

#[test]
fn a_replica_may_begin_with_a_machine() {
    let (Paxos::Replica(replica), mut out) = (config().server::<M>(), Out::new()) else {
        panic!("not a replica")
    };
    let mut first = Map::default();
    let _ = crate::kv::StateMachine::apply(&mut first, 7.into(), 1, &Op::put("x", "a"));
    let state = replica.on_start(1.into(), None, first.clone(), &mut out);
    assert_eq!(state.stable.image.machine, first);
    assert!(did(out).contains(&Effect::Save(Saved::Complete(state.stable))));
}
