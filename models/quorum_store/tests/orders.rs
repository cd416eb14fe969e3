//! Orders that move the ring, and what a node says of it.

use super::super::config::{Config, Handoff, Purge, Timing};
use super::super::message::{Answer, Msg, Order, Request, Unfit};
use super::super::seals::Seals;
use super::cluster::{Cluster, cluster, deliver, sent, stable};
use crate::kv::Service;
use crate::membership::{Change, Epoch, RingState};
use crate::ring::Ring;
use crate::testing::Did;
use stateright::actor::Id;
use std::sync::Arc;

/// Nodes of which the first three are on the ring, each key at two of them.
fn config(nodes: usize) -> Config {
    let ring = Some(Ring::new((0..3).map(Id::from), 4));
    Config { ring, ..Config::new(nodes, 2, Timing::model()) }
}

/// Asks a node as a client; its answer. All that it says to others arrives.
fn ask(nodes: &mut Cluster, at: usize, request: Request) -> Answer {
    let did = nodes[at].on_msg(100, Service::Request { seq: 1, op: request });
    let answer = did.iter().find_map(|did| match did {
        Did::Send(100, Msg::Reply { reply, .. }) => Some(reply.clone()),
        _ => None,
    });
    deliver(nodes, sent(at, did), None);
    answer.unwrap()
}

fn order(change: Change, epoch: Epoch) -> Request {
    Request::Move(Seals::default().order(change, epoch))
}

fn epoch(number: u64, mover: usize) -> Epoch {
    Epoch { number, mover: (number > 0).then(|| Id::from(mover)) }
}

fn join(node: usize) -> Change {
    Change::Join(Id::from(node))
}

fn replace(gone: usize, by: usize) -> Change {
    Change::Replace { gone: Id::from(gone), by: Id::from(by) }
}

fn refused(config: &Config, at: usize, change: Change, of: Epoch) -> Unfit {
    match ask(&mut cluster(config), at, order(change, of)) {
        Answer::NotMoved(why) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_order_is_carried_out_once_and_the_ring_is_shown() {
    let mut nodes = cluster(&config(5));
    let Answer::Ring(RingState { view, .. }) = ask(&mut nodes, 1, Request::Ring) else { panic!() };
    assert_eq!((view.epoch, view.members.len()), (0, 3));
    let first = order(join(3), epoch(0, 0));
    let Answer::Ring(began) = ask(&mut nodes, 0, first.clone()) else { panic!() };
    assert_eq!((began.view.epoch, began.view.is_moving), (1, true));
    assert_eq!(stable(&nodes[2]).view.epoch, 2, "all answered each other");
    // It comes again, while the ring moves or after.
    let Answer::Ring(again) = ask(&mut nodes, 0, first.clone()) else { panic!() };
    assert_eq!((again.view.epoch, again.view.members.len()), (2, 4));
    // Not at another node, nor in a later view.
    assert_eq!(ask(&mut nodes, 1, first.clone()), Answer::NotMoved(Unfit::OtherView));
    ask(&mut nodes, 1, order(replace(2, 4), epoch(2, 0)));
    assert_eq!(ask(&mut nodes, 0, first), Answer::NotMoved(Unfit::OtherView));
    let Answer::Ring(last) = ask(&mut nodes, 4, Request::Ring) else { panic!() };
    assert_eq!((last.view.epoch, last.view.retired.len()), (4, 1));
    let returns = order(join(2), epoch(4, 1));
    assert_eq!(ask(&mut nodes, 0, returns), Answer::NotMoved(Unfit::Retired));
    let leaves = order(Change::Leave(Id::from(0)), epoch(4, 1));
    assert!(matches!(ask(&mut nodes, 0, leaves), Answer::Ring(_)));
    assert_eq!(stable(&nodes[0]).view.members, [1, 3, 4].map(Id::from).into());
}

#[test]
fn an_order_that_makes_no_sense_is_refused() {
    let (of, plain) = (epoch(0, 0), config(5));
    let plainly = |at, change, of| refused(&plain, at, change, of);
    assert_eq!(plainly(0, join(1), of), Unfit::NotSpare);
    assert_eq!(plainly(0, join(5), of), Unfit::NotSpare);
    assert_eq!(plainly(0, replace(4, 3), of), Unfit::NotMember);
    assert_eq!(plainly(0, replace(0, 3), of), Unfit::Itself);
    assert_eq!(plainly(0, join(3), epoch(2, 0)), Unfit::OtherView);
    let small = Config { replicas: 3, ..config(5) };
    assert_eq!(refused(&small, 0, Change::Leave(Id::from(1)), of), Unfit::TooFew);
    let single = Config { replicas: 1, ..config(5) };
    assert_eq!(refused(&single, 0, replace(1, 3), of), Unfit::TooFew);
    for flawed in [
        Config { purge: Purge::AfterRepair, ..config(5) },
        Config { purge: Purge::OnTimer, ..config(5) },
        Config { handoff: Handoff::Sloppy, ..config(5) },
    ] {
        assert_eq!(refused(&flawed, 0, join(3), of), Unfit::Settings);
    }
}

#[test]
fn an_order_takes_the_key_of_servers() {
    let sealed =
        |byte: u8| Seals::new(Arc::new(move |bytes: &[u8]| [byte ^ bytes.len() as u8; 16]));
    let config = Config { seals: sealed(1), ..config(5) };
    let mut nodes = cluster(&config);
    let forged = sealed(2).order(join(3), epoch(0, 0));
    assert_eq!(ask(&mut nodes, 0, Request::Move(forged)), Answer::NotMoved(Unfit::Forged));
    let good = sealed(1).order(join(3), epoch(0, 0));
    let mut seal = good.seal;
    seal[15] ^= 1;
    let altered = Request::Move(Order { seal, ..good });
    assert_eq!(ask(&mut nodes, 0, altered), Answer::NotMoved(Unfit::Forged));
    assert!(matches!(ask(&mut nodes, 0, Request::Move(good)), Answer::Ring(_)));
}

/// While a move waits for a node, no other one begins, and the node that is waited for is known.
#[test]
fn one_move_at_a_time() {
    let mut nodes = cluster(&config(5));
    let op = order(join(3), epoch(0, 0));
    let did = nodes[0].on_msg(100, Service::Request { seq: 1, op });
    deliver(&mut nodes, sent(0, did), Some(2));
    let of = epoch(1, 0);
    assert_eq!(ask(&mut nodes, 0, order(join(4), of)), Answer::NotMoved(Unfit::UnderWay));
    let Answer::Ring(state) = ask(&mut nodes, 0, Request::Ring) else { panic!() };
    let awaited: Vec<Id> = state.view.awaited().difference(&state.ready).copied().collect();
    assert!(awaited.contains(&Id::from(2)) && !awaited.contains(&Id::from(1)), "{awaited:?}");
}
