//! Pieces as they are asked for, against all of them cut at once.

use super::*;
use crate::kv::machine::{FRAGMENT_BYTES, Recorded};
use crate::kv::{Bytes, Image, Map, Op, Reply, SessionLimits};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use std::cell::Cell;

/// The oracle: a pass over the whole state, without cursors.
fn cut_at_once<M: StateMachine>(image: &Image<M>, limit: usize) -> Vec<Piece<M>> {
    let outline = image.sessions.outline();
    let (mut pieces, mut size) = (vec![Piece::empty(outline)], 0);
    let fragments = image.machine.fragments().into_iter().map(Part::Fragment);
    let sessions = image.sessions.iter().map(|(client, seq, reply)| (client, seq, reply.clone()));
    for part in fragments.chain(sessions.map(Part::Session)) {
        let bytes = part.bytes();
        if size > 0 && size + bytes > limit {
            pieces.push(Piece::empty(outline));
            size = 0;
        }
        size += bytes;
        pieces.last_mut().unwrap().add(part);
    }
    pieces
}

/// The pieces, each asked for by where the last of those before it ended, some at a time.
fn asked_for<M: StateMachine>(image: &Image<M>, limit: usize, burst: usize) -> Vec<Piece<M>> {
    let (mut pieces, mut cut) = (Vec::new(), None);
    loop {
        let before = pieces.len();
        for (piece, next) in image.pieces_after(cut.clone().as_ref(), limit).take(burst) {
            pieces.push(piece);
            cut = next;
        }
        assert!(pieces.len() > before);
        if cut.is_none() {
            return pieces;
        }
    }
}

/// A map that is cut in the default way.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Simple(Map);

impl StateMachine for Simple {
    type Op = Op;
    type Reply = Reply;
    type Fragment = Vec<(Bytes, Bytes)>;

    fn apply(&mut self, client: Id, seq: u64, op: &Op) -> Reply {
        self.0.apply(client, seq, op)
    }

    fn fragments(&self) -> Vec<Self::Fragment> {
        self.0.fragments()
    }

    fn restore(&mut self, fragment: Self::Fragment) {
        self.0.restore(fragment);
    }
}

/// A map that counts the fragments that are cut of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Counting(Map);

thread_local!(static CUT: Cell<usize> = const { Cell::new(0) });

impl Counting {
    /// How many were cut since this was last asked.
    pub(crate) fn cut() -> usize {
        CUT.take()
    }
}

impl StateMachine for Counting {
    type Op = Op;
    type Reply = Reply;
    type Fragment = Vec<(Bytes, Bytes)>;

    fn apply(&mut self, client: Id, seq: u64, op: &Op) -> Reply {
        self.0.apply(client, seq, op)
    }

    fn fragments(&self) -> Vec<Self::Fragment> {
        unreachable!("nobody needs all of them at once")
    }

    fn fragments_after(
        &self,
        cursor: Option<&Cursor>,
    ) -> impl Iterator<Item = (Cursor, Self::Fragment)> {
        self.0.fragments_after(cursor).inspect(|_| CUT.set(CUT.get() + 1))
    }

    fn restore(&mut self, fragment: Self::Fragment) {
        self.0.restore(fragment);
    }
}

#[test]
fn the_empty_state_is_one_piece() {
    assert_eq!(Image::<Map>::default().pieces_after(None, 1).count(), 1);
}

#[test]
fn the_next_piece_costs_one_fragment_and_a_look_ahead() {
    let mut image = Image::<Counting>::default();
    for key in 0..1000 {
        let op = Op::put(&format!("key {key}"), &"v".repeat(FRAGMENT_BYTES));
        image.apply_once(Id::from(1), key + 1, &op);
    }
    let mut cut = None;
    for _ in 0..1000 {
        Counting::cut();
        let (_, next) = image.pieces_after(cut.as_ref(), FRAGMENT_BYTES).next().unwrap();
        assert!(Counting::cut() <= 2);
        cut = next;
    }
    let rest: Vec<_> = image.pieces_after(cut.as_ref(), FRAGMENT_BYTES).collect();
    assert!(matches!(&rest[..], [(piece, None)] if piece.sessions.len() == 1), "the session");
}

fn state() -> impl Strategy<Value = Image<Recorded<Map>>> {
    let entries = btree_map(vec(any::<u8>(), 0..40), vec(any::<u8>(), 0..3000), 0..60);
    let requests = vec((0..200_usize, 1..9_u64, vec(any::<u8>(), 0..300)), 0..60);
    (entries, requests, 1..60_usize).prop_map(|(entries, requests, clients)| {
        let entries = entries.into_iter().map(|(key, value)| (Bytes::from(key), value.into()));
        let mut sessions = Sessions::new(SessionLimits::clients(clients));
        let mut applied = Vec::new();
        for (client, seq, value) in requests {
            sessions.record(Id::from(client), seq, Reply::Value(Some(value.into())));
            applied.push((Id::from(client), seq));
        }
        let machine = Recorded { machine: Map(entries.collect()), applied };
        Image { slot: 7, machine, sessions }
    })
}

fn of<M: StateMachine<Reply = Reply>>(machine: M, state: &Image<Recorded<Map>>) -> Image<M> {
    Image { slot: state.slot, machine, sessions: state.sessions.clone() }
}

fn is_cut_alike<M: StateMachine>(
    image: &Image<M>,
    limit: usize,
    burst: usize,
) -> Result<(), TestCaseError> {
    let all = cut_at_once(image, limit);
    prop_assert_eq!(&asked_for(image, limit, usize::MAX), &all);
    prop_assert_eq!(&asked_for(image, limit, burst), &all);
    let mut copy = Image { slot: image.slot, ..Image::default() };
    for piece in all {
        piece.restore(&mut copy.machine, &mut copy.sessions);
    }
    prop_assert_eq!(&copy, image);
    Ok(())
}

proptest! {
    #[test]
    fn pieces_that_are_asked_for_are_those_cut_at_once_and_make_the_state_again(
        state in state(),
        limit in prop_oneof![1..2000_usize, 10_000..40_000_usize],
        burst in 1..5_usize,
    ) {
        is_cut_alike(&state, limit, burst)?;
        is_cut_alike(&of(state.machine.machine.clone(), &state), limit, burst)?;
        is_cut_alike(&of(Simple(state.machine.machine.clone()), &state), limit, burst)?;
    }

    #[test]
    fn pieces_are_bounded(state in state(), limit in 1..40_000_usize) {
        let image = of(state.machine.machine.clone(), &state);
        for (piece, _) in image.pieces_after(None, limit) {
            let parts = piece.fragments.len() + piece.sessions.len();
            let bytes = encoded_bytes(&piece);
            // Beside what it holds a piece has two lengths, the bounds and the floor.
            prop_assert!(parts <= 1 || bytes <= limit + 24, "{bytes} bytes, limit {limit}");
        }
    }
}
