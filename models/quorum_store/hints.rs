//! Hinted handoff: a version that a replica did not acknowledge is kept for it, and sent again until
//! it does.

use super::bugs::Bug;
use super::config::Handoff;
use super::message::{Answer, Call, Cause, Peer};
use super::state::{Phase, Timer};
use super::storage::Record;
use super::turn::Turn;
use super::version::{Mark, Stamp, Version};
use crate::kv::Bytes;
use stateright::actor::Id;
use std::collections::BTreeSet;

impl Turn<'_, '_> {
    /// Keeps a write for the replicas that did not acknowledge it, or asks other nodes to, if sloppy
    /// quorums count them. Whether the request goes on.
    pub(super) fn hand_over(
        &mut self,
        call: Call,
        key: &Bytes,
        version: &Version,
        acked: &BTreeSet<Id>,
        is_handed: bool,
    ) -> bool {
        let replicas = self.placed(key).replicas;
        let missing: Vec<Id> =
            replicas.iter().copied().filter(|node| !acked.contains(node)).collect();
        match self.config.handoff {
            Handoff::None => false,
            Handoff::Strict => {
                for target in &missing {
                    self.keep(*target, key, version);
                }
                self.has(Bug::CountHints) && self.count_hints(call, self.given(call, version))
            }
            Handoff::Sloppy if is_handed => false,
            Handoff::Sloppy => {
                let others = self.config.node_ids().filter(|node| !replicas.contains(node));
                let others: Vec<Id> = others.collect();
                for (node, target) in others.into_iter().zip(missing) {
                    let (key, version) = (key.clone(), version.clone());
                    self.tell(node, Peer::Keep { call, target, key, version });
                }
                if let Some(open) = self.state.to_mut().open.get_mut(&call)
                    && let Phase::Writing { is_handed, .. } = &mut open.phase
                {
                    *is_handed = true;
                }
                self.set_timer(Timer::Deadline(call), &self.config.timing.deadline);
                true
            }
        }
    }

    /// The bug: a hint is taken for an acknowledgment.
    fn count_hints(&mut self, call: Call, stamp: Stamp) -> bool {
        self.reply(call, Answer::Done { stamp });
        self.close(call);
        true
    }

    /// Keeps a version for a node.
    pub(super) fn keep(&mut self, target: Id, key: &Bytes, version: &Version) {
        let hints = &self.state.stable.hints;
        let at = (target, key.clone());
        let held = hints.get(&at);
        let is_full = held.is_none() && hints.len() >= self.config.max_hints;
        let is_held = held.is_some_and(|held| held.covers(version));
        if is_full || is_held {
            return;
        }
        let version = match held.cloned() {
            None => version.clone(),
            Some(held) => self.config.newer(held, version.clone()),
        };
        if hints.is_empty() {
            self.hint_later();
        }
        self.change(Record::Hint(target, key.clone(), version));
    }

    /// The target has the version that was kept for it.
    pub(super) fn on_handed(&mut self, key: Bytes, mark: &Mark) {
        let held = self.state.stable.hints.get(&(self.src, key.clone()));
        if held.is_some_and(|held| mark.covers(&held.mark())) {
            self.change(Record::Handed(self.src, key));
        }
    }

    pub(super) fn hint_later(&mut self) {
        self.set_timer(Timer::Hint, &self.config.timing.hint);
    }

    /// Sends all hints again.
    pub(super) fn on_hint_timer(&mut self) {
        let hints = self.state.stable.hints.iter();
        let hints: Vec<_> =
            hints.map(|((target, key), version)| (*target, key.clone(), version.clone())).collect();
        if hints.is_empty() || self.has(Bug::NoHints) {
            return;
        }
        self.hint_later();
        for (target, key, version) in hints {
            self.tell(target, Peer::Write { cause: Cause::Hint, key, version });
        }
    }
}
