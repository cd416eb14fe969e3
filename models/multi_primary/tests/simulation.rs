//! Random runs of three nodes with everything that can go wrong, two lost disks too, and then
//! nothing more. State travels version by version, so that transfers are long and meet every fault.

use crate::kv::{Bytes, Op};
use crate::multi_primary::{
    Config, Dot, Entry, Image, MultiPrimary, Rule, ScriptedOp, State, Timer, Timing, Update,
};
use crate::simulation::Simulation;
use proptest::prelude::*;
use stateright::actor::Id;
use std::collections::BTreeMap;

type Run = Simulation<MultiPrimary>;
type Troubles = Vec<(u8, usize)>;
const NODES: usize = 3;
const CLIENTS: usize = 3;
const STEPS: usize = 6;

fn run(rule: Rule) -> Run {
    let config = Config { piece_bytes: 1, ..Config::new(NODES, rule, Timing::model()) };
    let script = |client: usize| {
        let put = |n: u8| Op::put("x", &format!("{client}.{n}"));
        let delete = Op::Delete { key: "x".into() };
        let own = Op::Put { key: own_key(client), value: "v".into() };
        vec![
            ScriptedOp::Plain(put(1)),
            ScriptedOp::Plain(delete),
            ScriptedOp::Blind(put(2)),
            ScriptedOp::Plain(Op::get("x")),
            ScriptedOp::Informed(put(3)),
            ScriptedOp::Plain(own),
        ]
    };
    let clients = (0..CLIENTS).map(|client| config.client(client, script(client)));
    let actors = config.servers().into_iter().chain(clients).collect();
    Simulation::new(actors, NODES, |run| {
        let mut known = BTreeMap::<Dot, Update>::new();
        for (key, dot, version) in images(run).flat_map(|image| image.store.versions()) {
            let update = Update { key: key.clone(), dot, version: version.clone() };
            let first = known.entry(dot).or_insert_with(|| update.clone());
            assert_eq!(*first, update, "a dot names one write");
        }
    })
}

fn images(run: &Run) -> impl Iterator<Item = &Image> {
    run.states().filter_map(|state| match state {
        State::Replica(replica) => Some(&replica.image),
        State::Client(_) => None,
    })
}

// A reference, because that is what a run takes.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn patience(_id: Id, _timer: &Timer) -> usize {
    1
}

/// All nodes are back and have the same, without tombstones, and every client is done.
fn are_equal(run: &Run) -> Result<(), TestCaseError> {
    let images: Vec<&Image> = images(run).collect();
    prop_assert_eq!(images.len(), NODES);
    for image in &images {
        prop_assert_eq!(&image.newcomer, &None);
        prop_assert_eq!(&image.vector, &images[0].vector);
        prop_assert_eq!(&image.store, &images[0].store);
        prop_assert!(!image.store.has_tombstones());
    }
    let is_done = |state: &State| match state {
        State::Client(client) => client.done == STEPS,
        State::Replica(_) => true,
    };
    prop_assert!(run.states().all(is_done));
    Ok(())
}

/// The nodes have what only one client writes.
fn have_all(run: &Run) -> bool {
    let has = |image: &Image, client| {
        image.store.values(&own_key(client)).any(|(_, value)| *value == "v".into())
    };
    images(run).all(|image| (0..CLIENTS).all(|client| has(image, client)))
}

fn own_key(client: usize) -> Bytes {
    ["one", "other", "third"][client].into()
}

fn rules() -> impl Strategy<Value = Rule> {
    prop_oneof![Just(Rule::LastWriterWins), Just(Rule::MultiValue)]
}

fn troubles(from: u8) -> impl Strategy<Value = Troubles> {
    proptest::collection::vec((from..32, 0..997_usize), 0..150)
}

fn go(run: &mut Run, troubles: Troubles) {
    troubles.into_iter().for_each(|(what, which)| run.trouble(what, which));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn when_faults_stop_all_nodes_have_the_same(rule in rules(), troubles in troubles(0)) {
        let mut run = run(rule);
        go(&mut run, troubles);
        run.calm(200, patience);
        are_equal(&run)?;
        prop_assert!(have_all(&run));
    }

    #[test]
    fn although_disks_are_lost_all_nodes_come_to_have_the_same(
        rule in rules(),
        before in troubles(0),
        first in (0..NODES, any::<bool>()),
        between in troubles(0),
        second in (0..NODES, any::<bool>()),
        after in troubles(0),
    ) {
        let mut run = run(rule);
        go(&mut run, before);
        run.replace(first.0, first.1);
        go(&mut run, between);
        run.replace(second.0, second.1);
        go(&mut run, after);
        run.calm(300, patience);
        are_equal(&run)?;
    }

    /// Everything has come to every node when the disk is lost.
    #[test]
    fn what_another_node_has_is_not_lost_with_a_disk(
        rule in rules(),
        before in troubles(0),
        lost in 0..NODES,
        after in troubles(0),
    ) {
        let mut run = run(rule);
        go(&mut run, before);
        run.calm(200, patience);
        let had: Vec<_> = images(&run).next().unwrap().store.entries().map(entry).collect();
        run.replace(lost, false);
        go(&mut run, after);
        run.calm(200, patience);
        are_equal(&run)?;
        let has: Vec<_> = images(&run).next().unwrap().store.entries().map(entry).collect();
        prop_assert_eq!(has, had);
    }
}

fn entry((key, entry): (&Bytes, &Entry)) -> (Bytes, Entry) {
    (key.clone(), entry.clone())
}
