//! The replicated state in pieces that fit datagrams.

use super::machine::StateMachine;
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
    /// Client sessions: client, last sequence number, its reply. The one used the longest ago
    /// comes first.
    pub sessions: Vec<(Id, u64, M::Reply)>,
    /// What the session table has beside them.
    pub outline: Outline,
}

impl<M: StateMachine> Piece<M> {
    fn empty(outline: Outline) -> Self {
        Self { fragments: Vec::new(), sessions: Vec::new(), outline }
    }

    /// Puts the piece back where it came from.
    pub fn restore(self, machine: &mut M, sessions: &mut Sessions<M::Reply>) {
        for fragment in self.fragments {
            machine.restore(fragment);
        }
        sessions.restore(self.outline, self.sessions);
    }
}

/// Cuts a state into pieces of about `limit` encoded bytes; one that is larger holds a single
/// fragment or session. At least one piece, even of the empty state.
pub fn pieces<M: StateMachine>(
    machine: &M,
    sessions: &Sessions<M::Reply>,
    limit: usize,
) -> Vec<Piece<M>> {
    let outline = sessions.outline();
    let mut pieces = vec![Piece::empty(outline)];
    let mut size = 0_usize;
    let mut room = |pieces: &mut Vec<Piece<M>>, bytes: usize| {
        if size > 0 && size.saturating_add(bytes) > limit {
            pieces.push(Piece::empty(outline));
            size = 0;
        }
        size = size.saturating_add(bytes);
        pieces.len() - 1
    };
    for fragment in machine.fragments() {
        let at = room(&mut pieces, encoded_bytes(&fragment));
        pieces[at].fragments.push(fragment);
    }
    for (client, seq, reply) in sessions.iter() {
        let session = (client, seq, reply.clone());
        let at = room(&mut pieces, encoded_bytes(&session));
        pieces[at].sessions.push(session);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::{Bytes, Map, Reply, SessionLimits};
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    #[test]
    fn the_empty_state_is_one_piece() {
        assert_eq!(pieces(&Map::default(), &Sessions::default(), 1).len(), 1);
    }

    proptest! {
        #[test]
        fn the_pieces_of_a_state_are_bounded_and_make_it_again(
            entries in btree_map(vec(any::<u8>(), 0..40), vec(any::<u8>(), 0..400), 0..60),
            requests in vec((0..200_usize, 1..9_u64, vec(any::<u8>(), 0..300)), 0..60),
            clients in 1..60_usize,
            limit in 1..2000_usize,
        ) {
            let entries = entries.into_iter().map(|(key, value)| (Bytes::from(key), Bytes::from(value)));
            let machine = Map(entries.collect());
            let mut sessions = Sessions::new(SessionLimits::clients(clients));
            for (client, seq, value) in requests {
                sessions.record(Id::from(client), seq, Reply::Value(Some(value.into())));
            }

            let (mut copy, mut copied) = (Map::default(), Sessions::default());
            for piece in pieces(&machine, &sessions, limit) {
                let items = piece.fragments.len() + piece.sessions.len();
                let bytes = encoded_bytes(&piece);
                // Beside what it holds a piece has two lengths, the bounds and the floor.
                prop_assert!(items <= 1 || bytes <= limit + 24, "{bytes} bytes, limit {limit}");
                piece.restore(&mut copy, &mut copied);
            }
            prop_assert_eq!((copy, copied), (machine, sessions));
        }
    }
}
