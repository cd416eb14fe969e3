//! What leaves a node while its disk writes: instances on asynchronous disks, as deployed nodes have
//! them.

use super::claimed;
use crate::primary_backup::bounds::{Bounds, reader, rivals, writer};
use crate::primary_backup::properties::{self as claims, Actor, Claim, History};
use crate::world::Cluster;
use crate::{Expected, Instance};
use stateright::actor::Id;

pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![primary(), backup(), failover(), rivalry()]
}

/// The primary crashes, and nobody else falls silent.
pub(in crate::primary_backup) fn leading() -> Bounds {
    Bounds { suspicions: Some(0), ..crashing(1, reader()) }
}

/// The same, and there are two requests at once.
pub(in crate::primary_backup) fn contended() -> Bounds {
    Bounds { scripts: rivals(), ..leading() }
}

/// A backup crashes, and a member falls silent.
pub(in crate::primary_backup) fn following() -> Bounds {
    crashing(2, writer())
}

/// Any server crashes, and a member falls silent.
pub(in crate::primary_backup) fn failing_over() -> Bounds {
    Bounds { crashable: None, ..crashing(0, writer()) }
}

/// This server crashes.
fn crashing(id: usize, bounds: Bounds) -> Bounds {
    let crashable = Some(vec![Id::from(id)]);
    Bounds { crashes: 1, restarts: 1, crashable, asynchronous_disk: true, ..bounds }
}

fn cluster(
    bounds: Bounds,
    claims: impl IntoIterator<Item = Claim>,
    reached: impl IntoIterator<Item = Claim>,
) -> Cluster<Actor, History> {
    let claims = claims.into_iter().chain([claims::certified()]).chain(reached);
    bounds.cluster(claims.collect(), None)
}

fn primary() -> Instance<Actor, History> {
    Instance {
        name: "asynchronous-disk-primary",
        about: "2 replicas with asynchronous disks, a client that writes and reads, 1 crash of the \
                primary, 1 restart",
        deep: false,
        cluster: || {
            let reached = [claims::backups_first(), claims::forgotten(), claims::failed_over()];
            cluster(leading(), claims::safety(), reached)
        },
        symmetry: None,
        expected: Expected { unique: 6_873, generated: 68_116, violated: &[] },
    }
}

fn backup() -> Instance<Actor, History> {
    Instance {
        name: "asynchronous-disk-backup",
        about: "2 replicas with asynchronous disks, a client that writes, 1 suspicion, 1 crash of \
                the backup, 1 restart",
        deep: false,
        cluster: || cluster(following(), claimed(), [claims::held()]),
        symmetry: None,
        expected: Expected { unique: 35_756, generated: 326_953, violated: &[] },
    }
}

fn failover() -> Instance<Actor, History> {
    Instance {
        name: "asynchronous-disk-failover",
        about: "2 replicas with asynchronous disks, a client that writes, 1 suspicion, 1 crash, 1 \
                restart",
        deep: false,
        cluster: || {
            let reached = [claims::backups_first(), claims::forgotten(), claims::held()];
            cluster(failing_over(), claimed(), reached)
        },
        symmetry: None,
        expected: Expected { unique: 448_898, generated: 4_381_329, violated: &[] },
    }
}

fn rivalry() -> Instance<Actor, History> {
    Instance {
        name: "asynchronous-disk-rivalry",
        about: "2 replicas with asynchronous disks, 2 clients that compare-and-swap the same key, \
                1 crash of the primary, 1 restart",
        deep: true,
        cluster: || {
            let reached = [claims::backups_first(), claims::forgotten(), claims::failed_over()];
            cluster(contended(), claims::safety(), reached.into_iter().chain([claims::overlap()]))
        },
        symmetry: None,
        expected: Expected { unique: 1_074_577, generated: 13_552_096, violated: &[] },
    }
}
