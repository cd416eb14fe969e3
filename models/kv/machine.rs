//! The state machine that a protocol replicates, as the protocol sees it.
//!
//! A protocol orders operations and applies them; what they mean is the machine's business.
//! [`Recorded`] wraps a machine so that its state also records which operations were applied, in
//! order: the checked instances replicate it, so that "a prefix of" and "exactly once" are plain
//! comparisons of states and no protocol carries history only for its proof.

use super::bytes::Bytes;
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

    /// The reply to `op`, if that leaves every state as it is: the same that
    /// [`apply`](StateMachine::apply) would give. Such an operation can be answered by a server
    /// that knows that its state is new enough, without a place in the log. A machine may leave it
    /// at `None`.
    fn query(&self, _op: &Self::Op) -> Option<Self::Reply> {
        None
    }

    /// Whether [`query`](StateMachine::query) replies to `op`. A machine whose replies take time to
    /// make says so without making one; both must agree, else a read has no answer.
    fn is_query(&self, op: &Self::Op) -> bool {
        self.query(op).is_some()
    }

    /// The pieces of this state, each small enough for one datagram with room to spare (at most
    /// [`FRAGMENT_BYTES`] where a single entry allows). At least one, even for the empty state.
    fn fragments(&self) -> Vec<Self::Fragment>;

    /// The fragments behind a cursor, each with the cursor where it ends; all, where none is given.
    /// The same state gives the same cursors and fragments on whichever node. They are cut as they
    /// are taken.
    ///
    /// A protocol sends a snapshot a few fragments at a time, each time from the cursor where the
    /// last ones ended. By default that takes [all fragments](StateMachine::fragments) each time,
    /// which is good enough for states up to a few megabytes. A machine with a larger state finds
    /// the next fragment from the cursor, as [`Map`](super::Map) does; a copy of it should then
    /// cost nothing, as that of a [`SharedMap`](crate::shared_map::SharedMap), because a snapshot
    /// is a copy.
    fn fragments_after(
        &self,
        cursor: Option<&Cursor>,
    ) -> impl Iterator<Item = (Cursor, Self::Fragment)> {
        let number = |cursor: &Cursor| cursor.as_ref().try_into().map(u64::from_be_bytes);
        let cut = cursor.and_then(|cursor| number(cursor).ok()).unwrap_or(0);
        let numbered = (1_u64..).zip(self.fragments()).skip(cut as usize);
        numbered.map(|(count, fragment)| (count.to_be_bytes().to_vec().into(), fragment))
    }

    /// Puts one piece back. All pieces of a state, in order, onto `Default::default()` give that
    /// state again.
    fn restore(&mut self, fragment: Self::Fragment);
}

/// Where a fragment ends and the next one begins: what a machine finds that by, as the last key in
/// it. It means something to the machine alone.
pub type Cursor = Bytes;

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

    fn query(&self, op: &Self::Op) -> Option<Self::Reply> {
        self.machine.query(op)
    }

    fn is_query(&self, op: &Self::Op) -> bool {
        self.machine.is_query(op)
    }

    fn fragments(&self) -> Vec<Self::Fragment> {
        self.fragments_after(None).map(|(_, fragment)| fragment).collect()
    }

    /// The first has all that was applied.
    fn fragments_after(
        &self,
        cursor: Option<&Cursor>,
    ) -> impl Iterator<Item = (Cursor, Self::Fragment)> {
        let mut applied = if cursor.is_none() { self.applied.clone() } else { Vec::new() };
        let fragments = self.machine.fragments_after(cursor);
        fragments.map(move |(end, fragment)| (end, (std::mem::take(&mut applied), fragment)))
    }

    fn restore(&mut self, (applied, fragment): Self::Fragment) {
        self.applied.extend(applied);
        self.machine.restore(fragment);
    }
}
