//! Lends a handler its role's part of a node's state.
//!
//! A node's state is an enum with a variant for each role, and a role's handlers know only their
//! own part. The checker lends a state that it must not see changed (`Cow::Borrowed`): such a part
//! is copied when the handler first changes it, and not at all if it does not. The runtime owns
//! its state (`Cow::Owned`): such a part is moved out and back, so it is changed in place whatever
//! its size. [`lend!`](crate::lend::lend) is the one place where that is written.

use std::borrow::Cow;

/// `lend!(state, State::Role, handler)`: runs `handler` on the part of `state`, a
/// `&mut Cow<'_, State>`, that the variant `State::Role` holds; nothing happens if it is of
/// another variant.
macro_rules! lend {
    ($state:expr, $role:path, $handler:expr) => {
        match $state {
            std::borrow::Cow::Borrowed($role(part)) => {
                if let Some(changed) = $crate::lend::copied_if_changed(part, $handler) {
                    *$state = std::borrow::Cow::Owned($role(changed));
                }
            }
            std::borrow::Cow::Owned($role(part)) => $crate::lend::in_place(part, $handler),
            _ => {}
        }
    };
}
pub(crate) use lend;

/// The part as a handler leaves it, if the handler changes it.
pub(crate) fn copied_if_changed<P: Clone>(
    part: &P,
    handler: impl FnOnce(&mut Cow<'_, P>),
) -> Option<P> {
    let mut lent = Cow::Borrowed(part);
    handler(&mut lent);
    match lent {
        Cow::Owned(changed) => Some(changed),
        Cow::Borrowed(_) => None,
    }
}

/// Lends a part that is owned. The default stands in its place meanwhile, where nobody sees it.
pub(crate) fn in_place<P: Clone + Default>(part: &mut P, handler: impl FnOnce(&mut Cow<'_, P>)) {
    let mut lent = Cow::Owned(std::mem::take(part));
    handler(&mut lent);
    *part = lent.into_owned();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A part that counts its copies.
    #[derive(Debug, Default, PartialEq, Eq)]
    struct Part(Vec<u8>);

    thread_local!(static COPIES: std::cell::Cell<u32> = const { std::cell::Cell::new(0) });

    impl Clone for Part {
        fn clone(&self) -> Self {
            COPIES.set(COPIES.get() + 1);
            Self(self.0.clone())
        }
    }

    #[derive(Clone, Debug, PartialEq, Eq)]
    enum State {
        One(Part),
        Other(Part),
    }

    fn read(part: &mut Cow<'_, Part>) {
        assert_eq!(part.0, [1]);
    }

    fn write(part: &mut Cow<'_, Part>) {
        part.to_mut().0.push(2);
        part.to_mut().0.push(3);
    }

    fn copies(run: impl FnOnce()) -> u32 {
        COPIES.set(0);
        run();
        COPIES.get()
    }

    #[test]
    fn a_borrowed_part_is_copied_once_and_only_if_it_is_changed() {
        let whole = State::One(Part(vec![1]));
        let mut state = Cow::Borrowed(&whole);
        assert_eq!(copies(|| lend!(&mut state, State::One, read)), 0);
        assert!(matches!(state, Cow::Borrowed(_)));
        assert_eq!(copies(|| lend!(&mut state, State::One, write)), 1);
        assert_eq!(*state, State::One(Part(vec![1, 2, 3])));
        assert_eq!(whole, State::One(Part(vec![1])));
    }

    #[test]
    fn an_owned_part_is_changed_in_place() {
        let mut state = Cow::Owned(State::One(Part(vec![1])));
        assert_eq!(copies(|| lend!(&mut state, State::One, read)), 0);
        assert_eq!(copies(|| lend!(&mut state, State::One, write)), 0);
        assert_eq!(state, Cow::Owned(State::One(Part(vec![1, 2, 3]))));
    }

    #[test]
    fn a_part_of_another_role_is_not_lent() {
        let mut state = Cow::Owned(State::Other(Part(vec![1])));
        lend!(&mut state, State::One, |_: &mut Cow<'_, Part>| panic!("of another role"));
        assert_eq!(state, Cow::Owned(State::Other(Part(vec![1]))));
    }
}
