//! How many states a search will find, told from the levels that it has been through.
//!
//! Level by level the number of states grows by a factor that falls, first above one and then below:
//! the logarithm of a level's size is about a parabola. Once the growth is small, its curve at the levels
//! seen last is carried on until nothing is left. Of twelve recorded instances this told the number within
//! a factor of two for eleven, from the time that about half of their states were found; the twelfth has a
//! plateau early. While the levels grow fast, whatever they tell was wrong by factors of ten and more, so
//! only the growth is told.

use super::engine::{Phase, Progress};
use serde::Serialize;

/// With a larger growth from level to level nothing is told of the number.
const SLOW: f64 = 1.3;
/// How many of the last growths are taken for that together.
const RECENT: usize = 3;
/// The least growths to which a line is fitted; else a third of all.
const FEW: usize = 5;
/// The most levels that the curve is carried on for.
const FAR: usize = 10_000;

/// The sizes of the levels of a search.
#[derive(Clone, Debug, Default)]
pub struct Levels(Vec<(u32, u64)>);

/// What the levels tell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// About how many states there are; `None` as long as the levels grow fast.
    pub states: Option<u64>,
    /// By which factor the last levels were larger, each than the one before it.
    pub growth: f64,
}

impl Levels {
    /// The search is there.
    pub fn see(&mut self, progress: &Progress) {
        let is_next = self.0.last().is_none_or(|(depth, _)| progress.depth > *depth);
        if progress.phase == Phase::Search && is_next && progress.waiting > 0 {
            self.0.push((progress.depth, progress.waiting));
        }
    }

    /// What can be told by now.
    pub fn estimate(&self) -> Option<Estimate> {
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let logarithms: Vec<f64> = self.0.iter().map(|(_, states)| (*states as f64).ln()).collect();
        let growths: Vec<f64> = logarithms.windows(2).map(|two| two[1] - two[0]).collect();
        let recent = growths.len().checked_sub(FEW).map(|_| &growths[growths.len() - RECENT..])?;
        #[expect(clippy::cast_precision_loss, reason = "a few")]
        let growth = (recent.iter().sum::<f64>() / recent.len() as f64).exp();
        let (next, fall) = line(&growths[growths.len() - FEW.max(growths.len() / 3)..]);
        let before: u64 = self.0.iter().map(|(_, states)| states).sum();
        let rest = (growth < SLOW).then(|| carried_on(*logarithms.last()?, next, fall)).flatten();
        Some(Estimate { states: rest.map(|rest| before + rest), growth })
    }
}

/// The line through some values, one after the other: what it has at the last of them, and its slope.
fn line(values: &[f64]) -> (f64, f64) {
    #[expect(clippy::cast_precision_loss, reason = "a few values")]
    let (count, mid) = (values.len() as f64, (values.len() - 1) as f64 / 2.0);
    let mean = values.iter().sum::<f64>() / count;
    let (mut above, mut below) = (0.0, 0.0);
    let mut at = -mid;
    for value in values {
        above += at * (value - mean);
        below += at * at;
        at += 1.0;
    }
    let slope = above / below;
    (mean + slope * mid, slope)
}

/// The states of the levels to come after one of this (logarithmic) size, whose growth is that and
/// falls by that with each level. `None` if it does not end.
fn carried_on(mut size: f64, mut growth: f64, fall: f64) -> Option<u64> {
    let mut states = 0.0;
    for _ in 0..FAR {
        growth += fall.min(0.0);
        size += growth;
        if size < 0.0 {
            #[expect(clippy::cast_sign_loss, reason = "a sum of exponentials")]
            return Some(states as u64);
        }
        states += size.exp();
        if states > 1e18 {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// The levels of recorded instances: of paxos `restart`, two-phase-commit `repaired`, and kafka
    /// `appends`.
    const RECORDED: [&[u64]; 3] = [
        &[
            7, 20, 60, 144, 322, 692, 1450, 2909, 5470, 9653, 16_056, 24_597, 33_457, 39_103,
            38_283, 30_767, 19_889, 10_042, 3771, 973, 150, 10,
        ],
        &[
            4, 7, 21, 57, 152, 372, 859, 1925, 4251, 8984, 17_628, 31_950, 53_546, 82_476, 116_524,
            152_496, 186_293, 210_812, 217_540, 201_532, 164_745, 116_735, 70_741, 36_208, 15_228,
            4954, 1108, 128,
        ],
        &[
            5, 9, 18, 36, 74, 149, 301, 606, 1191, 2257, 4149, 7351, 12_459, 20_206, 31_455,
            46_974, 67_013, 90_966, 117_443, 144_788, 171_587, 197_005, 221_466, 246_807, 273_054,
            292_765, 291_132, 256_744, 193_844, 121_982, 62_452, 25_298, 7796, 1716, 240, 16,
        ],
    ];

    fn seen(levels: &[u64]) -> Levels {
        let mut seen = Levels::default();
        for (depth, states) in (0..).zip(levels) {
            let (phase, elapsed) = (Phase::Search, Duration::ZERO);
            let waiting = *states;
            seen.see(&Progress { phase, unique: 0, generated: 0, depth, waiting, elapsed });
        }
        seen
    }

    #[test]
    fn what_is_told_of_recorded_instances_is_right_within_a_factor_of_three() {
        for levels in RECORDED {
            let all: u64 = levels.iter().sum();
            let told = (1..=levels.len()).filter_map(|depth| {
                let states = seen(&levels[..depth]).estimate()?.states?;
                Some((levels[..depth].iter().sum::<u64>(), states))
            });
            let told: Vec<_> = told.collect();
            assert!(told.first().is_some_and(|(found, _)| *found < all * 3 / 4), "{told:?}");
            for (found, states) in told {
                assert!(states / 3 <= all && all <= states * 3, "{states} of {all} after {found}");
            }
        }
    }

    #[test]
    fn of_levels_that_grow_fast_or_are_few_no_number_is_told() {
        let doubling: Vec<u64> = (0..20).map(|depth| 1 << depth).collect();
        let told = seen(&doubling).estimate().unwrap();
        assert!(told.states.is_none() && (told.growth - 2.0).abs() < 1e-9);
        assert_eq!(seen(&[1, 2, 2, 2]).estimate(), None);
        let steady = seen(&[10; 20]).estimate().unwrap();
        assert_eq!((steady.states, steady.growth), (None, 1.0), "it may not end");
    }

    #[test]
    fn a_level_that_is_told_of_again_counts_once() {
        let mut levels = seen(&[1, 5]);
        levels.see(&Progress {
            phase: Phase::Search,
            unique: 0,
            generated: 0,
            depth: 1,
            waiting: 5,
            elapsed: Duration::ZERO,
        });
        assert_eq!(levels.0, [(0, 1), (1, 5)]);
    }
}
