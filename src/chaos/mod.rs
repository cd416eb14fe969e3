//! A storm over a cluster of processes: a bad network, servers that are killed and started again,
//! frozen, cut off from each other or left without room on their disk, and clients at work all the
//! while. Where the cluster file has servers beside the ring, the ring moves meanwhile. Afterwards the history of the clients is judged by what the protocol promises.
//!
//! The deeds and their times follow from a seed ([`schedule()`]), and so do the requests of the
//! clients. The scheduling of threads and processes does not, so a seed repeats the deeds, but not
//! their times to the microsecond.
//!
//! The storm ends with the death of all servers at once, so that the values that are found then
//! have been on disks. Not done here: a disk that fails to sync (nothing injects that into a
//! process from outside), and disks that are replaced.

mod ask;
mod clients;
mod error;
mod event;
mod judge;
mod nemesis;
pub mod network;
mod operator;
mod schedule;
mod sessions;

pub use error::ChaosError;
pub use event::Event;
pub use judge::{Judgement, judged};
pub use nemesis::Toll;
pub use schedule::{Deed, Planned, schedule};

use crate::local::LocalCluster;
use crate::models::protocol::Promise;
use crate::node::Stop;
use crate::node::deploy::deployed::Deployed;
use clients::Clients;
use nemesis::Nemesis;
use network::Network;
use std::time::{Duration, Instant};

/// With fewer answers than this, a history says nothing.
const ENOUGH: u64 = 30;

/// A storm.
#[derive(Clone, Debug)]
pub struct Storm {
    /// What the history is judged by.
    pub promise: Promise,
    /// How many clients ask, each for one thing at a time.
    pub clients: usize,
    /// The longest that a client waits before it asks again.
    pub pause: Duration,
    /// By how much the clocks of two servers differ at most.
    pub skew: Duration,
    /// Where all choices come from.
    pub seed: u64,
    /// How long the storm lasts.
    pub length: Duration,
    /// It ends earlier if so many requests have been made, because all of them are kept to be judged.
    pub requests: usize,
}

/// What came of a storm.
#[derive(Clone, Debug)]
pub struct Aftermath {
    /// The verdict.
    pub judgement: Judgement,
    /// The requests and their answers, in the order in which they ended.
    pub events: Vec<Event>,
    /// How many requests were answered.
    pub answered: u64,
    /// What was done to the cluster.
    pub toll: Toll,
}

/// Lets a storm pass over a cluster that runs behind a network, and announces each deed before it
/// is done. With `stop` the storm ends early, and what was seen is judged.
///
/// # Errors
/// When a server ends unexpectedly, or clients or processes cannot be opened.
pub fn run(
    storm: &Storm,
    protocol: &dyn Deployed,
    cluster: &mut LocalCluster,
    network: &Network,
    stop: &Stop,
    say: &mut dyn FnMut(&str),
) -> Result<Aftermath, ChaosError> {
    let (file, servers) = (cluster.file().clone(), cluster.file().servers.len());
    let deeds = schedule(storm.seed, servers, storm.length);
    let Storm { promise, clients, pause, skew, seed, length, requests } = *storm;
    let mut clients = Clients::open(protocol, &file, promise, clients, seed, pause)?;
    let (over, moves) = (Stop::new(), operator::moves(protocol, &file));
    let toll = std::thread::scope(|scope| {
        let work = scope.spawn(|| clients.work(&over, requests));
        let ended = scope.spawn(|| operator::work(protocol, &file, &moves, length, [stop, &over]));
        let mut nemesis = Nemesis { cluster, network, begin: Instant::now(), stops: [stop, &over] };
        let toll = nemesis.rage(&deeds, length, say);
        // Also when that failed, the clients are to end.
        over.stop();
        work.join().map_err(|_| ChaosError::Panicked)??;
        let moves = ended.join().map_err(|_| ChaosError::Panicked)?;
        toll.map(|toll| Toll { moves, ..toll })
    })?;
    if clients.events.len() >= requests {
        say(&format!("the storm ends early: {requests} requests were made"));
    }
    say("the storm is over: all servers are killed and started again, and the network is good");
    (0..servers).for_each(|id| cluster.kill(id));
    network.heal();
    network.mend();
    cluster.start_all()?;
    let unanswered = clients.finish()?;
    let Clients { events, answered, .. } = clients;
    let judgement = match unanswered {
        Some(flaw) => Judgement::Violated(flaw),
        None if answered < ENOUGH => {
            Judgement::Undecided(format!("only {answered} requests were answered"))
        }
        None => judged(promise, &events, skew),
    };
    Ok(Aftermath { judgement, events, answered, toll })
}
