//! Offers: the operations that a protocol serves, and how a user's operation becomes its request.
//!
//! Users ask for operations on a map ([`Ask`]), whichever protocol serves it. An [`Offer`] turns
//! that into the protocol's own request, says what a server admits, and turns the answer back.

use super::limits::{self, LimitError};
use super::machine::{StateMachine, Value};
use super::tree::{TreeAnswer, TreeAsk, TreeError};
use super::{Abort, Bytes, Level, Map, Op, Outcome, Reply, Service, Transaction};
use crate::membership::{RingAsk, RingState};
use crate::topology::Topology;
use thiserror::Error;

pub use super::carried::Carried;
pub use super::log_ask::{Acks, LogAnswer, LogAsk, LogRecord};

/// What a user asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// One operation.
    One {
        /// The operation.
        op: Op,
        /// For a write to a map that keeps siblings: what it replaces, as an earlier
        /// [`Answered::Siblings`] returned it.
        context: Option<String>,
    },
    /// One operation that waits for as many replicas as its level says.
    At {
        /// The operation.
        op: Op,
        /// The level.
        level: Level,
        /// As in [`Ask::One`].
        context: Option<String>,
    },
    /// A read that the server which is asked answers from its own state: it may be older than what
    /// is acknowledged, but not than what the same client was told before.
    Local(Op),
    /// Nothing, as a write: what the same client reads afterwards at any server is at least as new.
    Sync,
    /// Several operations, all or none of them.
    Together(Transaction),
    /// Something of a log of records.
    Log(LogAsk),
    /// Something of a tree of nodes.
    Tree(TreeAsk),
    /// Something of the ring that the servers are on, of the server that is asked.
    Ring(RingAsk),
    /// Something that the protocol's own state machine reads, word by word.
    Words(Vec<String>),
}

impl From<Op> for Ask {
    fn from(op: Op) -> Self {
        Self::One { op, context: None }
    }
}

impl Ask {
    /// The key that it is about, if it is about one.
    pub fn key(&self) -> Option<&Bytes> {
        let (Self::One { op, .. } | Self::At { op, .. } | Self::Local(op)) = self else {
            return None;
        };
        (!matches!(op, Op::Range(_))).then(|| op.key())
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        match self {
            Self::One { op: Op::Get { .. }, .. } => "get",
            Self::One { op: Op::Put { .. }, .. } => "put",
            Self::One { op: Op::Delete { .. }, .. } => "delete",
            Self::One { op: Op::Cas { .. }, .. } => "cas",
            Self::One { op: Op::Range(_), .. } => "range",
            Self::At { .. } => "--consistency",
            Self::Local(Op::Range(_)) => "range --local",
            Self::Local(_) => "get --local",
            Self::Sync => "sync",
            Self::Together(_) => "txn",
            Self::Log(LogAsk::Produce { .. }) => "produce",
            Self::Log(LogAsk::Consume { .. }) => "consume",
            Self::Log(LogAsk::Offsets) => "offsets",
            Self::Tree(ask) => ask.name(),
            Self::Ring(_) => "ring",
            Self::Words(_) => "call",
        }
    }
}

/// The answer to a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The map's reply to one operation.
    Reply(Reply),
    /// To a get from a map that keeps siblings.
    Siblings {
        /// The values; none where the key is absent.
        values: Vec<Bytes>,
        /// Names the writes that they make up, for a write that is to replace them.
        context: String,
        /// Whether there are more, which did not fit.
        more: bool,
    },
    /// All of a transaction was done: the replies to its operations, in order.
    Committed(Vec<Reply>),
    /// None of a transaction was done, because one of its conditions did not hold.
    ConditionFailed {
        /// Which of its operations.
        op: u32,
        /// The value that was found.
        found: Option<Bytes>,
    },
    /// Of a log of records.
    Log(LogAnswer),
    /// Of a tree of nodes.
    Tree(TreeAnswer),
    /// Of the ring: what the server that was asked knows of it.
    Ring(Box<RingState>),
    /// What a state machine of the user's own replied.
    Text(String),
}

/// Why the protocol does not do what is asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OfferError {
    /// It does not have it.
    #[error("the protocol does not offer {asked}; it offers {}", listed(offers))]
    NotOffered {
        /// The command that was asked for.
        asked: &'static str,
        /// Those that it offers.
        offers: &'static [&'static str],
    },
    /// A context where none belongs.
    #[error(
        "contexts belong to put and delete with multi-primary in the mode `multi-value`, or with \
         quorum-store in the mode `conflicts=multi-value`"
    )]
    NoContexts,
    /// A text that does not say what a client knows.
    #[error("`{0}` is not what a client has seen; take it from `seen` of an answer with --json")]
    BadSeen(String),
    /// A text that is no context.
    #[error("`{0}` is not a context; take it from `quorate get --json`")]
    BadContext(String),
    /// No server gave that context for that key.
    #[error(
        "nothing was written: no server of this cluster gave that context for that key; take it from \
         `quorate get --json` of the same key"
    )]
    ForeignContext,
    /// The key has too many siblings.
    #[error(
        "nothing was written: the key has as many siblings as a node makes; \
         `quorate get --json` shows them and their context, and a put with that `--context` \
         replaces them"
    )]
    Crowded,
    /// A transaction was aborted, and it is of no use to try again as it is.
    #[error("aborted, nothing was done: {}", reason(why))]
    Aborted {
        /// Why.
        why: Abort,
    },
    /// The request is too large.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// A tree of nodes is not as it would have to be.
    #[error("nothing was done: {0}")]
    Tree(TreeError),
    /// What was asked means nothing to the protocol.
    #[error("{0}")]
    Meaningless(String),
}

/// Names in a sentence: `get, put and delete`.
pub fn listed(names: &[&str]) -> String {
    match names {
        [] => "none".into(),
        [only] => (*only).into(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Why a transaction was aborted, in words.
pub fn reason(why: &Abort) -> String {
    match why {
        Abort::Conflict => "another transaction held one of its keys (if that stays so, its \
                            coordinator or a participant is down: start it again)"
            .into(),
        Abort::Unavailable => "a participant that has one of its keys did not answer in time \
                               (does it run?)"
            .into(),
        Abort::Forgotten => {
            "a participant has forgotten this client to make room for others (start \
             again under a new client id)"
                .to_owned()
        }
        Abort::TooLarge => {
            "it, or the values it finds, are larger than the limits; split it".into()
        }
        Abort::UnknownShard => "a participant was asked for a key that is not its own; do all \
                                servers run with the same cluster file?"
            .into(),
        Abort::Condition { op, .. } => format!("the condition of operation {op} did not hold"),
    }
}

/// What an answer of the protocol comes to.
#[derive(Debug)]
pub enum AskOutcome {
    /// This is the answer to the user.
    Done(Answered),
    /// It was not done, will not be, and is worth asking for again, as a new request.
    Again(Abort),
    /// It cannot be done.
    Failed(OfferError),
    /// The servers gave it up: it may have been done, and may still be at any later time.
    TimedOut,
}

impl From<Reply> for AskOutcome {
    fn from(reply: Reply) -> Self {
        Self::Done(Answered::Reply(reply))
    }
}

/// The operations that a protocol serves its clients.
pub trait Offer {
    /// What its clients send.
    type Request: Value;
    /// What its servers answer.
    type Answer: Value;
    /// What a client carries from its answers to its next requests; `()` if nothing.
    type Carried: Carried<Self::Request, Self::Answer>;
    /// The commands that it serves: of `get`, `put`, `delete`, `cas`, `range`, `get --local`,
    /// `range --local`, `sync`, `txn`, `produce`, `consume`, `offsets`, `call`, `--consistency`,
    /// `ring`, and those of a [tree](TreeAsk::name).
    const COMMANDS: &'static [&'static str];

    /// The request for what a user asks.
    fn request(topology: &Topology, ask: &Ask) -> Result<Self::Request, OfferError>;

    /// Whether a request keeps the limits. Clients and servers check the same.
    fn check(request: &Self::Request) -> Result<(), LimitError>;

    /// Whether a request, once it was sent to one server, may be sent to no other: there it would be
    /// done as another one.
    fn stays(_request: &Self::Request) -> bool {
        false
    }

    /// Whether a client is to take this answer to its request; if not, it asks again.
    fn takes(_request: &Self::Request, _answer: &Self::Answer) -> bool {
        true
    }

    /// What the answer to `ask` says; `None` if it answers something else.
    fn answer(topology: &Topology, ask: &Ask, answer: Self::Answer) -> Option<AskOutcome>;
}

/// The offer of every protocol that replicates the map as a state machine: its operations, each alone.
pub struct MapOffer;

impl Offer for MapOffer {
    type Request = Op;
    type Answer = Reply;
    type Carried = ();
    const COMMANDS: &'static [&'static str] = &["get", "put", "delete", "cas", "range"];

    fn request(_: &Topology, ask: &Ask) -> Result<Op, OfferError> {
        match ask {
            Ask::One { op, context: None } => Ok(op.clone()),
            Ask::One { .. } => Err(OfferError::NoContexts),
            Ask::At { .. }
            | Ask::Local(_)
            | Ask::Sync
            | Ask::Together(_)
            | Ask::Log(_)
            | Ask::Tree(_)
            | Ask::Ring(_)
            | Ask::Words(_) => Err(not_offered::<Self>(ask)),
        }
    }

    fn check(op: &Op) -> Result<(), LimitError> {
        limits::check(op)
    }

    fn answer(_: &Topology, ask: &Ask, reply: Reply) -> Option<AskOutcome> {
        let Ask::One { op, .. } = ask else { return None };
        is_reply_to(op, &reply).then(|| reply.into())
    }
}

/// Says that the protocol does not offer what is asked.
pub fn not_offered<F: Offer>(ask: &Ask) -> OfferError {
    OfferError::NotOffered { asked: ask.name(), offers: F::COMMANDS }
}

/// Whether a reply is of the kind that an operation has.
pub(crate) fn is_reply_to(op: &Op, reply: &Reply) -> bool {
    matches!(
        (op, reply),
        (Op::Get { .. }, Reply::Value(_))
            | (Op::Put { .. } | Op::Delete { .. }, Reply::Done)
            | (Op::Cas { .. }, Reply::Swapped { .. })
            | (Op::Range(_), Reply::Page(_))
    )
}

/// What an outcome of a transaction says; `None` if it is not an outcome of this one.
pub fn outcome(ask: &Ask, outcome: Outcome) -> Option<AskOutcome> {
    Some(match (ask, outcome) {
        (_, Outcome::Aborted(why @ (Abort::Conflict | Abort::Unavailable))) => {
            AskOutcome::Again(why)
        }
        (_, Outcome::Aborted(why @ (Abort::Forgotten | Abort::TooLarge | Abort::UnknownShard))) => {
            AskOutcome::Failed(OfferError::Aborted { why })
        }
        (Ask::One { op: Op::Cas { .. }, .. }, Outcome::Aborted(Abort::Condition { found, .. })) => {
            Reply::Swapped { swapped: false, found }.into()
        }
        (Ask::One { op, .. }, Outcome::Committed(replies)) => {
            let [reply] = <[Reply; 1]>::try_from(replies).ok()?;
            return is_reply_to(op, &reply).then(|| reply.into());
        }
        (Ask::Together(txn), Outcome::Aborted(Abort::Condition { op, found })) => {
            matches!(txn.ops.get(op as usize)?, Op::Cas { .. })
                .then_some(AskOutcome::Done(Answered::ConditionFailed { op, found }))?
        }
        (Ask::Together(txn), Outcome::Committed(replies)) => {
            let fits = txn.ops.len() == replies.len()
                && txn.ops.iter().zip(&replies).all(|(op, reply)| is_reply_to(op, reply));
            fits.then_some(AskOutcome::Done(Answered::Committed(replies)))?
        }
        // It answers something else.
        _ => return None,
    })
}

/// Whether a server of such a protocol takes a message from a client: a request, within the limits.
pub fn admits<F: Offer, P>(message: &Service<F::Request, F::Answer, P>) -> bool {
    matches!(message, Service::Request { op, .. } if F::check(op).is_ok())
}

/// A state machine with an offer of its own, so that the protocols which replicate any machine can
/// be deployed with it.
pub trait Offered: StateMachine + Value {
    /// What it offers: its operations are the requests, its replies the answers.
    type Offer: Offer<Request = Self::Op, Answer = Self::Reply>;
}

impl Offered for Map {
    type Offer = MapOffer;
}
