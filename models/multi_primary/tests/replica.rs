use super::*;
use crate::kv::service::Refusal;

fn mv(nodes: usize) -> Config {
    config(nodes, Rule::MultiValue)
}

fn lww(nodes: usize) -> Config {
    config(nodes, Rule::LastWriterWins)
}

#[test]
fn a_write_is_saved_told_to_all_and_answered_at_once() {
    let mut node = started(&mv(3), 1);
    let did = node.on_msg(9, Service::Request { seq: 1, op: put("a") });
    let written = update(dot(1, 1), Order::Knowing(VersionVector::default()), Some("a"));
    let delta = Delta {
        vector: vector(&[(1, 1)]),
        clock: Stamp::default(),
        entries: [("x".into(), [(written.dot, written.version.clone())].into())].into(),
        requests: vec![(id(9), 1, Answer::Done)],
        ..Delta::default()
    };
    assert_eq!(
        did,
        [
            Did::Save(Storage::Delta(delta)),
            send(0, Peer::Delta(written.clone())),
            send(2, Peer::Delta(written)),
            reply(9, 1, Answer::Done),
        ]
    );
    assert_eq!(node.values("x"), bytes(&["a"]));
}

#[test]
fn a_read_asks_nobody_and_changes_nothing() {
    let mut node = started(&mv(3), 1);
    node.write(9, 1, put("a"));
    let before = node.state.clone();
    let did = node.on_msg(9, request(2, Op::get("x")));
    let (values, context) = (bytes(&["a"]), vector(&[(1, 1)]).into());
    assert_eq!(did, [reply(9, 2, Answer::Values { values, context, more: false })]);
    assert_eq!(node.state, before);
}

#[test]
fn compare_and_swap_is_not_offered() {
    let mut node = started(&mv(2), 0);
    let cas = Op::Cas { key: "x".into(), expected: None, new: None };
    let refused = Service::Refused { seq: 1, why: Refusal::NotOffered };
    assert_eq!(node.on_msg(9, request(1, cas)), [Did::Send(9, refused)]);
}

#[test]
fn a_repeated_put_keeps_its_dot_across_a_restart() {
    let mut node = started(&mv(2), 0);
    node.write(9, 1, put("a"));
    let before = node.image().clone();
    let again = Service::Request { seq: 1, op: put("a") };
    assert_eq!(node.on_msg(9, again.clone()), [reply(9, 1, Answer::Done)]);
    node.restart();
    assert_eq!(node.on_msg(9, again), [reply(9, 1, Answer::Done)]);
    assert_eq!(node.image(), &before);
}

#[test]
fn a_put_repeated_at_another_node_makes_a_sibling() {
    let config = mv(2);
    let (mut a, mut b) = (started(&config, 0), started(&config, 1));
    let first = a.write(9, 1, put("v")).unwrap();
    b.write(9, 1, put("v"));
    b.on_peer(0, Peer::Delta(first));
    assert_eq!(b.values("x"), bytes(&["v", "v"]));
}

#[test]
fn a_request_older_than_the_last_is_ignored() {
    let mut node = started(&mv(2), 0);
    node.write(9, 2, put("b"));
    node.ignores(9, Service::Request { seq: 1, op: put("a") });
}

#[test]
fn shapiro_2011_concurrent_updates_commute() {
    for rule in [Rule::LastWriterWins, Rule::MultiValue] {
        let config = config(3, rule);
        let [mut a, mut b, mut c] = [0, 1, 2].map(|at| started(&config, at));
        let (one, two) = (a.write(8, 1, put("a")).unwrap(), b.write(9, 1, put("b")).unwrap());
        c.on_peer(0, Peer::Delta(one.clone()));
        c.on_peer(1, Peer::Delta(two.clone()));
        a.on_peer(1, Peer::Delta(two));
        b.on_peer(0, Peer::Delta(one));
        assert_eq!(a.image().store, b.image().store);
        assert_eq!(a.image().store, c.image().store);
    }
}

#[test]
fn shapiro_2011_equal_timestamps_are_ordered_by_their_nodes() {
    let config = lww(2);
    let (mut a, mut b) = (started(&config, 0), started(&config, 1));
    let (one, two) = (a.write(8, 1, put("a")).unwrap(), b.write(9, 1, put("b")).unwrap());
    assert_eq!(one.version.order, two.version.order);
    a.on_peer(1, Peer::Delta(two));
    b.on_peer(0, Peer::Delta(one));
    assert_eq!((a.values("x"), b.values("x")), (bytes(&["b"]), bytes(&["b"])));
}

#[test]
fn preguica_2010_two_clients_that_write_at_one_node_with_one_context_make_siblings() {
    let mut node = started(&mv(2), 0);
    let (_, nothing) = node.read("x");
    node.write(8, 1, with(put("a"), nothing.clone()));
    node.write(9, 1, with(put("b"), nothing));
    assert_eq!(node.values("x"), bytes(&["a", "b"]), "a version vector would lose one");
}

#[test]
fn preguica_2010_a_put_with_the_context_of_a_get_replaces_what_was_read_and_no_more() {
    let mut node = started(&mv(2), 0);
    node.write(8, 1, put("a"));
    let (_, context) = node.read("x");
    node.write(8, 2, with(put("b"), VersionVector::default()));
    node.write(9, 1, with(put("c"), context));
    assert_eq!(node.values("x"), bytes(&["b", "c"]));
    let (values, context) = node.read("x");
    assert_eq!((values.len(), &context), (2, &vector(&[(0, 3)])));
    node.write(9, 2, with(put("d"), context));
    assert_eq!(node.values("x"), bytes(&["d"]));
}

#[test]
fn a_put_without_a_context_replaces_what_the_node_holds() {
    let mut node = started(&mv(2), 0);
    node.write(8, 1, put("a"));
    node.write(9, 1, put("b"));
    assert_eq!(node.values("x"), bytes(&["b"]));
}

#[test]
fn a_concurrent_put_survives_a_delete() {
    let config = mv(2);
    let (mut a, mut b) = (started(&config, 0), started(&config, 1));
    let one = a.write(8, 1, put("a")).unwrap();
    b.on_peer(0, Peer::Delta(one));
    let gone = b.write(9, 1, delete()).unwrap();
    a.write(8, 2, with(put("c"), VersionVector::default()));
    a.on_peer(1, Peer::Delta(gone));
    assert_eq!(a.values("x"), bytes(&["c"]));
}

#[test]
fn a_delete_that_comes_before_what_it_deletes_still_deletes_it() {
    for rule in [Rule::LastWriterWins, Rule::MultiValue] {
        let config = config(3, rule);
        let [mut a, mut b, mut c] = [0, 1, 2].map(|at| started(&config, at));
        let one = a.write(8, 1, put("a")).unwrap();
        b.on_peer(0, Peer::Delta(one.clone()));
        let gone = b.write(9, 1, delete()).unwrap();
        c.on_peer(1, Peer::Delta(gone));
        c.on_peer(0, Peer::Delta(one));
        assert_eq!(c.values("x"), bytes(&[]), "{rule:?}");
    }
}

#[test]
fn to_delete_nothing_tells_nobody() {
    let mut node = started(&mv(2), 0);
    let did = node.on_msg(9, Service::Request { seq: 1, op: delete() });
    let requests = vec![(id(9), 1, Answer::Done)];
    let saved = Did::Save(Storage::Delta(Delta { requests, ..Delta::default() }));
    assert_eq!(did, [saved, reply(9, 1, Answer::Done)]);
}

/// Found by the instance `mv-one-node`: its client had the reply, and it deleted what another
/// client wrote afterwards.
#[test]
fn a_late_copy_of_a_delete_that_found_nothing_deletes_nothing() {
    for rule in [Rule::LastWriterWins, Rule::MultiValue] {
        let mut node = started(&config(2, rule), 0);
        let copy = Service::Request { seq: 1, op: delete() };
        node.on_msg(9, copy.clone());
        node.write(8, 1, put("a"));
        assert_eq!(node.on_msg(9, copy.clone()), [reply(9, 1, Answer::Done)]);
        node.restart();
        assert_eq!(node.on_msg(9, copy), [reply(9, 1, Answer::Done)]);
        assert_eq!(node.values("x"), bytes(&["a"]), "{rule:?}");
    }
}

#[test]
fn a_late_copy_of_a_put_that_was_not_done_is_not_done() {
    let mut node = started(&mv(2), 0);
    for seq in 1..=MAX_SIBLINGS as u64 {
        node.write(9, seq, with(put(&seq.to_string()), VersionVector::default()));
    }
    let copy = Service::Request { seq: 1, op: with(put("more"), VersionVector::default()) };
    let crowded = reply(8, 1, Answer::Crowded);
    assert_eq!(node.on_msg(8, copy.clone()).last(), Some(&crowded));
    node.write(7, 1, put("resolved"));
    assert_eq!(node.on_msg(8, copy), [crowded]);
    assert_eq!(node.values("x"), bytes(&["resolved"]));
}

#[test]
fn a_context_cannot_hide_what_this_node_will_write() {
    let mut node = started(&mv(2), 0);
    node.write(8, 1, with(put("a"), vector(&[(0, 100), (7, 100)])));
    node.write(9, 1, with(put("b"), VersionVector::default()));
    assert_eq!(node.values("x"), bytes(&["a", "b"]));
}

#[test]
fn a_key_has_a_bounded_number_of_siblings() {
    let mut node = started(&mv(2), 0);
    for seq in 1..=MAX_SIBLINGS as u64 {
        node.write(9, seq, with(put(&seq.to_string()), VersionVector::default()));
    }
    let seq = MAX_SIBLINGS as u64 + 1;
    let before = node.image().store.clone();
    let one_more = with(put("more"), VersionVector::default());
    let did = node.on_msg(9, Service::Request { seq, op: one_more });
    assert_eq!(did.last(), Some(&reply(9, seq, Answer::Crowded)));
    assert_eq!(node.image().store, before);
    assert!(node.write(9, seq + 1, put("resolved")).is_some());
}

#[test]
fn siblings_that_do_not_fit_an_answer_are_not_in_its_context() {
    let mut node = started(&mv(2), 0);
    for (seq, letter) in ["a", "b", "c"].into_iter().enumerate() {
        let value = letter.repeat(crate::kv::map::MAX_VALUE_BYTES);
        node.write(9, seq as u64 + 1, with(put(&value), VersionVector::default()));
    }
    let did = node.on_msg(8, request(1, Op::get("x")));
    let [Did::Send(_, Service::Reply { reply: Answer::Values { values, context, more }, .. })] =
        &did[..]
    else {
        panic!("{did:?}")
    };
    assert_eq!((values.len(), &context.known, *more), (1, &vector(&[(0, 1)]), true));
    node.write(8, 2, with(put("d"), context.clone()));
    assert_eq!(node.values("x").len(), 3);
}

#[test]
fn messages_from_no_node_of_the_cluster_are_ignored() {
    let mut node = started(&mv(2), 0);
    let written = update(dot(7, 1), Order::Knowing(VersionVector::default()), Some("a"));
    node.ignores(7, Service::Peer(Peer::Delta(written.clone())));
    node.ignores(1, Service::Peer(Peer::Delta(written)));
}

#[test]
fn an_operation_over_the_limits_is_refused_and_one_at_them_is_taken() {
    use crate::kv::map::{MAX_KEY_BYTES, MAX_VALUE_BYTES};
    let mut node = started(&config(2, Rule::MultiValue), 0);
    let put = |key: usize, value: usize| {
        Request::from(Op::Put { key: vec![b'k'; key].into(), value: vec![b'v'; value].into() })
    };
    for (seq, op) in [(1, put(MAX_KEY_BYTES + 1, 1)), (2, put(1, MAX_VALUE_BYTES + 1))] {
        let refused = Service::Refused { seq, why: Refusal::TooLarge };
        let did = node.on_msg(9, Service::Request { seq, op });
        assert_eq!(did, [Did::Send(9, refused)]);
    }
    assert!(node.write(9, 3, put(MAX_KEY_BYTES, MAX_VALUE_BYTES)).is_some());
}

#[test]
fn a_context_that_no_node_gave_for_that_key_is_refused_and_nothing_is_remembered() {
    let contexts = Authenticator::new(|bytes| [bytes.iter().fold(7, |sum, byte| sum ^ byte); 16]);
    let mut node = started(&Config { contexts, ..config(2, Rule::MultiValue) }, 0);
    node.write(8, 1, put("a"));
    let get = Service::Request { seq: 1, op: Op::get("x").into() };
    let [Did::Send(_, Service::Reply { reply: Answer::Values { context, .. }, .. })] =
        &node.on_msg(9, get)[..]
    else {
        panic!("values")
    };
    let future = Context { known: vector(&[(0, 1), (1, 1 << 40)]), tag: context.tag };
    let other_key = with(Op::put("y", "b").into(), context.clone());
    for request in [with(put("b"), future), with(put("b"), vector(&[(0, 1)])), other_key] {
        let msg = Service::Request { seq: 2, op: request };
        assert_eq!(node.on_msg(9, msg), [reply(9, 2, Answer::BadContext)]);
    }
    assert!(node.write(9, 2, with(put("b"), context.clone())).is_some());
    assert_eq!(node.values("x"), bytes(&["b"]));
}
