//! Load on a cluster, and what it measures.
//!
//! Clients of a cluster, many on each thread, ask for gets and puts for a while. In a **closed
//! loop** each asks again when it is answered. In an **open loop** requests are due at a rate,
//! however slow the answers are, and latency counts from when a request was due: a cluster that
//! stalls for a second has kept every request of that second waiting, though each client waits for
//! one at a time (else the stall would be counted once per client: Tene's *coordinated omission*).
//!
//! Nothing is left out. A request that is due within the run and answered after it counts with its
//! latency; one that has no answer counts as an error of its kind, and so does one that could not
//! be begun, because all clients were waiting.

mod drive;
mod error;
mod failover;
mod load;
mod pace;
mod plot;
mod summary;
mod tally;
mod work;

pub use error::BenchError;
pub use failover::{Deed, Failover, Pulse};
pub use load::{Keys, Load};
pub use plot::{PlotError, draw};
pub use summary::{Latency, Summary};

use crate::node::deploy::deployed::Deployed;
use crate::node::deploy::partitions;
use crate::node::{ClusterFile, Stop};
use drive::{Driver, Share};
use std::sync::Barrier;
use std::thread::ScopedJoinHandle;
use std::time::Instant;
use tally::Tally;

/// Puts load on a cluster, and reports to `pulse` each put that is acknowledged. Ends early, with
/// an error, when `stop` is used.
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
        let crowd = partitions::crowd(protocol, cluster, clients, None)?;
        drivers.push(Driver::new(
            crowd,
            load,
            Share { thread, threads: shares.len(), first, clients },
            stop,
        ));
        first += clients;
    }
    let barrier = Barrier::new(drivers.len());
    let tallies = std::thread::scope(|scope| {
        let threads: Vec<_> = (drivers.into_iter())
            .map(|driver| scope.spawn(|| measure(driver, &barrier, pulse)))
            .collect();
        let joined = threads.into_iter().map(ScopedJoinHandle::join);
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
