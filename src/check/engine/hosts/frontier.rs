//! The states of a level that one process has, with their numbers among those of all processes.

use crate::check::engine::frontier::Chunk;
use crate::check::engine::queue::Queue;
use std::collections::VecDeque;

/// How many states one after the other stay together when the processes part. Few, so that what follows
/// from states that are alike is with different processes.
const TOGETHER: u64 = 2;

/// States one after the other in the order of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// The number of the first.
    pub(super) first: u64,
    pub(super) states: u64,
    /// How many states before them are in the lineage of this process, and are expanded by others.
    pub(super) skipped: u64,
}

/// The states of a level that this process has, in order.
#[derive(Default)]
pub(super) struct Frontier {
    queue: Queue,
    segments: VecDeque<Segment>,
    /// The states that were taken from the queue last, and how far they were dealt.
    open: Chunk,
    at: usize,
    words: Vec<u32>,
}

impl Frontier {
    /// What waits in a queue: of which numbers, the first of some and how many they are.
    pub(super) fn of(queue: Queue, numbers: Vec<(u64, u64)>) -> Self {
        let segments = numbers.into_iter();
        let segments = segments.map(|(first, states)| Segment { first, states, skipped: 0 });
        Self { queue, segments: segments.collect(), ..Self::default() }
    }

    /// The queue in which all wait, at the end of a level.
    pub(super) fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Of which numbers the states are that wait, at the end of a level.
    pub(super) fn numbers(&self) -> Vec<(u64, u64)> {
        self.segments.iter().map(|segment| (segment.first, segment.states)).collect()
    }

    /// Appends states, whose numbers are [told](Self::number) later.
    pub(super) fn push(&mut self, chunk: &Chunk) {
        self.queue.push(chunk);
    }

    /// Gives the next states that were appended their numbers.
    pub(super) fn number(&mut self, first: u64, states: u64) {
        match self.segments.back_mut() {
            Some(last) if last.first + last.states == first => last.states += states,
            _ if states > 0 => {
                self.segments.push_back(Segment { first, states, skipped: 0 });
            }
            _ => {}
        }
    }

    /// Takes the next states with numbers below `below`, as many as a chunk has room for; false if there
    /// are none. `segments` are what they are of.
    pub(super) fn deal(
        &mut self,
        below: u64,
        chunk: &mut Chunk,
        segments: &mut Vec<Segment>,
    ) -> bool {
        chunk.clear();
        segments.clear();
        while !chunk.is_full()
            && let Some(next) = self.segments.front().copied()
            && next.first < below
            && self.read(chunk)
        {
            let is_next = |last: &Segment| last.first + last.states == next.first;
            match segments.last_mut() {
                Some(last) if next.skipped == 0 && is_next(last) => last.states += 1,
                _ => segments.push(Segment { states: 1, ..next }),
            }
            let (first, states) = (next.first + 1, next.states - 1);
            match self.segments.front_mut() {
                Some(front) if states > 0 => *front = Segment { first, states, skipped: 0 },
                _ => drop(self.segments.pop_front()),
            }
        }
        chunk.states() > 0
    }

    /// Appends the next state to a chunk.
    fn read(&mut self, chunk: &mut Chunk) -> bool {
        self.words.clear();
        loop {
            if let Some(record) = self.open.read(self.at, &mut self.words) {
                chunk.push(record.fingerprint, record.note, &self.words);
                self.at = record.next;
                return true;
            }
            self.at = 0;
            if !self.queue.pop(&mut self.open) {
                return false;
            }
        }
    }

    /// Leaves to the other processes what is theirs: `own`, which is empty, takes the states of this one.
    /// How many states that are not expanded here come after the last that is.
    pub(super) fn part(&mut self, own: &mut Self, number: usize, processes: usize) -> u64 {
        let (mut chunk, mut segments, mut kept) = (Chunk::default(), Vec::new(), Chunk::default());
        let mut skipped = 0;
        while self.deal(u64::MAX, &mut chunk, &mut segments) {
            let mut at = 0;
            for first in segments.iter().flat_map(|all| all.first..all.first + all.states) {
                self.words.clear();
                let Some(record) = chunk.read(at, &mut self.words) else { break };
                at = record.next;
                if first / TOGETHER % processes as u64 != number as u64 {
                    skipped += 1;
                    continue;
                }
                kept.clear();
                kept.push(record.fingerprint, record.note, &self.words);
                own.queue.push(&kept);
                own.number(first, 1);
                if let Some(last) = own.segments.back_mut().filter(|_| skipped > 0) {
                    last.skipped = std::mem::take(&mut skipped);
                }
            }
        }
        std::mem::swap(self, own);
        skipped
    }

    /// Takes over what memory another does not need any more.
    pub(super) fn reuse(&mut self, other: &mut Self) {
        self.queue.reuse(&mut other.queue);
    }

    /// The memory that it takes.
    pub(super) fn bytes(&self) -> u64 {
        let segments = self.segments.capacity() * size_of::<Segment>();
        self.queue.bytes() + self.open.bytes() + segments as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frontier(states: u64) -> Frontier {
        let mut all = Frontier::default();
        for state in 0..states {
            let mut chunk = Chunk::default();
            chunk.push(u128::from(state), 7, &[state as u32, 9]);
            all.push(&chunk);
        }
        all.number(0, states);
        all
    }

    /// By number, the states that are dealt round by round, and those skipped before each.
    fn dealt(frontier: &mut Frontier, a_round: u64, rounds: u64) -> Vec<(u64, u128, u64)> {
        let (mut chunk, mut segments, mut all) = (Chunk::default(), Vec::new(), Vec::new());
        for round in 0..rounds {
            let below = (round + 1) * a_round;
            while frontier.deal(below, &mut chunk, &mut segments) {
                let (mut at, mut words) = (0, Vec::new());
                for segment in &segments {
                    for number in segment.first..segment.first + segment.states {
                        assert!(number < below && number >= round * a_round);
                        let record = chunk.read(at, &mut words).unwrap();
                        at = record.next;
                        let is_first = number == segment.first;
                        let skipped = if is_first { segment.skipped } else { 0 };
                        all.push((number, record.fingerprint, skipped));
                    }
                }
                assert!(chunk.read(at, &mut words).is_none());
            }
        }
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn each_state_is_dealt_once_by_one_process_in_the_round_of_its_number(
            states in 0..700_u64, processes in 1..5_usize, a_round in 1..300_u64,
        ) {
            let mut met = Vec::new();
            for number in 0..processes {
                let (mut own, mut none) = (frontier(states), Frontier::default());
                let after = own.part(&mut none, number, processes);
                let count: u64 = own.segments.iter().map(|segment| segment.states).sum();
                let dealt = dealt(&mut own, a_round, states.div_ceil(a_round));
                prop_assert_eq!(dealt.len() as u64, count);
                let skipped: u64 = dealt.iter().map(|(.., skipped)| skipped).sum();
                prop_assert_eq!(count + skipped + after, states);
                // Those that were skipped come before the state that says so.
                let mut next = 0;
                for (number, _, skipped) in &dealt {
                    prop_assert_eq!(next + skipped, *number);
                    next = number + 1;
                }
                prop_assert!(dealt.is_sorted());
                met.extend(dealt);
            }
            met.sort_unstable();
            let wanted: Vec<_> = (0..states).map(|state| (state, u128::from(state))).collect();
            let met: Vec<_> = met.into_iter().map(|(number, state, _)| (number, state)).collect();
            prop_assert_eq!(met, wanted);
        }
    }
}
