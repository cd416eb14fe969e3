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
fn operations_leave_at_once() {
    assert!(!waits(&config(2), 1, replicate(1, 1)));
}

#[test]
fn where_requests_are_acknowledged_at_once_the_primarys_disk_comes_first() {
    let config = Config { mode: Mode::Asynchronous, ..config(2) };
    assert!(waits(&config, 1, replicate(1, 1)));
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
    assert!(waits(&config(2), 1, reply()));
}
