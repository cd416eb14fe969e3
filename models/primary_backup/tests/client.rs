//! The servers that a client of this service asks.

use super::*;
use crate::kv::Retry;

/// Client 9, which asks for one thing.
fn client() -> (Node, Vec<Did>) {
    Node::start(config(3).client(vec![put(1)]), 9, None)
}

fn redirect(seq: u64, epoch: u64, leader: usize) -> Msg<Map> {
    Service::Redirect { seq, epoch, leader: id(leader) }
}

fn asks(server: usize) -> [Did; 2] {
    [Did::Send(server, request(1, &put(1))), Did::Set(Timer::Retry(Retry))]
}

#[test]
fn it_asks_the_first_replica_first() {
    assert_eq!(client().1, asks(1));
}

#[test]
fn it_believes_only_news_of_who_leads() {
    let (mut node, _) = client();
    assert_eq!(node.on_msg(1, redirect(1, 3, 2)), asks(2));
    node.ignores(3, redirect(1, 2, 3));
    node.ignores(3, redirect(1, 3, 1));
    assert_eq!(node.on_msg(2, redirect(1, 4, 3)), asks(3));
}

#[test]
fn what_is_said_of_another_request_does_not_move_it() {
    let (mut node, _) = client();
    node.ignores(1, redirect(2, 3, 2));
    node.ignores(1, Service::Reply { seq: 2, reply: Reply::Done });
}

#[test]
fn without_an_answer_it_asks_the_next_replica_after_the_one_it_believed_in() {
    let (mut node, _) = client();
    node.on_msg(1, redirect(1, 3, 3));
    assert_eq!(node.on_timeout(&Timer::Retry(Retry)), asks(1));
    assert_eq!(node.on_timeout(&Timer::Retry(Retry)), asks(2));
    node.ignores(3, redirect(1, 3, 3));
}

#[test]
fn with_its_answer_it_asks_for_nothing_more() {
    let (mut node, _) = client();
    let reply = Service::Reply { seq: 1, reply: Reply::Done };
    assert_eq!(node.on_msg(1, reply.clone()), [Did::Cancel(Timer::Retry(Retry))]);
    node.ignores(1, reply);
    node.ignores(1, redirect(1, 3, 3));
}
