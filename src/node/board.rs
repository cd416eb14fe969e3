//! The board on which a running node shows its state to other threads.

use super::stats::Stats;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use quorate_models::{Progress, Status};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A node that shows nothing for so long is stuck.
const STUCK: Duration = Duration::from_secs(10);

/// Where a node shows what it counts, what it is and how far it is, after every batch. Its clones
/// are one.
#[derive(Clone, Debug)]
pub struct Board(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    start: Instant,
    shown: Mutex<(Option<Instant>, Shown)>,
    syncs: Histogram,
    batches: Histogram,
}

/// What a node showed last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// What it counts.
    pub stats: Stats,
    /// What it is.
    pub status: Status,
    /// How far it is.
    pub progress: Progress,
    /// How long its log is, in bytes.
    pub log_bytes: u64,
}

impl Default for Board {
    fn default() -> Self {
        Self(Arc::new(Shared {
            start: Instant::now(),
            shown: Mutex::default(),
            // From 20 µs to 0.66 s.
            syncs: Histogram::new(exponential_buckets(20e-6, 2.0, 16)),
            batches: Histogram::new(exponential_buckets(1.0, 2.0, 11)),
        }))
    }
}

impl Board {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn show(&self, new: Shown) {
        let mut shown = self.0.shown.lock().unwrap_or_else(PoisonError::into_inner);
        *shown = (Some(Instant::now()), new);
    }

    /// The saves of a batch are durable, so long after they were handed over.
    pub(super) fn synced(&self, took: Duration) {
        self.0.syncs.observe(took.as_secs_f64());
    }

    /// A datagram with so many messages was sent.
    pub(super) fn sent(&self, messages: usize) {
        self.0.batches.observe(f64::from(messages as u32));
    }

    /// What was shown last.
    pub fn shown(&self) -> Shown {
        self.0.shown.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    /// Whether the node showed anything lately: its loop goes round several times a second.
    pub(super) fn is_alive(&self) -> bool {
        let last = self.0.shown.lock().unwrap_or_else(PoisonError::into_inner).0;
        last.is_some_and(|last| last.elapsed() < STUCK)
    }

    /// How long it has been there.
    pub(super) fn up(&self) -> Duration {
        self.0.start.elapsed()
    }

    pub(super) fn syncs(&self) -> Histogram {
        self.0.syncs.clone()
    }

    pub(super) fn batches(&self) -> Histogram {
        self.0.batches.clone()
    }
}
