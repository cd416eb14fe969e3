//! Random runs with everything that can go wrong, and then nothing more: all requests must be
//! answered, and all replicas must hold the same. Small windows, queues, logs and pieces, so that
//! gaps, truncation and snapshots are frequent; messages are lost for good, unlike in the
//! instances.

use crate::kv::{Map, Op, Recorded};
use crate::paxos::{Config, Paxos, Quorums, ReplicaState, State, Timer, Timing};
use crate::simulation::Simulation;
use proptest::prelude::*;
use stateright::actor::Id;
use std::collections::BTreeSet;

type M = Recorded<Map>;
type Run = Simulation<Paxos<M>>;
const SERVERS: usize = 3;
const CLIENTS: usize = 3;
const REQUESTS: usize = 4;

fn config(pre_vote: bool) -> Config {
    let quorums = Quorums::majorities(SERVERS);
    let config = Config::new(SERVERS, quorums, Timing::model()).unwrap();
    let config = Config { window: 2, queue: 1, ahead: 1, keep: 1, ..config };
    Config { burst: 2, batch_bytes: 1, piece_bytes: 1, pre_vote, ..config }
}

fn run(pre_vote: bool) -> Run {
    let config = config(pre_vote);
    let op = |client, n| Op::put(&format!("key {client}"), &format!("{n}"));
    let script = |client| (0..REQUESTS).map(|n| op(client, n)).collect();
    let servers = (0..SERVERS).map(|_| config.server());
    let clients = (0..CLIENTS).map(|client| config.client(script(client)));
    Simulation::new(servers.chain(clients).collect(), SERVERS, is_bounded)
}

fn is_bounded(run: &Run) {
    let config = config(false);
    for replica in replicas(run) {
        let log = &replica.stable.log;
        let is_behind = |slot| log.keys().all(|at| *at > slot);
        let held = replica.offer.as_ref().is_some_and(|offer| is_behind(offer.slot()));
        assert!(log.len() <= config.keep || held);
        let votes = 2 * config.window as usize + config.ahead;
        assert!(replica.stable.accepted.len() <= votes);
    }
}

fn replicas(run: &Run) -> impl Iterator<Item = &ReplicaState<M>> {
    run.states().filter_map(|state| match state {
        State::Replica(replica) => Some(replica),
        State::Client(_) => None,
    })
}

fn answered(run: &Run) -> bool {
    run.states().all(|state| match state {
        State::Client(client) => client.done == REQUESTS,
        State::Replica(_) => true,
    })
}

/// A replica stands for election after some missed heartbeats, each after another number.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "as the simulation asks")]
fn patience(id: Id, timer: &Timer) -> usize {
    match timer {
        Timer::Election => 5 + 5 * usize::from(id),
        Timer::Heartbeat | Timer::Retry(_) | Timer::Stop => 1,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn when_faults_stop_every_request_is_answered_once_and_all_replicas_are_equal(
        pre_vote: bool,
        troubles in proptest::collection::vec((0..32_u8, 0..997_usize), 0..600),
    ) {
        let mut run = run(pre_vote);
        for (what, which) in troubles {
            run.trouble(what, which);
        }
        run.calm(200, patience);
        prop_assert!(answered(&run));
        let images: Vec<_> = replicas(&run).map(|replica| &replica.stable.image).collect();
        prop_assert!(images.iter().all(|image| *image == images[0]));
        let applied: BTreeSet<_> = images[0].machine.applied.iter().collect();
        prop_assert_eq!(images[0].machine.applied.len(), CLIENTS * REQUESTS);
        prop_assert_eq!(applied.len(), CLIENTS * REQUESTS);
    }
}
