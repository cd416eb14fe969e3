//! Watches at a server.

use super::*;
use std::collections::BTreeMap;

const OTHER: usize = 8;

fn watched(node: &mut Node, seq: u64) -> Watch {
    node.asks(seq, read(Request::get_data("/x"), true));
    node.server().watchers[&CLIENT.into()].watches.keys().next().unwrap().clone()
}

fn other_creates(node: &mut Node) -> Vec<Did> {
    node.asks_with(OTHER, 1, write(None, create("/x", CreateMode::Persistent)), &[])
}

#[test]
fn an_event_is_sent_once_when_the_watch_fires() {
    let mut server = alone();
    let watch = watched(&mut server, 1);
    assert_eq!((watch.kind, watch.since), (WatchKind::Exist, 0));
    assert_eq!(events(&other_creates(&mut server)), [(false, EventType::NodeCreated)]);
    let set = write(None, Request::set_data("/x", "a", None));
    assert_eq!(events(&server.asks_with(OTHER, 2, set, &[])), []);
}

#[test]
fn answers_carry_events_until_the_client_has_seen_them() {
    let mut server = alone();
    let watch = watched(&mut server, 1);
    other_creates(&mut server);
    let get = || read(Request::get_data("/x"), false);
    for seq in [2, 2, 3] {
        let did = server.asks_with(CLIENT, seq, get(), std::slice::from_ref(&watch));
        assert_eq!(events(&did), [(true, EventType::NodeCreated)]);
    }
    assert_eq!(events(&server.asks(4, get())), []);
    assert_eq!(server.server().watchers, BTreeMap::new());
}

#[test]
fn a_server_that_did_not_set_a_watch_knows_it_from_the_request() {
    let mut server = alone();
    other_creates(&mut server);
    let watch = Watch { path: "/x".into(), kind: WatchKind::Exist, since: 0 };
    let create = write(None, create("/y", CreateMode::Persistent));
    let did = server.asks_with(CLIENT, 1, create, &[watch]);
    assert_eq!(events(&did).last(), Some(&(true, EventType::NodeCreated)));
}

#[test]
fn an_earlier_request_does_not_bring_its_watches_back() {
    let mut server = alone();
    let watch = watched(&mut server, 1);
    let get = || read(Request::get_data("/"), false);
    server.asks_with(CLIENT, 3, get(), std::slice::from_ref(&watch));
    server.asks_with(CLIENT, 2, get(), &[]);
    assert_eq!(server.server().watchers[&CLIENT.into()].seq, 3);
    server.asks_with(CLIENT, 4, get(), &[]);
    assert_eq!(server.server().watchers, BTreeMap::new());
}

#[test]
fn an_answer_to_a_client_whose_watches_are_unknown_says_so_and_the_client_does_not_take_it() {
    let node = config(1).client(vec![read(Request::get_data("/x"), true), What::Sync]);
    let (mut client, _) = Node::start(node, CLIENT, None);
    let done = |seq, events| {
        let (zxid, reply) = (Zxid::default(), (seq == 1).then_some(Err(Error::NoNode)));
        Service::Reply { seq, reply: Answer::Done { zxid, tree: 0, reply, events } }
    };
    let sent = |did: &[Did]| match did {
        [Did::Send(0, Service::Request { seq, op }), Did::Set(_)] => (*seq, op.watches.len()),
        did => panic!("{did:?}"),
    };
    let did = client.on_msg(0, done(1, None));
    assert_eq!(sent(&did), (2, 1), "it had no watch, and has one now");
    assert_eq!(client.on_msg(0, done(2, None)), []);
    let watch = Watch { path: "/x".into(), kind: WatchKind::Exist, since: 0 };
    let event = WatchedEvent { watch, event: EventType::NodeCreated };
    client.on_msg(0, Service::Reply { seq: 0, reply: Answer::Events(vec![event]) });
    let State::Client(state) = &client.state else { panic!("not a client") };
    assert_eq!((state.known.watches.len(), state.client.done), (0, 1));
    client.on_msg(0, done(2, None));
    let State::Client(state) = &client.state else { panic!("not a client") };
    assert_eq!(state.client.done, 2);
}

#[test]
fn watches_and_their_clients_are_bounded() {
    let mut server = alone();
    let watch = |at: usize| Watch {
        path: format!("/{at}").as_str().into(),
        kind: WatchKind::Exist,
        since: 0,
    };
    let get = || read(Request::get_data("/x"), true);
    let most: Vec<_> = (0..MAX_WATCHES).map(watch).collect();
    let refused = |why| Service::Refused { seq: 1, why };
    let did = server.asks_with(CLIENT, 1, get(), &most);
    assert_eq!(did, [Did::Send(CLIENT, refused(Refusal::TooLarge))]);
    for client in 0..MAX_WATCHERS {
        server.asks_with(100 + client, 1, get(), &most[1..]);
    }
    // The first that was told all goes first, then the first.
    server.asks_with(100 + MAX_WATCHERS, 1, write(None, create("/7", CreateMode::Persistent)), &[]);
    server.asks_with(107, 2, read(Request::get_data("/y"), false), &[watch(7)]);
    assert_eq!(replies(&server.asks(1, get())).len(), 1);
    let known =
        |server: &Node, client: usize| server.server().watchers.contains_key(&client.into());
    assert!(known(&server, CLIENT) && known(&server, 100) && !known(&server, 107));
    server.asks_with(99, 1, get(), &[]);
    assert!(known(&server, 99) && !known(&server, CLIENT), "it asked with the smallest id");
    assert_eq!(server.server().watchers.len(), MAX_WATCHERS);
}
