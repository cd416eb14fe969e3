//! Lends a handler its role's part of a node's state.
//!
//! A borrowed state is copied when the handler first changes it, as the checker needs; a state
//! that the driver owns is changed in place, whatever its size.

use super::{CoordinatorState, ParticipantState, State};
use crate::kv::{ClientState, Outcome};
use std::borrow::Cow;

/// The state of one role.
pub(super) trait Role: Clone {
    fn of(state: &State) -> Option<&Self>;
    fn taken_from(state: State) -> Option<Self>;
    fn into_state(self) -> State;
}

macro_rules! role {
    ($variant:ident, $state:ty) => {
        impl Role for $state {
            fn of(state: &State) -> Option<&Self> {
                match state {
                    State::$variant(role) => Some(role),
                    _ => None,
                }
            }

            fn taken_from(state: State) -> Option<Self> {
                match state {
                    State::$variant(role) => Some(role),
                    _ => None,
                }
            }

            fn into_state(self) -> State {
                State::$variant(self)
            }
        }
    };
}

role!(Coordinator, CoordinatorState);
role!(Participant, ParticipantState);
role!(Client, ClientState<Outcome>);

/// Runs `handler` on the part of `state` that is of role `R`, if it is.
pub(super) fn lend<R: Role>(state: &mut Cow<'_, State>, handler: impl FnOnce(&mut Cow<'_, R>)) {
    match state {
        Cow::Borrowed(whole) => {
            let Some(part) = R::of(whole) else { return };
            let mut part = Cow::Borrowed(part);
            handler(&mut part);
            if let Cow::Owned(part) = part {
                *state = Cow::Owned(part.into_state());
            }
        }
        Cow::Owned(whole) if R::of(whole).is_some() => {
            // Moved out and back: not copied. What stands in its place meanwhile is empty.
            let placeholder = State::Participant(ParticipantState::default());
            if let Some(part) = R::taken_from(std::mem::replace(whole, placeholder)) {
                let mut part = Cow::Owned(part);
                handler(&mut part);
                *whole = part.into_owned().into_state();
            }
        }
        Cow::Owned(_) => {}
    }
}
