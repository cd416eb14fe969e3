//! Logs the status of a node when it changes.

use super::notices::Rate;
use quorate_models::Status;
use std::time::{Duration, Instant};

/// The most lines about its status that a node logs in a second.
const PER_SECOND: u32 = 5;

/// Logs the status when it changes.
pub(super) struct Watch {
    logged: Option<Status>,
    rate: Rate,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self { logged: None, rate: Rate::new(PER_SECOND, Duration::from_secs(1)) }
    }

    /// Logs `status` if it is not the one logged last. One that changes too often is logged a
    /// little later, as it is then.
    pub(super) fn see(&mut self, status: Status, now: Instant) {
        if self.logged.as_ref() == Some(&status) {
            return;
        }
        if let Some(left_out) = self.rate.allow(now) {
            tracing::info!(left_out, "the node is now {status}");
            self.logged = Some(status);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_that_was_not_logged_is_logged_later() {
        let start = Instant::now();
        let mut watch = Watch::new();
        let status = |number| Status { epoch: Some(("view", number)), ..Status::default() };
        for number in 0..100 {
            watch.see(status(number), start);
        }
        assert_eq!(watch.logged, Some(status(u64::from(PER_SECOND) - 1)));
        watch.see(status(99), start + Duration::from_secs(2));
        assert_eq!(watch.logged, Some(status(99)));
    }
}
