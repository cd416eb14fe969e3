//! Evaluates the conditions in new states, each as seldom as possible.
//!
//! Conditions about single nodes or the history were evaluated when the part was first met. Those
//! about the nodes together are remembered by the nodes, those about everything are evaluated anew.

use crate::models::world::{Checkable, Cluster, Kind, NO_PANIC_AT, Observer, Scopes};

/// Which conditions the search looks at, a bit each.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PropertyMask {
    /// Must hold in every state.
    pub(super) always: u64,
    /// Must hold in some state.
    pub(super) sometimes: u64,
    /// Needed of every state to decide liveness.
    pub(super) liveness: u64,
}

impl PropertyMask {
    pub(super) fn of<A: Checkable, H: Observer<A::Msg>>(cluster: &Cluster<A, H>) -> Self {
        let mut mask = Self::default();
        for (at, property) in cluster.properties().iter().enumerate() {
            match property.kind {
                Kind::Always => mask.always |= 1 << at,
                Kind::Sometimes => mask.sometimes |= 1 << at,
                Kind::Eventually => mask.liveness |= 1 << at,
                Kind::LeadsTo(_) => {
                    let target = cluster.target_of(at).map_or(0, |target| 1 << target);
                    mask.liveness |= 1 << at | target;
                }
            }
        }
        mask.always |= CALM;
        mask
    }

    /// Without those about liveness.
    pub(super) fn safety(self) -> Self {
        Self { liveness: 0, ..self }
    }

    /// Without those that are decided.
    pub(super) fn without(mut self, decided: u64) -> Self {
        self.always &= !decided;
        self.sometimes &= !decided;
        self
    }

    fn all(self) -> u64 {
        self.always | self.sometimes | self.liveness
    }
}

/// The claim that nothing panics.
const CALM: u64 = 1 << NO_PANIC_AT;

const REMEMBERED: usize = 1 << 12;

/// Evaluates the conditions in states, for one thread.
pub(super) struct Evaluator<'c, A: Checkable, H> {
    cluster: &'c Cluster<A, H>,
    scopes: Scopes,
    /// The boundary, if it is asked of states.
    boundary: Option<usize>,
    /// By the nodes' fingerprint: the conditions about nodes that hold.
    remembered: Vec<(u64, u64)>,
}

impl<'c, A: Checkable, H: Observer<A::Msg>> Evaluator<'c, A, H> {
    pub(super) fn new(cluster: &'c Cluster<A, H>) -> Self {
        let scopes = cluster.scopes();
        let remembered = if scopes.nodes == 0 { 0 } else { REMEMBERED };
        let remembered = vec![(0, 0); remembered];
        Self { cluster, scopes, boundary: cluster.boundary(), remembered }
    }

    /// The conditions of the mask that hold.
    pub(super) fn evaluate(&mut self, state: &[u32], mask: PropertyMask) -> u64 {
        let asked = mask.all();
        let facts = self.cluster.facts(state, &self.scopes);
        if facts & CALM == 0 {
            // Not for long: something panicked.
            return self.ask(state, asked & !CALM) & asked & !CALM;
        }
        let mut holds = facts & asked;
        if self.scopes.nodes & asked != 0 {
            holds = both(holds, self.about_nodes(state) & asked);
        }
        holds = both(holds, self.ask(state, self.scopes.world & asked) & asked);
        if holds & CALM != 0 && self.boundary_panics(state) {
            holds &= !CALM;
        }
        holds
    }

    /// Whether the boundary panics, which has let the state in.
    fn boundary_panics(&self, state: &[u32]) -> bool {
        let scopes = self.scopes.world | self.scopes.nodes;
        self.boundary.filter(|at| scopes >> at & 1 == 1).is_some_and(|at| {
            self.cluster.has_panics() && self.cluster.verdict(at, state).is_none()
        })
    }

    pub(super) fn has_boundary(&self) -> bool {
        self.boundary.is_some()
    }

    pub(super) fn within_boundary(&self, state: &[u32]) -> bool {
        self.boundary.is_none_or(|at| self.cluster.holds(at, state))
    }

    fn about_nodes(&mut self, state: &[u32]) -> u64 {
        let nodes = self.cluster.fingerprint_of_nodes(state);
        let at = nodes as usize % REMEMBERED;
        if self.remembered[at].0 != nodes {
            self.remembered[at] = (nodes, self.ask(state, self.scopes.nodes));
        }
        self.remembered[at].1
    }

    /// Which of the conditions hold; if none panics, that too.
    fn ask(&self, state: &[u32], asked: u64) -> u64 {
        bits(asked).fold(CALM, |holds, at| match self.cluster.verdict(at, state) {
            Some(is_so) => holds | u64::from(is_so) << at,
            None => holds & !CALM,
        })
    }
}

/// The conditions that hold by two sets of answers: nothing panics if it does in neither.
fn both(one: u64, other: u64) -> u64 {
    (one | other) & !CALM | one & other & CALM
}

/// The positions of the bits that are set.
pub(super) fn bits(mut of: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let at = of.trailing_zeros() as usize;
        (of != 0).then(|| {
            of &= of - 1;
            at
        })
    })
}
