//! The laws of [`Durable`](crate::Durable), on arbitrary deltas.

use super::*;
use crate::{Durable, Replay};
use proptest::prelude::*;

fn any_command() -> impl Strategy<Value = Command<Op>> {
    prop_oneof![
        Just(Command::Noop),
        (0..3_usize, 1..3_u64).prop_map(|(client, seq)| Command::Request {
            client: client.into(),
            seq,
            op: Op::put("x", &format!("{client} {seq}")),
        }),
    ]
}

fn any_delta() -> impl Strategy<Value = Delta<Op>> {
    let round = 0..4_u64;
    prop_oneof![
        round.clone().prop_map(|round| Delta::Promised(ballot(round, 0))),
        (1..5_u64, round, any_command()).prop_map(|(slot, round, command)| {
            Delta::Accepted { slot, proposal: Proposal { ballot: ballot(round, 0), command } }
        }),
        (1..5_u64).prop_map(|upto| Delta::Chosen { upto }),
        any_command().prop_map(|command| Delta::Learned { command }),
        (1..5_u64).prop_map(|start| Delta::Truncated { start }),
    ]
}

fn any_saved() -> impl Strategy<Value = Saved<M>> {
    let deltas = || proptest::collection::vec(any_delta(), 0..5);
    prop_oneof![
        3 => deltas().prop_map(Saved::Changed),
        1 => deltas().prop_map(|deltas| {
            let mut stable = Stable::default();
            deltas.into_iter().for_each(|delta| stable.replay(delta));
            Saved::Complete(stable)
        }),
    ]
}

fn sum(mut a: Saved<M>, b: &Saved<M>) -> Saved<M> {
    a.absorb(b.clone());
    a
}

proptest! {
    #[test]
    fn absorbing_is_associative(a in any_saved(), b in any_saved(), c in any_saved()) {
        prop_assert_eq!(sum(sum(a.clone(), &b), &c), sum(a, &sum(b.clone(), &c)));
    }

    #[test]
    fn a_complete_image_absorbs_into_anything_as_itself(a in any_saved(), b in any_saved()) {
        if let Saved::Complete(_) = b {
            prop_assert_eq!(sum(a, &b), b);
        }
    }
}
