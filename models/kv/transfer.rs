//! The replicated state in pieces that fit datagrams.

use super::machine::StateMachine;
use super::sessions::Sessions;
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
    /// Client sessions: client, last sequence number, its reply.
    pub sessions: Vec<(Id, u64, M::Reply)>,
    /// The highest client id whose session is forgotten.
    pub floor: Option<Id>,
}

impl<M: StateMachine> Piece<M> {
    fn empty(floor: Option<Id>) -> Self {
        Self { fragments: Vec::new(), sessions: Vec::new(), floor }
    }

    /// Puts the piece back where it came from.
    pub fn restore(self, machine: &mut M, sessions: &mut Sessions<M::Reply>) {
        for fragment in self.fragments {
            machine.restore(fragment);
        }
        sessions.restore(self.floor, self.sessions);
    }
}

/// Cuts a state into pieces of about `limit` encoded bytes; one that is larger holds a single
/// fragment or session. At least one piece, even of the empty state.
pub fn pieces<M: StateMachine>(
    machine: &M,
    sessions: &Sessions<M::Reply>,
    limit: usize,
) -> Vec<Piece<M>> {
    let floor = sessions.floor();
    let mut pieces = vec![Piece::empty(floor)];
    let mut size = 0_usize;
    let mut room = |pieces: &mut Vec<Piece<M>>, bytes: usize| {
        if size > 0 && size.saturating_add(bytes) > limit {
            pieces.push(Piece::empty(floor));
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

/// The size of a value as the runtime encodes it; of what cannot be encoded, more than any limit,
/// so that it gets a piece of its own.
pub fn encoded_bytes<T: Serialize>(value: &T) -> usize {
    postcard::serialize_with_flavor(value, postcard::ser_flavors::Size::default())
        .unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::{Bytes, Map, Reply};
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
            sessions in btree_map(0..200_usize, (1..9_u64, vec(any::<u8>(), 0..300)), 0..60),
            floor in proptest::option::of(0..200_usize),
            limit in 1..2000_usize,
        ) {
            let entries = entries.into_iter().map(|(key, value)| (Bytes(key), Bytes(value)));
            let machine = Map(entries.collect());
            let last = sessions.into_iter().map(|(client, (seq, value))| {
                (Id::from(client), seq, Reply::Value(Some(Bytes(value))))
            });
            let mut sessions = Sessions::default();
            sessions.restore(floor.map(Id::from), last);

            let (mut copy, mut copied) = (Map::default(), Sessions::default());
            for piece in pieces(&machine, &sessions, limit) {
                let items = piece.fragments.len() + piece.sessions.len();
                let bytes = encoded_bytes(&piece);
                // Beside what it holds a piece has two lengths and the floor.
                prop_assert!(items <= 1 || bytes <= limit + 16, "{bytes} bytes, limit {limit}");
                piece.restore(&mut copy, &mut copied);
            }
            prop_assert_eq!((copy, copied), (machine, sessions));
        }
    }
}
