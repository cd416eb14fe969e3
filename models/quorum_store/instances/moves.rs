//! Nodes join, leave and are replaced while requests go on.

use super::super::bounds::{Bounds, cas, get, put};
use super::super::history::History;
use super::super::move_claims::{apart, moved_twice, one_view};
use super::super::moving::{
    joining, joining_one, joining_three, leaving, ordered_at_once, ordered_in_turn, replacing,
    taken_over, taken_over_in_turn, taken_over_live, taken_over_lossily, taken_over_serially,
};
use super::super::properties::{self as claims, Actor, Claim};
use crate::world::NetworkKind;
use crate::{Expected, Instance};

/// All of them, the quickest first.
pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![
        taken(),
        taken_two_clients(),
        taken_crash(),
        taken_lossy(),
        taken_live(),
        taken_serial(),
        join(),
        leave(),
        join_one(),
        two_orders(),
        replace(),
        move_twice(),
        join_three(),
        replace_return(),
    ]
}

/// What an atomic register promises, where so many replicas are a quorum; and that there was a move.
fn atomic(held: usize) -> Vec<Claim> {
    let judged = [
        claims::linearizable(),
        claims::regular(),
        claims::monotonic(),
        claims::written(),
        claims::not_outlived(),
    ];
    let moves = [claims::held(held), claims::moved(), claims::meanwhile()];
    judged.into_iter().chain(moves).collect()
}

/// On links that keep the order of messages: three nodes that move say much, and on the set network each
/// message that was said multiplies the states. The keys that one node holds move on that.
fn ordered(bounds: Bounds) -> Bounds {
    Bounds { network: NetworkKind::Ordered, ..bounds }
}

instance!(
    taken,
    "move",
    false,
    "a key that one node holds moves to another that joins, a client that puts at both nodes and gets",
    taken_over_in_turn(),
    atomic(1),
    (4_109, 47_223),
    &[]
);

instance!(
    taken_two_clients,
    "move-two-clients",
    false,
    "a key that one node holds moves to another that joins, a client that puts, one that gets at another node",
    taken_over(&[&[put(1, "a")], &[get(0)]]),
    atomic(1),
    (9_619, 111_167),
    &[]
);

instance!(
    taken_crash,
    "move-crash",
    false,
    "a key that one node holds moves to another that joins, a client that puts and gets at different nodes, 1 crash, 1 restart",
    Bounds { crashes: 1, restarts: 1, moves: Some(2), ..taken_over(&[&[put(0, "a"), get(1)]]) },
    atomic(1),
    (17_832, 175_715),
    &[]
);

instance!(
    taken_lossy,
    "move-lossy",
    false,
    "a key that one node holds moves to another that joins, a client that puts, any losses of all but what moves the key",
    taken_over_lossily(),
    atomic(1).into_iter().chain([claims::moves_end()]),
    (9_331, 79_980),
    &[]
);

instance!(
    taken_live,
    "move-answered",
    false,
    "a key that one node holds moves to another that joins, a client that puts and gets at different nodes, no losses",
    taken_over_live(),
    atomic(1).into_iter().chain([claims::answered(), claims::moves_end()]),
    (82_999, 560_020),
    &[]
);

instance!(
    taken_serial,
    "move-serial",
    false,
    "a key that one node holds moves to another that joins, ordered links, 2 clients that compare and swap, one at the node that joins, one at a node beside the ring",
    taken_over_serially(&[&[cas(2, None, "a")], &[cas(1, None, "b")]]),
    atomic(1).into_iter().chain([claims::settled(), claims::one_update(), claims::known(1)]),
    (96_410, 311_208),
    &[]
);

instance!(
    join,
    "join",
    false,
    "ordered links, a third node joins 2 that hold the key and takes the place of one, quorums, a client that puts, and gets at another node",
    ordered(joining(&[&[put(0, "a"), get(1)]])),
    atomic(2),
    (14_767, 47_001),
    &[]
);

instance!(
    leave,
    "leave",
    false,
    "ordered links, of 3 nodes one leaves and another takes its place for the key, quorums, a client that puts, and gets at another node",
    ordered(leaving(&[&[put(0, "a"), get(1)]])),
    atomic(2),
    (18_069, 58_561),
    &[]
);

instance!(
    join_one,
    "join-one",
    false,
    "a third node joins 2 that hold the key and takes the place of one, level one, a client that puts at that one, and gets",
    joining_one(),
    [claims::written(), claims::held(1), claims::moved(), claims::meanwhile()],
    (66_784, 1_121_736),
    &[]
);

instance!(
    two_orders,
    "two-orders",
    false,
    "ordered links, a key that one node holds, 2 operators that have a second and a third node join at once, a client that puts at one of these, and gets",
    ordered_at_once(),
    atomic(1).into_iter().chain([one_view(), apart()]),
    (28_069, 103_574),
    &[]
);

instance!(
    move_twice,
    "move-twice",
    true,
    "ordered links, a key that one node holds, an operator that has a second and then a third node join, a client that puts at one, and gets",
    ordered_in_turn(),
    atomic(1).into_iter().chain([one_view(), moved_twice()]),
    (1_164_270, 5_270_114),
    &[]
);

instance!(
    replace,
    "replace",
    false,
    "ordered links, of 3 nodes that hold the key one may crash for good, and a fourth replaces it, quorums, a client that puts and gets at another node",
    ordered(replacing(&[&[put(0, "a"), get(1)]])),
    atomic(2),
    (455_404, 2_011_093),
    &[]
);

instance!(
    join_three,
    "join-three",
    true,
    "ordered links, a fourth node joins 3 that hold the key and takes the place of one, quorums, a client that puts, and gets at that one",
    ordered(joining_three(&[&[put(0, "a"), get(2)]])),
    atomic(2),
    (3_768_382, 19_163_773),
    &[]
);

instance!(
    replace_return,
    "replace-return",
    true,
    "ordered links, of 3 nodes that hold the key one may crash and come back with its disk, and a fourth replaces it, quorums, a client that puts, and gets at the one that is replaced",
    ordered(Bounds { restarts: 1, ..replacing(&[&[put(0, "a"), get(2)]]) }),
    atomic(2),
    (2_463_624, 12_887_257),
    &[]
);
