//! The bounded instances of a single decree.

use super::bugs::Bug;
use super::properties::{self as claims, Claim};
use super::{Config, Synod, symmetry};
use crate::paxos::Quorums;
use crate::world::{Cluster, Condition, Fairness, Faults, Setup};
use crate::{Expected, Instance};

/// What an instance has, and what may happen in it.
pub(super) struct Bounds {
    pub(super) acceptors: usize,
    pub(super) proposals: u8,
    pub(super) crashes: u8,
    pub(super) restarts: u8,
    pub(super) crashable: Option<usize>,
    pub(super) quorums: Option<Quorums>,
    /// States that do not satisfy it are not explored.
    pub(super) within: Option<Condition<Synod, ()>>,
}

impl Bounds {
    /// Three acceptors with majorities, and no crash.
    pub(super) fn three(proposals: u8) -> Self {
        let (crashable, quorums, within) = Default::default();
        Self { acceptors: 3, proposals, crashes: 0, restarts: 0, crashable, quorums, within }
    }

    pub(super) fn config(&self) -> Config {
        let config = Config::new(self.acceptors, &['a', 'b']);
        Config { quorums: self.quorums.unwrap_or(config.quorums), ..config }
    }

    pub(super) fn setup(&self, claims: Vec<Claim>, bug: Option<Bug>) -> Setup<Synod, ()> {
        let config = Config { bug, ..self.config() };
        let nodes = config.nodes();
        // Acceptors and proposers crash; the learner keeps nothing and can always learn again.
        let servers = nodes.len() - 1;
        let (crashes, restarts) = (self.crashes, self.restarts);
        let crashable = self.crashable.map(|only| vec![only.into()]);
        let timers = vec![("propose", self.proposals)];
        let mut setup = Setup::new(nodes, servers, ());
        setup.boundary.clone_from(&self.within);
        setup
            .timer_kind(|_| "propose")
            .faults(Faults { crashes, restarts, timers, crashable })
            .properties(claims)
            .checkpointed()
    }

    pub(super) fn safety(&self) -> Vec<Claim> {
        let config = self.config();
        claims::safety(config.proposers, config.quorums)
    }

    /// The cluster, perhaps with a bug, of which it is claimed that it is safe; and that it
    /// decides, if an acceptor stays down.
    pub(super) fn seeded(self, bug: Option<Bug>) -> Cluster<Synod, ()> {
        if self.crashes > self.restarts {
            return self.live(bug);
        }
        self.setup(self.safety(), bug).cluster()
    }

    /// An acceptor may crash for good, and each proposal may be the last.
    pub(super) fn minority_down() -> Self {
        Self { crashes: 1, crashable: Some(0), ..Self::three(2) }
    }

    /// The cluster, of which it is claimed that it decides. Each message is eventually delivered,
    /// if its receiver is up for long enough: fairness is per message, as on the set network
    /// fairness per link could be fair to one message for ever.
    pub(super) fn live(self, bug: Option<Bug>) -> Cluster<Synod, ()> {
        let fairness = Fairness { per_message: true, ..Fairness::default() };
        let claims = self.safety().into_iter().chain([claims::decides()]).collect();
        self.setup(claims, bug).fairness(fairness).cluster()
    }
}

/// All instances, the quickest first.
pub fn instances() -> Vec<Instance<Synod, ()>> {
    vec![contest(), rivalry(), minority_down(), crash(), crash_reduced(), duel(), three_crash()]
}

fn claimed(bounds: &Bounds) -> Vec<Claim> {
    let mut claims = bounds.safety();
    claims.extend([claims::learns('b'), claims::adopted()]);
    claims
}

/// Three numbers, each of which another acceptor may have accepted last.
fn contest() -> Instance<Synod, ()> {
    Instance {
        name: "synod-contest",
        about: "single decree: 3 acceptors that are taken to be alike, 2 proposers with 3 \
                proposals in all, until the learner hears of a vote",
        deep: false,
        cluster: || {
            let bounds = Bounds { within: Some(claims::unheard()), ..Bounds::three(3) };
            let mut claims = bounds.safety();
            claims
                .extend([claims::adopted(), claims::preempted(bounds.config().quorums.prepare, 3)]);
            bounds.setup(claims, None).cluster()
        },
        symmetry: Some(|| symmetry(&Bounds::three(3).config())),
        expected: Expected { unique: 72_169, generated: 205_554, violated: &[] },
    }
}

fn rivalry() -> Instance<Synod, ()> {
    Instance {
        name: "synod-rivalry",
        about: "single decree: 3 acceptors, 2 proposers with 2 proposals in all",
        deep: false,
        cluster: || {
            let bounds = Bounds::three(2);
            let mut claims = claimed(&bounds);
            claims.push(claims::preempted(bounds.config().quorums.prepare, 2));
            bounds.setup(claims, None).cluster()
        },
        symmetry: None,
        expected: Expected { unique: 29_849, generated: 107_996, violated: &[] },
    }
}

/// Whatever the proposers did to each other, the proposal with the greatest number is undisturbed
/// when no more are begun, and a majority that is up decides.
fn minority_down() -> Instance<Synod, ()> {
    Instance {
        name: "synod-minority-down",
        about: "single decree: 3 acceptors of which 1 may stay down, 2 proposals in all",
        deep: false,
        cluster: || Bounds::minority_down().live(None),
        symmetry: None,
        expected: Expected { unique: 59_698, generated: 229_197, violated: &[] },
    }
}

fn crash() -> Instance<Synod, ()> {
    Instance {
        name: "synod-crash",
        about: "single decree: 3 acceptors, 2 proposers with 2 proposals in all, 1 crash, 1 restart",
        deep: false,
        cluster: crashing,
        symmetry: None,
        expected: Expected { unique: 207_175, generated: 985_793, violated: &[] },
    }
}

/// The same with acceptors that are taken to be alike: fewer states, and the same verdicts.
fn crash_reduced() -> Instance<Synod, ()> {
    Instance {
        name: "synod-crash-alike",
        about: "the same as synod-crash, where acceptors are taken to be alike",
        deep: false,
        cluster: crashing,
        symmetry: Some(|| symmetry(&Bounds::three(2).config())),
        expected: Expected { unique: 37_719, generated: 179_973, violated: &[] },
    }
}

fn crashing() -> Cluster<Synod, ()> {
    let bounds = Bounds { crashes: 1, restarts: 1, ..Bounds::three(2) };
    bounds.setup(claimed(&bounds), None).cluster()
}

/// As much as symmetry makes possible.
fn three_crash() -> Instance<Synod, ()> {
    Instance {
        name: "synod-three-crash",
        about: "single decree: 3 acceptors that are taken to be alike, 2 proposers with 3 \
                proposals in all, 1 crash, 1 restart",
        deep: true,
        cluster: || {
            let bounds = Bounds { crashes: 1, restarts: 1, ..Bounds::three(3) };
            bounds.setup(claimed(&bounds), None).cluster()
        },
        symmetry: Some(|| symmetry(&Bounds::three(3).config())),
        expected: Expected { unique: 3_471_807, generated: 19_641_762, violated: &[] },
    }
}

/// Two proposers, each of which prepares whenever the other is about to succeed.
///
/// Section 2.4 of the paper: "it's easy to construct a scenario in which two proposers each keep
/// issuing a sequence of proposals with increasing numbers, none of which are ever chosen". Numbers
/// only grow, so no state comes twice, and the scenario is no lasso here. Instead, the run in which
/// every proposal within the bound but the last is preempted is one that must be reached; and the
/// unit test `lamport_2001_two_proposers_can_duel_for_ever` shows that it can be gone on with for
/// ever: a round of the duel leads to the state that it began in with all numbers shifted by one,
/// and what a node does does not depend on such a shift.
pub fn duel() -> Instance<Synod, ()> {
    Instance {
        name: "synod-duel",
        about: "single decree: 3 acceptors, 2 proposers with 3 proposals in all",
        deep: true,
        cluster: || {
            let bounds = Bounds::three(3);
            let mut claims = claimed(&bounds);
            claims.push(claims::preempted(bounds.config().quorums.prepare, 3));
            bounds.setup(claims, None).cluster()
        },
        symmetry: None,
        expected: Expected { unique: 2_950_681, generated: 13_404_044, violated: &[] },
    }
}
