//! Reads at any server.

use super::*;

fn read(seen: Zxid) -> Ask<Op> {
    Ask::Read { op: Op::get("k"), seen }
}

fn value(seq: u64, zxid: Zxid, text: Option<&str>) -> Msg<Map> {
    let reply = Some(MapReply::Value(text.map(Into::into)));
    Service::Reply { seq, reply: Reply { zxid, reply } }
}

/// A follower that has, and did not deliver, one transaction.
fn behind() -> Node {
    let mut follower = started(&config(), 1);
    let (epoch, prev) = (epoch(0, 0), Zxid::default());
    follower.on_peer(0, Peer::Propose { epoch, prev, txns: vec![txn(first(1), 1)] });
    follower
}

fn commit(follower: &mut Node) -> Vec<Did> {
    follower.on_peer(0, Peer::Commit { epoch: epoch(0, 0), committed: first(1) })
}

#[test]
fn a_follower_answers_from_what_it_delivered() {
    let mut follower = behind();
    let did = follower.asks(CLIENT, 1, read(Zxid::default()));
    assert_eq!(did, [Did::Send(CLIENT, value(1, Zxid::default(), None))]);
    commit(&mut follower);
    let did = follower.asks(CLIENT, 2, read(Zxid::default()));
    assert_eq!(did, [Did::Send(CLIENT, value(2, first(1), Some("1")))]);
}

#[test]
fn a_read_of_a_client_that_has_seen_more_waits() {
    let mut follower = behind();
    assert_eq!(follower.asks(CLIENT, 1, read(first(1))), []);
    assert_eq!(follower.asks(CLIENT, 1, read(first(1))), [], "asked again");
    assert_eq!(follower.server().waiting.len(), 1);
    let did = commit(&mut follower);
    assert_eq!(answers(&did), [(CLIENT, value(1, first(1), Some("1")))]);
    assert!(follower.server().waiting.is_empty());
}

#[test]
fn a_server_without_a_leader_forgets_the_reads_that_wait_and_answers_none() {
    let mut follower = behind();
    follower.asks(CLIENT, 1, read(first(1)));
    follower.on_timeout(&Timer::Look);
    assert!(follower.server().waiting.is_empty());
    assert_eq!(follower.asks(CLIENT, 2, read(Zxid::default())), []);
}

#[test]
fn as_many_reads_wait_as_may_and_others_are_for_later() {
    let mut follower = started(&Config { open: 1, ..config() }, 1);
    assert_eq!(follower.asks(CLIENT, 1, read(first(1))), []);
    let did = follower.asks(CLIENT + 1, 1, read(first(1)));
    assert_eq!(did, [Did::Send(CLIENT + 1, refused(1, Refusal::Busy))]);
    assert_eq!(follower.asks(CLIENT, 2, read(first(1))), [], "instead of its former one");
}

#[test]
fn a_write_is_no_read() {
    let mut follower = behind();
    let did = follower.asks(CLIENT, 1, Ask::Read { op: put(1), seen: Zxid::default() });
    assert_eq!(did, [Did::Send(CLIENT, refused(1, Refusal::NotOffered))]);
}
