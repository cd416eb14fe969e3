//! The bounded instances that are checked, and what is expected of each.
//!
//! On the set network a message once sent can be delivered at any time, so sending it again
//! changes nothing: the timers for resending never fire there, and those for pings only where a
//! replica must say something new.

pub(super) mod disks;
pub(super) mod newcomers;
pub(super) mod sessions;

use super::Mode;
use super::bounds::{Bounds, rivals, trio, write, write_then_read};
use super::properties::{self as claims, Actor, Claim, History};
use crate::{Expected, Instance};
use stateright::actor::Id;

/// All instances, the quickest first.
pub fn instances() -> Vec<Instance<Actor, History>> {
    let mut instances = vec![
        trio_alone(),
        asynchronous(),
        retry(),
        crash(),
        rejoin(),
        rivalry(),
        batches(),
        lossy(),
        lossy_resign(),
        lossy_views(),
        gone(),
        cut(),
        parted(),
        unheard(),
        queue(),
        leaving(),
        large(),
        vast(),
        lossy_return(),
        three(),
        rivalry_with_crash(),
    ];
    instances.extend(newcomers::instances());
    instances.extend(disks::instances());
    instances.extend(sessions::instances());
    instances
}

fn trio_alone() -> Instance<Actor, History> {
    Instance {
        name: "trio",
        about: "3 replicas, a client that writes, 1 suspicion, 3 views",
        deep: false,
        cluster: || trio().cluster(claimed(), None),
        symmetry: None,
        expected: Expected { unique: 79_141, generated: 916_987, violated: &[] },
    }
}

fn lossy() -> Instance<Actor, History> {
    Instance {
        name: "lossy",
        about: "2 replicas, a client that writes, 1 crash of another server than the primary, 1 \
                restart, any losses",
        deep: false,
        cluster: || {
            let claims = claims::safety().into_iter().chain(claims::liveness());
            Bounds::lossy().cluster(claims.collect(), None)
        },
        symmetry: None,
        expected: Expected { unique: 8_960, generated: 91_105, violated: &[] },
    }
}

fn lossy_resign() -> Instance<Actor, History> {
    Instance {
        name: "lossy-resign",
        about: "2 replicas, 1 crash of the primary, which resigns, 1 restart, any losses",
        deep: false,
        cluster: || {
            let live = [claims::converged(), claims::served()];
            let claims = claims::safety().into_iter().chain(live);
            Bounds::lossy_resign().cluster(claims.chain([claims::failed_over()]).collect(), None)
        },
        symmetry: None,
        expected: Expected { unique: 1_712, generated: 17_269, violated: &[] },
    }
}

fn retry() -> Instance<Actor, History> {
    Instance {
        name: "retry",
        about: "2 replicas, a client that writes and reads, 1 suspicion, 1 crash for good, \
                1 retry, 2 views",
        deep: false,
        cluster: || {
            let bounds = Bounds::synchronous(2, write_then_read());
            Bounds { crashes: 1, retries: 1, views: 2, ..bounds }.cluster(claimed(), None)
        },
        symmetry: None,
        expected: Expected { unique: 89_015, generated: 646_293, violated: &[] },
    }
}

fn crash() -> Instance<Actor, History> {
    Instance {
        name: "crash",
        about: "2 replicas, a client that writes and reads, 1 suspicion, 1 crash, 1 restart, \
                3 views",
        deep: false,
        cluster: || {
            let bounds = Bounds::synchronous(2, write_then_read());
            Bounds { crashes: 1, restarts: 1, ..bounds }.cluster(claimed(), None)
        },
        symmetry: None,
        expected: Expected { unique: 455_709, generated: 4_421_416, violated: &[] },
    }
}

fn rejoin() -> Instance<Actor, History> {
    Instance {
        name: "rejoin",
        about: "2 replicas, a client that writes, 2 suspicions: out, back in, and primary again",
        deep: false,
        cluster: || {
            let bounds = Bounds::synchronous(2, write());
            let claims = claimed().into_iter().chain([claims::cut_once()]);
            Bounds { suspicions: Some(4), piece_bytes: 1, views: 4, ..bounds }
                .cluster(claims.collect(), None)
        },
        symmetry: None,
        expected: Expected { unique: 225_965, generated: 2_450_829, violated: &[] },
    }
}

fn rivalry() -> Instance<Actor, History> {
    Instance {
        name: "rivalry",
        about: "2 replicas, 2 clients that compare-and-swap the same key, 1 suspicion, 2 views",
        deep: false,
        cluster: || {
            let mut claims = claimed();
            claims.extend([claims::overlap(), claims::refilled()]);
            Bounds { views: 2, ..Bounds::synchronous(2, rivals()) }.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 40_649, generated: 395_399, violated: &[] },
    }
}

fn batches() -> Instance<Actor, History> {
    Instance {
        name: "batches",
        about: "as rivalry, and what is sent again travels in one message",
        deep: false,
        cluster: || {
            let claims = claimed().into_iter().chain([claims::batched()]).collect();
            Bounds::batches().cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 65_305, generated: 655_503, violated: &[] },
    }
}

fn asynchronous() -> Instance<Actor, History> {
    Instance {
        name: "asynchronous",
        about: "2 replicas, acknowledged at once, a client that writes and reads, 1 suspicion, \
                3 views",
        deep: false,
        cluster: || {
            let bounds = Bounds::synchronous(2, write_then_read());
            Bounds { mode: Mode::Asynchronous, ..bounds }.cluster(claimed(), None)
        },
        symmetry: None,
        expected: Expected {
            unique: 56_378,
            generated: 554_768,
            violated: &[(claims::NO_LOSS, 6), (claims::LINEARIZABLE, 11), (claims::PROMOTABLE, 2)],
        },
    }
}

fn lossy_views() -> Instance<Actor, History> {
    Instance {
        name: "lossy-views",
        about: "2 replicas, 1 suspicion: out and back in, with any losses",
        deep: false,
        cluster: || {
            let claims = claims::safety().into_iter().chain([claims::converged()]);
            let claims = claims.chain([claims::failed_over()]);
            Bounds::lossy_views().cluster(claims.collect(), None)
        },
        symmetry: None,
        expected: Expected { unique: 430_264, generated: 7_008_521, violated: &[] },
    }
}

fn gone() -> Instance<Actor, History> {
    Instance {
        name: "gone",
        about: "2 replicas, a client that writes, 1 crash for good, any losses",
        deep: false,
        cluster: || Bounds::gone().cluster(available(), None),
        symmetry: None,
        expected: Expected { unique: 705_536, generated: 8_315_969, violated: &[] },
    }
}

fn cut() -> Instance<Actor, History> {
    Instance {
        name: "cut",
        about: "2 replicas, cut from each other for good, a client that writes, any losses",
        deep: false,
        cluster: || Bounds::cut().cluster(available(), None),
        symmetry: None,
        expected: Expected { unique: 487_552, generated: 6_643_649, violated: &[] },
    }
}

fn parted() -> Instance<Actor, History> {
    Instance {
        name: "parted",
        about: "2 replicas, a client that writes, 1 cut from the view service for good, any losses",
        deep: false,
        cluster: || Bounds::parted().cluster(available(), None),
        symmetry: None,
        expected: Expected { unique: 172_672, generated: 1_974_785, violated: &[] },
    }
}

fn unheard() -> Instance<Actor, History> {
    Instance {
        name: "unheard",
        about: "2 replicas, a client that writes, the backup crashes for good, 1 member is silent, any losses",
        deep: false,
        cluster: || Bounds::unheard().cluster(available(), None),
        symmetry: None,
        expected: Expected { unique: 422_912, generated: 4_785_793, violated: &[] },
    }
}

fn three() -> Instance<Actor, History> {
    Instance {
        name: "three",
        about: "3 replicas, a client that writes and reads, 1 suspicion, 1 crash, 1 restart, \
                3 views",
        deep: true,
        cluster: || {
            let bounds = Bounds::synchronous(3, write_then_read());
            Bounds { crashes: 1, restarts: 1, ..bounds }.cluster(claimed(), None)
        },
        symmetry: None,
        expected: Expected { unique: 16_819_302, generated: 211_644_839, violated: &[] },
    }
}

fn rivalry_with_crash() -> Instance<Actor, History> {
    Instance {
        name: "rivalry-crash",
        about: "2 replicas, 2 clients that compare-and-swap the same key, 1 suspicion, 1 crash, \
                1 restart, 3 views",
        deep: true,
        cluster: || {
            let mut claims = claimed();
            claims.extend([claims::overlap(), claims::refilled()]);
            let bounds = Bounds::synchronous(2, rivals());
            Bounds { crashes: 1, restarts: 1, ..bounds }.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 36_307_992, generated: 429_574_532, violated: &[] },
    }
}

fn large() -> Instance<Actor, History> {
    Instance {
        name: "large",
        about: "3 replicas, 2 clients that compare-and-swap the same key, 1 suspicion, 1 crash \
                for good, 2 views",
        deep: true,
        cluster: || {
            let mut claims = claimed();
            claims.extend([claims::overlap(), claims::refilled()]);
            let bounds = Bounds::synchronous(3, rivals());
            Bounds { crashes: 1, views: 2, ..bounds }.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 3_443_781, generated: 37_289_355, violated: &[] },
    }
}

fn vast() -> Instance<Actor, History> {
    Instance {
        name: "vast",
        about: "3 replicas, 2 clients that compare-and-swap the same key, 1 suspicion, 1 crash and \
                restart of the first primary, 2 views",
        deep: true,
        cluster: || {
            let mut claims = claimed();
            claims.extend([claims::overlap(), claims::refilled()]);
            let crashable = Some(vec![Id::from(1)]);
            let bounds = Bounds::synchronous(3, rivals());
            Bounds { crashes: 1, restarts: 1, crashable, views: 2, ..bounds }.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 12_722_396, generated: 154_701_711, violated: &[] },
    }
}

fn lossy_return() -> Instance<Actor, History> {
    Instance {
        name: "lossy-return",
        about: "2 replicas, a client that writes, 1 crash of the primary, which resigns, 1 restart, \
                2 views, any losses",
        deep: true,
        cluster: || {
            let claims = claims::safety().into_iter().chain(claims::liveness());
            let bounds = Bounds { scripts: write(), views: 2, ..Bounds::lossy_resign() };
            bounds.cluster(claims.chain([claims::failed_over()]).collect(), None)
        },
        symmetry: None,
        expected: Expected { unique: 5_653_440, generated: 99_401_601, violated: &[] },
    }
}

fn queue() -> Instance<Actor, History> {
    Instance {
        name: "queue",
        about: "2 replicas, 1 request at a time and 1 that waits, 3 clients that write",
        deep: false,
        cluster: || {
            let claims =
                claims::safety().into_iter().chain(claims::queued(Bounds::queue().config()));
            Bounds::queue().cluster(claims.collect(), None)
        },
        symmetry: None,
        expected: Expected { unique: 373, generated: 2_922, violated: &[] },
    }
}

fn leaving() -> Instance<Actor, History> {
    Instance {
        name: "leaving",
        about: "2 replicas, a client that writes, 1 replica stops, and nobody is suspected",
        deep: false,
        cluster: || {
            let claims = claims::safety().into_iter().chain([claims::served()]);
            let claims = claims.chain([claims::failed_over(), claims::transferred()]);
            Bounds::leaving().cluster(claims.collect(), None)
        },
        symmetry: None,
        expected: Expected { unique: 3_403, generated: 32_098, violated: &[] },
    }
}

fn available() -> Vec<Claim> {
    claims::safety().into_iter().chain([claims::answered(), claims::served()]).collect()
}

fn claimed() -> Vec<Claim> {
    let mut claims = claims::safety();
    claims.extend([claims::failed_over(), claims::transferred()]);
    claims
}
