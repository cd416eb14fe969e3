//! What the clients of a storm ask for: operations that reveal the most about what a cluster did.
//!
//! Values are written once, so that each read shows which write it saw; conditions expect what was
//! last seen, so that some hold; and keys come in groups that are left after a while for new ones,
//! and are asked for by few clients, so that the history of each is short enough to judge.

use super::event::{Answer, Asked, Seen};
use super::sessions;
use crate::models::kv::{Bytes, Op, Transaction};
use crate::models::protocol::Promise;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use std::collections::BTreeMap;

/// So many requests, and the clients go on to the next group of keys.
const GROUP_REQUESTS: u64 = 200;
/// The keys of a group.
const KEYS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
/// The keys of a group of which single operations are asked.
const SINGLE: usize = 3;
/// How many groups back a client still looks, now and then.
const BACK: u64 = 20;
/// How likely that is.
const OLD: f64 = 0.2;
/// How likely a read is local, where that is promised.
const LOCAL: f64 = 0.8;
/// The context of a write that replaces nothing.
const NOTHING: &str = "00";
/// How many writes have a context, where siblings stay and a write may have none.
const INFORMED: f64 = 0.5;
/// A client that saw so many siblings replaces them: a node does not make many more.
const MANY: usize = 6;

/// The groups that some clients use, and others do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lane {
    /// Which, from 0.
    pub(super) number: u64,
    /// How many there are.
    pub(super) count: u64,
}

impl Lane {
    /// The lane's n-th group.
    fn group(self, n: u64) -> u64 {
        n * self.count + self.number
    }
}

/// Makes the requests of the clients of one lane.
pub(super) struct Asker {
    promise: Promise,
    lane: Lane,
    /// Whether compare-and-swap is asked for.
    swaps: bool,
    random: StdRng,
    servers: usize,
    requests: u64,
    sessions: sessions::Asking,
    /// The last value that was seen of each key of the groups that are still in use.
    seen: BTreeMap<(u64, &'static str), Seen>,
}

impl Asker {
    /// For a cluster that is judged by `promise`. A server is named only where each answers alone.
    pub(super) fn new(
        promise: Promise,
        lane: Lane,
        swaps: bool,
        random: StdRng,
        servers: usize,
    ) -> Self {
        let (sessions, seen) = (sessions::Asking::default(), BTreeMap::new());
        Self { promise, lane, swaps, random, servers, requests: 0, sessions, seen }
    }

    /// The groups of keys that were used.
    pub(super) fn groups(&self) -> impl Iterator<Item = u64> {
        (0..=self.requests / GROUP_REQUESTS).map(|n| self.lane.group(n))
    }

    /// The names of the keys that may have been asked for in a group.
    pub(super) fn keys(&self, group: u64) -> Vec<Bytes> {
        self.names().iter().map(|name| key(group, name)).collect()
    }

    fn names(&self) -> &'static [&'static str] {
        if self.promise == Promise::StrictlySerializable { &KEYS } else { &KEYS[..SINGLE] }
    }

    /// The next request.
    pub(super) fn next(&mut self, client: usize) -> Asked {
        let newest = self.requests / GROUP_REQUESTS;
        self.requests += 1;
        let back = if self.random.random_bool(OLD) { self.random.random_range(0..BACK) } else { 0 };
        let group = self.lane.group(newest.saturating_sub(back));
        let oldest = self.lane.group((newest + 1).saturating_sub(BACK));
        self.seen.retain(|(group, _), _| *group >= oldest);
        let value = Bytes::from(self.requests.to_string().as_str());
        match self.promise {
            Promise::StrictlySerializable => self.transaction(group, &value),
            Promise::Converges { siblings: false } => self.at_a_node(group, value, 0.0),
            Promise::Converges { siblings: true } => self.at_a_node(group, value, INFORMED),
            // What a write without a context replaces is what its coordinator holds, whichever that is.
            Promise::Siblings { .. } => self.at_a_node(group, value, 1.0),
            Promise::Sessions if self.random.random_bool(sessions::SHARE) => {
                let member = (client, self.random.random_range(0..self.servers));
                let Self { sessions, random, lane, servers, .. } = self;
                sessions.next(random, member, lane.number, *servers)
            }
            Promise::LocalReads | Promise::Sessions => {
                let server = Some(self.random.random_range(0..self.servers));
                let asked = self.single(group, value);
                let is_get = matches!(asked.ops[..], [Op::Get { .. }]);
                let is_local = is_get && self.random.random_bool(LOCAL);
                Asked { server, is_local, ..asked }
            }
            Promise::Register(_) => {
                let server = Some(self.random.random_range(0..self.servers));
                Asked { server, ..self.single(group, value) }
            }
            Promise::Linearizable | Promise::Nothing(_) => self.single(group, value),
        }
    }

    fn last(&self, group: u64, name: &'static str) -> Option<Bytes> {
        self.seen.get(&(group, name))?.values.first().cloned()
    }

    fn name(&mut self) -> &'static str {
        KEYS[self.random.random_range(0..SINGLE)]
    }

    fn single(&mut self, group: u64, value: Bytes) -> Asked {
        let name = self.name();
        let key = key(group, name);
        let op = match self.random.random_range(0..10) {
            0..4 => Op::Get { key },
            4..6 => Op::Put { key, value },
            6 => Op::Delete { key },
            _ if self.swaps => Op::Cas { key, expected: self.last(group, name), new: Some(value) },
            _ => Op::Put { key, value },
        };
        Asked::of(None, vec![op])
    }

    /// Where writes meet no conditions; with siblings a write has a context or none.
    fn at_a_node(&mut self, group: u64, value: Bytes, informed: f64) -> Asked {
        let name = self.name();
        let key = key(group, name);
        let seen = self
            .seen
            .get(&(group, name))
            .cloned()
            .unwrap_or_else(|| Seen { values: Vec::new(), context: Some(NOTHING.into()) });
        let seen = if seen.values.len() < MANY && self.random.random_bool(0.2) {
            Seen { values: Vec::new(), context: Some(NOTHING.into()) }
        } else {
            seen
        };
        let is_informed = informed > 0.0 && (name == KEYS[0] || self.random.random_bool(informed));
        let op = match self.random.random_range(0..10) {
            0..5 => Op::Get { key },
            5 => Op::Delete { key },
            _ => Op::Put { key, value },
        };
        let seen = Some(seen).filter(|_| is_informed && !matches!(op, Op::Get { .. }));
        let server = Some(self.random.random_range(0..self.servers));
        Asked { seen, ..Asked::of(server, vec![op]) }
    }

    /// Reads several keys, or writes the same value to several, on the condition that they are as
    /// last seen or on none.
    fn transaction(&mut self, group: u64, value: &Bytes) -> Asked {
        let count = self.random.random_range(1..=3);
        let names: Vec<&'static str> = KEYS.sample(&mut self.random, count).copied().collect();
        let kind = self.random.random_range(0..10);
        let op = |name: &'static str| {
            let key = key(group, name);
            match kind {
                0..4 => Op::Get { key },
                4..6 => Op::Put { key, value: value.clone() },
                6 => Op::Delete { key },
                _ => Op::Cas { key, expected: self.last(group, name), new: Some(value.clone()) },
            }
        };
        let ops = names.into_iter().map(op).collect();
        Asked { is_transaction: true, ..Asked::of(None, ops) }
    }

    /// Remembers what a key was seen to hold.
    pub(super) fn see(&mut self, key: &Bytes, seen: Seen) {
        // The next write there may replace only the values that a get was shown, by its context.
        let has_contexts =
            matches!(self.promise, Promise::Converges { .. } | Promise::Siblings { .. });
        if has_contexts && seen.context.is_none() {
            return;
        }
        let text = key.to_string();
        let Some((group, name)) = text.split_once('.') else { return };
        let name = KEYS.iter().find(|known| **known == name);
        if let (Ok(group), Some(name)) = (group.parse(), name) {
            self.seen.insert((group, name), seen);
        }
    }

    /// Remembers what was answered of a session.
    pub(super) fn see_session(&mut self, client: usize, asked: &Asked, answer: &Answer) {
        self.sessions.see((client, asked.server.unwrap_or_default()), asked, answer);
    }

    /// Gets of all ephemeral nodes that were created.
    pub(super) fn ephemerals(&self) -> impl Iterator<Item = Asked> {
        let get = |key: &Bytes| Asked::of(Some(self.servers), vec![Op::Get { key: key.clone() }]);
        self.sessions.created.iter().map(get)
    }

    /// Gets of all keys of a group, by one request or by several, of each server where each answers
    /// alone.
    pub(super) fn gets(&self, group: u64) -> Vec<Asked> {
        let ops: Vec<Op> = self.keys(group).into_iter().map(|key| Op::Get { key }).collect();
        if self.promise == Promise::StrictlySerializable {
            return vec![Asked { is_transaction: true, ..Asked::of(None, ops) }];
        }
        let servers: Vec<Option<usize>> = match self.promise {
            Promise::Converges { .. } | Promise::Siblings { .. } | Promise::Register(_) => {
                (0..self.servers).map(Some).collect()
            }
            // Not as a member that has a session.
            Promise::Sessions => vec![Some(self.servers)],
            _ => vec![None],
        };
        let get = |op: &Op, server| Asked::of(server, vec![op.clone()]);
        ops.iter().flat_map(|op| servers.iter().map(move |server| get(op, *server))).collect()
    }
}

/// A key of a group.
fn key(group: u64, name: &str) -> Bytes {
    format!("{group}.{name}").as_str().into()
}

/// The group of a transaction's keys; its keys are all of one.
pub(super) fn group(txn: &Transaction) -> String {
    let first = txn.ops.first().map(|op| op.key().to_string()).unwrap_or_default();
    first.split('.').next().unwrap_or_default().to_owned()
}
