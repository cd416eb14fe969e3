//! Concurrent writes stay side by side, until one that knows them.

use super::super::bounds::Bounds;
use super::super::history::History;
use super::super::properties::{self as claims, Actor};
use super::super::several_bounds::{
    at_once_elsewhere, at_once_lost, converging, deleting, handed, moving, one_and_one, own_write,
    repeating, resolving, returning,
};
use super::super::several_claims as several;
use crate::{Expected, Instance};

/// All of them, the quickest first.
pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![
        concurrent_lost(),
        one(),
        own(),
        side_by_side(),
        resolved(),
        deleted(),
        forwarded(),
        repeated(),
        moved(),
        back(),
        crash(),
        live(),
    ]
}

instance!(
    concurrent_lost,
    "concurrent-lost",
    false,
    "3 nodes, quorums, the last writer wins, 2 clients that put at different nodes",
    at_once_lost(),
    [several::no_lost_update(), claims::held(2), claims::overlap()],
    (241, 1_565),
    &[(several::NO_LOST_UPDATE, 5)]
);

instance!(
    one,
    "siblings-one",
    false,
    "2 nodes, levels one and one, writes that stay side by side, 2 clients that put at different nodes, one of which gets at the other",
    one_and_one(),
    several::with(1, [several::siblings(), claims::overlap()]),
    (142, 798),
    &[(several::SEES_ACKNOWLEDGED, 4)]
);

instance!(
    own,
    "siblings-own-write",
    false,
    "3 nodes, quorums, writes that stay side by side, a client that puts, gets and puts, each at another node, and gets",
    own_write(),
    several::with(2, []),
    (4_820, 57_420),
    &[]
);

instance!(
    side_by_side,
    "siblings",
    false,
    "3 nodes, quorums, writes that stay side by side, 2 clients that put at different nodes, one of which gets at a third",
    at_once_elsewhere(),
    several::with(2, [several::siblings(), claims::overlap()]),
    (8_258, 80_729),
    &[]
);

instance!(
    resolved,
    "siblings-resolved",
    false,
    "2 nodes, quorums, writes that stay side by side, 2 clients that put at different nodes, one of which gets, and puts what replaces what it read",
    resolving(),
    several::with(2, [several::siblings(), several::resolved(), claims::overlap()]),
    (621, 4_145),
    &[]
);

instance!(
    deleted,
    "siblings-deleted",
    false,
    "2 nodes, quorums, writes that stay side by side, 2 clients that put at different nodes, one of which gets, and deletes what it read",
    deleting(),
    several::with(2, [several::siblings(), claims::overlap()]),
    (621, 4_145),
    &[]
);

instance!(
    forwarded,
    "siblings-handed-on",
    false,
    "3 nodes of which 2 hold the key, quorums, writes that stay side by side, 2 clients that put at the third, one of which gets there",
    handed(),
    several::with(2, [several::siblings(), claims::overlap()]),
    (841, 7_947),
    &[]
);

instance!(
    live,
    "siblings-converge",
    true,
    "2 nodes, level one, writes that stay side by side, a client that puts at each and reads nothing, any losses, any number of repairs and nothing else that is sent again",
    converging(),
    several::with(1, [several::siblings(), claims::converges(2)]),
    (713_716, 12_958_313),
    &[]
);

instance!(
    repeated,
    "siblings-repeated",
    false,
    "2 nodes, ordered links, quorums, writes that stay side by side, a client that puts at a node that may crash and come back, and asks it again, one that puts and gets at the other",
    repeating(),
    several::with(2, [several::siblings()]),
    (3_056, 6_945),
    &[]
);

instance!(
    moved,
    "siblings-move",
    false,
    "ordered links, a key that one node holds moves to another that joins, writes that stay side by side, 2 clients that put at these, one of which gets",
    moving(),
    several::with(1, [several::siblings(), claims::moved(), claims::meanwhile()]),
    (1_299, 2_523),
    &[]
);

instance!(
    back,
    "siblings-return",
    false,
    "ordered links, a key moves from one node to another that joins and leaves again, writes that stay side by side, a client that puts at the first one twice",
    returning(),
    several::with(1, [several::siblings(), claims::moved()]),
    (2_013, 4_556),
    &[]
);

instance!(
    crash,
    "siblings-crash",
    true,
    "3 nodes, quorums, writes that stay side by side, 2 clients that put at different nodes, one of which gets at a third, 1 crash, 1 restart",
    Bounds { crashes: 1, restarts: 1, ..at_once_elsewhere() },
    several::with(2, [several::siblings(), claims::overlap()]),
    (182_331, 1_980_199),
    &[]
);
