//! Kafka with several controllers, as processes: the one that leads is killed and frozen, with the
//! leader of the topic, while clients produce and consume, and nobody helps.

use crate::support::processes::{Cluster, said};
use crate::support::{KEYS, SECOND};
use quorate::ClusterFile;
use quorate::history::{Operation, Recorder};
use quorate::models::kafka::{Kafka, Peer, TopicOffer};
use quorate::models::kv::offer::{Acks, Answered, Ask, LogAnswer, LogAsk, LogRecord};
use quorate::node::deploy::{ClientOf, ask, open_client};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Controllers 0 to 2, brokers 3 to 5.
const SERVERS: usize = 6;

fn start() -> Cluster {
    Cluster::start_mode("kafka", "mode = \"controllers=3\"", SERVERS, KEYS)
}

/// What a node said last of itself.
fn status(cluster: &Cluster, id: usize) -> Option<String> {
    let log = cluster.log(id);
    log.lines().rfind(|line| line.contains("the node is now")).map(str::to_owned)
}

/// Waits until a controller says that it leads, that this is what is in sync, and that a broker
/// leads: both of them. A controller that was deposed while it was frozen may say so still.
fn await_leaders(cluster: &Cluster, in_sync: &str) -> (usize, usize) {
    let begin = Instant::now();
    loop {
        let leads = |line: &String| line.contains("controller that leads the others");
        let said = (0..3).filter_map(|id| Some((status(cluster, id).filter(leads)?, id)));
        // Lines begin with the time.
        if let Some((line, controller)) = said.max()
            && line.contains(&format!("members {in_sync} left_out"))
            && let Some((_, rest)) = line.split_once("led by server ")
        {
            let broker = rest.split(',').next().and_then(|id| id.parse().ok());
            return (controller, broker.unwrap());
        }
        let logs = || (0..3).filter_map(|id| status(cluster, id)).collect::<Vec<_>>().join("\n");
        assert!(begin.elapsed() < SECOND * 20, "{in_sync} are not in sync:\n{}", logs());
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_leader_is_replaced_although_the_controller_that_leads_died_first() {
    let mut cluster = start();
    let put = cluster.client(&["put", "chain", "0", "--timeout", "20s"]);
    assert_eq!(put, said(0, "done\n"));
    for value in 0..3 {
        let (controller, broker) = await_leaders(&cluster, "3 4 5");
        cluster.kill(controller);
        cluster.kill(broker);
        cluster.swap(value, value + 1);
        cluster.restart(controller);
        cluster.restart(broker);
    }
    await_leaders(&cluster, "3 4 5");
    (0..SERVERS).for_each(|id| cluster.kill(id));
    (0..SERVERS).for_each(|id| cluster.restart(id));
    assert_eq!(cluster.client(&["get", "chain", "--timeout", "20s"]), said(0, "3\n"));
}

/// While one of them is left nothing is decided; with two, what was asked for meanwhile.
#[test]
fn a_majority_of_controllers_decides_and_fewer_decide_nothing() {
    let mut cluster = start();
    let (controller, broker) = await_leaders(&cluster, "3 4 5");
    let others: Vec<usize> = (0..3).filter(|id| *id != controller).collect();
    others.iter().for_each(|id| cluster.kill(*id));
    // Brokers need no controller while nothing changes.
    assert_eq!(cluster.client(&["put", "color", "green", "--timeout", "20s"]), said(0, "done\n"));
    cluster.kill(broker);
    assert_eq!(cluster.client(&["put", "color", "red", "--timeout", "2s"]).0, 3);
    cluster.restart(others[0]);
    assert_eq!(cluster.client(&["put", "color", "blue", "--timeout", "20s"]), said(0, "done\n"));
}

/// What a producer or a consumer does. Each request is answered, however long it takes.
struct Asking {
    file: ClusterFile,
    client: ClientOf<Kafka>,
}

impl Asking {
    fn open(file: &ClusterFile) -> Self {
        Self { file: file.clone(), client: open_client::<Kafka>(file, None).unwrap() }
    }

    fn ask(&mut self, wanted: LogAsk) -> LogAnswer {
        let wanted = Ask::Log(wanted);
        let (client, file) = (&mut self.client, &self.file);
        match ask::<TopicOffer, Peer>(client, file, &wanted, &mut (), SECOND * 20) {
            Ok(Answered::Log(answer)) => answer,
            other => panic!("{wanted:?}: {other:?}"),
        }
    }

    fn read(&mut self, from: u64) -> Vec<LogRecord> {
        match self.ask(LogAsk::Consume { from }) {
            LogAnswer::Records { records, .. } => records,
            other => panic!("{other:?}"),
        }
    }

    /// Reads to the end.
    fn read_all(&mut self) -> BTreeMap<u64, LogRecord> {
        let mut all = BTreeMap::new();
        loop {
            let records = self.read(all.len() as u64);
            if records.is_empty() {
                return all;
            }
            all.extend(records.into_iter().map(|record| (record.offset, record)));
        }
    }
}

/// What each message of a batch says, and the offset that its producer is told.
type Produced = Operation<String, u64>;

/// How many messages such a batch has: it says first which producer's it is.
fn batch_of(value: &str) -> usize {
    let (number, _) = value.split_once('.').unwrap();
    number.parse::<usize>().unwrap() + 1
}

fn produce(file: &ClusterFile, number: usize, recorder: &Recorder<String, u64>, over: &AtomicBool) {
    let mut asking = Asking::open(file);
    for sequence in 1.. {
        if over.load(Ordering::Relaxed) {
            return;
        }
        recorder.record(number, format!("{number}.{sequence}"), |value| {
            let messages = vec![value.as_str().into(); batch_of(value)];
            match asking.ask(LogAsk::Produce { sequence, messages, acks: Acks::All }) {
                LogAnswer::Produced { offset } => Some(offset),
                other => panic!("{other:?}"),
            }
        });
        thread::sleep(Duration::from_millis(5));
    }
}

/// Reads what comes.
fn consume(file: &ClusterFile, over: &AtomicBool) -> BTreeMap<u64, LogRecord> {
    let (mut asking, mut all) = (Asking::open(file), BTreeMap::new());
    while !over.load(Ordering::Relaxed) {
        let records = asking.read(all.len() as u64);
        all.extend(records.into_iter().map(|record| (record.offset, record)));
        thread::sleep(Duration::from_millis(20));
    }
    all
}

/// The log is as its producers and its consumer were told: linearizable as an append-only log, in which a
/// batch is whole and there once.
fn judge(
    produced: &[Produced],
    consumed: &BTreeMap<u64, LogRecord>,
    log: &BTreeMap<u64, LogRecord>,
) {
    assert!(consumed.iter().all(|(offset, record)| log.get(offset) == Some(record)));
    let mut once = BTreeMap::new();
    for operation in produced {
        let Some((end, offset)) = operation.answer else { panic!("{operation:?}") };
        for offset in (offset..).take(batch_of(&operation.op)) {
            let value = log.get(&offset).and_then(|record| record.value.clone());
            let value = value.as_ref().map(AsRef::<[u8]>::as_ref);
            assert_eq!(value, Some(operation.op.as_bytes()), "{operation:?}");
            assert_eq!(once.insert(offset, (operation.begin, end)), None, "{operation:?}");
        }
    }
    assert_eq!(once.len(), log.len(), "a record was appended twice, or none asked for it");
    // In the order of offsets, none begins after a later one ended.
    let mut first_end = Duration::MAX;
    for (offset, (begin, end)) in once.iter().rev() {
        assert!(*begin <= first_end, "the record at {offset} was asked for after a later one");
        first_end = first_end.min(*end);
    }
}

#[test]
fn clients_produce_and_consume_while_the_controller_that_leads_is_killed_and_frozen() {
    let mut cluster = start();
    let (file, recorder, over) = (cluster.file(), Recorder::new(), AtomicBool::new(false));
    await_leaders(&cluster, "3 4 5");
    let consumed = thread::scope(|scope| {
        for number in 0..3 {
            let (file, recorder, over) = (&file, &recorder, &over);
            scope.spawn(move || produce(file, number, recorder, over));
        }
        let consumer = scope.spawn(|| consume(&file, &over));
        // Also when this fails, the clients are to end.
        let _over = Over(&over);
        for freezes in [true, false, true] {
            thread::sleep(Duration::from_millis(200));
            let (controller, broker) = await_leaders(&cluster, "3 4 5");
            if freezes {
                cluster.signal(controller, "-STOP");
            } else {
                cluster.kill(controller);
            }
            cluster.kill(broker);
            thread::sleep(Duration::from_millis(900));
            if freezes {
                cluster.signal(controller, "-CONT");
            } else {
                cluster.restart(controller);
            }
            cluster.restart(broker);
        }
        await_leaders(&cluster, "3 4 5");
        over.store(true, Ordering::Relaxed);
        consumer.join().unwrap()
    });
    let log = Asking::open(&file).read_all();
    let produced = recorder.operations();
    assert!(produced.len() > 50 && consumed.len() > 50, "{} {}", produced.len(), consumed.len());
    judge(&produced, &consumed, &log);
}

struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
