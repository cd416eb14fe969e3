//! Instances that are not recorded: a protocol within bounds that whoever checks it chooses.
//!
//! A protocol shows what may be chosen to a [`ChoiceVisitor`]; `quorate check PROTOCOL --servers 3
//! --crashes 1` builds such an instance and gives verdicts, without counts to hold them against. Every
//! property that is claimed of it is expected to hold.

use crate::bound::Bound;
use crate::kv::Op;
use crate::world::{Checkable, Cluster};

/// What may be chosen of a protocol.
pub struct Choice<S: 'static, A: Checkable, H> {
    /// The sizes where nothing else is chosen.
    pub sizes: S,
    /// What may be changed of them.
    pub bounds: &'static [Bound<S>],
    /// Builds the instance; an error says why there is none of these sizes.
    pub cluster: fn(&S) -> Result<Cluster<A, H>, Unfit>,
}

/// Why there is no instance of some sizes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(pub String);

/// A generic action on the choice of a protocol with these types, called at most once.
pub trait ChoiceVisitor<A: Checkable, H> {
    /// The choice.
    fn visit<S: Clone + Send + Sync + 'static>(&mut self, choice: Choice<S, A, H>);
}

/// Only what crashed can restart.
///
/// # Errors
/// When there are more restarts than crashes.
pub fn check_restarts(crashes: u8, restarts: u8) -> Result<(), Unfit> {
    if restarts <= crashes {
        return Ok(());
    }
    Err(Unfit(format!("{restarts} restarts need as many crashes, and there are {crashes}")))
}

/// The bounds of sizes: each a field, by its name on the command line, its meaning and its range.
macro_rules! sizes {
    ($sizes:ty: $($field:ident = $name:literal, $about:literal, $range:expr;)*) => {
        &[$($crate::bound::Bound::<$sizes> {
            name: $name,
            about: $about,
            range: $range,
            get: |sizes| sizes.$field.into(),
            set: |sizes, number| sizes.$field = number as _,
        }),*]
    };
}
pub(crate) use sizes;

/// What a client of the map does: so many writes, each of a value of its own, and then so many reads.
pub(crate) fn script(client: u8, puts: u8, gets: u8) -> Vec<Op> {
    let puts = (0..puts).map(|op| Op::put("x", &letter(client, op)));
    puts.chain((0..gets).map(|_| Op::get("x"))).collect()
}

/// A value that no other client or operation has: a letter and, after a client's first, a number.
pub(crate) fn letter(client: u8, op: u8) -> String {
    let letter = char::from(b'a' + client);
    if op == 0 { letter.into() } else { format!("{letter}{op}") }
}
