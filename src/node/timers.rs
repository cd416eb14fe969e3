//! An actor's timers in real time, with exactly the semantics they have in the model: setting one
//! again replaces it, and one that fires is unset before its handler runs.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::{Duration, Instant};

/// The timers that are set.
pub(super) struct Timers<T> {
    deadlines: BTreeMap<T, Instant>,
    order: BTreeSet<(Instant, T)>,
}

impl<T: Ord + Clone> Timers<T> {
    pub(super) fn new() -> Self {
        Self { deadlines: BTreeMap::new(), order: BTreeSet::new() }
    }

    /// Sets `timer`, anew if it is set, to fire a random duration in `range` after `now`.
    pub(super) fn set(&mut self, timer: T, range: Range<Duration>, now: Instant) {
        self.cancel(&timer);
        let delay = if range.is_empty() { range.start } else { rand::random_range(range) };
        // A time beyond the range of the clock is never.
        if let Some(deadline) = now.checked_add(delay) {
            self.order.insert((deadline, timer.clone()));
            self.deadlines.insert(timer, deadline);
        }
    }

    pub(super) fn cancel(&mut self, timer: &T) {
        if let Some((timer, deadline)) = self.deadlines.remove_entry(timer) {
            self.order.remove(&(deadline, timer));
        }
    }

    /// How many are set.
    pub(super) fn len(&self) -> usize {
        self.deadlines.len()
    }

    /// When the first one fires.
    pub(super) fn next(&self) -> Option<Instant> {
        self.order.first().map(|(deadline, _)| *deadline)
    }

    /// Unsets and returns the first one whose time has come.
    pub(super) fn pop(&mut self, now: Instant) -> Option<T> {
        if self.next()? > now {
            return None;
        }
        let (_, timer) = self.order.pop_first()?;
        self.deadlines.remove(&timer);
        Some(timer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_timer_fires_in_its_range_and_once() {
        let start = Instant::now();
        for _ in 0..100 {
            let mut timers = Timers::new();
            timers.set('a', 10 * MS..20 * MS, start);
            let deadline = timers.next().unwrap();
            assert!((start + 10 * MS..start + 20 * MS).contains(&deadline));
            assert_eq!(timers.pop(start + 9 * MS), None);
            assert_eq!(timers.pop(start + 20 * MS), Some('a'));
            assert_eq!(timers.pop(start + 20 * MS), None);
        }
    }

    #[test]
    fn setting_replaces_and_cancelling_unsets() {
        let start = Instant::now();
        let mut timers = Timers::new();
        timers.set('a', MS..MS, start);
        timers.set('a', 5 * MS..5 * MS, start);
        timers.set('b', 2 * MS..2 * MS, start);
        timers.set('c', MS..MS, start);
        timers.cancel(&'c');
        assert_eq!(timers.pop(start + 9 * MS), Some('b'));
        assert_eq!(timers.pop(start + 9 * MS), Some('a'));
        assert_eq!(timers.pop(start + 9 * MS), None);
    }

    #[test]
    fn a_timer_beyond_the_clock_never_fires() {
        let mut timers = Timers::new();
        timers.set('a', Duration::MAX..Duration::MAX, Instant::now());
        assert_eq!(timers.next(), None);
    }
}
