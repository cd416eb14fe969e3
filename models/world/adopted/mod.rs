//! Stateright's own models, taken as they are.
//!
//! [`Setup::from`] an `ActorModel` has its actors, its network with the messages that are in it at
//! the start, its losses and crashes, its history, its boundary and its properties, under
//! [stateright's rules](Rules::Stateright). The states are those of stateright: on the same model
//! its breadth-first search counts as many unique and generated states.
//!
//! # What differs
//!
//! * **Equality counts, not the hash.** States that stateright takes for one because its
//!   fingerprints are equal are two here: where the `Hash` of an actor's state leaves fields out that
//!   its `PartialEq` compares, and where timers, or choices, of one name are open at different nodes
//!   (stateright 0.31 hashes them node after node without saying how many each has). The counts
//!   are then greater than stateright's, and right. Of a message, a timer or a saved value with such
//!   a hash the check says that two parts have one hash.
//! * **`Expectation::Eventually`** is decided, with cycles and under weak fairness per link and per
//!   timer; stateright looks at the ends of behaviours only, and misses some of those.
//! * **A panic** of a handler or a property is a violation of [`NO_PANIC`](super::NO_PANIC) with a
//!   trace.
//! * What is no part of an `ActorModel` is not adopted: symmetry (`CheckerBuilder::symmetry`; here
//!   [`Symmetry`](super::Symmetry)), a limit of depth (`target_max_depth(n)`; here a depth of `n - 1`
//!   steps), and the condition on which a search ends.

mod actor;
mod adoption;
mod recording;
mod replica;
mod shared;

use super::property::{Condition, Property};
use super::reads::Reads;
use super::setup::{Faults, NetworkKind, Rules, Setup};
use super::state::View;
pub use actor::{Adopted, Whole};
use adoption::Adoption;
pub use adoption::{Adoptable, Auxiliary};
use recording::Last;
pub use recording::Recording;
use replica::asked;
use shared::Distinct;
pub use shared::Shared;
use stateright::Expectation;
use stateright::actor::{ActorModel, ActorModelState, Envelope, Id, LossyNetwork, Network};
use std::collections::VecDeque;
use std::hash::Hash;
use std::iter::repeat_n;
use std::ptr::fn_addr_eq;
use std::sync::Arc;

/// The setup of an adopted model.
pub type AdoptedSetup<A, C, H> = Setup<Adopted<A, C, H>, Recording<A, C, H>>;

/// One of so many states in which a property is asked is asked about as a whole, to see whether the
/// property looks at no more than is said.
const PROBE: u64 = 4;

type ConditionOf<A, C, H> = Condition<Adopted<A, C, H>, Recording<A, C, H>>;
type ViewOf<'a, A, C, H> = View<'a, Adopted<A, C, H>, Recording<A, C, H>>;

impl<A, C, H> From<ActorModel<A, C, H>> for AdoptedSetup<A, C, H>
where
    A: Adoptable,
    C: Send + Sync + 'static,
    H: Auxiliary,
{
    /// The model as it is.
    ///
    /// # Panics
    /// When more than 255 nodes may be down at once.
    fn from(model: ActorModel<A, C, H>) -> Self {
        let down = u8::try_from(model.max_crashes.min(model.actors.len()));
        let adoption = adopt(model);
        let model = &adoption.model;
        let (network, last) = match &model.init_network {
            Network::UnorderedDuplicating(_, last) => (NetworkKind::Set, Last::Kept(last.clone())),
            Network::UnorderedNonDuplicating(_) => (NetworkKind::Multiset, Last::Forgotten),
            Network::Ordered(_) => (NetworkKind::Ordered, Last::Forgotten),
        };
        let history = adoption.histories.share(model.init_history.clone());
        let history = Recording { adoption: Arc::clone(&adoption), history, last };
        let actors =
            (0..model.actors.len()).map(|at| Adopted { adoption: Arc::clone(&adoption), at });
        let mut setup = Self::new(actors, model.actors.len(), history)
            .network(network)
            .in_flight(in_flight(&model.init_network))
            .lossy(model.lossy_network == LossyNetwork::Yes)
            .rules(Rules::Stateright)
            .faults(Faults {
                crashes: down.expect("at most 255 nodes may be down at once"),
                ..Faults::default()
            });
        for (at, property) in model.properties.iter().enumerate() {
            let condition = condition(&adoption, at, Reads::ALL);
            setup = setup.property(match property.expectation {
                Expectation::Always => Property::always(property.name, condition),
                Expectation::Sometimes => Property::sometimes(property.name, condition),
                Expectation::Eventually => Property::eventually(property.name, condition),
            });
        }
        if adoption.is_bounded {
            setup = setup.boundary(boundary(&adoption));
        }
        setup
    }
}

impl<A, C, H> AdoptedSetup<A, C, H>
where
    A: Adoptable,
    C: Send + Sync + 'static,
    H: Auxiliary,
{
    /// Says that a property looks at no more than these parts of a state, such as
    /// [`Reads::HISTORY`] of one about linearizability: then it is asked once for all states that
    /// have them in common, which is what most of the time goes to otherwise.
    ///
    /// It is given the initial state's in the place of the other parts. In some of the states it is
    /// also asked about the whole state; if it then says something else, it panics, and
    /// [`NO_PANIC`](super::NO_PANIC) is violated.
    ///
    /// # Panics
    /// When the model has no property of that name.
    #[must_use]
    pub fn looks_at(mut self, property: &str, parts: Reads) -> Self {
        let adoption = Arc::clone(&self.history.adoption);
        let mut names = adoption.model.properties.iter().map(|property| property.name);
        let at = names.position(|name| name == property);
        let at = at.unwrap_or_else(|| panic!("the model has no property {property:?}"));
        for claimed in self.properties.iter_mut().filter(|claimed| claimed.name == property) {
            claimed.condition = condition(&adoption, at, parts);
        }
        self
    }

    /// Leaves the message that was delivered last out of the states, on a network that duplicates:
    /// stateright counts it as part of the network, so that states which differ in nothing else are
    /// several. There are fewer states without it, and nothing else depends on it, unless a
    /// property looks at that very field.
    #[must_use]
    pub fn without_last_delivery(mut self) -> Self {
        self.history.last = Last::Forgotten;
        self
    }
}

/// The model, and which of its functions have anything to say.
fn adopt<A: Adoptable, C, H: Auxiliary>(model: ActorModel<A, C, H>) -> Arc<Adoption<A, C, H>> {
    // Those that are the default's are not asked in every state.
    let plain = ActorModel::<A, C, H>::new(model.cfg, model.init_history);
    let records = !fn_addr_eq(plain.record_msg_in, model.record_msg_in)
        || !fn_addr_eq(plain.record_msg_out, model.record_msg_out);
    let is_bounded = !fn_addr_eq(plain.within_boundary, model.within_boundary);
    let model = ActorModel { cfg: plain.cfg, init_history: plain.init_history, ..model };
    let (states, histories) = (Distinct::default(), Distinct::default());
    Arc::new(Adoption { model, records, is_bounded, states, histories })
}

/// The messages in a network, oldest first. (Stateright 0.31 lists a message that is in flight
/// several times once too often: `Network::iter_all`.)
fn in_flight<M: Clone + Ord + Hash>(network: &Network<M>) -> Vec<Envelope<M>> {
    let mut messages: Vec<_> = match network {
        Network::UnorderedDuplicating(sent, _) => sent.iter().cloned().collect(),
        Network::UnorderedNonDuplicating(sent) => {
            sent.iter().flat_map(|(envelope, count)| repeat_n(envelope.clone(), *count)).collect()
        }
        Network::Ordered(links) => {
            let of_link = |((src, dst), queue): (&(Id, Id), &VecDeque<M>)| {
                let (src, dst) = (*src, *dst);
                queue.iter().map(|msg| Envelope { src, dst, msg: msg.clone() }).collect::<Vec<_>>()
            };
            return links.iter().flat_map(of_link).collect();
        }
    };
    // The order of a hash table has no meaning.
    messages.sort_unstable();
    messages
}

/// The condition of a property, given these parts.
fn condition<A, C, H>(
    adoption: &Arc<Adoption<A, C, H>>,
    at: usize,
    parts: Reads,
) -> ConditionOf<A, C, H>
where
    A: Adoptable,
    C: Send + Sync + 'static,
    H: Auxiliary,
{
    let adoption = Arc::clone(adoption);
    Condition::world(move |view: &ViewOf<'_, A, C, H>| {
        let property = &adoption.model.properties[at];
        let ask = |state: &ActorModelState<A, H>| (property.condition)(&adoption.model, state);
        // The message that was delivered last is in the network, and in our history.
        let parts = match view.history_unnoted().last {
            Last::Kept(_) if parts.contains(Reads::MESSAGES) => parts.and(Reads::HISTORY),
            _ => parts,
        };
        view.note(parts);
        let answer = asked(view, parts, &ask);
        if parts != Reads::ALL && view.key(Reads::ALL).is_multiple_of(PROBE) {
            let whole = asked(view, Reads::ALL, &ask);
            assert_eq!(answer, whole, "{:?} looks at more than is said", property.name);
        }
        answer
    })
}

/// The boundary of a model.
fn boundary<A, C, H>(adoption: &Arc<Adoption<A, C, H>>) -> ConditionOf<A, C, H>
where
    A: Adoptable,
    C: Send + Sync + 'static,
    H: Auxiliary,
{
    let adoption = Arc::clone(adoption);
    Condition::world(move |view: &ViewOf<'_, A, C, H>| {
        let model = &adoption.model;
        view.note(Reads::ALL);
        asked(view, Reads::ALL, &|state| (model.within_boundary)(&model.cfg, state))
    })
}
