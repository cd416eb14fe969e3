//! Tombstones that go, on a timer or when all replicas have them.

use super::super::bounds::{
    Bounds, purging, purging_twice, purging_within_read, three_deleting, three_purging, two_keys,
};
use super::super::config::Purge;
use super::super::history::History;
use super::super::properties::{self as claims, Actor};
use crate::{Expected, Instance};

/// All of them, the quickest first.
pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![
        gc_on_timer(),
        gc_after_repair(),
        gc_within_read(),
        gc_stale_answer(),
        gc_two_keys(),
        tombstones_three(),
    ]
}

instance!(
    gc_on_timer,
    "gc-on-timer",
    false,
    "3 nodes, quorums, tombstones that go on a timer, a client that puts, deletes and gets, 1 purge",
    Bounds { purge: Purge::OnTimer, ..three_deleting() },
    claims::atomic_and([claims::deleted()]),
    (1_211, 9_638),
    &[(claims::LINEARIZABLE, 17), (claims::REGULAR, 17), (claims::DELETED, 17)]
);

instance!(
    gc_after_repair,
    "gc-after-repair",
    false,
    "2 nodes, quorums, tombstones that go when repaired, a client that puts, deletes and gets, 1 repair, 2 purges",
    purging(),
    claims::atomic_and([claims::deleted(), claims::collected(2)]),
    (75_649, 751_916),
    &[]
);

instance!(
    gc_two_keys,
    "gc-two-keys",
    false,
    "2 nodes, quorums, tombstones that go when repaired, a client that puts, one that deletes another key, what is sent arrives once, 1 repair, 1 purge",
    two_keys(),
    claims::atomic_and([claims::deleted(), claims::answered()]),
    (102_155, 633_125),
    &[]
);

instance!(
    gc_within_read,
    "gc-within-read",
    false,
    "2 nodes, quorums, tombstones that go when repaired, a client that puts, deletes at level one and gets at the other node, 1 repair, 1 purge",
    purging_within_read(),
    [
        claims::linearizable(),
        claims::regular(),
        claims::written(),
        claims::not_outlived(),
        claims::deleted(),
        claims::held(1),
    ],
    (16_144, 161_991),
    &[]
);

instance!(
    gc_stale_answer,
    "gc-stale-answer",
    false,
    "2 nodes, quorums, tombstones that go when repaired, a client that puts, deletes, and gets at level one, 2 repairs, 1 purge",
    purging_twice(),
    claims::atomic_and([claims::deleted()]),
    (39_126, 350_398),
    &[]
);

instance!(
    tombstones_three,
    "tombstones-three",
    true,
    "3 nodes, ordered links, quorums, tombstones that go when repaired, a client that puts and deletes, one that gets twice at different nodes, 1 repair, 2 purges",
    three_purging(),
    [
        claims::linearizable(),
        claims::regular(),
        claims::written(),
        claims::not_outlived(),
        claims::deleted(),
        claims::held(2),
        claims::overlap(),
    ],
    (435_235, 1_552_481),
    &[]
);
