//! The bounds of instances in which concurrent writes stay side by side. Clients write with the context of their
//! last get, and with an empty one before.

use super::bounds::{Bounds, delete, get, missed, put, with};
use super::config::{Handoff, ScriptedCall};
use super::message::Level;
use super::moving::{back_and_forth, taken_over};
use crate::causal::Rule;
use crate::world::NetworkKind;

/// The same bounds, where all writes stay until one that knows them.
fn several(bounds: Bounds) -> Bounds {
    Bounds { conflicts: Rule::MultiValue, judges_several: true, ..bounds }
}

/// Two clients put at different nodes, and one of them gets at a third.
pub(super) fn at_once_elsewhere() -> Bounds {
    several(Bounds::new(3, vec![vec![put(0, "a")], vec![put(1, "b"), get(2)]]))
}

/// The same, where the last writer wins.
pub(super) fn at_once_lost() -> Bounds {
    Bounds { judges_several: true, ..Bounds::new(3, vec![vec![put(0, "a")], vec![put(1, "b")]]) }
}

/// Two clients put at different nodes; one of them gets, and replaces what it read.
pub(super) fn resolving() -> Bounds {
    let resolves = vec![put(1, "b"), get(1), put(1, "c")];
    several(Bounds::new(2, vec![vec![put(0, "a")], resolves]))
}

/// The same, where it deletes what it read.
pub(super) fn deleting() -> Bounds {
    let deletes = vec![put(1, "b"), get(1), delete(1)];
    several(Bounds::new(2, vec![vec![put(0, "a")], deletes]))
}

/// A client that reads what it wrote, and replaces it, each at another node.
pub(super) fn own_write() -> Bounds {
    several(Bounds::new(3, vec![vec![put(0, "a"), get(1), put(2, "b"), get(0)]]))
}

/// Two clients put at a node that does not hold the key, and one of them gets there.
pub(super) fn handed() -> Bounds {
    let clients = vec![vec![put(2, "a")], vec![put(2, "b"), get(2)]];
    several(Bounds { replicas: 2, held: 2, ..Bounds::new(3, clients) })
}

/// Two clients that wait for one replica each.
pub(super) fn one_and_one() -> Bounds {
    let one = |call: ScriptedCall| with(Level::One, call);
    let clients = vec![vec![one(put(0, "a")), one(get(1))], vec![one(put(1, "b"))]];
    several(Bounds { held: 1, ..Bounds::new(2, clients) })
}

/// Two nodes that miss what is lost until they exchange what they have, and a client that puts at each, and reads
/// nothing.
pub(super) fn converging() -> Bounds {
    let one = |call: ScriptedCall| with(Level::One, call);
    let clients = vec![vec![one(put(0, "a")), one(put(1, "b"))]];
    let bounds = Bounds { repairs: None, held: 1, ..Bounds::new(2, clients) };
    several(Bounds { is_lossy: true, ..bounds })
}

/// A put that a replica may miss, and a get that asks it.
pub(super) fn missed_beside() -> Bounds {
    several(missed(Handoff::Strict))
}

/// A client puts at a node that may crash and come back, and asks it again if it does not answer; another one
/// puts and gets elsewhere.
pub(super) fn repeating() -> Bounds {
    let bounds = Bounds::new(2, vec![vec![put(0, "a")], vec![put(1, "b"), get(1)]]);
    let faults = Bounds { crashes: 1, restarts: 1, crashable: Some(vec![0]), ..bounds };
    several(Bounds { retries: Some(1), network: NetworkKind::Ordered, ..faults })
}

/// A key that one node holds moves to another, while two clients put at these nodes, and one gets.
pub(super) fn moving() -> Bounds {
    let bounds = taken_over(&[&[put(0, "a")], &[put(1, "b"), get(0)]]);
    several(Bounds { network: NetworkKind::Ordered, ..bounds })
}

/// A key moves from node 0 to node 1 and back, while a client puts at node 0 twice, and reads nothing.
pub(super) fn returning() -> Bounds {
    several(back_and_forth(&[put(0, "a"), put(0, "b")]))
}
