//! The bounded instances that are checked, and what is expected of each.
//!
//! Each claims what its settings provide, and what they do not: a claim that must be violated is there
//! to show that the settings matter. On the set network a message once sent can be delivered at any
//! time, so sending it again changes nothing: the timers for that have no budget, but where messages are
//! lost.

macro_rules! instance {
    ($function:ident, $name:literal, $deep:literal, $about:literal, $bounds:expr, $claims:expr,
        ($unique:literal, $generated:literal), $violated:expr) => {
        fn $function() -> Instance<Actor, History> {
            Instance {
                name: $name,
                about: $about,
                deep: $deep,
                cluster: || $bounds.claiming($claims),
                symmetry: None,
                expected: Expected { unique: $unique, generated: $generated, violated: $violated },
            }
        }
    };
}

mod moves;
mod reduced;
mod serial;
mod several;
mod tombstones;

use super::bounds::{
    Bounds, at_once, cells, get, in_turn, lossy, missed, put, reader, repeating, rivals, with,
};
use super::config::{Clock, Handoff, ReadRepair, Stamps, WriteMode};
use super::history::History;
use super::message::Level;
use super::properties::{self as claims, Actor};
use crate::world::NetworkKind;
use crate::{Expected, Instance};
pub(super) use reduced::REDUCED;

/// All instances, the quickest first.
pub fn instances() -> Vec<Instance<Actor, History>> {
    let mut instances = vec![
        one_one(),
        no_repair(),
        read_one_write_all(),
        abd(),
        skew(),
        skew_no_repair(),
        hybrid_rivals(),
        query_in_turn(),
        query_two_writers(),
        query_crash(),
        retried_elsewhere(),
        failed_write_appears(),
        strict(),
        sloppy(),
        equal_timestamps(),
        lossy_links(),
        converging(),
        hints(),
        quorum_down(),
        abd_crash(),
        query_three_clients(),
    ];
    instances.extend(tombstones::instances());
    instances.extend(serial::instances());
    instances.extend(moves::instances());
    instances.extend(several::instances());
    instances
}

instance!(
    one_one,
    "one-one",
    false,
    "3 nodes, levels one and one, a client that puts, one that gets twice at different nodes",
    Bounds::new(
        3,
        vec![
            vec![with(Level::One, put(0, "a"))],
            vec![with(Level::One, get(0)), with(Level::One, get(1))]
        ]
    ),
    [
        claims::linearizable(),
        claims::regular(),
        claims::monotonic(),
        claims::written(),
        claims::not_outlived(),
        claims::overlap()
    ],
    (125, 688),
    &[(claims::LINEARIZABLE, 5), (claims::REGULAR, 6), (claims::MONOTONIC, 5)]
);

instance!(
    no_repair,
    "no-repair",
    false,
    "3 nodes, quorums, no read repair, a client that puts, one that gets twice at different nodes",
    Bounds { read_repair: ReadRepair::None, ..reader(vec![put(0, "a")]) },
    claims::atomic_and([claims::overlap()]),
    (2_307, 19_646),
    &[(claims::LINEARIZABLE, 11), (claims::MONOTONIC, 11)]
);

instance!(
    read_one_write_all,
    "read-one-write-all",
    false,
    "3 nodes, levels one and all, blocking read repair, a client that puts, one that gets twice at different nodes",
    Bounds::new(
        3,
        vec![
            vec![with(Level::All, put(0, "a"))],
            vec![with(Level::One, get(0)), with(Level::One, get(1))]
        ]
    ),
    [
        claims::linearizable(),
        claims::regular(),
        claims::monotonic(),
        claims::written(),
        claims::not_outlived(),
        claims::held(3)
    ],
    (129, 657),
    &[(claims::LINEARIZABLE, 5), (claims::MONOTONIC, 5)]
);

instance!(
    skew_no_repair,
    "skew-no-repair",
    false,
    "3 nodes, quorums, no read repair, physical clocks of which one is ahead, a client that puts at one node, one that gets, puts and gets twice at others",
    Bounds {
        clock: Clock::Physical,
        ahead: &[0],
        read_repair: ReadRepair::None,
        ..Bounds::new(3, vec![vec![put(0, "a")], vec![get(1), put(1, "b"), get(0), get(1)]])
    },
    claims::atomic_and([claims::overlap()]),
    (83_674, 1_050_997),
    &[
        (claims::LINEARIZABLE, 15),
        (claims::REGULAR, 16),
        (claims::MONOTONIC, 19),
        (claims::NOT_OUTLIVED, 12)
    ]
);

instance!(
    abd,
    "abd",
    false,
    "3 nodes, quorums, blocking read repair, a client that puts twice, one that gets twice at different nodes",
    reader(vec![put(0, "a"), put(0, "b")]),
    claims::atomic_and([claims::overlap(), claims::blocked()]),
    (332_065, 4_161_676),
    &[]
);

instance!(
    skew,
    "skew",
    false,
    "3 nodes, quorums, physical clocks of which one is ahead, a client that puts and gets, each twice at different nodes",
    in_turn(),
    claims::atomic(),
    (970, 9_475),
    &[(claims::LINEARIZABLE, 13), (claims::REGULAR, 13), (claims::NOT_OUTLIVED, 8)]
);

instance!(
    hybrid_rivals,
    "hybrid-rivals",
    false,
    "3 nodes, quorums, hybrid clocks, a client that puts at one node, one that gets, puts and gets at another",
    rivals(),
    claims::atomic_and([claims::causal(), claims::overlap()]),
    (25_494, 263_547),
    &[(claims::LINEARIZABLE, 17), (claims::REGULAR, 17), (claims::NOT_OUTLIVED, 12)]
);

instance!(
    query_two_writers,
    "query-two-writers",
    false,
    "3 nodes, quorums, writes that query, physical clocks of which one is ahead, 2 clients that put at different nodes, one of which gets",
    Bounds { write: WriteMode::Query, ..at_once() },
    claims::atomic_and([claims::overlap()]),
    (97_585, 1_123_040),
    &[]
);

instance!(
    query_in_turn,
    "query-in-turn",
    false,
    "3 nodes, quorums, writes that query, physical clocks of which one is ahead, a client that puts and gets, each twice at different nodes",
    Bounds { write: WriteMode::Query, ..in_turn() },
    claims::atomic(),
    (14_691, 176_551),
    &[]
);

instance!(
    query_crash,
    "query-crash",
    false,
    "3 nodes, quorums, writes that query, a client that puts at a node that may crash and come back, and puts and gets at another",
    repeating(),
    claims::atomic(),
    (32_705, 367_182),
    &[]
);

instance!(
    retried_elsewhere,
    "retried-elsewhere",
    false,
    "2 nodes, ordered links, quorums, writes that query, a client that puts, asks the other node once if no answer comes, and puts and gets at the first",
    Bounds {
        write: WriteMode::Query,
        retries: Some(1),
        wanders: true,
        network: NetworkKind::Ordered,
        ..Bounds::new(2, vec![vec![put(0, "a"), put(0, "b"), get(0)]])
    },
    claims::atomic(),
    (528, 781),
    &[(claims::LINEARIZABLE, 22), (claims::REGULAR, 22)]
);

instance!(
    failed_write_appears,
    "failed-write-appears",
    false,
    "3 nodes, quorums, a client that puts, one that gets twice at different nodes; a request may time out",
    Bounds { deadlines: 1, ..Bounds::new(3, vec![vec![put(0, "a")], vec![get(1), get(0)]]) },
    claims::atomic_and([claims::no_effect(), claims::timed_out()]),
    (6_344, 56_147),
    &[(claims::NO_EFFECT, 9)]
);

instance!(
    strict,
    "strict",
    false,
    "3 nodes, quorums, hints that do not count, a client that puts, and gets at another node; a request may time out, hints are replayed once",
    missed(Handoff::Strict),
    claims::atomic_and([claims::timed_out(), claims::hinted()]),
    (2_344, 19_413),
    &[]
);

instance!(
    sloppy,
    "sloppy",
    false,
    "4 nodes of which 3 hold the key, sloppy quorums, a client that puts, and gets at another node; a request may time out, hints are replayed once",
    missed(Handoff::Sloppy),
    claims::atomic_and([claims::hinted()]),
    (2_566, 22_514),
    &[(claims::LINEARIZABLE, 9), (claims::REGULAR, 9), (claims::HELD, 5)]
);

instance!(
    equal_timestamps,
    "equal-timestamps",
    false,
    "3 nodes, quorums, bare timestamps and rows of 2 cells, 2 clients that put at different nodes, one of which gets",
    cells(Stamps::BareCells),
    [claims::written(), claims::linearizable()],
    (6_095, 58_258),
    &[(claims::WRITTEN, 11), (claims::LINEARIZABLE, 11)]
);

instance!(
    lossy_links,
    "lossy",
    false,
    "2 nodes, quorums, a client that puts, any losses",
    Bounds { repairs: Some(0), ..lossy(vec![put(0, "a")]) },
    claims::atomic_and([claims::answered()]),
    (5_528, 39_433),
    &[]
);

instance!(
    converging,
    "converging",
    false,
    "2 nodes, level one, a client that puts, any losses, any number of repairs and nothing else that is sent again",
    Bounds { resends: Some(0), retries: Some(0), ..lossy(vec![with(Level::One, put(0, "a"))]) },
    [claims::written(), claims::held(1), claims::converges(2)],
    (2_084, 22_761),
    &[]
);

instance!(
    hints,
    "hints",
    false,
    "2 nodes, level one, hints, a client that puts, any losses, no repair",
    Bounds {
        handoff: Handoff::Strict,
        deadlines: 1,
        resends: Some(0),
        repairs: Some(0),
        ..lossy(vec![with(Level::One, put(0, "a"))])
    },
    [claims::answered(), claims::hints_arrive(), claims::hinted(), claims::held(1)],
    (69_152, 572_825),
    &[]
);

instance!(
    quorum_down,
    "quorum-down",
    false,
    "2 nodes of which one may crash for good, quorums, a client that puts, any losses",
    Bounds { crashes: 1, crashable: Some(vec![1]), repairs: Some(0), ..lossy(vec![put(0, "a")]) },
    [claims::answered(), claims::written()],
    (9_940, 70_209),
    &[(claims::ANSWERED, 7)]
);

instance!(
    abd_crash,
    "abd-crash",
    false,
    "3 nodes, quorums, blocking read repair, a client that puts, one that gets twice at different nodes, 1 crash, 1 restart",
    Bounds { crashes: 1, restarts: 1, ..reader(vec![put(0, "a")]) },
    claims::atomic_and([claims::overlap(), claims::blocked()]),
    (103_084, 1_031_390),
    &[]
);

instance!(
    query_three_clients,
    "query-three-clients",
    true,
    "3 nodes, quorums, writes that query, 2 clients that put at different nodes, one that gets twice",
    Bounds {
        write: WriteMode::Query,
        ..Bounds::new(3, vec![vec![put(0, "a")], vec![put(1, "b")], vec![get(2), get(0)]])
    },
    claims::atomic_and([claims::overlap()]),
    (7_804_879, 116_433_247),
    &[]
);
