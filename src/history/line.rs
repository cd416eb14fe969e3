//! The operations that are not ordered yet, in the order in which they began.
//!
//! A linked list in an array: taking one out costs no more than putting it back, in the opposite
//! order (Knuth 2000, *Dancing links*). So to find the operations that may be next costs as much as
//! there are under way at a time, however long the history is; and to remember those that happened
//! costs no more either, since all that began long ago have happened.

use super::operation::Operation;
use std::time::Duration;

/// Operations stand here by their place in the order of their beginnings, from 1; 0 is the end.
const END: usize = 0;

/// A set of operations that happened: of the answered ones, those before some point and some
/// later ones; and some of those without an answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Taken {
    before: usize,
    later: Box<[u64]>,
    pending: Box<[u64]>,
}

pub(super) struct Line {
    entries: Vec<Entry>,
    /// By place: which operation.
    operations: Vec<usize>,
    next: Vec<usize>,
    before: Vec<usize>,
    answered: Bits,
    /// How many of the answered ones have happened without a gap.
    first: usize,
    pending: Bits,
}

/// The part of an operation that the line has to know.
struct Entry {
    begin: Duration,
    end: Option<Duration>,
    place: usize,
    /// Its number in the order of beginnings among the answered ones, or among the others.
    number: usize,
}

impl Line {
    pub(super) fn new<O, R>(history: &[Operation<O, R>]) -> Self {
        let count = history.len();
        let mut operations: Vec<usize> = (0..count).collect();
        operations.sort_by_key(|at| history[*at].begin);
        operations.insert(END, usize::MAX);
        let mut entries: Vec<Entry> = (history.iter())
            .map(|Operation { begin, answer, .. }| {
                let end = answer.as_ref().map(|(end, _)| *end);
                Entry { begin: *begin, end, place: END, number: 0 }
            })
            .collect();
        let mut numbers = [0, 0];
        for (place, at) in operations.iter().enumerate().skip(1) {
            let entry = &mut entries[*at];
            let number = &mut numbers[usize::from(entry.end.is_some())];
            (entry.place, entry.number) = (place, *number);
            *number += 1;
        }
        Self {
            entries,
            operations,
            next: (0..=count).map(|place| (place + 1) % (count + 1)).collect(),
            before: (0..=count).map(|place| (place + count) % (count + 1)).collect(),
            answered: Bits::default(),
            first: 0,
            pending: Bits::default(),
        }
    }

    pub(super) fn take(&mut self, at: usize) {
        let Entry { end, place, number, .. } = self.entries[at];
        let (before, next) = (self.before[place], self.next[place]);
        self.next[before] = next;
        self.before[next] = before;
        if end.is_none() {
            self.pending.flip(number);
            return;
        }
        self.answered.flip(number);
        while self.answered.contains(self.first) {
            self.first += 1;
        }
    }

    /// Whether an answered operation was taken.
    pub(super) fn is_taken(&self, at: usize) -> bool {
        self.answered.contains(self.entries[at].number)
    }

    /// Puts the operation back that was taken last.
    pub(super) fn put_back(&mut self, at: usize) {
        let Entry { end, place, number, .. } = self.entries[at];
        let (before, next) = (self.before[place], self.next[place]);
        self.next[before] = place;
        self.before[next] = place;
        if end.is_none() {
            self.pending.flip(number);
            return;
        }
        self.answered.flip(number);
        self.first = self.first.min(number);
    }

    /// The operations that may be next as far as their times go: none that is still to come ended
    /// before they began. `looked` counts the operations that were looked at.
    pub(super) fn window(&self, looked: &mut usize) -> Vec<usize> {
        let mut horizon = Duration::MAX;
        let mut window = Vec::new();
        let mut place = self.next[END];
        while place != END {
            *looked += 1;
            let at = self.operations[place];
            let Entry { begin, end, .. } = self.entries[at];
            if begin > horizon {
                break;
            }
            window.push(at);
            horizon = end.map_or(horizon, |end| horizon.min(end));
            place = self.next[place];
        }
        window.retain(|at| self.entries[*at].begin <= horizon);
        window
    }

    /// What was taken.
    pub(super) fn taken(&self) -> Taken {
        let before = self.first / 64;
        let later = self.answered.words.get(before..).unwrap_or_default().into();
        Taken { before, later, pending: self.pending.words.as_slice().into() }
    }
}

/// A set of numbers, as long as its largest.
#[derive(Default)]
struct Bits {
    words: Vec<u64>,
}

impl Bits {
    fn contains(&self, number: usize) -> bool {
        self.words.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    fn flip(&mut self, number: usize) {
        if self.words.len() <= number / 64 {
            self.words.resize(number / 64 + 1, 0);
        }
        self.words[number / 64] ^= 1 << (number % 64);
        while self.words.last() == Some(&0) {
            self.words.pop();
        }
    }
}
