//! How long a client waits for an answer before it asks again: by the round trips that it measured.
//!
//! Jacobson and Karels 1988 (RFC 6298): the smoothed round trip and four times its variation. Too short
//! a wait costs a request that is answered once more; too long a wait is what a client loses when the
//! leader fails. A request that was sent more than once is measured from the first time, so that a
//! wait that has become too short grows (Karn's problem: which of them was answered is unknown). Where
//! many requests are under way at once, each counts for as little as RFC 7323 (appendix G) has it:
//! else a burst of answers that take equally long hides how much they vary.

use std::ops::Range;
use std::time::Duration;

/// The shortest wait: what a machine that is busy may need to run a process again.
const SHORTEST: Duration = Duration::from_millis(20);
/// Fewer samples than this tell nothing of how round trips vary.
const FEW: u32 = 4;
/// After so many attempts each wait is twice as long as the one before: of five servers, the most that
/// a cluster usually has, each was asked by then.
const EAGER: u32 = 8;

/// The round trips to the servers of a cluster, as one client, or several of one process, saw them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RoundTrip(Option<Smoothed>);

#[derive(Clone, Copy, Debug)]
struct Smoothed {
    mean: Duration,
    variation: Duration,
    samples: u32,
}

impl RoundTrip {
    /// A request was answered so long after it was sent the first time, with so many under way.
    pub(super) fn measured(&mut self, sample: Duration, under_way: usize) {
        let share = f64::from(u32::try_from(under_way).unwrap_or(u32::MAX).max(1)).recip();
        self.0 = Some(match self.0 {
            None => Smoothed { mean: sample, variation: sample / 2, samples: 1 },
            Some(Smoothed { mean, variation, samples }) => Smoothed {
                variation: mix(variation, mean.abs_diff(sample), share / 4.0),
                mean: mix(mean, sample, share / 8.0),
                samples: samples.saturating_add(1),
            },
        });
    }

    /// How long to wait for the answer to a request that was sent so often: never longer than `longest`,
    /// which is also what is waited as long as little was measured.
    pub(super) fn patience(&self, attempts: u32, longest: &Range<Duration>) -> Range<Duration> {
        let Some(Smoothed { mean, variation, .. }) = self.0.filter(|known| known.samples >= FEW)
        else {
            return longest.clone();
        };
        let doublings = attempts.saturating_sub(EAGER).min(16);
        let wait = (mean + variation * 4).max(SHORTEST) * (1 << doublings);
        if wait < longest.start { wait..(wait * 3 / 2).min(longest.end) } else { longest.clone() }
    }
}

/// A mean of both, in which the second has this weight of at most 1.
fn mix(a: Duration, b: Duration, weight: f64) -> Duration {
    a.mul_f64(1.0 - weight) + b.mul_f64(weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const LONGEST: Range<Duration> = Duration::from_millis(150)..Duration::from_millis(250);

    fn measured(samples: impl IntoIterator<Item = u32>) -> RoundTrip {
        let mut trip = RoundTrip::default();
        samples.into_iter().for_each(|ms| trip.measured(ms * MS, 1));
        trip
    }

    #[test]
    fn a_client_waits_longest_until_it_has_measured_a_few() {
        assert_eq!(RoundTrip::default().patience(1, &LONGEST), LONGEST);
        assert_eq!(measured([1; FEW as usize - 1]).patience(1, &LONGEST), LONGEST);
        assert_ne!(measured([1; FEW as usize]).patience(1, &LONGEST), LONGEST);
    }

    #[test]
    fn steady_round_trips_shorten_the_wait_and_long_ones_do_not_exceed_the_longest() {
        assert_eq!(measured([1; 50]).patience(1, &LONGEST), 20 * MS..30 * MS);
        let wait = measured([40; 50]).patience(1, &LONGEST);
        assert!((40 * MS..50 * MS).contains(&wait.start), "{wait:?}");
        assert_eq!(measured([400; 50]).patience(1, &LONGEST), LONGEST);
    }

    #[test]
    fn the_wait_exceeds_every_round_trip_where_they_vary() {
        let trip = measured((0..100).map(|at| if at % 2 == 0 { 10 } else { 50 }));
        assert!(trip.patience(1, &LONGEST).start > 50 * MS);
    }

    #[test]
    fn slower_round_trips_are_soon_waited_for() {
        let trip = measured([vec![1; 50], vec![100; 3]].concat());
        assert!(trip.patience(1, &LONGEST).start > 100 * MS);
    }

    #[test]
    fn bursts_of_equal_round_trips_hide_no_variation() {
        let mut trip = RoundTrip::default();
        for at in 0..100 {
            (0..256).for_each(|_| trip.measured(if at % 2 == 0 { 10 * MS } else { 50 * MS }, 256));
        }
        assert!(trip.patience(1, &LONGEST).start > 50 * MS);
    }

    #[test]
    fn many_attempts_wait_longer_and_longer() {
        let trip = measured([1; 50]);
        let starts = [1, 8, 9, 10, 40].map(|attempts| trip.patience(attempts, &LONGEST).start);
        assert_eq!(starts, [20 * MS, 20 * MS, 40 * MS, 80 * MS, 150 * MS]);
    }
}
