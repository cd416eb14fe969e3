//! What a combination of settings provides, each line with its evidence: an instance in which the claim
//! holds, and one that must violate the next stronger one, or the same without a setting.
//!
//! The verdicts are recorded and checked with the instances; here is only which line rests on which. A
//! test compares the two, and that the table in the README is this one.

use super::config::{Handoff, Purge, ReadRepair, WriteMode};
use super::properties as claims;
use super::several_claims as several;
use crate::causal::Rule;
use crate::world::Statement;
use std::fmt::Write;

/// How well timestamps agree with real time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClockQuality {
    /// As if there were one clock; or there is one writer, at one node.
    Perfect,
    /// Hybrid clocks: they agree with what their nodes saw.
    #[default]
    Hybrid,
    /// Physical clocks, which may differ.
    Skewed,
}

/// A combination of settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many replicas hold a key.
    pub n: usize,
    /// How many a read waits for.
    pub r: usize,
    /// How many a write waits for.
    pub w: usize,
    /// What a read does about replicas that differ.
    pub repair: ReadRepair,
    /// How well timestamps agree with real time.
    pub clock: ClockQuality,
    /// How a write gets its timestamp.
    pub write: WriteMode,
    /// What counts as an acknowledgment.
    pub handoff: Handoff,
    /// When tombstones go.
    pub purge: Purge,
    /// Whether all requests of the key are serial.
    pub serial: bool,
    /// What becomes of concurrent writes.
    pub conflicts: Rule,
}

/// What one key is, by the theory of registers (`kv::registers`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Linearizable, compare-and-swap included.
    Linearizable,
    /// Linearizable, as far as plain reads and writes go.
    Atomic,
    /// A read returns nothing that was overwritten before it began.
    Regular,
    /// Reads do not go back in time.
    Monotonic,
    /// A read returns what somebody wrote, and replicas agree when writes end.
    Eventual,
    /// A read returns each acknowledged write, or one that replaced it; concurrent writes stay side by side.
    Siblings,
    /// The same when writes end; before, a read may miss some.
    EventualSiblings,
}

/// A property in an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The instance.
    pub instance: &'static str,
    /// The property, which the instance claims.
    pub property: Statement,
}

/// What some settings provide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The settings.
    pub when: &'static str,
    /// What one key is then.
    pub provides: &'static str,
    /// What may happen nevertheless.
    pub anomalies: &'static str,
    /// Where it holds.
    pub holds: Evidence,
    /// Where it must not hold, or no more than it.
    pub fails: Evidence,
}

const fn seen(instance: &'static str, property: Statement) -> Evidence {
    Evidence { instance, property }
}

const NOTHING: &str = "–";

const SERIAL: Line = Line {
    when: "all requests of the key serial",
    provides: "linearizable",
    anomalies: "plain writes of the key are lost, or lose",
    holds: seen("lwt-rivalry", claims::LINEARIZABLE),
    fails: seen("mixed-lwt", claims::LINEARIZABLE),
};

const SLOPPY: Line = Line {
    when: "sloppy quorums",
    provides: "eventual",
    anomalies: "stale reads, while a hint is away",
    holds: seen("sloppy", claims::WRITTEN),
    fails: seen("sloppy", claims::REGULAR),
};

const PARTIAL: Line = Line {
    when: "R + W ≤ N",
    provides: "eventual",
    anomalies: "stale reads, going back in time, a client that does not read its own write",
    holds: seen("one-one", claims::WRITTEN),
    fails: seen("one-one", claims::REGULAR),
};

const QUERY: Line = Line {
    when: "R + W > N, 2R > N, 2W > N, blocking repair, writes that query, any clocks",
    provides: "atomic",
    anomalies: NOTHING,
    holds: seen("query-two-writers", claims::LINEARIZABLE),
    fails: seen("skew", claims::LINEARIZABLE),
};

const ATOMIC: Line = Line {
    when: "R + W > N, 2R > N, blocking repair, timestamps that agree with real time (one writer at one node, or perfect clocks)",
    provides: "atomic",
    anomalies: NOTHING,
    holds: seen("abd", claims::LINEARIZABLE),
    fails: seen("no-repair", claims::LINEARIZABLE),
};

const REGULAR: Line = Line {
    when: "R + W > N, no repair, timestamps that agree with real time, or writes that query with 2W > N",
    provides: "regular",
    anomalies: "two reads go back in time while a write is under way, or after it failed",
    holds: seen("no-repair", claims::REGULAR),
    fails: seen("no-repair", claims::MONOTONIC),
};

/// The repair of a read reaches as many replicas as it read, and two reads need not meet.
const READ_FEW: Line = Line {
    when: "the same with blocking repair, but 2R ≤ N",
    provides: "regular",
    anomalies: "the same: what a read repairs, the next one need not see",
    holds: seen("read-one-write-all", claims::REGULAR),
    fails: seen("read-one-write-all", claims::MONOTONIC),
};

const CAUSAL: Line = Line {
    when: "R + W > N, 2R > N, blocking repair, hybrid clocks, several writers",
    provides: "monotonic reads; writes above what their client read",
    anomalies: "an acknowledged write vanishes behind an older one of another node",
    holds: seen("hybrid-rivals", claims::CAUSAL),
    fails: seen("hybrid-rivals", claims::REGULAR),
};

const MONOTONIC: Line = Line {
    when: "R + W > N, 2R > N, blocking repair, skewed clocks, several writers",
    provides: "monotonic reads",
    anomalies: "an acknowledged write vanishes behind an older one of a node that is ahead",
    holds: seen("skew", claims::MONOTONIC),
    fails: seen("skew", claims::REGULAR),
};

const NEITHER: Line = Line {
    when: "R + W > N, no repair or 2R ≤ N, several writers whose clocks differ",
    provides: "eventual",
    anomalies: "an acknowledged write vanishes, and two reads go back in time",
    holds: seen("skew-no-repair", claims::WRITTEN),
    fails: seen("skew-no-repair", claims::MONOTONIC),
};

const SIBLINGS: Line = Line {
    when: "several values, R + W > N",
    provides: "every acknowledged write, until a write that knew it; concurrent writes side by side",
    anomalies: "a key with several values; with the last writer winning, one of two concurrent writes is lost",
    holds: seen("siblings", several::SEES_ACKNOWLEDGED),
    fails: seen("concurrent-lost", several::NO_LOST_UPDATE),
};

const SIBLINGS_FEW: Line = Line {
    when: "several values, R + W ≤ N, or sloppy quorums",
    provides: "eventually every acknowledged write, until a write that knew it; concurrent writes side by side",
    anomalies: "stale reads; a client that does not read its own write, and leaves it as a sibling of its next one",
    holds: seen("siblings-one", several::NO_LOST_UPDATE),
    fails: seen("siblings-one", several::SEES_ACKNOWLEDGED),
};

const FAILED: Line = Line {
    when: "a write that timed out",
    provides: "happens later, or never",
    anomalies: "its value is read after reads that did not have it",
    holds: seen("failed-write-appears", claims::LINEARIZABLE),
    fails: seen("failed-write-appears", claims::NO_EFFECT),
};

const PURGED: Line = Line {
    when: "tombstones that go when repaired, not on a timer",
    provides: "what is deleted stays deleted",
    anomalies: "on a timer, a deleted value comes back from a replica that missed the delete",
    holds: seen("gc-after-repair", claims::DELETED),
    fails: seen("gc-on-timer", claims::DELETED),
};

/// The lines, the strongest first.
pub const LINES: &[Line] = &[
    SERIAL,
    QUERY,
    ATOMIC,
    REGULAR,
    READ_FEW,
    CAUSAL,
    MONOTONIC,
    NEITHER,
    PARTIAL,
    SLOPPY,
    SIBLINGS,
    SIBLINGS_FEW,
    FAILED,
    PURGED,
];

impl Settings {
    /// What they provide: first what one key is, then what else is to be known. An error, if there are
    /// no such settings.
    pub fn lines(&self) -> Result<Vec<Line>, String> {
        let Self { n, r, w, .. } = *self;
        for (name, count) in [("r", r), ("w", w)] {
            if count == 0 || count > n {
                return Err(format!("--{name} {count}: of {n} replicas, wait for 1 to {n}"));
            }
        }
        if self.serial && self.conflicts == Rule::MultiValue {
            return Err(
                "a key of several values has no one value for serial requests to agree on".into()
            );
        }
        let mut lines = vec![self.register()];
        if !self.serial {
            lines.push(FAILED);
        }
        if self.purge != Purge::Never {
            lines.push(PURGED);
        }
        Ok(lines)
    }

    /// What one key is.
    pub fn class(&self) -> Class {
        match self.register() {
            SERIAL => Class::Linearizable,
            QUERY | ATOMIC => Class::Atomic,
            REGULAR | READ_FEW => Class::Regular,
            CAUSAL | MONOTONIC => Class::Monotonic,
            SIBLINGS => Class::Siblings,
            SIBLINGS_FEW => Class::EventualSiblings,
            _ => Class::Eventual,
        }
    }

    fn register(&self) -> Line {
        // A query reaches the last write only if two write quorums have a replica in common.
        let queries = self.write == WriteMode::Query && 2 * self.w > self.n;
        let is_ordered = queries || self.clock == ClockQuality::Perfect;
        let is_repaired = self.repair == ReadRepair::Blocking && 2 * self.r > self.n;
        let meets = self.r + self.w > self.n && self.handoff != Handoff::Sloppy;
        match self {
            _ if self.conflicts == Rule::MultiValue && meets => SIBLINGS,
            _ if self.conflicts == Rule::MultiValue => SIBLINGS_FEW,
            _ if self.serial => SERIAL,
            _ if self.handoff == Handoff::Sloppy => SLOPPY,
            _ if self.r + self.w <= self.n => PARTIAL,
            _ if is_repaired && queries => QUERY,
            _ if is_repaired && is_ordered => ATOMIC,
            _ if is_ordered && self.repair == ReadRepair::Blocking => READ_FEW,
            _ if is_ordered => REGULAR,
            _ if !is_repaired => NEITHER,
            _ if self.clock == ClockQuality::Hybrid => CAUSAL,
            _ => MONOTONIC,
        }
    }
}

/// All lines, as the table of the README.
pub fn markdown() -> String {
    let mut text = String::from(
        "| settings | one key provides | what may happen | holds in | must fail in |\n|---|---|---|---|---|\n",
    );
    for Line { when, provides, anomalies, holds, fails } in LINES {
        let shown = |it: &Evidence| format!("`{}`: `{}`", it.instance, it.property);
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "| {when} | {provides} | {anomalies} | {} | {} |",
            shown(holds),
            shown(fails)
        );
    }
    text
}
