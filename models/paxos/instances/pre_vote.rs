//! Instances with pre-vote: a leader that is heard is not disturbed, and one that is gone is
//! followed.

use super::claimed;
use crate::paxos::bounds::{Bounds, put};
use crate::paxos::properties::{self as claims, Actor, History};
use crate::{Expected, Instance};

pub(super) fn instances() -> Vec<Instance<Actor, History>> {
    vec![unheard(), forsaken(), steady(), orphaned(), bereaved(), asked()]
}

fn steady() -> Instance<Actor, History> {
    Instance {
        name: "steady",
        about: "3 replicas with pre-vote, a client that writes, the last replica misses the leader \
                twice",
        deep: false,
        cluster: || {
            let bounds = Bounds::steady();
            let claims = claimed(&bounds, [claims::steady(), claims::missed()]);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 111, generated: 528, violated: &[] },
    }
}

fn bereaved() -> Instance<Actor, History> {
    Instance {
        name: "bereaved",
        about: "3 replicas with pre-vote, of which the leader may crash and stay down, missed before \
                or after",
        deep: true,
        cluster: || Bounds::bereaved().live(None),
        symmetry: None,
        expected: Expected { unique: 825_388, generated: 10_856_509, violated: &[] },
    }
}

fn orphaned() -> Instance<Actor, History> {
    Instance {
        name: "orphaned",
        about: "3 replicas with pre-vote, of which the leader may crash and stay down, and is missed \
                then",
        deep: false,
        cluster: || Bounds::orphaned().live(None),
        symmetry: None,
        expected: Expected { unique: 245, generated: 1_593, violated: &[] },
    }
}

fn forsaken() -> Instance<Actor, History> {
    Instance {
        name: "forsaken",
        about: "2 replicas with pre-vote, a client that writes, 1 crash of the follower, any losses",
        deep: false,
        cluster: || Bounds::forsaken().live(None),
        symmetry: None,
        expected: Expected { unique: 440, generated: 2_169, violated: &[] },
    }
}

fn unheard() -> Instance<Actor, History> {
    Instance {
        name: "unheard",
        about: "2 replicas with pre-vote, 1 misses the leader, any losses, no client",
        deep: false,
        cluster: || Bounds::unheard().live(None),
        symmetry: None,
        expected: Expected { unique: 10, generated: 31, violated: &[] },
    }
}

fn asked() -> Instance<Actor, History> {
    Instance {
        name: "pre-vote",
        about: "3 replicas with pre-vote, a client that writes, the leader is missed twice",
        deep: true,
        cluster: || {
            let bounds = Bounds::three(vec![vec![put("a")]]);
            let bounds = Bounds { pre_vote: true, elections: 2, ..bounds };
            let reached = [claims::two_leaders(), claims::adopted(), claims::caught_up()];
            let claims = claimed(&bounds, reached);
            bounds.cluster(claims, None)
        },
        symmetry: None,
        expected: Expected { unique: 5_372_791, generated: 71_022_427, violated: &[] },
    }
}
