//! Registers: how much of what clients saw of each key agrees with the theory of shared memory.
//!
//! * **Atomic**: linearizable (Herlihy and Wing 1990), judged by stateright's tester.
//! * **Regular** (Lamport 1986; of several writers Shao, Pierce and Welch 2003): a read returns
//!   nothing that was overwritten before it began, and nothing of later: two reads may still go back
//!   in time while a write is under way, or has failed.
//! * **Monotonic**: of two reads, one after the other, the later returns no older version.
//! * **Eventual**: what any finite history must satisfy (Burckhardt 2014): a read returns what
//!   somebody wrote. That all replicas agree when writes end is a matter of liveness.
//!
//! A call that *failed* has an unknown effect: it may take place at any later time, or never. Its
//! client goes on. So a history has *lines* of calls, one after the other: a client begins a new line
//! after a failed call, which stays open.

use super::bytes::Bytes;
use super::map::{Map, Op, Reply};
use stateright::actor::Id;
use stateright::semantics::{ConsistencyTester, LinearizabilityTester};
use std::collections::BTreeMap;

/// A client, and how many of its calls have failed before: a line.
pub type Line = (Id, u64);

/// The result of a call. `V` orders the versions of a key; the version of an absent key is
/// `V::default()`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outcome<V> {
    /// The map's reply, and the version that was read or written.
    Replied(Reply, V),
    /// It is unknown whether it was done, or will be.
    Failed,
}

/// A call of a client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Call<V> {
    /// What it asked for.
    pub op: Op,
    /// How many calls of each line had ended, or failed, when it began.
    pub after: BTreeMap<Line, usize>,
    /// What it was told, if it was.
    pub outcome: Option<Outcome<V>>,
}

/// What is supposed of a failed call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It takes place at any later time, or never.
    Open,
    /// It took place before it failed.
    Took,
    /// It never takes place.
    Never,
}

/// A call and its place in a history: its line and its number there, from 0.
type Placed<'a, V> = (Line, usize, &'a Call<V>);

impl<V> Call<V> {
    fn replied(&self) -> Option<(&Reply, &V)> {
        match &self.outcome {
            Some(Outcome::Replied(reply, version)) => Some((reply, version)),
            Some(Outcome::Failed) | None => None,
        }
    }

    /// The value that it writes, if it does or may do so; `None` in it for a delete.
    #[allow(clippy::option_option, reason = "a delete is a write of nothing")]
    fn written(&self) -> Option<Option<&Bytes>> {
        match (&self.op, self.replied()) {
            (Op::Put { value, .. }, _) => Some(Some(value)),
            (Op::Delete { .. }, _) => Some(None),
            (Op::Cas { .. }, Some((Reply::Swapped { swapped: false, .. }, _)))
            | (Op::Get { .. } | Op::Range(_), _) => None,
            (Op::Cas { new, .. }, _) => Some(new.as_ref()),
        }
    }

    /// The reply that a write gets that takes place.
    fn success(&self) -> Option<Reply> {
        match &self.op {
            Op::Put { .. } | Op::Delete { .. } => Some(Reply::Done),
            Op::Cas { expected, .. } => {
                Some(Reply::Swapped { swapped: true, found: expected.clone() })
            }
            Op::Get { .. } | Op::Range(_) => None,
        }
    }

    /// The value that it read, and its version.
    fn read(&self) -> Option<(Option<&Bytes>, &V)> {
        match self.replied()? {
            (Reply::Value(value), version) => Some((value.as_ref(), version)),
            _ => None,
        }
    }
}

/// The calls of a run, in the order of real time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Registers<V> {
    /// Per client: the last request that began, the last that ended, and how many failed.
    clients: BTreeMap<Id, (u64, u64, u64)>,
    lines: BTreeMap<Line, Vec<Call<V>>>,
}

impl<V> Default for Registers<V> {
    fn default() -> Self {
        Self { clients: BTreeMap::new(), lines: BTreeMap::new() }
    }
}

impl<V: Clone + Default + Ord> Registers<V> {
    /// What it becomes when a client sends a request; `None` if that is sent again.
    #[must_use]
    pub fn invoke(&self, client: Id, seq: u64, op: &Op) -> Option<Self> {
        let (begun, ended, failed) = self.clients.get(&client).copied().unwrap_or_default();
        if seq <= begun {
            return None;
        }
        let ends = |calls: &Vec<Call<V>>| calls.iter().filter(|it| it.outcome.is_some()).count();
        let after = self.lines.iter().map(|(line, calls)| (*line, ends(calls)));
        let after = after.filter(|(_, ended)| *ended > 0).collect();
        let mut next = self.clone();
        next.clients.insert(client, (seq, ended, failed));
        let call = Call { op: op.clone(), after, outcome: None };
        next.lines.entry((client, failed)).or_default().push(call);
        Some(next)
    }

    /// What it becomes when a client gets a reply; `None` if it waits for another.
    #[must_use]
    pub fn reply(&self, client: Id, seq: u64, outcome: Outcome<V>) -> Option<Self> {
        let (begun, ended, failed) = self.clients.get(&client).copied().unwrap_or_default();
        if seq != begun || seq == ended {
            return None;
        }
        let mut next = self.clone();
        let failures = failed + u64::from(matches!(outcome, Outcome::Failed));
        next.clients.insert(client, (begun, seq, failures));
        next.lines.get_mut(&(client, failed))?.last_mut()?.outcome = Some(outcome);
        Some(next)
    }

    /// How many clients wait for an answer.
    pub fn open(&self) -> usize {
        self.clients.values().filter(|(begun, ended, _)| begun > ended).count()
    }

    /// How many calls failed.
    pub fn failures(&self) -> u64 {
        self.clients.values().map(|(.., failed)| failed).sum()
    }

    fn calls(&self) -> impl Iterator<Item = Placed<'_, V>> {
        self.lines.iter().flat_map(|(line, calls)| {
            calls.iter().enumerate().map(move |(at, call)| (*line, at, call))
        })
    }

    /// The reads that were answered, with what they returned.
    fn reads(&self) -> impl Iterator<Item = (Placed<'_, V>, Option<&Bytes>, &V)> {
        self.calls().filter_map(|placed| {
            let (value, version) = placed.2.read()?;
            Some((placed, value, version))
        })
    }

    /// The writes of a key, done or perhaps done.
    fn writes<'a>(
        &'a self,
        key: &'a Bytes,
    ) -> impl Iterator<Item = (Placed<'a, V>, Option<&'a Bytes>)> {
        let of_key = self.calls().filter(move |(_, _, call)| call.op.key() == key);
        of_key.filter_map(|placed| Some((placed, placed.2.written()?)))
    }

    /// The writes that were acknowledged: their keys and versions.
    pub fn acknowledged(&self) -> impl Iterator<Item = (&Bytes, &V)> {
        self.calls().filter(|(_, _, call)| call.written().is_some()).filter_map(|(_, _, call)| {
            let (_, version) = call.replied()?;
            Some((call.op.key(), version))
        })
    }

    /// Whether a delete of a key was asked for that has, or may have, at least this version.
    pub fn may_be_deleted(&self, key: &Bytes, version: &V) -> bool {
        let mut deletes = self.writes(key).filter(|(_, written)| written.is_none());
        deletes.any(|((_, _, call), _)| call.replied().is_none_or(|(_, at)| at >= version))
    }

    /// The history is linearizable; a failed call may take place at any later time.
    pub fn is_atomic(&self) -> bool {
        self.linearizes(|_| Fate::Open)
    }

    /// The history is linearizable, and each failed call took place before it failed, or never: a later
    /// call settles which of them.
    pub fn is_settled(&self) -> bool {
        let failed: Vec<Line> = (self.lines.iter())
            .filter(|(_, calls)| calls.last().is_some_and(|it| it.outcome == Some(Outcome::Failed)))
            .map(|(line, _)| *line)
            .collect();
        let choices = 1_u32 << failed.len().min(16);
        (0..choices).any(|chosen| {
            let took = |line: Line| {
                failed.iter().position(|it| *it == line).is_none_or(|at| chosen >> at & 1 == 1)
            };
            self.linearizes(|(line, ..)| if took(line) { Fate::Took } else { Fate::Never })
        })
    }

    /// Whether the history is linearizable where failed calls have this fate.
    fn linearizes(&self, fate: impl Fn(Placed<'_, V>) -> Fate) -> bool {
        let mut tester = LinearizabilityTester::new(Map::default());
        let mut ended: BTreeMap<Line, usize> = BTreeMap::new();
        // Of two calls, the one that began later began after at least as many ends.
        let mut calls: Vec<_> = self.calls().collect();
        calls.sort_by_key(|(_, at, call)| (call.after.values().sum::<usize>(), *at));
        let end = |tester: &mut LinearizabilityTester<Line, Map>, line: Line, at: usize| {
            let Some(call) = self.lines.get(&line).and_then(|calls| calls.get(at)) else { return };
            let reply = match &call.outcome {
                Some(Outcome::Replied(reply, _)) => Some(reply.clone()),
                Some(Outcome::Failed) if fate((line, at, call)) == Fate::Took => call.success(),
                Some(Outcome::Failed) | None => None,
            };
            // The tester notes a misuse, and then rejects the history.
            let _ = reply.map(|reply| tester.on_return(line, reply).map(drop));
        };
        for (line, at, call) in calls {
            for (other, upto) in &call.after {
                let done = ended.entry(*other).or_default();
                (*done..*upto).for_each(|at| end(&mut tester, *other, at));
                *done = *upto;
            }
            let has_failed = call.outcome == Some(Outcome::Failed);
            let is_void =
                has_failed && (call.written().is_none() || fate((line, at, call)) == Fate::Never);
            if !is_void {
                let _ = tester.on_invoke(line, call.op.clone());
            }
        }
        for (line, calls) in &self.lines {
            let done = ended.get(line).copied().unwrap_or_default();
            (done..calls.len()).for_each(|at| end(&mut tester, *line, at));
        }
        tester.is_consistent()
    }

    /// Each read returned a value whose write was not overwritten before the read began, and began
    /// before the read ended.
    pub fn is_regular(&self) -> bool {
        self.reads().all(|(read, value, _)| {
            let key = read.2.op.key();
            let overwrites = |write: Option<Placed<'_, V>>| {
                self.writes(key).any(|(later, _)| {
                    precedes(later, read) && write.is_none_or(|write| precedes(write, later))
                })
            };
            let mut writes = self.writes(key);
            value.is_none() && !overwrites(None)
                || writes.any(|(write, written)| {
                    written == value && !precedes(read, write) && !overwrites(Some(write))
                })
        })
    }

    /// No read returned an older version than one that ended before it began.
    pub fn is_monotonic(&self) -> bool {
        self.reads().all(|(early, _, before)| {
            self.reads().all(|(late, _, after)| {
                early.2.op.key() != late.2.op.key() || !precedes(early, late) || before <= after
            })
        })
    }

    /// Each read returned the value of a write that began before the read ended, or none.
    pub fn is_written(&self) -> bool {
        self.reads().all(|(read, value, _)| {
            let mut writes = self.writes(read.2.op.key());
            value.is_none()
                || writes.any(|(write, written)| written == value && !precedes(read, write))
        })
    }

    /// Of two acknowledged writes of a key, one after the other, the later has the higher version.
    pub fn is_never_outlived(&self) -> bool {
        let acknowledged = || {
            let writes = self.calls().filter(|(_, _, call)| call.written().is_some());
            writes.filter_map(|placed| Some((placed, placed.2.replied()?.1)))
        };
        acknowledged().all(|(early, before)| {
            acknowledged().all(|(late, after)| {
                early.2.op.key() != late.2.op.key() || !precedes(early, late) || before < after
            })
        })
    }

    /// No client was acknowledged a write of a lower version than it had been shown of the key.
    pub fn is_causal(&self) -> bool {
        self.lines.iter().all(|((client, _), calls)| {
            calls.iter().filter(|call| call.written().is_some()).all(|write| {
                let Some((_, version)) = write.replied() else { return true };
                let shown = self.reads().filter(|((line, ..), ..)| line.0 == *client);
                let mut earlier = shown.filter(|((line, at, _), ..)| {
                    write.after.get(line).is_some_and(|ended| at < ended)
                });
                earlier.all(|(read, _, shown)| read.2.op.key() != write.op.key() || shown < version)
            })
        })
    }

    /// No read returned a value that an acknowledged delete had removed before it began.
    pub fn stays_deleted(&self) -> bool {
        self.reads().filter(|(_, value, _)| value.is_some()).all(|(read, value, _)| {
            let key = read.2.op.key();
            let mut writes = self.writes(key).filter(|(_, written)| *written == value);
            writes.all(|(write, _)| {
                let mut deletes = self.writes(key).filter(|(_, written)| written.is_none());
                !deletes.any(|(delete, _)| precedes(write, delete) && precedes(delete, read))
            })
        })
    }

    /// No read returned what a failed call wrote: what a client might wish, and no quorum promises.
    pub fn is_failure_without_effect(&self) -> bool {
        self.reads().filter(|(_, value, _)| value.is_some()).all(|(read, value, _)| {
            let mut writes = self.writes(read.2.op.key()).filter(|(_, written)| *written == value);
            writes.all(|((_, _, call), _)| call.outcome != Some(Outcome::Failed))
        })
    }
}

/// Whether the first call was answered before the second one began.
fn precedes<V>((line, at, early): Placed<'_, V>, (.., later): Placed<'_, V>) -> bool {
    early.replied().is_some() && later.after.get(&line).is_some_and(|ended| at < *ended)
}

#[cfg(test)]
mod tests;
