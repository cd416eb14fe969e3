//! Fairness: what a liveness property may assume of the world.

/// How much is promised of a class of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Strength {
    /// Nothing: it may never be taken.
    #[default]
    None,
    /// It is taken if it is possible from some point on.
    Weak,
    /// It is taken if it is possible again and again.
    Strong,
}

/// The promises about the world. Crashes and losses are never promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fairness {
    /// Of deliveries.
    pub deliveries: Strength,
    /// Fairness per message instead of per link, which is a pair of sender and
    /// receiver.
    pub per_message: bool,
    /// Of each timer of each node.
    pub timers: Strength,
    /// Of the restart of each node.
    pub restarts: Strength,
    /// Of the disk writes of each node.
    pub flushes: Strength,
    /// Of each kind of random choice of each node: that *some* option is taken.
    pub choices: Strength,
}

/// Weak fairness of all steps but crashes and losses; of deliveries, per link.
impl Default for Fairness {
    fn default() -> Self {
        let weak = Strength::Weak;
        Self {
            deliveries: weak,
            per_message: false,
            timers: weak,
            restarts: weak,
            flushes: weak,
            choices: weak,
        }
    }
}

impl Fairness {
    /// For networks that lose messages: a message that is sent again and again is eventually
    /// delivered.
    pub fn lossy() -> Self {
        Self { deliveries: Strength::Strong, per_message: true, ..Self::default() }
    }

    /// Nothing is promised: only what happens on every path is sure.
    pub fn none() -> Self {
        let none = Strength::None;
        Self {
            deliveries: none,
            per_message: false,
            timers: none,
            restarts: none,
            flushes: none,
            choices: none,
        }
    }
}
