//! When requests are due.

use std::time::{Duration, Instant};

/// Requests that are due at even distances, from `begin` until `end`.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    begin: Instant,
    end: Instant,
    distance: Duration,
    next: u32,
}

impl Pace {
    /// `rate` requests a second by each of `threads` threads together; this is the `thread`th, and
    /// its requests lie between those of the others.
    pub(super) fn new(
        begin: Instant,
        end: Instant,
        rate: f64,
        thread: usize,
        threads: usize,
    ) -> Self {
        let between = Duration::from_secs_f64(1.0 / rate);
        let (thread, threads) = (thread as u32, threads as u32);
        Self { begin: begin + between * thread, end, distance: between * threads, next: 0 }
    }

    /// When the next request is due that was not taken yet; `None` once there is none.
    pub(super) fn next(&self) -> Option<Instant> {
        let due = self.begin + self.distance * self.next;
        (due < self.end).then_some(due)
    }

    /// Takes the next request, if it is due.
    pub(super) fn take(&mut self, now: Instant) -> Option<Instant> {
        let due = self.next().filter(|due| *due <= now)?;
        self.next += 1;
        Some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn requests_are_due_at_the_rate_however_late_they_are_taken() {
        let begin = Instant::now();
        let mut pace = Pace::new(begin, begin + 10 * MS, 1000.0, 0, 1);
        assert_eq!(pace.take(begin), Some(begin));
        assert_eq!(pace.take(begin), None);
        // A stall: those of the time meanwhile are due at their own times, and none after the end.
        let late: Vec<Instant> = std::iter::from_fn(|| pace.take(begin + 50 * MS)).collect();
        assert_eq!(late, (1..10).map(|ms| begin + ms * MS).collect::<Vec<_>>());
        assert_eq!(pace.next(), None);
    }

    #[test]
    fn threads_take_turns() {
        let begin = Instant::now();
        let of = |thread| {
            let mut pace = Pace::new(begin, begin + 4 * MS, 1000.0, thread, 2);
            let all = std::iter::from_fn(|| pace.take(begin + 4 * MS));
            all.map(|due| due - begin).collect::<Vec<_>>()
        };
        assert_eq!((of(0), of(1)), (vec![Duration::ZERO, 2 * MS], vec![MS, 3 * MS]));
    }
}
