//! What may be chosen of an instance that is not recorded.

use super::bounds::Bounds;
use super::properties::{Actor, History};
use crate::choice::{Choice, Unfit, check_restarts, letter, sizes};
use crate::kv::{Op, Transaction};
use crate::world::Cluster;

/// The sizes of an instance.
#[derive(Clone)]
pub(super) struct Sizes {
    participants: u8,
    clients: u8,
    ops: u8,
    gets: u8,
    crashes: u8,
    restarts: u8,
    deadlines: u8,
    doubts: u8,
    retries: u8,
    resends: u8,
    asynchronous_disk: u8,
}

/// Two participants and a client with a transaction that writes at each.
pub(super) fn choice() -> Choice<Sizes, Actor, History> {
    let sizes = Sizes {
        participants: 2,
        clients: 1,
        ops: 1,
        gets: 0,
        crashes: 0,
        restarts: 0,
        deadlines: 0,
        doubts: 0,
        retries: 0,
        resends: 0,
        asynchronous_disk: 0,
    };
    let bounds = sizes! { Sizes:
        participants = "participants", "participants, beside the coordinator", 1..=2;
        clients = "clients", "clients", 0..=5;
        ops = "ops", "transactions of each client that write two keys, one of each participant", 0..=5;
        gets = "gets", "transactions of each client that read both, after those", 0..=5;
        crashes = "crashes", "crashes in all, of any server", 0..=5;
        restarts = "restarts", "restarts in all", 0..=5;
        deadlines = "deadlines", "transactions for which the coordinator waits no longer", 0..=5;
        doubts = "doubts", "times that a prepared participant asks", 0..=5;
        retries = "retries", "requests that are sent again by a timer", 0..=5;
        resends = "resends", "times that the coordinator sends again", 0..=5;
        asynchronous_disk = "asynchronous-disk", "whether disks write beside the network", 0..=1;
    };
    Choice { sizes, bounds, cluster }
}

fn cluster(sizes: &Sizes) -> Result<Cluster<Actor, History>, Unfit> {
    check_restarts(sizes.crashes, sizes.restarts)?;
    let scripts = (0..sizes.clients).map(|client| script(client, sizes)).collect();
    let bounds = Bounds {
        participants: sizes.participants.into(),
        crashes: sizes.crashes,
        restarts: sizes.restarts,
        deadlines: sizes.deadlines,
        doubts: sizes.doubts,
        retries: sizes.retries,
        resends: sizes.resends,
        ..Bounds::calm(scripts)
    };
    let bounds = if sizes.asynchronous_disk > 0 { bounds.asynchronous() } else { bounds };
    let claims = bounds.safety();
    Ok(bounds.cluster(claims, None))
}

fn script(client: u8, sizes: &Sizes) -> Vec<Transaction> {
    let write = |op| {
        let value = letter(client, op);
        [Op::put("x", &value), Op::put("y", &value)].into()
    };
    let reads = (0..sizes.gets).map(|_| [Op::get("x"), Op::get("y")].into());
    (0..sizes.ops).map(write).chain(reads).collect()
}
