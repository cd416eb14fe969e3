//! Timers, crashes and a disk, and little else: each node counts its alarms up to a limit, saves
//! the count, sends it to the next node, and takes over a higher count that it receives.
//!
//! A timer names its node, because stateright 0.31 hashes the nodes' sets of timers one after the
//! other without their lengths: were the timers alike, `[{alarm}, {}]` and `[{}, {alarm}]` would
//! share a fingerprint, and stateright would report fewer states than there are (2,111 instead
//! of 3,206 for 3 nodes without crashes).

use crate::durable::Durable;
use crate::world::{Cluster, Condition, Faults, NetworkKind, Property, Rules, Setup};
use stateright::Expectation;
use stateright::actor::{Actor, ActorModel, Id, LossyNetwork, Network, Out, model_timeout};
use std::borrow::Cow;

/// A node in a ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    next: Id,
    limit: u8,
}

/// The count on disk; a later one replaces it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Saved(u8);

impl Durable for Saved {
    fn absorb(&mut self, delta: Self) {
        *self = delta;
    }
}

/// The two timers: one counts, the other only reminds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// Counts, and sends the count.
    Alarm(Id),
    /// Sends the count again.
    Reminder(Id),
}

impl Actor for Node {
    type Msg = u8;
    type Timer = Timer;
    type State = u8;
    type Storage = Saved;
    type Random = ();

    fn on_start(&self, id: Id, saved: &Option<Saved>, o: &mut Out<Self>) -> u8 {
        o.set_timer(Timer::Alarm(id), model_timeout());
        saved.as_ref().map_or(0, |saved| saved.0)
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, u8>, _: Id, count: u8, o: &mut Out<Self>) {
        if count > **state {
            *state.to_mut() = count;
            o.save(Saved(count));
            o.set_timer(Timer::Reminder(id), model_timeout());
        }
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, u8>, timer: &Timer, o: &mut Out<Self>) {
        match timer {
            Timer::Alarm(_) if **state < self.limit => {
                *state.to_mut() += 1;
                o.save(Saved(**state));
                o.send(self.next, **state);
                o.set_timer(Timer::Alarm(id), model_timeout());
            }
            Timer::Alarm(_) => {}
            Timer::Reminder(_) => o.send(self.next, **state),
        }
    }
}

/// How many count, and how far.
const LIMIT: u8 = 2;

fn ring(nodes: usize) -> Vec<Node> {
    (0..nodes).map(|at| Node { next: Id::from((at + 1) % nodes), limit: LIMIT }).collect()
}

/// The ring as a cluster under stateright's rules, with at most `down` nodes down at once, on a
/// multiset network that may lose messages.
pub fn cluster(nodes: usize, down: u8) -> Cluster<Node, ()> {
    Setup::new(ring(nodes), nodes, ())
        .network(NetworkKind::Multiset)
        .lossy(true)
        .rules(Rules::Stateright)
        .faults(Faults { crashes: down, ..Faults::default() })
        .property(Property::always(
            "no count exceeds the limit",
            Condition::each_node(|node| node.state().is_none_or(|count| *count <= LIMIT)),
        ))
        .cluster()
}

/// The same ring as stateright's own model.
pub fn stateright_model(nodes: usize, down: u8) -> ActorModel<Node> {
    ActorModel::new((), ())
        .actors(ring(nodes))
        .init_network(Network::new_unordered_nonduplicating([]))
        .lossy_network(LossyNetwork::Yes)
        .max_crashes(usize::from(down))
        .property(Expectation::Always, "no count exceeds the limit", |_, state| {
            state.actor_states.iter().all(|count| **count <= LIMIT)
        })
}
