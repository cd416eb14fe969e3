//! The answers of conditions, by what they looked at; but for those that look at so much that it does
//! not pay.

use crate::models::world::{Reads, Shares};

/// How many answers are remembered: no more than the caches hold.
const ROOM: usize = 1 << 14;
/// The most sets of parts by which the answers of one condition are looked up.
const WAYS: usize = 4;

/// After so many questions it is seen whether it pays to remember the answers of a condition.
const TRIAL: u32 = 1 << 13;
/// It does, if one of so many is known.
const WORTH: u32 = 3;

/// Answers of several conditions, for one thread.
pub(super) struct Remembered {
    conditions: Vec<Memory>,
    /// By key: the answer.
    answers: Box<[(u64, bool)]>,
}

/// How one condition is remembered.
#[derive(Clone, Default)]
struct Memory {
    /// The sets of parts that it looked at in some state, the last ones first.
    ways: Vec<Reads>,
    asked: u32,
    known: u32,
}

impl Remembered {
    /// For the conditions of these bits.
    pub(super) fn new(conditions: u64) -> Self {
        let count = (u64::BITS - conditions.leading_zeros()) as usize;
        let room = if count == 0 { 0 } else { ROOM };
        let conditions = vec![Memory::default(); count];
        Self { conditions, answers: vec![(0, false); room].into() }
    }

    /// The memory that they take.
    pub(super) fn bytes(&self) -> u64 {
        size_of_val(&*self.answers) as u64
    }

    /// The answer of condition `at` in a state with these shares: remembered, or `answer`'s; and what it
    /// looked at. `None`, if the condition panics.
    pub(super) fn of(
        &mut self,
        at: usize,
        shares: impl FnOnce() -> Shares,
        answer: impl FnOnce() -> (Option<bool>, Reads),
    ) -> (Option<bool>, Reads) {
        let memory = &mut self.conditions[at];
        if memory.asked == TRIAL && memory.known < TRIAL / WORTH {
            return answer();
        }
        let shares = shares();
        memory.asked = (memory.asked + 1).min(TRIAL);
        for reads in &memory.ways {
            let key = key(at, &shares, *reads);
            let (known, is_so) = self.answers[place(key)];
            if known == key {
                memory.known = (memory.known + 1).min(TRIAL);
                return (Some(is_so), *reads);
            }
        }
        let (answer, reads) = answer();
        if let Some(is_so) = answer.filter(|_| reads != Reads::ALL) {
            if !memory.ways.contains(&reads) {
                memory.ways.truncate(WAYS - 1);
                memory.ways.insert(0, reads);
            }
            let key = key(at, &shares, reads);
            self.answers[place(key)] = (key, is_so);
        }
        (answer, reads)
    }
}

/// Never 0, which is that of no answer.
fn key(at: usize, shares: &Shares, reads: Reads) -> u64 {
    (shares.of(reads) ^ (at as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93)) | 1
}

fn place(key: u64) -> usize {
    (key >> 1) as usize % ROOM
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::primary_backup::instances::instances;

    #[test]
    fn an_answer_is_remembered_by_what_it_looked_at() {
        let instances = instances();
        let cluster = (instances[0].cluster)();
        let initial = cluster.shares(cluster.initial());
        let mut remembered = Remembered::new(1 << 3);
        let mut asked = 0;
        let mut ask = |remembered: &mut Remembered, answer, reads| {
            remembered
                .of(
                    3,
                    || initial,
                    || {
                        asked += 1;
                        (answer, reads)
                    },
                )
                .0
        };
        assert_eq!(ask(&mut remembered, None, Reads::NODES), None, "a panic is not remembered");
        assert_eq!(ask(&mut remembered, Some(true), Reads::ALL), Some(true), "nor is this");
        assert_eq!(ask(&mut remembered, Some(true), Reads::NODES), Some(true));
        assert_eq!(ask(&mut remembered, Some(false), Reads::NODES), Some(true));
        assert_eq!(asked, 3);
    }

    #[test]
    fn answers_that_are_never_asked_for_again_are_soon_not_remembered() {
        let instances = instances();
        let cluster = (instances[0].cluster)();
        let initial = cluster.shares(cluster.initial());
        let (mut remembered, mut looked_up) = (Remembered::new(1), 0);
        for _ in 0..3 * TRIAL {
            let shares = || {
                looked_up += 1;
                initial
            };
            let answer = remembered.of(0, shares, || (Some(true), Reads::ALL));
            assert_eq!(answer, (Some(true), Reads::ALL));
        }
        assert_eq!(looked_up, TRIAL);
    }
}
