//! Instances in which a node loses its disk. Messages of its former life may still arrive, which is
//! more than the runtime allows.

use super::super::bounds::{Bounds, delete, get, put, replaced, returning, with};
use super::super::history::History;
use super::super::properties::{self as claims, Actor, Claim};
use crate::causal::Rule;
use crate::world::NetworkKind;
use crate::{Expected, Instance};

/// All of them.
pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![
        returns(),
        three(),
        mv_replaced(),
        lww_replaced(),
        mv_delete(),
        twice(),
        lww_delete(),
        lossy(),
        three_twice(),
    ]
}

macro_rules! instance {
    ($function:ident, $name:literal, $deep:literal, $about:literal, $bounds:expr, $claims:expr,
        ($unique:literal, $generated:literal)) => {
        fn $function() -> Instance<Actor, History> {
            Instance {
                name: $name,
                about: $about,
                deep: $deep,
                cluster: || $bounds.cluster($claims, None),
                symmetry: None,
                expected: Expected { unique: $unique, generated: $generated, violated: &[] },
            }
        }
    };
}

instance!(
    lww_replaced,
    "lww-replaced",
    false,
    "last-writer-wins, 2 nodes, a client that puts twice at one, whose disk is lost, 1 crash, 1 restart",
    Bounds { crashes: 1, ..replaced(Rule::LastWriterWins, vec![(0, vec![put("a"), put("b")])]) },
    with(claims::last_writer_wins(), back()),
    (213_416, 1_337_362)
);

instance!(
    mv_replaced,
    "mv-replaced",
    false,
    "multi-value, 2 nodes, a client that puts and gets at one, whose disk is lost, one that \
     deletes at the other",
    replaced(Rule::MultiValue, vec![(0, vec![put("a"), get()]), (1, vec![delete()])]),
    with(claims::multi_value(), back()),
    (102_207, 882_153)
);

instance!(
    mv_delete,
    "mv-replaced-delete",
    false,
    "multi-value, 2 nodes, a client that puts and deletes at one, 1 digest, the disk of the other is lost",
    Bounds { gossips: Some(1), ..replaced(Rule::MultiValue, vec![(1, vec![put("a"), delete()])]) },
    with(claims::multi_value(), [claims::collected()]),
    (463_683, 3_594_568)
);

instance!(
    lww_delete,
    "lww-replaced-delete",
    true,
    "last-writer-wins, 2 nodes, a client that puts at one, whose disk is lost, one that deletes at \
     the other, 1 digest",
    Bounds {
        gossips: Some(1),
        ..replaced(Rule::LastWriterWins, vec![(0, vec![put("a")]), (1, vec![delete()])])
    },
    with(claims::last_writer_wins(), back()),
    (1_326_080, 11_474_711)
);

instance!(
    three,
    "mv-replaced-three",
    false,
    "multi-value, 3 nodes, a client that puts at one, whose disk is lost",
    Bounds { nodes: 3, ..replaced(Rule::MultiValue, vec![(0, vec![put("a")])]) },
    with(claims::multi_value(), back()),
    (5_432, 49_895)
);

instance!(
    three_twice,
    "mv-replaced-both",
    true,
    "multi-value, 3 nodes, a client that puts at one, 2 disks that are lost, of that node and \
     another; each message arrives once",
    Bounds {
        nodes: 3,
        disks: 2,
        replaced: &[0, 1],
        network: NetworkKind::Single,
        ..replaced(Rule::MultiValue, vec![(0, vec![put("a")])])
    },
    with(claims::multi_value(), back()),
    (23_685_113, 158_332_145)
);

instance!(
    twice,
    "mv-replaced-twice",
    false,
    "multi-value, 2 nodes, a client that puts at one, 2 disks that are lost, also both of one node",
    Bounds { disks: 2, replaced: &[0, 1], ..replaced(Rule::MultiValue, vec![(0, vec![put("a")])]) },
    with(claims::multi_value(), back()),
    (701_469, 5_946_857)
);

instance!(
    returns,
    "mv-returns",
    false,
    "multi-value, 2 nodes, messages are lost, any number of digests, a disk that is lost, 1 crash, \
     1 restart",
    Bounds { crashes: 1, ..returning() },
    with(claims::multi_value(), [claims::converges(), claims::returns()]),
    (13_256, 118_741)
);

instance!(
    lossy,
    "lww-replaced-lossy",
    true,
    "last-writer-wins, 2 nodes, messages are lost, a client that puts at one, any number of \
     digests, the disk of the other is lost",
    Bounds {
        network: NetworkKind::Single,
        rule: Rule::LastWriterWins,
        clients: vec![(1, vec![put("a")])],
        ..returning()
    },
    with(claims::last_writer_wins(), [claims::converges(), claims::returns()]),
    (1_532_408, 27_808_833)
);

/// What must be reached where a node comes back: it holds a write that it acknowledged before, it
/// takes new ones, and one that it acknowledged is lost.
fn back() -> [Claim; 3] {
    [claims::restored(), claims::wrote_again(), claims::lost()]
}
