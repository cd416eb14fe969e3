//! What may be chosen of an instance that is not recorded.

use super::Quorums;
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
    elections: u8,
    crashes: u8,
    restarts: u8,
    heartbeats: u8,
    retries: u8,
    window: u8,
    keep: u8,
    prepare_quorum: u8,
    accept_quorum: u8,
    pre_vote: u8,
    asynchronous_disk: u8,
}

/// Three replicas and a client that writes.
pub(super) fn choice() -> Choice<Sizes, Actor, History> {
    let sizes = Sizes {
        servers: 3,
        clients: 1,
        ops: 1,
        gets: 0,
        slots: 1,
        elections: 0,
        crashes: 0,
        restarts: 0,
        heartbeats: 0,
        retries: 0,
        window: 2,
        keep: 2,
        prepare_quorum: 0,
        accept_quorum: 0,
        pre_vote: 0,
        asynchronous_disk: 0,
    };
    let bounds = sizes! { Sizes:
        servers = "servers", "replicas", 1..=7;
        clients = "clients", "clients", 0..=5;
        ops = "ops", "writes of each client, all of one key", 0..=5;
        gets = "gets", "reads of each client, after its writes", 0..=5;
        slots = "slots", "requests that each client has under way", 1..=4;
        elections = "elections", "election timers that fire", 0..=5;
        crashes = "crashes", "crashes in all, of any replica", 0..=5;
        restarts = "restarts", "restarts in all", 0..=5;
        heartbeats = "heartbeats", "heartbeat timers that fire", 0..=5;
        retries = "retries", "requests that are sent again by a timer", 0..=5;
        window = "window", "slots of the log that a leader has open at a time", 1..=5;
        keep = "keep", "commands that a replica keeps when they are applied", 0..=5;
        prepare_quorum = "prepare-quorum", "the quorum of phase one, 0 for a majority", 0..=7;
        accept_quorum = "accept-quorum", "the quorum of phase two, 0 for a majority", 0..=7;
        pre_vote = "pre-vote", "whether a replica asks before it prepares", 0..=1;
        asynchronous_disk = "asynchronous-disk", "whether disks write beside the network", 0..=1;
    };
    Choice { sizes, bounds, cluster }
}

fn cluster(sizes: &Sizes) -> Result<Cluster<Actor, History>, Unfit> {
    check_restarts(sizes.crashes, sizes.restarts)?;
    let quorums = quorums(sizes)?;
    let bounds = Bounds {
        servers: sizes.servers.into(),
        slots: sizes.slots,
        elections: sizes.elections,
        heartbeats: sizes.heartbeats,
        retries: sizes.retries,
        crashes: sizes.crashes,
        restarts: sizes.restarts,
        window: sizes.window.into(),
        keep: sizes.keep.into(),
        quorums: Some(quorums),
        pre_vote: sizes.pre_vote > 0,
        asynchronous: sizes.asynchronous_disk > 0,
        ..Bounds::three((0..sizes.clients).map(|at| script(at, sizes.ops, sizes.gets)).collect())
    };
    Ok(bounds.cluster(claims::safety(quorums), None))
}

fn quorums(sizes: &Sizes) -> Result<Quorums, Unfit> {
    let servers = usize::from(sizes.servers);
    let majorities = Quorums::majorities(servers);
    let or = |chosen: u8, majority| if chosen == 0 { majority } else { usize::from(chosen) };
    let prepare = or(sizes.prepare_quorum, majorities.prepare);
    let accept = or(sizes.accept_quorum, majorities.accept);
    if prepare.max(accept) > servers || prepare + accept <= servers {
        return Err(Unfit(format!(
            "of {servers} replicas no quorums of {prepare} and {accept} are possible that always have \
             a replica in common"
        )));
    }
    Ok(Quorums { prepare, accept })
}
