//! The replicated state in pieces that fit datagrams.
//!
//! A snapshot is a copy of the state, which costs nothing, and its pieces are cut when they are
//! asked for: each from where the one before ended, in time that depends on the piece and not on
//! the state. The replica that asks says where that is. So the replica that serves a snapshot keeps
//! no state per peer, and any replica with the same state can go on in its place.

use super::machine::{Cursor, StateMachine};
use super::sessions::{Outline, Sessions};
pub use super::size::encoded_bytes;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;

/// A piece of a replicated state: of the machine, and of the client sessions.
///
/// All pieces of a state, in order, put back onto the empty state give that state again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Piece<M: StateMachine> {
    /// Fragments of the machine.
    pub fragments: Vec<M::Fragment>,
    /// Requests of client sessions: client, sequence number, its reply. Those of the session used the
    /// longest ago come first.
    pub sessions: Vec<(Id, u64, M::Reply)>,
    /// What the session table has beside them.
    pub outline: Outline,
}

/// Where a piece ends, and the next one begins. The sessions come after the machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Cut {
    /// Behind the fragment that ends there.
    Fragment(Cursor),
    /// Behind this client's request with this number.
    Session(Id, u64),
}

/// The pieces of a snapshot that an asker has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Held {
    /// Of which state: the number of the last slot, or operation, in it.
    pub of: u64,
    /// How many; at least one, and not all.
    pub count: u32,
    /// Where the last of them ends.
    pub end: Cut,
}

impl<M: StateMachine> Piece<M> {
    fn empty(outline: Outline) -> Self {
        Self { fragments: Vec::new(), sessions: Vec::new(), outline }
    }

    fn add(&mut self, part: Part<M>) {
        match part {
            Part::Fragment(fragment) => self.fragments.push(fragment),
            Part::Session(session) => self.sessions.push(session),
        }
    }

    /// Puts the piece back where it came from.
    pub fn restore(self, machine: &mut M, sessions: &mut Sessions<M::Reply>) {
        for fragment in self.fragments {
            machine.restore(fragment);
        }
        sessions.restore(self.outline, self.sessions);
    }
}

/// What pieces are made of.
enum Part<M: StateMachine> {
    Fragment(M::Fragment),
    Session((Id, u64, M::Reply)),
}

impl<M: StateMachine> Part<M> {
    fn bytes(&self) -> usize {
        match self {
            Self::Fragment(fragment) => encoded_bytes(fragment),
            Self::Session(session) => encoded_bytes(session),
        }
    }
}

/// The pieces of a state behind a cut, and for each where the next one begins, if there is one;
/// from the first on, where no cut is given. At least one then, even of the empty state.
///
/// They have about `limit` encoded bytes; one that is larger holds a single fragment or request.
/// They are cut as they are taken, and one part more, to know whether it still fits.
pub fn pieces_after<M: StateMachine>(
    machine: &M,
    sessions: &Sessions<M::Reply>,
    cut: Option<&Cut>,
    limit: usize,
) -> impl Iterator<Item = (Piece<M>, Option<Cut>)> {
    let outline = sessions.outline();
    let mut is_first = cut.is_none();
    let parts = parts_after(machine, sessions, cut);
    let mut parts = parts.map(|(end, part)| (end, part.bytes(), part)).peekable();
    std::iter::from_fn(move || {
        let (mut piece, mut size, mut end) = (Piece::empty(outline), 0_usize, None);
        while let Some((at, bytes, part)) =
            parts.next_if(|part| size == 0 || size.saturating_add(part.1) <= limit)
        {
            size = size.saturating_add(bytes);
            piece.add(part);
            end = Some(at);
        }
        let is_there = end.is_some() || is_first;
        is_first = false;
        let next = end.filter(|_| parts.peek().is_some());
        is_there.then_some((piece, next))
    })
}

fn parts_after<M: StateMachine>(
    machine: &M,
    sessions: &Sessions<M::Reply>,
    cut: Option<&Cut>,
) -> impl Iterator<Item = (Cut, Part<M>)> {
    let (fragments, session) = match cut {
        None => (Some(machine.fragments_after(None)), None),
        Some(Cut::Fragment(end)) => (Some(machine.fragments_after(Some(end))), None),
        Some(Cut::Session(client, seq)) => (None, Some((*client, *seq))),
    };
    let fragments = fragments.into_iter().flatten();
    let fragments = fragments.map(|(end, part)| (Cut::Fragment(end), Part::Fragment(part)));
    let sessions = sessions.since(session).map(|(client, seq, reply)| {
        (Cut::Session(client, seq), Part::Session((client, seq, reply.clone())))
    });
    fragments.chain(sessions)
}

#[cfg(test)]
pub(crate) mod tests;
