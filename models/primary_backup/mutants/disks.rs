//! The bugs of a primary that comes back, and those that only a disk which writes while its node goes
//! on shows.

use super::super::bounds::{Bounds, writer};
use super::super::bugs::Bug;
use super::super::instances::disks::{contended, failing_over, following, leading};
use super::super::properties::{self as claims, Actor, Claim, History};
use crate::seeded::mutants;
use crate::world::Cluster;

mutants! {
    Actor, History, Bug, cluster;
    ReplyEarly: "the primary answers before its own disk has the request",
        "reply-early" by claims::PROMOTABLE in (leading(), claims::safety());
    BeginAgain: "a primary that comes back begins its view again, as if it had forgotten nothing",
        "begin-again" by claims::PREFIX in (contended(), claims::safety());
    ResignToAnybody: "any member may succeed a primary that came back, certified or not",
        "resign-to-anybody" by claims::CERTIFIED in
        (joined(), vec![claims::certified()]);
    ResignOnce: "a primary that comes back reports it once",
        "resign-once" by claims::SERVED in (Bounds::lossy_resign(), vec![claims::served()]);
    LeaveSilently: "a replica that stops does not say so",
        "leave-silently" by claims::SERVED in (Bounds::leaving(), vec![claims::served()]);
    AckEarly: "a backup acknowledges an operation before it is durable",
        "ack-early" by claims::PROMOTABLE in (following(), claims::safety());
    BeginEarly: "a primary begins its view before its state is durable",
        "begin-early" by claims::PROMOTABLE in (twice(), claims::safety());
    ViewEarly: "the view service announces a view before it is durable",
        "view-early" by claims::ONE_PRIMARY in (
            Bounds { suspicions: Some(4), crashable: Some(vec![0.into()]), ..failing_over() },
            claims::safety()
        );
}

/// A backup is left out, copies, and joins a view whose primary comes back before it acts.
fn joined() -> Bounds {
    let crashable = Some(vec![1.into()]);
    Bounds { crashes: 1, restarts: 1, crashable, views: 4, scripts: vec![], ..writer() }
}

/// Each replica may crash, one after the other, and nobody falls silent.
fn twice() -> Bounds {
    let crashable = Some(vec![1.into(), 2.into()]);
    let bounds = Bounds { crashes: 2, restarts: 2, crashable, suspicions: Some(0), ..writer() };
    Bounds { asynchronous_disk: true, ..bounds }
}

fn cluster((bounds, claims): (Bounds, Vec<Claim>), bug: Option<Bug>) -> Cluster<Actor, History> {
    bounds.cluster(claims, bug)
}
