//! The bounded instances that are checked, and what is expected of each.
//!
//! On the set network a message once sent can be delivered at any time, so sending it again
//! changes nothing: the timer for resending never fires here, and a client need not retry.
//!
//! A crash of the coordinator while several clients wait multiplies the states: their requests
//! begin again under other names, and messages about both are in flight. Two clients with two
//! transactions each and a crash of any server are reached with one key per transaction
//! (`sessions`); with two keys for one of the clients, and a crash of a participant (`mixed`). With
//! two keys for both there are 3.4 million states before any crash, and 29 million with a crash of any
//! server for good (`writers`); one of them may have a second transaction beside a crash and restart
//! of any server (`audits`, 64 million).

mod asynchronous;
mod reduced;

use super::bounds::{Bounds, alone, audit, conditional, rivals, transfer};
use super::bugs::Bug;
use super::coordinator;
use super::properties::{self as claims, Actor, History};
use crate::kv::{Op, Transaction};
use crate::world::Cluster;
use crate::{Expected, Instance};
pub(super) use reduced::REDUCED;

/// All instances, the quickest first.
pub fn instances() -> Vec<Instance<Actor, History>> {
    let mut instances = vec![
        blocking(),
        repaired(),
        rejoined(),
        told(),
        helping(),
        served(),
        hurried(),
        forgetful(),
        crowded(),
        rivalry(),
        recovery(),
        condition(),
    ];
    instances.extend([
        participants(),
        contention(),
        twice(),
        served_by_two(),
        deep(),
        sessions(),
        mixed(),
        writers(),
        audits(),
    ]);
    instances.extend(asynchronous::instances());
    instances
}

fn blocking() -> Instance<Actor, History> {
    Instance {
        name: "blocking",
        about: "a transaction over 2 participants, the coordinator dies for good: prepared participants stay blocked, however often they ask each other",
        deep: false,
        cluster: || {
            let crashable = Some(vec![coordinator()]);
            let bounds = Bounds { crashes: 1, crashable, ..Bounds::lossy() };
            bounds.cluster(vec![claims::ac1(), claims::non_blocking(), claims::blocked()], None)
        },
        symmetry: None,
        expected: Expected {
            unique: 262_595,
            generated: 3_366_432,
            violated: &[(claims::NON_BLOCKING, 10)],
        },
    }
}

fn repaired() -> Instance<Actor, History> {
    Instance {
        name: "repaired",
        about: "a transaction over 2 participants, 1 crash and restart of the coordinator, any \
                losses: every node eventually decides",
        deep: false,
        cluster: || decided(0),
        symmetry: None,
        expected: Expected { unique: 1_697_276, generated: 25_309_983, violated: &[] },
    }
}

fn rejoined() -> Instance<Actor, History> {
    Instance {
        name: "rejoined",
        about: "a transaction over 2 participants, 1 crash and restart of a participant, any \
                losses: every node eventually decides",
        deep: false,
        cluster: || decided(1),
        symmetry: None,
        expected: Expected { unique: 485_334, generated: 6_463_153, violated: &[] },
    }
}

fn told() -> Instance<Actor, History> {
    Instance {
        name: "told",
        about: "a transaction over 2 participants that never ask, any losses: the coordinator resends the decision until it is acknowledged",
        deep: false,
        cluster: || {
            let bounds = Bounds { doubts: 0, ..Bounds::lossy() };
            bounds.cluster(vec![claims::ac1(), claims::non_blocking()], None)
        },
        symmetry: None,
        expected: Expected { unique: 2_630, generated: 19_095, violated: &[] },
    }
}

fn served() -> Instance<Actor, History> {
    Instance {
        name: "served",
        about: "a transaction at 1 participant, 1 crash and restart of any server, any losses, the \
                client asks until it is answered",
        deep: false,
        cluster: || serving(Bounds::insisting(alone()).crashing([0, 1])),
        symmetry: None,
        expected: Expected { unique: 18_555, generated: 198_325, violated: &[] },
    }
}

fn hurried() -> Instance<Actor, History> {
    Instance {
        name: "hurried",
        about: "the same, and votes may time out",
        deep: false,
        cluster: || {
            let bounds = Bounds::insisting(alone()).crashing([0, 1]);
            serving(Bounds { deadlines: u8::MAX, ..bounds })
        },
        symmetry: None,
        expected: Expected { unique: 38_645, generated: 423_868, violated: &[] },
    }
}

fn crowded() -> Instance<Actor, History> {
    Instance {
        name: "crowded",
        about: "a transaction at 1 of 2 participants, another over both, the coordinator dies for \
                good, participants in doubt ask about 1 transaction at a time",
        deep: false,
        cluster: || {
            let claims = vec![claims::ac1(), claims::ac2(), claims::spread()];
            Bounds::crowded().cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 8_993, generated: 79_020, violated: &[] },
    }
}

fn served_by_two() -> Instance<Actor, History> {
    Instance {
        name: "served-by-two",
        about: "a transaction over 2 participants, any losses, votes may time out, the client asks \
                until it is answered",
        deep: true,
        cluster: || {
            let bounds = Bounds { participants: 2, ..Bounds::insisting(alone()) };
            serving(Bounds { deadlines: u8::MAX, ..bounds })
        },
        symmetry: None,
        expected: Expected { unique: 640_054, generated: 9_736_133, violated: &[] },
    }
}

fn serving(bounds: Bounds) -> Cluster<Actor, History> {
    let mut claimed = vec![claims::ac1(), claims::serializable(), claims::locks(), claims::ac5()];
    claimed.extend(bounds.liveness());
    bounds.cluster(claimed, None)
}

fn forgetful() -> Instance<Actor, History> {
    Instance {
        name: "forgetful",
        about: "2 participants, a client that writes two keys, another that writes one of them, \
                servers remember 1 client, a participant in doubt may ask",
        deep: false,
        cluster: || {
            let bounds = Bounds::forgetful();
            let mut claims = bounds.safety();
            claims.extend([claims::evicted(), claims::conflict()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 17_213, generated: 197_986, violated: &[] },
    }
}

fn decided(crashing: usize) -> Cluster<Actor, History> {
    let claims = vec![claims::ac1(), claims::serializable(), claims::locks(), claims::ac5()];
    Bounds::lossy().crashing([crashing]).cluster(claims, None)
}

fn helping() -> Instance<Actor, History> {
    Instance {
        name: "helping",
        about: "a transaction over 2 participants, the coordinator dies for good, participants in \
                doubt ask each other",
        deep: false,
        cluster: || {
            let crashable = Some(vec![coordinator()]);
            let bounds = Bounds { crashes: 1, crashable, doubts: 2, ..Bounds::calm(alone()) };
            let mut claims = bounds.safety();
            claims.extend([claims::helped(), claims::blocked()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 602, generated: 4_186, violated: &[] },
    }
}

fn rivalry() -> Instance<Actor, History> {
    Instance {
        name: "rivalry",
        about: "2 participants, a client that writes two keys, another that reads them",
        deep: false,
        cluster: || {
            let bounds = Bounds::calm(rivals());
            let mut claims = bounds.safety();
            claims.extend([claims::committed(), claims::conflict()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 4_958, generated: 50_217, violated: &[] },
    }
}

fn recovery() -> Instance<Actor, History> {
    Instance {
        name: "recovery",
        about: "a transaction over 2 participants, 1 crash and restart of any server, votes may \
                time out, a participant in doubt may ask",
        deep: false,
        cluster: || recovering(None),
        symmetry: None,
        expected: Expected { unique: 10_159, generated: 71_977, violated: &[] },
    }
}

/// One transaction and every kind of trouble, perhaps with a bug.
pub(super) fn recovering(bug: Option<Bug>) -> Cluster<Actor, History> {
    let bounds = Bounds { deadlines: 1, doubts: 1, ..Bounds::calm(alone()) }.crashing([0, 1, 2]);
    let mut claims = bounds.safety();
    claims.extend([claims::committed(), claims::presumed(), claims::resumed()]);
    bounds.cluster(claims, bug)
}

fn condition() -> Instance<Actor, History> {
    Instance {
        name: "condition",
        about: "2 participants, a client that writes two keys, and again on a condition, 1 crash \
                and restart of any server",
        deep: false,
        cluster: || {
            let bounds = Bounds::calm(conditional()).crashing([0, 1, 2]);
            let mut claims = bounds.safety();
            claims.extend([claims::committed(), claims::resumed()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 18_724, generated: 164_398, violated: &[] },
    }
}

fn participants() -> Instance<Actor, History> {
    Instance {
        name: "participants",
        about: "2 participants, a client that writes two keys, another that reads them, 1 crash \
                and restart of a participant",
        deep: false,
        cluster: || {
            let bounds = Bounds::calm(rivals()).crashing([1, 2]);
            let mut claims = bounds.safety();
            claims.extend([claims::committed(), claims::conflict()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 51_028, generated: 575_249, violated: &[] },
    }
}

fn contention() -> Instance<Actor, History> {
    Instance {
        name: "contention",
        about: "2 participants, a client that writes two keys, another that writes one of them, \
                1 crash and restart of any server",
        deep: false,
        cluster: || {
            let one: Transaction = Op::put("x", "b").into();
            let bounds = Bounds::calm(vec![vec![transfer()], vec![one]]).crashing([0, 1, 2]);
            let mut claims = bounds.safety();
            claims.extend([claims::conflict(), claims::presumed()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 56_365, generated: 479_714, violated: &[] },
    }
}

fn twice() -> Instance<Actor, History> {
    Instance {
        name: "twice",
        about: "a transaction over 2 participants, 2 crashes and restarts of any server, votes \
                may time out, a participant in doubt may ask",
        deep: false,
        cluster: || {
            let bounds = Bounds { deadlines: 1, doubts: 1, ..Bounds::calm(alone()) };
            let bounds = Bounds { crashes: 2, restarts: 2, ..bounds };
            let mut claims = bounds.safety();
            claims.extend([claims::presumed(), claims::resumed()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 170_978, generated: 1_265_051, violated: &[] },
    }
}

fn deep() -> Instance<Actor, History> {
    Instance {
        name: "deep",
        about: "2 participants, a client that writes two keys, another that reads them, 1 crash \
                and restart of any server",
        deep: true,
        cluster: || {
            let bounds = Bounds::calm(rivals()).crashing([0, 1, 2]);
            let mut claims = bounds.safety();
            claims.extend([claims::conflict(), claims::presumed()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 1_090_681, generated: 11_357_577, violated: &[] },
    }
}

fn sessions() -> Instance<Actor, History> {
    Instance {
        name: "sessions",
        about: "2 participants, 2 clients with 2 transactions of one key each, 1 crash and \
                restart of any server",
        deep: true,
        cluster: || {
            let (write, read) = (Op::put("x", "a"), Op::get("x"));
            let one = vec![write.clone().into(), read.clone().into()];
            let other = vec![read.into(), write.into()];
            let bounds = Bounds::calm(vec![one, other]).crashing([0, 1, 2]);
            let mut claims = bounds.safety();
            claims.extend([claims::conflict(), claims::presumed()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 1_650_060, generated: 16_130_320, violated: &[] },
    }
}

fn mixed() -> Instance<Actor, History> {
    Instance {
        name: "mixed",
        about: "2 participants, a client that writes two keys and reads them, another that writes \
                one of them and reads it, 1 crash and restart of a participant",
        deep: true,
        cluster: || {
            let other = vec![Op::put("x", "b").into(), Op::get("x").into()];
            let bounds = Bounds::calm(vec![vec![transfer(), audit()], other]).crashing([1, 2]);
            let mut claims = bounds.safety();
            claims.extend([claims::committed(), claims::conflict()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 5_024_366, generated: 78_238_471, violated: &[] },
    }
}

fn writers() -> Instance<Actor, History> {
    Instance {
        name: "writers",
        about: "2 participants, 2 clients that write two keys twice each, 1 crash of any server for \
                good",
        deep: true,
        cluster: || {
            let writing = |value: &str| [Op::put("x", value), Op::put("y", value)].into();
            let scripts = [["a", "a1"], ["b", "b1"]].map(|values| values.map(writing).to_vec());
            let bounds = Bounds { crashes: 1, ..Bounds::calm(scripts.to_vec()) };
            let mut claims = bounds.safety();
            claims.extend([claims::committed(), claims::conflict()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 29_454_700, generated: 393_174_361, violated: &[] },
    }
}

fn audits() -> Instance<Actor, History> {
    Instance {
        name: "audits",
        about: "2 participants, a client that writes two keys and reads them, another that reads \
                them, 1 crash and restart of any server",
        deep: true,
        cluster: || {
            let scripts = vec![vec![transfer(), audit()], vec![audit()]];
            let bounds = Bounds::calm(scripts).crashing([0, 1, 2]);
            let mut claims = bounds.safety();
            claims.extend([claims::conflict(), claims::presumed()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 63_805_922, generated: 915_458_357, violated: &[] },
    }
}
