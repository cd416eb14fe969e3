//! Random runs of three replicas with everything that can go wrong, and then nothing more. State
//! travels in small pieces, so that transfers are long and meet every fault.

use crate::kv::{Map, Op, Recorded};
use crate::primary_backup::{Config, Mode, PrimaryBackup, ReplicaState, State, Timer, Timing};
use crate::simulation::Simulation;
use proptest::prelude::*;
use stateright::actor::Id;
use std::collections::BTreeSet;

type M = Recorded<Map>;
type Run = Simulation<PrimaryBackup<M>>;
const REPLICAS: usize = 3;
const CLIENTS: usize = 3;
const REQUESTS: usize = 4;

fn run() -> Run {
    let config = Config::new(REPLICAS, Mode::Synchronous, Timing::model());
    let config = Config { piece_bytes: 1, max_pending: 2, max_waiting: 1, ..config };
    let op = |client, n| Op::put(&format!("key {client}"), &format!("{n}"));
    let script = |client| (0..REQUESTS).map(|n| op(client, n)).collect();
    let clients = (0..CLIENTS).map(|client| config.client(script(client)));
    let actors = config.servers().into_iter().chain(clients).collect();
    Simulation::new(actors, REPLICAS + 1, |run| {
        let mut views = BTreeSet::new();
        let acting = replicas(run).filter(|replica| replica.is_acting());
        assert!(acting.map(|primary| primary.view.number).all(|view| views.insert(view)));
    })
}

fn replicas(run: &Run) -> impl Iterator<Item = &ReplicaState<M>> {
    run.states().filter_map(|state| match state {
        State::Replica(replica) => Some(replica),
        _ => None,
    })
}

fn answered(run: &Run) -> bool {
    run.states().all(|state| match state {
        State::Client(client) => client.done == REQUESTS,
        _ => true,
    })
}

/// Members are suspected after some missed pings.
fn patience(_id: Id, timer: &Timer) -> usize {
    match timer {
        Timer::Suspect(_) | Timer::Overdue(_) => 5,
        Timer::Ping | Timer::Resend | Timer::Retry(_) | Timer::Stop => 1,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn when_faults_stop_every_request_is_answered_once_and_all_replicas_are_equal(
        troubles in proptest::collection::vec((0..32_u8, 0..997_usize), 0..600),
    ) {
        let mut run = run();
        for (what, which) in troubles {
            run.trouble(what, which);
        }
        run.calm(200, patience);
        prop_assert!(answered(&run));
        are_equal(&run)?;
    }

    /// Only messages go wrong before the cut: of a view that had shrunk already the last member may
    /// be behind it.
    #[test]
    fn although_a_link_is_cut_for_good_every_request_is_answered_once(
        troubles in proptest::collection::vec((6..32_u8, 0..997_usize), 0..200),
        (one, other) in (0..REPLICAS, 1..=REPLICAS).prop_filter("a link", |(a, b)| a != b),
    ) {
        let mut run = run();
        for (what, which) in troubles {
            run.trouble(what, which);
        }
        run.cut(one.into(), other.into());
        run.calm(200, patience);
        prop_assert!(answered(&run));
        for replica in replicas(&run) {
            let applied: BTreeSet<_> = replica.image.machine.applied.iter().collect();
            prop_assert_eq!(applied.len(), replica.image.machine.applied.len());
        }
    }
    /// Nobody is suspected before: of a view that had shrunk to it the last member takes the state
    /// with its disk.
    #[test]
    fn although_a_disk_is_lost_every_request_is_answered_once_and_all_replicas_are_equal(
        before in proptest::collection::vec((6..32_u8, 0..997_usize), 0..200),
        (replaced, refused) in (1..=REPLICAS, any::<bool>()),
        after in proptest::collection::vec((6..32_u8, 0..997_usize), 0..200),
    ) {
        let mut run = run();
        for (what, which) in before {
            run.trouble(what, which);
        }
        run.replace(replaced, refused);
        for (what, which) in after {
            run.trouble(what, which);
        }
        run.calm(200, patience);
        prop_assert!(answered(&run));
        are_equal(&run)?;
        prop_assert!(replicas(&run).all(|replica| replica.view.lives.contains_key(&replaced.into())));
    }
}

/// All replicas are up and equal, and applied each request once.
fn are_equal(run: &Run) -> Result<(), TestCaseError> {
    let images: Vec<_> = replicas(run).map(|replica| &replica.image).collect();
    prop_assert_eq!(images.len(), REPLICAS);
    prop_assert!(images.iter().all(|image| image.is_like(images[0])));
    let applied: BTreeSet<_> = images[0].machine.applied.iter().collect();
    prop_assert_eq!(images[0].machine.applied.len(), CLIENTS * REQUESTS);
    prop_assert_eq!(applied.len(), CLIENTS * REQUESTS);
    Ok(())
}
