//! Bounds that whoever checks may choose: whole numbers, by name.

use std::ops::RangeInclusive;
use thiserror::Error;

/// A bound of `M`, a model or the sizes of an instance: a whole number.
#[derive(Clone, Debug)]
pub struct Bound<M> {
    /// Its name, in kebab-case: of a specification, that of its constant.
    pub name: &'static str,
    /// What it bounds.
    pub about: &'static str,
    /// Which numbers are possible.
    pub range: RangeInclusive<u64>,
    /// What it is.
    pub get: fn(&M) -> u64,
    /// Changes it to a number of the range.
    pub set: fn(&mut M, u64),
}

/// `model` within other bounds: those of `changed`, by name, of which the last of a name counts.
///
/// # Errors
/// When a bound is not known, or cannot be that number.
pub fn within<M: Clone>(
    model: &M,
    bounds: &[Bound<M>],
    changed: &[(&str, u64)],
) -> Result<M, NoBound> {
    let mut model = model.clone();
    for (name, number) in changed {
        let bound = bounds.iter().find(|bound| bound.name == *name);
        let bound = bound.ok_or_else(|| NoBound::Unknown((*name).to_owned()))?;
        if !bound.range.contains(number) {
            let (name, range) = (bound.name, bound.range.clone());
            return Err(NoBound::OutOfRange { name, range, number: *number });
        }
        (bound.set)(&mut model, *number);
    }
    Ok(model)
}

/// Why a bound cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoBound {
    /// There is none of that name.
    #[error("there is no bound named {0:?}")]
    Unknown(String),
    /// It cannot be that number.
    #[error("the bound {name} is {} to {}, not {number}", range.start(), range.end())]
    OutOfRange {
        /// The bound.
        name: &'static str,
        /// What it may be.
        range: RangeInclusive<u64>,
        /// What was asked for.
        number: u64,
    },
}
