//! Serial requests, on links that keep the order of messages.
//!
//! On the set network two rival requests alone have 553,013 states that no other covers, and in all of
//! them the same holds; that check takes 40 s, and one of all states minutes.

use super::super::bounds::{
    Bounds, cas, get, in_order, put, repeating_serially, rivalry, serial_get, unfinished,
};
use super::super::history::History;
use super::super::properties::{self as claims, Actor};
use crate::{Expected, Instance};

/// All of them, the quickest first.
pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![mixed_lwt(), lwt_rivalry(), lwt_serial_read(), lwt_crash(), expire_paxos_state()]
}

instance!(
    lwt_rivalry,
    "lwt-rivalry",
    false,
    "3 nodes, ordered links, 2 clients that compare and swap at different nodes",
    rivalry(),
    claims::serial().into_iter().chain([claims::overlap(), claims::finished()]),
    (70_354, 247_369),
    &[]
);

instance!(
    lwt_serial_read,
    "lwt-serial-read",
    false,
    "3 nodes, ordered links, a client that compares and swaps and gets twice serially at another node; a request may time out",
    unfinished([serial_get(1), serial_get(1)]),
    claims::serial().into_iter().chain([claims::timed_out(), claims::finished()]),
    (197_089, 693_112),
    &[]
);

instance!(
    lwt_crash,
    "lwt-crash",
    false,
    "2 nodes, ordered links, a client that puts serially at a node that may crash and come back, asks again once, and puts and gets serially at another",
    repeating_serially(),
    claims::serial().into_iter().chain([claims::timed_out(), claims::finished()]),
    (539, 1_012),
    &[]
);

instance!(
    mixed_lwt,
    "mixed-lwt",
    false,
    "3 nodes, ordered links, a client that compares and swaps, one that puts plainly and gets at another node",
    in_order(vec![vec![cas(1, None, "a")], vec![put(0, "b"), get(0)]]),
    [claims::linearizable(), claims::written(), claims::kept(), claims::one_update()],
    (7_941, 24_619),
    &[(claims::LINEARIZABLE, 15)]
);

instance!(
    expire_paxos_state,
    "expire-paxos-state",
    true,
    "3 nodes that forget promises on a timer, ordered links, 2 clients that compare and swap at different nodes, 1 purge",
    Bounds { expires_serial: true, purges: 1, ..rivalry() },
    [claims::linearizable(), claims::written()],
    (817_200, 3_069_979),
    &[(claims::LINEARIZABLE, 17)]
);
