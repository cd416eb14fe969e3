//! A coordinator of serial requests: Paxos for each key, in which each ballot decides one update.
//!
//! Its steps: **prepare** a ballot at a quorum, whose promises say what each replica has (Cassandra
//! reads in a step of its own; CEP-14 reads so). **Refresh**: replicas of that quorum that miss the most recent
//! commit get it first. **Finish**: an accepted update of a larger ballot than that is proposed again, in
//! this ballot, and committed; then the request begins again. Otherwise **propose** the update, and
//! **commit** what a quorum accepted.
//!
//! A read, and a compare-and-swap whose condition does not hold, propose an update that is empty
//! (CASSANDRA-12126): a quorum that accepted it accepts no smaller ballot any more, so what was not
//! seen will not take place. An empty update is neither committed nor finished.

use super::bugs::Bug;
use super::message::{Answer, Call, Level, Peer, Promised, Update};
use super::state::{Attempt, Open, Phase, Progress};
use super::storage::Record;
use super::turn::Turn;
use super::version::{Stamp, Version};
use crate::clock;
use crate::kv::sessions::RequestStatus;
use crate::kv::{Bytes, Op, Service};
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};

impl Turn<'_, '_> {
    /// Begins a serial request. One that writes is begun once: begun again after it was done, it would
    /// be done twice.
    pub(super) fn on_serial(&mut self, call: Call, op: Op) {
        if !matches!(op, Op::Get { .. }) {
            match self.state.stable.sessions.status(call.client, call.seq) {
                RequestStatus::New => {}
                RequestStatus::Repeated(_) if self.has(Bug::BeginAgain) => {}
                // It was begun before a crash, and what came of it is not known here any more.
                RequestStatus::Repeated(_) => {
                    let reply = Answer::TimedOut;
                    return self.answer(Service::Reply { seq: call.seq, reply });
                }
                RequestStatus::Old => return,
                RequestStatus::Refused(why) => {
                    return self.answer(Service::Refused { seq: call.seq, why });
                }
            }
            self.change(Record::Taken(call.client, call.seq, Stamp::default()));
        }
        self.prepare(call, op);
    }

    /// Begins with a new ballot.
    pub(super) fn prepare(&mut self, call: Call, op: Op) {
        let time = self.next_stamp(clock::Stamp::default()).time;
        let node = if self.has(Bug::BareBallots) { Id::from(0) } else { self.id };
        let ballot = Stamp { time, node };
        self.change(Record::Clock(time));
        let key = op.key().clone();
        let mut promises = BTreeMap::new();
        if self.holds(&key) {
            promises.extend(self.promise(&key, ballot).map(|own| (self.id, own)));
        }
        let progress = Progress::Preparing { promises };
        let attempt = Attempt { op, ballot, progress };
        self.open(call, key.clone(), Level::Serial, Phase::Serial(attempt));
        for node in self.others(&key) {
            self.tell(node, Peer::Prepare { call, key: key.clone(), ballot });
        }
        self.advance(call);
    }

    fn attempt(&self, call: Call) -> Option<&Attempt> {
        match &self.state.open.get(&call)?.phase {
            Phase::Serial(attempt) => Some(attempt),
            _ => None,
        }
    }

    fn progress(&mut self, call: Call) -> Option<&mut Progress> {
        match &mut self.state.to_mut().open.get_mut(&call)?.phase {
            Phase::Serial(attempt) => Some(&mut attempt.progress),
            _ => None,
        }
    }

    pub(super) fn on_promise(&mut self, call: Call, ballot: Stamp, promised: Promised) {
        let src = self.src;
        let Some(attempt) = self.attempt(call) else { return };
        let is_awaited = match &attempt.progress {
            Progress::Preparing { promises } => !promises.contains_key(&src),
            _ => false,
        };
        if attempt.ballot == ballot && is_awaited {
            if let Some(Progress::Preparing { promises }) = self.progress(call) {
                promises.insert(src, promised);
            }
            self.advance(call);
        }
    }

    /// A replica accepted the proposal of this ballot, or has the commit of it.
    pub(super) fn on_accepted(&mut self, call: Call, ballot: Stamp, is_commit: bool) {
        let src = self.src;
        let Some(attempt) = self.attempt(call) else { return };
        let is_awaited = match &attempt.progress {
            Progress::Proposing { accepted, .. } => {
                !is_commit && attempt.ballot == ballot && !accepted.contains(&src)
            }
            Progress::Refreshing { commit, holders, .. } => {
                is_commit && commit.stamp == ballot && !holders.contains(&src)
            }
            Progress::Committing { version, holders, .. } => {
                is_commit && version.stamp == ballot && !holders.contains(&src)
            }
            Progress::Preparing { .. } => false,
        };
        if !is_awaited {
            return;
        }
        match self.progress(call) {
            Some(
                Progress::Proposing { accepted: nodes, .. }
                | Progress::Refreshing { holders: nodes, .. }
                | Progress::Committing { holders: nodes, .. },
            ) => nodes.insert(src),
            _ => false,
        };
        self.advance(call);
    }

    /// A replica promised a larger ballot: the next one of this node is above it.
    pub(super) fn on_nack(&mut self, promised: Stamp) {
        if promised.time > self.state.stable.clock {
            self.change(Record::Clock(promised.time));
        }
    }

    /// Takes the next step once a quorum has taken the last one.
    fn advance(&mut self, call: Call) {
        let Some(Attempt { op, ballot, progress }) = self.attempt(call).cloned() else { return };
        let quorum = self.needed(op.key(), Level::Serial);
        match progress {
            Progress::Preparing { promises } if promises.len() >= quorum => {
                self.refresh(call, &op, &promises);
            }
            Progress::Refreshing { holders, unfinished, found, .. } if holders.len() >= quorum => {
                self.decide(call, &op, unfinished, found);
            }
            Progress::Proposing { update, accepted, answer } if accepted.len() >= quorum => {
                match (update, answer) {
                    (Update::Value(value), answer) => {
                        let version = Version::new(ballot, value);
                        self.commit_everywhere(call, op.key(), version, answer);
                    }
                    (Update::Nothing, Some(answer)) => self.end(call, answer),
                    (Update::Nothing, None) => self.prepare(call, op),
                }
            }
            Progress::Committing { holders, answer, .. } if holders.len() >= quorum => match answer
            {
                Some(answer) => self.end(call, answer),
                None => self.prepare(call, op),
            },
            _ => {}
        }
    }

    fn end(&mut self, call: Call, answer: Answer) {
        self.reply(call, answer);
        self.close(call);
    }

    /// Brings the most recent commit to those of the quorum that miss it. Without that, a later accepted
    /// proposal could take the place of the last trace of it.
    fn refresh(&mut self, call: Call, op: &Op, promises: &BTreeMap<Id, Promised>) {
        let commit = promises.values().filter_map(|promised| promised.committed.clone()).max();
        let latest = commit.as_ref().map(|version| version.stamp);
        let accepted = promises.values().filter_map(|promised| promised.accepted.clone());
        let unfinished = accepted.max_by_key(|(ballot, _)| *ballot).filter(|(ballot, _)| {
            self.has(Bug::FinishCommitted) || latest.is_none_or(|latest| *ballot > latest)
        });
        let unfinished = unfinished
            .map(|(_, update)| update)
            .filter(|update| *update != Update::Nothing && !self.has(Bug::SkipUnfinished));
        let versions = promises.values().filter_map(|promised| promised.version.clone());
        // The tombstone of a delete may have gone at a replica that knows of its commit.
        let versions = versions.chain(commit.clone());
        let found = versions.reduce(|one, other| self.config.newer(one, other));
        let has = |promised: &Promised| {
            promised.committed.as_ref().map(|version| version.stamp) >= latest
        };
        let missing: Vec<Id> =
            promises.iter().filter(|(_, it)| !has(it)).map(|(node, _)| *node).collect();
        let Some(commit) = commit.filter(|_| !missing.is_empty() && !self.has(Bug::NoRefresh))
        else {
            return self.decide(call, op, unfinished, found);
        };
        let key = op.key().clone();
        let mut holders: BTreeSet<Id> =
            promises.keys().copied().filter(|node| !missing.contains(node)).collect();
        for node in missing {
            if node == self.id {
                if self.commit(&key, &commit) {
                    holders.insert(node);
                }
            } else {
                let (key, version) = (key.clone(), commit.clone());
                self.tell(node, Peer::Commit { call, key, version });
            }
        }
        if let Some(progress) = self.progress(call) {
            *progress = Progress::Refreshing { commit, holders, unfinished, found };
        }
        self.advance(call);
    }

    /// Finishes what another began, or proposes what this request asks for.
    fn decide(&mut self, call: Call, op: &Op, unfinished: Option<Update>, found: Option<Version>) {
        if let Some(update) = unfinished {
            return self.propose(call, op.key(), update, None);
        }
        let Some(ballot) = self.attempt(call).map(|attempt| attempt.ballot) else { return };
        let stamp = found.as_ref().map_or(Stamp::default(), |version| version.stamp);
        let found = found.and_then(|version| version.value().cloned());
        let (update, answer, bug) = match op {
            Op::Put { value, .. } => {
                (Update::Value(Some(value.clone())), Answer::Done { stamp: ballot }, None)
            }
            Op::Delete { .. } => (Update::Value(None), Answer::Done { stamp: ballot }, None),
            Op::Cas { expected, new, .. } if found == *expected => {
                let answer = Answer::Swapped { swapped: true, found, stamp: ballot };
                (Update::Value(new.clone()), answer, None)
            }
            Op::Cas { .. } => {
                let answer = Answer::Swapped { swapped: false, found, stamp };
                (Update::Nothing, answer, Some(Bug::FailedCasWithoutProposal))
            }
            Op::Get { .. } | Op::Range(_) => {
                let answer = Answer::Value { value: found, stamp };
                (Update::Nothing, answer, Some(Bug::SerialReadWithoutProposal))
            }
        };
        if bug.is_some_and(|bug| self.has(bug)) {
            return self.end(call, answer);
        }
        self.propose(call, op.key(), update, Some(answer));
    }

    pub(super) fn propose(
        &mut self,
        call: Call,
        key: &Bytes,
        update: Update,
        answer: Option<Answer>,
    ) {
        let Some(ballot) = self.attempt(call).map(|attempt| attempt.ballot) else { return };
        let mut accepted = BTreeSet::new();
        if self.holds(key) && self.accept(key, ballot, &update) {
            accepted.insert(self.id);
        }
        for node in self.others(key) {
            let (key, update) = (key.clone(), update.clone());
            self.tell(node, Peer::Propose { call, key, ballot, update });
        }
        if let Some(progress) = self.progress(call) {
            *progress = Progress::Proposing { update, accepted, answer };
        }
        self.advance(call);
    }

    pub(super) fn commit_everywhere(
        &mut self,
        call: Call,
        key: &Bytes,
        version: Version,
        answer: Option<Answer>,
    ) {
        let mut holders = BTreeSet::new();
        if self.holds(key) && self.commit(key, &version) {
            holders.insert(self.id);
        }
        for node in self.others(key) {
            self.tell(node, Peer::Commit { call, key: key.clone(), version: version.clone() });
        }
        if let Some(progress) = self.progress(call) {
            *progress = Progress::Committing { version, holders, answer };
        }
        self.advance(call);
    }

    /// Sends the last step again; or begins again with a new ballot, where this request has proposed
    /// nothing of its own: whether that was accepted it could not tell.
    pub(super) fn serial_again(&mut self, call: Call) {
        let Some(Open { key, .. }) = self.state.open.get(&call).cloned() else { return };
        let Some(Attempt { op, ballot, progress }) = self.attempt(call).cloned() else { return };
        let (nodes, msg) = match progress {
            Progress::Preparing { .. } => return self.prepare(call, op),
            Progress::Proposing { update, answer, .. }
                if answer.is_none() || update == Update::Nothing =>
            {
                return self.prepare(call, op);
            }
            Progress::Proposing { update, accepted, .. } => {
                (accepted, Peer::Propose { call, key: key.clone(), ballot, update })
            }
            Progress::Refreshing { commit: version, holders, .. }
            | Progress::Committing { version, holders, .. } => {
                self.hold_commit(call, &key, &version, &holders);
                (holders, Peer::Commit { call, key: key.clone(), version })
            }
        };
        for node in self.others(&key).filter(|node| !nodes.contains(node)) {
            self.tell(node, msg.clone());
        }
    }

    /// This node may have taken by now what came late when it was to commit it.
    fn hold_commit(&mut self, call: Call, key: &Bytes, version: &Version, holders: &BTreeSet<Id>) {
        let id = self.id;
        if holders.contains(&id) || !self.holds(key) || !self.commit(key, version) {
            return;
        }
        if let Some(Progress::Refreshing { holders, .. } | Progress::Committing { holders, .. }) =
            self.progress(call)
        {
            holders.insert(id);
        }
        self.advance(call);
    }
}
