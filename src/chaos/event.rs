//! What a client of a storm asked, and what it saw.

use crate::models::kv::offer::{Answered, Ask, OfferError};
use crate::models::kv::tree::{TreeAsk, TreeError};
use crate::models::kv::{Abort, Bytes, Op, Reply, Transaction};
use crate::node::deploy::crowd::End;
use std::fmt;
use std::time::Duration;

/// What a client saw of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) values: Vec<Bytes>,
    pub(super) context: Option<String>,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// The server that is asked, where each answers alone.
    pub(super) server: Option<usize>,
    /// One operation, or those of a transaction; none where it is something of a tree.
    pub(super) ops: Vec<Op>,
    /// Something of a tree.
    pub(super) tree: Option<TreeAsk>,
    pub(super) is_transaction: bool,
    /// Whether it is a read that the server answers from its own state.
    pub(super) is_local: bool,
    /// What a write is to replace.
    pub(super) seen: Option<Seen>,
}

impl Asked {
    /// Operations of a server, or of any.
    pub(super) fn of(server: Option<usize>, ops: Vec<Op>) -> Self {
        let (is_transaction, is_local) = (false, false);
        Self { server, ops, tree: None, is_transaction, is_local, seen: None }
    }

    /// As the protocol takes it.
    pub(super) fn ask(&self) -> Ask {
        if let Some(ask) = &self.tree {
            return Ask::Tree(ask.clone());
        }
        if let ([op], true) = (self.ops.as_slice(), self.is_local) {
            return Ask::Local(op.clone());
        }
        if let ([op], false) = (self.ops.as_slice(), self.is_transaction) {
            let context = self.seen.as_ref().and_then(|seen| seen.context.clone());
            return Ask::One { op: op.clone(), context };
        }
        Ask::Together(Transaction { ops: self.ops.clone() })
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Done(Answered),
    /// A transaction was aborted for a reason of the system's own, and nothing of it was done.
    Aborted(Abort),
    /// Nothing was done, because a tree was not as it would have to be.
    Unfit(TreeError),
    /// A server answered something else than was asked.
    Nonsense,
}

impl Answer {
    /// What an end shows for certain; `None` if it leaves open whether the request was done.
    pub(super) fn of(end: End) -> Option<Self> {
        match end {
            End::Done(answered) => Some(Self::Done(answered)),
            End::Again(why) => Some(Self::Aborted(why)),
            End::Nonsense => Some(Self::Nonsense),
            End::Failed(OfferError::Tree(why)) => Some(Self::Unfit(why)),
            End::Failed(_) | End::TimedOut | End::Refused(_) => None,
        }
    }
}

/// A request of a history, and its answer. Times are since the beginning of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub(super) client: usize,
    pub(super) asked: Asked,
    pub(super) begin: Duration,
    /// `None` if it was not answered: it may have been done at any time since, or never.
    pub(super) answer: Option<(Duration, Answer)>,
}

impl Event {
    /// What each key was seen to hold by an answer.
    pub(super) fn seen(asked: &Asked, answer: &Answer) -> Vec<(Bytes, Seen)> {
        let one = |values: Vec<Bytes>| Seen { values, context: None };
        match (asked.ops.as_slice(), answer) {
            ([op], Answer::Done(Answered::Siblings { values, context, .. })) => {
                let seen = Seen { values: values.clone(), context: Some(context.clone()) };
                vec![(op.key().clone(), seen)]
            }
            ([op], Answer::Done(Answered::Reply(reply))) => {
                vec![(op.key().clone(), one(value_after(op, reply).into_iter().collect()))]
            }
            (ops, Answer::Done(Answered::Committed(replies))) => (ops.iter().zip(replies))
                .map(|(op, reply)| {
                    (op.key().clone(), one(value_after(op, reply).into_iter().collect()))
                })
                .collect(),
            (ops, Answer::Done(Answered::ConditionFailed { op, found })) => (ops.get(*op as usize))
                .map(|op| (op.key().clone(), one(found.iter().cloned().collect())))
                .into_iter()
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// The value that a key has after an operation, as far as its client knows.
fn value_after(op: &Op, reply: &Reply) -> Option<Bytes> {
    match (op, reply) {
        (_, Reply::Value(found) | Reply::Swapped { swapped: false, found }) => found.clone(),
        (Op::Put { value, .. }, _) => Some(value.clone()),
        (Op::Cas { new, .. }, _) => new.clone(),
        _ => None,
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client, asked, begin, answer } = self;
        write!(f, "{:.6} to ", begin.as_secs_f64())?;
        match answer {
            Some((end, _)) => write!(f, "{:.6}", end.as_secs_f64())?,
            None => f.write_str("?")?,
        }
        write!(f, ", client {client}")?;
        if let Some(server) = asked.server {
            write!(f, " of server {server}")?;
        }
        match &asked.tree {
            Some(ask) => write!(f, ": {ask:?}")?,
            None => write!(f, ": {:?}", asked.ops)?,
        }
        f.write_str(if asked.is_local { " from its own state" } else { "" })?;
        if let Some(seen) = &asked.seen {
            write!(f, " replacing {:?}", seen.values)?;
        }
        match answer {
            Some((_, answer)) => write!(f, " → {answer:?}"),
            None => f.write_str(" → no answer"),
        }
    }
}
