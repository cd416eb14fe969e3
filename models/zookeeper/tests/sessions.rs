//! Sessions: who ends them.

use super::*;

fn opened(node: &mut Node) -> Vec<Did> {
    node.asks(1, write(None, Request::CreateSession))
}

#[test]
fn a_session_is_timed_from_when_it_is_open_until_it_is_closed() {
    let mut server = alone();
    let did = opened(&mut server);
    assert_eq!(replies(&did), [(1, Some(Ok(Response::Opened(SessionId(1)))))]);
    assert_eq!(timed(&did), (vec![1], vec![]));
    let did = server.asks(2, write(Some(1), Request::CloseSession));
    assert_eq!(replies(&did), [(2, Some(Ok(Response::Closed)))]);
    assert_eq!(timed(&did), (vec![1], vec![1]), "heard of, then closed");
}

#[test]
fn whatever_is_asked_in_a_session_gives_it_time_and_a_ping_is_no_transaction() {
    let mut server = alone();
    opened(&mut server);
    let slot = server.server().zab.stable.image.slot;
    let did = server.asks(2, What::Ping(op(Some(1), Request::CloseSession)));
    assert_eq!((replies(&did), timed(&did)), (vec![(2, None)], (vec![1], vec![])));
    assert_eq!(server.server().zab.stable.image.slot, slot);
    let get =
        What::Read { op: op(Some(1), Request::get_data("/")), seen: Zxid::default(), watch: false };
    assert_eq!(timed(&server.asks(3, get)).0, [1]);
    let did = server.asks(4, What::Ping(op(Some(7), Request::CloseSession)));
    assert_eq!(replies(&did), [(4, Some(Err(Error::SessionExpired)))]);
    assert_eq!(timed(&did).0, [0; 0]);
}

#[test]
fn a_session_of_which_nothing_is_heard_is_closed_by_a_transaction_of_the_leader() {
    let mut server = alone();
    opened(&mut server);
    server.asks(2, write(Some(1), create("/e", CreateMode::Ephemeral)));
    assert!(server.server().tree().node(b"/e").is_some());
    let did = server.on_timeout(&Timer::Expire(SessionId(1)));
    assert_eq!(replies(&did), [], "nobody asked");
    assert!(server.server().tree().node(b"/e").is_none());
    let txn = server.server().zab.stable.log.last_key_value().unwrap().1.clone();
    assert_eq!((txn.command.client, txn.command.seq), (0.into(), 0));
    assert_eq!(txn.command.op, Some(op(Some(1), Request::CloseSession)));
    let did = server.asks(3, write(Some(1), create("/e", CreateMode::Ephemeral)));
    assert_eq!(replies(&did), [(3, Some(Err(Error::SessionExpired)))]);
    assert_eq!(server.on_timeout(&Timer::Expire(SessionId(1))), [], "it is closed");
}

#[test]
fn no_client_speaks_for_a_server() {
    let mut server = alone();
    opened(&mut server);
    let close = || write(Some(1), Request::CloseSession);
    assert_eq!(server.asks_with(8, 0, close(), &[]), []);
    server.asks_with(8, 1, close(), &[]);
    assert!(server.server().tree().sessions().contains_key(&SessionId(1)), "it is another's");
}

#[test]
fn a_follower_times_no_session_and_sends_a_client_that_pings_to_the_leader() {
    let mut follower = Node::start(config(3).server(), 1, None).0;
    let epoch = Epoch::default();
    let zxid = Zxid::default().next(epoch);
    let command =
        zab::Command { client: CLIENT.into(), seq: 1, op: Some(Request::CreateSession.into()) };
    let txns = vec![zab::Txn { zxid, command }];
    follower.on_msg(0, Peer::Propose { epoch, prev: Zxid::default(), txns });
    let did = follower.on_msg(0, Peer::Commit { epoch, committed: zxid });
    assert!(follower.server().tree().sessions().contains_key(&SessionId(1)));
    assert_eq!(timed(&did), (vec![], vec![]));
    assert_eq!(follower.on_timeout(&Timer::Expire(SessionId(1))), []);
    let did = follower.asks(2, What::Ping(op(Some(1), Request::CloseSession)));
    let redirect = Service::Redirect { seq: 2, epoch: epoch.number(), leader: 0.into() };
    assert_eq!(did, [Did::Send(CLIENT, redirect)]);
}

#[test]
fn a_server_that_leads_again_after_a_crash_gives_sessions_their_full_time() {
    let mut server = alone();
    opened(&mut server);
    assert_eq!(timed(&server.restart()), (vec![], vec![]), "it does not lead yet");
    let did = server.on_timeout(&Timer::Zab(zab::Timer::Look));
    assert!(server.server().zab.leading().is_some());
    assert_eq!(timed(&did).0, [1]);
}

#[test]
fn a_use_of_a_resource_is_no_request_and_a_read_may_be_ordered() {
    let mut server = alone();
    assert_eq!(server.asks(1, What::Use(3)), []);
    let did = server.asks(1, write(None, Request::get_data("/")));
    let data = Response::Data { data: "".into(), stat: Stat::default() };
    assert_eq!(replies(&did), [(1, Some(Ok(data)))]);
    let did = server.asks(2, What::Sync);
    assert_eq!(replies(&did), [(2, None)]);
}
