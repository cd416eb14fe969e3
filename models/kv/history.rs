//! Histories: requests and replies in real time, judged against the sequential specification.
//!
//! An operation begins when its request is first sent and ends when its reply is first delivered
//! to a client that waits for it: retries and late duplicates are the protocol's business, not
//! the history's. The judge is stateright's tester. Its threads have one operation at a time: they are
//! the [`slots`] of the clients' sessions.

use super::service::Service;
use super::sessions::slots;
use crate::world::Observer;
use stateright::actor::{Envelope, Id};
use stateright::semantics::{
    ConsistencyTester, LinearizabilityTester, SequentialConsistencyTester, SequentialSpec,
};
use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::hash::Hash;

/// The concurrent history of a run.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KvHistory<T> {
    tester: T,
    /// Per thread, the last request that began and the last that ended.
    progress: BTreeMap<Id, (u64, u64)>,
}

/// A history that is to be linearizable (Herlihy and Wing 1990).
pub type Linearizable<S> = KvHistory<LinearizabilityTester<Id, S>>;

impl<S: SequentialSpec> Linearizable<S> {
    /// An empty history of a service that starts as `spec`.
    pub fn linearizable(spec: S) -> Self {
        Self { tester: LinearizabilityTester::new(spec), progress: BTreeMap::new() }
    }
}

/// A history that is to be sequentially consistent (Lamport 1979).
pub type Sequential<S> = KvHistory<SequentialConsistencyTester<Id, S>>;

impl<S: SequentialSpec> Sequential<S> {
    /// An empty history of a service that starts as `spec`.
    pub fn sequential(spec: S) -> Self {
        Self { tester: SequentialConsistencyTester::new(spec), progress: BTreeMap::new() }
    }
}

impl<T> KvHistory<T> {
    /// Whether the history is what its tester demands.
    pub fn is_consistent<S: SequentialSpec>(&self) -> bool
    where
        T: ConsistencyTester<Id, S>,
    {
        self.tester.is_consistent()
    }

    /// How many requests wait for an answer.
    pub fn open(&self) -> usize {
        self.progress.values().filter(|(begun, ended)| begun > ended).count()
    }

    /// The requests that were answered: what clients may rely on.
    pub fn acknowledged(&self) -> impl Iterator<Item = (Id, u64)> {
        self.progress.iter().flat_map(|(thread, (_, ended))| {
            let (client, slot) = client_of(*thread);
            (slots::seq(slot, 1)..=*ended).map(move |seq| (client, seq))
        })
    }

    /// What it becomes when a client sends a request; `None` if that is sent again.
    pub(crate) fn invoke<S: SequentialSpec>(&self, client: Id, seq: u64, op: &S::Op) -> Option<Self>
    where
        Self: Clone,
        S::Op: Clone,
        T: ConsistencyTester<Id, S>,
    {
        let thread = thread_of(client, seq);
        let (begun, ended) = self.progress.get(&thread).copied().unwrap_or_default();
        if seq <= begun {
            return None;
        }
        let mut next = self.clone();
        // The tester notes a misuse, such as a second open request, and then rejects the history.
        let _ = next.tester.on_invoke(thread, op.clone());
        next.progress.insert(thread, (seq, ended));
        Some(next)
    }

    /// What it becomes when a client gets a reply; `None` if it waits for another.
    pub(crate) fn reply<S: SequentialSpec>(
        &self,
        client: Id,
        seq: u64,
        reply: &S::Ret,
    ) -> Option<Self>
    where
        Self: Clone,
        S::Ret: Clone,
        T: ConsistencyTester<Id, S>,
    {
        let thread = thread_of(client, seq);
        let (begun, ended) = self.progress.get(&thread).copied().unwrap_or_default();
        if seq != begun || seq == ended {
            return None;
        }
        let mut next = self.clone();
        let _ = next.tester.on_return(thread, reply.clone());
        next.progress.insert(thread, (begun, seq));
        Some(next)
    }
}

/// The place of the slot in a thread's id. The ids of a model's nodes are far below it.
const SLOT: usize = 1 << 16;

/// The thread of a request: a slot of its client's session. That of slot 0 is called as the client is.
fn thread_of(client: Id, seq: u64) -> Id {
    Id::from(usize::from(client) + usize::from(slots::of(seq)) * SLOT)
}

/// The client and the slot of a thread.
fn client_of(thread: Id) -> (Id, u8) {
    let thread = usize::from(thread);
    ((thread % SLOT).into(), (thread / SLOT) as u8)
}

/// How far each thread is; the tester's own form is of no use to a reader.
impl<T> Debug for KvHistory<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[derive(Debug)]
        #[allow(dead_code, reason = "printed")]
        enum Request {
            Open(u64),
            Answered(u64),
        }
        let threads = self.progress.iter().map(|(thread, (begun, ended))| {
            let is_open = begun > ended;
            let now = if is_open { Request::Open(*begun) } else { Request::Answered(*ended) };
            (usize::from(*thread), now)
        });
        f.debug_map().entries(threads).finish()
    }
}

impl<S, P> Observer<Service<S::Op, S::Ret, P>> for Linearizable<S>
where
    S: SequentialSpec + Clone + Debug + Eq + Hash + Send + Sync + 'static,
    S::Op: Clone + Debug + Eq + Hash + Send + Sync,
    S::Ret: Clone + Debug + Eq + Hash + Send + Sync,
{
    fn observes(envelope: Envelope<&Service<S::Op, S::Ret, P>>) -> bool {
        matches!(envelope.msg, Service::Request { .. } | Service::Reply { .. })
    }

    fn on_send(&self, envelope: Envelope<&Service<S::Op, S::Ret, P>>) -> Option<Self> {
        match envelope.msg {
            Service::Request { seq, op } => self.invoke(envelope.src, *seq, op),
            _ => None,
        }
    }

    fn on_deliver(&self, envelope: Envelope<&Service<S::Op, S::Ret, P>>) -> Option<Self> {
        match envelope.msg {
            Service::Reply { seq, reply } => self.reply(envelope.dst, *seq, reply),
            _ => None,
        }
    }
}
