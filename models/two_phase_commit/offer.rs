//! The operations that two-phase commit serves.

use crate::kv::limits::{self, LimitError};
use crate::kv::offer::{Ask, AskOutcome, Offer, OfferError, not_offered, outcome};
use crate::kv::{Op, Outcome, Transaction};
use crate::topology::Topology;

/// What two-phase commit offers: transactions. A single operation is a transaction of one.
pub struct TransactionOffer;

impl Offer for TransactionOffer {
    type Request = Transaction;
    type Answer = Outcome;
    type Carried = ();
    const COMMANDS: &'static [&'static str] = &["get", "put", "delete", "cas", "txn"];

    fn request(_: &Topology, ask: &Ask) -> Result<Transaction, OfferError> {
        match ask {
            Ask::One { op: Op::Range(_), .. }
            | Ask::At { .. }
            | Ask::Local(_)
            | Ask::Sync
            | Ask::Log(_)
            | Ask::Tree(_)
            | Ask::Ring(_)
            | Ask::Words(_) => Err(not_offered::<Self>(ask)),
            Ask::One { op, context: None } => Ok(op.clone().into()),
            Ask::One { .. } => Err(OfferError::NoContexts),
            Ask::Together(txn) => Ok(txn.clone()),
        }
    }

    fn check(txn: &Transaction) -> Result<(), LimitError> {
        txn.check()?;
        txn.ops.iter().try_for_each(limits::check)
    }

    fn answer(_: &Topology, ask: &Ask, answer: Outcome) -> Option<AskOutcome> {
        outcome(ask, answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::offer::Answered;
    use crate::kv::{Abort, Range, Reply};

    #[test]
    fn an_unknown_shard_is_told_with_what_to_do() {
        let ask = Ask::from(Op::get("k"));
        let Some(AskOutcome::Failed(error)) = outcome(&ask, Outcome::Aborted(Abort::UnknownShard))
        else {
            panic!("it is of no use to try again");
        };
        let error = error.to_string();
        assert!(error.contains("not its own") && error.contains("same cluster file"), "{error}");
    }

    #[test]
    fn what_a_server_would_not_take_a_client_does_not_send() {
        let check = |ops| TransactionOffer::check(&Transaction { ops });
        check(vec![Op::put("k", "v"), Op::get("k")]).unwrap();
        assert!(matches!(check(vec![Op::get("k"); 65]), Err(LimitError::Transaction(_))));
        let long = Op::get(&"k".repeat(2000));
        assert!(matches!(check(vec![long]), Err(LimitError::KeyTooLong { len: 2000 })));
        let range = Op::Range(Range::prefix("k".into(), 1));
        assert!(matches!(check(vec![range.clone()]), Err(LimitError::Transaction(_))));
        let topology = Topology::plain(3);
        let error = TransactionOffer::request(&topology, &range.into()).unwrap_err().to_string();
        assert!(error.contains("does not offer range"), "{error}");
        let large = Op::put("k", &"v".repeat(30_000));
        assert!(matches!(check(vec![large.clone(), large]), Err(LimitError::Transaction(_))));
    }

    #[test]
    fn outcomes_are_told_tried_again_or_failures() {
        let cas = Op::Cas { key: "k".into(), expected: Some("v".into()), new: None };
        let condition = Outcome::Aborted(Abort::Condition { op: 0, found: None });
        let one = Ask::from(cas.clone());
        let Some(AskOutcome::Done(Answered::Reply(reply))) = outcome(&one, condition.clone())
        else {
            panic!("a condition that does not hold is an answer");
        };
        assert_eq!(reply, Reply::Swapped { swapped: false, found: None });
        let together = Ask::Together([cas].into());
        let told = outcome(&together, condition);
        assert!(matches!(told, Some(AskOutcome::Done(Answered::ConditionFailed { op: 0, .. }))));
        for why in [Abort::Conflict, Abort::Unavailable] {
            let told = outcome(&together, Outcome::Aborted(why));
            assert!(matches!(told, Some(AskOutcome::Again(_))));
        }
        let told = outcome(&one, Outcome::Aborted(Abort::TooLarge));
        assert!(matches!(told, Some(AskOutcome::Failed(OfferError::Aborted { .. }))));
        // Not what was asked.
        assert!(outcome(&one, Outcome::Committed(vec![])).is_none());
        assert!(outcome(&together, Outcome::Committed(vec![Reply::Done])).is_none());
        let unnamed = Outcome::Aborted(Abort::Condition { op: 7, found: None });
        assert!(outcome(&together, unnamed).is_none());
    }
}
