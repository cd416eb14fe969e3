//! Multi-primary, in both modes: nodes converge, and what was acknowledged is there unless a later
//! write replaced it. Each request is for one node, as each node promises something only alone.

use super::assert_answered;
use super::support::storm::{Harm, PATIENCE, Storm, Worker};
use quorate::history::convergence::{KeyHistory, Read, Replaces, Rule, Write};
use quorate::history::{Operation, Recorder};
use quorate::models::kv::offer::{Answered, Ask, OfferError};
use quorate::models::kv::{Bytes, Op, Reply};
use quorate::models::multi_primary::MultiPrimary;
use quorate::models::multi_primary::SiblingsOffer;
use quorate::node::deploy::{ClientOf, ask, open_client};
use quorate::node::{AskError, ClusterFile};
use rand::RngExt;
use rand::rngs::StdRng;
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

const CLIENTS: usize = 4;
const NODES: usize = 3;
/// A key that is written only with contexts: of nearly every write of it, it is known whether it is
/// still there at the end.
const INFORMED: &str = "informed";
const KEYS: [&str; 3] = [INFORMED, "a", "b"];
/// The context of a write that replaces nothing.
const NOTHING: &str = "00";
/// A client that has read so many siblings replaces them: a node does not make many more.
const MANY: usize = 6;

/// What a node is asked for.
#[derive(Clone, Debug)]
struct Asked {
    node: usize,
    op: Op,
    context: Option<Seen>,
}

/// What a client has read of a key.
#[derive(Clone, Debug)]
struct Seen {
    values: BTreeSet<Bytes>,
    context: String,
}

impl Seen {
    fn nothing() -> Self {
        Self { values: BTreeSet::new(), context: NOTHING.into() }
    }
}

type Clients = Vec<ClientOf<MultiPrimary>>;

fn clients(file: &ClusterFile) -> Clients {
    (0..NODES)
        .map(|node| open_client::<MultiPrimary>(file, Some(Id::from(node))).unwrap())
        .collect()
}

/// Asks; `None` if no answer came in time, or a write was refused because of many siblings.
fn request(
    clients: &mut Clients,
    file: &ClusterFile,
    asked: &Asked,
    deadline: Duration,
) -> Option<Answered> {
    let context = asked.context.as_ref().map(|told| told.context.clone());
    let what = Ask::One { op: asked.op.clone(), context };
    match ask::<SiblingsOffer, _>(&mut clients[asked.node], file, &what, &mut (), deadline) {
        Ok(answered) => Some(answered),
        Err(AskError::Offer(OfferError::Crowded)) => None,
        Err(AskError::Client(error)) if error.is_overdue() => None,
        Err(error) => panic!("{asked:?}: {error}"),
    }
}

/// The values in the answer to a get.
fn values(answered: &Answered) -> Option<BTreeSet<Bytes>> {
    match answered {
        Answered::Siblings { values, more: false, .. } => Some(values.iter().cloned().collect()),
        Answered::Reply(Reply::Value(value)) => Some(value.iter().cloned().collect()),
        _ => None,
    }
}

fn any_ask(random: &mut StdRng, value: &str, rule: Rule, seen: &BTreeMap<Bytes, Seen>) -> Asked {
    let name = KEYS[random.random_range(0..KEYS.len())];
    let (node, key) = (random.random_range(0..NODES), Bytes::from(name));
    let told = seen.get(&key).cloned().unwrap_or_else(Seen::nothing);
    let informed = if rule != Rule::MultiValue {
        None
    } else if told.values.len() < MANY && random.random_bool(0.2) {
        Some(Seen::nothing())
    } else {
        (name == INFORMED || random.random_bool(0.5)).then_some(told)
    };
    match random.random_range(0..10) {
        0..5 => Asked { node, op: Op::Get { key }, context: None },
        5 => Asked { node, op: Op::Delete { key }, context: informed },
        _ => Asked { node, op: Op::Put { key, value: value.into() }, context: informed },
    }
}

fn work(
    file: &ClusterFile,
    recorder: &Recorder<Asked, Answered>,
    rule: Rule,
    mut worker: Worker<'_>,
) {
    let mut clients = clients(file);
    let mut seen = BTreeMap::new();
    let mut count = 0;
    while worker.goes_on() {
        count += 1;
        let value = format!("{}.{count}", worker.number);
        let asked = any_ask(&mut worker.random, &value, rule, &seen);
        // A node that is down should not keep its client from the others for long.
        let deadline = worker.deadline().min(Duration::from_millis(1500));
        let answered = recorder.record(worker.number, asked.clone(), |asked| {
            request(&mut clients, file, asked, deadline)
        });
        if let Some(Answered::Siblings { values, context, .. }) = answered {
            let told = Seen { values: values.into_iter().collect(), context };
            seen.insert(asked.op.key().clone(), told);
        }
    }
}

/// A node that lost its disk, and when.
#[derive(Clone, Copy)]
struct Loss {
    node: usize,
    when: Duration,
}

/// The history of each key.
fn by_key(operations: Vec<Operation<Asked, Answered>>, loss: Loss) -> BTreeMap<Bytes, KeyHistory> {
    let mut histories = BTreeMap::<_, KeyHistory>::new();
    for Operation { op: Asked { node, op, context }, begin, answer, .. } in operations {
        let history = histories.entry(op.key().clone()).or_default();
        let value = match op {
            Op::Get { .. } => {
                if let Some((end, answered)) = answer {
                    let values = values(&answered).expect("a get whose answer is something else");
                    history.reads.push(Read { node, values, begin, end });
                }
                continue;
            }
            Op::Put { value, .. } => Some(value),
            _ => None,
        };
        let replaces = context.map_or(Replaces::Held, |told| Replaces::Seen(told.values));
        let end = answer.map(|(end, _)| end);
        // A write that a node acknowledged and no other node had goes with its disk: it may be
        // there, or not. And to the node that is back, a request that it had taken before is new.
        let is_before = node == loss.node && begin < loss.when;
        let may_repeat = is_before && end.is_none_or(|end| end > loss.when);
        let end = end.filter(|_| !is_before);
        history.writes.push(Write { node, value, replaces, begin, end, may_repeat });
    }
    histories
}

/// The values of a key that all nodes return when they agree.
fn converged(clients: &mut Clients, file: &ClusterFile, key: &str) -> BTreeSet<Bytes> {
    let begin = Instant::now();
    loop {
        let told: Vec<BTreeSet<Bytes>> = (0..NODES)
            .map(|node| {
                let asked = Asked { node, op: Op::get(key), context: None };
                let answered = request(clients, file, &asked, PATIENCE);
                values(&answered.expect("no answer at the end")).unwrap()
            })
            .collect();
        if told.iter().all(|values| *values == told[0]) {
            return told[0].clone();
        }
        assert!(begin.elapsed() < PATIENCE, "no convergence on {key}: {told:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn converges(mode: &str, rule: Rule) {
    let harm = Harm { links: &[0, 1, 2], disks: &[0, 1, 2] };
    let mut storm = Storm::start("multi-primary", &format!("mode = {mode:?}"), NODES, harm);
    let (recorder, begin, file) = (Recorder::new(), Instant::now(), storm.file.clone());
    storm.rage(CLIENTS, |worker| work(&file, &recorder, rule, worker));
    storm.calm();
    let (node, when) = storm.replaced.expect("a disk is replaced");
    let loss = Loss { node, when: when.duration_since(begin) };
    let operations = recorder.operations();
    assert_answered(&operations, 50);
    let mut clients = clients(&file);
    for (key, history) in by_key(operations, loss) {
        let found = converged(&mut clients, &file, &key.to_string());
        eprintln!("{key}: {} writes came to {found:?}", history.writes.len());
        let flaw = history.reads_flaw(rule).or_else(|| history.final_flaw(rule, &found));
        assert!(flaw.is_none(), "{key}: {}\n{found:?}\n{history:#?}", flaw.unwrap_or_default());
    }
}

#[test]
fn multi_value_converges_and_keeps_what_nobody_replaced() {
    converges("multi-value", Rule::MultiValue);
}

#[test]
fn last_writer_wins_converges_on_a_last_write() {
    converges("last-writer-wins", Rule::LastWriterWins(Duration::from_millis(500)));
}
