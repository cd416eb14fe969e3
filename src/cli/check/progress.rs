//! The progress line of a check.

use crate::check::{Estimate, Phase, Progress};
use crate::cli::tell::{self, grouped};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// A line at the bottom of the terminal.
pub(super) struct Bar {
    bar: ProgressBar,
    expected: Option<u64>,
}

impl Bar {
    pub(super) fn new(name: String, expected: Option<u64>, hidden: bool) -> Self {
        let bar = ProgressBar::no_length();
        if hidden {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let style = ProgressStyle::with_template("{spinner} {prefix}: {wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.set_prefix(name);
        Self { bar, expected }
    }

    pub(super) fn show(&self, progress: Progress, estimate: Option<Estimate>) {
        self.bar.set_message(line(progress, self.expected, estimate));
        self.bar.tick();
    }

    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

#[allow(clippy::cast_precision_loss, reason = "a rate for a person")]
fn line(progress: Progress, expected: Option<u64>, estimate: Option<Estimate>) -> String {
    let Progress { unique, elapsed, .. } = progress;
    if let Phase::Liveness(property) = progress.phase {
        return format!("deciding {property:?} on {} states", grouped(unique));
    }
    let rate = unique as f64 / elapsed.as_secs_f64().max(1e-9);
    let far = match expected {
        Some(expected) if unique <= expected && unique > 0 => {
            let left = Duration::from_secs_f64((expected - unique) as f64 / rate.max(1e-9));
            let percent = u128::from(unique) * 100 / u128::from(expected);
            format!("{percent}% of {} states, {} left", grouped(expected), rough(left))
        }
        Some(expected) => {
            format!("{} states, of {} that are recorded", grouped(unique), grouped(expected))
        }
        None => match estimate {
            Some(estimate) => format!("{} states, {}", grouped(unique), tell::estimate(estimate)),
            None => format!("{} states", grouped(unique)),
        },
    };
    format!("{far}, {rate:.0}/s, depth {}", progress.depth)
}

/// A duration for people, such as `about 3 s`.
fn rough(left: Duration) -> String {
    match left.as_secs() {
        0 => "less than 1 s".into(),
        seconds @ 1..120 => format!("about {seconds} s"),
        seconds @ 120..7200 => format!("about {} min", seconds / 60),
        seconds => format!("about {} h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(unique: u64, seconds: u64, expected: Option<u64>) -> String {
        let elapsed = Duration::from_secs(seconds);
        let phase = Phase::Search;
        let progress = Progress { phase, unique, generated: 0, depth: 7, waiting: 0, elapsed };
        line(progress, expected, None)
    }

    #[test]
    fn percent_and_time_left_follow_from_the_recorded_count() {
        let told = at(250_000, 2, Some(1_000_000));
        assert_eq!(told, "25% of 1,000,000 states, about 6 s left, 125000/s, depth 7");
        let told = at(1000, 1, Some(100_000_000));
        assert!(told.contains("about 27 h left"), "{told}");
        assert_eq!(at(20, 1, Some(10)), "20 states, of 10 that are recorded, 20/s, depth 7");
        assert_eq!(at(20, 1, None), "20 states, 20/s, depth 7");
        assert!(at(0, 0, Some(10)).starts_with("0 states"));
    }

    #[test]
    fn an_estimate_is_shown_where_nothing_is_recorded() {
        let progress = Progress {
            phase: Phase::Search,
            unique: 20,
            generated: 0,
            depth: 7,
            waiting: 9,
            elapsed: Duration::from_secs(1),
        };
        let estimate = |states| Some(Estimate { states, growth: 1.5 });
        let told = line(progress, None, estimate(Some(123_456)));
        assert_eq!(told, "20 states, of about 120,000, 20/s, depth 7");
        let told = line(progress, None, estimate(None));
        assert_eq!(
            told,
            "20 states, and each level 1.5 times as many as the one before, 20/s, depth 7"
        );
    }
}
