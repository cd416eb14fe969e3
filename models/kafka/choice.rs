//! What may be chosen of an instance that is not recorded.

use super::bounds::{Bounds, Fences, batches, consume, controllers};
use super::config::Flush;
use super::properties::{Actor, History};
use crate::choice::{Choice, Unfit, check_restarts, sizes};
use crate::world::Cluster;

/// The sizes of an instance.
#[derive(Clone)]
pub(super) struct Sizes {
    servers: u8,
    in_sync: u8,
    min_isr: u8,
    clients: u8,
    ops: u8,
    consumers: u8,
    gets: u8,
    fences: u8,
    leader_epochs: u8,
    crashes: u8,
    restarts: u8,
    lags: u8,
    flushes: u8,
    stops: u8,
    resends: u8,
    retries: u8,
    flush_each: u8,
    batch: u8,
    controllers: u8,
    elections: u8,
    lossy: u8,
    in_flight: u8,
}

/// Three brokers in sync, of which two must have a record, and a producer of one.
pub(super) fn choice() -> Choice<Sizes, Actor, History> {
    let sizes = Sizes {
        servers: 3,
        in_sync: 3,
        min_isr: 2,
        clients: 1,
        ops: 1,
        consumers: 0,
        gets: 1,
        fences: 0,
        leader_epochs: 3,
        crashes: 0,
        restarts: 0,
        lags: 0,
        flushes: 0,
        stops: 0,
        resends: 0,
        retries: 0,
        flush_each: 0,
        batch: 1,
        controllers: 1,
        elections: 0,
        lossy: 0,
        in_flight: 0,
    };
    let bounds = sizes! { Sizes:
        servers = "servers", "brokers, beside the controller", 1..=5;
        in_sync = "in-sync", "brokers that are in sync at the start", 1..=5;
        min_isr = "min-isr", "brokers in sync that a commit needs", 1..=5;
        clients = "clients", "producers, each of which asks another broker first", 0..=4;
        ops = "ops", "records of each producer", 1..=5;
        consumers = "consumers", "consumers, which ask the first broker first", 0..=4;
        gets = "gets", "reads of each consumer", 1..=5;
        fences = "fences", "brokers that the controller fences", 0..=5;
        leader_epochs = "leader-epochs", "leader epochs that are explored", 1..=8;
        crashes = "crashes", "crashes in all, of any broker", 0..=5;
        restarts = "restarts", "restarts in all", 0..=5;
        lags = "lags", "brokers that lag for too long", 0..=5;
        flushes = "flushes", "times that a page cache is written to the disk", 0..=5;
        stops = "stops", "clean stops", 0..=5;
        resends = "resends", "times that a broker sends again", 0..=5;
        retries = "retries", "requests that are sent again by a timer", 0..=5;
        flush_each = "flush-each", "whether each record is on the disk before it is answered", 0..=1;
        batch = "batch", "messages of each record", 1..=3;
        controllers = "controllers", "controllers, a majority of which decide", 1..=3;
        elections = "elections", "times that the second controller tries to lead", 0..=3;
        in_flight = "in-flight", "messages in flight on a link, and one more between controllers; 0 for any number", 0..=9;
        lossy = "lossy", "whether messages are really lost, and sent again without bounds", 0..=1;
    };
    Choice { sizes, bounds, cluster }
}

fn cluster(sizes: &Sizes) -> Result<Cluster<Actor, History>, Unfit> {
    check_restarts(sizes.crashes, sizes.restarts)?;
    let Sizes { servers, in_sync, min_isr, .. } = *sizes;
    if in_sync > servers || min_isr > servers {
        return Err(Unfit(format!(
            "of {servers} brokers {in_sync} cannot be in sync and {min_isr} be needed to commit"
        )));
    }
    if sizes.elections > 0 && sizes.controllers == 1 {
        return Err(Unfit("one controller elects nobody: there must be several".into()));
    }
    let producers = (0..sizes.clients)
        .map(|at| (1 + usize::from(at % servers), batches(sizes.ops.into(), sizes.batch.into())));
    let consumers = (0..sizes.consumers).map(|_| (1, consume(sizes.gets.into())));
    let bounds = Bounds {
        clients: producers.chain(consumers).collect(),
        fences: Fences::Any(sizes.fences),
        leader_epochs: sizes.leader_epochs.into(),
        crashes: sizes.crashes,
        restarts: sizes.restarts,
        lags: sizes.lags,
        flushes: sizes.flushes,
        stops: sizes.stops,
        resends: sizes.resends,
        retries: sizes.retries,
        elections: sizes.elections,
        lossy: sizes.lossy > 0,
        in_flight: (sizes.in_flight > 0)
            .then(|| (usize::from(sizes.in_flight) + 1, usize::from(sizes.in_flight))),
        ..Bounds::of(servers.into(), in_sync.into())
    };
    let bounds = bounds.with(|config| {
        config.min_isr = min_isr.into();
        config.flush = if sizes.flush_each > 0 { Flush::EachAppend } else { config.flush };
        config.quorum = controllers(sizes.controllers.into()).filter(|_| sizes.controllers > 1);
    });
    let liveness = if bounds.lossy { bounds.liveness() } else { Vec::new() };
    Ok(bounds.safe(liveness))
}
