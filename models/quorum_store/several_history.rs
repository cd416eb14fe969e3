//! What clients wrote and read where concurrent writes are judged: which write's client knew which other one.

use super::message::Answer;
use super::version::Stamp;
use crate::causal::{Context, Dot, Rule, VersionVector};
use crate::kv::{Bytes, Op};
use stateright::actor::Id;
use std::collections::{BTreeMap, BTreeSet};

/// A request: its client and number.
type Call = (Id, u64);

/// The writes of a run, and what was wrong with its reads. The values that clients put are all different.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Several {
    /// What becomes of concurrent writes.
    rule: Rule,
    /// The puts and deletes.
    writes: BTreeMap<Call, Write>,
    /// The requests that wait, and the acknowledged writes of their key when they began.
    open: BTreeMap<Call, BTreeSet<Dot>>,
    /// Where the last writer wins, contexts say nothing: what each client was shown, and what it wrote.
    shown: BTreeMap<Id, VersionVector>,
    /// Whether a read did not show an acknowledged write, nor one that replaced it.
    pub missed: bool,
    /// Whether the context of a read covers a write that the read did not show.
    pub hid: bool,
}

/// A put or a delete.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Write {
    key: Bytes,
    value: Option<Bytes>,
    /// The writes that its client knew; `None` if it is to replace whatever its coordinator holds.
    knew: Option<VersionVector>,
    /// When it was acknowledged, what it is called.
    stamp: Option<Stamp>,
}

impl Write {
    fn dot(&self) -> Option<Dot> {
        self.stamp.map(Stamp::dot)
    }
}

impl Several {
    /// Of no request yet.
    pub fn new(rule: Rule) -> Self {
        Self { rule, ..Self::default() }
    }

    /// How many requests wait for their answers.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// The keys and names of the acknowledged writes.
    pub fn acknowledged(&self) -> impl Iterator<Item = (&Bytes, Stamp)> {
        self.writes.values().filter_map(|write| Some((&write.key, write.stamp?)))
    }

    /// The keys, names and values of the acknowledged puts.
    pub fn put(&self) -> impl Iterator<Item = (&Bytes, Stamp, &Bytes)> {
        let puts = self.writes.values();
        puts.filter_map(|write| Some((&write.key, write.stamp?, write.value.as_ref()?)))
    }

    /// A client asks. `None` if it asks again.
    pub(super) fn invoke(&self, call: Call, op: &Op, context: Option<&Context>) -> Option<Self> {
        if self.open.contains_key(&call) || self.writes.contains_key(&call) {
            return None;
        }
        let mut next = self.clone();
        let key = op.key().clone();
        let before = self.writes.values().filter(|write| write.key == key);
        next.open.insert(call, before.filter_map(Write::dot).collect());
        let value = match op {
            Op::Put { value, .. } => Some(value.clone()),
            Op::Delete { .. } => None,
            Op::Get { .. } | Op::Cas { .. } | Op::Range(_) => return Some(next),
        };
        let knew = match context {
            Some(context) => Some(context.known.clone()),
            None if self.rule == Rule::MultiValue => None,
            None => Some(self.shown.get(&call.0).cloned().unwrap_or_default()),
        };
        next.writes.insert(call, Write { key, value, knew, stamp: None });
        Some(next)
    }

    /// A client is answered. `None` if it was before.
    pub(super) fn reply(&self, call: Call, answer: &Answer) -> Option<Self> {
        let mut next = self.clone();
        let before = next.open.remove(&call)?;
        match answer {
            Answer::Done { stamp } => {
                if let Some(write) = next.writes.get_mut(&call) {
                    write.stamp = Some(*stamp);
                }
                next.show(call.0, *stamp);
            }
            Answer::Value { stamp, .. } => next.show(call.0, *stamp),
            Answer::Values { values, context } => {
                let known = &context.known;
                next.missed |= before.iter().any(|dot| !known.covers(*dot));
                let has = |write: Stamp| known.covers(write.dot());
                let is_hidden = |(_, put, value): (&Bytes, Stamp, &Bytes)| {
                    has(put) && !values.contains(value) && !self.is_replaced(put, has)
                };
                next.hid |= self.put().any(is_hidden);
            }
            _ => {}
        }
        Some(next)
    }

    /// Where the last writer wins.
    fn show(&mut self, client: Id, stamp: Stamp) {
        if stamp > Stamp::default() {
            self.shown.entry(client).or_default().add(stamp.dot());
        }
    }

    /// Whether who has the writes of which this holds has one that replaced this one: of a write that was not
    /// acknowledged nobody can tell.
    pub(super) fn is_replaced(&self, write: Stamp, has: impl Fn(Stamp) -> bool) -> bool {
        self.writes.values().any(|later| {
            let knew = later.knew.as_ref().is_none_or(|knew| knew.covers(write.dot()));
            knew && later.stamp != Some(write) && later.stamp.is_none_or(&has)
        })
    }

    /// Whether the client that put a value knew a write.
    pub(super) fn knew(&self, value: &Bytes, dot: Dot) -> bool {
        let mut puts = self.writes.values().filter(|write| write.value.as_ref() == Some(value));
        puts.any(|write| write.knew.as_ref().is_some_and(|knew| knew.covers(dot)))
    }
}
