//! A replica as an acceptor of serial requests: for each key it remembers its promise, the last proposal
//! that it accepted, and the most recent update that was committed.

use super::bugs::Bug;
use super::config::Purge;
use super::message::{Call, Moved, Peer, Promised, Update};
use super::storage::{Record, Serial};
use super::turn::Turn;
use super::version::{Stamp, Version};
use crate::kv::Bytes;

impl Turn<'_, '_> {
    fn serial(&self, key: &Bytes) -> Serial {
        self.state.stable.serial.get(key).cloned().unwrap_or_default()
    }

    /// Promises to accept nothing of a smaller ballot, and says what this replica has; `None` if it
    /// promised a larger one, or could not take what is committed in this one.
    pub(super) fn promise(&mut self, key: &Bytes, ballot: Stamp) -> Option<Promised> {
        let serial = self.serial(key);
        if ballot < serial.promised || self.is_below_horizon(ballot) {
            return None;
        }
        if ballot > serial.promised {
            self.change(Record::Promised(key.clone(), ballot));
        }
        Some(self.promised(key))
    }

    fn promised(&self, key: &Bytes) -> Promised {
        let Serial { accepted, committed, .. } = self.serial(key);
        Promised { version: self.version(key), accepted, committed }
    }

    /// All that this replica has of a key, for one that is to hold it too.
    pub(super) fn moved(&self, key: &Bytes) -> Moved {
        if self.has(Bug::CopyNoPromises) {
            let has = Promised { accepted: None, committed: None, ..self.promised(key) };
            return Moved { key: key.clone(), promised: Stamp::default(), has };
        }
        let promised = self.serial(key).promised;
        Moved { key: key.clone(), promised, has: self.promised(key) }
    }

    /// Takes what another replica has of a key: as if this one had promised and accepted what that one
    /// did.
    pub(super) fn merge_moved(&mut self, Moved { key, promised, has }: Moved) {
        if let Some(version) = &has.version {
            self.merge(&key, version);
        }
        let own = self.serial(&key);
        let committed = own.committed.clone().max(has.committed);
        let accepted = [own.accepted.clone(), has.accepted].into_iter().flatten();
        let accepted = accepted.max_by_key(|(ballot, _)| *ballot).filter(|(ballot, _)| {
            committed.as_ref().is_none_or(|committed| committed.stamp < *ballot)
        });
        let promised = own.promised.max(promised);
        let merged = Serial { promised, accepted, committed };
        if merged != own {
            self.change(Record::Serial(key, merged));
        }
    }

    /// Accepts an update, unless it promised a larger ballot.
    pub(super) fn accept(&mut self, key: &Bytes, ballot: Stamp, update: &Update) -> bool {
        let serial = self.serial(key);
        let is_free = ballot >= serial.promised || self.has(Bug::BreakPromise);
        let held = serial.accepted.as_ref().map(|(accepted, _)| *accepted);
        if is_free && held != Some(ballot) && !serial.covers(ballot) {
            self.change(Record::Accepted(key.clone(), ballot, update.clone()));
        }
        is_free
    }

    fn is_below_horizon(&self, ballot: Stamp) -> bool {
        self.config.purge == Purge::AfterRepair && ballot <= self.state.stable.horizon
    }

    /// Commits an update: its version is that of its ballot. Not if that comes late.
    pub(super) fn commit(&mut self, key: &Bytes, version: &Version) -> bool {
        if !self.take(key, version) && !self.has(Bug::CommitUntaken) {
            self.ask_replicas(key);
            return false;
        }
        if !self.serial(key).covers(version.stamp) {
            self.change(Record::Committed(key.clone(), version.clone()));
        }
        true
    }

    pub(super) fn on_prepare(&mut self, call: Call, key: &Bytes, ballot: Stamp) {
        let answer = if let Some(promised) = self.promise(key, ballot) {
            Peer::Promise { call, ballot, promised }
        } else {
            let promised = self.serial(key).promised.max(self.state.stable.horizon);
            Peer::Nack { call, promised }
        };
        self.respond(answer);
    }

    pub(super) fn on_propose(&mut self, call: Call, key: &Bytes, ballot: Stamp, update: &Update) {
        let answer = if self.accept(key, ballot, update) {
            Peer::Accepted { call, ballot }
        } else {
            Peer::Nack { call, promised: self.serial(key).promised }
        };
        self.respond(answer);
    }

    pub(super) fn on_commit(&mut self, call: Call, key: &Bytes, version: &Version) {
        let answer = if self.commit(key, version) {
            Peer::Committed { call, ballot: version.stamp }
        } else {
            Peer::Nack { call, promised: self.state.stable.horizon }
        };
        self.respond(answer);
    }
}
