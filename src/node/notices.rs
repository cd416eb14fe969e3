//! Log lines that other machines cause: limited in rate, so that a host that sends
//! a node bad datagrams cannot fill its disk with log.

use std::time::{Duration, Instant};

/// So many in each period.
pub(super) struct Rate {
    most: u32,
    period: Duration,
    /// When the period began.
    since: Option<Instant>,
    used: u32,
    left_out: u64,
}

impl Rate {
    pub(super) fn new(most: u32, period: Duration) -> Self {
        Self { most, period, since: None, used: 0, left_out: 0 }
    }

    /// Whether there may be one more now; if so, how many were left out since the last one.
    pub(super) fn allow(&mut self, now: Instant) -> Option<u64> {
        if self.since.is_none_or(|since| now.saturating_duration_since(since) >= self.period) {
            (self.since, self.used) = (Some(now), 0);
        }
        if self.used == self.most {
            self.left_out += 1;
            return None;
        }
        self.used += 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_allowed_in_each_period_and_the_others_are_counted() {
        let start = Instant::now();
        let mut rate = Rate::new(2, Duration::from_secs(1));
        assert_eq!(
            [rate.allow(start), rate.allow(start), rate.allow(start)],
            [Some(0), Some(0), None]
        );
        assert_eq!(rate.allow(start + Duration::from_millis(999)), None);
        assert_eq!(rate.allow(start + Duration::from_secs(1)), Some(2));
        assert_eq!(rate.allow(start + Duration::from_secs(1)), Some(0));
    }
}
