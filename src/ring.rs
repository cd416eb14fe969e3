//! The ring of a deployed cluster: what its servers know of it, and orders that move it.

use crate::models::kv::offer::{Answered, Ask};
use crate::models::membership::{Change, RingAsk, RingState, View};
use crate::node::ClusterFile;
use crate::node::deploy::deployed::{CallError, Deployed};
use stateright::actor::Id;
use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};
use thiserror::Error;

/// How long a server may take to say what it knows.
pub const PATIENCE: Duration = Duration::from_secs(2);
/// Between two looks at a move.
const PAUSE: Duration = Duration::from_millis(300);

/// Why a ring is not moved.
#[derive(Debug, Error)]
pub enum OrderError {
    /// Nobody says what the ring is.
    #[error("no server answers, so nobody can move the ring; are they running?")]
    Silent,
    /// There is no member that could carry it out.
    #[error("the ring has no member that stays, which could carry it out")]
    NoMover,
    /// The node that is to carry it out does not, or does not answer.
    #[error("server {}, which is to carry it out: {source}", usize::from(*.mover))]
    Mover {
        /// The node.
        mover: Id,
        /// Why.
        source: CallError,
    },
}

/// What each server knows of the ring, by id: all are asked at once. `None` of one that does not say it in
/// time.
pub fn states(
    protocol: &dyn Deployed,
    cluster: &ClusterFile,
    patience: Duration,
) -> Vec<Option<RingState>> {
    let state = |id| state(protocol, cluster, &Ask::Ring(RingAsk::State), id, patience).ok()?;
    thread::scope(|scope| {
        let asked: Vec<_> =
            cluster.ids().into_iter().map(|id| scope.spawn(move || state(id))).collect();
        asked.into_iter().map(|thread| thread.join().unwrap_or_default()).collect()
    })
}

/// The answer of a server; `None` if it is not one of a ring.
fn state(
    protocol: &dyn Deployed,
    cluster: &ClusterFile,
    ask: &Ask,
    server: Id,
    patience: Duration,
) -> Result<Option<RingState>, CallError> {
    let told = protocol.ask(cluster, ask, None, Some(server), patience)?;
    Ok(match told.answered {
        Answered::Ring(state) => Some(*state),
        _ => None,
    })
}

/// The newest view that anybody knows.
pub fn newest(states: &[Option<RingState>]) -> Option<&View> {
    states.iter().flatten().map(|state| &state.view).max_by_key(|view| view.epoch)
}

/// The node that carries out a change of a view: the lowest member that stays, so that orders which are given
/// at once meet at one node.
pub fn mover(view: &View, change: Change) -> Option<Id> {
    let (goes, _) = change.goes_and_comes();
    view.members.iter().copied().find(|node| Some(*node) != goes)
}

/// The nodes that a move waits for, by what the mover says; `None` if it does not answer.
pub fn awaited(states: &[Option<RingState>]) -> Option<BTreeSet<Id>> {
    let view = newest(states)?;
    let mover = usize::from(view.last?.mover);
    let state = states.get(mover)?.as_ref().filter(|state| state.view == *view)?;
    Some(view.awaited().difference(&state.ready).copied().collect())
}

/// A move that has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The node that carries it out.
    pub mover: Id,
    /// The number of the view in which the ring moves; the next one is that of after.
    pub number: u64,
}

/// Has the ring moved, from what it is now.
///
/// # Errors
/// When no server answers, or the one that is to do it does not do it.
pub fn order(
    protocol: &dyn Deployed,
    cluster: &ClusterFile,
    change: Change,
    patience: Duration,
) -> Result<Begun, OrderError> {
    let states = states(protocol, cluster, PATIENCE);
    let view = newest(&states).ok_or(OrderError::Silent)?;
    let mover = mover(view, change).ok_or(OrderError::NoMover)?;
    let ask = Ask::Ring(RingAsk::Move { change, epoch: view.name() });
    match state(protocol, cluster, &ask, mover, patience) {
        Ok(_) => Ok(Begun { mover, number: view.epoch + 1 }),
        Err(source) => Err(OrderError::Mover { mover, source }),
    }
}

/// Waits until a move has ended; whether it did in time. Gives up when `is_over` says so.
pub fn await_end(
    protocol: &dyn Deployed,
    cluster: &ClusterFile,
    begun: Begun,
    patience: Duration,
    is_over: &dyn Fn() -> bool,
) -> bool {
    let start = Instant::now();
    while !is_over() {
        let states = states(protocol, cluster, PATIENCE);
        if newest(&states).is_some_and(|view| view.epoch > begun.number) {
            return true;
        }
        if start.elapsed() >= patience {
            return false;
        }
        thread::sleep(PAUSE);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::membership::Move;

    fn ids(ids: &[usize]) -> BTreeSet<Id> {
        ids.iter().copied().map(Id::from).collect()
    }

    fn state(view: &View, ready: &[usize]) -> RingState {
        let (ready, copying) = (ids(ready), BTreeSet::new());
        RingState { view: view.clone(), ready, copying, keys: 0, hints: 0 }
    }

    #[test]
    fn the_lowest_member_that_stays_moves_the_ring_and_knows_who_is_awaited() {
        let old = View { members: ids(&[0, 1, 2]), ..View::default() };
        let replace = Change::Replace { gone: Id::from(0), by: Id::from(3) };
        assert_eq!(mover(&old, replace), Some(Id::from(1)));
        assert_eq!(mover(&old, Change::Join(Id::from(3))), Some(Id::from(0)));
        assert_eq!(mover(&View::default(), replace), None);
        let last = Some(Move { change: replace, mover: Id::from(1) });
        let new = View { epoch: 1, last, is_moving: true, ..old.clone() };
        let behind = Some(state(&new, &[]));
        let states = [Some(state(&old, &[])), Some(state(&new, &[1, 2])), None, behind.clone()];
        assert_eq!(newest(&states), Some(&new));
        assert_eq!(awaited(&states), Some(ids(&[3])));
        assert_eq!(awaited(&states[..1]), None);
        assert_eq!(awaited(&[None, None, None, behind]), None);
    }
}
