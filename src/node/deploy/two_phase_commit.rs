//! Two-phase commit: server 0 is the coordinator, which clients ask; the others are participants.

use super::offer::{Ask, AskError, Offer, Verdict, outcome};
use super::{DeployError, Deployable};
use crate::node::client::ClientError;
use crate::node::cluster_file::ClusterFile;
use crate::node::map_client;
use quorate_models::kv::{Outcome, Transaction};
use quorate_models::two_phase_commit::{
    Config, Peer, Sharding, Timing, TwoPhaseCommit, coordinator,
};
use stateright::actor::Id;
use std::ops::Range;
use std::time::Duration;

impl Deployable for TwoPhaseCommit {
    const NAME: &'static str = "two-phase-commit";
    type Offer = TransactionOffer;
    type Peer = Peer;
    type Actor = Self;

    fn server(cluster: &ClusterFile, id: Id) -> Result<Self, DeployError> {
        Ok(config(cluster)?.server(id))
    }

    fn client_servers(cluster: &ClusterFile) -> Result<Vec<Id>, DeployError> {
        config(cluster).map(|_| vec![coordinator()])
    }

    fn client_retry() -> Range<Duration> {
        Timing::default().retry
    }
}

fn config(cluster: &ClusterFile) -> Result<Config, DeployError> {
    let unsuitable = |reason: String| DeployError::unsuitable::<TwoPhaseCommit>(cluster, reason);
    if let Some(mode) = &cluster.mode {
        return Err(unsuitable(format!("it has no modes; remove `mode = {mode:?}`")));
    }
    if cluster.servers.len() < 2 {
        let advice = "add a [[server]] for each participant";
        return Err(unsuitable(format!("server 0 is the coordinator; {advice}")));
    }
    super::check_roles::<TwoPhaseCommit>(cluster, |id| {
        if id == usize::from(coordinator()) { "coordinator" } else { "participant" }
    })?;
    Config::new(cluster.servers.len() - 1, Sharding::Hash, Timing::default())
        .map_err(|error| unsuitable(error.to_string()))
}

/// What two-phase commit offers: transactions. A single operation is a transaction of one.
pub struct TransactionOffer;

impl Offer for TransactionOffer {
    type Request = Transaction;
    type Answer = Outcome;
    const COMMANDS: &'static str = "get, put, delete, cas and txn";

    fn request(_: &ClusterFile, ask: &Ask) -> Result<Transaction, AskError> {
        match ask {
            Ask::One { op, context: None } => Ok(op.clone().into()),
            Ask::One { .. } => Err(AskError::NoContexts),
            Ask::Together(txn) => Ok(txn.clone()),
        }
    }

    fn check(txn: &Transaction) -> Result<(), ClientError> {
        txn.check()?;
        txn.ops.iter().try_for_each(map_client::check)
    }

    fn answer(_: &ClusterFile, ask: &Ask, answer: Outcome) -> Option<Verdict> {
        outcome(ask, answer)
    }
}

#[cfg(test)]
mod tests {
    use super::super::offer::Answered;
    use super::super::tests::cluster;
    use super::*;
    use quorate_models::kv::{Abort, Op, Reply};

    #[test]
    fn roles_and_modes_are_checked() {
        let accepts = |mode: &str, roles: &[&str]| {
            config(&cluster("two-phase-commit", mode, roles))
                .map(drop)
                .map_err(|error| error.to_string())
        };
        let (coordinator, participant) = ("role = \"coordinator\"", "role = \"participant\"");
        accepts("", &["", ""]).unwrap();
        accepts("", &[coordinator, participant, participant]).unwrap();
        assert!(accepts("mode = \"fast\"", &["", ""]).unwrap_err().contains("no modes"));
        assert!(accepts("", &[participant, participant]).unwrap_err().contains("server 0"));
        assert!(accepts("", &[""]).unwrap_err().contains("participant"));
    }

    #[test]
    fn what_a_server_would_not_take_a_client_does_not_send() {
        let check = |ops| TransactionOffer::check(&Transaction { ops });
        check(vec![Op::put("k", "v"), Op::get("k")]).unwrap();
        assert!(matches!(check(vec![Op::get("k"); 65]), Err(ClientError::Transaction(_))));
        let long = Op::get(&"k".repeat(2000));
        assert!(matches!(check(vec![long]), Err(ClientError::KeyTooLong { len: 2000 })));
        let large = Op::put("k", &"v".repeat(30_000));
        assert!(matches!(check(vec![large.clone(), large]), Err(ClientError::Transaction(_))));
    }

    #[test]
    fn outcomes_are_told_tried_again_or_failures() {
        let cas = Op::Cas { key: "k".into(), expected: Some("v".into()), new: None };
        let condition = Outcome::Aborted(Abort::Condition { op: 0, found: None });
        let one = Ask::from(cas.clone());
        let Some(Verdict::Told(Answered::Reply(reply))) = outcome(&one, condition.clone()) else {
            panic!("a condition that does not hold is an answer");
        };
        assert_eq!(reply, Reply::Swapped { swapped: false, found: None });
        let together = Ask::Together([cas].into());
        let told = outcome(&together, condition);
        assert!(matches!(told, Some(Verdict::Told(Answered::ConditionFailed { op: 0, .. }))));
        for why in [Abort::Conflict, Abort::Unavailable] {
            let told = outcome(&together, Outcome::Aborted(why));
            assert!(matches!(told, Some(Verdict::Again(_))));
        }
        let told = outcome(&one, Outcome::Aborted(Abort::TooLarge));
        assert!(matches!(told, Some(Verdict::Failed(AskError::Aborted { .. }))));
        // Not what was asked.
        assert!(outcome(&one, Outcome::Committed(vec![])).is_none());
        assert!(outcome(&together, Outcome::Committed(vec![Reply::Done])).is_none());
        let unnamed = Outcome::Aborted(Abort::Condition { op: 7, found: None });
        assert!(outcome(&together, unnamed).is_none());
    }
}
