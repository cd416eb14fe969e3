//! Reads: one version and digests of the others, then repair where they differ.

use super::bugs::Bug;
use super::config::ReadRepair;
use super::message::{Answer, Call, Cause, Level, Peer};
use super::state::{Open, Phase, Rounds, Seen};
use super::turn::Turn;
use super::version::{Digest, Stamp, Version};
use crate::causal::Rule;
use crate::kv::Bytes;
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};

impl Turn<'_, '_> {
    /// Reads here, if this node is a replica, and asks as many others as are needed: the first for its
    /// version, if there is none from here, the rest for digests.
    pub(super) fn on_get(&mut self, call: Call, key: Bytes, level: Level) {
        self.read(call, key, level, Rounds::default());
    }

    fn read(&mut self, call: Call, key: Bytes, level: Level, rounds: Rounds) {
        let mut answers = BTreeMap::new();
        if self.holds(&key) {
            answers.insert(self.id, Seen::Full(self.version(&key)));
        }
        let mut full = answers.is_empty();
        for node in self.first_others(&key, self.needed_to_read(&key, level)) {
            let round = rounds.number;
            self.tell(node, Peer::Read { call, key: key.clone(), full, round });
            full = false;
        }
        let fetching = BTreeSet::new();
        self.open(call, key, level, Phase::Reading { answers, fetching, rounds });
        self.compare(call);
    }

    fn needed_to_read(&self, key: &Bytes, level: Level) -> usize {
        if self.has(Bug::NaturalReads) {
            return self.config.needed(level);
        }
        self.needed(key, level)
    }

    /// A replica answered a read.
    pub(super) fn on_seen(&mut self, call: Call, seen: Seen, (round, horizon): (u32, Stamp)) {
        let Some(Open { phase, .. }) = self.state.open.get(&call) else { return };
        let is_awaited = match phase {
            Phase::Querying { answered, .. } => {
                if !answered.contains(&self.src) {
                    let stamp = seen.digest().map_or(Stamp::default(), |digest| digest.stamp);
                    self.on_queried(call, stamp.max(horizon));
                }
                return;
            }
            Phase::Reading { rounds, .. } if rounds.number != round => false,
            Phase::Reading { answers, fetching, .. } if fetching.is_empty() => {
                !answers.contains_key(&self.src)
            }
            Phase::Reading { fetching, .. } => {
                fetching.contains(&self.src) && matches!(seen, Seen::Full(_))
            }
            Phase::Writing { .. } | Phase::Repairing { .. } | Phase::Serial(_) => false,
        };
        if !is_awaited {
            return;
        }
        let src = self.src;
        let Some(open) = self.state.to_mut().open.get_mut(&call) else { return };
        let Phase::Reading { answers, fetching, rounds } = &mut open.phase else { return };
        answers.insert(src, seen);
        if horizon > Stamp::default() {
            rounds.heard.insert(src, horizon);
        }
        if !fetching.remove(&src) {
            self.compare(call);
        } else if fetching.is_empty() {
            self.conclude(call);
        }
    }

    /// Once enough replicas answered: fetches the versions whose digests differ.
    fn compare(&mut self, call: Call) {
        let Some(Open { key, level, phase }) = self.state.open.get(&call) else { return };
        let Phase::Reading { answers, rounds, .. } = phase else { return };
        let full = |seen: &Seen| matches!(seen, Seen::Full(_));
        let Some(base) = answers.values().find(|seen| full(seen)) else { return };
        if answers.len() < self.needed_to_read(key, *level) {
            return;
        }
        let digest = base.digest();
        let differing: BTreeSet<Id> = (answers.iter())
            .filter(|(_, seen)| !full(seen) && !self.is_same(seen.digest(), digest))
            .map(|(node, _)| *node)
            .collect();
        let (key, round) = (key.clone(), rounds.number);
        if differing.is_empty() {
            return self.conclude(call);
        }
        for node in &differing {
            self.tell(*node, Peer::Read { call, key: key.clone(), full: true, round });
        }
        if let Some(open) = self.state.to_mut().open.get_mut(&call)
            && let Phase::Reading { fetching, .. } = &mut open.phase
        {
            *fetching = differing;
        }
    }

    fn is_same(&self, one: Option<Digest>, other: Option<Digest>) -> bool {
        let stamp = |digest: Option<Digest>| digest.map(|digest| digest.stamp);
        one == other || self.has(Bug::DigestIsEnough) && stamp(one) == stamp(other)
    }

    /// All versions are known, or equal to one that is: returns the newest, perhaps after its repair.
    fn conclude(&mut self, call: Call) {
        let Some(Open { key, level, phase }) = self.state.open.get(&call) else { return };
        let Phase::Reading { answers, rounds, .. } = phase else { return };
        let (key, level, answers) = (key.clone(), *level, answers.clone());
        let versions = answers.values().filter_map(|seen| match seen {
            Seen::Full(version) => version.clone(),
            Seen::Digest(_) => None,
        });
        let Some(newest) = versions.reduce(|one, other| self.config.newer(one, other)) else {
            return self.return_version(call, None);
        };
        // A tombstone of it may have gone at a replica that has nothing, and another may have answered
        // before it had that tombstone. Who holds the value in the next round was never covered.
        let hides = |(node, seen): (&Id, &Seen)| {
            seen.digest().is_none() && rounds.may_hide(newest.stamp, *node)
        };
        if !newest.is_tombstone() && answers.iter().any(hides) && !self.has(Bug::TrustAbsent) {
            let rounds = rounds.clone().next_round();
            return self.read(call, key, level, rounds);
        }
        self.see(newest.stamp);
        let digest = Some(newest.digest());
        let holds = |seen: &Seen| self.is_same(seen.digest(), digest);
        let mut holders: BTreeSet<Id> =
            answers.iter().filter(|(_, seen)| holds(seen)).map(|(node, _)| *node).collect();
        let is_consistent = holders.len() == answers.len();
        if is_consistent || self.config.read_repair == ReadRepair::None {
            return self.return_version(call, Some(newest));
        }
        if answers.contains_key(&self.id) {
            if self.take(&key, &newest) {
                holders.insert(self.id);
            } else {
                self.ask_replicas(&key);
            }
        }
        for node in answers.keys().filter(|node| !holders.contains(node)) {
            let (key, version) = (key.clone(), newest.clone());
            self.tell(*node, Peer::Write { cause: Cause::Call(call), key, version });
        }
        if self.has(Bug::AnswerBeforeRepair) {
            return self.return_version(call, Some(newest));
        }
        self.open(call, key, level, Phase::Repairing { version: newest, holders });
        self.finish_repair(call);
    }

    /// Returns what was read, once as many replicas have it as were to be read.
    pub(super) fn finish_repair(&mut self, call: Call) {
        let Some(Open { key, level, phase }) = self.state.open.get(&call) else { return };
        let Phase::Repairing { version, holders } = phase else { return };
        let missing = usize::from(self.has(Bug::RepairOneFewer));
        if holders.len() + missing >= self.needed_to_read(key, *level) {
            let version = version.clone();
            self.return_version(call, Some(version));
        }
    }

    /// This node may have taken by now what came late when the read found it.
    pub(super) fn hold_repair(&mut self, call: Call, key: &Bytes, version: &Version) {
        if !self.holds(key) || !self.take(key, version) {
            return;
        }
        let id = self.id;
        if let Some(open) = self.state.to_mut().open.get_mut(&call)
            && let Phase::Repairing { holders, .. } = &mut open.phase
            && holders.insert(id)
        {
            self.finish_repair(call);
        }
    }

    fn return_version(&mut self, call: Call, version: Option<Version>) {
        let answer = if self.config.conflicts == Rule::MultiValue {
            self.values(call, version)
        } else {
            let stamp = version.as_ref().map_or(Stamp::default(), |version| version.stamp);
            let value = version.and_then(|version| version.value().cloned());
            Answer::Value { value, stamp }
        };
        self.reply(call, answer);
        self.close(call);
    }

    /// Asks all replicas for the versions that are not known yet.
    pub(super) fn read_again(&mut self, call: Call) {
        let Some(open) = self.state.to_mut().open.get_mut(&call) else { return };
        let Phase::Reading { answers, fetching, rounds } = &mut open.phase else { return };
        let round = rounds.number;
        answers.retain(|_, seen| matches!(seen, Seen::Full(_)));
        fetching.clear();
        let (key, known) = (open.key.clone(), answers.keys().copied().collect::<BTreeSet<Id>>());
        for node in self.others(&key).filter(|node| !known.contains(node)) {
            self.tell(node, Peer::Read { call, key: key.clone(), full: true, round });
        }
    }
}
