//! The operator of a storm: moves the ring while it lasts, where the cluster file has spare servers.

use crate::models::membership::Change;
use crate::node::deploy::deployed::Deployed;
use crate::node::{ClusterFile, Stop};
use crate::ring::{newest, order, states};
use stateright::actor::Id;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Between two looks at the ring: each opens a client of every server.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a server has to say what it knows: some are down.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is done to a ring with spare servers: one joins; another takes the place of one that is not lost at
/// all; and the first one leaves, unless too few were left.
pub(super) fn moves(protocol: &dyn Deployed, file: &ClusterFile) -> Vec<Change> {
    let Some(placement) = protocol.placement(file) else { return Vec::new() };
    let members: BTreeSet<Id> = placement.ring.nodes();
    let mut spare = file.ids().into_iter().filter(|id| !members.contains(id));
    let (first, second) = (spare.next(), spare.next());
    let mut moves: Vec<Change> = first.map(Change::Join).into_iter().collect();
    if members.len() > 2 && placement.replicas > 1 {
        let gone = Id::from(1);
        moves.extend(second.map(|by| Change::Replace { gone, by }));
    }
    if first.is_some() {
        moves.push(Change::Leave(Id::from(0)));
    }
    moves
}

/// Has the ring moved, at even intervals, until it is over. How many moves have ended.
pub(super) fn work(
    protocol: &dyn Deployed,
    file: &ClusterFile,
    moves: &[Change],
    length: Duration,
    stops: [&Stop; 2],
) -> u64 {
    let (begin, mut ended) = (Instant::now(), 0);
    let interval = length / (moves.len() as u32 + 1);
    for (at, change) in (1..).zip(moves) {
        while begin.elapsed() < interval * at || !has_ended(protocol, file, *change) {
            if stops.iter().any(|stop| stop.is_stopped()) {
                return ended;
            }
            std::thread::sleep(PAUSE);
        }
        ended += 1;
    }
    ended
}

/// Whether a move has ended; orders it, if it is not the last that was.
fn has_ended(protocol: &dyn Deployed, file: &ClusterFile, change: Change) -> bool {
    let states = states(protocol, file, PATIENCE);
    let Some(view) = newest(&states) else { return false };
    if view.last.is_some_and(|last| last.change == change) {
        return !view.is_moving;
    }
    // What comes of it is seen the next time. One that is refused is ordered again then.
    let _ = order(protocol, file, change, PATIENCE);
    false
}
