//! The state machine that a protocol replicates, as the protocol sees it.
//!
//! A protocol orders operations and applies them; what they mean is the machine's business.
//! [`Recorded`] wraps a machine so that its state also tells which operations were applied, in
//! order: the checked instances replicate it, so that "a prefix of" and "exactly once" are
//! plain comparisons of states and no protocol carries history only for its proof.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use stateright::actor::Id;
use std::fmt::Debug;
use std::hash::Hash;

/// A deterministic state machine (Schneider 1990): equal states that apply equal operations
/// stay equal and give equal replies.
pub trait StateMachine: Clone + Debug + Default + Eq + Ord + Hash + Send + Sync + 'static {
    /// What a client asks for.
    type Op: Value;
    /// What it gets back.
    type Reply: Value;
    /// A bounded piece of the whole state, for its transfer in datagrams.
    type Fragment: Value;

    /// Applies `op`, the `seq`-th operation of `client`, and gives its reply.
    fn apply(&mut self, client: Id, seq: u64, op: &Self::Op) -> Self::Reply;

    /// Whether `op` leaves every state as it is, and so could be answered by any server that has the
    /// newest one. A machine need not tell.
    fn is_read(_op: &Self::Op) -> bool {
        false
    }

    /// The pieces of this state, each small enough for one datagram with room to spare (at most
    /// [`FRAGMENT_BYTES`] where a single entry allows). At least one, even for the empty state.
    fn fragments(&self) -> Vec<Self::Fragment>;

    /// Puts one piece back. All pieces of a state, in order, onto `Default::default()` give that
    /// state again.
    fn restore(&mut self, fragment: Self::Fragment);
}

/// The target size of a fragment of state, in encoded bytes: a whole number of them, with the
/// protocol's own fields, stays below the runtime's datagram limit.
pub const FRAGMENT_BYTES: usize = 16 * 1024;

/// What travels and is stored: plain data, ordered so that states are canonical.
pub trait Value:
    Clone + Debug + Eq + Ord + Hash + Send + Sync + Serialize + DeserializeOwned + 'static
{
}

impl<T> Value for T where
    T: Clone + Debug + Eq + Ord + Hash + Send + Sync + Serialize + DeserializeOwned + 'static
{
}

/// A machine that also remembers which operations it applied. For checking only: it grows with
/// every operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Recorded<M> {
    /// The machine itself.
    pub machine: M,
    /// Client and sequence number of each applied operation, oldest first.
    pub applied: Vec<(Id, u64)>,
}

impl<M: StateMachine> StateMachine for Recorded<M> {
    type Op = M::Op;
    type Reply = M::Reply;
    type Fragment = (Vec<(Id, u64)>, M::Fragment);

    fn apply(&mut self, client: Id, seq: u64, op: &Self::Op) -> Self::Reply {
        self.applied.push((client, seq));
        self.machine.apply(client, seq, op)
    }

    fn is_read(op: &Self::Op) -> bool {
        M::is_read(op)
    }

    fn fragments(&self) -> Vec<Self::Fragment> {
        let mut applied = self.applied.clone();
        (self.machine.fragments().into_iter())
            .map(|fragment| (std::mem::take(&mut applied), fragment))
            .collect()
    }

    fn restore(&mut self, (applied, fragment): Self::Fragment) {
        self.applied.extend(applied);
        self.machine.restore(fragment);
    }
}
