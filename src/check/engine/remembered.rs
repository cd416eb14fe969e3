//! The answers of conditions about several parts of a state, by what they looked at; but for those that
//! look at so much that it does not pay.
//!
//! Conditions that look at the same parts are answered together.

use super::mask::bits;
use crate::models::world::Reads;

/// How many sets of answers are remembered: no more than the caches hold.
const ROOM: usize = 1 << 14;
/// The most sets of parts by which answers are looked up.
const WAYS: usize = 32;

/// After so many questions it is seen whether it pays to remember answers by a set of parts.
const TRIAL: u32 = 1 << 13;
/// It does, if one of so many is known.
const WORTH: u32 = 3;
/// If not, so many questions later it is tried again: what did not matter early on may matter later.
const REST: u32 = 16 * TRIAL;

/// Answers of several conditions, for one thread.
#[derive(Default)]
pub(super) struct Remembered {
    ways: Vec<Way>,
    /// By key: what was answered. None, as long as nothing was.
    known: Vec<Known>,
}

/// The conditions that looked at a set of parts in some state.
struct Way {
    reads: Reads,
    conditions: u64,
    /// Of the questions of the trial under way, how many there were, and of how many answers were known.
    asked: u32,
    known: u32,
    /// How many questions are not looked up, since that did not pay.
    rest: u32,
}

/// The answers that follow from some parts of a state.
#[derive(Clone, Copy, Default)]
struct Known {
    key: u64,
    /// Of these conditions, a bit each.
    of: u64,
    holds: u64,
}

/// What conditions say of a state, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Answers {
    pub(super) holds: u64,
    /// Those that panicked.
    pub(super) panics: u64,
    /// Those that looked at messages to find their answer.
    pub(super) looked: u64,
}

impl Remembered {
    /// The memory that they take.
    pub(super) fn bytes(&self) -> u64 {
        (self.known.capacity() * size_of::<Known>()) as u64
    }

    /// What these conditions say of a state: remembered, or as `answer` says, with what each looked at,
    /// `None` if it panics. `key_of` are numbers that states have in common in which such parts are the
    /// same.
    pub(super) fn of(
        &mut self,
        asked: u64,
        key_of: impl Fn(Reads) -> u64,
        answer: impl Fn(usize) -> (Option<bool>, Reads),
    ) -> Answers {
        let (mut answers, mut left) = (Answers::default(), asked);
        for way in &mut self.ways {
            if way.conditions & left == 0 || way.rests() {
                continue;
            }
            let key = key_of(way.reads) | 1;
            let known = self.known[place(key)];
            let of = if known.key == key { known.of & left } else { 0 };
            way.count(of != 0);
            answers.holds |= known.holds & of;
            answers.looked |= if way.reads.looks_at_messages() { of } else { 0 };
            left &= !of;
        }
        for at in bits(left) {
            let (said, reads) = answer(at);
            answers.looked |= u64::from(reads.looks_at_messages()) << at;
            match said {
                Some(holds) => {
                    answers.holds |= u64::from(holds) << at;
                    self.remember((at, holds), reads, &key_of);
                }
                None => answers.panics |= 1 << at,
            }
        }
        answers
    }

    fn remember(
        &mut self,
        (at, holds): (usize, bool),
        reads: Reads,
        key_of: &impl Fn(Reads) -> u64,
    ) {
        let Some(way) = self.way(reads) else { return };
        way.conditions |= 1 << at;
        if way.rest > 0 {
            return;
        }
        let key = key_of(reads) | 1;
        let known = &mut self.known[place(key)];
        if known.key != key {
            *known = Known { key, ..Known::default() };
        }
        known.of |= 1 << at;
        known.holds |= u64::from(holds) << at;
    }

    /// The way of these parts; none if that cannot pay, or if there are too many.
    fn way(&mut self, reads: Reads) -> Option<&mut Way> {
        if reads.contains(Reads::ALL) {
            return None;
        }
        let at = self.ways.iter().position(|way| way.reads == reads);
        if at.is_none() && self.ways.len() < WAYS {
            self.known.resize(ROOM, Known::default());
            self.ways.push(Way { reads, conditions: 0, asked: 0, known: 0, rest: 0 });
            return self.ways.last_mut();
        }
        self.ways.get_mut(at?)
    }
}

impl Way {
    fn count(&mut self, is_known: bool) {
        self.asked += 1;
        self.known += u32::from(is_known);
        if self.asked == TRIAL {
            self.rest = if self.known < TRIAL / WORTH { REST } else { 0 };
            (self.asked, self.known) = (0, 0);
        }
    }

    /// Whether this question is not looked up.
    fn rests(&mut self) -> bool {
        let rests = self.rest > 0;
        self.rest = self.rest.saturating_sub(1);
        rests
    }
}

/// Keys are odd: 0 is that of no answers.
fn place(key: u64) -> usize {
    (key >> 1) as usize % ROOM
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn an_answer_is_remembered_by_what_it_looked_at() {
        let (mut remembered, questions) = (Remembered::default(), Cell::new(0));
        let mut ask = |answer, reads: Reads, state: u64| {
            remembered.of(
                1 << 3,
                |reads| reads.key_of_one(u128::from(state)),
                |_| {
                    questions.set(questions.get() + 1);
                    (answer, reads)
                },
            )
        };
        let holds = Answers { holds: 1 << 3, ..Answers::default() };
        let panics = Answers { panics: 1 << 3, ..Answers::default() };
        assert_eq!(ask(None, Reads::NODES, 7), panics, "a panic is not remembered");
        let looked = Answers { looked: 1 << 3, ..holds };
        assert_eq!(ask(Some(true), Reads::ALL, 7), looked, "nor is this");
        assert_eq!(ask(Some(true), Reads::NODES, 7), holds);
        assert_eq!(ask(Some(false), Reads::NODES, 7), holds);
        assert_eq!(questions.get(), 3);
        assert_eq!(ask(Some(false), Reads::NODES, 8), Answers::default(), "another state");
    }

    #[test]
    fn conditions_are_answered_together_and_each_for_itself() {
        let mut remembered = Remembered::default();
        let reads = [Reads::NODES, Reads::NODES, Reads::MESSAGES];
        let key_of = |reads: Reads| reads.key_of_one(7);
        let first = remembered.of(0b110, key_of, |at| (Some(at == 1), reads[at]));
        assert_eq!(first, Answers { holds: 0b010, panics: 0, looked: 0b100 });
        // Of condition 0 nothing is known yet.
        let all = remembered.of(0b111, key_of, |at| (Some(at == 0), reads[at]));
        assert_eq!(all, Answers { holds: 0b011, panics: 0, looked: 0b100 });
        let again = remembered.of(0b111, key_of, |_| unreachable!("all are known"));
        assert_eq!(again, all);
    }

    #[test]
    fn answers_that_are_never_asked_for_again_are_soon_not_remembered() {
        let (mut remembered, looked_up) = (Remembered::default(), Cell::new(0));
        let mut ask = |questions: u32| {
            let before = looked_up.get();
            for _ in 0..questions {
                let key_of = |_| {
                    looked_up.set(looked_up.get() + 1);
                    looked_up.get()
                };
                let answers = remembered.of(1, key_of, |_| (Some(true), Reads::NODES));
                assert_eq!(answers, Answers { holds: 1, ..Answers::default() });
            }
            looked_up.get() - before
        };
        // Once to find each answer but the first, and once to remember it; the last one is not.
        assert_eq!(ask(TRIAL + 1), 2 * u64::from(TRIAL));
        assert_eq!(ask(REST), 1, "only the last of these is remembered");
        assert_eq!(ask(TRIAL), 2 * u64::from(TRIAL) - 1, "they are tried again");
        assert_eq!(ask(REST), 1);
    }
}
