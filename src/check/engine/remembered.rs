//! The answers of conditions, by what they looked at.

use super::evaluator::bits;
use crate::models::world::{Reads, Shares};

/// How many answers are remembered: no more than the caches hold.
const ROOM: usize = 1 << 14;
/// The most sets of parts by which the answers of one condition are looked up.
const WAYS: usize = 4;

/// Answers of several conditions, for one thread.
pub(super) struct Remembered {
    /// By condition: the sets of parts that it looked at in some state, the last ones first.
    ways: Vec<Vec<Reads>>,
    /// By key: the answer.
    answers: Box<[(u64, bool)]>,
}

impl Remembered {
    /// For the conditions of these bits.
    pub(super) fn new(conditions: u64) -> Self {
        let count = bits(conditions).last().map_or(0, |last| last + 1);
        let room = if count == 0 { 0 } else { ROOM };
        Self { ways: vec![Vec::new(); count], answers: vec![(0, false); room].into() }
    }

    /// The answer of condition `at` in a state with these shares: remembered, or `answer`'s, with what
    /// it looked at. `None`, if the condition panics.
    pub(super) fn of(
        &mut self,
        at: usize,
        shares: &Shares,
        answer: impl FnOnce() -> (Option<bool>, Reads),
    ) -> Option<bool> {
        for reads in &self.ways[at] {
            let key = key(at, shares, *reads);
            let (known, is_so) = self.answers[place(key)];
            if known == key {
                return Some(is_so);
            }
        }
        let (answer, reads) = answer();
        if let Some(is_so) = answer.filter(|_| reads != Reads::ALL) {
            let ways = &mut self.ways[at];
            if !ways.contains(&reads) {
                ways.truncate(WAYS - 1);
                ways.insert(0, reads);
            }
            let key = key(at, shares, reads);
            self.answers[place(key)] = (key, is_so);
        }
        answer
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
            remembered.of(3, &initial, || {
                asked += 1;
                (answer, reads)
            })
        };
        assert_eq!(ask(&mut remembered, None, Reads::NODES), None, "a panic is not remembered");
        assert_eq!(ask(&mut remembered, Some(true), Reads::ALL), Some(true), "nor is this");
        assert_eq!(ask(&mut remembered, Some(true), Reads::NODES), Some(true));
        assert_eq!(ask(&mut remembered, Some(false), Reads::NODES), Some(true));
        assert_eq!(asked, 3);
    }
}
