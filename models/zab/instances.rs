//! The bounded instances that are checked, and what is expected of each.
//!
//! On the set network a message once sent can be delivered at any time, so sending it again
//! changes nothing: the timers for resending do not fire there. Liveness is checked where messages
//! are really lost, with pings and retries without end.
//!
//! The first epoch is established at the start: it needs no discovery, so what an instance explores
//! is the takeover by another server. Some begin in the middle of a run, as published traces do,
//! with what the servers have on their disks.

mod reduced;

use super::bounds::{Bounds, put, read};
use super::properties::{self as claims, Actor, History};
use super::situations::{
    alone, asynchronous, committed, forsaken, late, late_for_all, late_leader, leaving,
    leaving_busy, lossy, lossy_election, one_look, readers, syncing, twice, watched,
    watched_takeover,
};
use crate::world::NetworkKind;
use crate::{Expected, Instance};
pub(super) use reduced::REDUCED;

/// All instances, the quickest first.
pub fn instances() -> Vec<Instance<Actor, History>> {
    vec![
        broadcast(),
        takeover(),
        takeover_heard(),
        crash(),
        joiner(),
        snap(),
        local_reads(),
        session_order(),
        lossy_links(),
        lossy_elected(),
        deserted(),
        ordered_links(),
        fresh(),
        late_disks(),
        late_leader_disk(),
        observer(),
        observer_takeover(),
        left(),
        left_busy(),
        recovery(),
        crash_twice(),
    ]
}

fn broadcast() -> Instance<Actor, History> {
    Instance {
        name: "broadcast",
        about: "3 servers, a client that writes twice; nothing fails",
        deep: false,
        cluster: || Bounds::three(vec![put("a"), put("b")]).safe([claims::all_delivered(2)]),
        symmetry: None,
        expected: Expected { unique: 495, generated: 5_267, violated: &[] },
    }
}

fn takeover() -> Instance<Actor, History> {
    Instance {
        name: "takeover",
        about: "3 servers, a client that writes; server 1 takes over, and the first leader hears nothing of it",
        deep: false,
        cluster: || {
            let bounds = Bounds { within: Some(claims::unheard()), ..one_look() };
            let quorum = bounds.quorum();
            bounds.safe([
                claims::two_leaders(),
                claims::new_epoch(quorum),
                claims::old_committed(quorum),
                claims::fetched(),
                claims::joined(),
            ])
        },
        symmetry: None,
        expected: Expected { unique: 2_820, generated: 26_859, violated: &[] },
    }
}

fn takeover_heard() -> Instance<Actor, History> {
    Instance {
        name: "takeover-heard",
        about: "3 servers, a client that writes; server 1 takes over, and the first leader follows it",
        deep: true,
        cluster: || {
            let bounds = one_look();
            let quorum = bounds.quorum();
            bounds.safe([
                claims::two_leaders(),
                claims::new_epoch(quorum),
                claims::old_committed(quorum),
                claims::fetched(),
                claims::truncated(),
                claims::joined(),
            ])
        },
        symmetry: None,
        expected: Expected { unique: 701_868, generated: 13_277_066, violated: &[] },
    }
}

fn crash() -> Instance<Actor, History> {
    Instance {
        name: "crash",
        about: "2 servers, a client that writes; one crashes and comes back, and they look for a leader",
        deep: false,
        cluster: || {
            let bounds = Bounds { servers: 2, looks: 2, within: None, ..one_look() };
            let bounds = Bounds { crashes: 1, restarts: 1, ..bounds };
            let quorum = bounds.quorum();
            bounds.safe([claims::new_epoch(quorum), claims::old_committed(quorum)])
        },
        symmetry: None,
        expected: Expected { unique: 90_748, generated: 911_948, violated: &[] },
    }
}

fn joiner() -> Instance<Actor, History> {
    Instance {
        name: "joiner",
        about: "3 servers of which 1 was away, has a transaction too many, and lacks 2",
        deep: false,
        cluster: || {
            let bounds = late();
            let quorum = bounds.quorum();
            bounds.safe([claims::new_epoch(quorum), claims::fetched(), claims::all_delivered(3)])
        },
        symmetry: None,
        expected: Expected { unique: 2_098, generated: 21_816, violated: &[] },
    }
}

fn snap() -> Instance<Actor, History> {
    Instance {
        name: "snap",
        about: "the same, where the others forgot what they delivered; a snapshot in pieces",
        deep: false,
        cluster: || late_for_all().safe([claims::installed()]),
        symmetry: None,
        expected: Expected { unique: 5_482, generated: 69_192, violated: &[] },
    }
}

fn local_reads() -> Instance<Actor, History> {
    Instance {
        name: "local-reads",
        about: "2 servers that read for clients, a client that writes, and one that reads",
        deep: false,
        cluster: || {
            let bounds = Bounds { retries: 1, ..readers(0, vec![read(), read()]) };
            bounds.safe([claims::stale()])
        },
        symmetry: None,
        expected: Expected {
            unique: 1_636,
            generated: 12_341,
            violated: &[(claims::LINEARIZABLE, 10)],
        },
    }
}

fn session_order() -> Instance<Actor, History> {
    Instance {
        name: "session-order",
        about: "2 servers that read for clients, a client that writes, and one that syncs and reads",
        deep: false,
        cluster: || syncing().safe([claims::all_delivered(2)]),
        symmetry: None,
        expected: Expected { unique: 5_794, generated: 79_108, violated: &[] },
    }
}

fn lossy_links() -> Instance<Actor, History> {
    Instance {
        name: "lossy",
        about: "2 servers, a client that writes, any losses",
        deep: false,
        cluster: || {
            let bounds = lossy();
            let liveness = bounds.liveness();
            bounds.safe(liveness)
        },
        symmetry: None,
        expected: Expected { unique: 22_544, generated: 235_185, violated: &[] },
    }
}

fn lossy_elected() -> Instance<Actor, History> {
    Instance {
        name: "lossy-election",
        about: "2 servers of which one has more, and one looks for a leader, any losses, no client",
        deep: false,
        cluster: || {
            let bounds = lossy_election();
            let liveness = bounds.liveness();
            bounds.safe(liveness)
        },
        symmetry: None,
        expected: Expected { unique: 6_679, generated: 59_855, violated: &[] },
    }
}

fn deserted() -> Instance<Actor, History> {
    Instance {
        name: "deserted",
        about: "2 servers, of which the follower may crash for good, any losses, no client",
        deep: false,
        cluster: || {
            let bounds = forsaken();
            let liveness = bounds.liveness();
            bounds.safe(liveness)
        },
        symmetry: None,
        expected: Expected { unique: 32, generated: 121, violated: &[] },
    }
}

fn ordered_links() -> Instance<Actor, History> {
    Instance {
        name: "ordered-links",
        about: "takeover, on links that neither lose, nor repeat, nor reorder",
        deep: false,
        cluster: || {
            let bounds = Bounds { network: NetworkKind::Ordered, ..one_look() };
            let quorum = bounds.quorum();
            bounds.safe([claims::two_leaders(), claims::old_committed(quorum)])
        },
        symmetry: None,
        expected: Expected { unique: 9_290, generated: 33_659, violated: &[] },
    }
}

fn fresh() -> Instance<Actor, History> {
    Instance {
        name: "fresh",
        about: "3 servers without a leader, a client that writes; server 1 leads, any order, no losses",
        deep: false,
        cluster: || {
            let bounds = Bounds { network: NetworkKind::Single, ..alone(vec![put("a")]) };
            let liveness = bounds.liveness();
            bounds.safe(liveness.into_iter().chain([claims::all_delivered(1)]))
        },
        symmetry: None,
        expected: Expected { unique: 16_670, generated: 69_292, violated: &[] },
    }
}

fn recovery() -> Instance<Actor, History> {
    Instance {
        name: "recovery",
        about: "3 servers, 2 transactions of which 2 servers have the second and 1 delivered it; server 1 \
                leads, and then server 0, or the same again",
        deep: true,
        cluster: || {
            let bounds = committed();
            let quorum = bounds.quorum();
            bounds.safe([claims::new_epoch(quorum), claims::fetched(), claims::all_delivered(2)])
        },
        symmetry: None,
        expected: Expected { unique: 3_321_981, generated: 48_831_191, violated: &[] },
    }
}

fn late_disks() -> Instance<Actor, History> {
    Instance {
        name: "asynchronous",
        about: "2 servers with asynchronous disks, a client that writes, 1 crash, 1 restart; one of them \
                looks for a leader",
        deep: false,
        cluster: || {
            let bounds = asynchronous();
            let quorum = bounds.quorum();
            bounds.safe([claims::new_epoch(quorum), claims::old_committed(quorum)])
        },
        symmetry: None,
        expected: Expected { unique: 16_054, generated: 139_888, violated: &[] },
    }
}

fn late_leader_disk() -> Instance<Actor, History> {
    Instance {
        name: "late-leader",
        about: "3 servers, of which the leader has an asynchronous disk and may crash and come back, a client \
                that writes; server 1 takes over",
        deep: true,
        cluster: || {
            let bounds = late_leader();
            let quorum = bounds.quorum();
            bounds.safe([
                claims::before_own_disk(),
                claims::new_epoch(quorum),
                claims::old_committed(quorum),
            ])
        },
        symmetry: None,
        expected: Expected { unique: 11_420_769, generated: 223_787_765, violated: &[] },
    }
}

fn left() -> Instance<Actor, History> {
    Instance {
        name: "leaving",
        about: "3 servers, the leader leaves, and no timer fires; any order, no losses",
        deep: false,
        cluster: || {
            let bounds = leaving();
            let (liveness, quorum) = (bounds.liveness(), bounds.quorum());
            bounds.safe(liveness.into_iter().chain([claims::new_epoch(quorum)]))
        },
        symmetry: None,
        expected: Expected { unique: 733, generated: 2_175, violated: &[] },
    }
}

fn left_busy() -> Instance<Actor, History> {
    Instance {
        name: "leaving-busy",
        about: "3 servers, a client that writes and asks once more, the leader leaves and hears nothing more",
        deep: false,
        cluster: || {
            let bounds = leaving_busy();
            let quorum = bounds.quorum();
            bounds.safe([claims::new_epoch(quorum), claims::old_committed(quorum)])
        },
        symmetry: None,
        expected: Expected { unique: 4_266, generated: 30_331, violated: &[] },
    }
}

fn crash_twice() -> Instance<Actor, History> {
    Instance {
        name: "twice",
        about: "3 servers, a client that writes twice, 2 crashes and restarts, a server that looks for a leader, \
                on ordered links",
        deep: true,
        cluster: || {
            let bounds = twice();
            let quorum = bounds.quorum();
            bounds.safe([claims::new_epoch(quorum), claims::old_committed(quorum)])
        },
        symmetry: None,
        expected: Expected { unique: 9_439_525, generated: 40_823_941, violated: &[] },
    }
}

fn observer() -> Instance<Actor, History> {
    Instance {
        name: "observer",
        about: "2 servers and an observer, a client that writes, and one that reads at the observer",
        deep: false,
        cluster: || {
            let bounds = watched(vec![read(), read()]);
            bounds.safe([claims::all_delivered(1)])
        },
        symmetry: None,
        expected: Expected {
            unique: 352,
            generated: 2_764,
            violated: &[(claims::LINEARIZABLE, 9)],
        },
    }
}

fn observer_takeover() -> Instance<Actor, History> {
    Instance {
        name: "observer-takeover",
        about: "3 servers and an observer, a client that writes; server 1 takes over, and the first leader \
                hears nothing of it",
        deep: false,
        cluster: || {
            let bounds = watched_takeover();
            let quorum = bounds.quorum();
            bounds.safe([claims::new_epoch(quorum), claims::old_committed(quorum)])
        },
        symmetry: None,
        expected: Expected { unique: 51_749, generated: 754_679, violated: &[] },
    }
}
