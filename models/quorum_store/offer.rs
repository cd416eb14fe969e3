//! The operations that the quorum store serves.

use super::message::{Answer, Request};
use super::options::{conflicts, default_level};
use super::seals::Seals;
use crate::causal::Rule;
use crate::causal::token::{self, MAX_CONTEXT_BYTES};
use crate::kv::limits::{self, LimitError};
use crate::kv::offer::{Answered, Ask, AskOutcome, Offer, OfferError, not_offered};
use crate::kv::{Bytes, Level, Op, Reply};
use crate::membership::RingAsk;
use crate::topology::Topology;

/// The longest value: a promise of Paxos carries three.
pub const MAX_VALUE_BYTES: usize = 19 * 1024;

/// What the quorum store offers: the map without ranges, each request at a level; and what an operator asks
/// of the ring.
pub struct LevelOffer;

impl LevelOffer {
    fn at(
        topology: &Topology,
        op: &Op,
        level: Option<Level>,
        context: Option<&String>,
    ) -> Result<Request, OfferError> {
        let refused = |why: &str| Err(OfferError::Meaningless(why.to_owned()));
        let default = default_level(topology);
        let default = default.map_err(|error| OfferError::Meaningless(error.to_string()))?;
        match conflicts(topology) {
            Some((Rule::MultiValue, row_bytes)) if !matches!(op, Op::Range(_)) => {
                return beside(op, level.unwrap_or(default), context, row_bytes);
            }
            _ if context.is_some() => return Err(OfferError::NoContexts),
            _ => {}
        }
        match (op, level) {
            (Op::Range(_), _) => refused(
                "quorum-store does not offer range: the ring puts keys that follow each other on \
                 different nodes; ask for keys one by one",
            ),
            (Op::Cas { .. }, Some(Level::One | Level::Quorum | Level::All)) => refused(
                "a compare-and-swap is always serial: leave --consistency out, or say serial",
            ),
            (Op::Cas { .. }, _) => {
                Ok(Request::Key { op: op.clone(), level: Level::Serial, context: None })
            }
            (_, level) => {
                let level = level.unwrap_or(default);
                Ok(Request::Key { op: op.clone(), level, context: None })
            }
        }
    }
}

/// The request for an operation where writes stay side by side.
fn beside(
    op: &Op,
    level: Level,
    context: Option<&String>,
    row_bytes: usize,
) -> Result<Request, OfferError> {
    if level == Level::Serial || matches!(op, Op::Cas { .. }) {
        let text = "with `conflicts=multi-value` nothing is serial: a key of several values has no one value to \
                    compare; put with the `--context` of a get";
        return Err(OfferError::Meaningless(text.into()));
    }
    if let Op::Put { value, .. } = op
        && value.len() > row_bytes
    {
        let (len, limit) = (value.len(), row_bytes);
        return Err(LimitError::ValueTooLongHere { len, limit }.into());
    }
    let context = match context {
        Some(_) if matches!(op, Op::Get { .. }) => return Err(OfferError::NoContexts),
        Some(text) => Some(token::parse(text).ok_or_else(|| OfferError::BadContext(text.clone()))?),
        None => None,
    };
    Ok(Request::Key { op: op.clone(), level, context })
}

impl Offer for LevelOffer {
    type Request = Request;
    type Answer = Answer;
    type Carried = ();
    const COMMANDS: &'static [&'static str] =
        &["get", "put", "delete", "cas", "--consistency", "ring"];

    fn request(topology: &Topology, ask: &Ask) -> Result<Request, OfferError> {
        match ask {
            Ask::One { op, context } => Self::at(topology, op, None, context.as_ref()),
            Ask::At { op, level, context } => {
                Self::at(topology, op, Some(*level), context.as_ref())
            }
            Ask::Ring(RingAsk::State) => Ok(Request::Ring),
            Ask::Ring(RingAsk::Move { change, epoch }) => {
                Ok(Request::Move(Seals::new(topology.code.clone()).order(*change, *epoch)))
            }
            Ask::Local(_)
            | Ask::Sync
            | Ask::Together(_)
            | Ask::Log(_)
            | Ask::Tree(_)
            | Ask::Words(_) => Err(not_offered::<Self>(ask)),
        }
    }

    fn check(request: &Request) -> Result<(), LimitError> {
        let Request::Key { op, context, .. } = request else { return Ok(()) };
        limits::check(op)?;
        let len = context.as_ref().map_or(0, |context| token::encode(context).len());
        if len > MAX_CONTEXT_BYTES {
            return Err(LimitError::ContextTooLong { len, limit: MAX_CONTEXT_BYTES });
        }
        let values: [Option<&Bytes>; 2] = match op {
            Op::Put { value, .. } => [Some(value), None],
            Op::Cas { expected, new, .. } => [expected.as_ref(), new.as_ref()],
            Op::Get { .. } | Op::Delete { .. } | Op::Range(_) => [None, None],
        };
        let longest = values.into_iter().flatten().map(Bytes::len).max();
        match longest {
            Some(len) if len > MAX_VALUE_BYTES => {
                Err(LimitError::ValueTooLongHere { len, limit: MAX_VALUE_BYTES })
            }
            _ => Ok(()),
        }
    }

    /// At another node a write is another one, with a timestamp of its own, and a serial request is
    /// begun once more.
    fn stays(request: &Request) -> bool {
        match request {
            Request::Key { op, level, .. } => {
                *level == Level::Serial || !matches!(op, Op::Get { .. })
            }
            Request::Ring => false,
            Request::Move(_) => true,
        }
    }

    fn answer(_: &Topology, ask: &Ask, answer: Answer) -> Option<AskOutcome> {
        let (Ask::One { op, .. } | Ask::At { op, .. }) = ask else {
            return match (ask, answer) {
                (Ask::Ring(_), Answer::Ring(state)) => {
                    Some(AskOutcome::Done(Answered::Ring(Box::new(state))))
                }
                (Ask::Ring(_), Answer::NotMoved(why)) => {
                    let text = format!("the ring is not moved: {why}");
                    Some(AskOutcome::Failed(OfferError::Meaningless(text)))
                }
                _ => None,
            };
        };
        match (op, answer) {
            (_, Answer::TimedOut) => Some(AskOutcome::TimedOut),
            (Op::Get { .. }, Answer::Value { value, .. }) => Some(Reply::Value(value).into()),
            (Op::Get { .. }, Answer::Values { values, context }) => {
                let (context, more) = (token::print(&context), false);
                Some(AskOutcome::Done(Answered::Siblings { values, context, more }))
            }
            (Op::Put { .. } | Op::Delete { .. }, Answer::BadContext) => {
                Some(AskOutcome::Failed(OfferError::ForeignContext))
            }
            (Op::Put { .. }, Answer::Crowded) => Some(AskOutcome::Failed(OfferError::Crowded)),
            (Op::Put { .. } | Op::Delete { .. }, Answer::Done { .. }) => Some(Reply::Done.into()),
            (Op::Cas { .. }, Answer::Swapped { swapped, found, .. }) => {
                Some(Reply::Swapped { swapped, found }.into())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causal::Context;
    use crate::kv::Range;
    use crate::kv::offer::{Answered, admits};
    use crate::kv::service::Service;
    use crate::membership::{Change, Epoch};
    use crate::quorum_store::{Stamp, Unfit};
    use crate::topology::tests::topology;
    use stateright::actor::Id;
    use std::sync::Arc;

    const NODES: &[&str] = &["", "", ""];

    fn level(mode: &str, ask: &Ask) -> Result<Level, String> {
        LevelOffer::request(&topology(mode, NODES), ask)
            .map(|request| match request {
                Request::Key { level, .. } => level,
                Request::Ring | Request::Move(_) => panic!("{request:?}"),
            })
            .map_err(|error| error.to_string())
    }

    fn at(op: Op, level: Level) -> Ask {
        Ask::At { op, level, context: None }
    }

    fn cas() -> Op {
        Op::Cas { key: "k".into(), expected: None, new: Some("v".into()) }
    }

    #[test]
    fn a_request_has_its_own_level_or_the_clusters() {
        assert_eq!(level("", &Op::get("k").into()), Ok(Level::Quorum));
        assert_eq!(level("consistency=one", &Op::get("k").into()), Ok(Level::One));
        for wanted in Level::ALL {
            assert_eq!(level("consistency=all", &at(Op::put("k", "v"), wanted)), Ok(wanted));
        }
    }

    #[test]
    fn a_compare_and_swap_is_serial() {
        assert_eq!(level("consistency=one", &cas().into()), Ok(Level::Serial));
        assert_eq!(level("", &at(cas(), Level::Serial)), Ok(Level::Serial));
        let error = level("", &at(cas(), Level::Quorum)).unwrap_err();
        assert!(error.contains("always serial"), "{error}");
    }

    #[test]
    fn what_is_not_offered_is_refused_with_a_reason() {
        let range = Op::Range(Range::prefix("k".into(), 1));
        for ask in [range.clone().into(), at(range, Level::One)] {
            assert!(level("", &ask).unwrap_err().contains("the ring puts keys"));
        }
        for ask in [Ask::Sync, Ask::Local(Op::get("k")), Ask::Words(Vec::new())] {
            let error = level("", &ask).unwrap_err();
            assert!(error.contains("get, put, delete, cas, --consistency and ring"), "{error}");
        }
        let ask = Ask::One { op: Op::put("k", "v"), context: Some("00".into()) };
        assert!(level("", &ask).unwrap_err().contains("contexts"));
    }

    #[test]
    fn what_times_out_is_neither_done_nor_failed() {
        let told = |op: Op, answer| LevelOffer::answer(&topology("", NODES), &op.into(), answer);
        let timed_out = told(Op::put("k", "v"), Answer::TimedOut);
        assert!(matches!(timed_out, Some(AskOutcome::TimedOut)));
        let done = || Answer::Done { stamp: Stamp::default() };
        let answered = told(Op::put("k", "v"), done());
        assert!(matches!(answered, Some(AskOutcome::Done(Answered::Reply(Reply::Done)))));
        assert!(told(Op::get("k"), done()).is_none());
        assert!(told(cas(), done()).is_none());
    }

    #[test]
    fn several_values_come_with_a_context_and_nothing_is_serial() {
        let several = topology("conflicts=multi-value", NODES);
        let informed = |text: &str| Ask::One { op: Op::put("k", "v"), context: Some(text.into()) };
        let asked = LevelOffer::request(&several, &informed("00")).unwrap();
        assert!(
            matches!(&asked, Request::Key { context: Some(context), .. } if context.known.is_empty())
        );
        for (ask, told) in [
            (informed("0g"), "is not a context"),
            (cas().into(), "nothing is serial"),
            (at(Op::get("k"), Level::Serial), "nothing is serial"),
            (Ask::One { op: Op::get("k"), context: Some("00".into()) }, "contexts belong to"),
            (Op::put("k", "v".repeat(15_000).as_str()).into(), "14336"),
        ] {
            let error = LevelOffer::request(&several, &ask).unwrap_err().to_string();
            assert!(error.contains(told), "{ask:?}: {error}");
        }
        let values = || Answer::Values { values: Vec::new(), context: Context::default() };
        let get = LevelOffer::answer(&several, &Op::get("k").into(), values());
        assert!(matches!(get, Some(AskOutcome::Done(Answered::Siblings { more: false, .. }))));
        let failed = |answer| LevelOffer::answer(&several, &Op::put("k", "v").into(), answer);
        for answer in [Answer::BadContext, Answer::Crowded] {
            assert!(matches!(failed(answer), Some(AskOutcome::Failed(_))));
        }
        assert!(failed(values()).is_none());
    }

    #[test]
    fn an_order_is_sealed_for_its_cluster_and_an_answer_is_shown() {
        let ask =
            Ask::Ring(RingAsk::Move { change: Change::Join(Id::from(3)), epoch: Epoch::default() });
        let sealed = |code: u8| {
            let topology = Topology { code: Arc::new(move |_| [code; 16]), ..topology("", NODES) };
            match LevelOffer::request(&topology, &ask) {
                Ok(Request::Move(order)) => order.seal,
                other => panic!("{other:?}"),
            }
        };
        assert_ne!(sealed(1), sealed(2));
        let told = |answer| LevelOffer::answer(&topology("", NODES), &ask, answer);
        let refused = told(Answer::NotMoved(Unfit::UnderWay));
        assert!(matches!(refused, Some(AskOutcome::Failed(OfferError::Meaningless(_)))));
        assert!(told(Answer::TimedOut).is_none());
    }

    #[test]
    fn a_promise_with_three_of_the_longest_values_fits_a_datagram() {
        let admitted = |bytes: usize| {
            let op = Op::Put { key: "k".into(), value: vec![0; bytes].into() };
            let op = Request::Key { op, level: Level::One, context: None };
            admits::<LevelOffer, ()>(&Service::Request { seq: 1, op })
        };
        assert!(admitted(MAX_VALUE_BYTES) && !admitted(MAX_VALUE_BYTES + 1));
        // A datagram has 60 KiB.
        const { assert!(3 * MAX_VALUE_BYTES + 2 * 1024 <= 60 * 1024) };
    }

    #[test]
    fn writes_and_serial_requests_stay_at_their_server() {
        let stays = |op: Op, level| LevelOffer::stays(&Request::Key { op, level, context: None });
        assert!(stays(Op::put("k", "v"), Level::One) && stays(cas(), Level::Serial));
        assert!(stays(Op::get("k"), Level::Serial) && !stays(Op::get("k"), Level::All));
    }
}
