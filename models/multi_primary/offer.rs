//! The operations that multi-primary serves.

use super::{Answer, Request, Rule};
use crate::causal::token::{self, MAX_CONTEXT_BYTES};
use crate::kv::limits::{self, LimitError};
use crate::kv::offer::{Answered, Ask, AskOutcome, Offer, OfferError, not_offered};
use crate::kv::{Op, Reply};
use crate::topology::Topology;

/// How conflicts are settled, by the mode.
pub(super) fn rule(topology: &Topology) -> Result<Rule, String> {
    match topology.mode.as_deref() {
        None | Some("last-writer-wins") => Ok(Rule::LastWriterWins),
        Some("multi-value") => Ok(Rule::MultiValue),
        Some(other) => {
            Err(format!("there is no mode `{other}`; use `last-writer-wins` or `multi-value`"))
        }
    }
}

/// What multi-primary offers: the map without compare-and-swap, which no node can do alone. With
/// multi-value, a get returns siblings and their context.
pub struct SiblingsOffer;

impl Offer for SiblingsOffer {
    type Request = Request;
    type Answer = Answer;
    type Carried = ();
    const COMMANDS: &'static [&'static str] = &["get", "put", "delete"];

    fn request(topology: &Topology, ask: &Ask) -> Result<Request, OfferError> {
        let Ask::One { op, context } = ask else {
            return Err(not_offered::<Self>(ask));
        };
        let context = match (op, context) {
            (Op::Cas { .. } | Op::Range(_), _) => return Err(not_offered::<Self>(ask)),
            (_, None) => None,
            (Op::Put { .. } | Op::Delete { .. }, Some(text))
                if rule(topology) == Ok(Rule::MultiValue) =>
            {
                Some(token::parse(text).ok_or_else(|| OfferError::BadContext(text.clone()))?)
            }
            _ => return Err(OfferError::NoContexts),
        };
        Ok(Request { op: op.clone(), context })
    }

    fn check(request: &Request) -> Result<(), LimitError> {
        limits::check(&request.op)?;
        let len = request.context.as_ref().map_or(0, |context| token::encode(context).len());
        if len > MAX_CONTEXT_BYTES {
            return Err(LimitError::ContextTooLong { len, limit: MAX_CONTEXT_BYTES });
        }
        Ok(())
    }

    fn answer(topology: &Topology, ask: &Ask, answer: Answer) -> Option<AskOutcome> {
        let Ask::One { op, .. } = ask else { return None };
        match (op, answer) {
            (Op::Get { .. }, Answer::Values { mut values, context, more }) => {
                if rule(topology) == Ok(Rule::MultiValue) {
                    let context = token::print(&context);
                    return Some(AskOutcome::Done(Answered::Siblings { values, context, more }));
                }
                // With last-writer-wins there are no siblings.
                let value = values.pop();
                values.is_empty().then(|| Reply::Value(value).into())
            }
            (Op::Put { .. } | Op::Delete { .. }, Answer::Done) => Some(Reply::Done.into()),
            (Op::Put { .. } | Op::Delete { .. }, Answer::BadContext) => {
                Some(AskOutcome::Failed(OfferError::ForeignContext))
            }
            (Op::Put { .. }, Answer::Crowded) => Some(AskOutcome::Failed(OfferError::Crowded)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::Range;
    use crate::multi_primary::Context;
    use crate::topology::tests::topology;

    #[test]
    fn what_is_not_offered_is_refused_with_advice() {
        let plain = topology("", &["", ""]);
        let cas = Op::Cas { key: "k".into(), expected: None, new: None };
        let error = SiblingsOffer::request(&plain, &cas.into()).unwrap_err().to_string();
        assert!(error.contains("get, put and delete"), "{error}");
        let range = Op::Range(Range::prefix("k".into(), 1));
        assert!(SiblingsOffer::request(&plain, &range.into()).is_err());
        let ask = Ask::One { op: Op::put("k", "v"), context: Some("00".into()) };
        assert!(matches!(SiblingsOffer::request(&plain, &ask), Err(OfferError::NoContexts)));
        let siblings = topology("multi-value", &[""]);
        assert!(SiblingsOffer::request(&siblings, &ask).is_ok());
        let values = |values| {
            let answer = Answer::Values { values, context: Context::default(), more: false };
            SiblingsOffer::answer(&plain, &Op::get("k").into(), answer)
        };
        assert!(values(vec!["a".into()]).is_some());
        assert!(values(vec!["a".into(), "b".into()]).is_none());
    }
}
