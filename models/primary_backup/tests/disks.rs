//! What waits for the disk.

use super::*;
use crate::Recoverable;

fn waits(config: &Config, at: usize, msg: impl Into<Msg<Map>>) -> bool {
    let server: Server = config.server(id(at));
    server.waits_for_disk(&msg.into())
}

fn reply() -> Msg<Map> {
    Service::Reply { seq: 1, reply: Reply::Done }
}

#[test]
fn operations_and_answers_leave_at_once() {
    assert!(!waits(&config(2), 1, replicate(1, 1)));
    assert!(!waits(&config(2), 1, reply()));
}

#[test]
fn where_requests_are_acknowledged_at_once_the_primarys_disk_comes_first() {
    let config = Config { mode: Mode::Asynchronous, ..config(2) };
    assert!(waits(&config, 1, replicate(1, 1)) && waits(&config, 1, reply()));
}

#[test]
fn everything_else_waits() {
    let says: [Peer<Map>; 6] = [
        Peer::Ack { view: 1, op: 1 },
        Peer::Begin { view: 1, op: 1 },
        Peer::Refill { view: 1, from: 1 },
        Peer::Fetch { view: 1, held: None },
        Peer::Resign { view: 1 },
        peer_ping(1, true, &[], None),
    ];
    assert!(says.into_iter().all(|msg| waits(&config(2), 1, msg)));
    assert!(waits(&config(2), 0, Peer::View(view(2, 2, &[]))));
    assert!(waits(&config(2), 1, request(1, &put(1))));
}

#[test]
fn a_request_is_not_answered_before_the_primarys_own_disk_has_it() {
    let mut primary = node(&config(2), 1);
    // It leaves when the disk has it; here the backup is first.
    let mut out = stateright::actor::Out::new();
    let mut state = std::borrow::Cow::Owned(primary.state.clone());
    primary.actor.on_msg(id(1), &mut state, id(9), request(1, &put(1)), &mut out);
    primary.state = state.into_owned();
    let own = Did::Send(1, Service::Peer(Peer::Ack { view: 1, op: 1 }));
    let did = testing::did(out);
    assert!(did.contains(&own), "{did:?}");
    let saved = did.into_iter().find(|did| matches!(did, Did::Save(_)));
    let Some(Did::Save(saved)) = saved else { panic!("it is saved") };
    Durable::fold(&mut primary.disk, saved);
    assert_eq!(primary.on_peer(2, Peer::Ack { view: 1, op: 1 }), [in_time(2)]);
    let did = primary.on_peer(1, Peer::Ack { view: 1, op: 1 });
    assert_eq!(did, [Did::Cancel(Timer::Resend), done(9, 1)]);
}
