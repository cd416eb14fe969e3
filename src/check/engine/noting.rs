//! What a thread notes of a batch where the graph is recorded: each state's steps, by the numbers of the
//! states to which they lead.

use super::batch::{Answers, Batch, UNKNOWN};
use super::visited::{Key, shard_of_key};
use super::worker::Worker;

impl Worker<'_> {
    /// Notes the steps of the states of a batch, for liveness.
    pub(super) fn record(&mut self, number: usize, batch: &Batch, answers: &[&Answers]) {
        let Some(recorder) = &mut self.recorder else { return };
        let mut answered: Vec<_> =
            answers.iter().map(|answers| answers.numbers_of(number).iter().copied()).collect();
        self.numbers.clear();
        let mut answer = |key: &Key| answered[shard_of_key(*key, answers.len())].next();
        self.numbers.extend(batch.keys.iter().map(|key| answer(key).unwrap_or_default()));
        let mut numbers = self.numbers.iter().copied();
        let mut cuts = batch.cuts.iter().peekable();
        for (at, parent) in batch.states.iter().enumerate() {
            let known = ((parent.note >> 32) as u32, parent.note as u32);
            recorder.begin(batch.first + at as u64, known, parent.fingerprint as u64);
            let [_, _, moves] = batch.ranges(at);
            for (class, known) in batch.classes[moves.clone()].iter().zip(&batch.numbers[moves]) {
                let target = match *known {
                    UNKNOWN => numbers.next().unwrap_or_default(),
                    known => known,
                };
                recorder.step(*class, target);
            }
            while let Some((_, class)) = cuts.next_if(|(state, _)| *state as usize == at) {
                recorder.cut(*class);
            }
        }
        recorder.end();
    }
}
