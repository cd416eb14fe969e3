//! How long a cluster does not answer when the server that answers is killed, or frozen.

use crate::local::LocalCluster;
use serde::Serialize;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long to wait for a first acknowledgement.
const PATIENCE: Duration = Duration::from_secs(10);
const NAP: Duration = Duration::from_millis(10);

/// The deed that is done to the server that answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// It is killed outright (SIGKILL), and its disk stays.
    Kill,
    /// It is stopped (SIGSTOP): it neither answers nor ends.
    Freeze,
}

/// Hears of every acknowledged write.
#[derive(Debug, Default)]
pub struct Pulse(Mutex<Beats>);

#[derive(Debug, Default)]
struct Beats {
    last: Option<(usize, Instant)>,
    /// The server that is down, since when, and the first write that another acknowledged.
    victim: Option<(usize, Instant, Option<Instant>)>,
    /// The longest time between two writes, one at least after the deed.
    pause: Duration,
}

impl Pulse {
    /// A write was acknowledged by a server.
    pub fn acknowledged(&self, server: usize, now: Instant) {
        let mut beats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = beats.last.replace((server, now));
        let Some((victim, since, first)) = &mut beats.victim else { return };
        if server != *victim && now > *since {
            first.get_or_insert(now);
        }
        let since = *since;
        let pause = now.saturating_duration_since(before.map_or(since, |(_, before)| before));
        beats.pause = beats.pause.max(pause);
    }

    /// The server that acknowledged last.
    fn last(&self) -> Option<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).last.map(|(server, _)| server)
    }

    fn down(&self, server: usize) {
        let mut beats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        beats.victim = Some((server, Instant::now(), None));
    }

    /// What came of the deed, if it was done.
    pub fn failover(&self, deed: Deed) -> Option<Failover> {
        let beats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (victim, since, first) = beats.victim?;
        let next_ms = first.map(|first| millis(first.saturating_duration_since(since)));
        Some(Failover { deed, victim, next_ms, longest_pause_ms: millis(beats.pause) })
    }
}

fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e4).round() / 10.0
}

/// What came of a failure of the server that answered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Failover {
    /// What was done.
    pub deed: Deed,
    /// To which server.
    pub victim: usize,
    /// Milliseconds until another server acknowledged a write; `None` if none did.
    pub next_ms: Option<f64>,
    /// The longest time without an acknowledged write from then on, in milliseconds.
    pub longest_pause_ms: f64,
}

impl Deed {
    /// Does it, `after` a time, to the server that acknowledged last. Waits for one that did; does
    /// nothing, if there is none for long.
    pub fn strike(self, after: Duration, cluster: &mut LocalCluster, pulse: &Pulse) {
        std::thread::sleep(after);
        let begin = Instant::now();
        let mut last = pulse.last();
        while last.is_none() && begin.elapsed() < PATIENCE {
            std::thread::sleep(NAP);
            last = pulse.last();
        }
        let Some(victim) = last else { return };
        pulse.down(victim);
        match self {
            Self::Kill => cluster.kill(victim),
            Self::Freeze => cluster.freeze(victim),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failover_ends_when_another_server_acknowledges() {
        let pulse = Pulse::default();
        assert_eq!(pulse.failover(Deed::Kill), None);
        let begin = Instant::now();
        pulse.acknowledged(2, begin);
        assert_eq!(pulse.last(), Some(2));
        pulse.down(2);
        let at = |ms| Instant::now() + Duration::from_millis(ms);
        // Puts that the victim had acknowledged may still be under way.
        pulse.acknowledged(2, at(1));
        assert_eq!(pulse.failover(Deed::Kill).unwrap().next_ms, None);
        pulse.acknowledged(0, at(300));
        pulse.acknowledged(0, at(301));
        let found = pulse.failover(Deed::Kill).unwrap();
        assert!((299.0..310.0).contains(&found.next_ms.unwrap()), "{found:?}");
        assert!((290.0..310.0).contains(&found.longest_pause_ms), "{found:?}");
    }
}
