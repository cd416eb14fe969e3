//! What a node is at the moment, as an operator is told: its role, in which view, ballot or epoch,
//! and who leads.

use super::notices::Rate;
use stateright::actor::Id;
use std::fmt;
use std::time::{Duration, Instant};

/// The most lines about its status that a node logs in a second.
const PER_SECOND: u32 = 5;

/// What a node is at the moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Its part in the protocol: `leader`, `backup`, `participant`.
    pub role: &'static str,
    /// The view, ballot or epoch that it is in, by the protocol's own name of it.
    pub epoch: Option<(&'static str, u64)>,
    /// The server that leads, as far as this node knows.
    pub leader: Option<Id>,
    /// The members of the view, where the protocol has views.
    pub members: Vec<Id>,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.role)?;
        // A protocol without epochs has no leader either.
        let Some((name, number)) = self.epoch else { return Ok(()) };
        write!(f, ", {name} {number}")?;
        match self.leader {
            Some(leader) => write!(f, ", led by server {}", usize::from(leader))?,
            None => f.write_str(", no leader known")?,
        }
        if !self.members.is_empty() {
            let members: Vec<String> =
                self.members.iter().map(|id| usize::from(*id).to_string()).collect();
            write!(f, ", members {}", members.join(" "))?;
        }
        Ok(())
    }
}

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
    fn a_status_says_who_leads() {
        let status = Status {
            role: "backup",
            epoch: Some(("view", 4)),
            leader: Some(Id::from(2)),
            members: Id::vec_from([2, 3]),
        };
        assert_eq!(status.to_string(), "backup, view 4, led by server 2, members 2 3");
        let lost = Status { role: "follower", epoch: Some(("ballot", 0)), ..Status::default() };
        assert_eq!(lost.to_string(), "follower, ballot 0, no leader known");
        assert_eq!(Status { role: "node", ..Status::default() }.to_string(), "node");
    }

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
