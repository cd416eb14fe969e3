//! What an adopted model and its actors, its history and its conditions have in common.

use super::shared::Distinct;
use stateright::actor::{Actor, ActorModel};
use std::fmt::Debug;
use std::hash::Hash;

/// An actor whose models can be adopted: its types can be compared, hashed, and shared between
/// threads. Implemented for every actor for which it holds.
pub trait Adoptable:
    Actor<
        Msg: Ord + Send + Sync,
        Timer: Ord + Send + Sync,
        State: Send + Sync,
        Storage: Send + Sync,
        Random: Send + Sync,
    > + Send
    + Sync
    + 'static
{
}

impl<A> Adoptable for A
where
    A: Actor + Send + Sync + 'static,
    A::Msg: Ord + Send + Sync,
    A::Timer: Ord + Send + Sync,
    A::State: Send + Sync,
    A::Storage: Send + Sync,
    A::Random: Send + Sync,
{
}

/// What the history of an adopted model must be: what stateright asks of it, and `PartialEq`.
/// Implemented for every type for which it holds.
pub trait Auxiliary: Clone + Debug + PartialEq + Hash + Send + Sync + 'static {}

impl<H: Clone + Debug + PartialEq + Hash + Send + Sync + 'static> Auxiliary for H {}

/// A model, and the distinct values that were met in it.
pub(super) struct Adoption<A: Adoptable, C, H: Auxiliary> {
    pub(super) model: ActorModel<A, C, H>,
    /// Whether it records anything.
    pub(super) records: bool,
    /// Whether it has a boundary.
    pub(super) is_bounded: bool,
    pub(super) states: Distinct<A::State>,
    pub(super) histories: Distinct<H>,
}
