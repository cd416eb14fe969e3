//! The bounded instances that are checked, and what is expected of each.
//!
//! On the set network a message once sent can be delivered at any time, so a client that asks
//! again, or a node that gossips twice in the same state, changes nothing: those timers have small
//! budgets.
//!
//! Within reach: with three nodes, two clients of two operations each, a crash and a restart; and
//! without a crash, three nodes that collect a tombstone (three digests, six deliveries in any
//! order). The states multiply by the subsets of deltas and pulls that each node has been shown, so
//! digests by timer are the first to be bounded. Within reach of a reduced check alone: three nodes that
//! fetch siblings of one key in pieces, with digests without end and a crash (`mv-lossy-pieces`). Beyond
//! reach: three nodes of which two clients put and delete, with a crash (more than 40 million states).

mod contexts;
mod newcomers;
mod pieces;
mod reduced;
mod sessions;

use super::bounds::{
    Bounds, converging, deleter, get, late_delete, one_node, put, reader, resolver, rivals, with,
};
use super::history::History;
use super::properties::{self as claims, Actor};
use crate::causal::Rule;
use crate::{Expected, Instance};
pub(super) use reduced::REDUCED;

/// All instances, the quickest first.
pub fn instances() -> Vec<Instance<Actor, History>> {
    let mut instances = vec![
        lww_stale(),
        mv_stale(),
        lww_one_node(),
        mv_one_node(),
        lww_rivals(),
        mv_rivals(),
        lww_delete(),
        mv_resolve(),
        mv_delete(),
        mv_converge(),
        lww_converge(),
        lww_three(),
        mv_three(),
        mv_three_delete(),
        lww_three_delete(),
    ];
    instances.extend(contexts::instances());
    instances.extend(pieces::instances());
    instances.extend(sessions::instances());
    instances.extend(newcomers::instances());
    instances
}

macro_rules! instance {
    ($function:ident, $name:literal, $deep:literal, $about:literal, $bounds:expr, $claims:expr,
        ($unique:literal, $generated:literal), $violated:expr) => {
        fn $function() -> Instance<Actor, History> {
            Instance {
                name: $name,
                about: $about,
                deep: $deep,
                cluster: || $bounds.cluster($claims, None),
                symmetry: None,
                expected: Expected { unique: $unique, generated: $generated, violated: $violated },
            }
        }
    };
}

instance!(
    lww_stale,
    "lww-stale",
    false,
    "last-writer-wins, 2 nodes, a client that puts at one, one that gets twice at the other",
    Bounds::new(2, Rule::LastWriterWins, reader()),
    with(claims::last_writer_wins(), [claims::linearizable()]),
    (92, 352),
    &[(claims::LINEARIZABLE, 6)]
);

instance!(
    mv_stale,
    "mv-stale",
    false,
    "multi-value, 2 nodes, a client that puts at one, one that gets twice at the other",
    Bounds::new(2, Rule::MultiValue, reader()),
    with(claims::multi_value(), [claims::linearizable()]),
    (92, 352),
    &[(claims::LINEARIZABLE, 6)]
);

instance!(
    lww_one_node,
    "lww-one-node",
    false,
    "last-writer-wins, 2 nodes, 2 clients at the same node, 1 crash, 1 restart: linearizable",
    one_node(),
    with(claims::last_writer_wins(), [claims::linearizable(), claims::overlap()]),
    (2_859, 16_309),
    &[]
);

instance!(
    mv_one_node,
    "mv-one-node",
    false,
    "multi-value, 2 nodes, a client that deletes, one that puts and gets at the same node, 1 crash, 1 restart: linearizable",
    late_delete(),
    with(claims::multi_value(), [claims::linearizable(), claims::overlap()]),
    (11_440, 76_395),
    &[]
);

instance!(
    lww_rivals,
    "lww-rivals",
    false,
    "last-writer-wins, 2 nodes, 2 clients that put and get at different nodes, 1 crash, 1 restart",
    Bounds { crashes: 1, ..Bounds::new(2, Rule::LastWriterWins, rivals()) },
    with(claims::last_writer_wins(), [claims::covered(), claims::overlap()]),
    (4_985, 32_102),
    &[(claims::COVERED, 4)]
);

instance!(
    lww_delete,
    "lww-delete",
    false,
    "last-writer-wins, 2 nodes, one's clock ahead, a put and a delete, 2 digests, 1 crash, 1 restart",
    Bounds {
        crashes: 1,
        gossips: Some(2),
        ahead: &[0],
        ..Bounds::new(2, Rule::LastWriterWins, deleter())
    },
    with(claims::last_writer_wins(), [claims::collected(), claims::repaired()]),
    (79_874, 512_819),
    &[]
);

instance!(
    mv_rivals,
    "mv-rivals",
    false,
    "multi-value, 2 nodes, a client that puts at one, one that puts and gets at the other, 1 retry",
    Bounds {
        retries: 1,
        ..Bounds::new(2, Rule::MultiValue, vec![(0, vec![put("a")]), (1, vec![put("b"), get()])])
    },
    with(claims::multi_value(), [claims::siblings(), claims::overlap()]),
    (27_098, 197_131),
    &[]
);

instance!(
    mv_resolve,
    "mv-resolve",
    false,
    "multi-value, 2 nodes, a client that writes, one that resolves, 1 crash, 1 restart",
    Bounds { crashes: 1, ..Bounds::new(2, Rule::MultiValue, resolver()) },
    with(claims::multi_value(), [claims::siblings(), claims::resolved()]),
    (61_019, 445_758),
    &[]
);

instance!(
    mv_delete,
    "mv-delete",
    false,
    "multi-value, 2 nodes, a client that puts, one that deletes, 2 digests, 1 crash, 1 restart",
    Bounds { gossips: Some(2), crashes: 1, ..Bounds::new(2, Rule::MultiValue, deleter()) },
    with(claims::multi_value(), [claims::collected(), claims::repaired()]),
    (16_130, 90_465),
    &[]
);

instance!(
    mv_converge,
    "mv-converge",
    false,
    "multi-value, 2 nodes, messages are lost, a client that deletes, any number of digests",
    converging(),
    with(claims::multi_value(), [claims::converges(), claims::tombstones_go()]),
    (13_320, 118_305),
    &[]
);

instance!(
    lww_converge,
    "lww-converge",
    false,
    "last-writer-wins, 2 nodes, messages are lost, a client that puts, any number of digests, 1 crash, 1 restart",
    Bounds {
        crashes: 1,
        gossips: None,
        is_lossy: true,
        ..Bounds::new(2, Rule::LastWriterWins, vec![(0, vec![put("a")])])
    },
    with(claims::last_writer_wins(), [claims::converges()]),
    (6_176, 50_573),
    &[]
);

instance!(
    lww_three,
    "lww-three",
    true,
    "last-writer-wins, 3 nodes, 2 clients with 2 operations each, 1 crash, 1 restart",
    Bounds { crashes: 1, ..Bounds::new(3, Rule::LastWriterWins, rivals()) },
    with(claims::last_writer_wins(), [claims::covered(), claims::overlap()]),
    (149_991, 1_432_015),
    &[(claims::COVERED, 4)]
);

instance!(
    mv_three,
    "mv-three",
    true,
    "multi-value, 3 nodes, 2 clients with 2 operations each, 1 crash, 1 restart",
    Bounds { crashes: 1, ..Bounds::new(3, Rule::MultiValue, rivals()) },
    with(claims::multi_value(), [claims::siblings(), claims::overlap()]),
    (268_940, 2_611_445),
    &[]
);

instance!(
    lww_three_delete,
    "lww-three-delete",
    true,
    "last-writer-wins, 3 nodes, a client that puts, one that deletes, 3 digests: the tombstone goes",
    Bounds { gossips: Some(3), ..Bounds::new(3, Rule::LastWriterWins, deleter()) },
    with(claims::last_writer_wins(), [claims::collected()]),
    (113_079_709, 1_268_184_215),
    &[]
);

instance!(
    mv_three_delete,
    "mv-three-delete",
    true,
    "multi-value, 3 nodes, a client that puts, one that deletes, 3 digests: the tombstone goes",
    Bounds { gossips: Some(3), ..Bounds::new(3, Rule::MultiValue, deleter()) },
    with(claims::multi_value(), [claims::collected()]),
    (11_841_059, 125_100_946),
    &[]
);
