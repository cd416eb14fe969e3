//! The bounds of instances in which nodes join, leave and are replaced.
//!
//! Each node has one token. Of two nodes, 0 holds every key of one replica, but for `n`, which belongs to
//! node 1 once that has joined; and so on, as a test in `tests/moves.rs` says.

use super::bounds::{Bounds, get, in_order, lossy, of, put, with};
use super::config::ScriptedCall;
use super::message::{Level, Request};
use super::seals::Seals;
use crate::membership::{Change, Epoch, Move};
use crate::world::NetworkKind;
use stateright::actor::Id;

fn moved_by(mover: usize, members: usize, change: Change) -> (usize, Option<Move>) {
    (members, Some(Move { change, mover: Id::from(mover) }))
}

fn scripts(key: &str, clients: &[&[ScriptedCall]]) -> Vec<Vec<ScriptedCall>> {
    clients.iter().map(|calls| calls.iter().map(|call| of(key, call.clone())).collect()).collect()
}

/// A key that node 0 holds moves to node 1, which joins; clients do this meanwhile.
pub(super) fn taken_over(clients: &[&[ScriptedCall]]) -> Bounds {
    let moving = Some(moved_by(1, 1, Change::Join(Id::from(1))));
    Bounds { replicas: 1, held: 1, moving, ..Bounds::new(2, scripts("n", clients)) }
}

/// Writes at both nodes, and a read at the one that held the key.
pub(super) fn taken_over_in_turn() -> Bounds {
    taken_over(&[&[put(0, "a"), put(1, "b"), get(0)]])
}

/// Node 2 joins two nodes, and takes the place of node 1 for the key.
pub(super) fn joining(clients: &[&[ScriptedCall]]) -> Bounds {
    let moving = Some(moved_by(2, 2, Change::Join(Id::from(2))));
    Bounds { replicas: 2, held: 2, moving, ..Bounds::new(3, scripts("b", clients)) }
}

/// The same, where writes wait for one replica, and the one that hands over may have the only copy.
pub(super) fn joining_one() -> Bounds {
    let one = |call| with(Level::One, call);
    Bounds { held: 1, ..joining(&[&[one(put(1, "a")), one(get(0))]]) }
}

/// Node 3 joins three nodes that hold the key, and takes the place of node 2.
pub(super) fn joining_three(clients: &[&[ScriptedCall]]) -> Bounds {
    let moving = Some(moved_by(3, 3, Change::Join(Id::from(3))));
    Bounds { replicas: 3, held: 2, moving, ..Bounds::new(4, scripts("a", clients)) }
}

/// Of three nodes, node 1 leaves, and node 2 takes its place for the key.
pub(super) fn leaving(clients: &[&[ScriptedCall]]) -> Bounds {
    let moving = Some(moved_by(1, 3, Change::Leave(Id::from(1))));
    Bounds { replicas: 2, held: 2, moving, ..Bounds::new(3, scripts("x", clients)) }
}

/// Of three nodes that hold the key, node 2 may crash for good, and node 3 replaces it.
pub(super) fn replacing(clients: &[&[ScriptedCall]]) -> Bounds {
    let change = Change::Replace { gone: Id::from(2), by: Id::from(3) };
    let bounds =
        Bounds { moving: Some(moved_by(3, 3, change)), ..Bounds::new(4, scripts("x", clients)) };
    Bounds { replicas: 3, held: 2, crashes: 1, crashable: Some(vec![2]), ..bounds }
}

/// A key of one replica moves while messages are lost, and nothing is sent again but what moves it.
pub(super) fn taken_over_lossily() -> Bounds {
    let moving = Some(moved_by(1, 1, Change::Join(Id::from(1))));
    let script = scripts("n", &[&[with(Level::One, put(0, "a"))]]).concat();
    let bounds = Bounds { repairs: Some(0), moves: None, moving, ..lossy(script) };
    Bounds { replicas: 1, held: 1, resends: Some(0), retries: Some(0), ..bounds }
}

/// A key of one replica moves, what is sent arrives once, and coordinators send again.
pub(super) fn taken_over_live() -> Bounds {
    let bounds = taken_over(&[&[put(0, "a"), get(1)]]);
    Bounds { network: NetworkKind::Single, resends: None, moves: None, ..bounds }
}

/// A key that is written serially moves, on links that keep the order of messages; a third node is not
/// on the ring, and takes requests.
pub(super) fn taken_over_serially(clients: &[&[ScriptedCall]]) -> Bounds {
    let moving = Some(moved_by(1, 1, Change::Join(Id::from(1))));
    Bounds { replicas: 1, held: 1, moving, ..in_order(scripts("n", clients)) }
}

/// An operator's order to a node, that another one joins in this view.
fn order(node: usize, joins: usize, epoch: Epoch) -> ScriptedCall {
    (node, Request::Move(Seals::default().order(Change::Join(Id::from(joins)), epoch)))
}

/// Node 0 holds the key, which orders move while a client puts and gets.
fn ordered(operators: &[&[ScriptedCall]], calls: &[ScriptedCall]) -> Bounds {
    let operators = operators.iter().map(|orders| orders.to_vec());
    let clients = operators.chain(scripts("n", &[calls])).collect();
    let bounds = Bounds { network: NetworkKind::Ordered, ..Bounds::new(3, clients) };
    Bounds { replicas: 1, held: 1, moving: Some((1, None)), moves: Some(0), ..bounds }
}

/// Nodes 1 and 2 are told at once to join: either would hold the key then.
pub(super) fn ordered_at_once() -> Bounds {
    let first = Epoch::default();
    ordered(&[&[order(1, 1, first)], &[order(2, 2, first)]], &[put(2, "a"), get(0)])
}

/// Node 0 has node 2 join, and then node 1, perhaps before node 2 knows that its move has ended. The key moves
/// each time.
pub(super) fn ordered_in_turn() -> Bounds {
    let second = Epoch { number: 2, mover: Some(Id::from(0)) };
    ordered(&[&[order(0, 2, Epoch::default()), order(0, 1, second)]], &[put(2, "a"), get(1)])
}

/// Node 0 has node 1 join, and leave again. The key moves there and back.
pub(super) fn back_and_forth(calls: &[ScriptedCall]) -> Bounds {
    let second = Epoch { number: 2, mover: Some(Id::from(0)) };
    let leaves = Request::Move(Seals::default().order(Change::Leave(Id::from(1)), second));
    let bounds = ordered(&[&[order(0, 1, Epoch::default()), (0, leaves)]], calls);
    Bounds { nodes: 2, ..bounds }
}
