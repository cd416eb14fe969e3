//! The seeded bugs: each takes away one guard, and a named property must notice.

use super::bounds::Bounds;
use super::bugs::Bug;
use super::instances::{
    counters, lossy_orphan, lossy_owner, lossy_watcher, mover, orphan, owner, releasing, setters,
    succeeded, using, watcher,
};
use super::properties as claims;
use super::{History, ZooKeeper};
use crate::Mutant;
use crate::seeded::{mutants, mutants_of};
use crate::world::CHECKPOINT;

/// Every bug, with the property that kills it.
pub fn mutants() -> Vec<Mutant<ZooKeeper, History>> {
    mutants_of(seeded())
}

mutants! {
    ZooKeeper, History, Bug, Bounds::seeded;
    UnconditionalSet: "data is set whatever version was asked for",
        "unconditional-set" by claims::LINEARIZABLE in setters();
    SequenceReused: "a sequential node gets the number of children that there are now",
        "sequence-reused" by claims::UNIQUE in counters();
    EphemeralSurvives: "a session is closed and its ephemeral nodes stay",
        "ephemeral-survives" by claims::EPHEMERAL in owner();
    CreateAfterClose: "an ephemeral node is created in a session that is closed",
        "create-after-close" by claims::EPHEMERAL in owner();
    ExpireLocally: "each server judges by its own clock whether a session has expired, and closes it",
        "expire-locally" by claims::AGREEMENT in owner(),
        "expire-unsaved" by CHECKPOINT in owner();
    NeverExpire: "a leader does not take over the sessions that its predecessor opened",
        "never-expire" by claims::TIMED in orphan();
    ExpireOnce: "a leader proposes once to close a session, and never again if that comes to nothing",
        "expire-once" by claims::TIMED in owner();
    TimeWhenHeard: "a session is timed when something is heard of its client, and not when it is opened",
        "time-when-heard" by claims::CLOSED in lossy_orphan();
    IgnorePingOfClosed: "a leader does not answer a ping in a session that is closed",
        "ignore-ping-of-closed" by claims::ANSWERED_ALL in lossy_owner();
    WatchAfterRead: "the answer to a read does not carry the events of watches that fired",
        "watch-after-read" by claims::WATCH_ORDER in watcher();
    ForgetSetWatches: "a server knows the watches of reads that it answered, and no others",
        "forget-set-watches" by claims::WATCH_ORDER in watcher(),
        "forget-when-asked" by claims::DELIVERED in lossy_watcher();
    ForgetPush: "events are not sent when watches fire, only with answers",
        "forget-push" by claims::TOLD in watcher();
    FireEarly: "a watch fires at a server that is older than what was read",
        "fire-early" by claims::WATCH_TRUE in mover();
    TakeUnknownEvents: "a client takes an answer of a server that does not know its watches",
        "take-unknown-events" by claims::WATCH_ORDER in succeeded();
    Unfenced: "a resource ignores the fencing token",
        "unfenced" by claims::IN_ORDER in using(true);
    ReleaseLate: "a client holds the lock until it is answered that its session is closed",
        "release-late" by claims::EXCLUSION in releasing();
    HoldOnCreate: "a client holds the lock when its node is created, whatever other nodes there are",
        "hold-on-create" by claims::EXCLUSION in releasing();
}
