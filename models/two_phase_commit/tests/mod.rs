//! Unit tests: for each event the state afterwards and exactly what was saved and sent; and one
//! test for each claim of the sources.

mod checked_claims;
mod checks;
mod claims;
mod coordinator;
mod disks;
mod oracle;
mod participant;

use super::{
    Config, CoordinatorState, Decision, Ledger, LedgerRecord, Msg, Part, ParticipantState, Peer,
    Prepared, Progress, Saved, Shard, ShardRecord, Sharding, State, Storage, Timer, Timing,
    TwoPhaseCommit, TxnId, Vote,
};
use crate::kv::{Op, Service, Transaction};
use crate::{Durable, testing};
use stateright::actor::Id;
use std::collections::BTreeSet;

/// A command that a server gave.
type Did = testing::Did<TwoPhaseCommit>;
/// A node alone, with its disk.
type Node = testing::Node<TwoPhaseCommit>;

fn config() -> Config {
    let sharding = Sharding::Ranges(vec!["y".into()]);
    Config::new(2, sharding, Timing::model()).expect("two ranges")
}

/// A server that starts for the first time.
fn server(id: usize) -> Node {
    Node::start(config().server(id.into()), id, None).0
}

impl Node {
    fn coordinator(&self) -> &CoordinatorState {
        match &self.state {
            State::Coordinator(state) => state,
            other => panic!("not a coordinator: {other:?}"),
        }
    }

    fn participant(&self) -> &ParticipantState {
        match &self.state {
            State::Participant(state) => state,
            other => panic!("not a participant: {other:?}"),
        }
    }

    /// How far the newest transaction of the client 3 has come at this participant.
    fn progress(&self) -> Option<&Progress> {
        self.participant().shard.newest.iter().next().map(|(_, _, (_, progress))| progress)
    }
}

/// The messages that a handler sent, without the rest.
fn sends(did: &[Did]) -> Vec<(usize, &Msg)> {
    did.iter()
        .filter_map(|did| match did {
            Did::Send(to, msg) => Some((*to, msg)),
            _ => None,
        })
        .collect()
}

/// The first transaction of client 3.
fn txn() -> TxnId {
    TxnId { client: Id::from(3), seq: 1, epoch: 0 }
}

fn ids(ids: impl IntoIterator<Item = usize>) -> BTreeSet<Id> {
    ids.into_iter().map(Id::from).collect()
}

fn peer(msg: Peer) -> Msg {
    Service::Peer(msg)
}

/// Puts to a key of each participant.
fn request() -> Msg {
    let op = Transaction::from([Op::put("x", "a"), Op::put("y", "b")]);
    Service::Request { seq: 1, op }
}

/// Participant 1's part of it.
fn part() -> Part {
    vec![(0, Op::put("x", "a"))]
}

fn prepare() -> Msg {
    peer(Peer::Prepare { txn: txn(), part: part(), participants: ids([1, 2]) })
}

fn vote(vote: Vote) -> Msg {
    peer(Peer::Vote { txn: txn(), vote })
}

fn decide(decision: Decision) -> Msg {
    peer(Peer::Decide { txn: txn(), decision })
}

fn decision_req() -> Msg {
    peer(Peer::DecisionReq { txn: txn() })
}

fn save_shard(record: ShardRecord) -> Did {
    Did::Save(Storage::Participant(Saved::record(record)))
}

fn prepared_record() -> ShardRecord {
    ShardRecord::Prepared(txn(), Prepared { part: part(), participants: ids([1, 2]) })
}

#[test]
fn a_first_start_saves_the_empty_state_and_sends_nothing() {
    let coordinator = server(0);
    let image = Saved::Complete(Ledger::default());
    assert_eq!(coordinator.disk, Some(Storage::Coordinator(image)));
    let participant = server(1);
    let image = Saved::Complete(Shard::default());
    assert_eq!(participant.disk, Some(Storage::Participant(image)));
}

#[test]
fn records_may_be_folded_before_or_after_they_meet_the_image() {
    let records = [prepared_record(), ShardRecord::Decided(txn(), Decision::Commit)];
    let [a, b] = records.map(|record| Storage::Participant(Saved::record(record)));
    let image = Storage::Participant(Saved::Complete(Shard::default()));
    let (mut left, mut right, mut tail) = (image.clone(), image.clone(), a.clone());
    left.absorb(a.clone());
    left.absorb(b.clone());
    tail.absorb(b.clone());
    right.absorb(tail.clone());
    assert_eq!(left, right);
    tail.absorb(image.clone());
    assert_eq!(tail, image, "an image replaces what came before");
}

#[test]
fn a_message_of_another_role_is_ignored() {
    let mut participant = server(1);
    assert_eq!(participant.on_msg(3, request()), []);
    assert_eq!(participant.on_msg(2, prepare()), [], "only the coordinator asks for votes");
    let mut coordinator = server(0);
    assert_eq!(coordinator.on_msg(1, prepare()), []);
    assert_eq!(coordinator.on_msg(3, decision_req()), [], "a client is not in doubt");
}
