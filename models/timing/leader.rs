//! The timings of a protocol with a leader: Multi-Paxos and Zab.

use super::{TimingError, Timings, fits, varies};
use stateright::actor::model_timeout;
use std::ops::Range;
use std::time::Duration;

const BEAT: &str = "heartbeat";
const WAIT: &str = "election";
const LEAD: &str = "candidacy";

/// How long things take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaderTiming {
    /// Between a leader's heartbeats, with which it also sends again what was not answered.
    pub heartbeat: Range<Duration>,
    /// How long a server hears of no leader before it tries to lead: several heartbeats. Wide, so that
    /// two seldom try at once (Lamport 2001, section 2.4: a distinguished proposer). A leader of Zab
    /// gives up when it hears of no quorum for as long.
    pub election: Range<Duration>,
    /// How long a candidate, or a server that lets it lead, waits until it leads, before the server
    /// tries in its turn: several round trips. So `election` may be shorter than one.
    pub candidacy: Range<Duration>,
    /// The longest that a client waits for an answer before it asks another server.
    pub retry: Range<Duration>,
}

impl LeaderTiming {
    /// For checking, where a timer may fire at any time.
    pub fn model() -> Self {
        let any = model_timeout;
        Self { heartbeat: any(), election: any(), candidacy: any(), retry: any() }
    }

    /// As a cluster file gives them, by the names of the fields, and the defaults where it does not.
    ///
    /// # Errors
    /// When another one is given, or they do not go together.
    pub fn given(timings: &Timings) -> Result<Self, TimingError> {
        let mut timing = Self::default();
        timings.set(timing.named())?;
        timing.checked()
    }

    /// The fields, by the names that they have in a cluster file.
    pub(crate) fn named(&mut self) -> [(&'static str, &mut Range<Duration>); 4] {
        let Self { heartbeat, election, candidacy, retry } = self;
        [(BEAT, heartbeat), (WAIT, election), (LEAD, candidacy), ("retry", retry)]
    }

    /// An error unless they go together.
    pub(crate) fn checked(self) -> Result<Self, TimingError> {
        let (beat, wait) = ((BEAT, &self.heartbeat), (WAIT, &self.election));
        let lead = (LEAD, &self.candidacy);
        fits(2, beat, wait, "one lost heartbeat would depose a live leader")?;
        fits(1, wait, lead, "a candidate would be given up sooner than a leader")?;
        let otherwise =
            "replicas that miss a leader would try to lead at the same time, again and again";
        varies(wait, beat, otherwise)?;
        Ok(self)
    }
}

impl Default for LeaderTiming {
    /// For a local network.
    fn default() -> Self {
        let millis = |from, to| Duration::from_millis(from)..Duration::from_millis(to);
        Self {
            heartbeat: millis(20, 30),
            election: millis(75, 115),
            candidacy: millis(300, 600),
            retry: millis(150, 250),
        }
    }
}
