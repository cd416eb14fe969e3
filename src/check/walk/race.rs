//! Choices at random, the same whatever the order of what there is to choose from.
//!
//! The order of steps depends on threads, what they lead to does not. So each step draws a number
//! by where it leads, and the least one, divided by the step's weight, wins: the chance of a step
//! is in proportion to its weight (Efraimidis and Spirakis 2006).

/// How much more probable a step is that leads to a state that was not met before.
const NEW: f64 = 8.0;
/// The logarithm of the most by which a walk's mood makes a step more or less probable.
const MOOD: f64 = 4.0;

/// Numbers at random, from a seed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// Those of one walk.
    pub(super) fn new(seed: u64, walk: u64) -> Self {
        Self(mixed(mixed(seed) ^ walk))
    }

    /// The next one (Steele, Lea and Flood 2014: `SplitMix64`).
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed(self.0)
    }
}

fn mixed(mut z: u64) -> u64 {
    z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ z >> 31
}

/// How long a step takes in the race for a choice; the shortest time wins.
#[allow(clippy::cast_precision_loss, reason = "a random number")]
pub(super) fn time(draw: u64, leads_to: u64, weight: f64) -> f64 {
    let unit = ((mixed(draw ^ leads_to) >> 11) + 1) as f64 / (1_u64 << 53) as f64;
    -unit.ln() / weight
}

/// What one walk likes and dislikes.
///
/// A walk of equally probable steps hardly ever lets one thing wait while much else happens, and that is
/// how many bugs show. So each walk draws a factor for each change: as long as a message is delivered to
/// the same node in the same state, the change is the same, and so is the factor. (Swarm testing,
/// Groce and others 2012, leaves features out at random; priorities at random, Burckhardt and others 2010.
/// Here nothing is impossible.)
#[derive(Clone, Copy, Debug)]
pub(super) struct Mood(u64);

impl Mood {
    /// That of one walk.
    pub(super) fn new(seed: u64, walk: u64) -> Self {
        Self(mixed(mixed(!seed) ^ walk))
    }

    /// The weight of a step that changes a state's fingerprint by `change`.
    #[allow(clippy::cast_precision_loss, reason = "a random number")]
    pub(super) fn weight(self, change: u64, is_new: bool) -> f64 {
        let unit = (mixed(self.0 ^ change) >> 11) as f64 / (1_u64 << 53) as f64;
        let liked = (MOOD * (2.0 * unit - 1.0)).exp();
        if is_new { liked * NEW } else { liked }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_are_in_proportion_to_weights() {
        let mut random = Random::new(1, 2);
        let mut won = [0; 3];
        for _ in 0..60_000 {
            let draw = random.next();
            let steps = [(77, 1.0), (154, 2.0), (231, 3.0)];
            let times = steps.map(|(leads_to, weight)| time(draw, leads_to, weight));
            let first = (0..3).min_by(|a, b| times[*a].total_cmp(&times[*b])).unwrap();
            won[first] += 1;
        }
        for (won, expected) in won.into_iter().zip([10_000, 20_000, 30_000_i32]) {
            assert!((won - expected).abs() < 600, "{won} instead of {expected}");
        }
    }

    #[test]
    fn a_mood_lasts_as_long_as_a_walk() {
        let weights = |walk| [7, 8, 9].map(|change| Mood::new(1, walk).weight(change, false));
        assert_eq!(weights(1).map(f64::to_bits), weights(1).map(f64::to_bits));
        assert_ne!(weights(1).map(f64::to_bits), weights(2).map(f64::to_bits));
        let all = (0..999).map(|change| Mood::new(1, 1).weight(change, false).ln());
        assert!(all.clone().all(|liked| liked.abs() <= MOOD));
        assert!(all.clone().any(|liked| liked > 2.5) && all.clone().any(|liked| liked < -2.5));
        let ratio = Mood::new(1, 1).weight(7, true) / Mood::new(1, 1).weight(7, false);
        assert!((ratio - NEW).abs() < 1e-9, "{ratio}");
    }

    #[test]
    fn walks_draw_different_numbers_and_always_the_same() {
        let drawn = |seed, walk| Random::new(seed, walk).next();
        assert_ne!(drawn(1, 1), drawn(1, 2));
        assert_ne!(drawn(1, 1), drawn(2, 1));
        assert_eq!(drawn(1, 1), drawn(1, 1));
    }
}
