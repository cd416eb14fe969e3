//! The bounded instances that are checked, and what is expected of each.
//!
//! On the set network a message once sent can be delivered at any time, so sending it again
//! changes nothing: the timers for resending never fire there, and those for pings only where a
//! replica must say something new.

pub(super) mod newcomers;
mod reduced;
pub(super) mod sessions;

use super::Mode;
use super::bounds::{Bounds, rivals, trio, write, write_then_read};
use super::properties::{self as claims, Actor, Claim, History};
use crate::{Expected, Instance};
pub(super) use reduced::REDUCED;
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
        lossy_views(),
        gone(),
        cut(),
        parted(),
        unheard(),
        queue(),
        large(),
        vast(),
        three(),
        rivalry_with_crash(),
    ];
    instances.extend(newcomers::instances());
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
        about: "2 replicas, a client that writes, 1 crash, 1 restart, any losses",
        deep: false,
        cluster: || {
            let claims = claims::safety().into_iter().chain(claims::liveness());
            Bounds::lossy().cluster(claims.collect(), None)
        },
        symmetry: None,
        expected: Expected { unique: 50_688, generated: 627_361, violated: &[] },
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
        expected: Expected { unique: 400_547, generated: 4_042_267, violated: &[] },
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
        expected: Expected { unique: 17_935_000, generated: 240_501_470, violated: &[] },
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
        expected: Expected { unique: 55_241_917, generated: 691_783_418, violated: &[] },
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
        expected: Expected { unique: 11_184_185, generated: 145_065_578, violated: &[] },
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

fn available() -> Vec<Claim> {
    claims::safety().into_iter().chain([claims::answered(), claims::served()]).collect()
}

fn claimed() -> Vec<Claim> {
    let mut claims = claims::safety();
    claims.extend([claims::failed_over(), claims::transferred()]);
    claims
}
