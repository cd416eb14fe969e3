//! The cost of a request for a snapshot: a few pieces, however large the state.

use super::*;
use crate::kv::machine::FRAGMENT_BYTES;
use crate::kv::transfer::tests::Counting;
use crate::testing::Node;

/// The most fragments that replica 0 cuts for one request, while another fetches a state of so many
/// values, and how many messages that takes.
fn fetched(values: u64) -> (usize, u64) {
    let config = Config { keep: 0, ..of(2, Quorums { prepare: 2, accept: 1 }) };
    let (mut ahead, _) = Node::start(config.server::<Counting>(), 0, None);
    for seq in 1..=values {
        let op = Op::put(&format!("key {seq}"), &"v".repeat(FRAGMENT_BYTES));
        ahead.on_msg(9, Service::Request { seq, op });
    }
    let (mut behind, _) = Node::start(config.server::<Counting>(), 1, None);
    let mut asked = vec![Service::Peer(Peer::Heartbeat { ballot: ballot(0, 0), chosen: values })];
    let (mut most, mut pieces) = (0, 0);
    while let Some(msg) = asked.pop() {
        let questions = behind.on_msg(0, msg);
        for question in questions {
            let Did::Send(0, question) = question else { continue };
            Counting::cut();
            let answers = ahead.on_msg(1, question);
            most = most.max(Counting::cut());
            let msgs = answers.into_iter().filter_map(|did| match did {
                Did::Send(1, msg) => Some(msg),
                _ => None,
            });
            asked.extend(msgs.collect::<Vec<_>>().into_iter().rev());
        }
        pieces += 1;
    }
    let [State::Replica(ahead), State::Replica(behind)] = [&ahead.state, &behind.state] else {
        unreachable!("replicas")
    };
    assert_eq!(behind.stable.image, ahead.stable.image);
    (most, pieces)
}

#[test]
fn a_request_for_a_snapshot_costs_a_burst_of_pieces_at_any_size_of_state() {
    // The handler runs twice, on a state that is lent and on one that it owns.
    let bound = 2 * (BURST + 1);
    for values in [20, 400] {
        let (most, pieces) = fetched(values);
        assert!(pieces > values, "{pieces} messages");
        assert!((BURST..=bound).contains(&most), "{most} fragments cut for one request");
    }
}
