use super::*;
use crate::kv::service::Refusal;
use crate::kv::{SessionLimits, Sessions};

fn saved(client: usize, seq: u64, op: &Op) -> Did {
    Did::Save(Saved::applied(entry(client, seq, op)))
}

/// Acting in view 1 with backups 2 and 3, and the first put of client 9 under way.
fn with_one_pending() -> Node {
    let mut node = node(&config(3), 1);
    node.on_msg(9, request(1, &put(1)));
    node
}

fn pending(node: &Node) -> Vec<Entry<Op>> {
    node.replica().pending().cloned().collect()
}

/// The primary of view 4 that has not begun to act, with backups 1 and 3.
fn beginning() -> Node {
    leading(&config(3), view(4, 2, &[1, 3]), image(7))
}

#[test]
fn a_request_is_applied_saved_and_replicated_but_not_answered() {
    let mut node = node(&config(3), 1);
    let did = node.on_msg(9, request(1, &put(1)));
    let expected = [
        saved(9, 1, &put(1)),
        Did::Set(Timer::Resend),
        overdue(2),
        overdue(3),
        send(2, replicate(1, 1)),
        send(3, replicate(1, 1)),
    ];
    assert_eq!(did, expected);
    assert_eq!(node.replica().image, image(1));
    assert_eq!(pending(&node), [entry(9, 1, &put(1))]);
}

#[test]
fn a_second_request_does_not_put_off_the_resending_of_the_first() {
    let mut node = with_one_pending();
    let did = node.on_msg(8, request(1, &Op::get("x")));
    let replicate = Peer::Replicate { view: 1, op: 2, entries: vec![entry(8, 1, &Op::get("x"))] };
    let expected = [saved(8, 1, &Op::get("x")), send(2, replicate.clone()), send(3, replicate)];
    assert_eq!(did, expected, "a read is replicated too");
}

#[test]
fn a_request_is_answered_when_the_last_backup_has_it() {
    let mut node = with_one_pending();
    assert_eq!(node.on_peer(3, Peer::Ack { view: 1, op: 1 }), [in_time(3)]);
    assert_eq!(node.leading().acked, [(id(2), 0), (id(3), 1)].into());
    let did = node.on_peer(2, Peer::Ack { view: 1, op: 1 });
    assert_eq!(did, [in_time(2), Did::Cancel(Timer::Resend), done(9, 1)]);
    assert_eq!(pending(&node), []);
}

#[test]
fn an_acknowledgement_is_of_everything_up_to_it() {
    let mut node = with_one_pending();
    node.on_msg(8, request(1, &put(2)));
    node.on_msg(7, request(1, &put(3)));
    node.on_peer(3, Peer::Ack { view: 1, op: 3 });
    let did = node.on_peer(2, Peer::Ack { view: 1, op: 2 });
    assert_eq!(did, [overdue(2), done(9, 1), done(8, 1)]);
    assert_eq!(pending(&node), [entry(7, 1, &put(3))]);
}

#[test]
fn old_and_foreign_acknowledgements_are_ignored() {
    let mut node = with_one_pending();
    node.on_peer(2, Peer::Ack { view: 1, op: 1 });
    node.ignores(2, Service::Peer(Peer::Ack { view: 1, op: 1 }));
    node.ignores(2, Service::Peer(Peer::Ack { view: 1, op: 0 }));
    node.ignores(3, Service::Peer(Peer::Ack { view: 0, op: 1 }));
}

#[test]
fn what_an_outsider_has_is_not_held_by_the_view() {
    let mut node = leading(&config(3), view(4, 1, &[2]), image(0));
    node.on_peer(2, Peer::Ack { view: 4, op: 0 });
    node.on_msg(9, request(1, &put(1)));
    node.on_peer(3, Peer::Ack { view: 4, op: 1 });
    assert_eq!(pending(&node), [entry(9, 1, &put(1))]);
    assert_eq!(node.on_peer(2, Peer::Ack { view: 4, op: 1 }).last(), Some(&done(9, 1)));
}

#[test]
fn asynchronous_answers_at_once_and_only_once() {
    let config = Config { mode: Mode::Asynchronous, ..config(2) };
    let mut node = node(&config, 1);
    let did = node.on_msg(9, request(1, &put(1)));
    let expected = [
        saved(9, 1, &put(1)),
        done(9, 1),
        Did::Set(Timer::Resend),
        overdue(2),
        send(2, replicate(1, 1)),
    ];
    assert_eq!(did, expected);
    assert_eq!(node.on_msg(9, request(1, &put(1))), [done(9, 1)], "but asked again, again");
    let did = node.on_peer(2, Peer::Ack { view: 1, op: 1 });
    assert_eq!(did, [in_time(2), Did::Cancel(Timer::Resend)]);
}

#[test]
fn a_lone_primary_answers_at_once() {
    let mut node = node(&config(1), 1);
    assert_eq!(node.on_msg(9, request(1, &put(1))), [saved(9, 1, &put(1)), done(9, 1)]);
    assert_eq!(pending(&node), []);
}

#[test]
fn a_repeated_request_is_answered_only_when_the_backups_have_it() {
    let mut node = with_one_pending();
    node.ignores(9, request(1, &put(1)));
    node.on_peer(2, Peer::Ack { view: 1, op: 1 });
    node.on_peer(3, Peer::Ack { view: 1, op: 1 });
    let before = node.state.clone();
    assert_eq!(node.on_msg(9, request(1, &put(1))), [done(9, 1)]);
    assert_eq!(node.state, before, "and not applied again");
}

#[test]
fn an_old_request_is_ignored() {
    let mut node = with_one_pending();
    node.on_msg(9, request(2, &put(2)));
    node.ignores(9, request(1, &put(1)));
}

#[test]
fn a_request_that_its_client_gave_up_on_is_not_answered() {
    let mut node = with_one_pending();
    node.on_msg(9, request(2, &put(2)));
    node.on_peer(2, Peer::Ack { view: 1, op: 2 });
    let did = node.on_peer(3, Peer::Ack { view: 1, op: 2 });
    assert_eq!(did, [in_time(3), Did::Cancel(Timer::Resend), done(9, 2)]);
}

#[test]
fn a_client_whose_session_is_gone_is_refused() {
    let mut image = image(0);
    let mut sessions = Sessions::new(SessionLimits::clients(1));
    for client in [id(9), id(3)] {
        sessions.record(client, 1, Reply::Done);
    }
    image.sessions = sessions;
    let mut node = leading(&config(2), view(2, 1, &[]), image);
    let before = node.state.clone();
    let refused = Service::Refused { seq: 3, why: Refusal::SessionExpired };
    assert_eq!(node.on_msg(9, request(3, &put(1))), [Did::Send(9, refused)]);
    assert_eq!(node.state, before);
}

/// One request at a time, and two that wait.
fn narrow() -> Node {
    node(&Config { max_pending: 1, max_waiting: 2, ..config(2) }, 1)
}

fn waiting(node: &Node) -> Vec<Entry<Op>> {
    node.leading().waiting.iter().cloned().collect()
}

#[test]
fn requests_wait_their_turn_and_are_served_in_the_order_in_which_they_came() {
    let mut node = narrow();
    node.on_msg(9, request(1, &put(1)));
    assert_eq!(node.on_msg(8, request(1, &put(2))), []);
    assert_eq!(node.on_msg(7, request(1, &put(3))), []);
    node.ignores(8, request(1, &put(2)));
    assert_eq!(waiting(&node), [entry(8, 1, &put(2)), entry(7, 1, &put(3))]);
    let did = node.on_peer(2, Peer::Ack { view: 1, op: 1 });
    let next = Peer::Replicate { view: 1, op: 2, entries: vec![entry(8, 1, &put(2))] };
    assert_eq!(did.last(), Some(&send(2, next)));
    assert_eq!(waiting(&node), [entry(7, 1, &put(3))]);
}

#[test]
fn who_comes_to_a_full_queue_is_told_so() {
    let mut node = narrow();
    for client in [9, 8, 7] {
        node.on_msg(client, request(1, &put(1)));
    }
    let before = node.state.clone();
    let busy = Service::Refused { seq: 1, why: Refusal::Busy };
    assert_eq!(node.on_msg(6, request(1, &put(1))), [Did::Send(6, busy)]);
    assert_eq!(node.state, before);
}

#[test]
fn a_newer_request_takes_the_place_of_its_clients_older_one() {
    let mut node = narrow();
    for client in [9, 8, 7] {
        node.on_msg(client, request(1, &put(1)));
    }
    assert_eq!(node.on_msg(8, request(2, &put(2))), []);
    node.ignores(8, request(1, &put(1)));
    assert_eq!(waiting(&node), [entry(8, 2, &put(2)), entry(7, 1, &put(1))]);
}

#[test]
fn a_request_that_waits_is_served_when_the_view_has_begun() {
    let mut node = beginning();
    assert_eq!(node.on_msg(9, request(8, &put(8))), []);
    node.on_peer(1, Peer::Ack { view: 4, op: 7 });
    let did = node.on_peer(3, Peer::Ack { view: 4, op: 7 });
    assert_eq!(did.last(), Some(&send(3, replicate(4, 8))));
    assert_eq!(waiting(&node), []);
}

#[test]
fn what_waits_and_what_is_pending_stays_with_a_primary_that_leads_the_next_view() {
    let mut node = node(&Config { max_pending: 1, ..config(3) }, 1);
    node.on_msg(9, request(1, &put(1)));
    node.on_msg(8, request(1, &put(2)));
    node.on_peer(0, Peer::View(view(2, 1, &[3])));
    assert_eq!(waiting(&node), [entry(8, 1, &put(2))]);
    assert_eq!(node.on_peer(3, Peer::Refill { view: 2, from: 1 }), [send(3, replicate(2, 1))]);
    let did = node.on_peer(3, Peer::Ack { view: 2, op: 1 });
    assert!(did.contains(&done(9, 1)), "{did:?}");
    let next = Peer::Replicate { view: 2, op: 2, entries: vec![entry(8, 1, &put(2))] };
    assert_eq!(did.last(), Some(&send(3, next)));
}

#[test]
fn a_backup_that_does_not_acknowledge_in_time_is_reported_until_it_does() {
    let mut node = with_one_pending();
    assert_eq!(node.on_timeout(&Timer::Overdue(id(3))), [pings(1, true, &[3], None)]);
    assert_eq!(node.on_timeout(&Timer::Ping)[1], pings(1, true, &[3], None));
    node.on_peer(3, Peer::Ack { view: 1, op: 1 });
    assert_eq!(node.on_timeout(&Timer::Ping)[1], ping(1, true));
}

#[test]
fn a_backup_that_is_ahead_or_too_far_behind_is_reported() {
    let mut node = beginning();
    let fetch = Peer::Fetch { view: 4, held: None };
    assert_eq!(node.on_peer(1, fetch.clone()), [pings(4, false, &[1], None)]);
    node.ignores(1, Service::Peer(fetch));
    let mut image = image(7);
    image.recent = Recent::default();
    let mut node = leading(&config(3), view(4, 2, &[1]), image);
    let refill = Peer::Refill { view: 4, from: 7 };
    assert_eq!(node.on_peer(1, refill), [pings(4, false, &[1], None)]);
}

#[test]
fn who_is_behind_when_the_view_begins_gets_all_that_it_lacks() {
    let mut node = beginning();
    let did = node.on_peer(1, Peer::Refill { view: 4, from: 6 });
    assert_eq!(did, [send(1, replicate(4, 6)), send(1, replicate(4, 7))]);
}

#[test]
fn a_gap_is_refilled_from_what_is_pending() {
    let mut node = with_one_pending();
    node.on_msg(9, request(2, &put(2)));
    node.on_msg(9, request(3, &put(3)));
    let before = node.state.clone();
    let did = node.on_peer(3, Peer::Refill { view: 1, from: 2 });
    assert_eq!(did, [send(3, replicate(1, 2)), send(3, replicate(1, 3))]);
    assert_eq!(node.state, before);
    node.ignores(3, Service::Peer(Peer::Refill { view: 0, from: 2 }));
}

#[test]
fn resends_to_each_backup_what_it_did_not_acknowledge() {
    let mut node = with_one_pending();
    node.on_msg(9, request(2, &put(2)));
    node.on_peer(2, Peer::Ack { view: 1, op: 1 });
    let before = node.state.clone();
    let expected = [
        Did::Set(Timer::Resend),
        send(2, replicate(1, 2)),
        send(3, replicate(1, 1)),
        send(3, replicate(1, 2)),
    ];
    assert_eq!(node.on_timeout(&Timer::Resend), expected);
    assert_eq!(node.state, before);
}

#[test]
fn resends_a_bounded_number_at_a_time() {
    let mut node = node(&config(2), 1);
    for seq in 1..=2 * MAX_RESEND as u64 {
        node.on_msg(9, request(seq, &put(seq)));
    }
    assert_eq!(node.on_timeout(&Timer::Resend).len(), 1 + MAX_RESEND);
}

#[test]
fn resends_nothing_when_nothing_is_open() {
    let mut node = node(&config(2), 1);
    assert_eq!(node.on_timeout(&Timer::Resend), []);
}

#[test]
fn before_it_acts_it_resends_the_begin_to_who_did_not_answer() {
    let mut node = beginning();
    node.on_peer(1, Peer::Ack { view: 4, op: 7 });
    let begin = Peer::Begin { view: 4, op: 7 };
    assert_eq!(node.on_timeout(&Timer::Resend), [Did::Set(Timer::Resend), send(3, begin)]);
}

#[test]
fn acts_when_every_backup_holds_its_state() {
    let mut node = beginning();
    assert_eq!(node.on_peer(1, Peer::Ack { view: 4, op: 7 }), [in_time(1)]);
    assert!(!node.leading().acting);
    let did = node.on_peer(3, Peer::Ack { view: 4, op: 7 });
    let synced = Did::Save(Saved::synced(4));
    let expected = [in_time(3), Did::Cancel(Timer::Resend), synced, ping(4, true)];
    assert_eq!(did, expected);
    assert_eq!(node.leading(), &Leading::acting(&view(4, 2, &[1, 3]), 7));
}
