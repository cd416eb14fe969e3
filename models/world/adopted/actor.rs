//! An actor of an adopted model: it handles what its original handles.

use super::adoption::{Adoptable, Adoption, Auxiliary};
use super::shared::Shared;
use crate::durable::Durable;
use stateright::actor::{Actor, Command, Id, Out};
use std::borrow::Cow;
use std::sync::Arc;

/// An actor of an adopted model.
pub struct Adopted<A: Adoptable, C, H: Auxiliary> {
    pub(super) adoption: Arc<Adoption<A, C, H>>,
    pub(super) at: usize,
}

/// What an actor of an adopted model saved last, which is all that is on its disk.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Whole<S>(pub S);

impl<S> Durable for Whole<S> {
    fn absorb(&mut self, delta: Self) {
        *self = delta;
    }
}

impl<A: Adoptable, C, H: Auxiliary> Adopted<A, C, H> {
    fn original(&self) -> &A {
        &self.adoption.model.actors[self.at]
    }

    /// Runs a handler of the original, and passes on what it did.
    fn run(
        &self,
        state: &mut Cow<'_, Shared<A::State>>,
        o: &mut Out<Self>,
        handle: impl FnOnce(&A, &mut Cow<'_, A::State>, &mut Out<A>),
    ) {
        let mut next = Cow::Borrowed(&***state);
        let mut out = Out::new();
        handle(self.original(), &mut next, &mut out);
        let changed = match next {
            Cow::Owned(next) => Some(next),
            Cow::Borrowed(_) => None,
        };
        if let Some(next) = changed {
            *state = Cow::Owned(self.adoption.states.share(next));
        }
        Self::pass_on(out, o);
    }

    fn pass_on(out: Out<A>, o: &mut Out<Self>) {
        for command in out {
            match command {
                Command::Send(dst, msg) => o.send(dst, msg),
                Command::SetTimer(timer, duration) => o.set_timer(timer, duration),
                Command::CancelTimer(timer) => o.cancel_timer(timer),
                Command::ChooseRandom(key, options) => o.choose_random(key, options),
                Command::Save(saved) => o.save(Whole(saved)),
            }
        }
    }
}

impl<A: Adoptable, C, H: Auxiliary> Actor for Adopted<A, C, H> {
    type Msg = A::Msg;
    type Timer = A::Timer;
    type State = Shared<A::State>;
    type Storage = Whole<A::Storage>;
    type Random = A::Random;

    fn name(&self) -> String {
        self.original().name()
    }

    fn on_start(
        &self,
        id: Id,
        saved: &Option<Whole<A::Storage>>,
        o: &mut Out<Self>,
    ) -> Shared<A::State> {
        let saved = saved.as_ref().map(|Whole(saved)| saved.clone());
        let mut out = Out::new();
        let state = self.original().on_start(id, &saved, &mut out);
        Self::pass_on(out, o);
        self.adoption.states.share(state)
    }

    fn on_msg(
        &self,
        id: Id,
        state: &mut Cow<'_, Shared<A::State>>,
        src: Id,
        msg: A::Msg,
        o: &mut Out<Self>,
    ) {
        self.run(state, o, |actor, state, out| actor.on_msg(id, state, src, msg, out));
    }

    fn on_timeout(
        &self,
        id: Id,
        state: &mut Cow<'_, Shared<A::State>>,
        timer: &A::Timer,
        o: &mut Out<Self>,
    ) {
        self.run(state, o, |actor, state, out| actor.on_timeout(id, state, timer, out));
    }

    fn on_random(
        &self,
        id: Id,
        state: &mut Cow<'_, Shared<A::State>>,
        random: &A::Random,
        o: &mut Out<Self>,
    ) {
        self.run(state, o, |actor, state, out| actor.on_random(id, state, random, out));
    }
}
