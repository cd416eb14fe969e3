//! Recording the graph while the search runs: each thread notes, of the states whose successors it
//! looks at, the steps, by the numbers of their targets in the visited set.

use super::classes::{Classes, Classifier};
use super::graph::BEYOND;
use crate::models::world::step::Move;
use std::sync::atomic::{AtomicU64, Ordering};

/// What one thread notes.
pub(crate) struct Recorder<'c> {
    classifier: Box<dyn Classifier + 'c>,
    pub(super) runs: Vec<Run>,
    /// Room to work in: the run that is being noted.
    now: Run,
    /// The bytes of all threads' notes.
    bytes: &'c AtomicU64,
    noted: u64,
    reported: u64,
}

/// States that follow each other in the order of the search, and their steps one after the other.
#[derive(Clone, Default)]
pub(super) struct Run {
    /// Where among all states it begins.
    pub(super) first: u64,
    /// The numbers of the states in the visited set.
    pub(super) numbers: Vec<u32>,
    pub(super) fingerprints: Vec<u64>,
    pub(super) marks: Vec<u32>,
    pub(super) counts: Vec<u32>,
    pub(super) targets: Vec<u32>,
    pub(super) classes: Vec<u16>,
}

impl Run {
    fn clear(&mut self) {
        let Self { numbers, fingerprints, marks, counts, targets, classes, .. } = self;
        numbers.clear();
        fingerprints.clear();
        marks.clear();
        counts.clear();
        targets.clear();
        classes.clear();
    }

    fn bytes(&self) -> u64 {
        let states = self.numbers.capacity() * (4 + 8 + 4 + 4);
        (size_of::<Self>() + states + self.targets.capacity() * (4 + 2)) as u64
    }
}

impl<'c> Recorder<'c> {
    pub(crate) fn new(classes: &'c dyn Classes, bytes: &'c AtomicU64) -> Self {
        let classifier = classes.classifier();
        let (runs, now) = (Vec::new(), Run::default());
        Self { classifier, runs, now, bytes, noted: 0, reported: 0 }
    }

    /// The class of a step.
    pub(crate) fn class(&mut self, state: &[u32], what: Move) -> u16 {
        self.classifier.class(state, what)
    }

    /// Begins with a state: where in the order of the search it is, its number in the visited set,
    /// the conditions that hold in it, and its fingerprint.
    pub(crate) fn begin(&mut self, at: u64, (number, marks): (u32, u32), fingerprint: u64) {
        if self.now.numbers.is_empty() {
            self.now.first = at;
        }
        self.now.numbers.push(number);
        self.now.fingerprints.push(fingerprint);
        self.now.marks.push(marks);
        self.now.counts.push(0);
    }

    /// Notes a step of the state that was begun with last, by the number of its target.
    pub(crate) fn step(&mut self, class: u16, target: u32) {
        if let Some(count) = self.now.counts.last_mut() {
            *count += 1;
        }
        self.now.targets.push(target);
        self.now.classes.push(class);
    }

    /// Notes a step that leads out of bounds.
    pub(crate) fn cut(&mut self, class: u16) {
        self.step(class, BEYOND);
    }

    /// Ends with the states that follow each other, and reports how much memory the notes take.
    pub(crate) fn end(&mut self) {
        if !self.now.numbers.is_empty() {
            // A copy has no room to spare.
            self.runs.push(self.now.clone());
            self.noted += self.runs.last().map_or(0, Run::bytes);
            self.now.clear();
        }
        let bytes = self.noted + self.now.bytes();
        self.bytes.fetch_add(bytes.wrapping_sub(self.reported), Ordering::Relaxed);
        self.reported = bytes;
    }
}
