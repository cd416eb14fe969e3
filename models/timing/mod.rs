//! Timings: how long things take in a cluster, where its file says so.
//!
//! No protocol's safety rests on any of it: the checker lets a timer fire at any time. Liveness
//! does, so the timings that a file gives are checked, each alone and against each other. The
//! timings are no part of the cluster's fingerprint: they may be changed by restarting one server
//! after the other.
//!
//! Each is the shortest and the longest time in milliseconds; a timer takes a random one between
//! them each time that it is set. Those that are not given keep their defaults, which are for a
//! local network. A protocol's names for them are the fields of its `Timing`.
//!
//! # Slow links
//!
//! A backup must acknowledge within `overdue`, or it is left out; a participant must vote within
//! `deadline`, or the transaction is aborted; something that a leader of Multi-Paxos proposed must
//! be chosen within 60 times `heartbeat`, or it gives up. With the defaults that is a round trip,
//! and the disk syncs at both ends, of about 600 ms, 400 ms and 2.4 seconds. These are for up to
//! one second, of Multi-Paxos up to four, and send less again that is only on its way
//! (multi-primary waits for nobody):
#![doc = concat!("```toml\n# protocol = \"paxos\"\n", include_str!("slow-paxos.toml"), "```")]
#![doc = concat!(
    "```toml\n# protocol = \"primary-backup\"\n", include_str!("slow-primary-backup.toml"), "```"
)]
#![doc = concat!(
    "```toml\n# protocol = \"two-phase-commit\"\n", include_str!("slow-two-phase-commit.toml"), "```"
)]
//! Failures are then noticed as much later.

pub mod leader;

use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;
use thiserror::Error;

/// The longest time that a timer may have, in milliseconds: an hour.
const LONGEST: u64 = 3_600_000;

/// The `[timing]` table of a cluster file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "BTreeMap<String, [u64; 2]>")]
pub struct Timings(BTreeMap<String, Range<Duration>>);

/// A timing under the name that it has in a cluster file.
pub type Named<'a> = (&'static str, &'a Range<Duration>);

/// What is wrong with timings.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TimingError {
    /// It is no range of times.
    #[error(
        "`{name} = [{from}, {to}]`: give the shortest and the longest time in milliseconds, each from \
         1 to {LONGEST}"
    )]
    NoRange {
        /// Which.
        name: String,
        /// The shortest time.
        from: u64,
        /// The longest.
        to: u64,
    },
    /// The protocol has none of that name.
    #[error("[timing] has `{name}`, which this protocol does not know; use {}", known.join(", "))]
    Unknown {
        /// Which.
        name: String,
        /// Those that it knows.
        known: Vec<&'static str>,
    },
    /// One is too long beside another.
    #[error(
        "[timing]: `{long}` begins at {is} ms, and {otherwise}: make it begin at {least} ms at least \
         ({times} times the longest `{short}`), or make `{short}` shorter"
    )]
    TooShort {
        /// The one that must be long.
        long: &'static str,
        /// Where it begins.
        is: u128,
        /// Where it should.
        least: u128,
        /// How many of the others must fit.
        times: u32,
        /// The one that must be short.
        short: &'static str,
        /// What would happen.
        otherwise: &'static str,
    },
    /// One varies too little.
    #[error(
        "[timing]: `{name}` varies by {is} ms, and {otherwise}: make its longest time {least} ms more \
         than its shortest at least (as long as `{than}` may take)"
    )]
    Narrow {
        /// Which.
        name: &'static str,
        /// By how much it varies.
        is: u128,
        /// By how much it should.
        least: u128,
        /// How long that is.
        than: &'static str,
        /// What would happen.
        otherwise: &'static str,
    },
}

impl TryFrom<BTreeMap<String, [u64; 2]>> for Timings {
    type Error = TimingError;

    fn try_from(table: BTreeMap<String, [u64; 2]>) -> Result<Self, TimingError> {
        let range = |(name, [from, to]): (String, [u64; 2])| {
            if from == 0 || from > to || to > LONGEST {
                return Err(TimingError::NoRange { name, from, to });
            }
            Ok((name, Duration::from_millis(from)..Duration::from_millis(to)))
        };
        table.into_iter().map(range).collect::<Result<_, _>>().map(Self)
    }
}

impl Timings {
    /// The one of that name, if it is given.
    pub fn get(&self, name: &str) -> Option<Range<Duration>> {
        self.0.get(name).cloned()
    }

    /// Takes the one of that name out, if it is given.
    pub fn take(&mut self, name: &str) -> Option<Range<Duration>> {
        self.0.remove(name)
    }

    /// Sets those of a protocol's timings that are given. An error if one is given that is not
    /// among them.
    pub fn set<const N: usize>(
        &self,
        timings: [(&'static str, &mut Range<Duration>); N],
    ) -> Result<(), TimingError> {
        let known = timings.each_ref().map(|(name, _)| *name);
        if let Some(name) = self.0.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(TimingError::Unknown { name: name.clone(), known: known.into() });
        }
        for (name, timing) in timings {
            if let Some(given) = self.get(name) {
                *timing = given;
            }
        }
        Ok(())
    }
}

/// An error unless the longest `short` fits that many `times` into the shortest `long`; `otherwise`
/// says what would happen.
pub fn fits(
    times: u32,
    (short, within): Named<'_>,
    (long, timing): Named<'_>,
    otherwise: &'static str,
) -> Result<(), TimingError> {
    let least = within.end.saturating_mul(times);
    if timing.start >= least {
        return Ok(());
    }
    let (is, least) = (timing.start.as_millis(), least.as_millis());
    Err(TimingError::TooShort { long, is, least, times, short, otherwise })
}

/// An error unless a timing varies by as much as another may take; `otherwise` says what would
/// happen.
pub fn varies(
    (name, timing): Named<'_>,
    (than, other): Named<'_>,
    otherwise: &'static str,
) -> Result<(), TimingError> {
    let width = timing.end.saturating_sub(timing.start);
    if width >= other.end {
        return Ok(());
    }
    let (is, least) = (width.as_millis(), other.end.as_millis());
    Err(TimingError::Narrow { name, is, least, than, otherwise })
}
