//! The cost of a request for a piece of state: that piece, however large the state.

use super::*;
use crate::kv::machine::FRAGMENT_BYTES;
use crate::kv::transfer::tests::Counting;

/// A replica that has put so many values, in the view whose primary is 1, alone.
fn replica(at: usize, values: u64) -> testing::Node<PrimaryBackup<Counting>> {
    let mut image = Image::<Counting>::default();
    for op in 1..=values {
        let put = Op::put(&format!("key {op}"), &"v".repeat(FRAGMENT_BYTES));
        image.apply(&entry(9, op, &put));
    }
    let disk = Saved::complete(view(3, 2, &[1]), 3, image);
    let (mut node, _) = testing::Node::start(config(2).server(id(at)), at, Some(disk));
    node.on_msg(0, Service::Peer(Peer::View(view(4, 1, &[]))));
    node
}

/// The most fragments that the primary cuts for one request, while an outsider copies a state of so
/// many values, and how many requests that takes.
fn copied(values: u64) -> (usize, u64) {
    let (mut primary, mut outsider) = (replica(1, values), replica(2, 0));
    let mut asked = vec![Service::Peer(Peer::Fetch { view: 4, held: None })];
    let (mut most, mut requests) = (0, 0);
    while let Some(msg) = asked.pop() {
        Counting::cut();
        let answers = primary.on_msg(2, msg);
        most = most.max(Counting::cut());
        requests += 1;
        for did in answers {
            let testing::Did::Send(2, answer) = did else { continue };
            asked.extend(outsider.on_msg(1, answer).into_iter().filter_map(|did| match did {
                testing::Did::Send(1, msg @ Service::Peer(Peer::Fetch { .. })) => Some(msg),
                _ => None,
            }));
        }
    }
    let [State::Replica(primary), State::Replica(outsider)] = [&primary.state, &outsider.state]
    else {
        unreachable!("replicas")
    };
    assert!(outsider.image.is_like(&primary.image));
    (most, requests)
}

#[test]
fn a_request_for_a_piece_costs_that_piece_at_any_size_of_state() {
    for values in [20, 400] {
        let (most, requests) = copied(values);
        assert_eq!(requests, values + 1, "one for each value, and one for the session");
        // The handler runs twice, on a state that is lent and on one that it owns, and looks ahead.
        assert!((2..=2 * 2).contains(&most), "{most} fragments cut for one request");
    }
}
