//! Instances within bounds that are chosen, their types hidden.

use super::abstract_model::BoundInfo;
use super::subject::{Built, Subject};
use super::{Kind, UnknownName};
use quorate_models::bound::{Bound, NoBound, within};
use quorate_models::choice::{Choice, ChoiceVisitor, Unfit};
use quorate_models::world::{Checkable, Observer};
use std::collections::BTreeMap;

/// What may be chosen of a protocol.
pub trait Choose: Send + Sync {
    /// The bounds, and what they are where nothing else is chosen.
    fn bounds(&self) -> Vec<BoundInfo>;
    /// The instance within these bounds.
    ///
    /// # Errors
    /// When there is none.
    fn within(&self, changed: &[(&str, u64)]) -> Result<&'static dyn Subject, NoChoice>;
}

/// Why there is no instance within the bounds that are chosen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoChoice {
    /// The protocol offers no choice.
    #[error("{0} has recorded instances only; `quorate list {0}` shows them")]
    Nothing(&'static str),
    /// What is asked for is no bound.
    #[error("{0:?} is no bound; a bound is NAME=N, such as servers=3")]
    Malformed(String),
    /// There is no bound of that name.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// A bound cannot be that number.
    #[error("{0}: {1}")]
    OutOfRange(&'static str, NoBound),
    /// The bounds do not fit each other.
    #[error("{0}: {1}")]
    Unfit(&'static str, Unfit),
}

/// What may be chosen of the protocol with that name.
pub(super) struct Chooser {
    pub(super) protocol: &'static str,
    pub(super) choice: Option<Box<dyn Choose>>,
}

struct Hidden<S: 'static, A: Checkable, H> {
    protocol: &'static str,
    choice: Choice<S, A, H>,
}

impl<A: Checkable, H: Observer<A::Msg>> ChoiceVisitor<A, H> for Chooser {
    fn visit<S: Clone + Send + Sync + 'static>(&mut self, choice: Choice<S, A, H>) {
        self.choice = Some(Box::new(Hidden { protocol: self.protocol, choice }));
    }
}

impl<S, A, H> Choose for Hidden<S, A, H>
where
    S: Clone + Send + Sync + 'static,
    A: Checkable,
    H: Observer<A::Msg>,
{
    fn bounds(&self) -> Vec<BoundInfo> {
        let info = |bound: &Bound<S>| BoundInfo::of(bound, &self.choice.sizes);
        self.choice.bounds.iter().map(info).collect()
    }

    fn within(&self, changed: &[(&str, u64)]) -> Result<&'static dyn Subject, NoChoice> {
        let Choice { sizes, bounds, cluster } = &self.choice;
        let sizes = within(sizes, bounds, changed).map_err(|error| self.refused(error))?;
        cluster(&sizes).map_err(|why| NoChoice::Unfit(self.protocol, why))?;
        let build = *cluster;
        let cluster = move || build(&sizes).expect("it was built of the same sizes before");
        // Subjects are named for as long as the program runs, and it chooses few.
        Ok(Box::leak(Box::new(Built { name: named(changed).leak(), cluster: Box::new(cluster) })))
    }
}

impl<S: 'static, A: Checkable, H> Hidden<S, A, H> {
    fn refused(&self, error: NoBound) -> NoChoice {
        match error {
            NoBound::Unknown(name) => {
                let known = self.choice.bounds.iter().map(|bound| bound.name).collect();
                let protocol = Some(self.protocol);
                UnknownName { protocol, kind: Kind::Size, name, known }.into()
            }
            NoBound::OutOfRange { .. } => NoChoice::OutOfRange(self.protocol, error),
        }
    }
}

/// The name of the instance within these bounds.
fn named(changed: &[(&str, u64)]) -> String {
    let last: BTreeMap<_, _> = changed.iter().copied().collect();
    let all: Vec<_> = last.into_iter().map(|(name, number)| format!("{name}={number}")).collect();
    all.join(",")
}

/// The bounds of such a name; `None` if it is the name of a recorded instance.
pub(super) fn bounds_of(name: &str) -> Option<Result<Vec<(&str, u64)>, NoChoice>> {
    let bound = |bound: &'_ str| -> Result<_, NoChoice> { Err(NoChoice::Malformed(bound.into())) };
    name.contains('=').then(|| {
        name.split(',')
            .map(|one| match one.split_once('=').map(|(name, n)| (name, n.parse())) {
                Some((name, Ok(number))) => Ok((name, number)),
                _ => bound(one),
            })
            .collect()
    })
}
