//! What may be chosen of an instance that is not recorded.

use super::bounds::Bounds;
use super::properties::{Actor, History};
use super::{Ask, Zxid};
use crate::choice::{Choice, Unfit, check_restarts, letter, sizes};
use crate::kv::Op;
use crate::world::{Cluster, NetworkKind};

/// The sizes of an instance.
#[derive(Clone)]
pub(super) struct Sizes {
    servers: u8,
    observers: u8,
    clients: u8,
    ops: u8,
    gets: u8,
    looks: u8,
    losses: u8,
    crashes: u8,
    restarts: u8,
    resends: u8,
    retries: u8,
    open: u8,
    keep: u8,
    asynchronous_disk: u8,
    ordered_links: u8,
}

/// Three servers, of which the first leads, and a client that writes.
pub(super) fn choice() -> Choice<Sizes, Actor, History> {
    let sizes = Sizes {
        servers: 3,
        observers: 0,
        clients: 1,
        ops: 1,
        gets: 0,
        looks: 0,
        losses: 0,
        crashes: 0,
        restarts: 0,
        resends: 0,
        retries: 0,
        open: 4,
        keep: 8,
        asynchronous_disk: 0,
        ordered_links: 0,
    };
    let bounds = sizes! { Sizes:
        servers = "servers", "servers that vote", 1..=5;
        observers = "observers", "servers that do not vote", 0..=2;
        clients = "clients", "clients, each of which asks another server first", 0..=5;
        ops = "ops", "transactions of each client", 0..=5;
        gets = "gets", "local reads of each client, after its transactions", 0..=5;
        looks = "looks", "times that a server looks for a leader", 0..=5;
        losses = "losses", "times that a leader finds that it hears of no quorum", 0..=5;
        crashes = "crashes", "crashes in all, of any server", 0..=5;
        restarts = "restarts", "restarts in all", 0..=5;
        resends = "resends", "times that a server sends again", 0..=5;
        retries = "retries", "requests that are sent again by a timer", 0..=5;
        open = "open", "proposals that a leader has open at a time", 1..=8;
        keep = "keep", "delivered transactions that a server keeps", 0..=8;
        asynchronous_disk = "asynchronous-disk", "whether disks write beside the network", 0..=1;
        ordered_links = "ordered-links", "whether links lose nothing and keep the order", 0..=1;
    };
    Choice { sizes, bounds, cluster }
}

fn cluster(sizes: &Sizes) -> Result<Cluster<Actor, History>, Unfit> {
    check_restarts(sizes.crashes, sizes.restarts)?;
    let client = |at: u8| {
        let puts = (0..sizes.ops).map(|op| Ask::Do { op: Op::put("x", &letter(at, op)) });
        let read = || Ask::Read { op: Op::get("x"), seen: Zxid::default() };
        (usize::from(at % sizes.servers), puts.chain((0..sizes.gets).map(|_| read())).collect())
    };
    let bounds = Bounds {
        servers: sizes.servers.into(),
        observers: sizes.observers.into(),
        clients: (0..sizes.clients).map(client).collect(),
        looks: sizes.looks,
        losses: sizes.losses,
        crashes: sizes.crashes,
        restarts: sizes.restarts,
        resends: sizes.resends,
        retries: sizes.retries,
        open: sizes.open.into(),
        keep: sizes.keep.into(),
        asynchronous: sizes.asynchronous_disk > 0,
        network: if sizes.ordered_links > 0 { NetworkKind::Ordered } else { NetworkKind::Set },
        ..Bounds::three(vec![])
    };
    Ok(bounds.safe([]))
}
