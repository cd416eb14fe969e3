//! The lines of the level chooser rest on recorded verdicts.

use super::super::config::{Handoff, Purge, ReadRepair, WriteMode};
use super::super::instances::instances;
use super::super::levels::{Class, ClockQuality, Evidence, LINES, Settings};
use crate::causal::Rule;

/// Whether an instance claims a property, and whether it is expected to hold.
fn verdict(Evidence { instance, property }: Evidence) -> Option<bool> {
    let found = instances().into_iter().find(|known| known.name == instance)?;
    let cluster = (found.cluster)();
    let is_claimed = cluster.setup().properties.iter().any(|known| known.name == property.name);
    let is_violated = found.expected.violated.iter().any(|(known, _)| *known == property);
    is_claimed.then_some(!is_violated)
}

#[test]
fn each_line_has_an_instance_that_holds_and_one_that_must_fail() {
    for line in LINES {
        assert_eq!(verdict(line.holds), Some(true), "{}: {:?}", line.when, line.holds);
        assert_eq!(verdict(line.fails), Some(false), "{}: {:?}", line.when, line.fails);
    }
}

/// Quorums of two of three, blocking repair, skewed clocks.
fn usual() -> Settings {
    Settings {
        n: 3,
        r: 2,
        w: 2,
        repair: ReadRepair::Blocking,
        clock: ClockQuality::Skewed,
        write: WriteMode::Plain,
        handoff: Handoff::None,
        purge: Purge::Never,
        serial: false,
        conflicts: Rule::LastWriterWins,
    }
}

#[test]
fn settings_choose_their_line() {
    let provides = |settings: Settings| settings.lines().unwrap()[0].provides;
    let perfect = Settings { clock: ClockQuality::Perfect, ..usual() };
    assert_eq!(provides(usual()), "monotonic reads");
    assert_eq!(provides(perfect), "atomic");
    assert_eq!(provides(Settings { repair: ReadRepair::None, ..perfect }), "regular");
    assert_eq!(provides(Settings { repair: ReadRepair::None, ..usual() }), "eventual");
    assert_eq!(provides(Settings { write: WriteMode::Query, ..usual() }), "atomic");
    assert_eq!(provides(Settings { r: 1, w: 1, ..perfect }), "eventual");
    assert_eq!(provides(Settings { r: 1, w: 3, ..perfect }), "regular", "two reads need not meet");
    assert_eq!(provides(Settings { handoff: Handoff::Sloppy, ..perfect }), "eventual");
    assert_eq!(provides(Settings { serial: true, r: 1, w: 1, ..usual() }), "linearizable");
    let one_write = Settings { write: WriteMode::Query, w: 1, r: 3, ..usual() };
    assert_eq!(provides(one_write), "monotonic reads", "two writes need not meet");
}

#[test]
fn several_values_have_lines_of_their_own() {
    let several = Settings { conflicts: Rule::MultiValue, ..usual() };
    assert_eq!(several.class(), Class::Siblings);
    assert_eq!(Settings { w: 1, ..several }.class(), Class::EventualSiblings);
    let sloppy = Settings { handoff: Handoff::Sloppy, ..several };
    assert_eq!(sloppy.class(), Class::EventualSiblings);
    let serial = Settings { serial: true, ..several };
    assert!(serial.lines().unwrap_err().contains("no one value"));
}

#[test]
fn a_timer_for_tombstones_and_impossible_levels_are_mentioned() {
    let lines = Settings { purge: Purge::OnTimer, ..usual() }.lines().unwrap();
    assert!(lines.iter().any(|line| line.anomalies.contains("comes back")));
    assert!(Settings { r: 4, ..usual() }.lines().unwrap_err().contains("--r 4"));
    assert!(Settings { w: 0, ..usual() }.lines().unwrap_err().contains("--w 0"));
}
