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
    use crate::kv::{Map, Op};

    #[test]
    fn the_pieces_of_a_state_give_it_back_whatever_their_size() {
        let mut machine = Map::default();
        let mut sessions = Sessions::default();
        for n in 0..20_u64 {
            let op = Op::put(&format!("key {n}"), &"v".repeat(4000));
            let reply = machine.apply(Id::from(n as usize), n, &op);
            sessions.record(Id::from(n as usize), n, reply);
        }
        for limit in [1, 10_000, 1 << 20] {
            let pieces = pieces(&machine, &sessions, limit);
            assert_eq!(pieces.len() == 1, limit == 1 << 20, "{limit}");
            let (mut copy, mut copied) = (Map::default(), Sessions::default());
            pieces.into_iter().for_each(|piece| piece.restore(&mut copy, &mut copied));
            assert_eq!((&copy, &copied), (&machine, &sessions));
        }
    }

    #[test]
    fn the_empty_state_is_one_piece() {
        assert_eq!(pieces(&Map::default(), &Sessions::default(), 1).len(), 1);
    }
}
