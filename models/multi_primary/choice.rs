//! What may be chosen of an instance that is not recorded.

use super::bounds::{Bounds, get, put};
use super::history::History;
use super::properties::{self as claims, Actor};
use crate::causal::Rule;
use crate::choice::{Choice, Unfit, letter, sizes};
use crate::world::Cluster;

/// The sizes of an instance.
#[derive(Clone)]
pub(super) struct Sizes {
    servers: u8,
    clients: u8,
    ops: u8,
    gets: u8,
    crashes: u8,
    gossips: u8,
    retries: u8,
    multi_value: u8,
}

/// Two nodes with last-writer-wins, and two clients that write at one each.
pub(super) fn choice() -> Choice<Sizes, Actor, History> {
    let sizes = Sizes {
        servers: 2,
        clients: 2,
        ops: 1,
        gets: 0,
        crashes: 0,
        gossips: 0,
        retries: 0,
        multi_value: 0,
    };
    let bounds = sizes! { Sizes:
        servers = "servers", "nodes", 1..=5;
        clients = "clients", "clients, of the nodes in turn", 0..=5;
        ops = "ops", "writes of each client, all of one key", 0..=5;
        gets = "gets", "reads of each client, after its writes", 0..=5;
        crashes = "crashes", "crashes in all, and as many restarts", 0..=5;
        gossips = "gossips", "digests that are sent by a timer", 0..=5;
        retries = "retries", "requests that are sent again by a timer", 0..=5;
        multi_value = "multi-value", "whether concurrent writes are kept as siblings", 0..=1;
    };
    Choice { sizes, bounds, cluster }
}

#[expect(clippy::unnecessary_wraps, reason = "what a choice asks for")]
fn cluster(sizes: &Sizes) -> Result<Cluster<Actor, History>, Unfit> {
    let client = |at: u8| {
        let puts = (0..sizes.ops).map(|op| put(&letter(at, op)));
        let script = puts.chain((0..sizes.gets).map(|_| get())).collect();
        (usize::from(at % sizes.servers), script)
    };
    let clients = (0..sizes.clients).map(client).collect();
    let (rule, claims) = if sizes.multi_value > 0 {
        (Rule::MultiValue, claims::multi_value())
    } else {
        (Rule::LastWriterWins, claims::last_writer_wins())
    };
    let bounds = Bounds {
        crashes: sizes.crashes,
        gossips: Some(sizes.gossips),
        retries: sizes.retries,
        ..Bounds::new(sizes.servers.into(), rule, clients)
    };
    Ok(bounds.cluster(claims, None))
}
