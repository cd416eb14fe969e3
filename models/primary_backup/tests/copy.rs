//! Copies, on the primary's side: requests go on meanwhile.

use super::*;
use std::collections::VecDeque;

/// A piece at a time, and no more behind than two.
fn finely() -> Config {
    Config { piece_bytes: 1, max_pending: 4, ..config(2) }
}

/// The primary of view 4, which acts, alone, with seven operations; 2 is outside.
fn alone() -> Node {
    leading(&finely(), view(4, 1, &[]), image(7))
}

fn chunk(op: u64, index: u32) -> Did {
    send(2, piece(op, index))
}

/// The outsider has nothing.
fn has_none() -> Peer<Map> {
    Peer::Fetch { view: 4, held: None }
}

/// The operation with this number is asked for and done.
fn goes_on(node: &mut Node, op: u64) {
    let did = node.on_msg(9, request(op, &put(op)));
    assert!(did.contains(&done(9, op)), "{did:?}");
}

fn copying(node: &Node) -> &Copying<Map> {
    node.leading().copying.as_ref().expect("somebody copies")
}

#[test]
fn a_state_is_cut_once_though_requests_go_on() {
    let mut node = alone();
    assert_eq!(node.on_peer(2, has_none()), [overdue(2), chunk(7, 0)]);
    goes_on(&mut node, 8);
    assert_eq!(node.on_peer(2, has_first(7)), [overdue(2), chunk(7, 1)]);
    goes_on(&mut node, 9);
    assert_eq!(node.on_peer(2, has_none()), [overdue(2), chunk(7, 0)], "it forgot");
    assert_eq!(copying(&node).since.since(0).map(|(op, _)| op).collect::<Vec<_>>(), [8, 9]);
    let held = Some(Held { of: 7, count: 2, end: Cut::Session(id(9), 7) });
    node.ignores(2, Service::Peer(Peer::Fetch { view: 4, held }));
}

#[test]
fn who_has_pieces_of_another_state_starts_over() {
    let mut node = alone();
    assert_eq!(node.on_peer(2, has_first(6)), [overdue(2), chunk(7, 0)]);
}

#[test]
fn with_all_pieces_it_gets_the_operations_since_and_is_let_in() {
    let mut node = alone();
    node.on_peer(2, has_none());
    (8..=11).for_each(|op| goes_on(&mut node, op));
    let did = node.on_peer(2, Peer::Ack { view: 4, op: 7 });
    let mut expected = vec![overdue(2)];
    expected.extend((8..=11).map(|op| send(2, replicate(4, op))));
    assert_eq!(did, expected, "four behind: half of what a backup may be is two");
    assert!(copying(&node).state.is_none());
    assert_eq!(node.on_peer(2, Peer::Ack { view: 4, op: 8 })[0], overdue(2));
    let did = node.on_peer(2, Peer::Ack { view: 4, op: 9 });
    assert_eq!(did.last(), Some(&pings(4, true, &[], Some(2))));
    assert_eq!(node.on_timeout(&Timer::Ping)[1], pings(4, true, &[], Some(2)), "again");
}

#[test]
fn operations_are_sent_a_bounded_number_ahead() {
    let mut node = alone();
    node.on_peer(2, has_none());
    let ahead = finely().burst as u64;
    (8..=9 + ahead).for_each(|op| goes_on(&mut node, op));
    let first = 7 + 1..=7 + ahead;
    let sent = |ops: std::ops::RangeInclusive<u64>| {
        let sent = ops.map(|op| send(2, replicate(4, op)));
        [overdue(2)].into_iter().chain(sent).collect::<Vec<_>>()
    };
    assert_eq!(node.on_peer(2, Peer::Ack { view: 4, op: 7 }), sent(first));
    let next = 8 + ahead..=8 + ahead;
    assert_eq!(node.on_peer(2, Peer::Ack { view: 4, op: 8 }), sent(next), "what is new");
    assert_eq!(node.on_peer(2, Peer::Ack { view: 4, op: 8 }), [overdue(2)], "a copy says nothing");
    let missing = Peer::Refill { view: 4, from: 9 };
    assert_eq!(node.on_peer(2, missing), sent(8 + 1..=8 + ahead), "what it lacks, again");
}

/// Each copy of a message has an answer, and if each answer had all that is under way sent once
/// more, there would soon be nothing else.
#[test]
fn a_message_that_comes_twice_begins_no_storm() {
    let (mut node, ops) = (alone(), 100);
    let (mut outsider, _) = started_from(&finely(), 2, disk(view(4, 1, &[]), 4, 7));
    let mut to_outsider = VecDeque::new();
    let mut to_primary = VecDeque::from([7, 7].map(|op| Peer::Ack { view: 4, op }));
    (8..8 + ops).for_each(|op| goes_on(&mut node, op));
    let mut delivered = 0;
    loop {
        if let Some(msg) = to_primary.pop_front() {
            to_outsider.extend(sent_to(2, node.on_peer(2, msg)));
        } else if let Some(msg) = to_outsider.pop_front() {
            if delivered == 0 {
                to_outsider.push_back(Peer::clone(&msg));
            }
            to_primary.extend(sent_to(1, outsider.on_peer(1, msg)));
        } else {
            break;
        }
        delivered += 1;
        assert!(delivered < 4 * ops, "the run does not quiesce");
    }
    assert_eq!(outsider.replica().image.op, 7 + ops);
}

fn sent_to(to: usize, did: Vec<Did>) -> impl Iterator<Item = Peer<Map>> {
    did.into_iter().filter_map(move |did| match did {
        Did::Send(dst, Service::Peer(msg)) if dst == to => Some(msg),
        _ => None,
    })
}

#[test]
fn one_copies_at_a_time_and_no_member() {
    let config = Config { replicas: 3, ..finely() };
    let mut node = leading(&config, view(4, 1, &[]), image(7));
    node.on_peer(2, has_none());
    node.ignores(3, Service::Peer(has_none()));
    node.ignores(3, Service::Peer(Peer::Ack { view: 4, op: 7 }));
    node.ignores(2, Service::Peer(Peer::Fetch { view: 3, held: None }));
}

#[test]
fn a_copy_that_falls_silent_is_given_up_with_its_operations() {
    let mut node = alone();
    node.on_peer(2, has_none());
    goes_on(&mut node, 8);
    assert_eq!(node.on_timeout(&Timer::Overdue(id(2))), []);
    assert_eq!(node.leading().copying, None);
    assert_eq!(node.on_peer(2, has_first(7)), [overdue(2), chunk(8, 0)], "cut again");
}

#[test]
fn who_has_copied_goes_on_although_its_copy_was_given_up() {
    let mut node = alone();
    let did = node.on_peer(2, Peer::Ack { view: 4, op: 5 });
    let sent = [6, 7].map(|op| send(2, replicate(4, op)));
    let ready = pings(4, true, &[], Some(2));
    assert_eq!(did, [overdue(2), sent[0].clone(), sent[1].clone(), ready]);
}

#[test]
fn too_many_bytes_for_a_copy_hold_requests_back() {
    let config = Config { copy_bytes: 1, ..finely() };
    let mut node = leading(&config, view(4, 1, &[]), image(7));
    node.on_peer(2, has_none());
    goes_on(&mut node, 8);
    assert_eq!(node.on_msg(9, request(9, &put(9))), []);
    assert_eq!(node.leading().waiting.len(), 1);
    node.on_peer(2, Peer::Ack { view: 4, op: 7 });
    let did = node.on_peer(2, Peer::Ack { view: 4, op: 8 });
    assert!(did.contains(&done(9, 9)), "{did:?}");
}

#[test]
fn a_copy_does_not_outlive_its_view() {
    let mut node = alone();
    node.on_peer(2, has_none());
    goes_on(&mut node, 8);
    let next = view(5, 1, &[2]);
    let did = node.on_peer(0, Peer::View(next.clone()));
    let expected = [
        Did::Save(Saved::view(next)),
        Did::Cancel(Timer::Resend),
        in_time(2),
        send(2, Peer::Begin { view: 5, op: 8 }),
        overdue(2),
        Did::Set(Timer::Resend),
    ];
    assert_eq!(did, expected);
    assert_eq!(node.leading().copying, None);
    assert_eq!(node.on_peer(2, Peer::Refill { view: 5, from: 8 }), [send(2, replicate(5, 8))]);
}
