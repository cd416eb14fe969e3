//! The strongly connected sets of states in which a fair behaviour can go round for ever: components
//! are found, and judged, by another thread if there is one.

use super::census::{Census, Fate};
use super::components::Components;
use super::graph::Graph;
use std::mem;
use std::sync::mpsc;
use std::thread;

/// Sets in which a fair behaviour can go round for ever.
pub(crate) struct FairSets {
    /// By state, the number of its set; zero for none.
    numbers: Vec<u32>,
    count: u32,
}

impl FairSets {
    /// None, of so many states.
    pub(super) fn none(states: usize) -> Self {
        Self { numbers: vec![0; states], count: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// By state, the number of its set; zero for none.
    pub(super) fn numbers(&self) -> &[u32] {
        &self.numbers
    }

    /// Adds a set; its states are then in no other one.
    pub(super) fn add(&mut self, states: &[u32]) {
        self.count += 1;
        for state in states {
            self.numbers[*state as usize] = self.count;
        }
    }
}

/// From so many states on it pays that another thread judges what is found among them: of fewer, all is
/// found before that has begun.
pub(super) const WORTH_A_THREAD: usize = 1 << 13;

/// Finds the fair sets among these states; false if it was asked to stop. What is found among `beside`
/// states or more is judged by another thread.
pub(super) fn find_fair(
    graph: &Graph,
    among: Vec<u32>,
    sets: &mut FairSets,
    (beside, goes_on): (Option<usize>, &dyn Fn() -> bool),
) -> bool {
    let mut components = Components::new(graph);
    let mut judge = Judge { census: Census::new(graph), sets, rest: Vec::new() };
    let mut parts = vec![among];
    while let Some(part) = parts.pop() {
        let finished = if beside.is_some_and(|least| part.len() >= least) {
            judge_beside(&mut components, &part, &mut judge, goes_on)
        } else {
            components.each(&part, |component| {
                judge.hear(component);
                !judge.census.judged().is_multiple_of(1024) || goes_on()
            })
        };
        if !finished || !goes_on() {
            return false;
        }
        parts.append(&mut judge.rest);
    }
    true
}

/// Has the components of a part judged by another thread while they are found.
fn judge_beside(
    components: &mut Components<'_>,
    part: &[u32],
    judge: &mut Judge<'_>,
    goes_on: &dyn Fn() -> bool,
) -> bool {
    let (send, groups) = mpsc::sync_channel::<Group>(WAITING);
    thread::scope(|scope| {
        scope.spawn(move || {
            groups.iter().for_each(|group| group.each(|component| judge.hear(component)));
        });
        let mut group = Group::default();
        let finished = components.each(part, |component| {
            group.push(component);
            group.states.len() < TOGETHER || send.send(mem::take(&mut group)).is_ok() && goes_on()
        });
        let is_heard = finished && send.send(group).is_ok();
        // The other thread waits for more until then.
        drop(send);
        is_heard
    })
}

/// How many states go to another thread together, or a few more.
const TOGETHER: usize = 1 << 12;
/// How many groups of states wait for it at most.
const WAITING: usize = 16;

/// Components, one after the other.
#[derive(Default)]
struct Group {
    states: Vec<u32>,
    ends: Vec<usize>,
}

impl Group {
    fn push(&mut self, component: &[u32]) {
        self.states.extend_from_slice(component);
        self.ends.push(self.states.len());
    }

    fn each(&self, mut show: impl FnMut(&[u32])) {
        let mut start = 0;
        for end in &self.ends {
            show(&self.states[start..*end]);
            start = *end;
        }
    }
}

/// Judges components.
struct Judge<'g> {
    census: Census<'g>,
    /// Those that are fair.
    sets: &'g mut FairSets,
    /// Those of which a part may be.
    rest: Vec<Vec<u32>>,
}

impl Judge<'_> {
    fn hear(&mut self, component: &[u32]) {
        match self.census.judge(component) {
            Fate::Fair => self.sets.add(component),
            Fate::Unfair => {}
            Fate::Rest(rest) => self.rest.push(rest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::graph::GraphBuilder;
    use super::*;
    use crate::models::world::Strength::{Strong, Weak};
    use proptest::prelude::*;

    const STATES: u32 = 30;

    proptest! {
        #[test]
        fn another_thread_finds_the_same_sets(
            steps in proptest::collection::vec(
                (0..STATES, 0..STATES, proptest::option::of(0..4_u16)), 0..90),
        ) {
            let new = GraphBuilder::new(&[Weak, Strong, Weak, Strong]);
            let graph = steps.iter().fold(new, |graph, (from, to, class)| match class {
                Some(class) => graph.fair(*class, *from, *to),
                None => graph.step(*from, *to),
            });
            let graph = graph.build(STATES);
            let found = |beside| {
                let mut sets = FairSets::none(STATES as usize);
                let all = (0..STATES).collect();
                assert!(find_fair(&graph, all, &mut sets, (beside, &|| true)));
                sets.numbers
            };
            prop_assert_eq!(found(None), found(Some(0)));
            prop_assert_eq!(found(None), found(Some(STATES as usize / 4)));
        }
    }

    #[test]
    fn it_stops_when_it_is_asked_to() {
        let graph = (0..6000).fold(GraphBuilder::new(&[]), |graph, at| graph.step(at, at));
        let graph = graph.build(6000);
        for beside in [None, Some(0)] {
            let mut sets = FairSets::none(6000);
            let all = (0..6000).collect();
            assert!(!find_fair(&graph, all, &mut sets, (beside, &|| false)), "{beside:?}");
        }
    }
}
