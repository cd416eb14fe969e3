//! A leader by itself: fetches that wait, followers that lag, requests that come again, and records
//! that are forgotten.

use crate::kafka::{
    Acks, BrokerState, Config, Content, Entry, Fetch, Fetched, Flush, Kafka, Log, Msg, Op, Peer,
    Record, Reply, State, Timer, Timing,
};
use crate::kv::service::Refusal;
use crate::kv::{self, Service};
use crate::testing::{self, Did};

type Node = testing::Node<Kafka>;

/// Broker 1 of 2, both to commit; clients have the ids from 3 on.
fn leader(change: impl FnOnce(&mut Config)) -> Node {
    let mut config = Config::new(2, 2, Timing::model());
    change(&mut config);
    Node::start(config.server(1.into()), 1, None).0
}

fn put(seq: u64, value: &str) -> Msg {
    Service::Request { seq, op: Op::Map(kv::Op::put("k", value)) }
}

fn get(seq: u64) -> Msg {
    Service::Request { seq, op: Op::Map(kv::Op::get("k")) }
}

fn done(seq: u64) -> Msg {
    Service::Reply { seq, reply: Reply::Map(kv::Reply::Done) }
}

fn fetch(offset: u64) -> Msg {
    let last_epoch = u64::from(offset > 0);
    let fetch = Fetch { leader_epoch: 1, offset, last_epoch, broker_epoch: 1, held: None };
    Service::Peer(Peer::Fetch(fetch))
}

fn state(node: &Node) -> &BrokerState {
    match &node.state {
        State::Broker(broker) => broker,
        other => panic!("not a broker: {other:?}"),
    }
}

/// How many records were sent to the follower, and from which offset on.
fn fetched(did: &[Did<Kafka>]) -> Vec<(u64, usize)> {
    let sent = did.iter().filter_map(|did| match did {
        Did::Send(2, Service::Peer(Peer::Fetched(Fetched { offset, content, .. }))) => {
            let Content::Records(records) = content else { return None };
            Some((*offset, records.len()))
        }
        _ => None,
    });
    sent.collect()
}

fn asks_for(did: &[Did<Kafka>]) -> Option<usize> {
    did.iter().find_map(|did| match did {
        Did::Send(0, Service::Peer(Peer::AlterPartition { isr, .. })) => Some(isr.len()),
        _ => None,
    })
}

#[test]
fn a_fetch_that_finds_nothing_is_answered_when_there_is_a_record() {
    let mut leader = leader(|_| {});
    assert_eq!(fetched(&leader.on_msg(2, fetch(0))), [], "there is nothing");
    assert_eq!(fetched(&leader.on_msg(3, put(1, "a"))), [(0, 1)]);
    assert_eq!(fetched(&leader.on_msg(4, put(1, "b"))), [], "it has no fetch for this one yet");
    let did = leader.on_msg(2, fetch(1));
    assert_eq!(fetched(&did), [(1, 1)]);
    assert!(did.contains(&Did::Send(3, done(1))), "it is committed");
}

#[test]
fn an_answer_holds_no_more_than_its_bound_but_one_record() {
    let mut leader = leader(|config| config.max_fetch_bytes = 200);
    for client in 3..9 {
        leader.on_msg(client, put(1, "a"));
    }
    assert_eq!(fetched(&leader.on_msg(2, fetch(0))), [(0, 3)]);
    leader.on_msg(9, put(1, &"x".repeat(500)));
    assert_eq!(fetched(&leader.on_msg(2, fetch(6))), [(6, 1)]);
}

#[test]
fn who_has_in_time_what_there_was_does_not_lag_however_much_comes() {
    let mut leader = leader(|_| {});
    assert!(leader.on_msg(3, put(1, "a")).contains(&Did::Set(Timer::Lag)));
    assert!(!leader.on_msg(4, put(1, "b")).contains(&Did::Set(Timer::Lag)), "it is set");
    assert!(leader.on_msg(2, fetch(1)).contains(&Did::Set(Timer::Lag)), "for the second record");
    let mut other = leader.clone();
    assert!(leader.on_msg(2, fetch(2)).contains(&Did::Cancel(Timer::Lag)), "it has all");
    assert_eq!(asks_for(&leader.on_timeout(&Timer::Lag)), None);
    assert_eq!(asks_for(&other.on_timeout(&Timer::Lag)), Some(1), "without the follower");
}

#[test]
fn a_request_that_comes_again_gets_the_reply_that_it_had() {
    let mut leader = leader(|_| {});
    leader.on_msg(3, put(1, "a"));
    leader.on_msg(3, put(1, "a"));
    assert_eq!(state(&leader).log.end(), 1, "it is there already");
    leader.on_msg(2, fetch(1));
    leader.on_msg(3, get(2));
    let value = Service::Reply { seq: 2, reply: Reply::Map(kv::Reply::Value(Some("a".into()))) };
    assert!(leader.on_msg(2, fetch(2)).contains(&Did::Send(3, value.clone())));
    assert_eq!(leader.on_msg(3, get(2)), [Did::Send(3, value)]);
    assert_eq!(leader.on_msg(3, put(1, "a")), [], "its client has gone on");
    leader.on_msg(3, put(4, "b"));
    assert_eq!(state(&leader).log.end(), 3, "a client may give up a request");
    let produce = Op::Produce { sequence: 2, messages: vec!["m".into()], acks: Acks::All };
    let did = leader.on_msg(4, Service::Request { seq: 1, op: produce });
    assert_eq!(did, [Did::Send(4, Service::Reply { seq: 1, reply: Reply::OutOfOrder })]);
}

#[test]
fn what_is_forgotten_was_committed_and_comes_to_the_same() {
    let mut leader = leader(|config| {
        config.flush = Flush::EachAppend;
        config.retention_bytes = Some(0);
    });
    leader.on_msg(3, put(1, "a"));
    leader.on_msg(3, put(2, "b"));
    assert_eq!(state(&leader).log.start(), 0, "nothing is committed");
    leader.on_msg(2, fetch(1));
    let log = &state(&leader).log;
    assert_eq!((log.start(), log.end(), log.records().len()), (1, 2, 1));
    let did = leader.on_msg(2, fetch(0));
    let is_piece = |did: &Did<Kafka>| match did {
        Did::Send(2, Service::Peer(Peer::Fetched(fetched))) => {
            matches!(fetched.content, Content::Piece { slot: 1, next: None, .. })
        }
        _ => false,
    };
    assert!(did.iter().any(is_piece), "{did:?}");
    let before = state(&leader).log.clone();
    leader.restart();
    assert_eq!(state(&leader).log, before, "it is on disk");
    assert_eq!(state(&leader).hw, 1, "what it has forgotten is committed");
}

/// A batch has an offset for each message; one that comes again is known by its number, and is not
/// appended again, not even in the middle; a new leader knows it too.
#[test]
fn a_batch_is_appended_and_answered_as_a_whole() {
    let mut leader = leader(|_| {});
    let produce = |sequence, count| {
        let messages = vec!["m".into(); count];
        Service::Request { seq: sequence, op: Op::Produce { sequence, messages, acks: Acks::All } }
    };
    let at = |seq, offset| Did::Send(3, Service::Reply { seq, reply: Reply::Produced { offset } });
    leader.on_msg(3, produce(1, 5));
    leader.on_msg(3, produce(1, 5));
    leader.on_msg(4, put(1, "a"));
    let log = &state(&leader).log;
    assert_eq!((log.end(), log.records().len()), (6, 2), "it is there once");
    assert_eq!(fetched(&leader.on_msg(2, fetch(0))), [(0, 2)]);
    let did = leader.on_msg(2, fetch(5));
    assert!(did.contains(&at(1, 0)) && !did.contains(&Did::Send(4, done(1))), "{did:?}");
    assert_eq!(leader.on_msg(3, produce(1, 5)), [at(1, 0)], "after it was answered");
    assert!(leader.on_msg(2, fetch(6)).contains(&Did::Send(4, done(1))));
    leader.on_msg(3, produce(2, 2));
    assert!(leader.on_msg(2, fetch(8)).contains(&at(2, 6)), "after all messages before it");
    let consume = |from| Service::Request { seq: 1, op: Op::Consume { from } };
    for (asked, from, count) in [(0, 0, 3), (3, 0, 3), (5, 5, 2), (7, 6, 1), (8, 8, 0)] {
        let did = leader.on_msg(5, consume(asked));
        let [Did::Send(5, Service::Reply { reply: Reply::Consumed { from: told, records }, .. })] =
            did.as_slice()
        else {
            panic!("{did:?}");
        };
        assert_eq!((*told, records.len()), (from, count), "from {asked}");
    }
}

#[test]
fn a_log_forgets_whole_batches() {
    let mut log: Log = Log::default();
    let record = |sequence, count| Record {
        epoch: sequence,
        producer: 7.into(),
        sequence,
        entry: Entry::of(vec!["m".into(); count]),
    };
    log.extend([record(1, 3), record(2, 1), record(3, 4)]);
    assert_eq!((log.end(), log.end_of(1), log.end_of(2)), (8, (1, 3), (2, 4)));
    assert_eq!(
        (log.start_of(5), log.between(2, 5).len()),
        (4, 2),
        "the last has not ended by then"
    );
    assert_eq!(log.start_of_last(1), 4);
    log.trim(4);
    assert_eq!((log.start(), log.end(), log.records().len()), (4, 8, 1));
    assert_eq!((log.epoch_before(4), log.last_epoch()), (2, 3));
    let saved = postcard::to_allocvec(&log).unwrap();
    assert_eq!(postcard::from_bytes::<Log>(&saved).unwrap(), log, "ends follow from the rest");
    log.truncate(6);
    assert_eq!(log.end(), 4);
}

#[test]
fn a_full_log_takes_no_more() {
    let mut leader = leader(|config| config.max_log_bytes = 1);
    leader.on_msg(3, put(1, "a"));
    let busy = Service::Refused { seq: 1, why: Refusal::Busy };
    assert_eq!(leader.on_msg(4, put(1, "b")), [Did::Send(4, busy)]);
}

#[test]
fn a_record_is_acknowledged_as_its_producer_asked() {
    let mut leader = leader(|config| config.in_sync = 1);
    let produce = |sequence, acks| {
        let op = Op::Produce { sequence, messages: vec!["m".into()], acks };
        Service::Request { seq: sequence, op }
    };
    let busy = Service::Refused { seq: 1, why: Refusal::Busy };
    assert_eq!(leader.on_msg(3, produce(1, Acks::All)), [Did::Send(3, busy)], "too few in sync");
    let at = |seq, offset| Did::Send(3, Service::Reply { seq, reply: Reply::Produced { offset } });
    assert!(leader.on_msg(3, produce(1, Acks::Leader)).contains(&at(1, 0)));
    assert!(leader.on_msg(3, produce(1, Acks::Leader)).contains(&at(1, 0)), "the same again");
    let told = |did: &[Did<Kafka>]| did.iter().any(|did| matches!(did, Did::Send(3, _)));
    assert!(!told(&leader.on_msg(3, produce(3, Acks::None))), "its producer does not wait");
    assert_eq!(state(&leader).log.end(), 2, "one before it was lost, and is not sent again");
    assert!(!told(&leader.on_msg(3, produce(2, Acks::None))));
    assert_eq!((state(&leader).log.end(), state(&leader).hw), (2, 0), "it comes too late");
}
