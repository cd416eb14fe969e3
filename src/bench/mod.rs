//! Load on a cluster, and what it measures.
//!
//! Clients of a cluster, many on each thread, ask for gets and puts for a while. In a **closed
//! loop** each asks again when it is answered. In an **open loop** requests are due at a rate, however
//! slow the answers are, and latency counts from when a request was due: a cluster that stalls for a
//! second has kept every request of that second waiting, though each client waits for one at a time
//! (else the stall would be counted once per client: Tene's *coordinated omission*).
//!
//! Nothing is left out. A request that is due within the run and answered after it counts with its
//! latency; one that has no answer counts as an error of its kind, and so does one that could not be
//! begun, because all clients were waiting.

mod drive;
mod failover;
mod pace;
mod plot;
mod summary;
mod tally;
mod work;

pub use failover::{Deed, Failover, Pulse};
pub use plot::{PlotError, draw};
pub use summary::{Latency, Summary};
pub use work::Keys;

use crate::node::deploy::{Deployed, OpenError};
use crate::node::{AskError, ClientError, ClusterFile, Stop};
use drive::{Driver, Share};
use std::sync::Barrier;
use std::time::{Duration, Instant};
use tally::Tally;
use thiserror::Error;

/// What is asked of a cluster, and for how long.
#[derive(Clone, Debug)]
pub struct Load {
    /// How many clients ask, each for one thing at a time.
    pub clients: usize,
    /// The threads that drive them.
    pub threads: usize,
    /// How long a value is, in bytes.
    pub value_bytes: usize,
    /// How many of a hundred requests are gets; the others are puts.
    pub reads: u8,
    /// The keys.
    pub keys: Keys,
    /// Requests a second in an open loop; `None` for a closed loop.
    pub rate: Option<f64>,
    /// How long the load lasts before anything is measured.
    pub warm_up: Duration,
    /// How long it is measured.
    pub duration: Duration,
    /// How long a client waits for an answer, before that counts as an error.
    pub timeout: Duration,
    /// Where the choices of keys and requests come from.
    pub seed: u64,
}

/// Why there is no measurement.
#[derive(Debug, Error)]
pub enum BenchError {
    /// The clients cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A request cannot be made.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// A request cannot be sent.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The keys could not be written that are to be read.
    #[error(
        "the cluster did not take the first value of each key: {errors} of {keys} puts had no answer \
         within {timeout:?}"
    )]
    NotFilled {
        /// How many failed.
        errors: u64,
        /// How many there were to write.
        keys: usize,
        /// How long each had.
        timeout: Duration,
    },
    /// It was told to stop.
    #[error("stopped before the end")]
    Stopped,
    /// A thread ended by a panic.
    #[error("a thread of the load generator failed")]
    Panicked,
}

/// Puts load on a cluster, and tells `pulse` of each put that is acknowledged. Ends early, with an
/// error, when `stop` is used.
///
/// # Errors
/// When the cluster does not suit, or does not take the keys. That requests fail during the run is
/// no error, but counted.
pub fn run(
    protocol: &dyn Deployed,
    cluster: &ClusterFile,
    load: &Load,
    pulse: &Pulse,
    stop: &Stop,
) -> Result<Summary, BenchError> {
    let shares = shares(load.clients, load.threads);
    let mut drivers = Vec::new();
    let mut first = 0;
    for (thread, clients) in shares.iter().copied().enumerate() {
        let crowd = protocol.crowd(cluster, clients, None)?;
        drivers.push(Driver::new(crowd, load, Share { thread, first, clients }, stop));
        first += clients;
    }
    let barrier = Barrier::new(drivers.len());
    let tallies = std::thread::scope(|scope| {
        let threads: Vec<_> = (drivers.into_iter())
            .map(|driver| scope.spawn(|| measure(driver, &barrier, pulse)))
            .collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined.map(|tally| tally.map_err(|_| BenchError::Panicked)?).collect::<Result<Vec<_>, _>>()
    })?;
    Ok(Summary::new(load, Tally::sum(load, tallies)))
}

/// One thread's part: first the keys, then, when all have written theirs, the run.
fn measure(mut driver: Driver<'_>, barrier: &Barrier, pulse: &Pulse) -> Result<Tally, BenchError> {
    let filled = driver.fill();
    // Also where that failed, as the others wait.
    barrier.wait();
    filled?;
    driver.run(Instant::now(), pulse)
}

/// How many of `clients` each of at most `threads` threads drives.
fn shares(clients: usize, threads: usize) -> Vec<usize> {
    let threads = threads.clamp(1, clients.max(1));
    (0..threads).map(|at| clients / threads + usize::from(at < clients % threads)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_client_is_driven_by_one_thread() {
        assert_eq!(shares(10, 3), [4, 3, 3]);
        assert_eq!(shares(2, 8), [1, 1]);
        assert_eq!(shares(1, 1), [1]);
    }
}
