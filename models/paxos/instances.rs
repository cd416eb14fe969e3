//! The bounded instances that are checked, and what is expected of each.
//!
//! On the set network a message once sent can be delivered at any time, so sending it again
//! changes nothing: heartbeats are few here, and only where they are to make a replica catch up.
//!
//! Liveness is checked on the set network too, with clients that ask again without end: the state
//! space is finite, because a message that is sent again is already there; and each message is
//! eventually delivered, if its receiver is up for long enough, so that nothing needs a heartbeat.
//! The need of one where messages are really lost is checked on the lossy network, with heartbeats
//! and retries without end.
//!
//! # What limits the bounds
//!
//! Elections: each doubles what the acceptors may have promised and accepted, in any order with
//! what the old leader still does, and each replica may hold one. Then concurrent requests, whose
//! slots are accepted, chosen and announced in any order; a second client multiplies the states of
//! one election by a hundred. A crash with its restart multiplies them by six only, since a replica
//! loses little that is not on its disk.
//!
//! Two elections of different replicas with two clients are millions of states, most of which are
//! about clients that follow redirects and about what is applied, announced and answered. That
//! three ballots compete for a slot needs none of it: `contest` stops where something is applied.
//!
//! So two clients, an election and majorities of three go together as far as one write each: with
//! a window of 1 and no crash that makes 24,852,363 states, and with a crash and restart of any replica
//! 23,656,103 when reduced (`comeback-any`). Two operations each go together with an election if the
//! replica that crashed is the one that holds it: with quorums of 1 and 3 all states are counted
//! (`comeback-1-3`), with majorities those of the reduced check (`comeback-both`), since the search of all
//! was given up at 40 million states, after 28 steps of more than 36. With a crash and an election of any
//! replica, and two operations each, the reduced search was given up at 64 million states, after 21
//! steps, each with 1.7 times as many as the one before. On the lossy network
//! what is in flight is any subset of what can be: two replicas with an election make 4,002,176
//! states; three replicas without one were more than 6 million after 17 steps when a leader still
//! counted its own vote without a message to itself, as in the other figures of searches here that
//! were given up, and of the one with 24,852,363 states.

pub(super) mod asynchronous;
mod leaving;
mod pre_vote;
pub(super) mod reads;
mod reduced;
pub(super) mod sessions;
mod transfer;

use super::Quorums;
use super::bounds::{Bounds, get, put, write_then_read, write_twice};
use super::properties::{self as claims, Actor, Claim, History};
use crate::kv::Op;
use crate::world::Cluster;
use crate::{Expected, Instance};
pub(super) use reduced::REDUCED;
use stateright::actor::Id;

/// The safety properties, and these states that must be reached.
fn claimed(bounds: &Bounds, reached: impl IntoIterator<Item = Claim>) -> Vec<Claim> {
    claims::safety(bounds.quorums()).into_iter().chain(reached).collect()
}

/// All instances, the quickest first.
pub fn instances() -> Vec<Instance<Actor, History>> {
    let mut instances = vec![
        lossy_election(),
        nothing_kept(),
        far_ahead(),
        snapshot(),
        parts(),
        contest(),
        rivalry(),
        one_phase_one(),
        one_phase_two(),
        lossy(),
        succession(),
        gaps(),
        restart(),
        majority_down(),
        takeover(),
        sessions(),
        lossy_takeover(),
        minority_down(),
        comeback(),
        comeback_of_both(),
        comeback_of_any(),
        comeback_of_all(),
    ];
    instances.extend(asynchronous::instances());
    instances.extend(reads::instances());
    instances.extend(transfer::instances());
    instances.extend(pre_vote::instances());
    instances.extend(leaving::instances());
    instances.extend(sessions::instances());
    instances
}

fn succession() -> Instance<Actor, History> {
    Instance {
        name: "succession",
        about: "3 replicas, a client that writes, 1 election",
        deep: false,
        cluster: || {
            let bounds = Bounds::three(vec![vec![put("a")]]);
            let reached = [claims::two_leaders(), claims::adopted(), claims::caught_up()];
            let claims = claimed(&bounds, reached);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 45_111, generated: 384_080, violated: &[] },
    }
}

fn restart() -> Instance<Actor, History> {
    Instance {
        name: "restart",
        about: "3 replicas, a client that writes, 1 election, 1 crash, 1 restart",
        deep: false,
        cluster: || {
            let bounds = Bounds::three(vec![vec![put("a")]]);
            let bounds = Bounds { crashes: 1, restarts: 1, ..bounds };
            let reached = [claims::two_leaders(), claims::adopted(), claims::caught_up()];
            let claims = claimed(&bounds, reached);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 237_825, generated: 1_946_624, violated: &[] },
    }
}

fn snapshot() -> Instance<Actor, History> {
    Instance {
        name: "snapshot",
        about: "3 replicas that keep 1 command, a client that writes twice, 1 heartbeat",
        deep: false,
        cluster: || {
            let bounds = Bounds::three(vec![write_twice()]);
            let bounds = Bounds { elections: 0, heartbeats: 1, keep: 1, piece_bytes: 1, ..bounds };
            let claims = claimed(&bounds, [claims::installed(), claims::caught_up()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 5_510, generated: 58_370, violated: &[] },
    }
}

fn rivalry() -> Instance<Actor, History> {
    Instance {
        name: "rivalry",
        about: "3 replicas, 2 clients that write, 1 crash, 1 restart",
        deep: false,
        cluster: || {
            let bounds = Bounds::three(vec![vec![put("a")], vec![put("b")]]);
            let bounds = Bounds { elections: 0, crashes: 1, restarts: 1, ..bounds };
            let claims = claimed(&bounds, [claims::overlap()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 9_846, generated: 76_039, violated: &[] },
    }
}

fn one_phase_two() -> Instance<Actor, History> {
    Instance {
        name: "quorums-3-1",
        about: "3 replicas, quorums of 3 for phase one and 1 for phase two, 1 election",
        deep: false,
        cluster: || flexible(Quorums { prepare: 3, accept: 1 }, [claims::caught_up()]),
        symmetry: None,
        expected: Expected { unique: 20_003, generated: 154_022, violated: &[] },
    }
}

fn one_phase_one() -> Instance<Actor, History> {
    Instance {
        name: "quorums-1-3",
        about: "3 replicas, quorums of 1 for phase one and 3 for phase two, 1 election",
        deep: false,
        cluster: || flexible(Quorums { prepare: 1, accept: 3 }, [claims::two_leaders()]),
        symmetry: None,
        expected: Expected { unique: 30_730, generated: 254_549, violated: &[] },
    }
}

fn flexible(quorums: Quorums, reached: [Claim; 1]) -> Cluster<Actor, History> {
    let bounds = Bounds::three(vec![vec![put("a")]]);
    let bounds = Bounds { quorums: Some(quorums), ..bounds };
    let claims = claimed(&bounds, reached);
    bounds.cluster(claims, None)
}

/// The leader crashes, comes back, and perhaps leads again.
fn returning(scripts: Vec<Vec<Op>>, quorums: Option<Quorums>) -> Cluster<Actor, History> {
    let leader = Id::from(0);
    let bounds = Bounds { window: 1, quorums, ..Bounds::three(scripts) };
    let bounds = Bounds { crashes: 1, restarts: 1, crashable: Some(vec![leader]), ..bounds };
    let claims = claimed(&bounds, [claims::overlap(), claims::adopted()]);
    bounds.setup(claims, None).boundary(claims::elects(leader)).cluster()
}

fn comeback() -> Instance<Actor, History> {
    Instance {
        name: "comeback",
        about: "3 replicas, 2 clients that write, 1 of which reads, 1 crash of the leader, 1 \
                restart, 1 election of it",
        deep: true,
        cluster: || returning(vec![write_then_read(), vec![put("b")]], None),
        symmetry: None,
        expected: Expected { unique: 11_009_960, generated: 161_192_531, violated: &[] },
    }
}

fn comeback_of_both() -> Instance<Actor, History> {
    Instance {
        name: "comeback-both",
        about: "3 replicas, 2 clients that write and read, 1 crash of the leader, 1 restart, 1 \
                election of it",
        deep: true,
        cluster: || returning(vec![write_then_read(), vec![put("b"), get()]], None),
        symmetry: None,
        expected: Expected::only_reduced(&[]),
    }
}

fn comeback_of_any() -> Instance<Actor, History> {
    Instance {
        name: "comeback-any",
        about: "3 replicas, 2 clients that write, 1 crash and restart of any replica, 1 election of \
                any",
        deep: true,
        cluster: || {
            let bounds = Bounds::three(vec![vec![put("a")], vec![put("b")]]);
            let bounds = Bounds { window: 1, crashes: 1, restarts: 1, ..bounds };
            let claims = claimed(&bounds, [claims::overlap(), claims::adopted()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected::only_reduced(&[]),
    }
}

fn comeback_of_all() -> Instance<Actor, History> {
    Instance {
        name: "comeback-1-3",
        about: "3 replicas, quorums of 1 and 3, 2 clients that write and read, 1 crash of the \
                leader, 1 restart, 1 election of it",
        deep: true,
        cluster: || {
            let quorums = Some(Quorums { prepare: 1, accept: 3 });
            returning(vec![write_then_read(), vec![put("b"), get()]], quorums)
        },
        symmetry: None,
        expected: Expected { unique: 24_046_045, generated: 391_504_792, violated: &[] },
    }
}

fn sessions() -> Instance<Actor, History> {
    Instance {
        name: "sessions",
        about: "3 replicas, 2 clients that write and read, 1 crash of a follower, 1 restart",
        deep: true,
        cluster: || {
            let bounds = Bounds::three(vec![write_then_read(), vec![put("b"), get()]]);
            let crashable = Some(vec![Id::from(1)]);
            let bounds = Bounds { elections: 0, crashes: 1, restarts: 1, crashable, ..bounds };
            let claims = claimed(&bounds, [claims::overlap()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 341_379, generated: 4_477_449, violated: &[] },
    }
}

fn gaps() -> Instance<Actor, History> {
    Instance {
        name: "gaps",
        about: "2 replicas, quorums of 1 and 2, 2 clients that write at once, 1 election",
        deep: false,
        cluster: || {
            let bounds = Bounds::three(vec![vec![put("a")], vec![put("b")]]);
            let quorums = Some(Quorums { prepare: 1, accept: 2 });
            let bounds = Bounds { servers: 2, quorums, ..bounds };
            let reached = [claims::adopted(), claims::gap_filled(), claims::overlap()];
            let claims = claimed(&bounds, reached);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 109_177, generated: 984_957, violated: &[] },
    }
}

fn majority_down() -> Instance<Actor, History> {
    Instance {
        name: "majority-down",
        about: "3 replicas of which 2 crash and stay down, a client that keeps asking",
        deep: false,
        cluster: || {
            let bounds = Bounds::three(vec![vec![put("a")]]);
            Bounds { elections: 0, crashes: 2, unending: true, ..bounds }.live(None)
        },
        symmetry: None,
        expected: Expected { unique: 5_486, generated: 33_408, violated: &[(claims::ANSWERED, 9)] },
    }
}

fn lossy() -> Instance<Actor, History> {
    Instance {
        name: "lossy",
        about: "2 replicas, a client that writes, 1 crash of the follower, 1 restart, any losses",
        deep: false,
        cluster: || Bounds::lossy().live(None),
        symmetry: None,
        expected: Expected { unique: 19_200, generated: 178_689, violated: &[] },
    }
}

fn lossy_takeover() -> Instance<Actor, History> {
    Instance {
        name: "lossy-takeover",
        about: "2 replicas, a client that writes, 1 election, any losses",
        deep: true,
        cluster: || Bounds { elections: 1, crashes: 0, restarts: 0, ..Bounds::lossy() }.live(None),
        symmetry: None,
        expected: Expected { unique: 4_002_176, generated: 64_279_489, violated: &[] },
    }
}

fn takeover() -> Instance<Actor, History> {
    Instance {
        name: "takeover",
        about: "2 replicas that keep no log, quorums of 2 and 1, 1 election of a lagging replica",
        deep: false,
        cluster: || Bounds::takeover().live(None),
        symmetry: None,
        expected: Expected { unique: 223_930, generated: 1_998_214, violated: &[] },
    }
}

fn minority_down() -> Instance<Actor, History> {
    Instance {
        name: "minority-down",
        about: "3 replicas that keep no log, of which the leader may stay down, 1 election",
        deep: true,
        cluster: || Bounds::minority_down().live(None),
        symmetry: None,
        expected: Expected { unique: 4_528_140, generated: 44_206_701, violated: &[] },
    }
}

fn lossy_election() -> Instance<Actor, History> {
    Instance {
        name: "lossy-election",
        about: "2 replicas, 1 election, any losses, no client",
        deep: false,
        cluster: || Bounds::lossy_election().live(None),
        symmetry: None,
        expected: Expected { unique: 50, generated: 255, violated: &[] },
    }
}

fn nothing_kept() -> Instance<Actor, History> {
    Instance {
        name: "nothing-kept",
        about: "2 replicas that keep no log, quorums of 2 and 1, a client that writes twice, 1 \
                heartbeat",
        deep: false,
        cluster: || {
            let bounds = Bounds { heartbeats: 1, keep: 0, ..Bounds::alone(write_twice()) };
            let claims = claimed(&bounds, [claims::installed()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 390, generated: 2_351, violated: &[] },
    }
}

fn far_ahead() -> Instance<Actor, History> {
    Instance {
        name: "far-ahead",
        about: "2 replicas, quorums of 2 and 1, a window of 1, a client with 3 operations, 1 \
                heartbeat",
        deep: false,
        cluster: || {
            let bounds = Bounds { heartbeats: 1, ..Bounds::far_ahead() };
            let claims = claimed(&bounds, [claims::caught_up()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 2_426, generated: 18_516, violated: &[] },
    }
}

fn parts() -> Instance<Actor, History> {
    Instance {
        name: "parts",
        about: "2 replicas, 2 clients that write at once, promises of 1 command each, 1 election",
        deep: false,
        cluster: || {
            let bounds = Bounds::parts();
            let claims = claimed(&bounds, [claims::promised_in_parts(), claims::adopted()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 53_432, generated: 472_362, violated: &[] },
    }
}

fn contest() -> Instance<Actor, History> {
    Instance {
        name: "contest",
        about: "3 replicas, 2 clients that write, each to another replica first, 1 election of \
                replica 1 and then 1 of replica 2, until something is applied",
        deep: false,
        cluster: || {
            let bounds = Bounds { within: Some(claims::in_turn()), ..Bounds::contest() };
            let claims = claimed(&bounds, [claims::three_ballots(), claims::two_leaders()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 295_458, generated: 3_223_549, violated: &[] },
    }
}
