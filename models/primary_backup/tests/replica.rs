use super::*;

#[test]
fn the_first_primary_acts_from_the_start() {
    let (node, did) = Node::start(config(3).server(id(1)), 1, None);
    let first = Saved::complete(view(1, 1, &[2, 3]), 1, Image::default());
    assert_eq!(did, [Did::Set(Timer::Ping), Did::Save(first), ping(1, true)]);
    assert_eq!(node.leading(), &Leading::acting(&view(1, 1, &[2, 3]), 0));
}

#[test]
fn the_first_backups_hold_the_empty_state() {
    let (node, did) = Node::start(config(3).server(id(3)), 3, None);
    let first = Saved::complete(view(1, 1, &[2, 3]), 1, Image::default());
    assert_eq!(did, [Did::Set(Timer::Ping), Did::Save(first), ping(1, false)]);
    assert_eq!(node.replica().role, Role::Backup(Following::default()));
    assert!(node.replica().is_synced());
}

#[test]
fn a_primary_that_comes_back_leads_no_more_and_says_so_until_there_is_another_view() {
    let (mut node, did) = started_from(&config(3), 2, disk(view(4, 2, &[1, 3]), 4, 7));
    let resigns = send(0, Peer::Resign { view: 4 });
    assert_eq!(did, [Did::Set(Timer::Ping), resigns.clone()]);
    assert_eq!((&node.replica().role, &node.replica().image), (&Role::Resigned, &image(7)));
    assert_eq!(node.on_timeout(&Timer::Ping), [Did::Set(Timer::Ping), resigns]);
    node.ignores(9, request(8, &put(8)));
    for backup in [1, 3] {
        node.ignores(backup, Service::Peer(Peer::Ack { view: 4, op: 7 }));
    }
    node.on_peer(0, Peer::View(view(5, 1, &[2, 3])));
    assert_eq!(node.replica().role, Role::Backup(Following::default()));
}

#[test]
fn a_primary_that_came_back_may_lead_the_next_view() {
    let (mut node, _) = started_from(&config(2), 2, disk(view(2, 2, &[]), 2, 7));
    let next = view(3, 2, &[]);
    let did = node.on_peer(0, Peer::View(next.clone()));
    let acts = [Did::Save(Saved::synced(3)), ping(3, true)];
    assert_eq!(did, [[Did::Save(Saved::view(next))].as_slice(), &acts].concat());
    assert!(node.leading().acting);
}

#[test]
fn a_backup_that_comes_back_resumes() {
    let (mut node, did) = started_from(&config(2), 2, disk(view(1, 1, &[2]), 1, 1));
    assert_eq!(did, [Did::Set(Timer::Ping), ping(1, false)]);
    let did = node.on_peer(1, replicate(1, 2));
    assert_eq!(did.last(), Some(&send(1, Peer::Ack { view: 1, op: 2 })));
}

#[test]
fn pings_at_each_interval() {
    let mut node = node(&config(2), 1);
    let before = node.state.clone();
    assert_eq!(node.on_timeout(&Timer::Ping), [Did::Set(Timer::Ping), ping(1, true)]);
    assert_eq!(node.state, before);
}

#[test]
fn an_outsider_asks_for_the_state_at_each_interval_too() {
    let mut node = node(&config(2), 2);
    node.on_peer(0, Peer::View(view(2, 1, &[])));
    let fetch = send(1, Peer::Fetch { view: 2, held: None });
    assert_eq!(node.on_timeout(&Timer::Ping), [Did::Set(Timer::Ping), ping(2, false), fetch]);
}

#[test]
fn an_outsider_that_has_copied_asks_for_the_operations_since() {
    let (mut node, did) = started_from(&config(2), 2, disk(view(2, 1, &[]), 2, 5));
    let missing = send(1, Peer::Refill { view: 2, from: 6 });
    assert_eq!(did, [Did::Set(Timer::Ping), ping(2, false), missing.clone()]);
    assert_eq!(node.on_timeout(&Timer::Ping), [Did::Set(Timer::Ping), ping(2, false), missing]);
}

#[test]
fn adopts_a_newer_view_as_backup() {
    let mut node = node(&config(3), 3);
    let next = view(2, 2, &[3]);
    let did = node.on_peer(0, Peer::View(next.clone()));
    assert_eq!(did, [Did::Save(Saved::view(next.clone()))]);
    assert_eq!(node.replica().view, next);
    assert_eq!(node.replica().role, Role::Backup(Following::default()));
    assert!(!node.replica().is_synced(), "it does not know yet which state the view has");
}

#[test]
fn adopts_a_newer_view_as_primary() {
    let mut node = node(&config(3), 2);
    node.on_peer(1, replicate(1, 1));
    let next = view(2, 2, &[3]);
    let did = node.on_peer(0, Peer::View(next.clone()));
    let begin = send(3, Peer::Begin { view: 2, op: 1 });
    assert_eq!(did, [Did::Save(Saved::view(next)), begin, overdue(3), Did::Set(Timer::Resend)]);
    assert!(node.replica().is_primary() && !node.replica().is_acting());
}

#[test]
fn a_primary_without_backups_acts_at_once() {
    let mut node = node(&config(2), 2);
    let next = view(2, 2, &[]);
    let did = node.on_peer(0, Peer::View(next.clone()));
    let expected = [Did::Save(Saved::view(next)), Did::Save(Saved::synced(2)), ping(2, true)];
    assert_eq!(did, expected);
    assert!(node.replica().is_acting() && node.replica().is_synced());
}

#[test]
fn a_primary_that_is_replaced_stops_and_copies() {
    let mut node = node(&config(2), 1);
    node.on_msg(9, request(1, &put(1)));
    let next = view(2, 2, &[]);
    let did = node.on_peer(0, Peer::View(next.clone()));
    let expected = [
        Did::Save(Saved::view(next)),
        Did::Cancel(Timer::Resend),
        in_time(2),
        send(2, Peer::Fetch { view: 2, held: None }),
    ];
    assert_eq!(did, expected);
    assert_eq!(node.replica().role, Role::Outsider(Following::default()));
    assert_eq!(node.replica().image, image(1), "what it applied is kept, of view 1");
    assert_eq!(node.replica().synced, 1);
}

#[test]
fn views_that_are_not_newer_or_not_from_the_view_service_are_ignored() {
    let mut node = node(&config(2), 2);
    node.ignores(0, Service::Peer(Peer::View(view(1, 2, &[1]))));
    node.ignores(1, Service::Peer(Peer::View(view(2, 2, &[]))));
}

#[test]
fn a_message_of_a_newer_view_only_makes_it_ask_for_the_view() {
    let mut node = node(&config(2), 2);
    let before = node.state.clone();
    let messages = [
        Peer::Begin { view: 2, op: 0 },
        replicate(2, 1),
        Peer::Fetch { view: 2, held: None },
        Peer::Ack { view: 2, op: 0 },
        Peer::Refill { view: 2, from: 1 },
    ];
    for msg in messages {
        assert_eq!(node.on_peer(1, msg), [ping(1, false)]);
    }
    assert_eq!(node.state, before);
}

#[test]
fn who_is_not_primary_redirects() {
    let redirect =
        |leader, epoch| Did::Send(9, Service::Redirect { seq: 5, epoch, leader: id(leader) });
    let mut backup = node(&config(2), 2);
    assert_eq!(backup.on_msg(9, request(5, &put(1))), [redirect(1, 1)]);
    let mut outsider = node(&config(2), 1);
    outsider.on_peer(0, Peer::View(view(2, 2, &[])));
    assert_eq!(outsider.on_msg(9, request(5, &put(1))), [redirect(2, 2)]);
}

#[test]
fn what_is_meant_for_others_is_ignored() {
    let mut node = node(&config(2), 2);
    node.ignores(1, Service::Reply { seq: 1, reply: Reply::Done });
    node.ignores(1, Service::Peer(peer_ping(1, true, &[], None)));
    let before = node.state.clone();
    assert_eq!(node.on_timeout(&Timer::Suspect(id(1))), []);
    assert_eq!(node.on_timeout(&Timer::Resend), []);
    assert_eq!(node.state, before);
}
