//! What may be chosen of an instance that is not recorded.

use super::bounds::{Bounds, create, watch, write};
use super::properties as claims;
use super::{CreateMode, History, Request, ZooKeeper};
use crate::choice::{Choice, Unfit, letter, sizes};
use crate::world::{Cluster, NetworkKind};

/// The sizes of an instance.
#[derive(Clone)]
pub(super) struct Sizes {
    servers: u8,
    clients: u8,
    sets: u8,
    creates: u8,
    watches: u8,
    ephemerals: u8,
    expirations: u8,
    looks: u8,
    retries: u8,
    ordered_links: u8,
}

/// Two servers, of which the first leads, and a client that creates a node.
pub(super) fn choice() -> Choice<Sizes, ZooKeeper, History> {
    let sizes = Sizes {
        servers: 2,
        clients: 1,
        sets: 0,
        creates: 1,
        watches: 0,
        ephemerals: 0,
        expirations: 0,
        looks: 0,
        retries: 0,
        ordered_links: 0,
    };
    let bounds = sizes! { Sizes:
        servers = "servers", "servers that vote", 1..=5;
        clients = "clients", "clients, each of which asks another server first", 0..=4;
        watches = "watches", "times that each client watches the children of the root, at first", 0..=3;
        sets = "sets", "times that each client sets the root's data, if it has the first version", 0..=3;
        creates = "creates", "sequential nodes that each client creates", 0..=3;
        ephemerals = "ephemerals", "ephemeral nodes that each client creates in a session", 0..=3;
        expirations = "expirations", "times that the timer of a session fires", 0..=3;
        looks = "looks", "times that a server looks for a leader", 0..=3;
        retries = "retries", "requests that are sent again by a timer", 0..=3;
        ordered_links = "ordered-links", "whether links lose nothing and keep the order", 0..=1;
    };
    Choice { sizes, bounds, cluster }
}

#[allow(clippy::unnecessary_wraps, reason = "as the choice asks; every size has an instance")]
fn cluster(sizes: &Sizes) -> Result<Cluster<ZooKeeper, History>, Unfit> {
    let client = |at: u8| {
        let times = |count: u8| 0..count;
        let watches = times(sizes.watches).map(|_| watch(Request::get_children("/")));
        let set = |op| write(Request::set_data("/", &letter(at, op), Some(0)));
        let sequential = |_| create("/n-", CreateMode::PersistentSequential);
        let open = (sizes.ephemerals > 0).then(|| write(Request::CreateSession));
        let ephemeral = |_| create("/e-", CreateMode::EphemeralSequential);
        let script = watches
            .chain(times(sizes.sets).map(set))
            .chain(times(sizes.creates).map(sequential))
            .chain(open)
            .chain(times(sizes.ephemerals).map(ephemeral));
        (usize::from(at % sizes.servers), script.collect())
    };
    let mut claims: Vec<fn() -> claims::Claim> = vec![claims::watch_order];
    // What the leader does of its own accord, and sessions, are no part of the history.
    let judged = sizes.ephemerals == 0;
    if judged {
        claims.extend([claims::linearizable as fn() -> claims::Claim, claims::unique]);
    }
    let bounds = Bounds {
        servers: sizes.servers.into(),
        expirations: sizes.expirations,
        looks: sizes.looks,
        retries: sizes.retries,
        judged,
        claims,
        network: if sizes.ordered_links > 0 { NetworkKind::Ordered } else { NetworkKind::Set },
        ..Bounds::two((0..sizes.clients).map(client).collect())
    };
    Ok(bounds.sound([]))
}
