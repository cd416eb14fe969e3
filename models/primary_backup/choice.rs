//! What may be chosen of an instance that is not recorded: of the synchronous mode.

use super::bounds::Bounds;
use super::properties::{self as claims, Actor, History};
use crate::choice::{Choice, Unfit, check_restarts, script, sizes};
use crate::world::Cluster;

/// The sizes of an instance.
#[derive(Clone)]
pub(super) struct Sizes {
    servers: u8,
    clients: u8,
    ops: u8,
    gets: u8,
    slots: u8,
    suspicions: u8,
    views: u8,
    crashes: u8,
    restarts: u8,
    retries: u8,
    pings: u8,
    window: u8,
    asynchronous_disk: u8,
}

/// Two replicas and a client that writes.
pub(super) fn choice() -> Choice<Sizes, Actor, History> {
    let sizes = Sizes {
        servers: 2,
        clients: 1,
        ops: 1,
        gets: 0,
        slots: 1,
        suspicions: 0,
        views: 3,
        crashes: 0,
        restarts: 0,
        retries: 0,
        pings: 0,
        window: 64,
        asynchronous_disk: 0,
    };
    let bounds = sizes! { Sizes:
        servers = "servers", "replicas, beside the view service", 1..=5;
        clients = "clients", "clients", 0..=5;
        ops = "ops", "writes of each client, all of one key", 0..=5;
        gets = "gets", "reads of each client, after its writes", 0..=5;
        slots = "slots", "requests that each client has under way", 1..=4;
        suspicions = "suspicions", "members that the view service leaves out", 0..=5;
        views = "views", "views that are explored", 1..=8;
        crashes = "crashes", "crashes in all, of any server", 0..=5;
        restarts = "restarts", "restarts in all", 0..=5;
        retries = "retries", "requests that are sent again by a timer", 0..=5;
        pings = "pings", "ping timers that fire", 0..=5;
        window = "window", "requests that may be on their way to the backups", 1..=64;
        asynchronous_disk = "asynchronous-disk", "whether disks write beside the network", 0..=1;
    };
    Choice { sizes, bounds, cluster }
}

fn cluster(sizes: &Sizes) -> Result<Cluster<Actor, History>, Unfit> {
    check_restarts(sizes.crashes, sizes.restarts)?;
    let scripts = (0..sizes.clients).map(|at| script(at, sizes.ops, sizes.gets)).collect();
    let bounds = Bounds {
        slots: sizes.slots,
        // A member is left out when it is found silent twice in a row.
        suspicions: Some(2 * sizes.suspicions),
        views: sizes.views.into(),
        crashes: sizes.crashes,
        restarts: sizes.restarts,
        retries: sizes.retries,
        pings: sizes.pings,
        max_pending: sizes.window.into(),
        asynchronous_disk: sizes.asynchronous_disk > 0,
        ..Bounds::synchronous(sizes.servers.into(), scripts)
    };
    Ok(bounds.cluster(claims::safety(), None))
}
