//! Unit tests: for each event the state afterwards and exactly what was saved and sent; and one
//! test for each claim of the sources.

mod checked_claims;
mod checks;
mod claims;
mod coordinator;
mod oracle;
mod participant;

use super::{
    Bug, Config, CoordinatorState, Decision, Ledger, Msg, Part, ParticipantState, Peer, Prepared,
    Progress, Saved, Shard, ShardRecord, Sharding, State, Storage, Timer, Timing, TwoPhaseCommit,
    TxnId, Vote,
};
use crate::Durable;
use crate::kv::{Op, Service, Transaction};
use stateright::actor::{Actor, Command, Id, Out};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What a handler did, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Did {
    Save(Storage),
    Send(usize, Msg),
    Set(Timer),
    Cancel(Timer),
}

/// A node by itself, with its disk.
struct Node {
    actor: TwoPhaseCommit,
    id: Id,
    state: State,
    disk: Option<Storage>,
}

fn config(bug: Option<Bug>) -> Config {
    let sharding = Sharding::Ranges(vec!["y".into()]);
    Config { bug, ..Config::new(2, sharding, Timing::model()).expect("two ranges") }
}

impl Node {
    /// A server that starts for the first time.
    fn new(id: usize) -> Self {
        Self::with_bug(id, None)
    }

    fn with_bug(id: usize, bug: Option<Bug>) -> Self {
        let id = Id::from(id);
        let actor = config(bug).server(id);
        let mut out = Out::new();
        let state = actor.on_start(id, &None, &mut out);
        let mut node = Self { actor, id, state, disk: None };
        node.carry_out(out);
        node
    }

    /// Delivers a message: the same must come of a state that is borrowed and of one that is owned.
    fn deliver(&mut self, src: usize, msg: &Msg) -> Vec<Did> {
        let before = self.state.clone();
        let mut out = Out::new();
        let mut owned = Cow::Owned(before.clone());
        self.actor.on_msg(self.id, &mut owned, Id::from(src), msg.clone(), &mut out);
        let mut again = Out::new();
        let mut borrowed = Cow::Borrowed(&before);
        self.actor.on_msg(self.id, &mut borrowed, Id::from(src), msg.clone(), &mut again);
        assert_eq!(owned, borrowed);
        self.state = owned.into_owned();
        let did = self.carry_out(out);
        assert_eq!(did, list(again));
        did
    }

    fn fire(&mut self, timer: Timer) -> Vec<Did> {
        let mut out = Out::new();
        let mut state = Cow::Owned(self.state.clone());
        self.actor.on_timeout(self.id, &mut state, &timer, &mut out);
        self.state = state.into_owned();
        self.carry_out(out)
    }

    /// Crashes and comes back with what is on its disk.
    fn restart(&mut self) -> Vec<Did> {
        let mut out = Out::new();
        self.state = self.actor.on_start(self.id, &self.disk, &mut out);
        self.carry_out(out)
    }

    fn carry_out(&mut self, out: Out<TwoPhaseCommit>) -> Vec<Did> {
        let did = list(out);
        for save in did.iter().filter_map(|did| match did {
            Did::Save(delta) => Some(delta.clone()),
            _ => None,
        }) {
            Storage::fold(&mut self.disk, save);
        }
        did
    }

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

fn list(out: Out<TwoPhaseCommit>) -> Vec<Did> {
    out.into_iter()
        .map(|command| match command {
            Command::Save(delta) => Did::Save(delta),
            Command::Send(to, msg) => Did::Send(usize::from(to), msg),
            Command::SetTimer(timer, _) => Did::Set(timer),
            Command::CancelTimer(timer) => Did::Cancel(timer),
            Command::ChooseRandom(..) => panic!("nothing is random here"),
        })
        .collect()
}

/// What a handler sent, without the rest.
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

/// What participant 1 has to do of it.
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
    Did::Save(Storage::Participant(Saved::Records(vec![record])))
}

fn prepared_record() -> ShardRecord {
    ShardRecord::Prepared(txn(), Prepared { part: part(), participants: ids([1, 2]) })
}

#[test]
fn a_first_start_saves_the_empty_state_and_sends_nothing() {
    let coordinator = Node::new(0);
    let image = Saved::Image(Ledger::default());
    assert_eq!(coordinator.disk, Some(Storage::Coordinator(image)));
    let participant = Node::new(1);
    let image = Saved::Image(Shard::default());
    assert_eq!(participant.disk, Some(Storage::Participant(image)));
}

#[test]
fn records_may_be_folded_before_or_after_they_meet_the_image() {
    let records = [prepared_record(), ShardRecord::Decided(txn(), Decision::Commit)];
    let [a, b] = records.map(|record| Storage::Participant(Saved::Records(vec![record])));
    let image = Storage::Participant(Saved::Image(Shard::default()));
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
    let mut participant = Node::new(1);
    assert_eq!(participant.deliver(3, &request()), []);
    assert_eq!(participant.deliver(2, &prepare()), [], "only the coordinator asks for votes");
    let mut coordinator = Node::new(0);
    assert_eq!(coordinator.deliver(1, &prepare()), []);
    assert_eq!(coordinator.deliver(3, &decision_req()), [], "a client is not in doubt");
}
