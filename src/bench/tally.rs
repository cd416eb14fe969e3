//! The counts of a run.

use super::load::Load;
use hdrhistogram::Histogram;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The longest latency that is told apart from longer ones, in nanoseconds.
const LONGEST: u64 = 600_000_000_000;
/// Latencies are exact to so many decimal digits.
const DIGITS: u8 = 3;

/// What one thread, or all of them, counted.
pub(super) struct Tally {
    /// When what is measured begins and ends.
    from: Instant,
    to: Instant,
    /// Latencies in nanoseconds.
    pub(super) reads: Histogram<u64>,
    pub(super) writes: Histogram<u64>,
    /// Answers in each second.
    pub(super) per_second: Vec<u64>,
    /// Requests that failed, by why.
    pub(super) errors: BTreeMap<&'static str, u64>,
    /// Transactions that were aborted, and asked for again.
    pub(super) aborted: u64,
    pub(super) busy: u64,
    pub(super) resent: u64,
    /// The processor time that each thread used, and how long it ran.
    pub(super) threads: Vec<(Duration, Duration)>,
    /// All answers of the run, with those that are not measured.
    pub(super) answers: u64,
}

fn histogram() -> Histogram<u64> {
    // The bounds are constants that it takes.
    let made = Histogram::new_with_bounds(1, LONGEST, DIGITS);
    made.expect("bounds from 1, and at most 5 digits")
}

impl Tally {
    /// Of a run that began at `begin`.
    pub(super) fn new(load: &Load, begin: Instant) -> Self {
        let from = begin + load.warm_up;
        let seconds = load.duration.as_nanos().div_ceil(1_000_000_000) as usize;
        Self {
            from,
            to: from + load.duration,
            reads: histogram(),
            writes: histogram(),
            per_second: vec![0; seconds],
            errors: BTreeMap::new(),
            aborted: 0,
            busy: 0,
            resent: 0,
            threads: Vec::new(),
            answers: 0,
        }
    }

    /// Whether a request counts that was due then.
    fn is_measured(&self, due: Instant) -> bool {
        (self.from..self.to).contains(&due)
    }

    /// A request that was due at `due` was answered.
    pub(super) fn answered(&mut self, due: Instant, now: Instant, is_read: bool) {
        self.answers += 1;
        if self.is_measured(due) {
            let nanos = u64::try_from((now - due).as_nanos()).unwrap_or(LONGEST);
            let histogram = if is_read { &mut self.reads } else { &mut self.writes };
            // Longer ones count as the longest.
            histogram.saturating_record(nanos.max(1));
        }
        if self.is_measured(now) {
            let second = (now - self.from).as_secs() as usize;
            self.per_second[second] += 1;
        }
    }

    pub(super) fn failed(&mut self, due: Instant, why: &'static str) {
        if self.is_measured(due) {
            *self.errors.entry(why).or_default() += 1;
        }
    }

    /// That of all threads.
    pub(super) fn sum(load: &Load, tallies: Vec<Self>) -> Self {
        let mut sum = Self::new(load, Instant::now());
        for tally in tallies {
            // They have the same bounds.
            let _ = sum.reads.add(&tally.reads).and(sum.writes.add(&tally.writes));
            for (all, one) in sum.per_second.iter_mut().zip(&tally.per_second) {
                *all += one;
            }
            for (why, count) in tally.errors {
                *sum.errors.entry(why).or_default() += count;
            }
            sum.aborted += tally.aborted;
            sum.busy += tally.busy;
            sum.resent += tally.resent;
            sum.answers += tally.answers;
            sum.threads.extend(tally.threads);
        }
        sum
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::load::Keys;
    use super::*;

    /// One second of warm-up, and two that are measured.
    pub(in crate::bench) fn load() -> Load {
        Load {
            clients: 1,
            threads: 1,
            value_bytes: 10,
            reads: 50,
            keys: Keys::Of(10),
            batch: None,
            rate: None,
            warm_up: Duration::from_secs(1),
            duration: Duration::from_secs(2),
            timeout: Duration::from_secs(5),
            seed: 7,
        }
    }

    #[test]
    fn what_is_due_in_the_run_counts_whenever_it_is_answered() {
        let begin = Instant::now();
        let at = |ms| begin + Duration::from_millis(ms);
        let mut tally = Tally::new(&load(), begin);
        tally.answered(at(900), at(1500), true);
        tally.answered(at(1200), at(2500), false);
        tally.answered(at(2900), at(4900), false);
        tally.answered(at(3100), at(3200), false);
        tally.failed(at(500), "no answer");
        tally.failed(at(1500), "no answer");
        assert_eq!(tally.per_second, [1, 1]);
        assert_eq!((tally.reads.len(), tally.writes.len()), (0, 2));
        assert_eq!(tally.writes.max() / 1_000_000 / 10, 200);
        assert_eq!(tally.errors, BTreeMap::from([("no answer", 1)]));
        assert_eq!(tally.answers, 4);
        let sum = Tally::sum(&load(), vec![tally, Tally::new(&load(), begin)]);
        assert_eq!((sum.per_second.iter().sum::<u64>(), sum.writes.len()), (2, 2));
    }
}
