//! A rehearsal: one run of a cluster in which every message takes equally long and none is lost.
//!
//! It counts what an operation costs, and it tries what a cluster does without some of its
//! servers. A rehearsal is one behaviour among all those that a check goes through: a write that
//! proceeds in it shows that writes can, and the liveness properties show where they must.

use super::{Action, ActionOf, Checkable, Cluster, Faults, NetworkKind, Nodes, Setup, State};
use stateright::Model;
use stateright::actor::Id;
use std::collections::BTreeSet;

/// How often all timers may fire before the clients count as unanswered.
const PATIENCE: usize = 12;
/// Which of the timers fires first: so many are tried.
const ORDERS: usize = 8;
/// Rounds after which the run does not quiesce.
const MAX_ROUNDS: usize = 200;

/// The actors, and the condition that every client has its answers.
pub struct Rehearsal<A: Checkable> {
    /// Servers first, then clients.
    pub actors: Vec<A>,
    /// How many of them are servers.
    pub servers: usize,
    /// Whether the clients have it.
    pub is_done: Goal<A>,
}

/// What the nodes must have come to.
pub type Goal<A> = Box<dyn Fn(&Nodes<'_, A>) -> bool>;

/// The cost of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Messages sent until nothing more happens.
    pub messages: usize,
    /// One message after another, until the clients had what they asked for.
    pub delays: usize,
}

impl<A: Checkable> Rehearsal<A> {
    /// The cost of the run if nothing goes wrong and no timer fires; `None` if the clients do not
    /// get what they asked for.
    pub fn cost(self) -> Option<Cost> {
        let (mut run, is_done) = Run::new(self);
        let (mut messages, mut delays) = (0, None);
        for round in 0..MAX_ROUNDS {
            if delays.is_none() && is_done(&run.state.view().nodes()) {
                delays = Some(round);
            }
            let delivered = run.round();
            if delivered == 0 {
                break;
            }
            messages += delivered;
        }
        delays.map(|delays| Cost { messages, delays })
    }

    /// Whether the clients get what they asked for although these servers crash at once and for
    /// good, and no other server is suspected: whichever timer has to fire first, it does. `make`
    /// makes the same rehearsal every time.
    pub fn survives(make: impl Fn() -> Self, crashed: &[Id]) -> bool {
        (0..ORDERS).any(|order| make().survives_in_order(crashed, order))
    }

    fn survives_in_order(self, crashed: &[Id], order: usize) -> bool {
        let (mut run, is_done) = Run::new(self);
        for server in crashed {
            run.take(Action::Crash(*server));
        }
        for _ in 0..PATIENCE {
            run.settle();
            let mut timers = run.timers();
            let first = order % timers.len().max(1);
            timers.rotate_left(first);
            for timer in timers {
                run.take(timer);
                run.settle();
                if is_done(&run.state.view().nodes()) {
                    return true;
                }
            }
        }
        false
    }
}

/// The client, which comes after the servers, has had all its answers; `done` says how many.
pub fn answered<A: Checkable>(
    servers: usize,
    count: usize,
    done: fn(&A::State) -> Option<usize>,
) -> Goal<A> {
    Box::new(move |nodes| nodes.state(Id::from(servers)).and_then(done) == Some(count))
}

/// A cluster on its way.
struct Run<A: Checkable> {
    cluster: Cluster<A, ()>,
    state: State<A, ()>,
}

impl<A: Checkable> Run<A> {
    fn new(rehearsal: Rehearsal<A>) -> (Self, Goal<A>) {
        let crashes = rehearsal.servers as u8;
        let cluster = Setup::new(rehearsal.actors, rehearsal.servers, ())
            .network(NetworkKind::Multiset)
            .faults(Faults { crashes, ..Faults::default() })
            .cluster();
        let state = cluster.state(cluster.initial());
        (Self { cluster, state }, rehearsal.is_done)
    }

    /// Delivers what is in flight now, and not yet what is sent meanwhile; how much it was.
    fn round(&mut self) -> usize {
        let mut waiting: Vec<_> = self.state.view().envelopes().cloned().collect();
        waiting.sort_unstable();
        // A message of a node to itself is no message between nodes.
        waiting
            .into_iter()
            .filter(|e| self.take(Action::Deliver(e.clone())) && e.src != e.dst)
            .count()
    }

    /// Delivers until nothing is left that can be.
    fn settle(&mut self) {
        for _ in 0..MAX_ROUNDS {
            if self.round() == 0 {
                return;
            }
        }
    }

    /// The timers that are set, each once.
    fn timers(&self) -> Vec<ActionOf<A>> {
        let mut actions = Vec::new();
        self.cluster.actions(&self.state, &mut actions);
        actions.into_iter().filter(|action| matches!(action, Action::Timeout(..))).collect()
    }

    /// Takes a step; whether it was possible.
    fn take(&mut self, action: ActionOf<A>) -> bool {
        let next = self.cluster.next_state(&self.state, action);
        let happened = next.is_some();
        if let Some(next) = next {
            self.state = next;
        }
        happened
    }
}

/// All sets of `size` of the first `servers` ids.
pub fn subsets(servers: usize, size: usize) -> Vec<Vec<Id>> {
    (0_u32..1 << servers)
        .filter(|set| set.count_ones() as usize == size)
        .map(|set| (0..servers).filter(|id| set >> id & 1 == 1).map(Id::from).collect())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use stateright::actor::{Actor, Out, model_timeout};
    use std::borrow::Cow;

    /// A client that asks server 0, and on a timer server 1; servers echo.
    enum Echo {
        Server,
        Client,
    }

    impl Actor for Echo {
        type Msg = ();
        type Timer = ();
        type State = bool;
        type Storage = ();
        type Random = ();

        fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> bool {
            if matches!(self, Self::Client) {
                o.send(Id::from(0), ());
                o.set_timer((), model_timeout());
            }
            false
        }

        fn on_msg(&self, _: Id, state: &mut Cow<'_, bool>, src: Id, (): (), o: &mut Out<Self>) {
            match self {
                Self::Server => o.send(src, ()),
                Self::Client => *state.to_mut() = true,
            }
        }

        fn on_timeout(&self, _: Id, _: &mut Cow<'_, bool>, (): &(), o: &mut Out<Self>) {
            o.send(Id::from(1), ());
        }
    }

    fn echo() -> Rehearsal<Echo> {
        let actors = vec![Echo::Server, Echo::Server, Echo::Client];
        let is_done: Goal<Echo> = Box::new(|nodes| nodes.state(Id::from(2)) == Some(&true));
        Rehearsal { actors, servers: 2, is_done }
    }

    #[test]
    fn a_question_and_its_answer_are_two_messages_and_two_delays() {
        assert_eq!(echo().cost(), Some(Cost { messages: 2, delays: 2 }));
        assert_eq!(Rehearsal { is_done: Box::new(|_| false), ..echo() }.cost(), None);
    }

    #[test]
    fn one_of_two_servers_may_crash_and_both_may_not() {
        let survives = |crashed: &[Id]| Rehearsal::survives(echo, crashed);
        assert!(subsets(2, 0).iter().chain(&subsets(2, 1)).all(|crashed| survives(crashed)));
        assert!(!survives(&subsets(2, 2)[0]));
    }
}
